"""Sequential designs: drift, inflation of the sample size, and what is expected of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri

from locoreg.core.errors import DesignError
from locoreg.stats.groupsequential.boundaries import (
    Futility,
    Spent,
    UnreachableError,
    Wedge,
    check_test,
    outer_boundaries,
    spending_boundaries,
    with_futility,
)
from locoreg.stats.groupsequential.classical import Classical, classical_boundaries
from locoreg.stats.groupsequential.crossing import Crossing, Regions, crossing
from locoreg.stats.groupsequential.spending import Spending
from locoreg.stats.studies import FloatArray

# Largest drift looked for, as a multiple of the one of a single look.
LARGEST_DRIFT = 3.0
DRIFT_TOLERANCE = 1e-12
MOST_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FutilityRule:
    """How futility is spent in a design; the effect is the one that the design is powered for.

    Attributes
    ----------
    spending : Spending
        Function for the type II error.
    binding : bool
        As in :class:`locoreg.stats.groupsequential.boundaries.Futility`.
    wedge : {"tail", "inside"}
        As there.
    """

    spending: Spending
    binding: bool
    wedge: Wedge


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialDesign:
    """A sequential design on the scale on which the final information is 1.

    Attributes
    ----------
    alpha, power : float
        Type I error of all tails together, and power.
    sides : int
        1 or 2.
    shape : Spending or Classical
        What gave the boundaries.
    futility : FutilityRule or None
        What gave the boundaries of futility.
    region : Regions
        Looks as shares of the final information, and boundaries on the z scale.
    alpha_spent : ndarray of float, shape (k,)
        Cumulative chance to cross the upper boundary under no effect. With non-binding futility
        as if no trial stopped for it.
    beta_spent : ndarray of float, shape (k,)
        Cumulative chance of a stop for futility under the effect; NaN without futility.
    drift : float
        Mean of the final z-value under the effect for which the power holds.
    inflation : float
        Final information over that of a test with a single look, (z_a + z_b)^2.
    under_null, under_effect : Crossing
        Chances to stop at each look; stops for futility take place in both. With a wedge of kind
        ``tail`` the chance to cross the upper boundary is a little above the power, for a trial
        below the wedge may still come back.
    expected_null, expected_effect : float
        Expected information at the stop as a share of the final one.
    """

    alpha: float
    power: float
    sides: int
    shape: Spending | Classical
    futility: FutilityRule | None
    region: Regions
    alpha_spent: FloatArray
    beta_spent: FloatArray
    drift: float
    inflation: float
    under_null: Crossing
    under_effect: Crossing
    expected_null: float
    expected_effect: float

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON-ready values."""
        rule = self.futility
        return {
            "alpha": self.alpha,
            "power": self.power,
            "sides": self.sides,
            "boundary": self.shape.to_dict(),
            "futility": None
            if rule is None
            else {
                "spending": rule.spending.to_dict(),
                "binding": rule.binding,
                "wedge": rule.wedge,
            },
            "fractions": self.region.information.tolist(),
            "upper": self.region.upper.tolist(),
            "lower": self.region.lower.tolist(),
            "inner": self.region.inner.tolist(),
            "alpha_spent": self.alpha_spent.tolist(),
            "beta_spent": self.beta_spent.tolist(),
            "drift": self.drift,
            "inflation": self.inflation,
            "stop_null": self.under_null.stopping.tolist(),
            "stop_effect": self.under_effect.stopping.tolist(),
            "expected_null": self.expected_null,
            "expected_effect": self.expected_effect,
        }


