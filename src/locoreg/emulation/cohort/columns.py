"""Variables of a cohort: one value per person, or a history of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

ColumnKind = Literal["number", "category"]
# The level of those whose value is unknown, where unknown is a level.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A variable with one value per person, known at time zero.

    Attributes
    ----------
    name : str
        Name of the variable.
    kind : {"number", "category"}
        Numbers, or codes of levels. True and false is a category with two levels.
    values : ndarray of float, shape (n,)
        Numbers, or codes 0, 1, ... of the levels; NaN where unknown.
    levels : tuple of str
        Levels in their clinical order; empty for numbers.
    """

    name: str
    kind: ColumnKind
    values: FloatArray
    levels: tuple[str, ...] = ()

    @property
    def missing(self) -> BoolArray:
        """Whose value is unknown, shape (n,)."""
        return np.asarray(np.isnan(self.values))

    def take(self, rows: IntArray) -> Column:
        """Return the column of some persons."""
        return Column(name=self.name, kind=self.kind, values=self.values[rows], levels=self.levels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """A variable that is measured again and again.

    Attributes
    ----------
    name : str
        Name of the variable.
    kind : {"number", "category"}
        As for `Column`.
    person : ndarray of int, shape (r,)
        Row of the person in the cohort, ascending.
    time : ndarray of float, shape (r,)
        Months since time zero, ascending within a person; before time zero negative.
    values : ndarray of float, shape (r,)
        Numbers or codes; no NaN: an unknown value is no measurement.
    levels : tuple of str
        Levels in their clinical order; empty for numbers.
    n : int
        Persons in the cohort.
    """

    name: str
    kind: ColumnKind
    person: IntArray
    time: FloatArray
    values: FloatArray
    levels: tuple[str, ...]
    n: int

    def at(self, month: float) -> FloatArray:
        """Return each person's last value up to and including a time.

        Parameters
        ----------
        month : float
            Months since time zero.

        Returns
        -------
        ndarray of float, shape (n,)
            NaN for persons without a value by then.
        """
        known = np.flatnonzero(self.time <= month)
        out = np.full(self.n, np.nan)
        # Rows ascend within a person, so the last assignment is the latest value.
        out[self.person[known]] = self.values[known]
        return out

    def take(self, rows: IntArray) -> History:
        """Return the history of some persons, each named once."""
        place = np.full(self.n, -1, dtype=np.int64)
        place[rows] = np.arange(rows.size)
        new = place[self.person]
        order = np.flatnonzero(new >= 0)
        order = order[np.argsort(new[order], kind="stable")]
        return History(
            name=self.name,
            kind=self.kind,
            person=new[order],
            time=self.time[order],
            values=self.values[order],
            levels=self.levels,
            n=rows.size,
        )
