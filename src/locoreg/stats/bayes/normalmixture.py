"""A mixture of normals, one per value of tau: density, distribution, quantiles, intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DataError

FloatArray = NDArray[np.float64]
Quantile = Callable[[FloatArray], FloatArray]

_ROOT_2PI = math.sqrt(2.0 * math.pi)
_CHUNK = 200_000
_MOST_STEPS = 400
# Newton at least doubles the digits: after a step this small the next would be rounding.
_CLOSE = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalMixture:
    """A mixture of normal distributions.

    Attributes
    ----------
    mean, spread, weight : ndarray of float, shape (n,)
        Of its parts; spreads above 0, weights that sum to 1.
    """

    mean: FloatArray
    spread: FloatArray
    weight: FloatArray

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return the probability of at most x."""
        return self._over(x, lambda z: ndtr(z), self.weight)

    def survival(self, x: ArrayLike) -> FloatArray:
        """Return the probability of more than x, exact where it is small."""
        return self._over(x, lambda z: ndtr(-z), self.weight)

    def density(self, x: ArrayLike) -> FloatArray:
        """Return the density at x."""
        scaled = self.weight / (self.spread * _ROOT_2PI)
        return self._over(x, lambda z: np.exp(-0.5 * z * z), scaled)

    def log_density(self, x: float) -> float:
        """Return the log density at x, also where the density itself is too small to write."""
        z = (x - self.mean) / self.spread
        with np.errstate(divide="ignore"):
            logs = np.log(self.weight / (self.spread * _ROOT_2PI)) - 0.5 * z * z
        top = float(logs.max())
        return top + math.log(float(np.exp(logs - top).sum()))

    def _over(
        self, x: ArrayLike, part: Callable[[FloatArray], FloatArray], weight: FloatArray
    ) -> FloatArray:
        at = np.asarray(x, dtype=np.float64)
        flat = at.ravel()
        size = max(1, _CHUNK // self.mean.size)
        out = np.empty(flat.size)
        for i in range(0, flat.size, size):
            z = (flat[i : i + size, None] - self.mean) / self.spread
            out[i : i + size] = part(z) @ weight
        return out.reshape(at.shape)

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Return quantiles: Newton's steps, kept between bounds that close in."""
        wanted = np.asarray(p, dtype=np.float64)
        flat = wanted.ravel()
        if np.any(~((flat > 0) & (flat < 1))):
            raise DataError("a probability must lie between 0 and 1.")
        z = ndtri(flat)
        parts = self.mean + z[:, None] * self.spread
        low, high = parts.min(axis=1), parts.max(axis=1)
        margin = 1e-9 * (high - low) + 1e-10 * self.spread.min()
        low, high = low - margin, high + margin
        x = np.clip(_weighted_median(parts, self.weight), low, high)
        upper = flat > 0.5
        for _ in range(_MOST_STEPS):
            # The smaller tail keeps its digits.
            miss = np.where(upper, (1.0 - flat) - self.survival(x), self.cdf(x) - flat)
            low, high = np.where(miss < 0, x, low), np.where(miss > 0, x, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                new = x - miss / self.density(x)
            inside = (new > low) & (new < high)
            new = np.where(inside, new, (low + high) / 2.0)
            new = np.where(miss == 0, x, new)
            moved = np.abs(new - x)
            x = new
            if np.all(moved <= _CLOSE * np.maximum(np.abs(x), self.spread.min())):
                break
        return x.reshape(wanted.shape)

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation of the parts as they stand."""
        mean = float(self.weight @ self.mean)
        variance = float(self.weight @ (self.spread**2 + (self.mean - mean) ** 2))
        return mean, math.sqrt(variance)

    def mode(self) -> float:
        """Return where the density is highest."""
        grid = self.quantile(np.linspace(0.04, 0.96, 24))
        heavy = self.mean[np.argsort(-self.weight / self.spread)[:8]]
        grid = np.unique(np.concatenate([grid, heavy]))
        heights = self.density(grid)
        return best_near(lambda x: -float(self.density(x)), grid, -heights)


def row_quantiles(mean: FloatArray, spread: FloatArray, weight: FloatArray, p: float) -> FloatArray:
    """Return one quantile of many mixtures that share their weights.

    Parameters
    ----------
    mean, spread : ndarray of float, shape (r, n)
        Of the parts of each mixture.
    weight : ndarray of float, shape (n,)
        Of the parts; they sum to 1.
    p : float
        Probability.

    Returns
    -------
    ndarray of float, shape (r,)
        By Newton's steps between bounds that close in.
    """
    z = float(ndtri(p))
    parts = mean + z * spread
    low, high = parts.min(axis=1), parts.max(axis=1)
    margin = 1e-9 * (high - low) + 1e-10 * spread.min(axis=1)
    low, high = low - margin, high + margin
    x = parts @ weight
    side = 1.0 if p > 0.5 else -1.0
    area = 1.0 - p if p > 0.5 else p
    for _ in range(_MOST_STEPS):
        at = (x[:, None] - mean) / spread
        miss = side * (area - ndtr(-side * at) @ weight)
        slope = np.exp(-0.5 * at * at) / (spread * _ROOT_2PI) @ weight
        low, high = np.where(miss < 0, x, low), np.where(miss > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x - miss / slope
        new = np.where((new > low) & (new < high), new, (low + high) / 2.0)
        new = np.where(miss == 0, x, new)
        done = np.abs(new - x) <= _CLOSE * np.maximum(np.abs(x), spread.min(axis=1))
        x = new
        if done.all():
            break
    return x


def best_near(f: Callable[[float], float], grid: FloatArray, values: FloatArray) -> float:
    """Return where a function is smallest, near the smallest of its values on a grid."""
    i = int(np.argmin(values))
    low, high = float(grid[max(i - 1, 0)]), float(grid[min(i + 1, grid.size - 1)])
    if not high > low:
        return float(grid[i])
    found = minimize_scalar(
        f, bounds=(low, high), method="bounded", options={"xatol": 1e-7 * (high - low)}
    )
    return float(found.x) if float(found.fun) <= float(values[i]) else float(grid[i])


def shortest_interval(
    quantile: Quantile, share: float, low: float, high: float
) -> tuple[float, float]:
    """Return the shortest interval that holds a share of a distribution.

    Parameters
    ----------
    quantile : callable
        Of an array of probabilities between 0 and 1.
    share : float
        What the interval shall hold, between 0 and 1.
    low, high : float
        Ends of the support, where an interval may begin or end.

    Returns
    -------
    tuple of float
        Its ends.
    """
    room = 1.0 - share

    def ends(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        begin = np.full_like(p, low)
        end = np.full_like(p, high)
        inner = p > 0
        if inner.any():
            begin[inner] = quantile(p[inner])
        inner = p + share < 1
        if inner.any():
            end[inner] = quantile(p[inner] + share)
        return begin, end

    p = room * np.concatenate([[0.0], np.geomspace(1e-4, 0.02, 4), np.linspace(0.1, 0.9, 9)])
    p = np.concatenate([p, room * (1.0 - np.geomspace(0.02, 1e-4, 4))])
    begin, end = ends(p)
    widths = end - begin

    def width(at: float) -> float:
        b, e = ends(np.array([at]))
        return float(e[0] - b[0])

    best = best_near(width, p, widths)
    b, e = ends(np.array([best]))
    return float(b[0]), float(e[0])


def _weighted_median(parts: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the weighted median of each row."""
    order = np.argsort(parts, axis=1)
    reached = np.cumsum(weight[order], axis=1)
    at = (reached < 0.5 * reached[:, -1:]).sum(axis=1)
    at = np.minimum(at, parts.shape[1] - 1)
    return np.take_along_axis(parts, np.take_along_axis(order, at[:, None], axis=1), axis=1)[:, 0]
