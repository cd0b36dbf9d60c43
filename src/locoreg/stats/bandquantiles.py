"""Critical values of simultaneous bands for a survival curve, from the laws of their limits."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import linalg, optimize, special

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray

# Terms of the sine series that have decayed below exp(-DECAY) are left out, and at most so many
# are taken: enough for any range in which a sample can have two events.
DECAY, MOST_TERMS = 40.0, 2000
# Eigenfunctions, by the shortest duration for which those left out don't matter: they have decayed
# below exp(-25) where the critical value is 4 or less.
MODES = ((0.1, 24), (0.02, 40))
# Degree of the polynomial for shorter durations.
INTERPOLATION = 5
# Critical values are solved for to this absolute accuracy.
ROOT_TOLERANCE = 1e-10


def equal_precision_quantile(low: float, high: float, level: float) -> float:
    """Return the critical value of Nair's equal-precision band.

    Parameters
    ----------
    low, high : float
        Values of K(t) = n s2(t) / (1 + n s2(t)) at the ends of the range, s2 being Greenwood's
        variance of log survival; 0 < low <= high < 1.
    level : float
        Level of the band in percent.

    Returns
    -------
    float
        The c for which |B(x)| <= c sqrt(x (1 - x)) for all x from low to high has that
        probability, B being the Brownian bridge.

    Raises
    ------
    DataError
        If the range or level can't be used.

    Notes
    -----
    B(x) / sqrt(x (1 - x)) is a stationary Ornstein-Uhlenbeck process of the time
    log(x / (1 - x)) / 2. The probability that it stays between -c and c for a time T is
    the sum of w_k exp(-l_k T) over the eigenfunctions of its generator f'' - x f' that are 0 at
    both ends; they are computed by a Legendre-Galerkin method, which converges exponentially.
    Below T = 0.02 the critical value is interpolated, to 1e-6, as a polynomial in the root of T
    that is exact at T = 0, where it is the normal quantile.

    References
    ----------
    Nair VN (1984). Technometrics 26:265-275. doi:10.1080/00401706.1984.10487964
    """
    tail = _check(low, high, level, open_low=True)
    duration = 0.5 * float(special.logit(high) - special.logit(low))
    shortest = MODES[-1][0]
    if duration >= shortest:
        return _stay_quantile(duration, tail)
    roots = np.sqrt(shortest) * np.arange(INTERPOLATION + 1.0)
    values = [-special.ndtri(tail)] + [_stay_quantile(root**2, tail) for root in roots[1:]]
    return float(np.polynomial.Polynomial.fit(roots, values, INTERPOLATION)(math.sqrt(duration)))


def _stay_quantile(duration: float, tail: float) -> float:
    """Return the c below which the process stays with probability 1 - 2 tail."""
    terms = next(terms for shortest, terms in MODES if duration >= shortest)

    def stays(c: float) -> float:
        rates, weights = _modes(c, terms)
        return float(weights @ np.exp(-rates * duration))

    return _solve(stays, 1.0 - 2.0 * tail, -float(special.ndtri(tail)))


def hall_wellner_quantile(low: float, high: float, level: float) -> float:
    """Return the critical value of the Hall-Wellner band.

    Parameters
    ----------
    low, high : float
        Values of K(t) at the ends of the range, as for ``equal_precision_quantile``;
        0 <= low < high <= 1.
    level : float
        Level of the band in percent.

    Returns
    -------
    float
        The k for which |B(x)| <= k for all x from low to high has that probability, B being the
        Brownian bridge.

    Raises
    ------
    DataError
        If the range or level can't be used.

    Notes
    -----
    Given its values at low and high the bridge is a Brownian motion between them; the density of
    staying within -k and k is a sine series, whose integrals against the normal densities of the
    two ends are Faddeeva functions.

    References
    ----------
    Hall WJ, Wellner JA (1980). Biometrika 67:133-143. doi:10.1093/biomet/67.1.133
    """
    tail = _check(low, high, level, open_low=False)
    single = -float(special.ndtri(tail)) * math.sqrt(_largest_variance(low, high))

    def stays(c: float) -> float:
        count = min(MOST_TERMS, 2 + math.ceil(c * math.sqrt(2.0 * DECAY / (high - low)) / math.pi))
        frequency: FloatArray = (2.0 * np.arange(float(count)) + 1.0) * math.pi / (2.0 * c)
        decay = np.exp(-0.5 * frequency**2 * (high - low))
        ends = _cosine_integral(frequency, low, c) * _cosine_integral(frequency, 1.0 - high, c)
        return float(math.sqrt(2.0 * math.pi) / c * (decay @ ends))

    return _solve(stays, 1.0 - 2.0 * tail, single)


def _check(low: float, high: float, level: float, *, open_low: bool) -> float:
    tail = check_level(level)
    good = 0.0 < low <= high < 1.0 if open_low else 0.0 <= low < high <= 1.0
    if not good:
        raise DataError(
            f"the range from {low} to {high} can't be used.",
            hint="give K(t) at its ends: between 0 and 1, ascending.",
        )
    return tail


def _largest_variance(low: float, high: float) -> float:
    """Return the largest variance of the bridge between low and high."""
    middle = min(max(0.5, low), high)
    return middle * (1.0 - middle)


def _solve(stays: Callable[[float], float], wanted: float, single: float) -> float:
    """Return where an increasing probability takes a value; at ``single`` it is not above it."""
    above = 1.25 * single
    while stays(above) < wanted:
        above *= 1.25
    return float(
        optimize.brentq(lambda c: stays(c) - wanted, 0.999 * single, above, xtol=ROOT_TOLERANCE)
    )


def _modes(c: float, terms: int) -> tuple[FloatArray, FloatArray]:
    """Return decay rates of the even eigenfunctions between -c and c, and their weights.

    The basis are differences of even Legendre polynomials, which are 0 at both ends.
    """
    x, quadrature, basis, slope = _legendre(terms)
    density = quadrature * c * np.exp(-0.5 * np.square(c * x)) / math.sqrt(2.0 * math.pi)
    mass = (basis * density) @ basis.T
    stiffness = (slope * density) @ slope.T / c**2
    rates, vectors = linalg.eigh(stiffness, mass)
    return rates, np.square(density @ (basis.T @ vectors))


@cache
def _legendre(terms: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return nodes and weights from -1 to 1, and the basis and its slope there, (terms, nodes)."""
    x, quadrature = np.polynomial.legendre.leggauss(2 * terms + 40)
    count = 2 * terms + 1
    values, slopes = np.empty((count, x.size)), np.empty((count, x.size))
    values[0], values[1], slopes[0], slopes[1] = 1.0, x, 0.0, 1.0
    for k in range(1, count - 1):
        values[k + 1] = ((2 * k + 1) * x * values[k] - k * values[k - 1]) / (k + 1)
        slopes[k + 1] = slopes[k - 1] + (2 * k + 1) * values[k]
    even = np.arange(0, count - 2, 2)
    # Scaled so that the slopes have length 1.
    scale = (1.0 / np.sqrt(4.0 * even + 6.0))[:, None]
    return (
        x,
        quadrature,
        scale * (values[even + 2] - values[even]),
        scale * (slopes[even + 2] - slopes[even]),
    )


def _cosine_integral(frequency: FloatArray, variance: float, c: float) -> FloatArray:
    """Return the integrals of cos(f u) times the normal density of u from -c to c."""
    if variance == 0.0:
        return np.ones(frequency.size)
    x, y = c / math.sqrt(2.0 * variance), frequency * math.sqrt(0.5 * variance)
    beyond = np.exp(-x * x - 2.0j * x * y) * special.wofz(-y + 1j * x)
    return np.asarray(np.exp(-y * y) - beyond.real)
