"""Weights that make the means of covariates exactly those of a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from locoreg.core.errors import ConvergenceError
from locoreg.stats.survivaldata import FloatArray

# Largest difference left between a weighted mean and its target, in standard deviations.
BALANCED = 1e-10
MOST_STEPS = 200
MOST_HALVINGS = 40


def entropy_balance(
    X: FloatArray, base: FloatArray, target: FloatArray, names: Sequence[str] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Tilt weights as little as possible so that weighted means equal a target.

    Parameters
    ----------
    X : ndarray of float, shape (r, p)
        Covariates.
    base : ndarray of float, shape (r,)
        Weights to start from, 0 or more.
    target : ndarray of float, shape (p,)
        Means that are wanted.
    names : sequence of str, optional
        Names of the covariates for messages.

    Returns
    -------
    tilt : ndarray of float, shape (r,)
        exp(coefficients' (x - target)), to be multiplied by the base and scaled.
    coefficients : ndarray of float, shape (p,)
        They minimise log sum base exp(coefficients' (x - target)).

    Raises
    ------
    ConvergenceError
        If no weights can reach the target: it lies outside what these rows span.

    References
    ----------
    .. [1] Hainmueller J (2012). Political Analysis 20:25-46. doi:10.1093/pan/mpr025
    .. [2] Zhao Q, Percival D (2017). Journal of Causal Inference 5(1).
       doi:10.1515/jci-2016-0010
    """
    used = base > 0.0
    spread = X[used].std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    Z = (X - target) / scale
    coefficients = np.zeros(X.shape[1])
    value, share = _objective(Z, base, coefficients)
    for _ in range(MOST_STEPS):
        gradient = share @ Z
        if not np.abs(gradient).max(initial=0.0) > BALANCED:
            return np.exp(Z @ coefficients), coefficients / scale
        centred = Z - gradient
        hessian = (centred * share[:, None]).T @ centred
        step = np.asarray(np.linalg.lstsq(hessian, gradient, rcond=None)[0], dtype=np.float64)
        found = _descend(Z, base, coefficients, value, step, float(gradient @ step))
        if found is None:
            break
        coefficients, value, share = found
    left = np.abs(share @ Z)
    worst = int(np.argmax(left)) if left.size else 0
    label = f"column {worst + 1}" if names is None else names[worst]
    raise ConvergenceError(
        f"no weights give {label} the wanted mean (with the other confounders): the best are off "
        f"by {left.max(initial=0.0):.2g} standard deviations.",
        hint="merge rare categories, leave a confounder out, or take weighting iptw or overlap.",
    )


def _objective(
    Z: FloatArray, base: FloatArray, coefficients: FloatArray
) -> tuple[float, FloatArray]:
    """Return the log of the sum of tilted weights and each row's share of it."""
    linear = Z @ coefficients
    top = float(linear[base > 0.0].max())
    with np.errstate(over="ignore", under="ignore"):
        tilted = np.where(base > 0.0, base * np.exp(np.minimum(linear - top, 0.0)), 0.0)
    total = float(tilted.sum())
    return top + float(np.log(total)), tilted / total


def _descend(
    Z: FloatArray,
    base: FloatArray,
    coefficients: FloatArray,
    value: float,
    step: FloatArray,
    slope: float,
) -> tuple[FloatArray, float, FloatArray] | None:
    """Return the next point: a Newton step, halved until the objective falls; None if it can't."""
    size = 1.0
    for _ in range(MOST_HALVINGS):
        trial = coefficients - size * step
        new, share = _objective(Z, base, trial)
        # Near the minimum the fall drowns in rounding.
        if new <= value - 1e-4 * size * slope + 1e-14 * max(1.0, abs(value)):
            return trial, new, share
        size /= 2.0
    return None
