"""Discrete hazards: one logistic regression over the intervals in which persons are at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.emulation.products import cross_product
from locoreg.stats.glm import (
    GLMReplicates,
    SeparationError,
    glm,
    glm_replicates,
)
from locoreg.stats.glm.result import Penalty
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Intervals that have a coefficient of their own at most; later ones, in which events are few, lie
# on a line, as do those of fewer events than this.
FREE_INTERVALS = 12
FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """Levels of covariates at which nobody, or everybody, has the event.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    persons : int
        Persons concerned.
    events : int
        Of them with the event: 0 where nobody has it.
    """

    names: tuple[str, ...]
    persons: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardTable:
    """Cells of persons and intervals with the probability of an event in each.

    Attributes
    ----------
    what : str
        What the event is, in words, for messages.
    n : int
        Persons.
    person, interval : ndarray of int, shape (r,)
        Of each cell, by person and within a person by interval.
    first : ndarray of int, shape (n,)
        First cell of each person; a person's cells are those of the intervals 0, 1, ... in turn.
    y : ndarray of float, shape (r,)
        Whether the event is in the cell.
    used : ndarray of bool, shape (r,)
        Whether the person was under observation at the start of the interval: others take no part
        in the regression, but have probabilities.
    X : ndarray of float, shape (r, q)
        Covariates, those of time included.
    names, variables : tuple of str
        Their names, and the variable that each codes; empty for time.
    penalty : {"firth"} or None
        Penalty of the likelihood.
    fallback : bool
        Whether the penalty is Firth's where the likelihood alone has no finite maximum, in this
        fit and under any weighting. Right where a hazard of 0 is no problem: nobody need stand for
        persons who are never lost.
    start : ndarray of float, shape (q,)
        Coefficients with all weights 1.
    sparse : Sparse or None
        Why the fit with all weights 1 fell back to the penalty.
    """

    what: str
    n: int
    person: IntArray
    interval: IntArray
    first: IntArray
    y: FloatArray
    used: BoolArray
    X: FloatArray
    names: tuple[str, ...]
    variables: tuple[str, ...]
    penalty: Penalty | None
    fallback: bool = False
    start: FloatArray = field(init=False)
    sparse: Sparse | None = field(init=False)

    def __post_init__(self) -> None:
        """Fit with all weights 1."""
        start, sparse = self._whole()
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "sparse", sparse)

    def _whole(self) -> tuple[FloatArray, Sparse | None]:
        """Return the coefficients with all weights 1; an error that names variables if none."""
        everybody = np.ones((1, self.n))
        if self.fallback:
            sparse = self._never()
            if sparse is not None:
                finite = self._fits(everybody, None, "firth")
                if finite.failed.size == 0:
                    return np.asarray(finite.coefficients[0]), sparse
        fit = self._fits(everybody, None, self.penalty)
        if fit.failed.size == 0:
            return np.asarray(fit.coefficients[0]), None
        weight = self.used.astype(np.float64)
        try:
            glm(
                self.y,
                self.X,
                family="logistic",
                weight=weight,
                penalty=self.penalty,
                names=self.names,
            )
        except SeparationError as fault:
            sparse = self._sparse(fault.separation.names, fault.separation.rows)
            if self.fallback:
                finite = self._fits(everybody, None, "firth")
                if finite.failed.size == 0:
                    return np.asarray(finite.coefficients[0]), sparse
            found, persons = listed(sparse.names), plural(sparse.persons, "person")
            raise DesignError(
                f"the model of {self.what} has no finite estimate: nobody, or everybody, has it "
                f"at some level of {found} ({persons}), so that the strategies don't overlap "
                "there.",
                hint="leave these persons out of the question, merge levels, or take "
                'penalty="firth" and read the weights.',
            ) from fault
        raise DesignError(
            f"the model of {self.what} could not be fitted: {fit.reasons[0]}.",
            hint="look for covariates of extreme size, or leave some out.",
        )

    def fit(self, weights: FloatArray) -> FloatArray:
        """Return coefficients under each weighting of the persons, shape (b, q); NaN if none."""
        if weights.shape[0] == 1 and (weights == 1.0).all():
            return self.start[None]
        found = self._fits(weights, self.start, self.penalty)
        if not self.fallback or not found.failed.size:
            return found.coefficients
        out = found.coefficients.copy()
        out[found.failed] = self._fits(weights[found.failed], self.start, "firth").coefficients
        return out

    def _never(self) -> Sparse | None:
        """Return the columns of zeros and ones in whose ones nobody has the event, if any."""
        X, y = self.X[self.used], self.y[self.used]
        found = [
            j
            for j in range(X.shape[1])
            if not X[y > 0, j].any() and X[:, j].any() and ((X[:, j] == 0) | (X[:, j] == 1)).all()
        ]
        if not found:
            return None
        rows = np.flatnonzero(self.used & (self.X[:, found] > 0).any(axis=1))
        return self._sparse([self.names[j] for j in found], rows)

    def _sparse(self, names: Sequence[str], rows: IntArray) -> Sparse:
        return Sparse(
            names=tuple(names),
            persons=np.unique(self.person[rows]).size,
            events=np.unique(self.person[rows[self.y[rows] > 0]]).size,
        )

    def _fits(
        self, weights: FloatArray, start: FloatArray | None, penalty: Penalty | None
    ) -> GLMReplicates:
        return glm_replicates(
            self.y,
            self.X,
            family="logistic",
            weights=weights,
            unit=self.person,
            weight=self.used.astype(np.float64),
            penalty=penalty,
            start=start,
            names=self.names,
        )

    def probability(self, coefficients: FloatArray) -> FloatArray:
        """Return the probability in each cell, shape (r,)."""
        eta = np.empty(self.y.size)
        _predict(self.X, coefficients, eta)
        return np.asarray(special.expit(eta))

    def influence(self) -> FloatArray:
        """Return each person's influence on the coefficients with all weights 1, shape (n, q)."""
        p = self.probability(self.start)
        spread = np.where(self.used, p * (1.0 - p), 0.0)
        information = cross_product(self.X, self.X * spread[:, None])
        residual = np.where(self.used, self.y - p, 0.0)
        scores = np.zeros((self.n, self.X.shape[1]))
        _person_sums(self.X, residual, self.person, scores)
        return np.asarray(np.linalg.solve(information, scores.T).T)


