"""Curves of an effect as steps with bands, in data coordinates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import ArmCurve, CountRow, Effect
from locoreg.figures.survival.arms import ArmStyle
from locoreg.figures.survival.tracks import Track
from locoreg.stats.survivaldata import BoolArray, FloatArray
from locoreg.workflows.curves.shown import FEW_PART, FEW_PATIENTS

# A smooth curve is drawn as this many short pieces: none is visible as a step.
FINE = 1200
# Probabilities this close to 0 or 1 have no logit to speak of.
EDGE = 1e-12


def steps_of(arm: ArmCurve, horizon: float) -> tuple[FloatArray, FloatArray]:
    """Return the steps of a curve from time 0 to the horizon, and the times of its limits.

    Parameters
    ----------
    arm : ArmCurve
        The curve; a smooth one has no steps of its own.
    horizon : float
        Last time.

    Returns
    -------
    time, value : ndarray of float, shape (m,)
        Where each step begins, the first at 0, and its height.
    """
    known = np.isfinite(arm.estimate)
    if not known.any():
        raise DesignError(f"the curve of {arm.label!r} has no values to draw.")
    if arm.step_time.size == 0:
        time = np.linspace(0.0, float(arm.time[known][-1]), FINE)
        return time, np.interp(time, arm.time[known], arm.estimate[known])
    kept = (arm.step_time <= horizon) & np.isfinite(arm.step_estimate)
    begins, level = arm.step_time[kept], arm.step_estimate[kept]
    if begins.size == 0 or begins[0] > 0:
        begins, level = np.append(0.0, begins), np.append(arm.estimate[known][0], level)
    # The times at which limits were computed begin a step too, so that the band holds them.
    time = np.union1d(begins, arm.time[known & (arm.time <= horizon)])
    return time, level[np.searchsorted(begins, time, side="right") - 1]


def band_on(arm: ArmCurve, time: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return limits at each step of a curve.

    They are exact at the times at which they were computed. Between these the distance of a limit
    from the curve, as a difference of logits, is interpolated, so that the band steps with the
    curve and holds it.

    Parameters
    ----------
    arm : ArmCurve
        Limits on its grid of times.
    time, value : ndarray of float, shape (m,)
        Steps.

    Returns
    -------
    low, high : ndarray of float, shape (m,)
        NaN where there are none.
    """
    own = _logit(value)
    out = []
    for limit in (arm.ci_low, arm.ci_high):
        away = _logit(limit) - _logit(arm.estimate)
        inside = (arm.estimate > EDGE) & (arm.estimate < 1 - EDGE)
        known = np.isfinite(away) & inside
        if not known.any():
            flat = np.isfinite(limit).any()
            out.append(value.copy() if flat else np.full(value.size, np.nan))
            continue
        shift = np.interp(time, arm.time[known], away[known])
        moved = 1.0 / (1.0 + np.exp(-(own + shift)))
        moved = np.where((value > EDGE) & (value < 1 - EDGE), moved, value)
        last = float(arm.time[np.isfinite(limit)][-1])
        out.append(np.where(time <= last, moved, np.nan))
    return out[0], out[1]


def _logit(p: FloatArray) -> FloatArray:
    safe = np.clip(p, EDGE, 1 - EDGE)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def few_at(time: FloatArray, counts: tuple[CountRow, ...]) -> BoolArray:
    """Return where few persons are at risk, as far as the counts tell it.

    Parameters
    ----------
    time : ndarray of float, shape (m,)
        Beginnings of steps.
    counts : tuple of CountRow
        Numbers at risk; each holds from its time to the next.

    Returns
    -------
    ndarray of bool, shape (m,)
        False where nobody is followed yet.
    """
    out = np.zeros(time.size, dtype=np.bool_)
    sizes = [row.raw_at_risk for row in counts]
    most = max(sizes, default=0)
    starts = [row.at_months for row in counts]
    for i, (start, end) in enumerate(pairwise([*starts, np.inf])):
        begun = sizes[i] > 0 or most in sizes[:i]
        if begun and (sizes[i] < FEW_PATIENTS or sizes[i] < FEW_PART * most):
            out |= (time >= start) & (time < end)
    return out


def arm_track(effect: Effect, arm: int, *, key: str, style: ArmStyle, sentence: str) -> Track:
    """Return the curve of a strategy, 0 the comparator, 1 the treated one."""
    curve = effect.arms[arm]
    horizon = effect.question.horizon_months
    time, value = steps_of(curve, horizon)
    low, high = band_on(curve, time, value)
    return Track(
        key=key,
        label=curve.label,
        style=style,
        time=time,
        value=value,
        low=low,
        high=high,
        few=few_at(time, curve.counts),
        end=horizon,
        marks=np.empty(0),
        sentence=sentence,
    )


def difference_steps(effect: Effect) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the difference of the two curves as steps, with limits.

    Returns
    -------
    time, value, low, high : ndarray of float, shape (m,)
        Limits are exact at the times at which they were computed; between these their distance
        from the curve is interpolated.
    """
    horizon = effect.question.horizon_months
    pieces = [steps_of(arm, horizon) for arm in effect.arms]
    time = np.unique(np.concatenate([piece[0] for piece in pieces]))
    values = []
    for begins, level in pieces:
        place = np.searchsorted(begins, time, side="right") - 1
        values.append(level[np.maximum(place, 0)])
    value = values[1] - values[0]
    curve = effect.difference
    limits = []
    for limit in (curve.ci_low, curve.ci_high):
        known = np.isfinite(limit) & np.isfinite(curve.estimate)
        if not known.any():
            limits.append(np.full(time.size, np.nan))
            continue
        away = np.interp(time, curve.time[known], (limit - curve.estimate)[known])
        last = float(curve.time[known][-1])
        limits.append(np.where(time <= last, value + away, np.nan))
    return time, value, limits[0], limits[1]
