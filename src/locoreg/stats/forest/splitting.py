"""The best split of a node, from sums of its persons by bin."""

from __future__ import annotations

import numpy as np

from locoreg.stats.forest.binning import ByteArray
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

# Sums over persons: weight * treatment * outcome, weight * treatment**2, weight, and a count;
# treatment and outcome stand for their residuals.
CROSS, SQUARE, WEIGHT, COUNT = range(4)
SUMS = 4
# The count holds two: each person adds 1, and those with a positive residual of treatment this
# number too. A double holds both exactly for up to 67 million persons.
POSITIVE = 2.0**26
# A gain must exceed the best so far by this share: of splits that part the persons alike the first
# is taken, whatever the rounding of their sums.
TIE = 1.0 + 1e-9
FITS, LEFT_TOO_SMALL, RIGHT_TOO_SMALL = 0, 1, 2


@compiled
def add_rows(
    by_bin: FloatArray, bins: ByteArray, sums: FloatArray, rows: IntArray, features: IntArray
) -> None:
    """Fill the sums by bin of some columns with the persons of a node.

    Parameters
    ----------
    by_bin : ndarray of float, shape (p, b, 4)
        Overwritten in the columns.
    bins : ndarray of uint8, shape (n, p)
        Bins of all persons.
    sums : ndarray of float, shape (n, 4)
        What each person adds.
    rows, features : ndarray of int
        Persons of the node, and columns.
    """
    for j in features:
        by_bin[j] = 0.0
    for i in rows:
        for j in features:
            cell = by_bin[j, bins[i, j]]
            for s in range(SUMS):
                cell[s] += sums[i, s]


@compiled
def total_sums(sums: FloatArray, rows: IntArray) -> FloatArray:
    """Return the sums over the persons of a node, shape (4,)."""
    out = np.zeros(SUMS)
    for i in rows:
        for s in range(SUMS):
            out[s] += sums[i, s]
    return out


@compiled
def best_split(
    by_bin: FloatArray,
    widths: IntArray,
    total: FloatArray,
    features: IntArray,
    limits: FloatArray,
    by_loss: bool,
) -> tuple[float, int, int]:
    """Return the gain, column and last bin of the left side of the best split; column -1: none.

    Parameters
    ----------
    by_bin : ndarray of float, shape (p, b, 4)
        Sums of the node by column and bin.
    widths : ndarray of int, shape (p,)
        Bins of each column.
    total : ndarray of float, shape (4,)
        Sums of the node.
    features : ndarray of int
        Columns to look at.
    limits : ndarray of float, shape (3,)
        Fewest persons, fewest of either sign, and least share of the squares on either side; the
        last gives way to the most even cut of the column, if that is less even.
    by_loss : bool
        Whether the gain is the drop of the R-loss.

    Returns
    -------
    tuple
        The gain is 0 where there is no split.
    """
    gain, feature, cut = 0.0, -1, 0
    for j in features:
        found, t = _best_cut(by_bin[j], widths[j], total, limits, by_loss)
        if found > gain * TIE:
            gain, feature, cut = found, j, t
    return gain, feature, cut


@compiled
def _best_cut(
    cells: FloatArray, width: int, total: FloatArray, limits: FloatArray, by_loss: bool
) -> tuple[float, int]:
    """Return the gain and place of the best cut of a column.

    With pseudo-outcomes treatment * (outcome - effect * treatment), which add up to 0 in the node,
    the gain by heterogeneity is the drop of their squared error, and that by loss the drop of the
    R-loss: the same numerator over weights, and over weighted squares of treatment.
    """
    best, place = 0.0, 0
    if not total[SQUARE] > 0.0:
        return best, place
    effect = total[CROSS] / total[SQUARE]
    size = total[SQUARE] if by_loss else total[WEIGHT]
    least = min(limits[2] * total[SQUARE], most_even(cells, width, total[SQUARE]) / TIE)
    cross, square, weight, count = 0.0, 0.0, 0.0, 0.0
    for t in range(width - 1):
        if cells[t, COUNT] == 0.0:
            continue
        cross += cells[t, CROSS]
        square += cells[t, SQUARE]
        weight += cells[t, WEIGHT]
        count += cells[t, COUNT]
        fit = _fit(count, square, total, limits, least)
        if fit == RIGHT_TOO_SMALL:
            break
        if fit == LEFT_TOO_SMALL:
            continue
        left = square if by_loss else weight
        gain = (cross - effect * square) ** 2 * (1.0 / left + 1.0 / (size - left))
        if gain > best * TIE:
            best, place = gain, t
    return best, place


@compiled
def most_even(cells: FloatArray, width: int, total: float) -> float:
    """Return the sum of squares on the smaller side of the most even cut of a column.

    A column of two values, one of them rare, has one cut only: it is allowed however uneven.
    """
    best, square = 0.0, 0.0
    for t in range(width - 1):
        if cells[t, COUNT] > 0.0:
            square += cells[t, SQUARE]
            best = max(best, min(square, total - square))
    return best


@compiled
def _fit(count: float, square: float, total: FloatArray, limits: FloatArray, least: float) -> int:
    """Return whether both sides hold enough, and else which does not."""
    rest = total[COUNT] - count
    up, up_rest = np.floor(count / POSITIVE), np.floor(rest / POSITIVE)
    here, there = count - POSITIVE * up, rest - POSITIVE * up_rest
    if there < limits[0] or min(up_rest, there - up_rest) < limits[1]:
        return RIGHT_TOO_SMALL
    # By rounding the rest may be 0 or less, with balance 0 too.
    if total[SQUARE] - square < least or total[SQUARE] - square <= 0.0:
        return RIGHT_TOO_SMALL
    if here < limits[0] or min(up, here - up) < limits[1] or square < least or square <= 0.0:
        return LEFT_TOO_SMALL
    return FITS
