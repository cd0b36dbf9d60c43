"""Bounds of omitted-variable bias."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.assess.robustness import (
    BinaryConfounder,
    Strength,
    bias_contours,
    explains,
    omitted_bias,
)
from tests.selection.robustness.known import hidden_draw, known_scores, reversed_scores


@pytest.fixture(scope="module")
def confounded():
    return hidden_draw(4000, seed=1)


def four_persons():
    """Two live beyond the horizon of 10 months; everybody's chance of treatment is a half."""
    return known_scores(
        time=np.array([12.0, 4.0, 15.0, 7.0]),
        event=np.ones(4),
        treated=np.array([1, 1, 0, 0]),
        covariates={"x": np.array([0.0, 1.0, 2.0, 3.0])},
        propensity=np.full(4, 0.5),
        means=(np.full(4, 0.4), np.full(4, 0.7)),
        measure="survival_difference",
        horizon=10.0,
    )


def test_four_persons_by_hand() -> None:
    scores = four_persons()
    found = omitted_bias(
        scores, strengths=[Strength(label="s", outcome=0.2, treatment=0.5, correlation=0.5)]
    )
    # Gamma: 0.3 + 2 (1 - 0.7), 0.3 + 2 (0 - 0.7), 0.3 - 2 (1 - 0.4), 0.3 - 2 (0 - 0.4).
    effect = (0.9 - 1.1 - 0.9 + 1.1) / 4
    variance = (0.3**2 + 0.7**2 + 0.6**2 + 0.4**2) / 4
    assert found.effect.estimate == pytest.approx(effect, abs=1e-12)
    assert found.residual_variance == pytest.approx(variance)
    # 2 (2 + 2) - 2^2 for each of them.
    assert found.weight_square == pytest.approx(4.0)
    bias = 0.5 * math.sqrt(0.2 * 0.5 / 0.5) * math.sqrt(variance * 4.0)
    assert found.bounds[0].bias == pytest.approx(bias)
    assert found.bounds[0].lower.estimate == pytest.approx(effect - bias)
    assert found.bounds[0].upper.estimate == pytest.approx(effect + bias)


def test_robustness_solves_its_equation() -> None:
    found = omitted_bias(four_persons(), against=-0.5)
    share = found.robustness
    assert share / math.sqrt(1.0 - share) * found.scale == pytest.approx(0.5)


def test_strength_at_robustness_brings_effect_and_interval_to_the_goal(confounded) -> None:
    first = omitted_bias(confounded.scores)
    assert 0.0 < first.robustness_limit < first.robustness
    at = [
        Strength(label="effect", outcome=first.robustness, treatment=first.robustness),
        Strength(label="limit", outcome=first.robustness_limit, treatment=first.robustness_limit),
    ]
    found = omitted_bias(confounded.scores, strengths=at)
    assert found.bounds[0].lower.estimate == pytest.approx(0.0, abs=1e-12)
    assert found.bounds[1].lower.ci_low == pytest.approx(0.0, abs=1e-9)
    assert found.bounds[1].lower.estimate > 0.0


def test_effect_below_the_goal_is_bounded_from_above(confounded) -> None:
    first = omitted_bias(confounded.scores, against=1.0)
    at = Strength(label="s", outcome=first.robustness_limit, treatment=first.robustness_limit)
    found = omitted_bias(confounded.scores, against=1.0, strengths=[at])
    assert found.bounds[0].upper.ci_high == pytest.approx(1.0, abs=1e-9)


def test_truth_lies_within_the_bounds_of_its_confounder(confounded) -> None:
    made = explains(
        confounded.scores,
        BinaryConfounder(prevalence_treated=0.3, prevalence_comparator=0.6, hazard_ratio=2.5),
    )
    assert 0.0 < made.correlation <= 1.0
    strength = Strength(
        label="hidden", outcome=made.outcome, treatment=made.treatment,
        correlation=made.correlation,
    )  # fmt: skip
    bound = omitted_bias(confounded.scores, strengths=[strength]).bounds[0]
    # At its own correlation the bound is the bias itself, up to the error of the variance.
    assert bound.bias == pytest.approx(confounded.seen - confounded.truth, rel=0.03)
    assert abs(bound.lower.estimate - confounded.truth) < 4.0 * bound.lower.se


def test_standard_error_of_a_bound_over_draws() -> None:
    strength = Strength(label="s", outcome=0.2, treatment=0.3)
    bounds = [
        omitted_bias(hidden_draw(400, seed=s).scores, strengths=[strength]).bounds[0].lower
        for s in range(100, 250)
    ]
    spread = np.std([one.estimate for one in bounds], ddof=1)
    # 150 draws tell a standard deviation to 6%; 20% is over three of its errors.
    assert np.mean([one.se for one in bounds]) == pytest.approx(spread, rel=0.2)


def test_group_of_everybody_is_everybody(confounded) -> None:
    everybody = omitted_bias(confounded.scores)
    half = omitted_bias(confounded.scores, treat=np.full(confounded.scores.n, 0.5))
    assert half.effect == everybody.effect
    assert half.robustness_limit == pytest.approx(everybody.robustness_limit)
    assert half.share == pytest.approx(0.5)
    assert half.value.estimate == pytest.approx(everybody.effect.estimate / 2.0)


