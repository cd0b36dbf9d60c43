"""The chance to cross the boundaries of a sequential test at each look."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.groupsequential.density import START, Density, Pieces, check_information
from locoreg.stats.studies import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Where a sequential test stops, on the z scale.

    Attributes
    ----------
    information : ndarray of float, shape (k,)
        Information at the looks, above 0 and ascending.
    upper, lower : ndarray of float, shape (k,)
        It stops with z at or above ``upper``, or at or below ``lower``; infinite where it can't.
    inner : ndarray of float, shape (k,)
        It stops with z between -inner and inner (the inner wedge of a two-sided test); NaN where
        there is no wedge.
    """

    information: FloatArray
    upper: FloatArray
    lower: FloatArray
    inner: FloatArray

    @property
    def looks(self) -> int:
        """Number of looks."""
        return int(self.information.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Chances to stop at each look.

    Attributes
    ----------
    upper, lower, inner : ndarray of float, shape (k,)
        Chance to stop at a look above, below, or in the wedge, not having stopped before.
    going_on : float
        Chance to stop at none.
    """

    upper: FloatArray
    lower: FloatArray
    inner: FloatArray
    going_on: float

    @property
    def stopping(self) -> FloatArray:
        """Chance to stop at each look, wherever, shape (k,)."""
        return self.upper + self.lower + self.inner


def regions(
    information: FloatArray,
    *,
    upper: FloatArray,
    lower: FloatArray | None = None,
    inner: FloatArray | None = None,
) -> Regions:
    """Check boundaries and put them together.

    Parameters
    ----------
    information, upper, lower, inner : ndarray of float, shape (k,)
        As in :class:`Regions`; without ``lower`` or ``inner`` there is none.

    Returns
    -------
    Regions
        The same numbers.

    Raises
    ------
    DesignError
        If the shapes differ, the information does not ascend, or boundaries cross.
    """
    looks = np.atleast_1d(np.asarray(information, dtype=np.float64))
    check_information(looks)
    arrays = [
        np.full(looks.size, empty) if given is None else np.asarray(given, dtype=np.float64)
        for given, empty in ((upper, math.inf), (lower, -math.inf), (inner, math.nan))
    ]
    above, below, wedge = arrays
    if any(array.shape != looks.shape for array in arrays):
        raise DesignError("boundaries have one number per look.")
    if np.any(np.isnan(above)) or np.any(np.isnan(below)) or np.any(below > above):
        raise DesignError("the upper boundary lies above the lower one at each look.")
    if np.any(wedge < 0):
        raise DesignError("the inner boundary is a z-value of 0 or more, or NaN for none.")
    return Regions(information=looks, upper=above, lower=below, inner=wedge)


def crossing(region: Regions, *, drift: float) -> Crossing:
    """Return the chance to stop at each look.

    Parameters
    ----------
    region : Regions
        Looks and boundaries.
    drift : float
        theta: mean of the score per unit of information; 0 under no effect.

    Returns
    -------
    Crossing
        Accurate to about 1e-13.

    References
    ----------
    Armitage P, McPherson CK, Rowe BC (1969). JRSS A 132:235-244. doi:10.2307/2343787
    Jennison C, Turnbull BW (2000). Group Sequential Methods with Applications to Clinical Trials.
    Chapman & Hall/CRC. Chapter 19.
    """
    if not math.isfinite(drift):
        raise DesignError("the drift is a number.")
    density = START
    found = np.zeros((3, region.looks))
    for k in range(region.looks):
        found[:, k] = chances(density, region, k, drift)
        density = go_on(density, region, k, drift)
    return Crossing(
        upper=found[0], lower=found[1], inner=found[2], going_on=float(density.mass.sum())
    )


def chances(density: Density, region: Regions, k: int, drift: float) -> tuple[float, float, float]:
    """Return the chances to stop above, below and in the wedge at look k, given what came before.

    Parameters
    ----------
    density : Density
        Of the look before.
    region : Regions
        Looks and boundaries.
    k : int
        The look, from 0.
    drift : float
        Mean of the score per unit of information.

    Returns
    -------
    tuple of float
        Above, below, in the wedge.
    """
    at = float(region.information[k])
    root = math.sqrt(at)
    above = density.above(float(region.upper[k]) * root, information=at, drift=drift)
    below = density.below(float(region.lower[k]) * root, information=at, drift=drift)
    half = float(region.inner[k]) * root
    if not half > 0:
        return above, below, 0.0
    low = max(-half, float(region.lower[k]) * root)
    high = min(half, float(region.upper[k]) * root)
    return above, below, density.between(low, high, information=at, drift=drift)


def go_on(density: Density, region: Regions, k: int, drift: float) -> Density:
    """Return the density at look k among trials that are not stopped there.

    Parameters
    ----------
    density : Density
        Of the look before.
    region : Regions
        Looks and boundaries.
    k : int
        The look, from 0.
    drift : float
        Mean of the score per unit of information.

    Returns
    -------
    Density
        At look k.
    """
    at = float(region.information[k])
    last = k + 1 == region.looks
    return density.advance(
        continuation(region, k),
        information=at,
        drift=drift,
        following=None if last else float(region.information[k + 1]),
    )


def continuation(region: Regions, k: int) -> Pieces:
    """Return the pieces of the score's range in which a trial goes on at look k."""
    root = math.sqrt(float(region.information[k]))
    low, high = float(region.lower[k]) * root, float(region.upper[k]) * root
    half = float(region.inner[k]) * root
    if not half > 0:
        return ((low, high),)
    return ((low, min(-half, high)), (max(half, low), high))
