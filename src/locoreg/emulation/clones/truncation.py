"""Truncation of weights at a percentile of persons, within an arm."""

from __future__ import annotations

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray


def truncated(
    weight: FloatArray, person: IntArray, counts: FloatArray, percentile: float
) -> FloatArray:
    """Cut weights at a percentile of the persons' largest ones.

    Percentiles of rows would mislead: in the treated arm most rows weigh 1, and those that don't
    are the ones that stand for others.

    Parameters
    ----------
    weight : ndarray of float, shape (r,)
        Weights of rows.
    person : ndarray of int, shape (r,)
        Whose rows, ascending.
    counts : ndarray of float, shape (n,)
        How much each person counts.
    percentile : float
        In percent.

    Returns
    -------
    ndarray of float, shape (r,)
        Weights, at most the smallest one that is not exceeded by this share of persons.
    """
    begins = np.flatnonzero(np.diff(person, prepend=-1))
    largest = np.maximum.reduceat(weight, begins)
    size = counts[person[begins]]
    order = np.argsort(largest)
    reached = np.cumsum(size[order])
    place = int(np.searchsorted(reached, percentile / 100.0 * reached[-1], side="left"))
    limit = float(largest[order[min(place, order.size - 1)]])
    return np.asarray(np.minimum(weight, limit))
