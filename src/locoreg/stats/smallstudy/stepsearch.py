"""Search for the highest point of the likelihood under selection by steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import ConvergenceError
from locoreg.stats.smallstudy.steplikelihood import (
    Selected,
    best_weights,
    derivatives,
    log_likelihoods,
)
from locoreg.stats.studies import FloatArray

# Starts: a grid over mean and variance, its local maxima climbed to the top.
MEANS, VARIANCES = 33, 12
SCALING_ROUNDS = 25
MOST_CLIMBS = 8
MOST_STEPS = 200
# Twice this times the size of the effects beyond them, a mean is not one of a finite maximum.
FAR = 6.0
# A weight whose logarithm is beyond this has no finite maximum; climbs stop farther out.
HEAVIEST = 18.0
LARGEST_LOG = 40.0
# A Newton step that promises less is rounding error.
LEAST_GAIN = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """A maximum of the likelihood.

    Attributes
    ----------
    mu, tau2 : float
    log_weights : ndarray of float, shape (c,)
    value : float
        Log-likelihood.
    hessian : ndarray of float, shape (c + 1, c + 1)
        In mean, tau2 and the log-weights but the first.
    ended : bool
        Whether the climb ended on a top, and did not run off.
    """

    mu: float
    tau2: float
    log_weights: FloatArray
    value: float
    hessian: FloatArray
    ended: bool


def best_of(data: Selected, *, varies: bool, given: FloatArray | None) -> Optimum:
    """Return the highest maximum that is reached from a grid of starts.

    Parameters
    ----------
    data : Selected
        The studies, in units in which they are of size 1.
    varies : bool
        Whether the between-study variance is estimated, else it is 0.
    given : ndarray of float, shape (c,), or None
        Log-weights that are given.

    Returns
    -------
    Optimum
        Mean, variance, weights.

    Raises
    ------
    ConvergenceError
        If the likelihood rises towards means or weights beyond all bounds.
    """
    spread = float(np.ptp(data.y)) + float(np.sqrt(np.median(data.v)))
    lowest, highest = float(data.y.min()) - FAR * spread, float(data.y.max()) + FAR * spread
    near = np.linspace(data.y.min() - 1.5 * spread, data.y.max() + spread, MEANS)
    taus = np.concatenate([[0.0], np.geomspace(1e-3, 2.0, VARIANCES - 1)]) * spread
    variances = taus**2 if varies else np.zeros(1)
    mu, tau2 = (part.ravel() for part in np.meshgrid(near, variances))
    if given is None:
        log_weights = best_weights(data, mu, tau2, SCALING_ROUNDS)
    else:
        log_weights = np.broadcast_to(given, (mu.size, given.size))
    height = log_likelihoods(data, mu, tau2, log_weights)
    tops = _local_tops(height.reshape(variances.size, near.size))
    order = tops[np.argsort(-height[tops])][:MOST_CLIMBS]
    climbs = [
        _climb(data, float(mu[i]), float(tau2[i]), log_weights[i].copy(), varies, given is None)
        for i in order
    ]
    best = max(climbs, key=lambda climb: climb.value)
    if (
        not best.ended
        or not lowest < best.mu < highest
        or np.abs(best.log_weights).max() > HEAVIEST
    ):
        raise ConvergenceError(
            "the selection model's likelihood rises without end, with a weight or with the mean "
            "beyond all bounds: these studies don't identify it.",
            hint="give the weights, or take fewer steps.",
        )
    return best


def _local_tops(height: FloatArray) -> NDArray[np.intp]:
    """Positions in the flattened grid that no neighbour exceeds."""
    padded = np.pad(height, 1, constant_values=-np.inf)
    rows, columns = height.shape
    top = np.ones(height.shape, dtype=np.bool_)
    for i in (0, 1, 2):
        for j in (0, 1, 2):
            top &= height >= padded[i : i + rows, j : j + columns]
    return np.flatnonzero(top)


def _climb(
    data: Selected,
    mu: float,
    tau2: float,
    log_weights: FloatArray,
    varies: bool,
    estimated: bool,
) -> Optimum:
    """Climb by Newton's method, with a ridge where needed; tau2 stays at or above 0."""
    point = np.concatenate([[mu, tau2], log_weights[1:]])
    free = np.array([True, varies] + [estimated] * (point.size - 2))
    value, gradient, hessian = _at(data, point)
    ridge = 0.0
    for _ in range(MOST_STEPS):
        active = free.copy()
        active[1] &= point[1] > 0.0 or gradient[1] > 0.0
        step = _step(gradient[active], hessian[np.ix_(active, active)], ridge)
        promised = float(gradient[active] @ step)
        if promised < LEAST_GAIN * max(1.0, abs(value)) and ridge <= 1e-3:
            return _optimum(point, value, hessian, ended=True)
        following = point.copy()
        following[active] += step
        following[1] = max(following[1], 0.0)
        if np.abs(following[2:]).max(initial=0.0) > LARGEST_LOG or not np.isfinite(following).all():
            ridge = max(10.0 * ridge, 1e-3)
            if ridge > 1e12:
                break
            continue
        new = _at(data, following)
        if new[0] >= value:
            point, (value, gradient, hessian) = following, new
            ridge = 0.0 if ridge < 1e-3 else ridge / 10.0
        elif promised < 1e-9 * max(1.0, abs(value)):
            # Less than rounding lets see.
            return _optimum(point, value, hessian, ended=True)
        else:
            ridge = max(10.0 * ridge, 1e-3)
    return _optimum(point, value, hessian, ended=False)


def _at(data: Selected, point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    return derivatives(data, float(point[0]), float(point[1]), np.concatenate([[0.0], point[2:]]))


def _step(gradient: FloatArray, hessian: FloatArray, ridge: float) -> FloatArray:
    """Newton's step, made one upwards where the likelihood does not bend down."""
    values, vectors = np.linalg.eigh(-hessian)
    largest = max(float(np.abs(values).max()), 1e-12)
    bend = np.maximum(np.abs(values), 1e-10 * largest) + ridge * largest
    return np.asarray(vectors @ ((vectors.T @ gradient) / bend))


def _optimum(point: FloatArray, value: float, hessian: FloatArray, *, ended: bool) -> Optimum:
    return Optimum(
        mu=float(point[0]), tau2=float(point[1]),
        log_weights=np.concatenate([[0.0], point[2:]]), value=value, hessian=hessian, ended=ended,
    )  # fmt: skip
