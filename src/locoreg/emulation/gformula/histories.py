"""Models of confounders that change over time, and follow-up simulated from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.columns import History
from locoreg.emulation.gformula.hazards import PooledLogistic, Terms
from locoreg.emulation.gformula.recursion import Fitted, Formula
from locoreg.emulation.gformula.strategies import Plan
from locoreg.emulation.gformula.table import IntervalTable
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

UNKNOWN = "none yet"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """A history's value at the start of each interval.

    Attributes
    ----------
    name : str
        Name of the variable.
    levels : tuple of str
        Levels of a category, ``none yet`` last where somebody has no value at first; empty for
        numbers.
    values : ndarray of float, shape (n, intervals)
        Numbers or codes.
    measured : float
        Share of person-intervals after the first with a new measurement.
    """

    name: str
    levels: tuple[str, ...]
    values: FloatArray
    measured: float

    def code(self, values: FloatArray) -> FloatArray:
        """Return values as columns of numbers, shape (r, q)."""
        if not self.levels:
            return values[:, None]
        dummies = values[:, None] == np.arange(1, len(self.levels))
        return np.asarray(dummies, dtype=np.float64)

    def labels(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        if not self.levels:
            return (self.name,)
        return tuple(f"{self.name}: {level}" for level in self.levels[1:])


def course(history: History, table: IntervalTable) -> Course:
    """Return the values of a history at the starts of the intervals.

    Parameters
    ----------
    history : History
        Measurements; the last one counts until the next.
    table : IntervalTable
        The intervals.

    Returns
    -------
    Course
        The same on the grid.

    Raises
    ------
    DesignError
        If a number is unknown at a time at which its person is at risk.
    """
    starts = np.arange(table.intervals) * table.width
    values = np.stack([history.at(float(t)) for t in starts], axis=1)
    levels = history.levels
    rows = values[table.person, table.interval]
    if np.isnan(rows).any():
        if history.kind == "number":
            who = np.unique(table.person[np.isnan(rows)]).size
            raise DesignError(
                f"{history.name} is not measured yet for {who} persons at risk.",
                hint="the g-formula simulates it from time zero: give a value by then, or make it "
                "a category.",
            )
        levels = (*levels, UNKNOWN)
    values = np.where(np.isnan(values), float(max(len(levels) - 1, 0)), values)
    later = table.interval > 0
    seen = np.zeros((history.n, table.intervals), dtype=np.bool_)
    place = np.ceil(history.time / table.width - 1e-9).astype(np.int64)
    inside = (place >= 0) & (place < table.intervals)
    seen[history.person[inside], place[inside]] = True
    share = seen[table.person[later], table.interval[later]]
    return Course(
        name=history.name,
        levels=levels,
        values=values,
        measured=float(share.mean()) if share.size else 1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CourseModel:
    """How a history goes on: linear regression of a number, or one logistic model per level.

    Attributes
    ----------
    place : int
        Which of the histories; those before it are among its covariates.
    levels : int
        Number of levels; 0 for numbers.
    terms : Terms
        Columns: time, baseline, all histories one interval before, those before it now, and
        treatment by the interval before.
    parts : tuple of PooledLogistic or float
        For each level but the last: who has it among those with it or a later one; a probability
        where that does not vary.
    X, y : ndarray of float
        For numbers: columns and outcome.
    person : ndarray of int
        Person of each row.
    """

    place: int
    levels: int
    terms: Terms
    parts: tuple[PooledLogistic | float, ...]
    X: FloatArray
    y: FloatArray
    person: IntArray

    def many(self, weights: FloatArray) -> list[list[FloatArray | float]]:
        """Return parameters under many weightings: per weighting a list of arrays.

        Parameters
        ----------
        weights : ndarray of float, shape (b, n)
            Weights of the persons.

        Returns
        -------
        list of list
            For numbers coefficients and residual standard deviation; for categories coefficients,
            or a probability, of each level but the last.
        """
        if self.levels:
            found = [
                [part] * weights.shape[0] if isinstance(part, float) else list(part.many(weights))
                for part in self.parts
            ]
            return [list(one) for one in zip(*found, strict=True)]
        return [self._linear(persons) for persons in weights]

    def _linear(self, persons: FloatArray) -> list[FloatArray | float]:
        w = persons[self.person]
        root = np.sqrt(w)
        found = np.linalg.lstsq(self.X * root[:, None], self.y * root, rcond=None)[0]
        left = self.y - self.X @ found
        return [np.asarray(found), float(np.sqrt(w @ left**2 / w.sum()))]

    def draw(
        self,
        parameters: Sequence[FloatArray | float],
        k: int,
        Z: FloatArray,
        treated: BoolArray,
        rng: np.random.Generator,
    ) -> FloatArray:
        """Draw values at the start of interval k, shape (n,)."""
        n = Z.shape[0]
        if not self.levels:
            found, spread = parameters
            assert isinstance(found, np.ndarray)
            assert isinstance(spread, float)
            mean = self.terms.predictor(found, k, Z, treated)
            drawn = mean + spread * rng.standard_normal(n)
            return np.asarray(np.clip(drawn, self.y.min(), self.y.max()))
        out = np.full(n, float(self.levels - 1))
        # One number per person and level, whoever needs it, so that draws stay in step.
        uniform = rng.random((self.levels - 1, n))
        for level in range(self.levels - 2, -1, -1):
            p = parameters[level]
            if isinstance(p, np.ndarray):
                p = special.expit(self.terms.predictor(p, k, Z, treated))
            out = np.where(uniform[level] < p, float(level), out)
        return out


def course_model(
    table: IntervalTable,
    courses: Sequence[Course],
    place: int,
    X: FloatArray,
    names: Sequence[str],
    time: FloatArray,
    penalty: Penalty | None,
) -> CourseModel:
    """Return the model of one history, given those before it.

    Parameters
    ----------
    table : IntervalTable
        Rows.
    courses : sequence of Course
        All histories.
    place : int
        Which of them.
    X : ndarray of float, shape (n, p)
        Baseline confounders.
    names : sequence of str
        Their names.
    time : ndarray of float, shape (intervals, q)
        Columns of time.
    penalty : {"firth"} or None
        Penalty of logistic models.

    Returns
    -------
    CourseModel
        Not fitted yet.
    """
    rows = np.flatnonzero((table.interval > 0) & table.whole_start)
    person, k = table.person[rows], table.interval[rows]
    before = [c.code(c.values[person, k - 1]) for c in courses]
    now = [c.code(c.values[person, k]) for c in courses[:place]]
    Z = np.hstack([X[person], *before, *now])
    labels = [*names]
    labels += [f"{label} before" for c in courses for label in c.labels()]
    labels += [label for c in courses[:place] for label in c.labels()]
    terms = Terms(
        time=time,
        intercept=True,
        treatment=True,
        by_time=False,
        by=np.zeros(0, dtype=np.int64),
        names=tuple(labels),
    )
    columns = terms.columns(k, Z, table.initiation[person] < k)
    y = courses[place].values[person, k]
    levels = len(courses[place].levels)
    parts: list[PooledLogistic | float] = []
    for level in range(levels - 1):
        chosen = np.flatnonzero(y >= level)
        hit = (y[chosen] == level).astype(np.float64)
        if not chosen.size or hit.min() == hit.max():
            parts.append(float(hit.mean()) if chosen.size else 0.0)
            continue
        parts.append(
            PooledLogistic(
                terms=terms,
                y=hit,
                X=columns[chosen],
                person=person[chosen],
                weight=np.ones(chosen.size),
                penalty=penalty,
            )
        )
    return CourseModel(
        place=place,
        levels=levels,
        terms=terms,
        parts=tuple(parts),
        X=columns,
        y=y,
        person=person,
    )


def simulated_incidence(
    formula: Formula,
    fitted: Fitted,
    plan: Plan,
    X: FloatArray,
    courses: Sequence[Course],
    models: Sequence[CourseModel],
    parameters: Sequence[Sequence[FloatArray | float]],
    *,
    copies: int,
    seed: int,
) -> FloatArray:
    """Return each person's cumulative incidence under a strategy, averaged over simulated courses.

    Parameters
    ----------
    formula, fitted, plan
        As for `expected_incidence`.
    X : ndarray of float, shape (n, p)
        Baseline confounders.
    courses, models, parameters
        The histories, their models and fitted parameters.
    copies : int
        Courses per person.
    seed : int
        Seed of the draws. The same for every weighting and both strategies, so that differences
        are not blurred by it.

    Returns
    -------
    ndarray of float, shape (n, intervals + 1)
        Deaths are not drawn: each course carries its probability of being alive.
    """
    n = X.shape[0]
    out = np.zeros((n, formula.intervals + 1))
    for copy in range(copies):
        rng = np.random.default_rng((seed, copy))
        out += _one_course(formula, fitted, plan, X, courses, models, parameters, rng)
    return out / copies


def _one_course(
    formula: Formula,
    fitted: Fitted,
    plan: Plan,
    X: FloatArray,
    courses: Sequence[Course],
    models: Sequence[CourseModel],
    parameters: Sequence[Sequence[FloatArray | float]],
    rng: np.random.Generator,
) -> FloatArray:
    n = X.shape[0]
    out = np.zeros((n, formula.intervals + 1))
    alive, treated = np.ones(n), np.zeros(n, dtype=np.bool_)
    state = [c.values[:, 0] for c in courses]
    for k in range(formula.intervals):
        if k > 0:
            before = [c.code(v) for c, v in zip(courses, state, strict=True)]
            now: list[FloatArray] = []
            for model, found in zip(models, parameters, strict=True):
                coded = [c.code(v) for c, v in zip(courses, now, strict=False)]
                Z = np.hstack([X, *before, *coded])
                now.append(model.draw(found, k, Z, treated, rng))
            state = now
        Z = np.hstack([X, *(c.code(v) for c, v in zip(courses, state, strict=True))])
        share = formula.share(fitted, plan.rules[k], k, Z)
        treated = treated | (rng.random(n) < share)
        happens, goes_on = formula.step(fitted, k, Z, treated)
        out[:, k + 1] = out[:, k] + alive * happens
        alive = alive * goes_on
    return out
