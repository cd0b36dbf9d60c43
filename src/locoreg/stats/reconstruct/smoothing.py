"""Expected events and censorings between read points, given the whole curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.stats.reconstruct.grid import Grid
from locoreg.stats.reconstruct.pathfilter import Steps, follow

FloatArray = NDArray[np.float64]
# Errors of reading that are tried, from a curve read as numbers to a coarse picture.
ERRORS = (3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
# Values with more decimals than this are not rounded by a person.
MOST_DECIMALS = 4
# States followed while the error is sought, and for the answer.
NARROW, WIDE = 50, 120
# Log weights of an event are sought within these bounds, in so many halvings.
MOST_TILT, TILTS = 3.0, 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What is expected in each interval given all points.

    Attributes
    ----------
    events, censored : ndarray of float, shape (m,)
        Posterior means.
    likeliest_events, likeliest_censored : ndarray of float, shape (m,)
        The single most probable path.
    log_likelihood : float
        Log marginal likelihood of the points.
    error : float
        Standard deviation of reading that explains the points best.
    tilt : float
        Log weight of an event that total events asked for; 0 without.
    """

    events: FloatArray
    censored: FloatArray
    likeliest_events: FloatArray
    likeliest_censored: FloatArray
    log_likelihood: float
    error: float
    tilt: float


def expected_counts(grid: Grid, n: int, total_events: int | None) -> Expected:
    """Return expected events and censorings, with the error of reading found by likelihood."""
    error = _error(grid, n)
    found = _smooth(grid, n, error, 0.0)
    if total_events is None:
        return found
    return _tilted(grid, n, found, total_events)


def _error(grid: Grid, n: int) -> float:
    best, highest, falls = float("nan"), -np.inf, 0
    least = _rounding(grid.survival[1:])
    for error in (least, *(error for error in ERRORS if error > least)):
        steps = follow(grid, n, error, NARROW, 0.0)
        value = -np.inf if steps is None else _total(steps)
        if value > highest:
            best, highest, falls = error, value, 0
        elif np.isfinite(highest):
            falls += 1
        if falls == 2:
            break
    if not np.isfinite(highest):
        raise DataError(
            f"no course of {n} persons gives these points and numbers at risk.",
            hint="check n, the unit of time, and that the points are of this arm.",
        )
    return best


def _tilted(grid: Grid, n: int, found: Expected, total_events: int) -> Expected:
    """Tilt towards more or fewer events until the expected events are those reported."""
    low, high, nearest = -MOST_TILT, MOST_TILT, found
    middle = 0.0
    for _ in range(TILTS):
        excess = float(found.events.sum()) - total_events
        if abs(excess) < abs(float(nearest.events.sum()) - total_events):
            nearest = found
        if abs(excess) < 0.3:
            break
        low, high = (low, middle) if excess > 0 else (middle, high)
        middle = (low + high) / 2
        found = _smooth(grid, n, found.error, middle)
    return nearest


def _forward(steps: list[Steps]) -> list[FloatArray]:
    alphas = [np.zeros(1)]
    for step in steps:
        alpha = np.full(step.states, -np.inf)
        np.logaddexp.at(alpha, step.goal, alphas[-1][step.origin] + step.log_weight)
        alphas.append(alpha)
    return alphas


def _total(steps: list[Steps]) -> float:
    return float(np.logaddexp.reduce(_forward(steps)[-1]))


def _smooth(grid: Grid, n: int, error: float, tilt: float) -> Expected:
    steps = follow(grid, n, error, WIDE, tilt)
    if steps is None:
        raise DataError(
            f"no course of {n} persons gives these points.", hint="check n and the points."
        )
    alphas = _forward(steps)
    total = float(np.logaddexp.reduce(alphas[-1]))
    events, censored = np.zeros(grid.m), np.zeros(grid.m)
    beta = np.zeros(steps[-1].states)
    for i in range(grid.m - 1, -1, -1):
        step = steps[i]
        onward = step.log_weight + beta[step.goal]
        probability = np.exp(alphas[i][step.origin] + onward - total)
        events[i] = float(probability @ step.events)
        censored[i] = float(probability @ step.censored)
        beta = np.full(alphas[i].size, -np.inf)
        np.logaddexp.at(beta, step.origin, onward)
    likeliest = _likeliest(steps)
    return Expected(
        events=events,
        censored=censored,
        likeliest_events=likeliest[0],
        likeliest_censored=likeliest[1],
        log_likelihood=total,
        error=error,
        tilt=tilt,
    )


def _likeliest(steps: list[Steps]) -> tuple[FloatArray, FloatArray]:
    """Return events and censorings of the most probable path."""
    value, chosen = np.zeros(1), []
    for step in steps:
        whole = value[step.origin] + step.log_weight
        order = np.lexsort((-whole, step.goal))
        first = np.r_[True, np.diff(step.goal[order]) > 0]
        best = order[first]
        value = np.full(step.states, -np.inf)
        way = np.zeros(step.states, dtype=np.int64)
        value[step.goal[best]], way[step.goal[best]] = whole[best], best
        chosen.append(way)
    state = int(np.argmax(value))
    events, censored = np.zeros(len(steps)), np.zeros(len(steps))
    for i in range(len(steps) - 1, -1, -1):
        taken = int(chosen[i][state])
        events[i], censored[i] = steps[i].events[taken], steps[i].censored[taken]
        state = int(steps[i].origin[taken])
    return events, censored


def _rounding(survival: FloatArray) -> float:
    """Return the least error of reading: that of rounding, if all values have few decimals.

    Rounded values repeat, and repetitions look like a flat curve that was read without any error.
    """
    for decimals in range(2, MOST_DECIMALS + 1):
        if np.abs(survival - np.round(survival, decimals)).max() < 1e-9:
            return max(float(10.0**-decimals / np.sqrt(12)), ERRORS[0])
    return ERRORS[0]