def sequential_design(
    fractions: ArrayLike,
    *,
    alpha: float,
    power: float,
    sides: int,
    shape: Spending | Classical,
    futility: FutilityRule | None,
) -> SequentialDesign:
    """Return the design that has a power at the looks given.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Looks as shares of the final information: above 0, ascending, the last one 1.
    alpha : float
        Type I error, of both tails together if there are two.
    power : float
        Chance to cross the upper boundary under the effect.
    sides : int
        1 or 2.
    shape : Spending or Classical
        Boundaries of benefit.
    futility : FutilityRule or None
        Boundaries of futility, which meet those of benefit at the last look. Only with spending.

    Returns
    -------
    SequentialDesign
        Boundaries, drift and inflation. With one look it is the usual test.

    Raises
    ------
    DesignError
        If an option is out of its range, or no sample size has the power.

    References
    ----------
    Jennison C, Turnbull BW (2000). Group Sequential Methods with Applications to Clinical Trials.
    Chapman & Hall/CRC. Chapters 2, 4, 7 and 19.
    """
    tail = check_test(alpha, sides)
    looks = np.atleast_1d(np.asarray(fractions, dtype=np.float64))
    if looks.size == 0 or not math.isclose(float(looks[-1]), 1.0, rel_tol=1e-9):
        raise DesignError("the shares of the information at the looks end in 1.")
    looks = np.append(looks[:-1], 1.0)
    if not tail < power < 1:
        raise DesignError("power lies between alpha and 1: 0.9 is 90%.")
    single = float(-ndtri(tail) + ndtri(power))
    if futility is None:
        spent = _plain(looks, alpha, sides, shape)
        drift = _drift_plain(spent.region, power, single)
    else:
        if isinstance(shape, Classical):
            raise DesignError("boundaries of futility go with a spending function of alpha.")
        drift, spent = _with_futility(looks, alpha, power, sides, shape, futility, single)
    null, effect = crossing(spent.region, drift=0.0), crossing(spent.region, drift=drift)
    return SequentialDesign(
        alpha=alpha, power=power, sides=sides, shape=shape, futility=futility,
        region=spent.region, alpha_spent=spent.alpha_spent, beta_spent=spent.beta_spent,
        drift=drift, inflation=(drift / single) ** 2, under_null=null, under_effect=effect,
        expected_null=expected_information(spent.region, null),
        expected_effect=expected_information(spent.region, effect),
    )  # fmt: skip


def expected_information(region: Regions, chances: Crossing) -> float:
    """Return the expected information at the stop, in the unit of the region's information.

    Parameters
    ----------
    region : Regions
        Looks.
    chances : Crossing
        Chances to stop at them.

    Returns
    -------
    float
        A trial that crosses no boundary stops at its last look.
    """
    return float(region.information @ chances.stopping + region.information[-1] * chances.going_on)


def _plain(looks: FloatArray, alpha: float, sides: int, shape: Spending | Classical) -> Spent:
    if isinstance(shape, Spending):
        return spending_boundaries(looks, final=1.0, alpha=alpha, sides=sides, spending=shape)
    region = classical_boundaries(looks, alpha=alpha, sides=sides, design=shape)
    spent = np.cumsum(crossing(region, drift=0.0).upper)
    return Spent(region=region, alpha_spent=spent, beta_spent=np.full(looks.size, np.nan))


def _drift_plain(region: Regions, power: float, single: float) -> float:
    def gap(drift: float) -> float:
        return float(crossing(region, drift=drift).upper.sum()) - power

    high = LARGEST_DRIFT * single
    if gap(high) < 0:
        raise DesignError("no sensible sample size has so much power with these boundaries.")
    return float(brentq(gap, 0.5 * single, high, xtol=DRIFT_TOLERANCE, maxiter=200))


def _with_futility(
    looks: FloatArray,
    alpha: float,
    power: float,
    sides: int,
    shape: Spending,
    rule: FutilityRule,
    single: float,
) -> tuple[float, Spent]:
    """Find the drift at which the boundaries of futility and benefit meet at the last look."""
    beta = 1.0 - power
    wanted = shape.spent(looks, check_test(alpha, sides))
    missed = rule.spending.spent(looks, beta)
    outer = outer_boundaries(looks, wanted, sides)

    def at(drift: float) -> tuple[Regions, float]:
        futility = Futility(
            spending=rule.spending, beta=beta, drift=drift, binding=rule.binding, wedge=rule.wedge
        )
        return with_futility(outer, wanted, missed, sides, futility)

    low, high = _bracket(lambda x: at(x)[1], single)
    drift = float(brentq(lambda x: at(x)[1], low, high, xtol=DRIFT_TOLERANCE, maxiter=200))
    region = _closed(at(drift)[0], sides)
    return drift, Spent(region=region, alpha_spent=wanted, beta_spent=missed)


def _bracket(excess: Callable[[float], float], single: float) -> tuple[float, float]:
    """Return drifts below and above the root, in steps that get smaller where they go too far.

    Far above the root a boundary of futility that binds leaves no chance to spend alpha.
    """
    low, step = 0.1 * single, 1.1
    high = single
    for _ in range(MOST_STEPS):
        try:
            if excess(high) <= 0:
                return low, high
        except UnreachableError:
            step = 1 + (step - 1) / 2
            high = low * step
            continue
        low, high = high, step * high
        if high > LARGEST_DRIFT * single:
            break
    raise DesignError("no sensible sample size has so much power with these boundaries.")


def _closed(region: Regions, sides: int) -> Regions:
    """Let the boundary of futility meet that of benefit at the last look."""
    if sides == 1:
        lower = region.lower.copy()
        lower[-1] = region.upper[-1]
        return replace(region, lower=lower)
    inner = region.inner.copy()
    inner[-1] = region.upper[-1]
    return replace(region, inner=inner)
