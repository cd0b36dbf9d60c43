"""Expected events and censorings between read points, given the whole curve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.stats.reconstruct.drawing import draw_paths, forward
from locoreg.stats.reconstruct.grid import CurveEnd, Grid
from locoreg.stats.reconstruct.pathfilter import Settings, Steps, follow

FloatArray = NDArray[np.float64]
# Errors of reading that are tried, from a curve read as numbers to a coarse picture.
ERRORS = (3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2)
# Values with more decimals than this are not rounded by a person.
MOST_DECIMALS = 4
# States followed while the error is sought, and for the answer.
NARROW, WIDE = 50, 110
# Weights of what was seen of censoring before, per interval; the likelihood chooses.
MEMORIES = (0.9, 0.8, 0.7)
# Beside a rounding, the curve is off by this part of half a unit.
BESIDE = 0.2
# A fall of the log likelihood by more than this ends the search for the error at once, as does any
# fall from the error of a rounding.
CLEAR = 30.0
# Log weights of an event are sought within these bounds, in so many halvings.
MOST_TILT, TILTS = 3.0, 8
# Paths with the reported total that are averaged, at least.
ENOUGH, SEED = 30, 20120209


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
    half_unit : float
        Half the unit to which the values are rounded; 0 if they are not.
    tilt : float
        Log weight of an event at which paths with the total events were drawn; 0 without.
    """

    events: FloatArray
    censored: FloatArray
    likeliest_events: FloatArray
    likeliest_censored: FloatArray
    log_likelihood: float
    error: float
    half_unit: float
    tilt: float


def expected_counts(grid: Grid, n: int, total_events: int | None, end: CurveEnd) -> Expected:
    """Return expected events and censorings; error of reading and drift are found by likelihood."""
    known, steps = _explained(grid, n, end)
    found = _smooth(steps, known)
    if total_events is None:
        return found
    return _conditioned(grid, n, found, steps, known, total_events)


def _explained(grid: Grid, n: int, end: CurveEnd) -> tuple[Settings, list[Steps]]:
    """Return the error of reading and the drift of censoring that explain the points best."""
    known, steps = _read_with(grid, n, end)
    steps = steps or follow(grid, n, known, WIDE)
    if steps is None:
        raise DataError(
            f"no course of {n} persons gives these points.", hint="check n and the points."
        )
    if any(target is not None for target in grid.targets):
        return known, steps
    highest = _total(steps)
    for memory in MEMORIES[1:]:
        other = replace(known, memory=memory)
        found = follow(grid, n, other, WIDE)
        if found is None or _total(found) <= highest:
            break
        known, steps, highest = other, found, _total(found)
    return known, steps


def _read_with(grid: Grid, n: int, end: CurveEnd) -> tuple[Settings, list[Steps] | None]:
    """Return the settings with the likeliest error, and its steps if the search was wide."""
    half = _half_unit(grid.survival[1:])
    usual = Settings(error=ERRORS[0], half_unit=half, memory=MEMORIES[0], tilt=0.0, end=end)
    least = half / np.sqrt(3)
    tried = [replace(usual, error=error, half_unit=0.0) for error in ERRORS if error > least]
    if half:
        tried = [replace(usual, error=half * BESIDE), *tried]
    best: tuple[Settings, list[Steps] | None] | None = None
    highest, falls = -np.inf, 0
    for k, known in enumerate(tried):
        # The smallest error leaves the fewest courses, which a narrow search may miss.
        steps = follow(grid, n, known, NARROW if k else WIDE)
        value = -np.inf if steps is None else _total(steps)
        if value > highest:
            best, highest, falls = (known, None if k else steps), value, 0
        elif np.isfinite(highest):
            falls += 2 if half or value < highest - CLEAR else 1
        if falls >= 2:
            break
    if best is None:
        raise DataError(
            f"no course of {n} persons gives these points and numbers at risk.",
            hint="check n, the unit of time, and that the points are of this arm.",
        )
    return best


def _conditioned(
    grid: Grid, n: int, found: Expected, steps: list[Steps], known: Settings, total_events: int
) -> Expected:
    """Average paths with the reported total, drawn where a log weight of events makes them usual.

    The weight is the same for all paths of one total, so that it changes which paths are drawn and
    not how likely they are among themselves.
    """
    low, high, tilt = -MOST_TILT, MOST_TILT, 0.0
    nearest, most = found, 0
    for turn in range(TILTS):
        path = draw_paths(steps, total_events, SEED + turn)
        if path.matching > most:
            most = path.matching
            nearest = replace(
                found,
                events=path.events,
                censored=path.censored,
                likeliest_events=path.likeliest_events,
                likeliest_censored=path.likeliest_censored,
                tilt=tilt,
            )
        if most >= ENOUGH:
            break
        low, high = (low, tilt) if path.mean > total_events else (tilt, high)
        tilt = (low + high) / 2
        again = follow(grid, n, replace(known, tilt=tilt), WIDE)
        if again is None:
            break
        steps = again
    return nearest


def _total(steps: list[Steps]) -> float:
    return float(np.logaddexp.reduce(forward(steps)[-1]))


def _smooth(steps: list[Steps], known: Settings) -> Expected:
    alphas = forward(steps)
    total = float(np.logaddexp.reduce(alphas[-1]))
    events, censored = np.zeros(len(steps)), np.zeros(len(steps))
    beta = np.zeros(steps[-1].states)
    for i in range(len(steps) - 1, -1, -1):
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
        error=float(np.sqrt(known.error**2 + known.half_unit**2 / 3)),
        half_unit=known.half_unit,
        tilt=known.tilt,
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


def _half_unit(survival: FloatArray) -> float:
    """Return half the unit to which all values are rounded, 0 if they are not.

    Rounded values repeat, and repetitions look like a flat curve that was read without any error.
    """
    for decimals in range(2, MOST_DECIMALS + 1):
        if np.abs(survival - np.round(survival, decimals)).max() < 1e-9:
            return float(10.0**-decimals / 2)
    return 0.0