def listed(names: Sequence[str]) -> str:
    """Return names for a message, the first of them if they are many."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


@compiled
def _predict(X: FloatArray, beta: FloatArray, eta: FloatArray) -> None:
    for r in range(eta.size):
        total = 0.0
        for j in range(beta.size):
            total += X[r, j] * beta[j]
        eta[r] = total


@compiled
def _person_sums(X: FloatArray, value: FloatArray, person: IntArray, out: FloatArray) -> None:
    for r in range(value.size):
        if value[r] != 0.0:
            for j in range(X.shape[1]):
                out[person[r], j] += value[r] * X[r, j]


def time_columns(
    active: IntArray, events: IntArray, free: int
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return how the hazard depends on the interval.

    Parameters
    ----------
    active : ndarray of int, shape (a,)
        Intervals with events.
    events : ndarray of int, shape (a,)
        Events in each.
    free : int
        The first so many intervals have coefficients of their own, however few events they have.

    Returns
    -------
    columns : ndarray of float, shape (a, c)
        One per free interval; then a level and, where there is more than one, a slope for the
        others.
    names : tuple of str
        Of the columns.
    """
    own = (active < free) | ((active < max(free, FREE_INTERVALS)) & (events >= FEW))
    columns = [(np.arange(active.size) == k).astype(np.float64) for k in np.flatnonzero(own)]
    names = [f"interval {active[k] + 1}" for k in np.flatnonzero(own)]
    late = np.flatnonzero(~own)
    if late.size:
        columns.append((~own).astype(np.float64))
        names.append("later intervals")
    if late.size > 1 and events[late].sum() >= FEW:
        centre = np.average(active[late], weights=events[late])
        columns.append(np.where(own, 0.0, (active - centre) / 12.0))
        names.append("later intervals, trend")
    return np.column_stack(columns), tuple(names)
