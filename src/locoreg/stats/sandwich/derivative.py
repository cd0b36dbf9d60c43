"""Derivatives of vector functions by central differences, extrapolated to step 0."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from locoreg.stats.survivaldata import FloatArray

# Halvings of the step. With the error series in even powers, four differences leave h^8.
LEVELS = 4


def extrapolated_jacobian(
    function: Callable[[FloatArray], FloatArray], at: FloatArray, step: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Differentiate a function of several parameters.

    Central differences at a step and its halves, extrapolated to step 0 by Richardson's scheme
    [1]_. The step should be a distance over which the function is nearly quadratic, such as a
    tenth of a standard error; it need not be small, so that rounding costs few digits.

    Parameters
    ----------
    function : callable
        From parameters, shape (p,), to values, shape (k,).
    at : ndarray of float, shape (p,)
        Where.
    step : ndarray of float, shape (p,)
        First step in each parameter, positive.

    Returns
    -------
    jacobian : ndarray of float, shape (k, p)
        Derivatives.
    error : ndarray of float, shape (k, p)
        Difference between the last two extrapolations, or between the derivatives to the right
        and to the left if that is more: a kink.

    References
    ----------
    .. [1] Richardson LF, Gaunt JA (1927). Phil Trans R Soc A 226:299-361.
       doi:10.1098/rsta.1927.0008
    """
    here = np.asarray(function(at))
    columns, errors = [], []
    for j, first in enumerate(step):
        slopes, kinks = [], []
        for level in range(LEVELS):
            h = float(first) / 2.0**level
            above, below = shifted(function, at, j, h), shifted(function, at, j, -h)
            slopes.append((above - below) / (2.0 * h))
            kinks.append((above - 2.0 * here + below) / h)
        slope, change = _extrapolate(slopes, first_power=2)
        # For a smooth function this series is in odd powers and ends in 0.
        kink, _ = _extrapolate(kinks, first_power=1)
        columns.append(slope)
        errors.append(np.maximum(np.abs(change), np.abs(kink)))
    return np.stack(columns, axis=1), np.stack(errors, axis=1)


def shifted(
    function: Callable[[FloatArray], FloatArray], at: FloatArray, parameter: int, step: float
) -> FloatArray:
    """Return the function a step away in one parameter, shape (k,)."""
    moved = at.copy()
    moved[parameter] += step
    return np.asarray(function(moved))


def _extrapolate(values: list[FloatArray], first_power: int) -> tuple[FloatArray, FloatArray]:
    """Return the limit of values at halved steps, and what the last extrapolation changed.

    The error series has the powers first_power, first_power + 2, ...
    """
    row = values
    previous = row[-1]
    for power in range(first_power, first_power + 2 * len(values) - 2, 2):
        previous = row[-1]
        row = [b + (b - a) / (2.0**power - 1.0) for a, b in pairwise(row)]
    return row[-1], row[-1] - previous
