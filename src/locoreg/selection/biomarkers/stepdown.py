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
    """Adjusted p-values of many statistics, by the joint law of their influences.

    Each replicate multiplies the influence of every unit by a random sign and adds them up (wild
    bootstrap); divided by the standard errors the sums have the joint law of the statistics when
    no marker has an effect. Step-down: each marker is compared with the largest of those that are
    no more significant (Westfall and Young 1993; Ge, Dudoit and Speed 2003,
    doi:10.1007/BF02595811).

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

    def add(self, place: slice, influence: FloatArray, se: FloatArray) -> None:
        """Draw the statistics of some markers.

        Parameters
        ----------
        place : slice
            Which markers.
        influence : ndarray of float, shape (units, markers)
            Influence of each unit.
        se : ndarray of float, shape (markers,)
            Standard errors.
        """
        scaled = influence / np.where(se > 0.0, se, np.inf)
        total = scaled.sum(axis=0)
        step = max(1, BLOCK // max(self.bits.shape[1], 1))
        for start in range(0, self.bits.shape[0], step):
            part = slice(start, start + step)
            # Signs are twice the bits less 1.
            drawn = 2.0 * (self.bits[part].astype(np.float64) @ scaled) - total
            self.largest[part, place] = np.abs(drawn)

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


def false_discovery(p: FloatArray) -> FloatArray:
    """Return q-values, shape (p,).

    Among markers with a q-value up to q, at most the share q is expected to be false (Benjamini and
    Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    m = p.size
    order = np.argsort(p, kind="stable")
    scaled = p[order] * m / np.arange(1, m + 1)
    out = np.empty(m)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out
