"""Effects of subgroups that were laid down before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.assess import subgroup_effects
from tests.selection.assess.made import made_scores


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(600, 3))
    return made_scores(1.5 * (X[:, 0] > 0.0) + rng.normal(size=600), X)


def halves(scores):
    return {"liver": scores.X[:, 0] > 0.0, "bone": scores.X[:, 1] > 0.0, "old": scores.X[:, 2] > 0}


def test_effects_are_means_and_differences_two_sample(scores):
    made = subgroup_effects(scores, halves(scores), title="site", level=95.0, seed=1)
    inside = scores.X[:, 0] > 0.0
    gamma = scores.gamma
    first = made.groups.groups[0]
    assert first.effect.estimate == pytest.approx(gamma[inside].mean())
    assert first.effect.se == pytest.approx(gamma[inside].std(ddof=1) / np.sqrt(inside.sum()))
    assert first.predicted is None
    difference = made.differences[0].difference
    assert difference.estimate == pytest.approx(gamma[inside].mean() - gamma[~inside].mean())
    welch = np.sqrt(sum(gamma[one].var(ddof=1) / one.sum() for one in (inside, ~inside)))
    assert difference.se == pytest.approx(welch, rel=0.005)


def test_the_modifier_is_found_and_the_others_are_not(scores):
    made = subgroup_effects(scores, halves(scores), title="site", level=95.0, seed=1)
    liver, bone, old = made.differences
    assert liver.p_adjusted < 0.001
    assert min(bone.p_adjusted, old.p_adjusted) > 0.05
    for one in made.differences:
        assert one.p == pytest.approx(
            2.0 * special.ndtr(-abs(one.difference.estimate / one.difference.se))
        )
        # Draws have an error of their own.
        assert one.p_adjusted >= one.p - 0.02
    assert 1.96 < made.groups.critical < special.ndtri(1.0 - 0.025 / 3.0) + 0.05


def test_joint_limits_hold_jointly():
    rng = np.random.default_rng(6)
    joint = 0
    base = made_scores(np.zeros(150), rng.normal(size=(150, 2)))
    for _ in range(200):
        X = rng.normal(size=(150, 2))
        scores = replace(base, X=X, gamma1=rng.normal(size=150))
        groups = {str(k): np.floor(special.ndtr(X[:, 0]) * 5).astype(int) == k for k in range(5)}
        made = subgroup_effects(scores, groups, title="x", level=90.0, seed=1, replicates=400)
        joint += all(one.band_low <= 0.0 <= one.band_high for one in made.groups.groups)
    # Five standard errors of 30 persons each: somewhat below the level.
    assert 0.80 < joint / 200 < 0.96


def test_everybody_has_no_others(scores):
    made = subgroup_effects(
        scores, {"all": np.ones(600, dtype=bool)}, title="x", level=95.0, seed=1
    )
    assert made.differences[0].difference is None
    assert made.differences[0].p_adjusted is None
    assert made.groups.groups[0].effect.estimate == scores.average().estimate
    assert made.to_dict()["differences"][0]["difference"] is None


def test_clusters_widen_intervals():
    rng = np.random.default_rng(9)
    cluster = np.repeat(np.arange(60), 10)
    gamma = rng.normal(size=60)[cluster] + rng.normal(size=600)
    X = rng.normal(size=(600, 2))
    mask = {"first": cluster < 30}
    plain = subgroup_effects(made_scores(gamma, X), mask, title="x", level=95.0, seed=1)
    whole = subgroup_effects(
        made_scores(gamma, X, cluster=cluster), mask, title="x", level=95.0, seed=1
    )
    ratio = whole.groups.groups[0].effect.se / plain.groups.groups[0].effect.se
    # Design effect 1 + 9 / 2 of ten persons with a correlation of a half.
    assert ratio == pytest.approx(np.sqrt(5.5), rel=0.25)


def test_bad_input_is_named(scores):
    with pytest.raises(DesignError, match="there are no subgroups"):
        subgroup_effects(scores, {}, title="x", level=95.0, seed=1)
    with pytest.raises(DataError, match="subgroup 'a' is of type float64"):
        subgroup_effects(scores, {"a": scores.X[:, 0]}, title="x", level=95.0, seed=1)
    with pytest.raises(DesignError, match="subgroup 'a' has 1 persons"):
        subgroup_effects(scores, {"a": np.arange(600) == 3}, title="x", level=95.0, seed=1)
