"""Pooled logistic models of what happens in an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.gformula.table import IntervalTable
from locoreg.stats.glm import GLM, glm, glm_replicates
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """Terms of a linear predictor: time, confounders, treatment, and what it interacts with.

    Attributes
    ----------
    time : ndarray of float, shape (intervals, q)
        Columns of time; with the intercept, or instead of it if they are indicators of all.
    intercept : bool
        Whether there is one.
    treatment : bool
        Whether treatment is in the model.
    by_time : bool
        Whether treatment interacts with the columns of time.
    by : ndarray of int, shape (s,)
        Confounders that treatment interacts with.
    names : tuple of str
        Names of the confounders.
    """

    time: FloatArray
    intercept: bool
    treatment: bool
    by_time: bool
    by: IntArray
    names: tuple[str, ...]

    def labels(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        times = [f"time {j + 1}" for j in range(self.time.shape[1])]
        out = [*(["intercept"] if self.intercept else []), *times, *self.names]
        if self.treatment:
            out.append("treated")
            out += [f"treated by {name}" for name in times] if self.by_time else []
            out += [f"treated by {self.names[j]}" for j in self.by]
        return tuple(out)

    def columns(self, interval: IntArray, Z: FloatArray, treated: BoolArray) -> FloatArray:
        """Return the columns of rows.

        Parameters
        ----------
        interval : ndarray of int, shape (r,)
            Interval of each row.
        Z : ndarray of float, shape (r, p)
            Confounders.
        treated : ndarray of bool, shape (r,)
            Treated by then.

        Returns
        -------
        ndarray of float, shape (r, number of labels)
            One row each.
        """
        T, a = self.time[interval], treated.astype(np.float64)[:, None]
        parts = [np.ones((interval.size, 1))] if self.intercept else []
        parts += [T, Z]
        if self.treatment:
            parts.append(a)
            parts += [a * T] if self.by_time else []
            parts += [a * Z[:, self.by]] if self.by.size else []
        return np.ascontiguousarray(np.hstack(parts))

    def predictor(
        self, coefficients: FloatArray, interval: int, Z: FloatArray, treated: BoolArray | bool
    ) -> FloatArray:
        """Return the linear predictor of persons in one interval.

        Parameters
        ----------
        coefficients : ndarray of float, shape (number of labels,)
            In the order of the labels.
        interval : int
            Which.
        Z : ndarray of float, shape (n, p)
            Confounders.
        treated : ndarray of bool, shape (n,), or bool
            Treated by then; one value for all.

        Returns
        -------
        ndarray of float, shape (n,)
            The log odds.
        """
        T, p = self.time[interval], Z.shape[1]
        at = int(self.intercept)
        common = coefficients[0] if self.intercept else 0.0
        common = common + T @ coefficients[at : at + T.size]
        at += T.size
        out = common + Z @ coefficients[at : at + p]
        if not self.treatment or treated is False:
            return np.asarray(out)
        at += p
        change = coefficients[at]
        at += 1
        if self.by_time:
            change = change + T @ coefficients[at : at + T.size]
            at += T.size
        if self.by.size:
            change = change + Z[:, self.by] @ coefficients[at:]
        return np.asarray(out + np.where(treated, change, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledLogistic:
    """A logistic regression on rows of persons and intervals.

    Attributes
    ----------
    terms : Terms
        Its columns by name.
    y : ndarray of float, shape (r,)
        Outcome of each row.
    X : ndarray of float, shape (r, p)
        Columns.
    person : ndarray of int, shape (r,)
        Person of each row.
    weight : ndarray of float, shape (r,)
        Share of the interval that was followed.
    penalty : {"firth"} or None
        Penalty of the likelihood.
    """

    terms: Terms
    y: FloatArray
    X: FloatArray
    person: IntArray
    weight: FloatArray
    penalty: Penalty | None

    def fit(self) -> GLM:
        """Return the fit with every person counted once; separation is an error."""
        return glm(
            self.y,
            self.X,
            family="logistic",
            weight=self.weight,
            penalty=self.penalty,
            names=self.terms.labels(),
        )

    def many(self, weights: FloatArray, start: FloatArray | None = None) -> FloatArray:
        """Return coefficients under many weightings of persons; NaN where there is no fit.

        Parameters
        ----------
        weights : ndarray of float, shape (b, n)
            Weights of the persons.
        start : ndarray of float, shape (p,), optional
            Coefficients to start from, such as those of `fit`, which saves a fit.

        Returns
        -------
        ndarray of float, shape (b, p)
            One row each.
        """
        return glm_replicates(
            self.y,
            self.X,
            family="logistic",
            weights=weights,
            unit=self.person,
            weight=self.weight,
            penalty=self.penalty,
            start=start,
            names=self.terms.labels(),
        ).coefficients

    def influence(self, fit: GLM, n: int) -> FloatArray:
        """Return each person's influence on the coefficients, shape (n, p)."""
        rows = fit.influence()
        return np.stack(
            [np.bincount(self.person, weights=column, minlength=n) for column in rows.T], axis=1
        )


