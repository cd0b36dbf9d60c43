"""Enrichment: shrinkage by hand, and trials in groups that collapse to one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve
from locoreg.planning.enrichment import EnrichmentDesign, GroupEffect, enrich, ratio_of_months
from locoreg.planning.observed import uniform_follow_up
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.testsize import design_power, design_size
from locoreg.planning.twoarm import RestrictedMean, TwoArmDesign

DESIGN = EnrichmentDesign(
    control=ControlCurve(months=(36.0,), survival=(0.55,)), horizon_months=48.0, power=0.9,
    alpha=0.05, sides=2, allocation=0.5, after_months=48.0, dropout_per_year=0.02,
    eligible_per_month=6.0, between_groups_sd=2.0,
)  # fmt: skip
ALL = GroupEffect(label="everybody", share=1.0, effect=2.0, se=1.0)
SOME = GroupEffect(label="selected", share=0.4, effect=6.0, se=2.0)


def test_the_selected_are_drawn_to_the_average() -> None:
    # Prior 2 with variance 2^2 + 1 = 5, data 6 with 4: weights 1/5 and 1/4.
    found = enrich(ALL, SOME, DESIGN, patients=(400,))
    assert abs(found.selected.effect - (6 / 4 + 2 / 5) / (1 / 4 + 1 / 5)) < 1e-12
    assert abs(found.selected.sd - 1 / math.sqrt(1 / 4 + 1 / 5)) < 1e-12
    assert (found.everybody.effect, found.everybody.sd) == (2.0, 1.0)
    loose = enrich(ALL, SOME, replace(DESIGN, between_groups_sd=1e4), patients=(400,))
    assert abs(loose.selected.effect - 6.0) < 1e-4


def test_the_ratio_gives_the_months() -> None:
    ratio = ratio_of_months(DESIGN.control, 48.0, 3.0)
    assert ratio is not None
    h = -math.log(0.55) / 36
    means = [(1 - math.exp(-r * 48)) / r for r in (h, h * ratio)]
    assert abs(means[1] - means[0] - 3.0) < 1e-9
    assert ratio_of_months(DESIGN.control, 48.0, 30.0) is None


def test_patients_are_those_of_the_restricted_mean_design() -> None:
    found = enrich(ALL, SOME, DESIGN, patients=(400,))
    assert found.everybody.hazard_ratio is not None
    assert found.everybody.size is not None
    trial = TwoArmDesign(
        control=DESIGN.control,
        ratio=HazardRatio(starts=(0.0,), ratios=(found.everybody.hazard_ratio,)),
        test=RestrictedMean(horizon_months=48.0, margin_months=0.0), alpha=0.05, sides=2,
        allocation=0.5, follow_up=uniform_follow_up(60.0, 48.0, 0.02),
    )  # fmt: skip
    # Everybody is followed to the horizon, so that the length of accrual changes nothing.
    assert found.everybody.size.patients == design_size(trial, power=0.9).patients
    n = found.everybody.size.patients
    assert found.everybody.accrual_months == n / 6
    assert found.selected.size is not None
    assert found.selected.screened == math.ceil(found.selected.size.patients / 0.4 - 1e-9)


def test_a_group_of_everybody_is_everybody() -> None:
    same = GroupEffect(label="all", share=1.0, effect=2.0, se=1.0)
    found = enrich(ALL, same, DESIGN, patients=(400,))
    assert abs(found.selected.effect - 2.0) < 1e-12
    assert found.needed_effect is not None
    assert abs(found.needed_effect - 2.0) < 0.02


def test_what_the_selected_would_need() -> None:
    """As many eligible looked at: about 1 / sqrt(share) of the effect."""
    found = enrich(ALL, SOME, DESIGN, patients=(400,))
    assert found.needed_effect is not None
    assert found.chance_needed is not None
    assert abs(found.needed_effect / (2 / math.sqrt(0.4)) - 1) < 0.05
    z = (found.needed_effect - found.selected.effect) / found.selected.sd
    assert abs(found.chance_needed - 0.5 * math.erfc(z / math.sqrt(2))) < 1e-12


def test_assurance_without_doubt_is_power() -> None:
    sure = GroupEffect(label="everybody", share=1.0, effect=2.0, se=1e-6)
    found = enrich(sure, SOME, DESIGN, patients=(600,))
    assert found.everybody.hazard_ratio is not None
    trial = TwoArmDesign(
        control=DESIGN.control,
        ratio=HazardRatio(starts=(0.0,), ratios=(found.everybody.hazard_ratio,)),
        test=RestrictedMean(horizon_months=48.0, margin_months=0.0), alpha=0.05, sides=2,
        allocation=0.5, follow_up=uniform_follow_up(12.0, 48.0, 0.02),
    )  # fmt: skip
    power = design_power(trial, patients=600).power
    assert abs(found.everybody.assurance[600][0] - power) < 1e-5


@pytest.mark.parametrize("effect", [-1.0, 0.0])
def test_no_benefit_has_no_size(effect) -> None:
    found = enrich(replace(ALL, effect=effect), SOME, DESIGN, patients=(400,))
    assert found.everybody.size is None
    assert "not there" in found.everybody.refused
    assert found.needed_effect is None
    assert 0 < found.everybody.assurance[400][0] < found.selected.assurance[400][0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: replace(SOME, share=0.0), "share of the eligible"),
        (lambda: replace(SOME, se=0.0), "standard error"),
        (lambda: replace(DESIGN, after_months=12.0), "shorter than the horizon"),
        (lambda: replace(DESIGN, eligible_per_month=0.0), "above 0"),
        (lambda: replace(DESIGN, between_groups_sd=0.0), "above 0"),
        (lambda: enrich(SOME, SOME, DESIGN, patients=(400,)), "everybody is 1"),
    ],
)
def test_what_can_not_be_is_refused(call, words) -> None:
    with pytest.raises(DesignError, match=words):
        call()
