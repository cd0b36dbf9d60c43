"""Many tests at once: step-down max-t by random signs, and the false discovery rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.survivaldata import FloatArray, IntArray

# Numbers in one block of influences or of replicates: 32 MB.
BLOCK = 4_000_000


def drawn_bits(units: int, replicates: int, seed: int) -> NDArray[np.int8]:
    """Return random bits, shape (replicates, units); a sign is twice the bit less 1."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, size=(replicates, units), dtype=np.int8)


def unit_sums(influence: FloatArray, unit: IntArray, units: int) -> FloatArray:
    """Return influences added up within units, shape (units, p)."""
    if units == unit.size:
        out = np.empty_like(influence)
        out[unit] = influence
        return out
    out = np.zeros((units, influence.shape[1]))
    order = np.argsort(unit, kind="stable")
    starts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    out[unit[order][starts]] = np.add.reduceat(influence[order], starts, axis=0)
    return out


class MaxT:
    """Adjusted p-values of many coefficients, by random signs of the units' residuals.

    Each replicate multiplies the residuals of every unit, fitted without the marker, by a random
    sign, and computes the coefficients and their robust standard errors anew (wild bootstrap with
    the null hypothesis imposed; Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414). With
    skewed markers, or few clusters, standard errors are uncertain, and this is in the joint law.
    Step-down: each marker is compared with the largest of those that are no more significant
    (Westfall and Young 1993; Ge, Dudoit and Speed 2003, doi:10.1007/BF02595811).

    Parameters
    ----------
    units : int
        Persons, or clusters.
    replicates : int
        Number of replicates.
    seed : int
        Seed.
    p : int
        Number of markers.
    """

    def __init__(self, units: int, replicates: int, seed: int, p: int) -> None:
        self.bits = drawn_bits(units, replicates, seed)
        self.largest = np.empty((replicates, p), dtype=np.float32)

    def add(
        self, place: slice, part: FloatArray, inflated: FloatArray, own: FloatArray
    ) -> FloatArray:
        """Draw the statistics of some markers, and return the standard errors observed.

        Parameters
        ----------
        place : slice
            Which markers.
        part : ndarray of float, shape (units, markers)
            Part of each unit in the coefficient: they add up to it.
        inflated : ndarray of float, shape (units, markers)
            The same, inflated for leverage, as they enter the standard error.
        own : ndarray of float, shape (units, markers)
            By how much the coefficient, times this, lowers `inflated` when it is fitted.

        Returns
        -------
        ndarray of float, shape (markers,)
            Robust standard errors of the coefficients.
        """
        joint = inflated * own
        squares, curve = (inflated**2).sum(axis=0), (own**2).sum(axis=0)
        totals = part.sum(axis=0), joint.sum(axis=0)
        step = max(1, BLOCK // max(self.bits.shape[1], 1))
        for start in range(0, self.bits.shape[0], step):
            rows = slice(start, start + step)
            bits = self.bits[rows].astype(np.float64)
            # Signs are twice the bits less 1.
            drawn = 2.0 * (bits @ part) - totals[0]
            cross = 2.0 * (bits @ joint) - totals[1]
            self.largest[rows, place] = np.abs(drawn / _error(drawn, cross, squares, curve))
        return _error(totals[0], totals[1], squares, curve)

    def adjusted(self, z: FloatArray) -> FloatArray:
        """Return step-down adjusted p-values of statistics, shape (p,)."""
        size = np.abs(z)
        order = np.argsort(-size, kind="stable")
        drawn = self.largest[:, order]
        # In place from the least significant on: the largest of these and the less significant.
        np.maximum.accumulate(drawn[:, ::-1], axis=1, out=drawn[:, ::-1])
        beyond = (drawn >= size[order].astype(np.float32)).sum(axis=0)
        p = (1.0 + beyond) / (1.0 + self.bits.shape[0])
        out = np.empty(size.size)
        out[order] = np.maximum.accumulate(p)
        return out


def _error(
    coefficient: FloatArray, cross: FloatArray, squares: FloatArray, curve: FloatArray
) -> FloatArray:
    variance = squares - 2.0 * coefficient * cross + coefficient**2 * curve
    least = np.finfo(np.float64).eps * np.maximum(squares, np.finfo(np.float64).tiny)
    return np.asarray(np.sqrt(np.maximum(variance, least)))
