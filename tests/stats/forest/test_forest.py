"""The forest: honesty, out-of-bag effects, weights, clusters, and what it finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.stats.forest import Forest, ForestOptions, GrownForest, grow_forest
from locoreg.stats.forest.binning import Binning
from locoreg.stats.forest.growing import one_tree
from locoreg.stats.forest.sampling import FILLS, LEFT_OUT, SPLITS, draw_roles
from locoreg.stats.forest.splitting import POSITIVE
from tests.stats.forest.made import SMALL, Drawn

# Sums of some hundred terms in another order.
SUM_TOLERANCE = 1e-12


def streams(seed: int, trees: int) -> np.ndarray:
    return np.random.SeedSequence(seed).generate_state(trees, np.uint64)


def roles(seed: int, trees: int, units: int, drawn: int, splitting: int) -> np.ndarray:
    return np.array(
        [
            draw_roles(streams(seed, trees)[k : k + 1].copy(), units, drawn, splitting)
            for k in range(trees)
        ]
    )


def leaf_of(forest: Forest, tree: int, bins: np.ndarray) -> int:
    at = int(forest.start[tree])
    while forest.child[at] >= 0:
        at = int(forest.child[at]) + int(bins[forest.feature[at]] > forest.cut[at])
    return -1 - int(forest.child[at])


def tree_of(
    X: np.ndarray, a: np.ndarray, b: np.ndarray, *, seed: int, limits: tuple[float, float, float]
) -> tuple[np.ndarray, ...]:
    binning = Binning.of(X, 64)
    sums = np.column_stack([a * b, a * a, np.ones(a.size), 1.0 + POSITIVE * (a > 0)])
    n, drawn = a.size, a.size // 2
    return one_tree(
        streams(seed, 1).copy(),
        binning.apply(X),
        sums,
        np.arange(n),
        np.array([n, drawn, drawn // 2]),
        binning.widths,
        X.shape[1],
        np.array(limits, dtype=float),
        False,
    )


# ---------------------------------------------------------------------------------------- a tree


def test_one_split_by_hand() -> None:
    x = np.tile([0.0, 1.0], 40)[:, None]
    a = np.repeat([0.5, -0.5], 40)
    b = a * np.where(x[:, 0] > 0, 3.0, 1.0)
    _, feature, cut, child, leaf, gains = tree_of(x, a, b, seed=1, limits=(1, 0, 0))
    assert (feature.tolist(), cut[0], child.tolist()) == ([0, 0, 0], 0, [1, -1, -2])
    assert leaf.tolist() == [[0.25, 0.25], [0.75, 0.25]]
    # 20 persons choose: k of them with effect 3; half the node's pseudo-outcomes on either side.
    role = draw_roles(streams(1, 1).copy(), 80, 40, 20)
    high = int((x[role == SPLITS, 0] > 0).sum())
    effect = (20 + 2 * high) / 20
    moved = 0.25 * (3 - effect) * high
    assert gains[0, 0] == pytest.approx(moved**2 * (1 / high + 1 / (20 - high)), rel=1e-12)
    assert gains[1:].sum() == 0.0


def test_persons_who_fill_leaves_choose_no_split(drawn: Drawn) -> None:
    X, a, b = drawn
    role = draw_roles(streams(2, 1).copy(), 300, 150, 75)
    first = tree_of(X, a, b, seed=2, limits=(3, 1, 0.05))
    assert first[1].size > 5
    other = np.where(role == FILLS, -7.0 * b + 1.0, b)
    second = tree_of(X, a, other, seed=2, limits=(3, 1, 0.05))
    for one, two in zip(first[1:4], second[1:4], strict=True):
        assert one.tolist() == two.tolist()
    assert first[4].tolist() != second[4].tolist()


def test_persons_who_choose_splits_fill_no_leaf(drawn: Drawn) -> None:
    X, a, b = drawn
    role, feature, cut, child, leaf, _ = tree_of(X, a, b, seed=2, limits=(3, 1, 0.05))
    bins = Binning.of(X, 64).apply(X)
    held: dict[int, list[int]] = {}
    for i in np.flatnonzero(role == FILLS):
        at = 0
        while child[at] >= 0:
            at = child[at] + int(bins[i, feature[at]] > cut[at])
        held.setdefault(-1 - int(child[at]), []).append(int(i))
    assert sorted(held) == list(range(leaf.shape[0]))
    assert min(len(members) for members in held.values()) >= 3
    for k, members in held.items():
        expected = [(a * b)[members].mean(), (a * a)[members].mean()]
        np.testing.assert_allclose(leaf[k], expected, rtol=SUM_TOLERANCE)


def test_a_leaf_that_nobody_fills_gives_way_to_its_sibling() -> None:
    # Among 60 values each person is alone, so that many leaves of the choosing half are empty.
    rng = np.random.default_rng(4)
    x = rng.permutation(60.0 + np.arange(60.0))[:, None]
    a, b = rng.uniform(-1, 1, 60), rng.normal(size=60)
    _, _, _, child, leaf, _ = tree_of(x, a, b, seed=3, limits=(1, 0, 0))
    assert 1 < leaf.shape[0] <= 15
    wide = tree_of(x, a, b, seed=3, limits=(6, 0, 0))[4]
    assert 1 <= wide.shape[0] <= 2
    assert (leaf[:, 1] > 0.0).all()
    assert sorted(-1 - child[child < 0]) == list(range(leaf.shape[0]))


# ------------------------------------------------------------------------------------ the forest


def test_prediction_is_a_ratio_of_means_over_trees(drawn: Drawn, grown: GrownForest) -> None:
    forest = grown.forest
    new = np.array([[0.1, 0.9, 0.3, 0.2], [0.5, 0.2, 0.9, 0.7]])
    bins = forest.binning.apply(new)
    for row in range(2):
        means = np.mean(
            [forest.leaf[leaf_of(forest, t, bins[row])] for t in range(forest.trees)], axis=0
        )
        assert forest.predict(new)[row] == pytest.approx(means[0] / means[1], rel=SUM_TOLERANCE)


def test_out_of_bag_uses_only_trees_that_did_not_draw_the_person(
    drawn: Drawn, grown: GrownForest
) -> None:
    X, _, _ = drawn
    forest = grown.forest
    bins = forest.binning.apply(X)
    left_out = roles(5, forest.trees, 300, 150, 75) == LEFT_OUT
    for i in range(0, 300, 17):
        trees = np.flatnonzero(left_out[:, i])
        means = np.mean([forest.leaf[leaf_of(forest, t, bins[i])] for t in trees], axis=0)
        assert grown.out_of_bag[i] == pytest.approx(means[0] / means[1], rel=SUM_TOLERANCE)


def test_own_outcome_does_not_move_own_out_of_bag_effect(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    changed = b.copy()
    changed[7] += 50.0
    again = grow_forest(X, a, changed, options=SMALL, seed=5)
    assert again.out_of_bag[7] == grown.out_of_bag[7]
    assert (again.out_of_bag != grown.out_of_bag).mean() > 0.9


def test_outcomes_of_the_own_cluster_do_not_move_it_either(drawn: Drawn) -> None:
    X, a, b = drawn
    cluster = np.arange(300) // 10 * 3
    first = grow_forest(X, a, b, options=SMALL, seed=5, cluster=cluster)
    changed = b.copy()
    changed[40:50] += np.linspace(-50.0, 50.0, 10)
    second = grow_forest(X, a, changed, options=SMALL, seed=5, cluster=cluster)
    assert first.out_of_bag[40:50].tolist() == second.out_of_bag[40:50].tolist()
    assert (first.out_of_bag != second.out_of_bag).sum() > 200


def test_without_splits_it_is_the_pooled_effect(drawn: Drawn) -> None:
    X, a, b = drawn
    options = replace(SMALL, min_leaf=300)
    made = grow_forest(X, a, b, options=options, seed=5)
    fills = roles(5, 24, 300, 150, 75) == FILLS
    cross, square = (fills @ (a * b)).sum(), (fills @ (a * a)).sum()
    np.testing.assert_allclose(made.forest.predict(X), cross / square, rtol=SUM_TOLERANCE)
    assert made.forest.importance.tolist() == [0.0] * 4


def test_both_criteria_agree_where_treatment_varies_the_same_for_all(drawn: Drawn) -> None:
    X, a, b = drawn
    half = np.sign(a) / 2
    first = grow_forest(X, half, b, options=SMALL, seed=6)
    second = grow_forest(X, half, b, options=replace(SMALL, criterion="loss"), seed=6)
    assert first.out_of_bag.tolist() == second.out_of_bag.tolist()


def test_weight_2_is_a_person_who_is_there_twice() -> None:
    rng = np.random.default_rng(8)
    X = rng.integers(0, 9, (200, 3)).astype(float)
    a = (rng.random(200) < 0.5) - 0.5
    b = a * X[:, 0] / 4 + rng.normal(size=200)
    options = ForestOptions(trees=20, min_leaf=1, min_arm=0, balance=0.1)
    twice = rng.random(200) < 0.3
    person = np.concatenate([np.arange(200), np.flatnonzero(twice)])
    weighted = grow_forest(
        X, a, b, options=options, seed=1, weight=1.0 + twice, cluster=np.arange(200)
    )
    doubled = grow_forest(X[person], a[person], b[person], options=options, seed=1, cluster=person)
    np.testing.assert_allclose(weighted.out_of_bag, doubled.out_of_bag[:200], rtol=1e-9, atol=1e-12)
    plain = grow_forest(X, a, b, options=options, seed=1)
    assert np.abs(plain.out_of_bag - weighted.out_of_bag).max() > 0.01


def test_threads_change_nothing(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    two = grow_forest(X, a, b, options=replace(SMALL, jobs=2), seed=5)
    assert two.out_of_bag.tolist() == grown.out_of_bag.tolist()
    many = np.tile(X, (30, 1))
    one = grown.forest.predict(many)
    assert one.tolist() == two.forest.predict(many, jobs=2).tolist()
    assert one[:300].tolist() == one[-300:].tolist()


def test_seeds_differ(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    again = grow_forest(X, a, b, options=SMALL, seed=5)
    assert again.out_of_bag.tolist() == grown.out_of_bag.tolist()
    other = grow_forest(X, a, b, options=SMALL, seed=6)
    assert (other.out_of_bag != grown.out_of_bag).all()


def test_monotone_changes_of_a_column_change_nothing(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    again = grow_forest(np.exp(3 * X), a, b, options=SMALL, seed=5)
    assert again.out_of_bag.tolist() == grown.out_of_bag.tolist()


# ------------------------------------------------------------------------------- what it finds


def test_a_step_is_found_and_a_constant_effect_stays_constant() -> None:
    rng = np.random.default_rng(21)
    X = rng.random((3000, 6))
    a = (rng.random(3000) < 0.5) - 0.5
    noise = rng.normal(size=3000)
    options = ForestOptions(trees=150)
    step = np.where(X[:, 2] > 0.6, 3.0, 0.0)
    new = rng.random((500, 6))
    truth = np.where(new[:, 2] > 0.6, 3.0, 0.0)
    found = grow_forest(X, a, a * step + noise, options=options, seed=1)
    away = np.abs(new[:, 2] - 0.6) > 0.05
    assert np.abs(found.forest.predict(new) - truth)[away].max() < 0.6
    assert found.forest.importance[2] > 0.5
    assert found.forest.importance.argmax() == 2
    assert found.forest.importance.sum() == pytest.approx(1.0)
    assert np.corrcoef(found.out_of_bag, step)[0, 1] > 0.97
    flat = grow_forest(X, a, 1.5 * a + noise, options=options, seed=1)
    # The least-squares effect of all persons has a standard error of 0.037.
    assert abs(flat.out_of_bag.mean() - 1.5) < 0.11
    assert flat.out_of_bag.std() < 0.25
    assert found.out_of_bag.std() > 1.2


def test_more_persons_give_a_smaller_error() -> None:
    errors = []
    for n in (500, 8000):
        rng = np.random.default_rng(31)
        X = rng.random((n, 5))
        a = (rng.random(n) < 0.4) - 0.4
        effect = np.sin(3 * X[:, 0]) + X[:, 1]
        b = a * effect + rng.normal(size=n)
        made = grow_forest(X, a, b, options=ForestOptions(trees=100), seed=2)
        errors.append(float(np.sqrt(np.mean((made.out_of_bag - effect) ** 2))))
    assert errors[1] < 0.6 * errors[0]
    assert errors[1] < 0.2


def test_thousands_of_columns_and_few_persons() -> None:
    rng = np.random.default_rng(41)
    X = rng.normal(size=(300, 2000))
    a = (rng.random(300) < 0.5) - 0.5
    b = a * 6.0 * (X[:, 1234] > 0) + rng.normal(size=300)
    options = ForestOptions(trees=60)
    assert options.columns_per_node(2000) == 65
    made = grow_forest(X, a, b, options=options, seed=1)
    assert np.isfinite(made.out_of_bag).all()
    assert made.forest.importance.argmax() == 1234


def test_constant_columns_are_never_looked_for(drawn: Drawn) -> None:
    X, a, b = drawn
    constant = np.column_stack([np.full(300, 7.0), X[:, 1], np.zeros(300)])
    made = grow_forest(constant, a, b, options=SMALL, seed=1)
    assert made.forest.importance[[0, 2]].tolist() == [0.0, 0.0]
    nothing = grow_forest(np.ones((300, 2)), a, b, options=SMALL, seed=1)
    assert np.ptp(nothing.forest.predict([[1.0, 1.0], [5.0, -5.0]])) == 0.0
    assert nothing.forest.child.size == SMALL.trees


def test_a_tree_draws_no_more_than_the_cap(drawn: Drawn) -> None:
    X, a, b = drawn
    options = replace(SMALL, most_persons=60, min_leaf=300)
    capped = grow_forest(X, a, b, options=options, seed=5)
    fills = roles(5, 24, 300, 60, 30) == FILLS
    expected = (fills @ (a * b)).sum() / (fills @ (a * a)).sum()
    np.testing.assert_allclose(capped.forest.predict(X[:1]), expected, rtol=SUM_TOLERANCE)
