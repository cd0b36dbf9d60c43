"""Absolute effects: the examples of the guidance, directions, and what is refused."""

from __future__ import annotations

import math

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.evidence.absolute import absolute_effect, why_not_absolute

CLOSED = 1e-12


def ratio(mid: float, low: float, high: float) -> Estimate:
    b, a, c = (math.log(x) for x in (mid, low, high))
    return Estimate(estimate=b, se=(c - a) / 3.92, ci_low=a, ci_high=c, level=95, scale="log")


def effect(mid: float, low: float, high: float, without: float, **changes: str):
    asked = {"measure": "HR", "reference_arm": "control", "event_is": "adverse", **changes}
    return absolute_effect(ratio(mid, low, high), without=without, **asked)  # type: ignore[arg-type]


def test_example_of_the_guidance() -> None:
    found = effect(0.88, 0.66, 1.16, 0.250)
    assert round(found.with_, 3) == 0.295
    assert round(1000 * found.with_) - 250 == 45
    assert (round(found.high, 3), round(found.low, 3)) == (0.401, 0.200)


def test_ratio_of_one_changes_nothing() -> None:
    for measure in ("HR", "OR", "RR"):
        found = effect(1.0, 0.8, 1.25, 0.4, measure=measure)
        assert abs(found.difference[0]) < CLOSED
        assert found.low < 0.4 < found.high


def test_the_other_reference_arm_turns_the_ratio() -> None:
    one = effect(0.8, 0.5, 1.25, 0.6)
    other = effect(1.25, 0.8, 2.0, 0.6, reference_arm="intervention")
    for a, b in ((one.with_, other.with_), (one.low, other.low), (one.high, other.high)):
        assert abs(a - b) < CLOSED


def test_a_favourable_event_is_had_and_not_spared() -> None:
    found = effect(2.0, 1.5, 3.0, 0.3, event_is="favourable")
    assert abs(found.with_ - (1 - 0.7**2)) < CLOSED
    assert found.difference[0] > 0


def test_odds_and_risk_ratios_act_on_the_risk() -> None:
    # Risk 0.4, odds 2/3; halved they are 1/3, a risk of 1/4.
    assert abs(effect(0.5, 0.4, 0.7, 0.6, measure="OR").with_ - 0.75) < CLOSED
    assert abs(effect(0.5, 0.4, 0.7, 0.6, measure="RR").with_ - 0.80) < CLOSED
    assert (
        abs(effect(2.0, 1.5, 2.5, 0.25, measure="RR", event_is="favourable").with_ - 0.5) < CLOSED
    )


def test_a_limit_beyond_a_share_is_held_and_said() -> None:
    found = effect(1.2, 0.9, 3.0, 0.5, measure="RR")
    assert (found.low, found.capped) == (0.0, True)
    assert not effect(1.2, 0.9, 1.5, 0.5, measure="RR").capped


def test_an_estimate_beyond_a_share_is_refused() -> None:
    with pytest.raises(DataError, match="more than 1"):
        effect(3.0, 2.0, 4.0, 0.5, measure="RR")


def test_huge_ratios_end_at_none_or_all() -> None:
    wide = Estimate(estimate=0.0, se=500, ci_low=-900, ci_high=900, level=95, scale="log")
    for measure in ("HR", "OR"):
        found = absolute_effect(
            wide, measure=measure, reference_arm="control", event_is="adverse", without=0.5
        )
        assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize("measure", ["MD", "SMD", "RD", "IRR", "survival ratio", "odd"])
def test_measures_without_an_absolute_effect_say_why(measure: str) -> None:
    assert why_not_absolute(measure)
    with pytest.raises(DesignError):
        effect(0.8, 0.6, 1.0, 0.5, measure=measure)


def test_measures_with_one_have_no_excuse() -> None:
    assert [why_not_absolute(m) for m in ("HR", "OR", "RR")] == ["", "", ""]


@pytest.mark.parametrize("without", [0.0, 1.0, -0.1, math.nan])
def test_shares_that_can_not_be(without: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        effect(0.8, 0.6, 1.0, without)


def test_scale_interval_and_arm_are_checked() -> None:
    plain = Estimate(estimate=0.1, se=0.1, ci_low=0, ci_high=0.2, level=95, scale="identity")
    with pytest.raises(DesignError, match="log scale"):
        absolute_effect(
            plain, measure="HR", reference_arm="control", event_is="adverse", without=0.5
        )
    with pytest.raises(DesignError, match="reference arm"):
        effect(0.8, 0.6, 1.0, 0.5, reference_arm="left")
    gap = Estimate(estimate=0.1, se=math.nan, ci_low=math.nan, ci_high=0, level=95, scale="log")
    with pytest.raises(DataError, match="no estimate"):
        absolute_effect(gap, measure="HR", reference_arm="control", event_is="adverse", without=0.5)
