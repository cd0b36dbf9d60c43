"""Logistic regression with the penalty of the elastic net, by coordinate descent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.core.errors import ConvergenceError
from locoreg.selection.biomarkers.linear import standard
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

PENALTIES = 60
# Smallest penalty over the largest, with more rows than columns and with fewer.
SMALLEST, SMALLEST_WIDE = 0.005, 0.05
TOLERANCE = 1e-8
STEPS, SWEEPS = 200, 10_000
# Working weights are held above this, so that a fitted probability near 0 or 1 stays usable.
LEAST_WEIGHT = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogisticPath:
    """Coefficients for falling penalties, per unit of the columns given.

    Attributes
    ----------
    lambdas : ndarray of float, shape (k,)
        Penalties of standardised columns.
    intercepts : ndarray of float, shape (k,)
        Intercepts.
    coefficients : ndarray of float, shape (k, p)
        Coefficients.
    """

    lambdas: FloatArray
    intercepts: FloatArray
    coefficients: FloatArray

    def log_odds(self, X: FloatArray) -> FloatArray:
        """Return log odds of rows by each penalty, shape (m, k)."""
        return np.asarray(self.intercepts + X @ self.coefficients.T)


def logistic_path(
    X: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    *,
    alpha: float,
    lambdas: FloatArray | None = None,
) -> LogisticPath:
    """Fit logistic models for falling penalties.

    Minimised is the weighted mean of minus the log likelihood plus ``lambda sum_j (alpha |b_j| +
    (1 - alpha) b_j^2 / 2)`` for standardised columns; the intercept is free. Iterated weighted
    least squares, each by coordinate descent (Friedman, Hastie and Tibshirani 2010,
    doi:10.18637/jss.v033.i01).

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Columns, finite.
    y : ndarray of float, shape (n,)
        0 or 1, both present.
    weight : ndarray of float, shape (n,)
        Weights, positive.
    alpha : float
        1 for the lasso; above 0.
    lambdas : ndarray of float, optional
        Falling penalties; by default from the one at which all coefficients are 0.

    Returns
    -------
    LogisticPath
        The models.

    Raises
    ------
    ConvergenceError
        If a fit does not settle.
    """
    w = weight / weight.sum()
    Z, mean, sd = standard(X, w)
    start = float(w @ y)
    if lambdas is None:
        lambdas = largest(Z, y, w, alpha) * np.geomspace(
            1.0, SMALLEST if X.shape[0] > X.shape[1] else SMALLEST_WIDE, PENALTIES
        )
    out = np.zeros((lambdas.size, 1 + X.shape[1]))
    done = _fit(
        np.asfortranarray(Z), y, w, np.asarray(lambdas), alpha, math.log(start / (1.0 - start)), out
    )
    if done < lambdas.size:
        raise ConvergenceError(
            f"the penalised logistic model did not settle at the penalty {lambdas[done]:.3g}.",
            hint="leave out markers that repeat others.",
        )
    slopes = out[:, 1:] / np.where(sd > 0.0, sd, 1.0)
    return LogisticPath(
        lambdas=lambdas, intercepts=np.asarray(out[:, 0] - slopes @ mean), coefficients=slopes
    )


def largest(Z: FloatArray, y: FloatArray, w: FloatArray, alpha: float) -> float:
    """Return a penalty at which all coefficients of standardised columns are 0, and just so."""
    return max(1.0001 * float(np.abs((w * (y - w @ y)) @ Z).max()) / alpha, 1e-10)


def log_loss(log_odds: FloatArray, y: FloatArray) -> FloatArray:
    """Return minus the log likelihood of each row, of the shape of `log_odds`."""
    labels = y if log_odds.ndim == 1 else y[:, None]
    return np.asarray(np.logaddexp(0.0, log_odds) - labels * log_odds)


def recalibration(
    log_odds: FloatArray, y: FloatArray, weight: FloatArray, cluster: IntArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return intercept and slope of a logistic regression on log odds, and their covariance.

    Parameters
    ----------
    log_odds : ndarray of float, shape (n,)
        Predictions; where they don't vary the slope is 1.
    y, weight : ndarray of float, shape (n,)
        Labels and weights.
    cluster : ndarray of int, shape (n,), or None
        Clusters, for the robust covariance.

    Returns
    -------
    values : ndarray of float, shape (2,)
        Intercept and slope.
    covariance : ndarray of float, shape (2, 2)
        Robust.
    """
    if float(log_odds.std()) < 1e-9:
        rate = float(weight @ y / weight.sum())
        shift = math.log(rate / (1.0 - rate)) - float(log_odds.mean())
        return np.array([shift, 1.0]), np.full((2, 2), np.nan)
    design = np.column_stack([np.ones(y.size), log_odds])
    b = np.array([0.0, 1.0])
    for _ in range(100):
        p = special.expit(design @ b)
        information = (design * (weight * p * (1.0 - p))[:, None]).T @ design
        step = np.linalg.solve(
            information + 1e-10 * np.trace(information) * np.eye(2), design.T @ (weight * (y - p))
        )
        # Steps are held short, so that a perfect separation does not run off.
        b = b + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    scores = design * (weight * (y - special.expit(design @ b)))[:, None]
    if cluster is not None:
        sums = np.zeros((int(cluster.max()) + 1, 2))
        np.add.at(sums, cluster, scores)
        scores = sums
    bread = np.linalg.pinv(information)
    return b, np.asarray(bread @ (scores.T @ scores) @ bread)


