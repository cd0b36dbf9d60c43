"""Every tree on a few bins, for comparison with the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.policytree import PolicyProblem, TreeLimits, bin_columns
from locoreg.stats.policytree.tree import Sketch

Array = NDArray[Any]


def drawn(n: int, p: int, bins: int, seed: int, *, noise: float = 1.0) -> PolicyProblem:
    """Persons with rewards that depend on the signs of the first and last column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    reward = noise * rng.normal(size=n) + 0.8 * np.sign(X[:, 0]) * np.sign(X[:, -1]) - 0.1
    return PolicyProblem(
        bins=bin_columns(X, bins=bins),
        reward=reward,
        treated=rng.random(n) < 0.4,
        weight=rng.uniform(0.5, 2.0, n),
    )


def allowed(problem: PolicyProblem, rows: Array, limits: TreeLimits) -> bool:
    treated = int((rows & problem.treated).sum())
    n = int(rows.sum())
    enough = treated >= limits.treated and n - treated >= limits.comparators
    return n >= limits.persons and enough


def best_value(problem: PolicyProblem, rows: Array, depth: int, limits: TreeLimits) -> float:
    """Largest sum of weighted rewards: every split, then the best of both sides."""
    worth = problem.weight * problem.reward
    best = max(0.0, float(worth[rows].sum()))
    if depth == 0:
        return best
    for j in range(problem.p):
        for cut in range(problem.sizes[j] - 1):
            low = problem.bins.codes[j] <= cut
            sides = (rows & low, rows & ~low)
            if all(allowed(problem, side, limits) for side in sides):
                value = sum(best_value(problem, side, depth - 1, limits) for side in sides)
                best = max(best, value)
    return best


def every_tree(problem: PolicyProblem, depth: int) -> Iterator[Sketch]:
    """Every tree whose last splits decide differently on both sides."""
    yield from (False, True)
    if depth == 0:
        return
    below = [t for t in every_tree(problem, depth - 1) if isinstance(t, bool) or t[2] is not t[3]]
    for j in range(problem.p):
        for cut in range(problem.sizes[j] - 1):
            for low in below:
                for high in below:
                    yield (j, cut, low, high)


def leaf_rows(sketch: Sketch, problem: PolicyProblem, rows: Array) -> list[Array]:
    if isinstance(sketch, bool):
        return [rows]
    below = problem.bins.codes[sketch[0]] <= sketch[1]
    low = leaf_rows(sketch[2], problem, rows & below)
    return low + leaf_rows(sketch[3], problem, rows & ~below)


def keeps(sketch: Sketch, problem: PolicyProblem, limits: TreeLimits) -> bool:
    leaves = leaf_rows(sketch, problem, np.ones(problem.n, dtype=bool))
    return len(leaves) == 1 or all(allowed(problem, rows, limits) for rows in leaves)
