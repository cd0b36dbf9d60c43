"""Draws from the posterior predictive distribution of weighted regressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import ConvergenceError
from locoreg.emulation.products import cross_product, predictor
from locoreg.stats.survivaldata import FloatArray, IntArray

# Added to the diagonal of normal equations, as a share of it: predictors may be collinear.
RIDGE = 1e-5
# Standard deviations of normal priors of logits, per standard deviation of a predictor and of the
# intercept: weak, and enough to keep separated levels finite.
SLOPE_SD, INTERCEPT_SD = 2.5, 10.0
MOST_STEPS, MOST_HALVINGS = 100, 30
CONVERGED = 1e-8
# Predictions that differ by less than this share of the largest are the same.
SAME = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class NormalDraw:
    """A normal linear regression, fitted and drawn.

    Attributes
    ----------
    fitted : ndarray of float, shape (p,)
        Coefficients that fit best.
    drawn : ndarray of float, shape (p,)
        Coefficients drawn from their posterior.
    sd : float
        Residual standard deviation drawn from its posterior.
    """

    fitted: FloatArray
    drawn: FloatArray
    sd: float


def draw_normal(
    Z: FloatArray, y: FloatArray, weight: FloatArray, rng: np.random.Generator
) -> NormalDraw:
    """Fit a weighted linear regression and draw its parameters.

    Parameters
    ----------
    Z : ndarray of float, shape (r, p)
        Predictors, a column of ones among them.
    y : ndarray of float, shape (r,)
        Outcome.
    weight : ndarray of float, shape (r,)
        How often each row counts.
    rng : numpy.random.Generator
        For the draws.

    Returns
    -------
    NormalDraw
        Under a flat prior [1]_.

    References
    ----------
    .. [1] Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, p. 167. Wiley.
       doi:10.1002/9780470316696
    """
    ZW = Z * weight[:, None]
    gram = cross_product(ZW, Z)
    gram[np.diag_indices_from(gram)] *= 1.0 + RIDGE
    root = np.linalg.cholesky(gram)
    fitted = np.linalg.solve(root.T, np.linalg.solve(root, cross_product(ZW, y[:, None])[:, 0]))
    residual = y - predictor(Z, fitted[:, None])[:, 0]
    freedom = max(float(weight.sum()) - Z.shape[1], 1.0)
    sd = float(np.sqrt((weight * residual**2).sum() / rng.chisquare(freedom)))
    noise = np.linalg.solve(root.T, rng.standard_normal(Z.shape[1]))
    return NormalDraw(fitted, np.asarray(fitted + sd * noise), sd)


def nearest_donors(
    donor: FloatArray,
    weight: FloatArray,
    wanted: FloatArray,
    count: int,
    rng: np.random.Generator,
) -> IntArray:
    """Choose for each prediction one of the donors with the nearest ones.

    Parameters
    ----------
    donor : ndarray of float, shape (r,)
        Predictions of donors.
    weight : ndarray of float, shape (r,)
        How often each donor counts: among the nearest, choice is in proportion to it.
    wanted : ndarray of float, shape (m,)
        Predictions of those without a value.
    count : int
        How many of the nearest donors are considered; all with the same prediction as one of them
        are considered with it.
    rng : numpy.random.Generator
        For the choice.

    Returns
    -------
    ndarray of int, shape (m,)
        Positions of the donors chosen.
    """
    count = min(count, donor.size)
    # Sums of the same products differ in their last digits.
    unit = SAME * max(float(np.abs(donor).max()), np.finfo(np.float64).tiny)
    rounded = np.round(donor / unit)
    order = np.argsort(rounded, kind="stable")
    ranked, target = rounded[order], wanted / unit
    place = np.searchsorted(ranked, target)
    window = place[:, None] + np.arange(-count, count)
    far = (window < 0) | (window >= donor.size)
    window = np.clip(window, 0, donor.size - 1)
    distance = np.where(far, np.inf, np.abs(ranked[window] - target[:, None]))
    near = np.argsort(distance, axis=1, kind="stable")[:, :count]
    window = np.take_along_axis(window, near, axis=1)
    first = np.searchsorted(ranked, ranked[window.min(axis=1)], side="left")
    last = np.searchsorted(ranked, ranked[window.max(axis=1)], side="right")
    share = np.concatenate(([0.0], np.cumsum(weight[order])))
    drawn = share[first] + rng.random(wanted.size) * (share[last] - share[first])
    pick = np.clip(np.searchsorted(share, drawn, side="right") - 1, first, last - 1)
    return np.asarray(order[pick], dtype=np.int64)


def draw_logits(
    Z: FloatArray,
    code: IntArray,
    levels: int,
    weight: FloatArray,
    rng: np.random.Generator,
    start: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Fit a weighted multinomial logistic regression and draw its coefficients.

    Parameters
    ----------
    Z : ndarray of float, shape (r, p)
        Predictors of standard deviation 1; the first column is ones.
    code : ndarray of int, shape (r,)
        Levels 0, 1, ...
    levels : int
        How many there are; with two this is logistic regression.
    weight : ndarray of float, shape (r,)
        How often each row counts.
    rng : numpy.random.Generator
        For the draw.
    start : ndarray of float, shape (levels - 1, p), optional
        First coefficients.

    Returns
    -------
    drawn, fitted : ndarray of float, shape (levels - 1, p)
        Coefficients against level 0: from the normal approximation to the posterior under weak
        normal priors, and its mode.

    Raises
    ------
    ConvergenceError
        If the mode was not found.
    """
    p, free = Z.shape[1], levels - 1
    precision = np.full(p, SLOPE_SD**-2.0)
    precision[0] = INTERCEPT_SD**-2.0
    chosen = (code[:, None] == np.arange(1, levels)).astype(np.float64)
    beta = np.zeros((free, p)) if start is None else start.copy()
    value = _objective(Z, chosen, weight, precision, beta)
    for _ in range(MOST_STEPS):
        gradient, hessian = _derivatives(Z, chosen, weight, precision, beta)
        step = np.linalg.solve(hessian, gradient.ravel())
        if float(step @ gradient.ravel()) < CONVERGED * max(1.0, abs(value)):
            root = np.linalg.cholesky(hessian)
            noise = np.linalg.solve(root.T, rng.standard_normal(free * p))
            return np.asarray(beta + noise.reshape(free, p)), beta
        size, move = 1.0, step.reshape(free, p)
        for _ in range(MOST_HALVINGS):
            found = _objective(Z, chosen, weight, precision, beta + size * move)
            if found >= value:
                break
            size *= 0.5
        beta, value = beta + size * move, found
    raise ConvergenceError(
        f"the imputation model of a category did not converge in {MOST_STEPS} steps.",
        hint="look for predictors of extreme size.",
    )


