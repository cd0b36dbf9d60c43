"""Leaves and values on persons that no rule saw."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.rules import RuleOptions, fit_rule, honest_rule, leaf_table, rule_value
from tests.selection.rules.made import patient_scores, scores_of

OPTIONS = RuleOptions(cost=0.5, seed=1, near_optimal=0, jobs=1)


def test_leaf_table_by_hand() -> None:
    # A rule at x = 0, and two leaves of persons with known means.
    x = np.concatenate([np.full(60, -1.0), np.full(60, 1.0)])
    rule = fit_rule(scores_of(np.sign(x), {"x": x}), replace(OPTIONS, cost=0.0, depth=1))
    new = np.array([-1.0, -1.0, -1.0, 1.0, 1.0])
    gamma = np.array([1.0, 2.0, 6.0, -2.0, 4.0])
    weight = np.array([1.0, 1.0, 2.0, 1.0, 3.0])
    table = leaf_table(rule, scores_of(gamma, {"x": new}, weight=weight))
    low, high = table.leaves
    assert (low.n, high.n, low.treats, high.treats) == (3, 2, False, True)
    assert low.effect.estimate == pytest.approx((1 + 2 + 12) / 4)
    assert high.effect.estimate == pytest.approx((-2 + 12) / 4)
    assert (low.share, high.share) == (0.5, 0.5)
    assert low.treated + low.comparator == 3
    # Influence (w / 4)(gamma - mean), three persons.
    influence = np.array([1.0, 1.0, 2.0]) / 4.0 * (np.array([1.0, 2.0, 6.0]) - 3.75)
    assert low.effect.se == pytest.approx(np.sqrt((influence**2).sum() * 3 / 2))
    assert low.effective == pytest.approx(16 / 6)
    assert high.treated_mean.estimate == pytest.approx(20.0 + 2.5)
    assert high.comparator_mean.estimate == pytest.approx(20.0)
    assert low.band_low < low.effect.ci_low
    assert (table.learnt_on, table.persons) == (120, 5)
    assert list(table.to_frame()["n"]) == [3, 2]


def test_leaves_without_persons_are_named() -> None:
    x = np.concatenate([np.full(60, -1.0), np.full(60, 1.0)])
    rule = fit_rule(scores_of(np.sign(x), {"x": x}), replace(OPTIONS, cost=0.0, depth=1))
    other = scores_of(np.array([1.0, 2.0, 3.0]), {"x": np.array([-1.0, -1.0, 1.0])})
    table = leaf_table(rule, other)
    assert table.notes == ("Fewer than 2 persons or clusters in leaf 2: no estimate.",)
    assert np.isnan(table.leaves[1].effect.se)
    assert table.leaves[0].effect.estimate == pytest.approx(1.5)


def test_a_leaf_table_of_the_training_is_refused() -> None:
    scores = patient_scores(400, 3)
    rule = fit_rule(scores, OPTIONS)
    with pytest.raises(DataError, match="the persons the rule was learnt from"):
        leaf_table(rule, scores)
    with pytest.raises(DataError, match="other columns"):
        leaf_table(rule, scores_of(np.zeros(20), {"x": np.arange(20.0)}))


def test_an_honest_rule_parts_the_folds_and_finds_the_effects() -> None:
    scores = patient_scores(3000, 5)
    done = honest_rule(scores, OPTIONS)
    assert done.rule.persons + done.leaves.persons == 3000
    assert done.rule.persons == 1800
    truth = {"age at most 60": (1.0, 4.0), "age above 60": (-2.0, -2.0)}
    for leaf in done.leaves.leaves:
        for start, (least, most) in truth.items():
            if leaf.text.startswith(start):
                assert least - 1.0 < leaf.band_high
                assert leaf.band_low < most + 1.0
    assert done.value.against_none.ci_low > 0.0
    assert honest_rule(scores, OPTIONS).to_dict() == done.to_dict()
    json.dumps(done.to_dict(), allow_nan=False)
    assert honest_rule(scores, replace(OPTIONS, seed=2)).rule.learnt_from != done.rule.learnt_from
    with pytest.raises(DesignError, match="learn_share is 1"):
        honest_rule(scores, OPTIONS, learn_share=1.0)


def test_honest_leaves_are_not_flattered_and_their_own_are() -> None:
    """Nobody differs: the leaf that a tree of noise treats seems to gain in its own persons."""
    honest, own = [], []
    options = replace(OPTIONS, cost=0.0, min_persons=20, min_treated=5, min_comparator=5)
    for seed in range(30):
        rng = np.random.default_rng([seed, 4])
        scores = scores_of(rng.normal(size=300), rng.normal(size=(300, 4)), seed=seed)
        done = honest_rule(scores, options)
        for leaf in done.leaves.leaves:
            if leaf.treats:
                honest.append(leaf.effect.estimate / leaf.effect.se)
        rule = fit_rule(scores, options)
        own.append(scores.gamma[rule.treats(scores.X)].mean())
    assert abs(np.mean(honest)) < 3.0 / np.sqrt(len(honest))
    assert np.mean(own) > 0.15


def test_value_by_hand_of_a_plain_case() -> None:
    # Rules of all folds are alike: treat x above 0.
    rng = np.random.default_rng(1)
    x = rng.choice([-1.0, 1.0], size=500)
    gamma = 2.0 * x + rng.normal(size=500)
    done = rule_value(scores_of(gamma, {"x": x}), replace(OPTIONS, cost=0.5, depth=1))
    gain = np.where(x > 0, gamma - 0.5, 0.0)
    assert done.value.against_none.estimate == pytest.approx(gain.mean(), abs=1e-12)
    assert done.value.against_all.estimate == pytest.approx(
        (gain - (gamma - 0.5)).mean(), abs=1e-12
    )
    # The better of all and none is none: the mean effect is under the cost.
    assert {fold.otherwise for fold in done.folds} == {"nobody"}
    assert done.gain.estimate == pytest.approx(gain.mean(), abs=1e-12)
    assert {fold.treats for fold in done.folds} == {"x above 0"}
    assert done.given
    assert done.reasons == ()
    assert done.text().startswith("The data support a rule.")
    assert done.p_better < 1e-10
    json.dumps(done.to_dict(), allow_nan=False)


def test_true_modifiers_are_found_and_the_interval_covers() -> None:
    done = rule_value(patient_scores(2000, 8), OPTIONS)
    assert done.given
    for fold in done.folds:
        assert "age" in fold.variables
    assert done.sides is not None
    treated, others = done.sides.groups
    assert treated.effect.ci_low > 0.5 > others.effect.ci_high


def test_no_rule_where_everybody_gains_alike() -> None:
    rng = np.random.default_rng(2)
    scores = scores_of(3.0 + rng.normal(size=600), rng.normal(size=(600, 3)))
    done = rule_value(scores, OPTIONS)
    assert not done.given
    assert done.reasons == ("The rules of all folds treat everybody.",)
    assert done.heterogeneity.statistic == 0.0
    assert done.text().startswith("No rule. The rules of all folds treat everybody.")


def test_another_test_can_decide() -> None:
    scores = patient_scores(1000, 8)
    done = rule_value(scores, OPTIONS, heterogeneity_p=0.4)
    assert not done.given
    assert done.reasons == ("That effects are the same for all is not rejected: p = 0.40.",)
    with pytest.raises(DesignError, match="heterogeneity_p is 2"):
        rule_value(scores, OPTIONS, heterogeneity_p=2.0)


def test_no_rule_under_the_null() -> None:
    """Effects are the same for all and equal to the cost, where every rule is as good as none."""
    options = replace(OPTIONS, cost=1.0, min_persons=20, min_treated=5, min_comparator=5)
    given, rejected = 0, 0
    repeats = 60
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 9])
        scores = scores_of(1.0 + rng.normal(size=300), rng.normal(size=(300, 3)), seed=seed)
        done = rule_value(scores, options)
        given += done.given
        rejected += done.heterogeneity.p < 0.05
    # Upper 0.5% points of binomial counts of 60 at 5% .
    assert given <= 8
    assert rejected <= 8


def test_clusters_are_kept_whole_and_widen_intervals() -> None:
    rng = np.random.default_rng(6)
    x = np.repeat(rng.choice([-1.0, 1.0], size=100), 5)
    gamma = 2.0 * x + np.repeat(2.0 * rng.normal(size=100), 5)
    cluster = np.repeat(np.arange(100), 5)
    options = replace(OPTIONS, depth=1)
    alone = rule_value(scores_of(gamma, {"x": x}), options)
    together = rule_value(scores_of(gamma, {"x": x}, cluster=cluster), options)
    assert together.value.against_none.se > 1.8 * alone.value.against_none.se
    assert together.gain.estimate == pytest.approx(alone.gain.estimate, abs=1e-9)


def test_a_side_of_one_cluster_has_no_interval() -> None:
    # Treated are those of the first hospital only.
    cluster = np.repeat(np.arange(20), 20)
    x = (cluster == 0).astype(float)
    rng = np.random.default_rng(7)
    scores = scores_of(4.0 * x - 2.0 + rng.normal(size=400), {"x": x}, cluster=cluster)
    options = replace(OPTIONS, depth=1, min_persons=10, min_treated=2, min_comparator=2)
    done = rule_value(scores, options)
    assert done.sides is None
    assert not done.given
    table = leaf_table(fit_rule(scores, options), scores.take(np.arange(20)))
    assert [np.isnan(leaf.effect.se) for leaf in table.leaves] == [True, True]
    assert np.isnan(table.critical)


def test_one_fold_is_refused() -> None:
    scores = patient_scores(200, 1)
    one = replace(scores, fold=np.zeros(200, dtype=np.int64))
    for call in (rule_value, honest_rule):
        with pytest.raises(DesignError, match="one fold only"):
            call(one, OPTIONS)
