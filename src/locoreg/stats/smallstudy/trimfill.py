"""Trim and fill (Duval and Tweedie)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.stats.randomeffects import Interval, Prediction, RandomEffects, random_effects
from locoreg.stats.smallstudy.asymmetry import fit_line
from locoreg.stats.smallstudy.onepool import all_equal, one_pool
from locoreg.stats.studies import FloatArray, check_option
from locoreg.stats.tau2 import Method

Side = Literal["left", "right"]
SideRule = Literal["left", "right", "slope"]
Missing = Literal["L0", "R0", "Q0"]
SIDES: tuple[SideRule, ...] = ("left", "right", "slope")
MISSING: tuple[Missing, ...] = ("L0", "R0", "Q0")
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimAndFill:
    """A pool made symmetric by mirror images of its most extreme studies.

    Attributes
    ----------
    estimator : {"L0", "R0", "Q0"}
        How the number of missing studies was estimated.
    side : {"left", "right"}
        Where they were filled in.
    side_rule : {"left", "right", "slope"}
        How that side was chosen.
    k0 : int
        Missing studies.
    se_k0 : float
        Standard error of the number before rounding; NaN where its formula has no real value.
    p_k0 : float
        Chance of so many or more if none is missing (R0 only, else NaN).
    centre : float
        Mean of the trimmed studies: the axis of the mirror.
    filled_yi, filled_vi : ndarray of float, shape (k0,)
        The mirror images.
    trimmed : ndarray of int, shape (k0,)
        Positions (from 0) of the studies mirrored, in the same order.
    observed, filled : RandomEffects
        The pool of the studies, and of studies and mirror images.
    """

    estimator: Missing
    side: Side
    side_rule: SideRule
    k0: int
    se_k0: float
    p_k0: float
    centre: float
    filled_yi: FloatArray
    filled_vi: FloatArray
    trimmed: np.ndarray[tuple[int], np.dtype[np.intp]]
    observed: RandomEffects
    filled: RandomEffects


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimator: Missing,
    side: SideRule,
    method: Method,
    interval: Interval,
    level: float,
    prediction: Prediction = "riley",
) -> TrimAndFill:
    """Estimate how many studies are missing on one side, and pool as if they were there.

    Studies on the far side are trimmed until the number of missing ones is stable. Each round
    fits the pool to what is left, ranks all studies by their distance from it and estimates the
    number from those ranks: with S the sum of the ranks of the studies beyond the mean,

    - L0: ``(4 S - k (k + 1)) / (2 k - 1)``;
    - R0: the length of the run of largest ranks beyond the mean, less 1;
    - Q0: ``k - 1/2 - sqrt(2 k^2 - 4 S + 1/4)``,

    rounded, halves to the even number, and not below 0. Equal distances are ranked in the order
    of the effects.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of two studies or more.
    estimator : {"L0", "R0", "Q0"}
        How to estimate the number.
    side : {"left", "right", "slope"}
        Side on which studies may be missing. ``slope`` looks for them on the right if effects
        fall with the standard error, on the left otherwise, by a meta-regression with the same
        `method`; it needs three studies (two with CE).
    method, interval, level, prediction
        Of the pools, as for `random_effects`.

    Returns
    -------
    TrimAndFill
        Number, mirror images, and both pools.

    Raises
    ------
    DataError
        If numbers or options can't be used.
    DesignError
        If there are too few studies, all variances are equal and the side is not given, or Q0's
        square root is that of a negative number.
    ConvergenceError
        If the number does not settle.

    References
    ----------
    Duval S, Tweedie R (2000). Biometrics 56:455-463. doi:10.1111/j.0006-341X.2000.00455.x
    Duval S, Tweedie R (2000). JASA 95:89-98. doi:10.1080/01621459.2000.10473905
    """
    check_option("estimator", estimator, MISSING)
    check_option("side", side, SIDES)
    y, v = one_pool(yi, vi, fewest=2, test="trim and fill")

    def pool(effects: FloatArray, variances: FloatArray) -> RandomEffects:
        return random_effects(
            effects, variances, method=method, interval=interval, level=level,
            prediction=prediction,
        )  # fmt: skip

    observed = pool(y, v)
    chosen: Side = side if side != "slope" else _side(y, v, method, level)
    # Turned so that the missing studies are those with the smallest effects.
    turn = 1.0 if chosen == "left" else -1.0
    order = np.argsort(turn * y, kind="stable")
    sorted_y, sorted_v = turn * y[order], v[order]
    k0, centre, estimate = _settle(sorted_y, sorted_v, estimator, pool)
    kept = y.size - k0
    filled_y = turn * (2.0 * centre - sorted_y[kept:])
    se_k0 = _standard_error(estimator, y.size, k0, estimate)
    return TrimAndFill(
        estimator=estimator, side=chosen, side_rule=side, k0=k0, se_k0=se_k0,
        p_k0=0.5 ** (k0 + 1) if estimator == "R0" else math.nan, centre=turn * centre,
        filled_yi=filled_y, filled_vi=sorted_v[kept:].copy(), trimmed=order[kept:].copy(),
        observed=observed,
        filled=pool(np.append(y, filled_y), np.append(v, sorted_v[kept:])),
    )  # fmt: skip


def _side(y: FloatArray, v: FloatArray, method: Method, level: float) -> Side:
    """Return the side away from which the effects lean as studies get smaller."""
    if all_equal(v):
        raise DesignError(
            "the side of trim and fill can't be read off a slope: all variances are equal.",
            hint="give side='left' or side='right'.",
        )
    if y.size == 2:
        if method != "CE":
            raise DesignError(
                "with two studies a line leaves nothing to estimate tau2 from, so that the side "
                "of trim and fill can't be read off its slope.",
                hint="give side='left' or side='right', or pool by the common-effect model.",
            )
        slope = float((y[1] - y[0]) / (math.sqrt(v[1]) - math.sqrt(v[0])))
    else:
        fit = fit_line(y, v, np.sqrt(v), name="se", method=method, interval="normal", level=level)
        slope = float(fit.b[1])
    return "right" if slope < 0.0 else "left"


def _settle(
    y: FloatArray,
    v: FloatArray,
    estimator: Missing,
    pool: Callable[[FloatArray, FloatArray], RandomEffects],
) -> tuple[int, float, float]:
    """Return the number of missing studies, the axis, and the number before rounding."""
    k0 = 0
    seen: list[int] = []
    while k0 not in seen and len(seen) < MOST_ROUNDS:
        seen.append(k0)
        kept = y.size - k0
        centre = float(pool(y[:kept], v[:kept]).mu)
        estimate = _ESTIMATES[estimator](_signed_ranks(y - centre))
        following = max(0, round(estimate))
        if following == k0:
            return k0, centre, estimate
        if following >= y.size:
            raise DesignError(
                f"trim and fill ({estimator}) would trim all {y.size} studies: it has no answer "
                "here.",
                hint="try another estimator of the number of missing studies.",
            )
        k0 = following
    raise ConvergenceError(
        f"trim and fill ({estimator}) does not settle: it goes round between "
        f"{' and '.join(map(str, sorted(set(seen[seen.index(k0) :]))))} missing studies."
    )


def _signed_ranks(deviation: FloatArray) -> FloatArray:
    """Ranks of absolute deviations with their signs; ties in the order given."""
    ranks = np.empty(deviation.size)
    ranks[np.argsort(np.abs(deviation), kind="stable")] = np.arange(1.0, deviation.size + 1.0)
    return np.asarray(np.sign(deviation) * ranks)


def _l0(ranks: FloatArray) -> float:
    k = ranks.size
    return float((4.0 * ranks[ranks > 0].sum() - k * (k + 1)) / (2 * k - 1))


def _r0(ranks: FloatArray) -> float:
    """One less than the length of the run of largest ranks that are positive."""
    # A deviation of 0 has rank 0 here and ends the run like a negative one.
    by_size = np.sign(ranks)[np.argsort(np.abs(ranks), kind="stable")]
    ends = np.flatnonzero(by_size <= 0)
    run = by_size.size - 1 - int(ends[-1]) if ends.size else by_size.size
    return float(run - 1)


def _q0(ranks: FloatArray) -> float:
    k = ranks.size
    inside = 2.0 * k**2 - 4.0 * float(ranks[ranks > 0].sum()) + 0.25
    if inside < 0.0:
        raise DesignError(
            "trim and fill (Q0) has no answer here: its formula takes the square root of "
            f"{inside:g}, because too many of the large deviations are on one side.",
            hint="L0 and R0 are defined.",
        )
    return float(k - 0.5 - math.sqrt(inside))


_ESTIMATES: dict[Missing, Callable[[FloatArray], float]] = {"L0": _l0, "R0": _r0, "Q0": _q0}


def _standard_error(estimator: Missing, k: int, k0: int, estimate: float) -> float:
    """Return the standard error of the number before rounding (Duval and Tweedie, JASA)."""
    if estimator == "R0":
        return math.sqrt(2.0 * k0 + 2.0)
    g = estimate
    variance = k * (k + 1) * (2 * k + 1) + 10 * g**3 + 27 * g**2 + 17 * g
    variance += -18 * k * g**2 - 18 * k * g + 6 * k**2 * g
    variance /= 24.0
    if variance < 0.0:
        return math.nan
    if estimator == "L0":
        return 4.0 * math.sqrt(variance) / (2 * k - 1)
    inside = (k - 0.5) ** 2 - g * (2 * k - g - 1)
    return 2.0 * math.sqrt(variance) / math.sqrt(inside) if inside > 0.0 else math.nan
