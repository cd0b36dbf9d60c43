"""Decisions to start treatment, and the logistic model of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.products import cross_product
from locoreg.stats.glm import GLM, SeparationError, glm, glm_replicates
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import FloatArray, IntArray

# Intervals are pooled until each pool holds so many starts of treatment: its own intercept then
# exists in all but one bootstrap sample of 20,000 (exp(-10)).
STARTS_PER_POOL = 10
# Share of a column's length that earlier columns leave unexplained, squared, at which it is one of
# their combinations: rounding leaves about 1e-15, a covariate that means something far more.
ALIASED = 1e-10
# Covariates that one message names.
MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """Rows of persons and intervals in which treatment was open, by person, then interval.

    Attributes
    ----------
    person : ndarray of int, shape (d,)
        Row of the person in the cohort, ascending.
    interval : ndarray of int, shape (d,)
        Number of the interval, ascending within a person.
    started : ndarray of float, shape (d,)
        1 where treatment started in the interval.
    observed : ndarray of float, shape (d,)
        1 where the person was under observation at the decision. Others take no part in the fit,
        but have a probability.
    X : ndarray of float, shape (d, p)
        Columns of the model, intercepts of pools of intervals first.
    names : tuple of str
        Names of the columns.
    intervals : int
        Number of intervals.
    penalty : {"firth"} or None
        Penalty of the likelihood.
    fit : GLM
        The fit in which everybody counts once.
    """

    person: IntArray
    interval: IntArray
    started: FloatArray
    observed: FloatArray
    X: FloatArray
    names: tuple[str, ...]
    intervals: int
    penalty: Penalty | None
    fit: GLM

    def place(self, person: IntArray, interval: IntArray) -> IntArray:
        """Return how many rows come before a person's decision in an interval."""
        key = self.person * np.int64(self.intervals + 1) + self.interval
        return np.searchsorted(key, person * np.int64(self.intervals + 1) + interval)

    def coefficients(self, weights: FloatArray) -> FloatArray:
        """Return coefficients under weights of persons.

        Parameters
        ----------
        weights : ndarray of float, shape (b, n)
            How much each person counts.

        Returns
        -------
        ndarray of float, shape (b, p)
            NaN where no finite estimate exists.
        """
        found = glm_replicates(
            self.started,
            self.X,
            family="logistic",
            weights=weights,
            unit=self.person,
            weight=self.observed,
            penalty=self.penalty,
            start=self.fit.coefficients,
            names=self.names,
        )
        return found.coefficients

    def person_influence(self, n: int) -> FloatArray:
        """Return each person's influence on the coefficients, shape (n, p)."""
        rows = self.fit.influence()
        out = np.empty((n, rows.shape[1]))
        for j in range(rows.shape[1]):
            out[:, j] = np.bincount(self.person, weights=rows[:, j], minlength=n)
        return out


def pool_intervals(starts: IntArray) -> IntArray:
    """Return the pool of each interval; -1 for those in which nobody starts.

    Parameters
    ----------
    starts : ndarray of int, shape (j,)
        Persons who start in each interval.

    Returns
    -------
    ndarray of int, shape (j,)
        Consecutive intervals with starts share a pool until it holds enough of them; what is left
        over at the end joins the last pool. Staying untreated in an interval in which nobody
        starts is certain, so that sums of hazards over time are those of the data.
    """
    pools = np.full(starts.size, -1, dtype=np.int64)
    pool, count = 0, 0
    for j in np.flatnonzero(starts):
        if count >= STARTS_PER_POOL:
            pool, count = pool + 1, 0
        pools[j] = pool
        count += int(starts[j])
    if pool and count < STARTS_PER_POOL:
        pools[pools == pool] = pool - 1
    return pools


def independent_columns(X: FloatArray) -> IntArray:
    """Return the columns that are no combinations of earlier ones.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Columns.

    Returns
    -------
    ndarray of int
        Their positions, ascending.
    """
    length = np.sqrt((X**2).sum(axis=0))
    unit = X / np.where(length > 0, length, 1.0)
    # Sweeping the Gram matrix leaves on its diagonal what earlier columns don't explain.
    gram = cross_product(unit, unit.copy())
    kept = []
    for j in range(X.shape[1]):
        if gram[j, j] <= ALIASED:
            continue
        kept.append(j)
        gram = gram - np.outer(gram[:, j], gram[j]) / gram[j, j]
    return np.asarray(kept, dtype=np.int64)


def fit_decisions(
    *,
    person: IntArray,
    interval: IntArray,
    started: FloatArray,
    observed: FloatArray,
    pool: IntArray,
    covariates: Design,
    intervals: int,
    penalty: Penalty | None,
) -> Decisions:
    """Sort decisions and fit their model.

    Parameters
    ----------
    person, interval, started, observed, intervals
        As in `Decisions`, in any order.
    pool : ndarray of int, shape (d,)
        Pool of the interval of each row: an intercept each.
    covariates : Design
        One line per row. Columns that among the observed are combinations of earlier ones, such as
        a first measurement that everybody has at the same time, are left out: fitted probabilities
        are the same without them.
    penalty : {"firth"} or None
        Of the likelihood.

    Returns
    -------
    Decisions
        With its fit.

    Raises
    ------
    DesignError
        If there is no finite estimate; the covariates are named.
    """
    order = np.lexsort((interval, person))
    pools = np.unique(pool[observed > 0])
    dummies = (pool[:, None] == pools).astype(np.float64)
    X = np.column_stack([dummies, covariates.X])
    own = independent_columns(X[observed > 0])
    X = np.ascontiguousarray(X[:, own][order])
    labels = tuple(f"period {j + 1}" for j in range(pools.size)) + covariates.names
    names = tuple(labels[j] for j in own.tolist())
    y, seen_rows = started[order], observed[order]
    return Decisions(
        person=person[order],
        interval=interval[order],
        started=y,
        observed=seen_rows,
        X=X,
        names=names,
        intervals=intervals,
        penalty=penalty,
        fit=_fitted(y, X, seen_rows, names, person[order], penalty),
    )


def _fitted(
    y: FloatArray,
    X: FloatArray,
    weight: FloatArray,
    names: tuple[str, ...],
    person: IntArray,
    penalty: Penalty | None,
) -> GLM:
    try:
        return glm(y, X, family="logistic", weight=weight, penalty=penalty, names=names)
    except SeparationError as fault:
        found = fault.separation
        persons = plural(np.unique(person[found.rows]).size, "person")
        raise DesignError(
            f"the model of the start of treatment has no finite estimate: nobody, or everybody, "
            f"starts at some level of {', '.join(found.names[:MOST_NAMED])} ({persons}).",
            hint="leave these persons out of the question, merge levels, or take "
            'penalty="firth" and read the weights.',
        ) from fault
