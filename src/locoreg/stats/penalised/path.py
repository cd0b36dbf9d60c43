"""Coefficients of the elastic net along falling penalties, by coordinate descent."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.errors import ConvergenceError
from locoreg.stats.jit import compiled
from locoreg.stats.penalised.direct import direct_step
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# A pass over the coefficients that changes the fit by less, in standard deviations of the outcome,
# ends the descent.
TOLERANCE = 1e-7
SWEEPS = 20_000
# Descent is slow where columns are nearly collinear: after so many passes the minimum on the
# coordinates that are not zero is taken at once.
BETWEEN = 8
# For ridge there is no penalty from which on all coefficients are zero; as for this mixture.
LEAST_ALPHA = 1e-3


def elastic_net_path(
    gram: FloatArray,
    xty: FloatArray,
    lambdas: FloatArray,
    *,
    alpha: float,
    penalty_factor: FloatArray | None = None,
    yty: float | None = None,
    most_explained: float = math.inf,
) -> FloatArray:
    """Return coefficients that minimise a penalised squared error, for each penalty.

    Minimised is ``b'Gb/2 - b'c + lambda sum_j f_j (alpha |b_j| + (1 - alpha) b_j^2 / 2)``, for
    ``G = gram`` and ``c = xty``: half the mean squared error where these are means of products of
    centred columns. Coordinates are minimised in turn, those at zero are left out until they
    violate the conditions of the minimum (Friedman, Hastie and Tibshirani 2010,
    doi:10.18637/jss.v033.i01).

    Parameters
    ----------
    gram : ndarray of float, shape (p, p)
        Means of products of columns.
    xty : ndarray of float, shape (p,)
        Means of products with the outcome.
    lambdas : ndarray of float, shape (m,)
        Penalties, falling.
    alpha : float
        1 for the lasso, 0 for ridge.
    penalty_factor : ndarray of float, shape (p,), optional
        Multiplies the penalty of each column; 0 for none. By default 1.
    yty : float, optional
        Mean of the squared centred outcome; by default the scale is that of `xty`.
    most_explained : float
        Share of `yty` that, once explained, ends the path.

    Returns
    -------
    ndarray of float, shape (m', p)
        Coefficients of the first m' penalties; m' is m unless the path ended before: where enough
        is explained, or at a penalty so small that the descent does not settle any more. Columns
        whose diagonal in `gram` is 0 have none.

    Raises
    ------
    ConvergenceError
        If the descent does not settle for the first penalty, as for columns that are copies of
        each other without penalty.
    """
    p = xty.size
    factor = np.ones(p) if penalty_factor is None else np.asarray(penalty_factor, dtype=np.float64)
    diagonal = np.diagonal(gram)
    usable = diagonal > 0.0
    scale = (
        yty if yty is not None else float(np.max(xty[usable] ** 2 / diagonal[usable], initial=0))
    )
    out = np.zeros((lambdas.size, p))
    done = _descend(
        np.ascontiguousarray(gram),
        np.ascontiguousarray(xty),
        np.ascontiguousarray(lambdas, dtype=np.float64),
        alpha,
        factor,
        usable,
        TOLERANCE * math.sqrt(max(scale, 0.0)),
        most_explained * scale,
        out,
    )
    if done == -1:
        raise ConvergenceError(
            f"the elastic net did not settle for the penalty {lambdas[0]:.3g}.",
            hint="leave out columns that repeat others, or give them a penalty.",
        )
    return out[: done if done >= 0 else -done - 1]


def largest_lambda(
    gram: FloatArray, xty: FloatArray, *, alpha: float, penalty_factor: FloatArray
) -> float:
    """Return the smallest penalty at which all penalised coefficients are zero.

    Parameters
    ----------
    gram, xty, alpha, penalty_factor
        As for `elastic_net_path`.

    Returns
    -------
    float
        0 where nothing is penalised or nothing is left to explain.
    """
    free = np.flatnonzero((penalty_factor == 0.0) & (np.diagonal(gram) > 0.0))
    rest = xty
    if free.size:
        fitted = np.linalg.lstsq(gram[np.ix_(free, free)], xty[free], rcond=None)[0]
        rest = xty - gram[:, free] @ fitted
    held = (penalty_factor > 0.0) & np.isfinite(penalty_factor) & (np.diagonal(gram) > 0.0)
    if not held.any():
        return 0.0
    return float(np.max(np.abs(rest[held]) / penalty_factor[held]) / max(alpha, LEAST_ALPHA))


@compiled
def _descend(
    gram: FloatArray,
    xty: FloatArray,
    lambdas: FloatArray,
    alpha: float,
    factor: FloatArray,
    usable: BoolArray,
    tolerance: float,
    most: float,
    out: FloatArray,
) -> int:
    """Fill `out`; return the number of penalties done, or -1 - m where the m-th did not settle."""
    p = xty.size
    b = np.zeros(p)
    slope = xty.copy()
    active = np.empty(p, dtype=np.int64)
    inside = np.zeros(p, dtype=np.bool_)
    count = 0
    for m in range(lambdas.size):
        settled = False
        while not settled:
            if not _cycle(gram, lambdas[m], alpha, factor, b, slope, active, count, tolerance):
                return -1 - m
            count, settled = _admit(
                gram, xty, lambdas[m] * alpha, factor, usable, b, slope, active, inside, count
            )
        explained = 0.0
        for a in range(count):
            j = active[a]
            explained += b[j] * (xty[j] + slope[j])
            out[m, j] = b[j]
        if explained >= most:
            return m + 1
    return int(lambdas.size)


@compiled
def _cycle(
    gram: FloatArray,
    penalty: float,
    alpha: float,
    factor: FloatArray,
    b: FloatArray,
    slope: FloatArray,
    active: IntArray,
    count: int,
    tolerance: float,
) -> bool:
    """Minimise over the active coordinates; only their slopes are kept up to date."""
    first, ridge = penalty * alpha, penalty * (1.0 - alpha)
    for sweep in range(SWEEPS):
        biggest = 0.0
        for a in range(count):
            j = active[a]
            own = gram[j, j]
            least = first * factor[j]
            z = slope[j] + own * b[j]
            new = 0.0
            if z > least:
                new = (z - least) / (own + ridge * factor[j])
            elif z < -least:
                new = (z + least) / (own + ridge * factor[j])
            step = new - b[j]
            if step != 0.0:
                b[j] = new
                for c in range(count):
                    k = active[c]
                    slope[k] -= gram[j, k] * step
                size = abs(step) * math.sqrt(own)
                # Without a minimum coefficients grow beyond all bounds.
                if not size < math.inf:
                    return False
                biggest = max(biggest, size)
        if biggest <= tolerance:
            return True
        if (sweep + 1) % BETWEEN == 0:
            direct_step(gram, first, ridge, factor, b, slope, active, count)
    return False


@compiled
def _admit(
    gram: FloatArray,
    xty: FloatArray,
    threshold: float,
    factor: FloatArray,
    usable: BoolArray,
    b: FloatArray,
    slope: FloatArray,
    active: IntArray,
    inside: BoolArray,
    count: int,
) -> tuple[int, bool]:
    """Bring all slopes up to date; make active the coordinates that must leave zero."""
    p = xty.size
    for j in range(p):
        slope[j] = xty[j]
    for a in range(count):
        k = active[a]
        if b[k] != 0.0:
            for j in range(p):
                slope[j] -= gram[k, j] * b[k]
    before = count
    for j in range(p):
        if not inside[j] and usable[j] and abs(slope[j]) > threshold * factor[j] * (1.0 + 1e-10):
            inside[j] = True
            active[count] = j
            count += 1
    return count, count == before
