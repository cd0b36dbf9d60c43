"""Which numbers of events and censorings between read points explain a curve: a filter.

State is the number still at risk. Between two read points d have the event and c are censored; the
curve falls by about 1 - d / (N - c / 2), with a spread that is due to their order, and is read with
an error. Many paths are followed at once and those that end in the same number are summed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, log_ndtr

from locoreg.stats.reconstruct.grid import CurveEnd, Grid, Target

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
# Gamma shape of events around their smoothed hazard.
EVENT_SHAPE = 3.0
# Prior of the hazard of censoring, in multiples of the assumed shape: mean and weight in persons.
CENSOR_MEAN, CENSOR_WEIGHT = 0.7, 5.0
# Probability that all who are left before the last point are followed up to it.
AT_THE_END = 0.3
# States and steps less likely than the best by more than this, in logs, are left.
STATE_DEPTH, STEP_DEPTH = 25.0, 12.0
# No more distinct numbers at risk than about this are told apart.
RESOLUTION = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Ways through one interval, e of them, from old states to new ones.

    Attributes
    ----------
    origin, goal : ndarray of int, shape (e,)
        Old and new state.
    log_weight, events, censored : ndarray of float, shape (e,)
        Log probability of the step, events and censorings in it.
    states : int
        New states.
    """

    origin: IntArray
    goal: IntArray
    log_weight: FloatArray
    events: FloatArray
    censored: FloatArray
    states: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _States:
    """Paths so far, b of them: at risk, curve and its variance, log weight, censoring prior."""

    at_risk: FloatArray
    curve: FloatArray
    variance: FloatArray
    log_weight: FloatArray
    shape: FloatArray
    rate: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the filter takes as given.

    Attributes
    ----------
    error : float
        Standard deviation of reading survival; 0 only with a rounding.
    half_unit : float
        Values are rounded to the nearest multiple of twice this; 0 if they are not. The reading is
        then off by a uniform error within it, beside ``error``.
    memory : float
        Weight, per interval, of what was seen before: the hazard of censoring may drift.
    tilt : float
        Log weight of each event: conditions on a total of events (exponential tilting).
    end : {"follow-up", "cut"}
        Whether the curve ends with its last person, or is cut by the picture.
    """

    error: float
    half_unit: float
    memory: float
    tilt: float
    end: CurveEnd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Candidates:
    """Candidate steps: origin, events, censored, log weight of the grid they stand for."""

    origin: IntArray
    events: FloatArray
    censored: FloatArray
    log_grid: FloatArray


def log_poisson(count: FloatArray, mean: FloatArray) -> FloatArray:
    """Log probability of counts under Poisson distributions."""
    return np.asarray(count * np.log(mean) - mean - gammaln(count + 1))


def log_negative_binomial(
    count: FloatArray, shape: FloatArray | float, rate: FloatArray | float, exposure: FloatArray
) -> FloatArray:
    """Log probability of counts whose Poisson mean is gamma(shape, rate) times exposure."""
    total = rate + exposure
    return np.asarray(
        gammaln(count + shape)
        - gammaln(shape)
        - gammaln(count + 1)
        + shape * np.log(rate / total)
        + count * np.log(exposure / total)
    )


def follow(grid: Grid, n: int, known: Settings, width: int) -> list[Steps] | None:
    """Run the filter over all intervals.

    Parameters
    ----------
    grid : Grid
        Intervals.
    n : int
        At risk at time 0.
    known : Settings
        Error of reading and assumptions on censoring.
    width : int
        States kept per interval.

    Returns
    -------
    list of Steps or None
        One per interval; None if no path explains the points.
    """
    states = _States(
        at_risk=np.array([float(n)]),
        curve=np.ones(1),
        variance=np.zeros(1),
        log_weight=np.zeros(1),
        shape=np.full(1, CENSOR_MEAN * CENSOR_WEIGHT),
        rate=np.full(1, CENSOR_WEIGHT),
    )
    found: list[Steps] = []
    for i in range(grid.m):
        mean = _censor_mean(grid, i, states)
        candidates = _candidates(grid, i, states, mean, known)
        if not candidates.origin.size:
            return None
        steps, states = _advance(grid, i, states, candidates, mean, known, width)
        found.append(steps)
    return found


def _censor_mean(grid: Grid, i: int, states: _States) -> FloatArray:
    """Return expected censorings: by the next number at risk, else by the hazard so far."""
    target = grid.targets[i]
    if target is None:
        mean = states.shape / states.rate * states.at_risk * grid.exposure[i]
        return np.asarray(np.clip(mean, 1e-6, states.at_risk + 1.0))
    kept = np.minimum(target.survival / np.maximum(states.curve, 1e-12), 1.0)
    total = (states.at_risk * kept - target.number) / ((1 + kept) / 2)
    length = target.time - grid.time[i]
    share = min(1.0, float(grid.time[i + 1] - grid.time[i]) / length) if length > 0 else 1.0
    return np.asarray(np.maximum(total * share, 0.02))


def _censored(grid: Grid, i: int, states: _States, mean: FloatArray) -> FloatArray:
    """Numbers of censorings to try, one row per state, ascending."""
    if grid.time[i + 1] <= grid.time[i]:
        return np.zeros((mean.size, 1))
    spread = np.sqrt(mean + 0.25)[:, None] * np.arange(-3, 3.01, 0.5)[None, :]
    near = np.maximum(np.round(mean[:, None] + spread), 0.0)
    coarse = [*range(13)]
    step = 13.0
    while step < states.at_risk.max():
        coarse.append(int(step))
        step *= 1.25
    everywhere = np.broadcast_to(np.array(coarse, dtype=float), (mean.size, len(coarse)))
    tried = np.concatenate([everywhere, near], axis=1)
    return np.sort(np.minimum(tried, states.at_risk[:, None]), axis=1)


def _gaps(values: FloatArray) -> tuple[NDArray[np.bool_], FloatArray]:
    """Mark repeated values of sorted rows, and how many whole numbers each other one stands for."""
    repeated = np.zeros(values.shape, dtype=bool)
    repeated[:, 1:] = values[:, 1:] == values[:, :-1]
    before = np.diff(values, axis=1, prepend=values[:, :1] - 1)
    after = np.empty(values.shape)
    following = values[:, -1] + 1
    for column in range(values.shape[1] - 1, -1, -1):
        after[:, column] = following
        following = np.where(repeated[:, column], following, values[:, column])
    return repeated, np.maximum((before + after - values) / 2, 1.0)


def _candidates(
    grid: Grid, i: int, states: _States, mean: FloatArray, known: Settings
) -> _Candidates:
    c = _censored(grid, i, states, mean)
    repeated, stands_for = _gaps(c)
    n, curve = states.at_risk[:, None], np.maximum(states.curve, 1e-12)[:, None]
    goal = float(grid.survival[i + 1])
    if goal <= 0:
        d = (n - c)[:, :, None]
        stride = np.ones(c.shape)
    else:
        middle = np.maximum(1 - goal / curve, 0.0) * (n - c / 2)
        error = known.error**2 + known.half_unit**2 / 3 + grid.blur[i] ** 2
        reading = n * np.sqrt(error + states.variance[:, None]) / curve
        order = middle * c * (middle + c + 1) / 12 / np.maximum(n - c / 2, 1) ** 2
        stride = np.maximum(np.round(0.75 * np.sqrt(reading**2 + order)), 1.0)
        d = np.round(middle)[:, :, None] + stride[:, :, None] * np.arange(-3, 4)
    c3, n3 = np.broadcast_to(c[:, :, None], d.shape), n[:, :, None]
    allowed = (d >= 0) & (d + c3 <= n3) & ~repeated[:, :, None]
    if goal > 0:
        allowed &= d < n3
        if i < grid.m - 1:
            allowed &= d + c3 < n3
    state, column, offset = np.nonzero(allowed)
    return _Candidates(
        origin=state.astype(np.int64),
        events=d[state, column, offset],
        censored=c3[state, column, offset],
        log_grid=np.log(stands_for[state, column] * stride[state, column]),
    )


def _predicted(n: FloatArray, d: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Factor by which the curve falls, and its variance over the orders of events and censorings.

    Over random orders the censorings before events are a Mann-Whitney statistic with variance
    d c (d + c + 1) / 12.
    """
    factor = np.maximum(1 - d / np.maximum(n - c / 2, 1.0), 0.0)
    factor = np.where(d >= n - c, np.where(d > 0, 0.0, 1.0), factor)
    late = np.maximum(n - c, 1.0)
    spread = d * c * (d + c + 1) / 12 / late**4
    return factor, np.minimum(spread, (d / late - d / n) ** 2 / 4)


