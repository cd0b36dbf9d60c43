"""Sums over rows of many weightings, block by block, in an order that nothing else decides.

With matrix products the order of additions, and so the last digits, would depend on how many
weightings share a call and on the threads of the linear algebra library.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.glm.families import CLOGLOG, fill_terms, fill_tilts
from locoreg.stats.jit import summing
from locoreg.stats.survivaldata import FloatArray, IntArray

T = TypeVar("T", np.float64, np.int64)

# Rows per block. A multiple of 8 for the vector unit; a power of two would put all covariates of a
# row into the same set of the processor's cache.
WIDTH = 264


def blocks_of(columns: FloatArray) -> FloatArray:
    """Return columns, shape (p, n), in blocks of rows, shape (blocks, p, WIDTH), padded with 0."""
    p, n = columns.shape
    whole, count = n // WIDTH, -(-n // WIDTH)
    blocks = np.zeros((count, p, WIDTH))
    cut = whole * WIDTH
    blocks[:whole] = columns[:, :cut].reshape(p, whole, WIDTH).transpose(1, 0, 2)
    if whole < count:
        blocks[whole, :, : n - cut] = columns[:, cut:]
    return blocks


def padded(values: NDArray[T]) -> NDArray[T]:
    """Return values of rows with zeros up to a whole number of blocks."""
    return np.concatenate((values, np.zeros(-values.size % WIDTH, dtype=values.dtype)))


@summing
def _add_gram(weight: FloatArray, q: FloatArray, gram: FloatArray) -> None:
    """Add sum_i weight[i] q[j, i] q[k, i] to gram[j, k] for k <= j."""
    n = weight.size
    product = np.empty(n)
    for j in range(q.shape[0]):
        for i in range(n):
            product[i] = weight[i] * q[j, i]
        for k in range(j + 1):
            total = 0.0
            for i in range(n):
                total += product[i] * q[k, i]
            gram[j, k] += total


@summing
def _add_columns(weight: FloatArray, q: FloatArray, sums: FloatArray) -> None:
    """Add sum_i weight[i] q[j, i] to sums[j]."""
    for j in range(q.shape[0]):
        total = 0.0
        for i in range(weight.size):
            total += weight[i] * q[j, i]
        sums[j] += total


@summing
def _predict(q: FloatArray, gamma: FloatArray, offset: FloatArray, eta: FloatArray) -> None:
    for i in range(eta.size):
        eta[i] = offset[i]
    for j in range(q.shape[0]):
        for i in range(eta.size):
            eta[i] += gamma[j] * q[j, i]


@summing
def orthogonalise(columns: FloatArray, T: FloatArray, tolerance: float) -> int:
    """Make columns orthonormal by Gram-Schmidt, twice each, and fill T so that old = T' new.

    Returns the first column whose rest is shorter than tolerance times its length; -1 if none is.
    """
    n = columns.shape[1]
    for j in range(columns.shape[0]):
        column = columns[j]
        length = 0.0
        for i in range(n):
            length += column[i] * column[i]
        for _ in range(2):
            for k in range(j):
                share = 0.0
                for i in range(n):
                    share += columns[k, i] * column[i]
                for i in range(n):
                    column[i] -= share * columns[k, i]
                T[k, j] += share
        rest = 0.0
        for i in range(n):
            rest += column[i] * column[i]
        if rest < tolerance * tolerance * length:
            return j
        T[j, j] = math.sqrt(rest)
        for i in range(n):
            column[i] /= T[j, j]
    return -1


@summing
def regression_sums(
    blocks: FloatArray, weight: FloatArray, response: FloatArray, gram: FloatArray, sums: FloatArray
) -> None:
    """Add Q'WQ (lower triangle) and Q'Wz of a weighted linear regression."""
    width = blocks.shape[2]
    product = np.empty(width)
    for block in range(blocks.shape[0]):
        low = block * width
        w = weight[low : low + width]
        _add_gram(w, blocks[block], gram)
        _multiply(w, response[low : low + width], product)
        _add_columns(product, blocks[block], sums)


@summing
def _weigh(
    base: FloatArray, factor: FloatArray, unit: IntArray, low: int, weight: FloatArray
) -> None:
    for i in range(weight.size):
        weight[i] = base[low + i] * factor[unit[low + i]]


@summing
def _multiply(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
    for i in range(out.size):
        out[i] = a[i] * b[i]


@summing
def likelihood_sums(
    code: int,
    blocks: FloatArray,
    y: FloatArray,
    offset: FloatArray,
    base: FloatArray,
    factors: FloatArray,
    unit: IntArray,
    gamma: FloatArray,
    loglik: FloatArray,
    score: FloatArray,
    observed: FloatArray,
    expected: FloatArray,
) -> None:
    """Add log-likelihood, score and information (lower triangles) of each weighting.

    Row i weighs base[i] factors[b, unit[i]] in weighting b. With one row of gamma for all
    weightings the rows' terms are computed once; expected is left alone where it equals observed.
    """
    shared = gamma.shape[0] == 1
    width = blocks.shape[2]
    eta, ll, sc, ob, ex = np.empty((5, width))
    w, t = np.empty(width), np.empty(width)
    for block in range(blocks.shape[0]):
        low = block * width
        q = blocks[block]
        for b in range(factors.shape[0]):
            _weigh(base, factors[b], unit, low, w)
            if b == 0 or not shared:
                _predict(q, gamma[0 if shared else b], offset[low : low + width], eta)
                t[:] = 1.0
                fill_terms(code, eta, y[low : low + width], t if shared else w, ll, sc, ob, ex)
            total = 0.0
            for i in range(width):
                total += w[i] * ll[i]
            loglik[b] += total
            _multiply(w, sc, t)
            _add_columns(t, q, score[b])
            _multiply(w, ob, t)
            _add_gram(t, q, observed[b])
            if code == CLOGLOG:
                _multiply(w, ex, t)
                _add_gram(t, q, expected[b])


@summing
def _leverages(q: FloatArray, inverse: FloatArray, product: FloatArray, out: FloatArray) -> None:
    """Fill out[i] with q[:, i]' inverse q[:, i]."""
    out[:] = 0.0
    for j in range(q.shape[0]):
        product[:] = 0.0
        for k in range(q.shape[0]):
            for i in range(out.size):
                product[i] += inverse[j, k] * q[k, i]
        for i in range(out.size):
            out[i] += product[i] * q[j, i]


