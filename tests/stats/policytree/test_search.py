"""The search finds what trying every tree finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.policytree import (
    PolicyProblem,
    TreeLimits,
    bin_columns,
    is_monotone,
    policy_tree,
)
from locoreg.stats.policytree.tree import finished, treats_codes
from tests.stats.policytree.trees import best_value, drawn, every_tree, keeps

# Sums of float64 in another order.
SAME = 1e-12


def problem_of(X: list[list[float]], reward: list[float], **more: object) -> PolicyProblem:
    n = len(reward)
    return PolicyProblem(
        bins=bin_columns(np.array(X, dtype=float), bins=8),
        reward=np.array(reward, dtype=float),
        treated=np.arange(n) % 2 == 0,
        weight=np.ones(n),
        **more,  # type: ignore[arg-type]
    )


def test_one_split_by_hand() -> None:
    # Treating the three highest gains 3 + 1 + 2 = 6 of 6 persons: 1 each.
    problem = problem_of([[1], [2], [3], [4], [5], [6]], [-1.0, 2.0, -3.0, 3.0, 1.0, 2.0])
    fit = policy_tree(problem, TreeLimits(depth=1))
    root, low, high = fit.tree.nodes
    assert (root.column, root.cut, low.treats, high.treats) == (0, 3.0, False, True)
    assert fit.value == pytest.approx(1.0, abs=SAME)
    assert (fit.share, fit.tree.leaves) == (0.5, 2)


def test_two_questions_by_hand() -> None:
    # Treat (0, 1) and (1, 0) only: no first question alone gains anything.
    X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    fit = policy_tree(problem_of(X, [-1.0, 1.0, 1.0, -1.0]), TreeLimits(depth=2))
    assert fit.value == 0.5
    assert fit.tree.treats(np.array(X, dtype=float)).tolist() == [False, True, True, False]
    assert policy_tree(problem_of(X, [-1.0, 1.0, 1.0, -1.0]), TreeLimits(depth=1)).value == 0.0


LIMITS = (TreeLimits(depth=1), TreeLimits(depth=1, persons=12, treated=5, comparators=4))


@pytest.mark.parametrize("limits", LIMITS, ids=("free", "limited"))
@pytest.mark.parametrize(
    ("depth", "n", "p", "bins"), [(1, 60, 3, 6), (2, 60, 3, 6), (3, 60, 2, 5), (3, 40, 3, 3)]
)
def test_no_tree_is_better(depth: int, n: int, p: int, bins: int, limits: TreeLimits) -> None:
    asked = replace(limits, depth=depth)
    for seed in range(3):
        problem = drawn(n, p, bins, seed)
        fit = policy_tree(problem, asked)
        best = best_value(problem, np.ones(n, dtype=bool), depth, asked)
        assert fit.value == pytest.approx(best / problem.weight.sum(), abs=SAME)
        assert fit.bound == pytest.approx(fit.value, abs=SAME)


@pytest.mark.parametrize("complexity", [0.02, 0.1])
def test_splits_pay_their_price(complexity: float) -> None:
    limits = TreeLimits(depth=2, persons=3, complexity=complexity)
    problem = drawn(50, 2, 4, 7)

    def splits(sketch: object) -> int:
        if isinstance(sketch, bool):
            return 0
        return 1 + splits(sketch[2]) + splits(sketch[3])  # type: ignore[index]

    best = max(
        problem.value(treats_codes(sketch, problem.bins.codes)) - complexity * splits(sketch)
        for sketch in every_tree(problem, 2)
        if keeps(sketch, problem, limits)
    )
    fit = policy_tree(problem, limits)
    assert fit.value - complexity * (fit.tree.leaves - 1) == pytest.approx(best, abs=SAME)


@pytest.mark.parametrize("monotone", [(1, 0), (-1, 1), (1, 1), (-1, -1), (0, -1)])
@pytest.mark.parametrize(("depth", "bins"), [(1, 5), (2, 5), (3, 2)])
def test_monotone_trees(depth: int, bins: int, monotone: tuple[int, int]) -> None:
    limits = TreeLimits(depth=depth, persons=3, treated=1, comparators=1, monotone=monotone)
    for seed in range(2):
        problem = drawn(40, 2, bins, seed)
        best = max(
            problem.value(treats_codes(sketch, problem.bins.codes))
            for sketch in every_tree(problem, depth)
            if keeps(sketch, problem, limits)
            and is_monotone(finished(sketch, problem.bins), monotone)
        )
        fit = policy_tree(problem, limits)
        assert is_monotone(fit.tree, monotone)
        assert fit.value == pytest.approx(best, abs=SAME)


def test_a_deep_monotone_tree_is_monotone_and_no_worse_than_a_shallow_one() -> None:
    limits = TreeLimits(depth=3, persons=10, monotone=(1, -1, 1))
    for seed in range(4):
        problem = drawn(200, 3, 6, seed)
        fit = policy_tree(problem, limits, near=5)
        assert fit.value >= policy_tree(problem, replace(limits, depth=2)).value - SAME
        for tree in (fit.tree, *(one.tree for one in fit.near)):
            assert is_monotone(tree, limits.monotone)


def test_monotone_by_hand() -> None:
    bins = bin_columns(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), bins=3)
    rising = finished((0, 0, False, (1, 0, False, True)), bins)
    assert is_monotone(rising, (1, 1))
    assert not is_monotone(rising, (-1, 0))
    # Treated at a low first column, untreated at a high one where the second is low.
    falling = finished((0, 0, True, (1, 0, False, True)), bins)
    assert not is_monotone(falling, (1, 0))
    assert is_monotone(falling, (-1, 1))


def test_equal_values_take_the_fewest_leaves() -> None:
    # Everybody gains: any split only adds leaves.
    fit = policy_tree(problem_of([[1, 4], [2, 3], [3, 2], [4, 1]], [1.0, 1.0, 1.0, 1.0]),
                      TreeLimits(depth=2))  # fmt: skip
    assert (fit.tree.leaves, fit.value, fit.share) == (1, 1.0, 1.0)
    nobody = policy_tree(problem_of([[1], [2]], [0.0, 0.0]), TreeLimits(depth=1))
    assert (nobody.tree.leaves, nobody.value, nobody.share) == (1, 0.0, 0.0)


def test_constant_columns_and_limits_that_nothing_meets() -> None:
    flat = policy_tree(problem_of([[1], [1], [1]], [1.0, -3.0, 1.0]), TreeLimits(depth=2))
    assert (flat.tree.leaves, flat.value, flat.possible) == (1, 0.0, False)
    problem = drawn(60, 2, 5, 1)
    assert policy_tree(problem, TreeLimits(depth=2, persons=31)).possible is False
    assert policy_tree(problem, TreeLimits(depth=2, persons=20)).possible is True


def test_threads_order_and_doubled_persons_change_nothing() -> None:
    rng = np.random.default_rng(3)
    X, reward = rng.normal(size=(400, 4)).round(1), rng.normal(size=400)
    treated = rng.random(400) < 0.5

    def fit(rows: np.ndarray, weight: np.ndarray, jobs: int, depth: int) -> object:
        problem = PolicyProblem(
            bins=bin_columns(X[rows], bins=6),
            reward=reward[rows],
            treated=treated[rows],
            weight=weight,
        )
        return policy_tree(problem, TreeLimits(depth=depth, persons=5), jobs=jobs).tree

    order, ones = np.arange(400), np.ones(400)
    for depth in (2, 3):
        first = fit(order, ones, 1, depth)
        assert fit(order, ones, 3, depth) == first
        assert fit(rng.permutation(400), ones, 2, depth) == first
    doubled = np.concatenate([order, order])
    assert fit(doubled, np.ones(800), 1, 2) == fit(order, np.full(400, 2.0), 1, 2)
    assert fit(order, ones * 3.0, 1, 2) == fit(order, ones, 1, 2)


def test_two_factors_without_main_effects() -> None:
    """Exact trees find them; greedy ones, which take the best first question, don't."""
    from sklearn.tree import DecisionTreeClassifier

    exact, greedy = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(5000, 10))
        effect = 0.5 * np.sign(X[:, 0]) * np.sign(X[:, 1])
        score = effect + 1.5 * rng.normal(size=5000)
        problem = PolicyProblem(
            bins=bin_columns(X, bins=64),
            reward=score,
            treated=rng.random(5000) < 0.5,
            weight=np.ones(5000),
        )
        tree = policy_tree(problem, TreeLimits(depth=2)).tree
        other = DecisionTreeClassifier(max_depth=2, random_state=0)
        other.fit(X, score > 0, sample_weight=np.abs(score))
        new = rng.normal(size=(20_000, 10))
        truth = 0.5 * np.sign(new[:, 0]) * np.sign(new[:, 1])
        exact.append(float((tree.treats(new) * truth).mean()))
        greedy.append(float((other.predict(new) * truth).mean()))
    # The most is 0.25.
    assert np.mean(exact) > 0.22
    assert np.mean(greedy) < 0.08


def test_bad_problems_are_refused() -> None:
    for given, message in (
        ({"depth": 4}, "depth is 4"),
        ({"depth": 2, "persons": 0}, "least number of persons is 0"),
        ({"depth": 2, "complexity": -1.0}, "complexity is -1.0"),
        ({"depth": 2, "monotone": (2,)}, "not -1, 0 or 1"),
    ):
        with pytest.raises(DesignError, match=message):
            TreeLimits(**given)
    problem = drawn(30, 2, 4, 1)
    with pytest.raises(DesignError, match="3 directions for 2 columns"):
        policy_tree(problem, TreeLimits(depth=1, monotone=(0, 0, 1)))
    with pytest.raises(DesignError, match="max_share is 0"):
        policy_tree(problem, TreeLimits(depth=1), max_share=0.0)
    with pytest.raises(DataError, match="reward is not finite"):
        replace(problem, reward=np.full(30, np.nan))
    with pytest.raises(DataError, match="weight is not positive"):
        replace(problem, weight=np.zeros(30))
    with pytest.raises(DataError, match="29 values for 30 persons"):
        replace(problem, reward=np.zeros(29))
