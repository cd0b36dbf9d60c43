"""Random numbers and subsamples of a tree, from a stream of the tree's own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.forest.binning import ByteArray
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import IntArray

WordArray = NDArray[np.uint64]
LEFT_OUT, SPLITS, FILLS = 0, 1, 2


@compiled
def uniform(state: WordArray) -> float:
    """Return a number from 0 to below 1 and move the stream on.

    The generator is SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
    """
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(np.float64(z >> np.uint64(11)) * 2.0**-53)


@compiled
def draw_roles(state: WordArray, units: int, drawn: int, splitting: int) -> ByteArray:
    """Return the role of each unit in a tree: left out, choosing splits, or filling leaves.

    Parameters
    ----------
    state : ndarray of uint64, shape (1,)
        The stream.
    units, drawn, splitting : int
        Number of units, how many the tree draws, and how many of these choose splits.

    Returns
    -------
    ndarray of uint8, shape (units,)
        Each choice is equally likely (selection sampling; Knuth, volume 2, 3.4.2).
    """
    role = np.zeros(units, dtype=np.uint8)
    need, choosing = drawn, splitting
    for i in range(units):
        if uniform(state) * (units - i) < need:
            if uniform(state) * need < choosing:
                role[i] = SPLITS
                choosing -= 1
            else:
                role[i] = FILLS
            need -= 1
    return role


@compiled
def draw_features(state: WordArray, order: IntArray, mean: int) -> int:
    """Put a random choice of columns first in an order, and return how many there are.

    Parameters
    ----------
    state : ndarray of uint64, shape (1,)
        The stream.
    order : ndarray of int, shape (p,)
        The columns in any order; changed.
    mean : int
        Mean of their number, which is Poisson but at least 1 and at most p; from p on, all.

    Returns
    -------
    int
        Their number.
    """
    p = order.size
    if mean >= p:
        return p
    count, left, least = 0, uniform(state), math.exp(-min(mean, 500))
    while left >= least and count < p:
        left *= uniform(state)
        count += 1
    count = max(count, 1)
    for k in range(count):
        j = k + int(uniform(state) * (p - k))
        order[k], order[j] = order[j], order[k]
    return count
