"""Trees nearly as good as the best, and trees that treat a share at most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.stats.policytree import PolicyProblem, TreeLimits, bin_columns, policy_tree
from locoreg.stats.policytree.tree import treats_codes
from tests.stats.policytree.trees import drawn, every_tree, keeps

SAME = 1e-12


def test_near_trees_are_within_one_standard_error_and_differ() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 4))
    problem = PolicyProblem(
        bins=bin_columns(X, bins=8),
        reward=X[:, 0] + 2.0 * rng.normal(size=300),
        treated=rng.random(300) < 0.5,
        weight=rng.uniform(0.5, 2.0, 300),
    )
    fit = policy_tree(problem, TreeLimits(depth=2, persons=10), near=8)
    assert len(fit.near) == 8
    w = problem.weight / problem.weight.sum()
    best = fit.tree.treats(X)
    decisions = {best.tobytes()}
    for one in fit.near:
        treats = one.tree.treats(X)
        gap = (best.astype(float) - treats) * problem.reward
        assert one.below == pytest.approx(float(w @ gap), abs=SAME)
        deviations = w * (gap - one.below)
        assert one.se == pytest.approx(np.sqrt((deviations**2).sum() * 300 / 299), abs=SAME)
        assert 0.0 <= one.below <= one.se
        assert one.agreement == pytest.approx(float(w[treats == best].sum()), abs=SAME)
        assert one.value == pytest.approx(fit.value - one.below, abs=SAME)
        decisions.add(treats.tobytes())
    assert len(decisions) == 9
    assert [one.below for one in fit.near] == sorted(one.below for one in fit.near)
    fewer = policy_tree(problem, TreeLimits(depth=2, persons=10), near=3)
    assert {one.tree for one in fewer.near} <= {one.tree for one in fit.near}


def test_variables_of_equal_worth_are_both_listed() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(600, 3))
    effect = 0.5 * np.sign(X[:, 0]) + 0.5 * np.sign(X[:, 1])
    problem = PolicyProblem(
        bins=bin_columns(X, bins=16),
        reward=effect + 0.5 * rng.normal(size=600),
        treated=rng.random(600) < 0.5,
        weight=np.ones(600),
    )
    fit = policy_tree(problem, TreeLimits(depth=1), near=5)
    used = {fit.tree.columns, *(one.tree.columns for one in fit.near)}
    assert used == {(0,), (1,)}


def test_clusters_widen_the_standard_error() -> None:
    problem = drawn(200, 3, 6, 2)
    own = policy_tree(problem, TreeLimits(depth=1), near=1).near[0]
    copies = replace(
        problem,
        bins=replace(problem.bins, codes=np.repeat(problem.bins.codes, 4, axis=1)),
        **{name: np.repeat(getattr(problem, name), 4) for name in ("reward", "treated", "weight")},
        cluster=np.repeat(np.arange(200), 4),
    )
    other = policy_tree(copies, TreeLimits(depth=1), near=1).near[0]
    # Four copies of a person in one cluster tell as much as the person.
    assert other.se == pytest.approx(own.se, rel=1e-9)


@pytest.mark.parametrize("share", [0.15, 0.45])
@pytest.mark.parametrize("depth", [1, 2])
def test_share(depth: int, share: float) -> None:
    limits = TreeLimits(depth=depth, persons=3)
    for seed in range(2):
        problem = drawn(60, 2, 6, seed)
        best = max(
            problem.value(treats)
            for sketch in every_tree(problem, depth)
            if keeps(sketch, problem, limits)
            and problem.share(treats := treats_codes(sketch, problem.bins.codes)) <= share
        )
        fit = policy_tree(problem, limits, max_share=share, near=3)
        assert fit.share <= share
        assert fit.value - SAME <= best <= fit.bound + SAME
        assert all(one.share <= share for one in fit.near)
        # The exact best, or a bound that says by how much it may be missed.
        assert fit.value >= 0.75 * best


def test_a_share_that_is_no_limit_changes_nothing() -> None:
    problem = drawn(100, 3, 6, 4)
    limits = TreeLimits(depth=2, persons=5)
    free = policy_tree(problem, limits)
    assert policy_tree(problem, limits, max_share=1.0) == free
    assert policy_tree(problem, limits, max_share=free.share) == free


def test_with_many_persons_the_share_is_met_closely() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(4000, 4))
    problem = PolicyProblem(
        bins=bin_columns(X, bins=64),
        reward=X[:, 0] + X[:, 1] + rng.normal(size=4000) + 0.5,
        treated=rng.random(4000) < 0.5,
        weight=np.ones(4000),
    )
    fit = policy_tree(problem, TreeLimits(depth=2, persons=50), max_share=0.25)
    assert 0.2 < fit.share <= 0.25
    assert fit.bound - fit.value < 0.02 * fit.value
