"""Folds of cross-fitting: even in treatment and events, with clusters whole."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.data.persons import SelectionData
from locoreg.stats.survivaldata import BoolArray, IntArray


def score_folds(data: SelectionData, event: BoolArray, folds: int, *, seed: int) -> IntArray:
    """Assign persons to folds.

    Parameters
    ----------
    data : SelectionData
        The persons. Folds depend on their names and clusters, not on their order.
    event : ndarray of bool, shape (n,)
        Who had the event before the horizon.
    folds : int
        Number of folds; with fewer clusters there are as many folds as clusters.
    seed : int
        Seed.

    Returns
    -------
    ndarray of int, shape (n,)
        Fold of each person, from 0. Without clusters, numbers of treated and not, with and without
        the event, differ by one or two between folds, however few they are.

    Raises
    ------
    DesignError
        If everybody is in one cluster, or without some fold an arm is empty or nobody has the
        event.
    """
    strata = 2 * data.treated.astype(np.int64) + event
    rng = np.random.default_rng(seed)
    if data.cluster is None:
        out = _by_person(data.person_id, strata, folds, rng)
    else:
        out = _by_cluster(data.cluster, strata, folds, rng)
    _check(out, data, event)
    return out


def _by_person(
    person_id: tuple[str, ...], strata: IntArray, folds: int, rng: np.random.Generator
) -> IntArray:
    """Deal the persons of each stratum to the folds in turn, on from where the last one ended."""
    by_name = np.argsort(np.asarray(person_id), kind="stable")
    order = [rng.permutation(by_name[strata[by_name] == code]) for code in range(4)]
    out = np.empty(strata.size, dtype=np.int64)
    out[np.concatenate(order)] = np.arange(strata.size) % folds
    return out


def _by_cluster(
    cluster: IntArray, strata: IntArray, folds: int, rng: np.random.Generator
) -> IntArray:
    """Give clusters, the largest first, to the fold that stays most even by it."""
    codes, place = np.unique(cluster, return_inverse=True)
    if codes.size < 2:
        raise DesignError(
            "everybody is in one cluster: how clusters differ can't be known.",
            hint="leave out cluster and site, or give clusters that part the persons.",
        )
    folds = min(folds, codes.size)
    counts = np.zeros((codes.size, 4))
    np.add.at(counts, (place, strata), 1.0)
    share = counts / np.maximum(counts.sum(axis=0), 1.0)
    shuffled = rng.permutation(codes.size)
    order = shuffled[np.argsort(-counts.sum(axis=1)[shuffled], kind="stable")]
    held = np.zeros((folds, 4))
    fold = np.empty(codes.size, dtype=np.int64)
    for one in order:
        # Least sum of squares of the folds' shares: only the change by this cluster differs.
        fold[one] = int(np.argmin((held @ share[one]).round(12)))
        held[fold[one]] += share[one]
    return np.asarray(fold[place], dtype=np.int64)


def _check(fold: IntArray, data: SelectionData, event: BoolArray) -> None:
    groups = (
        (data.treated, "treated"),
        (~data.treated, "untreated"),
        (event, "persons with the event"),
    )
    for members, name in groups:
        inside = np.bincount(fold[members], minlength=int(fold.max()) + 1)
        if (inside == members.sum()).any():
            raise DesignError(
                f"all {int(members.sum())} {name} are in one fold of cross-fitting, so that models "
                "fitted without it know none.",
                hint="give smaller clusters, or data with more of them.",
            )
