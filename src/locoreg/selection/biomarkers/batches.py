"""Folds that keep batches whole, so that no model is judged on a batch that it has seen."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.survivaldata import IntArray


def batch_folds(batch: IntArray, folds: int, *, cluster: IntArray | None) -> IntArray:
    """Assign whole batches to folds of about equal size.

    Parameters
    ----------
    batch : ndarray of int, shape (m,)
        Codes of batches.
    folds : int
        Number of folds; as many as batches if those are fewer.
    cluster : ndarray of int, shape (m,), or None
        Groups that must be kept whole too: batches that share one go to the same fold.

    Returns
    -------
    ndarray of int, shape (m,)
        Fold of each person, from 0.

    Raises
    ------
    DesignError
        If all batches belong together.
    """
    group = batch if cluster is None else _joined(batch, cluster)
    sizes = np.bincount(group)
    units = np.flatnonzero(sizes)
    count = min(folds, units.size)
    if count < 2:
        raise DesignError(
            "batches can't be parted into folds: all belong together.",
            hint="take folds scores, and batches as fixed effects.",
        )
    load = np.zeros(count, dtype=np.int64)
    out = np.empty(sizes.size, dtype=np.int64)
    # Largest first, each into the emptiest fold.
    for unit in units[np.argsort(-sizes[units], kind="stable")].tolist():
        k = int(np.argmin(load))
        out[unit] = k
        load[k] += sizes[unit]
    return np.asarray(out[group], dtype=np.int64)


def _joined(batch: IntArray, cluster: IntArray) -> IntArray:
    """Return codes of batches joined where they share a cluster."""
    from scipy import sparse
    from scipy.sparse import csgraph

    b = np.unique(batch, return_inverse=True)[1]
    c = np.unique(cluster, return_inverse=True)[1]
    size = int(b.max()) + 1
    links = sparse.coo_array((np.ones(b.size), (b, size + c)), shape=(size + int(c.max()) + 1,) * 2)
    _, label = csgraph.connected_components(links, directed=False)
    return np.asarray(label[b], dtype=np.int64)
