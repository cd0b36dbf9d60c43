"""Folds for cross-fitting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.survivaldata import IntArray


def make_folds(
    person_id: Sequence[str],
    strata: IntArray,
    folds: int,
    *,
    seed: int,
    cluster: IntArray | None = None,
) -> IntArray:
    """Assign persons to folds, evenly within strata.

    Parameters
    ----------
    person_id : sequence of str
        Names of the persons; folds depend on them and not on the order of the rows.
    strata : ndarray of int, shape (n,)
        Groups within which folds have the same size, but for one person.
    folds : int
        Number of folds; 1 puts everybody in one.
    seed : int
        Seed.
    cluster : ndarray of int, shape (n,), optional
        Hospitals, which are kept whole if there are as many as folds, instead of strata.

    Returns
    -------
    ndarray of int, shape (n,)
        Fold of each person, from 0.

    Raises
    ------
    DesignError
        If a stratum has fewer persons than there are folds.
    """
    n = len(person_id)
    if folds == 1:
        return np.zeros(n, dtype=np.int64)
    rng = np.random.default_rng(seed)
    if cluster is not None and np.unique(cluster).size >= folds:
        codes, place = np.unique(cluster, return_inverse=True)
        return np.asarray(rng.permutation(codes.size)[place] % folds, dtype=np.int64)
    sizes = np.bincount(strata)
    if sizes[sizes > 0].min() < folds:
        raise DesignError(
            f"{folds} folds can't hold a person each of a group of {sizes[sizes > 0].min()} "
            "(persons by arm, with and without the outcome).",
            hint="take fewer folds, or 1 for none.",
        )
    by_name = np.argsort(np.asarray(person_id), kind="stable")
    out = np.empty(n, dtype=np.int64)
    begin = 0
    for code in np.flatnonzero(sizes):
        members = by_name[strata[by_name] == code]
        out[rng.permutation(members)] = (begin + np.arange(members.size)) % folds
        begin += members.size
    return out
