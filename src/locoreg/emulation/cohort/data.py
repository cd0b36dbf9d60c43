"""The cohort: what every method of emulation starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.findings import Finding
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.design import Coding, Design, code_baseline, code_histories
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """Persons at time zero: follow-up, treatment, confounders.

    Attributes
    ----------
    person_id : tuple of str
        Pseudonyms, n of them, each once.
    time : ndarray of float, shape (n,)
        Months from time zero to the end of follow-up.
    event : ndarray of int, shape (n,)
        What ended it: 0 censored, 1 the outcome, 2, ... competing events.
    event_labels : tuple of str
        Words for 1, 2, ...
    lost : ndarray of bool, shape (n,)
        Censored by loss to follow-up, and not by the end of the study.
    treatment_time : ndarray of float, shape (n,)
        Months from time zero to the first treatment of the treated strategy; infinite for none.
    entry : ndarray of float, shape (n,), or None
        Months from time zero to the start of observation (left truncation): a person is at risk
        after it. None: all are observed from time zero.
    baseline : tuple of Column
        Every variable that is known at time zero: confounders, and those that only describe.
    histories : tuple of History
        Confounders that change over time.
    coding : Coding
        Which baseline variables are confounders, and how they and the histories are coded.
    subgroups : mapping of str to Column
        Variables whose levels define subgroups.
    cluster : ndarray of int, shape (n,), or None
        Codes of hospitals, where persons of one are not independent.
    attrition : Attrition
        Who was left out, and where.
    audit : tuple of Finding
        What the audit of time zero found.
    source : str
        Where the data come from.
    synthetic : bool
        Whether the patients are made up.
    negative_controls : mapping of str to (time, event)
        Outcomes that the treatment can't change: months and 0 or 1, each of shape (n,).
    """

    person_id: tuple[str, ...]
    time: FloatArray
    event: IntArray
    event_labels: tuple[str, ...]
    lost: BoolArray
    treatment_time: FloatArray
    entry: FloatArray | None
    baseline: tuple[Column, ...]
    histories: tuple[History, ...]
    coding: Coding
    attrition: Attrition
    source: str
    synthetic: bool
    subgroups: Mapping[str, Column] = field(default_factory=dict)
    cluster: IntArray | None = None
    audit: tuple[Finding, ...] = ()
    negative_controls: Mapping[str, tuple[FloatArray, IntArray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {name: getattr(self, name).shape for name in _ARRAYS if _has(self, name)}
        shapes |= {column.name: column.values.shape for column in self.baseline}
        wrong = {name: shape for name, shape in shapes.items() if shape != (self.n,)}
        if wrong:
            raise DataError(f"the cohort has {self.n} persons, but shapes {wrong}.")

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.person_id)

    @property
    def competing(self) -> bool:
        """Whether other events compete with the outcome."""
        return len(self.event_labels) > 1

    def column(self, name: str) -> Column:
        """Return a baseline variable by name; DataError if there is none."""
        for column in self.baseline:
            if column.name == name:
                return column
        raise DataError(f"the cohort has no baseline variable {name!r}.")

    def confounders(self) -> tuple[Column, ...]:
        """Return the baseline variables that are adjusted for, in the order of the coding."""
        return tuple(self.column(name) for name in self.coding.names)

    def design(self) -> Design:
        """Return the baseline confounders as columns of numbers; no intercept."""
        return code_baseline(self.confounders(), self.coding, self.n)

    def design_at(self, month: float) -> Design:
        """Return the histories' values as of a time as columns of numbers."""
        return code_histories(self.histories, self.coding, month, self.n)

    def take(self, rows: IntArray) -> Cohort:
        """Return the cohort of some persons, each named once.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            Which persons.

        Returns
        -------
        Cohort
            The same variables; the attrition is that of the whole.
        """
        changed: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in _ARRAYS if _has(self, name)
        }
        return replace(
            self,
            person_id=tuple(self.person_id[i] for i in rows.tolist()),
            baseline=tuple(column.take(rows) for column in self.baseline),
            histories=tuple(history.take(rows) for history in self.histories),
            subgroups={name: column.take(rows) for name, column in self.subgroups.items()},
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
            digest.update(name.encode())
            if _has(self, name):
                digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        for column in self.baseline:
            digest.update(repr((column.name, column.kind, column.levels)).encode())
            digest.update(np.ascontiguousarray(column.values).tobytes())
        for history in self.histories:
            digest.update(repr((history.name, history.kind, history.levels)).encode())
            for part in (history.person, history.time, history.values):
                digest.update(np.ascontiguousarray(part).tobytes())
        digest.update(repr(self.coding.to_dict()).encode())
        return digest.hexdigest()


_ARRAYS = ("time", "event", "lost", "treatment_time", "entry", "cluster")


def _has(cohort: Cohort, name: str) -> bool:
    return getattr(cohort, name) is not None