@summing
def penalty_sums(
    code: int,
    blocks: FloatArray,
    y: FloatArray,
    offset: FloatArray,
    base: FloatArray,
    factors: FloatArray,
    unit: IntArray,
    gamma: FloatArray,
    inverse: FloatArray,
    gradient: FloatArray,
    stiff: FloatArray,
    turned: FloatArray,
    moved: FloatArray,
) -> None:
    """Add what the Firth penalty's derivatives are made of, for each weighting.

    With leverages h under the inverse information, weights W of the expected information, tilts t
    and stiffnesses k: gradient of sum h t x; lower triangles of sums h k x x', h t^2 x x', and
    W t x_s x x' for each coordinate s, unless `moved` holds none.
    """
    width = blocks.shape[2]
    eta, ll, sc, ob, fitted = np.empty((5, width))
    w, t, tilt, stiffness = np.empty((4, width))
    lever, product = np.empty(width), np.empty(width)
    for block in range(blocks.shape[0]):
        low = block * width
        q = blocks[block]
        for b in range(factors.shape[0]):
            _weigh(base, factors[b], unit, low, w)
            _predict(q, gamma[0 if gamma.shape[0] == 1 else b], offset[low : low + width], eta)
            fill_terms(code, eta, y[low : low + width], w, ll, sc, ob, fitted)
            fill_tilts(code, eta, tilt, stiffness)
            _multiply(fitted, w, fitted)
            _leverages(q, inverse[b], product, lever)
            _multiply(lever, fitted, lever)
            _multiply(lever, tilt, t)
            _add_columns(t, q, gradient[b])
            _multiply(t, tilt, t)
            _add_gram(t, q, turned[b])
            _multiply(lever, stiffness, t)
            _add_gram(t, q, stiff[b])
            _multiply(fitted, tilt, fitted)
            for s in range(moved.shape[1]):
                _multiply(fitted, q[s], t)
                _add_gram(t, q, moved[b, s])
