"""Grow a causal forest: honest trees that split where the effect differs most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.stats.forest.binning import Binning, ByteArray
from locoreg.stats.forest.growing import LEVELS, Nodes, one_tree
from locoreg.stats.forest.inputs import Inputs, check_inputs
from locoreg.stats.forest.options import ForestOptions
from locoreg.stats.forest.parallel import in_threads
from locoreg.stats.forest.result import BLOCK, Forest
from locoreg.stats.forest.sampling import LEFT_OUT, WordArray
from locoreg.stats.forest.splitting import POSITIVE
from locoreg.stats.forest.walking import add_leaves_out_of_bag
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrownForest:
    """A forest, and what it predicts for its own persons without them.

    Attributes
    ----------
    forest : Forest
        Of all trees.
    out_of_bag : ndarray of float, shape (n,)
        Effect of each person by the trees that did not draw the person, nor anybody of the person's
        cluster.
    """

    forest: Forest
    out_of_bag: FloatArray


def grow_forest(
    X: ArrayLike,
    treatment: ArrayLike,
    outcome: ArrayLike,
    *,
    options: ForestOptions,
    seed: int,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> GrownForest:
    """Grow a forest of effects on residuals of treatment and outcome.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Columns by which the effect may differ.
    treatment, outcome : array_like, shape (n,)
        Residuals: what was given and what came of it, each less its mean given covariates, by
        models that did not see the person.
    options : ForestOptions
        How.
    seed : int
        Seed; each tree has its own stream.
    weight : array_like, shape (n,), optional
        Sampling weights, positive.
    cluster : array_like, shape (n,), optional
        Groups of persons that a tree draws as a whole.

    Returns
    -------
    GrownForest
        The forest and its out-of-bag effects.

    Raises
    ------
    DataError
        If a value can't be used.
    DesignError
        If there are too few persons or clusters, or too few trees to leave each person out once.

    References
    ----------
    Athey S, Tibshirani J, Wager S (2019). Generalized random forests. Ann Statist 47:1148-1178.
    doi:10.1214/18-AOS1709

    Examples
    --------
    >>> import numpy as np
    >>> from locoreg.stats.forest import ForestOptions, grow_forest
    >>> rng = np.random.default_rng(1)
    >>> X = rng.random((2000, 3))
    >>> treatment = rng.integers(0, 2, 2000) - 0.5
    >>> effect = np.where(X[:, 0] > 0.5, 2.0, 0.0)
    >>> outcome = treatment * effect + 0.5 * rng.normal(size=2000)
    >>> grown = grow_forest(X, treatment, outcome, options=ForestOptions(trees=200), seed=1)
    >>> grown.forest.predict([[0.2, 0.5, 0.5], [0.8, 0.5, 0.5]]).round(1)
    array([-0.1,  2.1])
    """
    data = check_inputs(X, treatment, outcome, weight, cluster)
    binning = Binning.of(data.X, options.bins)
    bins = binning.apply(data.X)
    sizes = _sizes(data, options)
    limits = np.array(
        [
            options.min_leaf,
            options.least_per_arm(round(data.X.shape[0] * sizes[1] / sizes[0])),
            options.balance,
        ],
        dtype=np.float64,
    )
    columns = options.columns_per_node(binning.p)
    by_loss = options.criterion == "loss"
    sums, widths, drawn = _sums(data), binning.widths, np.array(sizes)
    streams: WordArray = np.asarray(
        np.random.SeedSequence(seed).generate_state(options.trees, np.uint64), dtype=np.uint64
    )

    def tree(k: int) -> tuple[ByteArray, Nodes]:
        grown = one_tree(
            streams[k : k + 1].copy(),
            bins,
            sums,
            data.unit,
            drawn,
            widths,
            columns,
            limits,
            by_loss,
        )
        return np.packbits(grown[0] == LEFT_OUT), grown[1:]

    done = in_threads(tree, ((k,) for k in range(options.trees)), options.jobs)
    forest = _join(binning, [nodes for _, nodes in done])
    left_out = np.array([bits for bits, _ in done])
    del done
    held_out = _out_of_bag(forest, bins, data, left_out, options.jobs)
    return GrownForest(forest=forest, out_of_bag=held_out)


def _sizes(data: Inputs, options: ForestOptions) -> tuple[int, int, int]:
    """Return the units, how many a tree draws, and how many of these choose splits."""
    share = min(options.fraction, options.most_persons / data.X.shape[0])
    drawn = int(share * data.units)
    splitting = round(options.honesty * drawn)
    if splitting < 1 or drawn - splitting < 1:
        what = "rows" if data.units == data.X.shape[0] else "clusters"
        raise DesignError(
            f"{data.units} {what} are too few for a forest: each tree draws {drawn}.",
            hint="a forest needs hundreds of persons, and with clusters 10 or more of these.",
        )
    return data.units, drawn, splitting


def _sums(data: Inputs) -> FloatArray:
    """Return what each person adds to the sums of a node, shape (n, 4)."""
    a, b, w = data.treatment, data.outcome, data.weight
    return np.column_stack([w * a * b, w * a * a, w, 1.0 + POSITIVE * (a > 0.0)])


def _join(binning: Binning, trees: Sequence[Nodes]) -> Forest:
    features, cuts, children, leaves, gains = zip(*trees, strict=True)
    start = np.cumsum([0, *(one.size for one in features)], dtype=np.int64)
    leaf_start = np.cumsum([0, *(one.shape[0] for one in leaves)], dtype=np.int64)
    child = np.concatenate(
        [
            np.where(one < 0, one - before, one + first).astype(np.int32)
            for one, first, before in zip(children, start, leaf_start, strict=False)
        ]
    )
    return Forest(
        binning=binning,
        start=start,
        feature=np.concatenate(features).astype(np.uint16),
        cut=np.concatenate(cuts),
        child=child,
        leaf=np.concatenate(leaves),
        importance=_importance(np.sum(gains, axis=0)),
    )


def _importance(gains: FloatArray) -> FloatArray:
    """Return the share of each column; within each level shares add up to 1."""
    by_level = gains.sum(axis=1, keepdims=True)
    share = np.divide(gains, by_level, out=np.zeros_like(gains), where=by_level > 0.0)
    total = (share / np.arange(1.0, LEVELS + 1.0)[:, None] ** 2).sum(axis=0)
    return np.asarray(total / total.sum() if total.any() else total)


def _out_of_bag(
    forest: Forest, bins: ByteArray, data: Inputs, left_out: ByteArray, jobs: int
) -> FloatArray:
    sums = np.zeros((bins.shape[0], 2))
    blocks = (slice(k, k + BLOCK) for k in range(0, bins.shape[0], BLOCK))
    in_threads(
        add_leaves_out_of_bag,
        ((bins[b], data.unit[b], left_out, *forest.nodes(), sums[b]) for b in blocks),
        jobs,
    )
    never = sums[:, 1] <= 0.0
    if never.any():
        count = int(never.sum())
        raise DesignError(
            f"{forest.trees} trees leave {count} of {never.size} persons without a tree that did "
            "not draw them.",
            hint="grow more trees, or draw a smaller fraction.",
        )
    return np.asarray(sums[:, 0] / sums[:, 1])