def event_model(
    table: IntervalTable, Z: FloatArray, terms: Terms, code: int, penalty: Penalty | None
) -> PooledLogistic:
    """Return the model of the outcome (1), or of competing events (2 for all of them).

    Parameters
    ----------
    table : IntervalTable
        Rows.
    Z : ndarray of float, shape (r, p)
        Confounders of each row.
    terms : Terms
        What is in the model.
    code : int
        2: competing events, among all rows. 1: the outcome, among rows without a competing event.
    penalty : {"firth"} or None
        Penalty of the likelihood.

    Returns
    -------
    PooledLogistic
        Not fitted yet.
    """
    if code == 1:
        rows = np.flatnonzero(table.event <= 1)
        y = table.event[rows] == 1
    else:
        rows = np.arange(table.event.size)
        y = table.event >= 2
    return PooledLogistic(
        terms=terms,
        y=y.astype(np.float64),
        X=terms.columns(table.interval[rows], Z[rows], table.treated[rows]),
        person=table.person[rows],
        weight=table.exposure[rows],
        penalty=penalty,
    )


def initiation_model(
    table: IntervalTable,
    Z: FloatArray,
    names: tuple[str, ...],
    intervals: tuple[int, ...],
    penalty: Penalty | None,
) -> tuple[PooledLogistic | None, IntArray]:
    """Return the model of treatment at the start of an interval, among those who wait.

    Parameters
    ----------
    table, Z, penalty
        As for `event_model`.
    names : tuple of str
        Names of the confounders.
    intervals : tuple of int
        Intervals that are modelled.

    Returns
    -------
    model : PooledLogistic or None
        With a level of its own for each interval; None if nobody is treated in any of them.
    open : ndarray of int
        Intervals in which somebody is treated; in the others the probability is 0.
    """
    waiting = table.rows_that_wait()
    starts = waiting & (table.initiation[table.person] == table.interval)
    used = np.array([k for k in intervals if starts[table.interval == k].any()], dtype=np.int64)
    rows = np.flatnonzero(waiting & np.isin(table.interval, used))
    if not rows.size:
        return None, used
    level = np.zeros((table.intervals, used.size))
    level[used, np.arange(used.size)] = 1.0
    terms = Terms(
        time=level,
        intercept=False,
        treatment=False,
        by_time=False,
        by=np.zeros(0, dtype=np.int64),
        names=names,
    )
    return PooledLogistic(
        terms=terms,
        y=starts[rows].astype(np.float64),
        X=terms.columns(table.interval[rows], Z[rows], np.zeros(rows.size, dtype=np.bool_)),
        person=table.person[rows],
        weight=np.ones(rows.size),
        penalty=penalty,
    ), used