def _log_prior(
    grid: Grid, i: int, states: _States, steps: _Candidates, mean: FloatArray, known: Settings
) -> FloatArray:
    n = states.at_risk[steps.origin]
    d, c = steps.events, steps.censored
    target = grid.targets[i]
    if target is not None:
        m = mean[steps.origin]
        out = np.logaddexp(
            np.log(0.9) + log_poisson(c, m), np.log(0.1) + log_negative_binomial(c, 0.5, 0.5, m)
        )
        if target.interval == i:
            out = out + _log_split(n, d, c, target)
    elif i == grid.m - 1:
        # Few are left at the end of follow-up; any number where the picture ends or a table tells.
        told = any(one is not None for one in grid.targets)
        weight = 0.0 if told or known.end == "cut" else 1.0
        # Either nobody leaves before the end of follow-up any more, or any number does.
        spread = np.log1p(-AT_THE_END) - np.log1p(n)
        none = np.where(c == 0, np.log(AT_THE_END), -np.inf)
        out = np.logaddexp(spread, none) - weight * np.log1p(n)
    else:
        shape, rate = states.shape[steps.origin], states.rate[steps.origin]
        out = log_negative_binomial(c, shape, rate, np.maximum(n * grid.exposure[i], 1e-9))
    if grid.survival[i + 1] > 0:
        expected = np.maximum(n - c / 2, 0.5) * grid.hazard[i]
        out = out + log_negative_binomial(d, EVENT_SHAPE, EVENT_SHAPE, expected)
    return np.asarray(out + known.tilt * d)


