"""Newton's method with step-halving for many weightings of one regression at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.glm.likelihood import Point, Problem, RowWeights, evaluate
from locoreg.stats.survivaldata import FloatArray, IntArray

CONVERGED, UNFINISHED, SINGULAR, COLLINEAR = 0, 1, 2, 3
# A step is the last when it would change the linear predictor by less than this in root mean
# square: Newton's error is then of the order of its square. Where the outcome is separated, steps
# stay near 1 in the rows concerned however small the gain in likelihood.
STEP_TOLERANCE = 1e-7
# Rounding of the log-likelihood, relative to it and to the sum of weights: a loss below is none.
LOSS_TOLERANCE = 1e-11
# Balance of the information at a maximum below which the outcome may be separated all the same: far
# out rounding hides the last gains of likelihood, and ends the search.
DOUBTFUL_BALANCE = 1e-4
MOST_ITERATIONS = 100
MOST_HALVINGS = 30
# Under a penalty steps first leave out that leverages move, which costs a fraction and loses a
# constant share of the distance per step only: such steps end when they are this short. Weightings
# that don't get there so soon take whole steps from the start.
ROUGH_TOLERANCE = 1e-10
ROUGH_ITERATIONS = 30


@dataclass(frozen=True, slots=True)
class Solution:
    """Maxima of the likelihood of B weightings.

    Attributes
    ----------
    gamma : ndarray of float, shape (B, p)
        Coefficients in orthogonal coordinates.
    objective : ndarray of float, shape (B,)
        Log-likelihood there, penalised if there is a penalty, without the part that depends on the
        outcome only; it lacks what the last step gained, which is negligible.
    status : ndarray of int, shape (B,)
        0 converged, 1 not within the iterations or the halvings allowed, 2 the information
        became singular on the way, 3 it was singular from the start.
    doubtful : ndarray of bool, shape (B,)
        Converged, but where the information is so nearly singular that the outcome may be
        separated; never with a penalty, under which the maximum is finite.
    iterations : ndarray of int, shape (B,)
        Evaluations of the likelihood.
    """

    gamma: FloatArray
    objective: FloatArray
    status: IntArray
    doubtful: NDArray[np.bool_]
    iterations: IntArray


@dataclass(slots=True)
class _State:
    gamma: FloatArray
    objective: FloatArray
    total: FloatArray
    step: FloatArray
    balance: FloatArray
    scale: FloatArray
    status: IntArray
    iterations: IntArray

    def fill(self, rows: IntArray, other: _State) -> None:
        """Put the values of another state into some rows, and add its iterations to theirs."""
        for name in ("gamma", "objective", "step", "balance", "scale", "status"):
            getattr(self, name)[rows] = getattr(other, name)
        self.iterations[rows] += other.iterations


def maximise(problem: Problem, start: FloatArray, weights: RowWeights) -> Solution:
    """Maximise the likelihood of B weightings.

    Parameters
    ----------
    problem : Problem
        The regression.
    start : ndarray of float, shape (p,)
        Common first coefficients.
    weights : RowWeights
        The weightings.

    Returns
    -------
    Solution
        The maxima, and which were not reached.
    """
    if not problem.firth:
        state = _search(problem, start, weights, rough=False)
        low = state.balance < DOUBTFUL_BALANCE
        doubtful = (state.status == CONVERGED) & low
    else:
        state = _search(problem, start, weights, rough=True)
        left = np.flatnonzero(state.status != CONVERGED)
        if left.size:
            state.fill(left, _search(problem, start, weights.only(left), rough=False))
        doubtful = np.zeros(weights.count, dtype=np.bool_)
    return Solution(state.gamma, state.objective, state.status, doubtful, state.iterations)


def _search(problem: Problem, start: FloatArray, weights: RowWeights, *, rough: bool) -> _State:
    """Run Newton's method, with whole steps or rough ones."""
    count = weights.count
    tolerance = ROUGH_TOLERANCE if rough else STEP_TOLERANCE
    with np.errstate(all="ignore"):
        first = evaluate(problem, np.ascontiguousarray(start[None]), weights, rough=rough)
        state = _State(
            gamma=np.repeat(start[None], count, axis=0),
            objective=first.objective,
            total=weights.totals(),
            step=first.step,
            balance=first.balance,
            scale=np.ones(count),
            status=np.where(first.singular, COLLINEAR, UNFINISHED),
            iterations=np.ones(count, dtype=np.int64),
        )
        running = _finish(state, np.flatnonzero(state.status == UNFINISHED), tolerance)
        for _ in range(ROUGH_ITERATIONS if rough else MOST_ITERATIONS):
            if running.size == 0:
                break
            trial = state.gamma[running] + state.scale[running, None] * state.step[running]
            point = evaluate(problem, trial, weights.only(running), rough=rough)
            running = _advance(state, running, trial, point, tolerance)
    return state


def _advance(
    state: _State, running: IntArray, trial: FloatArray, point: Point, tolerance: float
) -> IntArray:
    """Take the steps that lead up, halve the others; return which weightings still run."""
    state.iterations[running] += 1
    before = state.objective[running]
    slack = LOSS_TOLERANCE * (state.total[running] + np.abs(before))
    up: NDArray[np.bool_] = point.objective >= before - slack
    taken = running[up]
    state.gamma[taken] = trial[up]
    state.objective[taken] = point.objective[up]
    state.step[taken] = point.step[up]
    state.balance[taken] = point.balance[up]
    state.scale[taken] = 1.0
    state.status[taken[point.singular[up]]] = SINGULAR
    halved = running[~up]
    state.scale[halved] *= 0.5
    exhausted = halved[state.scale[halved] < 0.5**MOST_HALVINGS]
    taken = taken[~point.singular[up]]
    left = _finish(state, taken, tolerance)
    return np.sort(np.concatenate((left, np.setdiff1d(halved, exhausted))))


def _finish(state: _State, taken: IntArray, tolerance: float) -> IntArray:
    """Take the last step of those that have converged; return the others."""
    length = np.sqrt((state.step[taken] ** 2).sum(axis=1))
    # A step that rounding keeps above the tolerance has converged too.
    floor = np.sqrt((state.gamma[taken] ** 2).sum(axis=1)) * 1e-14
    short = length <= np.maximum(tolerance, floor)
    done = taken[short]
    state.gamma[done] += state.step[done]
    state.status[done] = CONVERGED
    return np.asarray(taken[~short])
