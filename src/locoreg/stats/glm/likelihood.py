"""Log-likelihood, score and information of many weightings of one regression in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.glm.families import Family
from locoreg.stats.glm.kernels import likelihood_sums, penalty_sums
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Cholesky factors in orthogonal coordinates have diagonals near 1; a smaller ratio than this
# between them means that rounding decides the step: the information is singular.
SINGULAR_RATIO = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One regression in orthogonal coordinates.

    Attributes
    ----------
    family : Family
        Distribution and link.
    blocks : ndarray of float, shape (blocks, p, WIDTH)
        Orthogonal columns, in blocks of rows.
    y, offset : ndarray of float, shape (blocks * WIDTH,)
        Outcome and known part of the linear predictor, padded with 0.
    firth : bool
        Whether half the log determinant of the expected information is added to the
        log-likelihood.
    free : int
        The first so many coordinates are estimated, the others stay as they are.
    """

    family: Family
    blocks: FloatArray
    y: FloatArray
    offset: FloatArray
    firth: bool
    free: int


@dataclass(frozen=True, slots=True)
class RowWeights:
    """Weights of rows in B weightings, never made all at once.

    Attributes
    ----------
    base : ndarray of float, shape (blocks * WIDTH,)
        Weight of each row in all weightings, padded with 0.
    factors : ndarray of float, shape (B, m)
        Weight of each unit in each weighting, multiplied with `base`.
    unit : ndarray of int, shape (blocks * WIDTH,)
        Unit of each row, padded with 0.
    """

    base: FloatArray
    factors: FloatArray
    unit: IntArray

    @property
    def count(self) -> int:
        """Number of weightings."""
        return len(self.factors)

    def totals(self) -> FloatArray:
        """Return the sum of the weights of each weighting, shape (B,)."""
        per_unit = np.bincount(self.unit, weights=self.base, minlength=self.factors.shape[1])
        return np.asarray((self.factors * per_unit).sum(axis=1))

    def only(self, replicates: IntArray) -> RowWeights:
        """Return the weights of some of the weightings."""
        if replicates.size == self.count:
            return self
        return RowWeights(self.base, self.factors[replicates], self.unit)


