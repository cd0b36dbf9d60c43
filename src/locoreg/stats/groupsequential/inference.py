"""Estimates, intervals and p-values that allow for the looks taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.groupsequential.crossing import Regions, crossing
from locoreg.stats.studies import FloatArray, check_level

# An interval is looked for within so many standard errors of the estimate.
FARTHEST = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWise:
    """Inference after a stop, by the stage-wise ordering of outcomes.

    Attributes
    ----------
    look : int
        Look at which the test stopped, from 0.
    z : float
        Its z-value.
    p_upper : float
        One-sided p-value: chance under no effect of an outcome as high or higher in the ordering.
    p_value : float
        Two-sided: twice the smaller of ``p_upper`` and 1 - ``p_upper``, at most 1.
    estimate : float
        Median-unbiased estimate of the effect.
    ci_low, ci_high : float
        Limits of the effect.
    level : float
        Of the interval, in percent.
    """

    look: int
    z: float
    p_upper: float
    p_value: float
    estimate: float
    ci_low: float
    ci_high: float
    level: float


def stage_wise(region: Regions, *, look: int, z: float, level: float) -> StageWise:
    """Return estimate, interval and p-value after a stop.

    Outcomes are ordered by where the path ended: stops above come first, the earlier the higher,
    then the z-values at the look of the stop, then stops below, the later the higher. The
    ordering needs no looks after the stop. With a single look the result is the usual one.

    Parameters
    ----------
    region : Regions
        Boundaries at which the test would have stopped before; its information is on the scale
        1 / se^2 of the effect. No wedge: a boundary of futility that does not bind is left out.
    look : int
        Look at which it stopped, from 0.
    z : float
        z-value there.
    level : float
        Level of the interval in percent.

    Returns
    -------
    StageWise
        On the scale of the effect.

    Raises
    ------
    DesignError
        If there is no such look, or the region has a wedge.
    ConvergenceError
        If a limit lies beyond 60 standard errors.

    References
    ----------
    Tsiatis AA, Rosner GL, Mehta CR (1984). Biometrics 40:797-803. doi:10.2307/2530924
    Fairbanks K, Madsen R (1982). Biometrika 69:69-74. doi:10.1093/biomet/69.1.69
    """
    tail = check_level(level)
    if not 0 <= look < region.looks:
        raise DesignError(f"there is no look {look + 1} among {region.looks}.")
    if np.any(region.inner > 0):
        raise DesignError("the stage-wise ordering is not defined for a test with a wedge.")
    if not math.isfinite(z):
        raise DataError("the z-value at the stop is a number.")
    high_of = _higher(region, look, z)
    scale = 1.0 / math.sqrt(float(region.information[look]))
    p_upper = high_of(0.0)
    return StageWise(
        look=look,
        z=z,
        p_upper=p_upper,
        p_value=min(1.0, 2.0 * min(p_upper, 1.0 - p_upper)),
        estimate=_solve(high_of, 0.5, z * scale, scale),
        ci_low=_solve(high_of, tail, z * scale, scale),
        ci_high=_solve(high_of, 1.0 - tail, z * scale, scale),
        level=float(level),
    )


def _higher(region: Regions, look: int, z: float) -> Callable[[float], float]:
    """Return the chance of an outcome as high or higher, as a function of the effect."""
    part = slice(0, look + 1)
    upper = region.upper[part].copy()
    lower = region.lower[part].copy()
    upper[look], lower[look] = z, -math.inf
    cut = Regions(
        information=region.information[part], upper=upper, lower=lower,
        inner=np.full(look + 1, np.nan),
    )  # fmt: skip

    def chance(effect: float) -> float:
        return float(crossing(cut, drift=effect).upper.sum())

    return chance


def _solve(chance: Callable[[float], float], target: float, start: float, scale: float) -> float:
    """Return the effect at which a rising chance is the target."""
    width = 2.0 * scale
    while width < 2.0 * FARTHEST * scale:
        low, high = start - width, start + width
        if chance(low) < target < chance(high):
            return float(
                brentq(lambda x: chance(x) - target, low, high, xtol=1e-12 * scale, maxiter=200)
            )
        width *= 2.0
    raise ConvergenceError("a limit of the stage-wise interval lies beyond 60 standard errors.")


def repeated_intervals(
    estimate: ArrayLike, se: ArrayLike, *, upper: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return repeated confidence intervals: estimate -/+ the boundary's z times its standard error.

    Together they hold the effect at all looks with the level of the two-sided test, whether or not
    it stops.

    Parameters
    ----------
    estimate, se : array_like, shape (k,)
        At the looks.
    upper : array_like, shape (k,)
        Boundary of a symmetrical two-sided test; infinite where there is none, which gives
        infinite limits.

    Returns
    -------
    low, high : ndarray of float, shape (k,)
        Limits.

    References
    ----------
    Jennison C, Turnbull BW (1989). JRSS B 51:305-361. doi:10.1111/j.2517-6161.1989.tb01433.x
    """
    middle = np.asarray(estimate, dtype=np.float64)
    half = np.asarray(upper, dtype=np.float64) * np.asarray(se, dtype=np.float64)
    return middle - half, middle + half
