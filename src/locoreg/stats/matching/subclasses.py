"""Subclasses cut at quantiles of the distance."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.matching.inputs import Design
from locoreg.stats.survivaldata import FloatArray, IntArray


def subclassify(design: Design, *, count: int, smallest: int) -> tuple[IntArray, FloatArray]:
    """Divide persons at quantiles of the distance.

    Parameters
    ----------
    design : Design
        What is matched. Its distance is cut at quantiles among the treated (ATT), the controls
        (ATC) or all (ATE).
    count : int
        Number of subclasses.
    smallest : int
        Persons of each arm that a subclass has at least. Where it has fewer, cuts are moved for
        that arm, as little as possible in total. With 0 cuts stay, and a subclass without one of
        the arms is dropped.

    Returns
    -------
    subclass : ndarray of int, shape (n,)
        0 for the lowest; -1 for discarded persons and dropped subclasses.
    cuts : ndarray of float, shape (count + 1,)
        The quantiles (linear between order statistics: type 7).

    Raises
    ------
    DesignError
        If there is no distance or there are too few persons.
    """
    if design.distance is None:
        raise DesignError(
            "Subclasses need a distance to cut.", hint="give distance, such as a propensity score."
        )
    base = np.ones(design.n, dtype=np.bool_) if design.estimand == "ate" else design.focal
    cuts = _quantiles(np.sort(design.distance[base]), count)
    subclass = np.searchsorted(cuts[1:-1], design.distance, side="right").astype(np.int64)
    subclass[design.discarded] = -1
    for name, arm in (("treated", design.treated), ("control", ~design.treated)):
        rows = np.flatnonzero(arm & ~design.discarded)
        sizes = np.bincount(subclass[rows], minlength=count)
        if sizes.min() >= smallest:
            continue
        if rows.size < count * smallest:
            raise DesignError(
                f"{rows.size} {name} persons can't fill {count} subclasses with {smallest} each.",
                hint="ask for fewer subclasses.",
            )
        ranked = rows[np.argsort(design.distance[rows], kind="stable")]
        subclass[ranked] = np.repeat(np.arange(count), _moved_cuts(sizes, smallest))
    return _without_empty(subclass, design, count), cuts


def _quantiles(ordered: FloatArray, count: int) -> FloatArray:
    """Return the quantiles at 0, 1/count, ..., 1 with R's order of operations.

    A person at a cut goes up or down by its last bit, which another order changes.
    """
    place = 1.0 + (ordered.size - 1) * np.linspace(0.0, 1.0, count + 1)
    below = np.floor(place)
    share = place - below
    low = ordered[below.astype(np.int64) - 1]
    high = ordered[np.minimum(below.astype(np.int64), ordered.size - 1)]
    return np.where(low == high, low, (1.0 - share) * low + share * high)


def _moved_cuts(sizes: IntArray, smallest: int) -> IntArray:
    """Return sizes of at least ``smallest`` whose cumulative sums have moved least in total.

    Less ``smallest`` per subclass, the cumulative sums must not fall and must stay between 0 and
    what is to spare: the nearest such sequence in absolute distance is an isotonic median
    regression, cut off at the limits.
    """
    count, total = sizes.size, int(sizes.sum())
    wanted = np.cumsum(sizes)[:-1] - smallest * np.arange(1, count)
    blocks: list[list[int]] = []
    for value in wanted.tolist():
        blocks.append([value])
        while len(blocks) > 1 and _median(blocks[-2]) > _median(blocks[-1]):
            last = blocks.pop()
            blocks[-1] = sorted(blocks[-1] + last)
    level = [_median(block) for block in blocks for _ in block]
    inside = np.clip(np.array(level, dtype=np.int64), 0, total - smallest * count)
    ends = np.concatenate(([0], inside + smallest * np.arange(1, count), [total]))
    return np.diff(ends)


def _median(values: list[int]) -> int:
    """Lower median of sorted values."""
    return values[(len(values) - 1) // 2]


def _without_empty(subclass: IntArray, design: Design, count: int) -> IntArray:
    """Drop subclasses that lack an arm, and number the others from 0."""
    member = subclass >= 0
    both = np.ones(count, dtype=np.bool_)
    for arm in (design.treated, ~design.treated):
        both &= np.bincount(subclass[arm & member], minlength=count) > 0
    number = np.where(both, np.cumsum(both) - 1, -1)
    return np.where(member, number[subclass], -1)
