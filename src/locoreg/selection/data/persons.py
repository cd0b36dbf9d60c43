"""Persons with follow-up, treatment and covariates: what scores are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.cohort import Attrition, Column
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectionData:
    """Persons at time zero, each treated or not.

    Attributes
    ----------
    person_id : tuple of str
        Pseudonyms, n of them, each once.
    time : ndarray of float, shape (n,)
        Months from time zero to the end of follow-up.
    event : ndarray of int, shape (n,)
        1 where follow-up ended with the event, 0 where it was censored.
    treated : ndarray of bool, shape (n,)
        Who had the treatment, known at time zero.
    covariates : tuple of Column
        Known at time zero. All are adjusted for.
    modifiers : tuple of str
        The covariates by which the effect may differ.
    ordered : tuple of str
        Categories whose levels have an order, coded by their rank.
    entry : ndarray of float, shape (n,), or None
        Months from time zero to the start of observation (left truncation).
    weight : ndarray of float, shape (n,), or None
        Sampling weights, positive.
    cluster : ndarray of int, shape (n,), or None
        Codes of groups that are kept whole in folds, such as hospitals.
    site : Column or None
        Hospital or registry, for assessments that leave one out.
    negative_controls : mapping of str to (time, event)
        Outcomes that the treatment can't change: months and 0 or 1, each of shape (n,).
    attrition : Attrition
        Who was left out before, and why.
    source : str
        Where the data come from.
    synthetic : bool
        Whether the patients are made up.
    notes : tuple of str
        What a reader must know of how the data were made.
    """

    person_id: tuple[str, ...]
    time: FloatArray
    event: IntArray
    treated: BoolArray
    covariates: tuple[Column, ...]
    modifiers: tuple[str, ...]
    attrition: Attrition
    source: str
    synthetic: bool
    ordered: tuple[str, ...] = ()
    entry: FloatArray | None = None
    weight: FloatArray | None = None
    cluster: IntArray | None = None
    site: Column | None = None
    negative_controls: Mapping[str, tuple[FloatArray, IntArray]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.person_id)

    @property
    def weights(self) -> FloatArray:
        """Sampling weights, 1 where there are none, shape (n,)."""
        return np.ones(self.n) if self.weight is None else self.weight

    def column(self, name: str) -> Column:
        """Return a covariate by name; DataError if there is none."""
        for column in self.covariates:
            if column.name == name:
                return column
        raise DataError(f"there is no covariate {name!r}.")

    def take(self, rows: IntArray) -> SelectionData:
        """Return the data of some persons, each named once.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            Which persons.

        Returns
        -------
        SelectionData
            The same variables; the attrition is that of the whole.
        """
        changed: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in _ARRAYS if getattr(self, name) is not None
        }
        return replace(
            self,
            person_id=tuple(self.person_id[i] for i in rows.tolist()),
            covariates=tuple(column.take(rows) for column in self.covariates),
            site=None if self.site is None else self.site.take(rows),
            negative_controls={
                name: (time[rows], event[rows])
                for name, (time, event) in self.negative_controls.items()
            },
            **changed,
        )

    def sha256(self) -> str:
        """Return a hash of every number that an analysis sees, in the order of persons."""
        digest = hashlib.sha256()
        for name in _ARRAYS:
            values = getattr(self, name)
            digest.update(name.encode())
            if values is not None:
                digest.update(np.ascontiguousarray(values).tobytes())
        for column in self.covariates:
            digest.update(repr((column.name, column.kind, column.levels)).encode())
            digest.update(np.ascontiguousarray(column.values).tobytes())
        digest.update(repr((self.modifiers, self.ordered)).encode())
        return digest.hexdigest()


_ARRAYS = ("time", "event", "treated", "entry", "weight", "cluster")