def test_value_is_that_of_the_policy(confounded) -> None:
    scores = confounded.scores
    treat = scores.X[:, 0] > 0.0
    found = omitted_bias(scores, treat=treat, against=0.02)
    gain = treat * (scores.gamma - 0.02)
    assert found.value.estimate == pytest.approx(gain.mean())
    assert found.value.se == pytest.approx(gain.std(ddof=1) / math.sqrt(scores.n))
    assert found.effect.estimate == pytest.approx(scores.gamma[treat].mean())


def test_clusters_widen_the_interval_where_they_are_alike() -> None:
    scores = hidden_draw(300, seed=4).scores
    order = np.argsort(scores.gamma)
    cluster = np.empty(300, dtype=np.int64)
    cluster[order] = np.arange(300) // 10
    grouped = replace(scores, data=replace(scores.data, cluster=cluster))
    assert omitted_bias(grouped).effect.se > 2.0 * omitted_bias(scores).effect.se


def test_order_of_persons_changes_nothing(confounded) -> None:
    first, second = (
        omitted_bias(confounded.scores),
        omitted_bias(reversed_scores(confounded.scores)),
    )
    assert second.robustness_limit == pytest.approx(first.robustness_limit, rel=1e-9)
    assert second.reading == first.reading


def test_variance_is_that_of_the_uncensored_outcome() -> None:
    rng = np.random.default_rng(3)
    n, horizon = 20_000, 20.0
    died, lost = rng.exponential(15.0, n), rng.exponential(40.0, n)
    r = 15.0 * -math.expm1(-horizon / 15.0)
    scores = known_scores(
        time=np.minimum(died, lost),
        event=died <= lost,
        treated=rng.random(n) < 0.5,
        covariates={"x": rng.random(n)},
        propensity=np.full(n, 0.5),
        means=(np.full(n, r), np.full(n, r)),
        measure="rmst_difference",
        horizon=horizon,
        uncensored=np.exp(-np.minimum(np.minimum(died, lost), horizon) / 40.0),
    )
    truth = np.var(np.minimum(died, horizon))
    # Inverse-probability weights: the standard error of the variance is about 1%.
    assert omitted_bias(scores).residual_variance == pytest.approx(truth, rel=0.04)


def test_late_entry_leaves_the_variance_to_those_seen_from_the_start() -> None:
    scores = hidden_draw(400, seed=6).scores
    late = np.where(np.arange(400) < 100, 0.5, 0.0)
    some = replace(scores, data=replace(scores.data, entry=late))
    found = omitted_bias(some)
    own = np.where(scores.data.treated, scores.treated_mean, scores.comparator_mean)
    gap = (scores.outcome - own) ** 2
    assert found.residual_variance == pytest.approx(gap[100:].mean())
    assert "100 entered later" in found.notes[0]
    everybody = replace(scores, data=replace(scores.data, entry=np.full(400, 0.5)))
    assert omitted_bias(everybody).residual_variance == pytest.approx(gap.mean())
    assert "wider than they need be" in omitted_bias(everybody).notes[0]


def test_contours(confounded) -> None:
    result = omitted_bias(confounded.scores)
    grid = (0.0, 0.05, result.robustness)
    made = bias_contours(result, outcome=grid, treatment=grid)
    table = np.array(made.bound)
    assert table[0] == pytest.approx(result.effect.estimate)
    assert table[-1, -1] == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(table[1:], axis=1) < 0.0).all()
    assert json.loads(json.dumps(made.to_dict(), allow_nan=False)) == made.to_dict()


def test_reading_says_the_numbers(confounded) -> None:
    found = omitted_bias(confounded.scores)
    assert f"{100.0 * found.robustness:.1f}% of what covariates leave" in found.reading
    assert f"{100.0 * found.robustness_limit:.1f}% would bring its interval" in found.reading
    none = omitted_bias(confounded.scores, against=found.effect.estimate)
    assert none.robustness == none.robustness_limit == 0.0
    assert "holds it" not in none.reading
    assert "already" in none.reading


def test_json(confounded) -> None:
    found = omitted_bias(
        confounded.scores,
        treat=confounded.scores.X[:, 0] > 0.0,
        strengths=[Strength(label="s", outcome=0.1, treatment=0.1)],
    )
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


@pytest.mark.parametrize(
    ("treat", "error", "words"),
    [
        (np.ones(3), DataError, "shape"),
        (np.full(4, 2.0), DataError, "between 0 and 1"),
        (np.full(4, np.nan), DataError, "between 0 and 1"),
        (np.zeros(4), DesignError, "treats nobody"),
    ],
    ids=["length", "above-1", "unknown", "nobody"],
)
def test_bad_treat(treat, error, words: str) -> None:
    with pytest.raises(error, match=words):
        omitted_bias(four_persons(), treat=treat)


@pytest.mark.parametrize("given", [{"outcome": 1.0, "treatment": 0.1},
                                   {"outcome": 0.1, "treatment": -0.1},
                                   {"outcome": 0.1, "treatment": math.nan},
                                   {"outcome": 0.1, "treatment": 0.1, "correlation": 1.1}],
                         ids=["all", "negative", "nan", "correlation"])  # fmt: skip
def test_bad_strength(given) -> None:
    with pytest.raises(DesignError, match="the strength 'age' has"):
        Strength(label="age", **given)