def _log_split(n: FloatArray, d: FloatArray, c: FloatArray, target: Target) -> FloatArray:
    """Log probability that as many leave before the time as the number at risk says."""
    leaving = d + c
    before = n - target.number
    wrong = np.maximum(-before, 0.0) + np.maximum(before - leaving, 0.0)
    k = np.clip(before, 0.0, leaving)
    fits = (
        gammaln(leaving + 1)
        - gammaln(k + 1)
        - gammaln(leaving - k + 1)
        + k * np.log(max(target.share, 1e-6))
        + (leaving - k) * np.log1p(-target.share)
    )
    return np.asarray(np.where(wrong > 0, -20.0 - 10.0 * wrong, fits))


def _advance(
    grid: Grid,
    i: int,
    states: _States,
    steps: _Candidates,
    mean: FloatArray,
    known: Settings,
    width: int,
) -> tuple[Steps, _States]:
    origin, d, c = steps.origin, steps.events, steps.censored
    n, curve = states.at_risk[origin], states.curve[origin]
    factor, spread = _predicted(n, d, c)
    predicted = curve * factor
    variance = states.variance[origin] * factor**2 + spread * curve**2
    goal = float(grid.survival[i + 1])
    noise = known.error**2 + grid.blur[i] ** 2
    half = 0.0 if goal <= 0 else known.half_unit
    own, shift, shrunk = _seen(goal - predicted, variance, noise, half)
    own = own + _log_prior(grid, i, states, steps, mean, known) + steps.log_grid
    whole = states.log_weight[origin] + own
    left = n - d - c
    order, first, group, log_sum = _merged(left, whole, float(states.at_risk.max()))
    kept = np.argsort(-log_sum, kind="stable")[:width]
    kept = kept[log_sum[kept] > log_sum[kept[0]] - STATE_DEPTH]
    number = np.full(log_sum.size, -1, dtype=np.int64)
    number[kept] = np.arange(kept.size)
    use = (number[group] >= 0) & (whole[order] > log_sum[group] - STEP_DEPTH)
    chosen = order[use]
    best = order[first][kept]
    moved = predicted[best] + shift[best]
    exposed = np.maximum(n[best] - (d[best] + c[best]) / 2, 0.5) * grid.exposure[i]
    after = _States(
        at_risk=left[best],
        curve=np.clip(moved, 1e-12 if goal > 0 else 0.0, 1.0),
        variance=shrunk[best],
        log_weight=log_sum[kept],
        shape=known.memory * states.shape[origin[best]] + c[best],
        rate=known.memory * states.rate[origin[best]] + exposed,
    )
    out = Steps(
        origin=origin[chosen],
        goal=number[group[use]],
        log_weight=own[chosen],
        events=d[chosen],
        censored=c[chosen],
        states=int(kept.size),
    )
    return out, after


def _seen(
    surprise: FloatArray, variance: FloatArray, noise: float, half: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density of a reading; mean shift and variance of the curve given it.

    A rounded value says that the reading lay within half a unit: the moments are those of a
    truncated normal distribution.
    """
    total = variance + noise
    if half <= 0:
        own = -0.5 * (np.log(2 * np.pi * total) + surprise**2 / total)
        gain = variance / total
        return own, gain * surprise, (1 - gain) * variance
    spread = np.sqrt(total)
    low, high = (surprise - half) / spread, (surprise + half) / spread
    # The tail that is not lost to cancellation is taken.
    turn = np.where(low > 0, -1.0, 1.0)
    near, far = np.where(low > 0, -low, high), np.where(low > 0, -high, low)
    log_near, log_far = log_ndtr(near), log_ndtr(far)
    log_mass = log_near + np.log1p(-np.exp(np.minimum(log_far - log_near, -1e-12)))
    log_root = 0.5 * np.log(2 * np.pi)
    at_near = np.exp(-0.5 * near**2 - log_root - log_mass)
    at_far = np.exp(-0.5 * far**2 - log_root - log_mass)
    mean = at_far - at_near
    second = np.clip(1 + far * at_far - near * at_near - mean**2, 0.0, 1.0)
    gain = variance / total
    own = log_mass - np.log(2 * half)
    return own, gain * spread * turn * mean, variance * (1 - gain * (1 - second))


def _merged(
    left: FloatArray, whole: FloatArray, most: float
) -> tuple[IntArray, NDArray[np.bool_], IntArray, FloatArray]:
    """Sum steps that end in the same number at risk: order, first of a group, group, log sum."""
    key = np.floor(left / max(1.0, np.floor(most / RESOLUTION))).astype(np.int64)
    order = np.lexsort((-whole, key)).astype(np.int64)
    sorted_key = key[order]
    first = np.r_[True, sorted_key[1:] != sorted_key[:-1]]
    group = (np.cumsum(first) - 1).astype(np.int64)
    highest = whole[order][first]
    total = np.bincount(group, weights=np.exp(whole[order] - highest[group]))
    return order, first, group, np.asarray(highest + np.log(total))
