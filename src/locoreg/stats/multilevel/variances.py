"""Likelihood of the variances of a nested model, and a search over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from locoreg.core.errors import ConvergenceError
from locoreg.stats.multilevel.nesting import Nesting
from locoreg.stats.multilevel.recursion import climb, descend, own_sums
from locoreg.stats.studies import FloatArray

# Values tried for each variance in the coarse search, 0 among them, by the number of free ones.
COARSE = {0: 1, 1: 24, 2: 14, 3: 7}
COARSE_OF_MANY = 4
MOST_STEPS = 200
MOST_HALVINGS = 60
# Steps end below this share of the variances; Newton's last step squares it.
LAST_STEP = 1e-10
# Differences of the score over this share of a variance have an error of its square.
NUDGE = 1e-4
# Rounding of a log-likelihood of a few thousand terms.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True)
class Nested:
    """Sorted data of a nested model.

    Attributes
    ----------
    nesting : Nesting
        The levels.
    y, v : ndarray of float, shape (k,)
        Effects less a first fit, and sampling variances.
    x : ndarray of float, shape (k, p)
        Design in internal units.
    restricted : bool
        REML instead of ML.
    logdet_x : float
        Log-determinant of X'X.
    """

    nesting: Nesting
    y: FloatArray
    v: FloatArray
    x: FloatArray
    restricted: bool
    logdet_x: float

    def loglik(self, sigma2: FloatArray) -> float:
        """Log-likelihood at the variances, constants included."""
        up = climb(self.nesting, self.v, sigma2, np.column_stack([self.x, self.y]))
        b, _ = self._coefficients(up.products)
        p = self.x.shape[1]
        q = up.products[p, p] - float(b @ up.products[:p, p])
        count, logs = self.y.size, up.logdet
        if self.restricted:
            count -= p
            logs += float(np.linalg.slogdet(up.products[:p, :p])[1]) - self.logdet_x
        return -0.5 * (count * float(np.log(2.0 * np.pi)) + logs + float(q))

    def score(self, sigma2: FloatArray) -> FloatArray:
        """Differentiate the log-likelihood in each variance."""
        columns = np.column_stack([self.x, self.y])
        up = climb(self.nesting, self.v, sigma2, columns)
        b, inverse = self._coefficients(up.products)
        sums, _ = descend(self.nesting, self.v, sigma2, columns, up)
        own = own_sums(self.nesting, sigma2, up)
        found = np.empty(len(sums))
        for level, (part, trace) in enumerate(zip(sums, own, strict=True)):
            of_x, residual = part[:, :-1], part[:, -1] - part[:, :-1] @ b
            expected = float(trace.sum())
            if self.restricted:
                expected -= float(np.einsum("pq,gp,gq->", inverse, of_x, of_x, optimize=True))
            found[level] = 0.5 * (float(residual @ residual) - expected)
        return found

    def _coefficients(self, products: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = self.x.shape[1]
        scale = 1.0 / np.sqrt(np.diag(products)[:p])
        unit = products[:p, :p] * scale[:, None] * scale
        inverse = np.linalg.inv(unit) * scale[:, None] * scale
        return inverse @ products[:p, p], inverse


def search(model: Nested, fixed: FloatArray) -> tuple[FloatArray, float]:
    """Find the variances at which the likelihood is highest.

    A coarse grid over all of them, zero included, gives every hump that is wider than its mesh;
    each is then climbed by Newton's method with the boundary respected, and the highest wins.

    Parameters
    ----------
    model : Nested
        The data.
    fixed : ndarray of float, shape (levels,)
        Values to hold; NaN for variances to search.

    Returns
    -------
    sigma2 : ndarray of float, shape (levels,)
        The variances, innermost first.
    loglik : float
        The likelihood there.
    """
    free = np.flatnonzero(np.isnan(fixed))
    if free.size == 0:
        return fixed.copy(), model.loglik(fixed)
    unit = _unit(model)
    top = max(4.0 * float(np.var(model.y)), unit)
    points = COARSE.get(free.size, COARSE_OF_MANY)
    axis = np.r_[0.0, np.geomspace(1e-3 * min(unit, top), top, points - 1)]
    shape = (points,) * free.size
    height = np.empty(shape)
    for place in product(range(points), repeat=free.size):
        height[place] = model.loglik(_filled(fixed, free, axis[list(place)]))
    best, level = fixed.copy(), -np.inf
    for place in _peaks(height):
        start = _filled(fixed, free, axis[list(place)])
        found, reached = _climb_to_top(model, start, free, unit)
        if reached > level:
            best, level = found, reached
    return best, level


def _unit(model: Nested) -> float:
    """Typical sampling variance, the harmonic mean."""
    return float(model.v.size / (1.0 / model.v).sum())


def _filled(fixed: FloatArray, free: np.ndarray, values: FloatArray) -> FloatArray:
    sigma2 = fixed.copy()
    sigma2[free] = values
    return sigma2


def _peaks(height: FloatArray) -> list[tuple[int, ...]]:
    """Points of the grid that no neighbour along an axis tops."""
    peak = np.ones(height.shape, dtype=np.bool_)
    for axis in range(height.ndim):
        ahead = np.moveaxis(height, axis, 0)
        mark = np.moveaxis(peak, axis, 0)
        mark[:-1] &= ahead[:-1] >= ahead[1:]
        mark[1:] &= ahead[1:] >= ahead[:-1]
    return [tuple(int(i) for i in place) for place in np.argwhere(peak)]


def _climb_to_top(
    model: Nested, sigma2: FloatArray, free: np.ndarray, unit: float
) -> tuple[FloatArray, float]:
    """Newton's method with halved steps, variances held at 0 while the likelihood falls there."""
    level = model.loglik(sigma2)
    for _ in range(MOST_STEPS):
        slope = model.score(sigma2)
        moving = free[(sigma2[free] > 0.0) | (slope[free] > 0.0)]
        if moving.size == 0:
            return sigma2, level
        step = _step(model, sigma2, slope, moving, unit)
        for _ in range(MOST_HALVINGS):
            trial = sigma2.copy()
            trial[moving] = np.maximum(trial[moving] + step, 0.0)
            reached = model.loglik(trial)
            if reached >= level - ROUNDING * (1.0 + abs(level)):
                break
            step = 0.5 * step
        size = float(np.max(np.abs(trial - sigma2) / (trial + unit)))
        sigma2, level = trial, reached
        if size <= LAST_STEP:
            return sigma2, level
    raise ConvergenceError("The variances of the levels did not settle.")


