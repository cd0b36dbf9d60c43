"""A person of weight two counts as the same person twice, kept together."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.selection.assess.robustness import (
    BinaryConfounder,
    NormalConfounder,
    Strength,
    anchor,
    explains,
    marginal_sensitivity,
    omitted_bias,
    tipping_confounders,
)
from locoreg.selection.scores import Scores
from tests.selection.robustness.known import hidden_draw, repeated, weighted
from tests.selection.robustness.test_anchor import trial

N = 600


def pair(measure) -> tuple[Scores, Scores]:
    scores = hidden_draw(N, seed=61, measure=measure).scores
    times = np.where(np.arange(N) % 3 == 0, 2.0, 1.0)
    return weighted(scores, times), repeated(scores, times)


def same(first, second) -> None:
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("measure", ["rmst_difference", "survival_difference"])
@pytest.mark.parametrize("some", [False, True], ids=["everybody", "group"])
def test_bounds_and_hidden_bias(measure, some: bool) -> None:
    both = pair(measure)
    treats = [one.X[:, 0] > 0.0 if some else None for one in both]
    strength = Strength(label="s", outcome=0.1, treatment=0.2)
    omitted = [
        omitted_bias(s, treat=t, strengths=[strength]) for s, t in zip(both, treats, strict=True)
    ]
    same(omitted[0].effect, omitted[1].effect)
    same(omitted[0].value, omitted[1].value)
    same(omitted[0].bounds[0].lower, omitted[1].bounds[0].lower)
    same(omitted[0].bounds[0].value_upper, omitted[1].bounds[0].value_upper)
    assert omitted[0].robustness_limit == pytest.approx(omitted[1].robustness_limit)
    margin = [
        marginal_sensitivity(s, treat=t, factors=[1.5]).bounds[0]
        for s, t in zip(both, treats, strict=True)
    ]
    same(margin[0].lower, margin[1].lower)
    same(margin[0].upper, margin[1].upper)
    confounder = BinaryConfounder(
        prevalence_treated=0.3, prevalence_comparator=0.6, hazard_ratio=2.0
    )
    hidden = [explains(s, confounder, treat=t) for s, t in zip(both, treats, strict=True)]
    same(hidden[0].adjusted, hidden[1].adjusted)
    assert hidden[0].outcome == pytest.approx(hidden[1].outcome)


def test_normal_confounder_and_tipping() -> None:
    both = pair("survival_difference")
    normal = NormalConfounder(log_odds=-0.8, log_hazard_ratio=0.6)
    first, second = (explains(one, normal).bias for one in both)
    # Groups of like probability of treatment are made by persons, not by weight.
    assert first == pytest.approx(second, rel=1e-3)
    first, second = (
        tipping_confounders(one, prevalences=[(0.2, 0.6)]).points[0].for_estimate for one in both
    )
    assert first == pytest.approx(second, rel=1e-6)


def test_anchor() -> None:
    first, second = (
        anchor(one, one.X[:, 0] > -0.5, [trial(0.9, 0.1)], widest_ratio=1.5)
        for one in pair("survival_difference")
    )
    same(first.hazard_ratio, second.hazard_ratio)
    same(first.survival_treated, second.survival_treated)