@compiled
def _fit(
    Z: FloatArray,
    y: FloatArray,
    w: FloatArray,
    lambdas: FloatArray,
    alpha: float,
    start: float,
    out: FloatArray,
) -> int:
    """Fill `out`; return the number of penalties done."""
    n, p = Z.shape
    b = np.zeros(p)
    intercept = start
    eta = np.full(n, start)
    v, rest = np.empty(n), np.empty(n)
    curve = np.zeros(p)
    inside = np.zeros(p, dtype=np.bool_)
    for m in range(lambdas.size):
        settled = False
        for _ in range(STEPS):
            for i in range(n):
                prob = 1.0 / (1.0 + math.exp(-eta[i]))
                v[i] = w[i] * max(prob * (1.0 - prob), LEAST_WEIGHT)
                rest[i] = w[i] * (y[i] - prob) / v[i]
            for j in range(p):
                total = 0.0
                for i in range(n):
                    total += v[i] * Z[i, j] * Z[i, j]
                curve[j] = total
            before = intercept
            change, intercept = _descend(
                Z, v, rest, curve, b, inside, lambdas[m], alpha, intercept, eta
            )
            if change < 0.0:
                return m
            if max(change, (intercept - before) ** 2) < TOLERANCE:
                settled = True
                break
        if not settled:
            return m
        out[m, 0] = intercept
        for j in range(p):
            out[m, 1 + j] = b[j]
    return int(lambdas.size)


@compiled
def _descend(
    Z: FloatArray,
    v: FloatArray,
    rest: FloatArray,
    curve: FloatArray,
    b: FloatArray,
    inside: BoolArray,
    penalty: float,
    alpha: float,
    intercept: float,
    eta: FloatArray,
) -> tuple[float, float]:
    """Minimise one quadratic; return its largest change (-1: not settled) and the intercept."""
    n, p = Z.shape
    old = b.copy()
    total = v.sum()
    everything = True
    for _ in range(SWEEPS):
        shift = 0.0
        for i in range(n):
            shift += v[i] * rest[i] / total
        intercept += shift
        for i in range(n):
            rest[i] -= shift
            eta[i] += shift
        biggest = total * shift * shift
        for j in range(p):
            if curve[j] > 0.0 and (everything or inside[j]):
                step = _step(Z, v, rest, curve, b, penalty, alpha, j)
                if step != 0.0:
                    inside[j] = True
                    for i in range(n):
                        rest[i] -= step * Z[i, j]
                        eta[i] += step * Z[i, j]
                    biggest = max(biggest, curve[j] * step * step)
        # Columns outside are looked at again before the end.
        if biggest >= TOLERANCE * 1e-2:
            everything = False
        elif everything:
            return float(np.max(curve * (b - old) ** 2)), intercept
        else:
            everything = True
    return -1.0, intercept


@compiled
def _step(
    Z: FloatArray,
    v: FloatArray,
    rest: FloatArray,
    curve: FloatArray,
    b: FloatArray,
    penalty: float,
    alpha: float,
    j: int,
) -> float:
    """Minimise over one coefficient; return by how much it moved."""
    slope = curve[j] * b[j]
    for i in range(Z.shape[0]):
        slope += v[i] * Z[i, j] * rest[i]
    size = abs(slope) - penalty * alpha
    new = 0.0
    if size > 0.0:
        new = math.copysign(size, slope) / (curve[j] + penalty * (1.0 - alpha))
    step = new - b[j]
    b[j] = new
    return float(step)
