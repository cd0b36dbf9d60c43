"""Scores in the order of a priority, with persons of the same priority in groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priorities:
    """Scores in the order of priority, and groups of equal priority.

    Attributes
    ----------
    order : ndarray of int, shape (n,)
        Persons from the highest priority on.
    group : ndarray of int, shape (n,)
        Group of equal priority, of persons in that order.
    score, weight, shared : ndarray of float, shape (n,)
        In that order; shared is the mean score of the group.
    mass, mean : ndarray of float, shape (g,)
        Weight and mean score of the groups.
    before, sum_before : ndarray of float, shape (g,)
        Weight, and weighted sum of scores, before the group.
    """

    order: IntArray
    group: IntArray
    score: FloatArray
    weight: FloatArray
    shared: FloatArray
    mass: FloatArray
    mean: FloatArray
    before: FloatArray
    sum_before: FloatArray

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.before[-1] + self.mass[-1])

    @property
    def average(self) -> float:
        """Weighted mean score of all."""
        return float((self.sum_before[-1] + self.mass[-1] * self.mean[-1]) / self.total)

    def restore(self, values: FloatArray) -> FloatArray:
        """Return values in the order of the persons as they came."""
        out = np.empty_like(values)
        out[self.order] = values
        return out


def by_priority(
    score: ArrayLike, priority: ArrayLike, weight: ArrayLike | None, cluster: ArrayLike | None
) -> tuple[Priorities, IntArray | None]:
    """Sort scores by priority, and check them.

    Parameters
    ----------
    score, priority : array_like, shape (n,)
        Scores, and who comes first: higher is earlier.
    weight : array_like, shape (n,), or None
        Positive weights; None for 1.
    cluster : array_like, shape (n,), or None
        Codes of clusters.

    Returns
    -------
    made : Priorities
        The scores in that order.
    cluster : ndarray of int, shape (n,), or None
        Codes from 0, in the order of the persons as they came.

    Raises
    ------
    DataError
        If the arrays don't fit together.
    """
    values = np.asarray(score, dtype=np.float64)
    ranks = np.asarray(priority, dtype=np.float64)
    w = np.ones(values.size) if weight is None else np.asarray(weight, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise DataError(f"score has shape {values.shape}.", hint="give two persons or more.")
    for name, array in (("score", values), ("priority", ranks), ("weight", w)):
        if array.shape != values.shape:
            raise DataError(
                f"{name} has shape {array.shape}, but score has {values.shape}.",
                hint="give one number per person.",
            )
        if not np.isfinite(array).all():
            raise DataError(
                f"{name} of person {int(np.argmin(np.isfinite(array))) + 1} is no finite number.",
                hint="leave the person out, and say so.",
            )
    if not (w > 0.0).all():
        raise DataError("a weight is not positive.", hint="leave persons of weight 0 out.")
    code = None
    if cluster is not None:
        _, code = np.unique(np.asarray(cluster), return_inverse=True)
        if code.shape != values.shape:
            raise DataError(f"cluster has shape {code.shape}, but score has {values.shape}.")
    return _sort(values, ranks, w), code


def _sort(score: FloatArray, priority: FloatArray, weight: FloatArray) -> Priorities:
    order = np.argsort(-priority, kind="stable")
    ranked, s, w = priority[order], score[order], weight[order]
    group = np.concatenate([[0], np.cumsum(ranked[1:] != ranked[:-1])])
    mass = np.bincount(group, weights=w).astype(np.float64)
    sums = np.bincount(group, weights=w * s)
    mean = sums / mass
    return Priorities(
        order=order,
        group=group,
        score=s,
        weight=w,
        shared=mean[group],
        mass=mass,
        mean=mean,
        before=np.concatenate([[0.0], np.cumsum(mass)[:-1]]),
        sum_before=np.concatenate([[0.0], np.cumsum(sums)[:-1]]),
    )