def one_weighting(base: FloatArray) -> RowWeights:
    """Return weights of rows, padded with 0, as the only weighting."""
    return RowWeights(base, np.ones((1, 1)), np.zeros(base.size, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Point:
    """What the likelihood of B weightings is at their coefficients.

    Attributes
    ----------
    objective : ndarray of float, shape (B,)
        Log-likelihood, penalised if there is a penalty, without the part that depends on the
        outcome only.
    loglik : ndarray of float, shape (B,)
        The same without the penalty.
    step : ndarray of float, shape (B, p)
        Newton's step; 0 in coordinates that are not free and where the information is singular.
    singular : ndarray of bool, shape (B,)
        Whether the information is singular to working precision.
    balance : ndarray of float, shape (B,)
        Smallest over largest diagonal of the Cholesky factor of the information; 0 if singular.
    observed, expected : ndarray of float, shape (B, p, p)
        Information of the log-likelihood without the penalty.
    """

    objective: FloatArray
    loglik: FloatArray
    step: FloatArray
    singular: BoolArray
    balance: FloatArray
    observed: FloatArray
    expected: FloatArray


def evaluate(
    problem: Problem, gamma: FloatArray, weights: RowWeights, *, rough: bool = False
) -> Point:
    """Evaluate the likelihood of B weightings.

    Parameters
    ----------
    problem : Problem
        The regression.
    gamma : ndarray of float, shape (B, p) or (1, p)
        Coefficients of each weighting, or common to all.
    weights : RowWeights
        The weightings.
    rough : bool
        Whether the step under a penalty ignores that leverages move.

    Returns
    -------
    Point
        The likelihood there and the step to its maximum.
    """
    count, p = weights.count, gamma.shape[1]
    loglik, score = np.zeros(count), np.zeros((count, p))
    observed, expected = np.zeros((count, p, p)), np.zeros((count, p, p))
    likelihood_sums(
        problem.family.code,
        problem.blocks,
        problem.y,
        problem.offset,
        weights.base,
        weights.factors,
        weights.unit,
        gamma,
        loglik,
        score,
        observed,
        expected,
    )
    _fill_upper(observed)
    if problem.family.canonical:
        expected = observed
    else:
        _fill_upper(expected)
    if not problem.firth:
        step, balance = _solve(observed, score, problem.free)
        return Point(loglik, loglik, step, balance == 0.0, balance, observed, expected)
    penalty = _penalty(problem, gamma, weights, expected, rough)
    score += penalty.gradient
    step, balance = _solve(observed + penalty.curvature, score, problem.free)
    bad = balance == 0.0
    if bad.any():
        # Far from the maximum the penalised likelihood need not be concave.
        softer, other = _solve(observed + penalty.rough_curvature, score, problem.free)
        step[bad], balance[bad] = softer[bad], other[bad]
    value = loglik + penalty.value
    return Point(value, loglik, step, balance == 0.0, balance, observed, expected)


def _fill_upper(lower: FloatArray) -> None:
    """Copy lower triangles, in the last two axes, to the upper ones."""
    rows, columns = np.triu_indices(lower.shape[-1], 1)
    lower[..., rows, columns] = lower[..., columns, rows]


@dataclass(frozen=True, slots=True)
class _Penalty:
    """Half the log determinant of the expected information of B weightings.

    `curvature` is minus its Hessian; `rough_curvature` ignores that leverages move, and is never
    indefinite.
    """

    value: FloatArray
    gradient: FloatArray
    curvature: FloatArray
    rough_curvature: FloatArray


def _penalty(
    problem: Problem,
    gamma: FloatArray,
    weights: RowWeights,
    fisher: FloatArray,
    rough_only: bool,
) -> _Penalty:
    """Evaluate the penalty.

    With W a row's weight in the expected information I, t half the derivative of log W by the
    linear predictor, k minus the derivative of t, and h the row's leverage, the gradient is the sum
    of h t x, and minus the Hessian the sum of h (k - 2 t^2) x x' plus 2 tr(I^-1 J_r I^-1 J_s) in
    row r and column s, J_s being the sum of W t x_s x x'.
    """
    count, p = weights.count, gamma.shape[1]
    lower, balance = _factor(fisher)
    value = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    value[balance == 0.0] = -np.inf
    half = np.linalg.inv(lower)
    gradient = np.zeros((count, p))
    rough, turned = np.zeros((count, p, p)), np.zeros((count, p, p))
    moved = np.zeros((count, 0 if rough_only else p, p, p))
    penalty_sums(
        problem.family.code,
        problem.blocks,
        problem.y,
        problem.offset,
        weights.base,
        weights.factors,
        weights.unit,
        gamma,
        half.transpose(0, 2, 1) @ half,
        gradient,
        rough,
        turned,
        moved,
    )
    for triangles in (rough, turned, moved):
        _fill_upper(triangles)
    if rough_only:
        return _Penalty(value, gradient, rough, rough)
    standard = half[:, None] @ moved @ half.transpose(0, 2, 1)[:, None]
    flat = standard.reshape(count, p, p * p)
    curvature = rough - 2.0 * turned + 2.0 * flat @ flat.transpose(0, 2, 1)
    return _Penalty(value, gradient, curvature, rough)


def _factor(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Cholesky factors and how balanced their diagonals are.

    Where a matrix is singular the factor is the unit matrix and the balance 0.
    """
    finite = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    unit = np.eye(matrices.shape[1])
    safe = np.where(finite[:, None, None], matrices, unit)
    try:
        lower = np.linalg.cholesky(safe)
    except np.linalg.LinAlgError:
        lower = np.array([_one_factor(matrix) for matrix in safe])
    diagonal = np.diagonal(lower, axis1=1, axis2=2)
    least, most = diagonal.min(axis=1), diagonal.max(axis=1)
    singular = ~finite | ~(least > SINGULAR_RATIO * most)
    balance = np.where(singular, 0.0, least / np.where(most > 0.0, most, 1.0))
    return np.where(singular[:, None, None], unit, lower), balance


def _one_factor(matrix: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.zeros_like(matrix)


def _solve(curvature: FloatArray, score: FloatArray, free: int) -> tuple[FloatArray, FloatArray]:
    if free == 0:
        return np.zeros_like(score), np.ones(score.shape[0])
    lower, balance = _factor(curvature[:, :free, :free])
    half = np.linalg.solve(lower, score[:, :free, None])
    step = np.zeros_like(score)
    step[:, :free] = np.linalg.solve(lower.transpose(0, 2, 1), half)[:, :, 0]
    step[balance == 0.0] = 0.0
    return step, balance
