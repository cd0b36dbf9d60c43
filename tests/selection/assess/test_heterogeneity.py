"""The test of heterogeneity: its level, its power, and what does not hold the level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from locoreg.core.errors import DesignError
from locoreg.selection.assess import (
    crossfit,
    crossfit_sequential,
    heterogeneity_test,
    ranking_area,
)
from locoreg.stats.rankweighted import rank_weighted, rank_weighted_test
from tests.selection.assess.made import Column, Ridge, made_scores

PERSONS, REPLICATES = 400, 400
LEARNER = Ridge(penalty=float(PERSONS))


@pytest.fixture(scope="module")
def under_the_null():
    """p-values and statistics of designs where effects don't differ."""
    rng = np.random.default_rng(20)
    base = made_scores(np.zeros(PERSONS), rng.normal(size=(PERSONS, 5)))
    rows = []
    for _ in range(REPLICATES):
        X, gamma = rng.normal(size=(PERSONS, 5)), 3.0 * rng.normal(size=PERSONS)
        scores = replace(base, X=X, gamma1=gamma, fold=rng.permutation(PERSONS) % 5)
        held = crossfit(scores, LEARNER, seed=1)
        sequential = crossfit_sequential(scores, LEARNER, seed=1, known=held)
        test = heterogeneity_test(scores, sequential, target="autoc", level=95.0)
        # Common practice: the mean of the folds' statistics of an ordinary cross-fit.
        common = heterogeneity_test(
            scores, replace(held, design="external"), target="autoc", level=95.0
        )
        within = ranking_area(scores, held, target="autoc", level=95.0)
        pooled = rank_weighted(gamma, held.effect, level=95.0)
        own = LEARNER.fit(scores, seed=1).model.predict(X)
        rows.append(
            (
                test.p,
                test.slope_p,
                common.p,
                within.estimate / within.se,
                pooled.estimate / pooled.se,
                rank_weighted_test(gamma, own).p,
            )
        )
    return np.array(rows)


def rejections(p):
    """Return the bounds of 99.9 percent for the number rejected at 5 percent."""
    low, high = stats.binom.interval(0.999, REPLICATES, 0.05)
    return low <= (p < 0.05).sum() <= high, (p < 0.05).mean()


def test_sequential_folds_hold_the_level(under_the_null):
    assert rejections(under_the_null[:, 0])[0]
    assert rejections(under_the_null[:, 1])[0]


def test_the_mean_of_ordinary_folds_does_not(under_the_null):
    inside, rate = rejections(under_the_null[:, 2])
    assert not inside
    assert rate > 0.1


def test_noise_passes_on_the_persons_of_the_training(under_the_null):
    assert (under_the_null[:, 5] < 0.05).mean() > 0.5


def test_ranks_over_folds_together_are_biased_downwards(under_the_null):
    within, pooled = under_the_null[:, 3], under_the_null[:, 4]
    # Standard error of a mean of 400 statistics of spread 1.4: 0.07.
    assert abs(within.mean()) < 0.25
    assert pooled.mean() < -0.5


@pytest.fixture(scope="module")
def linear():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(1000, 4))
    return made_scores(0.6 * X[:, 0] + 2.0 * rng.normal(size=1000), X)


def test_a_difference_is_found(linear):
    held = crossfit_sequential(linear, Ridge(penalty=10.0), seed=1)
    made = heterogeneity_test(linear, held, target="autoc", level=95.0)
    assert made.found
    assert made.slope_p < 0.001
    assert len(made.folds) == 4
    assert made.statistic == pytest.approx(sum(one.statistic for one in made.folds) / 2.0)
    assert made.p == pytest.approx(special.ndtr(-made.statistic))
    assert made.area.estimate == pytest.approx(np.mean([one.area.estimate for one in made.folds]))
    assert made.area.se == pytest.approx(np.sqrt(sum(one.area.se**2 for one in made.folds)) / 4.0)


@pytest.mark.parametrize(("target", "variance"), [("autoc", 1.0), ("qini", 1.0 / 12.0)])
def test_detectable_differences_follow_their_formula(linear, target, variance):
    held = crossfit_sequential(linear, Column(place=1), seed=1)
    made = heterogeneity_test(linear, held, target=target, level=95.0, power=80.0)
    spread = linear.gamma[linear.fold > 0].std()
    expected = (1.645 + 0.842) * np.sqrt(variance) * spread / np.sqrt(800)
    assert made.detectable == pytest.approx(expected, rel=0.01)
    # A ranking without error of halves that differ by 1 has this area.
    halves = np.repeat([1.0, 0.0], 5000)
    area = rank_weighted(halves, halves, level=95.0, target=target).estimate
    assert made.detectable_difference == pytest.approx(expected / area, rel=0.01)


def test_the_detectable_difference_is_found_with_its_power():
    rng = np.random.default_rng(17)
    found = 0
    base = made_scores(np.zeros(300), rng.normal(size=(300, 2)))
    for _ in range(200):
        X = rng.normal(size=(300, 2))
        half = rng.permutation(300) < 150
        X[:, 0] = half + 0.5 * rng.random(300)
        noise = rng.normal(size=300)
        scores = replace(base, X=X, gamma1=noise)
        held = crossfit_sequential(scores, Column(place=0), seed=1)
        apart = heterogeneity_test(scores, held, target="autoc", level=95.0).detectable_difference
        there = replace(scores, gamma1=noise + apart * half)
        found += heterogeneity_test(there, held, target="autoc", level=95.0).found
    # 80 percent, within three standard errors.
    assert 0.715 < found / 200 < 0.885


def test_equal_predictions_count_as_nothing(linear):
    held = crossfit_sequential(linear, Ridge(penalty=np.inf), seed=1)
    made = heterogeneity_test(linear, held, target="autoc", level=95.0)
    assert made.constant_folds == 4
    assert (made.statistic, made.p) == (0.0, 0.5)
    assert all(one.slope is None for one in made.folds)
    assert made.to_dict()["folds"][0]["slope"] is None


def test_ordinary_folds_are_refused(linear):
    held = crossfit(linear, Column(place=0), seed=1)
    with pytest.raises(DesignError, match="reject too often"):
        heterogeneity_test(linear, held, target="autoc", level=95.0)


def test_a_fold_of_one_cluster_is_refused():
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(3), 20)
    scores = made_scores(
        rng.normal(size=60), rng.normal(size=(60, 2)), fold=cluster, cluster=cluster, folds=3
    )
    held = crossfit_sequential(scores, Column(place=0), seed=1)
    with pytest.raises(DesignError, match="20 persons of 1 clusters"):
        heterogeneity_test(scores, held, target="autoc", level=95.0)
