"""The minimum of a penalised square over the coordinates that are not zero, at once."""

from __future__ import annotations

import math

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

# A pivot that is a smaller share of its diagonal means collinear columns.
PIVOT = 1e-11
# They are told apart by a share of their diagonals that is added. The step is shorter then where
# columns differ, and leads to where a coordinate becomes zero where they don't.
NUDGE = 1e-8
# With more coordinates the cube of their number costs more than further passes.
MOST = 400


@compiled
def direct_step(
    gram: FloatArray,
    first: float,
    ridge: float,
    factor: FloatArray,
    b: FloatArray,
    slope: FloatArray,
    active: IntArray,
    count: int,
) -> bool:
    """Go to the minimum for the present signs, or up to where a coordinate becomes zero.

    The objective is a square on the way, so that it falls (Lee, Battle, Raina and Ng 2006,
    feature-sign search).

    Parameters
    ----------
    gram : ndarray of float, shape (p, p)
        Means of products of columns.
    first, ridge : float
        Penalties of the absolute values and of the halved squares.
    factor : ndarray of float, shape (p,)
        Multiplies the penalties of each column.
    b, slope : ndarray of float, shape (p,)
        Coefficients, and what is left to explain by each column; changed in place.
    active : ndarray of int, shape (p,)
        Columns whose slopes are kept up to date.
    count : int
        Number of active columns.

    Returns
    -------
    bool
        Whether a step was taken; not where columns are collinear.
    """
    support = np.empty(count, dtype=np.int64)
    size = _nonzero(b, active, count, support)
    if size == 0 or size > MOST:
        return False
    lower = np.empty((size, size))
    step = np.empty(size)
    _system(gram, first, ridge, factor, b, slope, support[:size], 0.0, lower, step)
    if not _solve(lower, step, size):
        _system(gram, first, ridge, factor, b, slope, support[:size], NUDGE, lower, step)
        if not _solve(lower, step, size):
            return False
    share, crossing = _first_crossing(first, factor, b, step, support, size)
    for s in range(size):
        j = support[s]
        move = share * step[s]
        if s == crossing:
            move = -b[j]
            b[j] = 0.0
        else:
            b[j] += move
        for a in range(count):
            k = active[a]
            slope[k] -= gram[j, k] * move
    return True


@compiled
def _system(
    gram: FloatArray,
    first: float,
    ridge: float,
    factor: FloatArray,
    b: FloatArray,
    slope: FloatArray,
    support: IntArray,
    nudge: float,
    lower: FloatArray,
    right: FloatArray,
) -> None:
    """Fill the equations of the step: the lower triangle, and the right side."""
    for s in range(support.size):
        j = support[s]
        sign = 1.0 if b[j] > 0.0 else -1.0
        right[s] = slope[j] - first * factor[j] * sign - ridge * factor[j] * b[j]
        for t in range(s + 1):
            lower[s, t] = gram[j, support[t]]
        lower[s, s] += ridge * factor[j] + nudge * gram[j, j]


@compiled
def _nonzero(b: FloatArray, active: IntArray, count: int, support: IntArray) -> int:
    """Fill `support` with the active columns that are not zero; return their number."""
    size = 0
    for a in range(count):
        if b[active[a]] != 0.0:
            support[size] = active[a]
            size += 1
    return size


@compiled
def _first_crossing(
    first: float,
    factor: FloatArray,
    b: FloatArray,
    step: FloatArray,
    support: IntArray,
    size: int,
) -> tuple[float, int]:
    """Return the share of a step until a coordinate becomes zero, and which; 1 and -1 if none."""
    share, crossing = 1.0, -1
    for s in range(size):
        j = support[s]
        # Without a penalty on it a coordinate may change its sign.
        if first * factor[j] > 0.0 and b[j] * (b[j] + step[s]) < 0.0:
            until = -b[j] / step[s]
            if until < share:
                share, crossing = until, s
    return share, crossing


@compiled
def _solve(lower: FloatArray, right: FloatArray, size: int) -> bool:
    """Solve by Cholesky in place, from the lower triangle; False where it is singular."""
    for i in range(size):
        own = lower[i, i]
        for j in range(i + 1):
            total = lower[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            if i == j:
                if total <= PIVOT * own:
                    return False
                lower[i, i] = math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j]
    for i in range(size):
        total = right[i]
        for k in range(i):
            total -= lower[i, k] * right[k]
        right[i] = total / lower[i, i]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, size):
            total -= lower[k, i] * right[k]
        right[i] = total / lower[i, i]
    return True
