"""Boundaries of sequential tests by spending of error rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri

from locoreg.core.errors import ConvergenceError, DesignError, did_you_mean
from locoreg.stats.groupsequential.crossing import Regions, go_on, regions
from locoreg.stats.groupsequential.density import START, Density, check_information
from locoreg.stats.groupsequential.spending import Spending
from locoreg.stats.studies import FloatArray

Wedge = Literal["tail", "inside"]
WEDGES: tuple[Wedge, ...] = ("tail", "inside")

# A look that may spend less than this has no boundary (it would lie beyond a z of 7.9, where a
# sum over nodes has no digits left); what it leaves is spent at the next.
SMALLEST_SPENDING = 1e-15
# Roots are found to the last digits of a z-value.
Z_TOLERANCE = 1e-13


class UnreachableError(ConvergenceError):
    """More error is to be spent than there is chance left, for futility has taken it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Futility:
    """Stopping for futility, by spending of the chance to miss the effect.

    Attributes
    ----------
    spending : Spending
        How the type II error is spent.
    beta : float
        Type II error in all.
    drift : float
        Effect under which it is reckoned: mean of the score per unit of information, above 0.
    binding : bool
        Whether the boundaries for benefit and harm count on a stop for futility: then they lie
        nearer, and going on past futility costs type I error.
    wedge : {"tail", "inside"}
        How a two-sided test spends beta on its inner wedge (-c, c): ``tail`` counts every trial
        that comes below c, as trial sequential analysis does, and has no wedge while c is below
        0; ``inside`` counts the z between -c and c. A one-sided test has no wedge.
    """

    spending: Spending
    beta: float
    drift: float
    binding: bool
    wedge: Wedge

    def __post_init__(self) -> None:
        if not 0 < self.beta < 1:
            raise DesignError("beta lies between 0 and 1: 0.1 for a power of 90%.")
        if not (math.isfinite(self.drift) and self.drift > 0):
            raise DesignError("the drift for which futility is reckoned is above 0.")
        if self.wedge not in WEDGES:
            raise DesignError(
                f"there is no wedge {self.wedge!r}.", hint=did_you_mean(str(self.wedge), WEDGES)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Boundaries by spending, with what they spend.

    Attributes
    ----------
    region : Regions
        Boundaries; with ``sides`` 2 symmetrical, and futility as an inner wedge; with ``sides`` 1
        the lower boundary is that of futility.
    alpha_spent : ndarray of float, shape (k,)
        Cumulative type I error of one tail.
    beta_spent : ndarray of float, shape (k,)
        Cumulative type II error of futility; NaN without it.
    """

    region: Regions
    alpha_spent: FloatArray
    beta_spent: FloatArray


def check_test(alpha: float, sides: int) -> float:
    """Check the level of a test.

    Parameters
    ----------
    alpha : float
        Type I error of all tails together.
    sides : int
        1 or 2.

    Returns
    -------
    float
        Type I error of one tail.

    Raises
    ------
    DesignError
        If one is out of its range.
    """
    if sides not in (1, 2):
        raise DesignError(f"a test has 1 or 2 sides, and not {sides}.")
    if not (math.isfinite(alpha) and 1e-10 <= alpha < 0.5):
        raise DesignError("alpha lies between 1e-10 and 0.5: 0.05 is 5%.")
    return alpha / sides


def spending_boundaries(
    information: ArrayLike,
    *,
    final: float,
    alpha: float,
    sides: int,
    spending: Spending,
    futility: Futility | None = None,
) -> Spent:
    """Return the boundaries that spend error rates by given functions of the information.

    Parameters
    ----------
    information : array_like, shape (k,)
        At the looks: above 0, ascending. At the first look with ``final`` or more all of alpha is
        spent; no boundary lies after it.
    final : float
        Information at which everything is spent.
    alpha : float
        Type I error, of both tails together if there are two.
    sides : int
        1 or 2. A two-sided test is symmetrical and spends alpha / 2 on each tail.
    spending : Spending
        Function for each tail.
    futility : Futility, optional
        With one side a lower boundary; with two an inner wedge (-c, c) such that the chance to
        land in it under the drift is what is to be spent.

    Returns
    -------
    Spent
        Boundaries and what they spend.

    Raises
    ------
    DesignError
        If an option is out of its range.

    References
    ----------
    Lan KKG, DeMets DL (1983). Biometrika 70:659-663. doi:10.1093/biomet/70.3.659
    Pampallona S, Tsiatis AA, Kim K (2001). Drug Information Journal 35:1113-1121.
    doi:10.1177/009286150103500408 (spending of beta)
    """
    tail = check_test(alpha, sides)
    looks = np.atleast_1d(np.asarray(information, dtype=np.float64))
    check_information(looks)
    if not (math.isfinite(final) and final > 0):
        raise DesignError("the final information is a number above 0.")
    wanted = spending.spent(looks / final, tail)
    outer = outer_boundaries(looks, wanted, sides)
    if futility is None:
        return Spent(region=outer, alpha_spent=wanted, beta_spent=np.full(looks.size, np.nan))
    missed = futility.spending.spent(looks / final, futility.beta)
    found, _ = with_futility(outer, wanted, missed, sides, futility)
    return Spent(region=found, alpha_spent=wanted, beta_spent=missed)


def outer_boundaries(looks: FloatArray, wanted: FloatArray, sides: int) -> Regions:
    """Return boundaries of benefit (and harm) that count on no stop for futility.

    Parameters
    ----------
    looks, wanted : ndarray of float, shape (k,)
        Information, and cumulative type I error of one tail.
    sides : int
        1 or 2.

    Returns
    -------
    Regions
        Without a wedge.
    """
    region = regions(looks, upper=np.full(looks.size, math.inf))
    density, used = START, 0.0
    for k in range(looks.size):
        region, used = _upper_at(density, region, k, wanted[k], used, sides)
        if k + 1 < looks.size:
            density = go_on(density, region, k, 0.0)
    return region


def _upper_at(
    density: Density, region: Regions, k: int, wanted: float, used: float, sides: int
) -> tuple[Regions, float]:
    """Put the boundary at look k, where so much of the tail's error may have been spent by it."""
    share = wanted - used
    if share < SMALLEST_SPENDING:
        return region, used
    at = float(region.information[k])

    def above(z: float) -> float:
        return density.above(z * math.sqrt(at), information=at, drift=0.0)

    z = float(-ndtri(share)) if k == 0 else _root(above, share)
    upper, lower = region.upper.copy(), region.lower.copy()
    upper[k] = z
    if sides == 2:
        lower[k] = -z
        if z <= 0:
            raise UnreachableError("two tails meet: alpha is too large for a two-sided test.")
    return replace(region, upper=upper, lower=lower), wanted


def _root(chance: Callable[[float], float], share: float) -> float:
    """Return the z at which a falling chance is the share."""

    def gap(z: float) -> float:
        value = chance(z)
        return math.log(value) - math.log(share) if value > 0 else -800.0

    low, high = -9.0, 9.0
    if gap(low) <= 0:
        raise UnreachableError(
            "more error is to be spent at a look than there is chance to reach it."
        )
    return float(brentq(gap, low, high, xtol=Z_TOLERANCE, rtol=8.9e-16, maxiter=200))


def with_futility(
    outer: Regions, wanted: FloatArray, missed: FloatArray, sides: int, futility: Futility
) -> tuple[Regions, float]:
    """Add the boundaries of futility; if they bind, find those of benefit anew.

    Parameters
    ----------
    outer : Regions
        From :func:`outer_boundaries`.
    wanted, missed : ndarray of float, shape (k,)
        Cumulative errors of type I, of one tail, and II.
    sides : int
        1 or 2.
    futility : Futility
        How.

    Returns
    -------
    region : Regions
        All boundaries.
    excess : float
        Chance to miss the effect, by harm too, that is more than what may be missed, if futility
        were to meet benefit at the last look.
    """
    region = outer
    if futility.binding:
        region = regions(outer.information, upper=np.full(outer.looks, math.inf))
    null, other = START, START
    used_alpha, used_beta = 0.0, 0.0
    excess, harmed = 0.0, 0.0
    tail = sides == 2 and futility.wedge == "tail"
    for k in range(outer.looks):
        if futility.binding:
            region, used_alpha = _upper_at(null, region, k, wanted[k], used_alpha, sides)
        share = float(missed[k]) - used_beta
        if k + 1 == outer.looks:
            top = float(region.upper[k])
            excess = _landing(other, region, k, sides, futility)(top) - share + harmed
            if sides == 2 and not tail:
                excess += _harm(other, region, k, futility.drift)
        z = _futile_z(other, region, k, share, sides, futility)
        if z is not None:
            used_beta = float(missed[k])
            region = _with_z(region, k, z, sides)
        if sides == 2 and not (tail and z is not None):
            harmed += _harm(other, region, k, futility.drift)
        if k + 1 < outer.looks:
            if futility.binding:
                null = go_on(null, region, k, 0.0)
            other = go_on(other, missing(region) if tail else region, k, futility.drift)
    return region, excess


def _harm(density: Density, region: Regions, k: int, drift: float) -> float:
    at = float(region.information[k])
    return density.below(float(region.lower[k]) * math.sqrt(at), information=at, drift=drift)


def missing(region: Regions) -> Regions:
    """Return the test with every z below the wedge's upper edge as a stop.

    A trial below the wedge counts as one that misses the effect, once, at the look at which it
    got there, although it goes on.

    Parameters
    ----------
    region : Regions
        With an inner wedge at some looks.

    Returns
    -------
    Regions
        With a lower boundary there instead.
    """
    wedge = region.inner > 0
    return replace(
        region,
        lower=np.where(wedge, np.minimum(region.inner, region.upper), region.lower),
        inner=np.full(region.looks, np.nan),
    )


def _with_z(region: Regions, k: int, z: float, sides: int) -> Regions:
    if sides == 1:
        lower = region.lower.copy()
        lower[k] = z
        return replace(region, lower=lower)
    inner = region.inner.copy()
    inner[k] = z
    return replace(region, inner=inner)


def _futile_z(
    density: Density, region: Regions, k: int, share: float, sides: int, futility: Futility
) -> float | None:
    """Return the boundary of futility at look k, not beyond that of benefit, or None."""
    if share < SMALLEST_SPENDING:
        return None
    landing = _landing(density, region, k, sides, futility)
    root = math.sqrt(float(region.information[k]))
    low = -9.0 if sides == 1 else 0.0
    high = min(float(region.upper[k]), 9.0 + futility.drift * root)
    if landing(low) >= share:
        return None
    if landing(high) <= share:
        return high
    return float(brentq(lambda z: landing(z) - share, low, high, xtol=Z_TOLERANCE, maxiter=200))


def _landing(
    density: Density, region: Regions, k: int, sides: int, futility: Futility
) -> Callable[[float], float]:
    """Return the chance to land in the region of futility at look k, by its edge."""
    at, drift = float(region.information[k]), futility.drift
    root = math.sqrt(at)

    def landing(z: float) -> float:
        if sides == 1 or futility.wedge == "tail":
            return density.below(z * root, information=at, drift=drift)
        return density.between(-z * root, z * root, information=at, drift=drift)

    return landing