def _step(
    model: Nested, sigma2: FloatArray, slope: FloatArray, moving: np.ndarray, unit: float
) -> FloatArray:
    """Newton's step where the likelihood is concave, else one along the scaled slope."""
    curvature = np.empty((moving.size, moving.size))
    for i, level in enumerate(moving):
        nudge = NUDGE * (sigma2[level] + 0.1 * unit)
        ahead, behind = sigma2.copy(), sigma2.copy()
        ahead[level] += nudge
        behind[level] = max(behind[level] - nudge, 0.0)
        width = ahead[level] - behind[level]
        curvature[i] = (model.score(ahead) - model.score(behind))[moving] / width
    curvature = 0.5 * (curvature + curvature.T)
    scale = sigma2[moving] + unit
    values, vectors = np.linalg.eigh(curvature * scale[:, None] * scale)
    # An uphill direction whatever the curvature's sign: steps as long as a concave one would be.
    along = vectors.T @ (slope[moving] * scale)
    size = np.maximum(np.abs(values), 1e-8 * max(float(np.abs(values).max()), 1e-300))
    proposal = vectors @ (along / size)
    reach = float(np.max(np.abs(proposal)))
    return np.asarray(scale * proposal * min(1.0, 2.0 / reach if reach > 0.0 else 1.0))
