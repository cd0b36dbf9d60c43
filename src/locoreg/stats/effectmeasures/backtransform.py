"""From the scale on which effects are pooled back to the scale on which they are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.effectmeasures.result import FloatArray


def inverse_logit(y: ArrayLike) -> FloatArray:
    """Return the proportion with this logit, without overflow."""
    x = np.asarray(y, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1 / (1 + small), small / (1 + small)))


def inverse_arcsine(y: ArrayLike) -> FloatArray:
    """Return the proportion with this arcsine square root; 0 and 1 beyond the ends.

    Parameters
    ----------
    y : array_like
        Radians; what lies outside 0 to pi/2 is no transform of a proportion and is cut off.

    Returns
    -------
    ndarray of float
        sin(y)^2.
    """
    x = np.clip(np.asarray(y, dtype=np.float64), 0.0, np.pi / 2)
    return np.asarray(np.sin(x) ** 2)


def harmonic_mean(n: ArrayLike) -> float:
    """Return the harmonic mean of positive numbers."""
    sizes = np.asarray(n, dtype=np.float64)
    if sizes.size == 0 or not (sizes > 0).all():
        raise DataError("the harmonic mean needs sizes above 0.", hint="give ni of every study.")
    return float(sizes.size / np.sum(1 / sizes))


def inverse_double_arcsine(y: ArrayLike, n: ArrayLike) -> FloatArray:
    """Return the proportion with this Freeman-Tukey double arcsine in a group of size n.

    Parameters
    ----------
    y : array_like
        Half the sum of the two arcsines, in radians.
    n : array_like
        Group size: the study's own, or the harmonic mean of all sizes for a pooled value.

    Returns
    -------
    ndarray of float
        Miller's inverse; 0 and 1 beyond the transforms of 0 and n events.

    References
    ----------
    Miller JJ (1978). The American Statistician 32:138. doi:10.1080/00031305.1978.10479283
    """
    x, size = np.broadcast_arrays(np.asarray(y, dtype=np.float64), np.asarray(n, dtype=np.float64))
    sine = np.sin(2 * x)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.clip(1 - (sine + (sine - 1 / sine) / size) ** 2, 0.0, 1.0)
        p = (1 - np.sign(np.cos(2 * x)) * np.sqrt(inside)) / 2
    lowest = np.arcsin(np.sqrt(1 / (size + 1))) / 2
    p = np.where(x < lowest, 0.0, p)
    return np.asarray(np.where(x > np.pi / 2 - lowest, 1.0, p))


def inverse_square_root(y: ArrayLike) -> FloatArray:
    """Return the rate with this square root; 0 below it."""
    return np.asarray(np.maximum(np.asarray(y, dtype=np.float64), 0.0) ** 2)


def inverse_rate_freeman_tukey(y: ArrayLike, t: ArrayLike) -> FloatArray:
    """Return the rate with this Freeman-Tukey transform in person-time t.

    Parameters
    ----------
    y : array_like
        Half the sum of sqrt(x/t) and sqrt((x + 1)/t).
    t : array_like
        Person-time: the study's own, or the harmonic mean for a pooled value.

    Returns
    -------
    ndarray of float
        The root of the definition, ((4 t y^2 - 1)/(4 y t))^2; 0 below the transform of no event.
    """
    x, time = np.broadcast_arrays(np.asarray(y, dtype=np.float64), np.asarray(t, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        root = (4 * time * x**2 - 1) / (4 * x * time)
    return np.asarray(np.where(x * np.sqrt(time) * 2 < 1, 0.0, root**2))