def level_shares(Z: FloatArray, beta: FloatArray) -> FloatArray:
    """Return the probability of each level, shape (r, levels)."""
    return _shares(np.column_stack([np.zeros(Z.shape[0]), predictor(Z, beta.T)]))


def _shares(eta: FloatArray) -> FloatArray:
    raised = np.exp(eta - eta.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def draw_levels(
    Z: FloatArray, beta: FloatArray, shift: float, rng: np.random.Generator
) -> IntArray:
    """Draw levels.

    Parameters
    ----------
    Z : ndarray of float, shape (m, p)
        Predictors.
    beta : ndarray of float, shape (levels - 1, p)
        Coefficients against level 0.
    shift : float
        Added to the log odds of each level against the one before it.
    rng : numpy.random.Generator
        For the draws.

    Returns
    -------
    ndarray of int, shape (m,)
        Codes.
    """
    eta = np.column_stack([np.zeros(Z.shape[0]), predictor(Z, beta.T)])
    shares = _shares(eta + shift * np.arange(eta.shape[1]))
    drawn: FloatArray = rng.random((Z.shape[0], 1))
    reached = np.cumsum(shares, axis=1) <= drawn
    return np.asarray(np.minimum(np.sum(reached, axis=1), eta.shape[1] - 1), dtype=np.int64)


def _objective(
    Z: FloatArray, chosen: FloatArray, weight: FloatArray, precision: FloatArray, beta: FloatArray
) -> float:
    eta = predictor(Z, beta.T)
    top = np.maximum(eta.max(axis=1), 0.0)
    total = top + np.log(np.exp(-top) + np.exp(eta - top[:, None]).sum(axis=1))
    loglik = (weight * ((chosen * eta).sum(axis=1) - total)).sum()
    return float(loglik - 0.5 * (precision * beta**2).sum())


def _derivatives(
    Z: FloatArray, chosen: FloatArray, weight: FloatArray, precision: FloatArray, beta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gradient and minus the Hessian of the log posterior."""
    free, p = beta.shape
    share = level_shares(Z, beta)[:, 1:]
    gradient = cross_product(weight[:, None] * (chosen - share), Z) - precision * beta
    hessian = np.zeros((free, p, free, p))
    for a in range(free):
        for b in range(a + 1):
            factor = weight * (share[:, a] * ((a == b) - share[:, b]))
            block = cross_product(Z * factor[:, None], Z)
            hessian[a, :, b, :] = block
            hessian[b, :, a, :] = block.T
        hessian[a, :, a, :] += np.diag(precision)
    return np.asarray(gradient), hessian.reshape(free * p, free * p)
