"""E-values: published examples and special cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.sensitivity import (
    ArmValues,
    bounding_factor,
    e_value,
    e_value_of_difference,
    e_values_of,
)
from tests.emulation import designs

# Printed digits.
THREE = 6e-4
FIVE = 6e-6


def ratio(mid, low=math.nan, high=math.nan, level=95.0):
    return Estimate(
        estimate=math.log(mid),
        se=math.nan,
        ci_low=math.log(low),
        ci_high=math.log(high),
        level=level,
        scale="log",
    )


def test_example_of_vanderweele_and_ding():
    found = e_value(ratio(3.9, 1.8, 8.7), measure="RR", outcome="common")
    assert found.e_value == pytest.approx(7.263, abs=THREE)
    assert found.e_value_limit == pytest.approx(3.0, abs=THREE)
    assert "7.26" in found.summary()


def test_protective_ratios_are_turned_round():
    one = e_value(ratio(1 / 3.9, 1 / 8.7, 1 / 1.8), measure="RR", outcome="common")
    assert one.e_value == pytest.approx(7.263, abs=THREE)
    assert one.e_value_limit == pytest.approx(3.0, abs=THREE)
    assert one.limit == pytest.approx(1 / 1.8)


def test_hazard_ratio_common_and_rare():
    common = e_value(ratio(0.56), measure="HR", outcome="common")
    assert common.risk_ratio == pytest.approx(0.6701, abs=6e-5)
    assert common.e_value == pytest.approx(2.350, abs=THREE)
    assert e_value(ratio(0.56), measure="HR", outcome="rare").e_value == pytest.approx(
        2.970, abs=THREE
    )
    assert math.isnan(common.e_value_limit)


def test_odds_ratio_common_is_its_root():
    common = e_value(ratio(4.0), measure="OR", outcome="common")
    assert common.risk_ratio == pytest.approx(2.0)


def test_nhefs_deaths():
    nhefs = pytest.importorskip("causaldata").nhefs.load_pandas().data
    died, quit_smoking = nhefs["death"], nhefs["qsmk"] == 1
    rr = died[quit_smoking].mean() / died[~quit_smoking].mean()
    assert rr == pytest.approx(1.32509, abs=FIVE)
    assert e_value(ratio(rr), measure="RR", outcome="common").e_value == pytest.approx(
        1.98143, abs=FIVE
    )


def test_no_effect_and_intervals_that_hold_it():
    assert e_value(ratio(1.0, 0.5, 2.0), measure="RR", outcome="rare").e_value == 1.0
    found = e_value(ratio(1.4, 0.9, 2.2), measure="RR", outcome="rare")
    assert found.e_value > 1.0
    assert found.e_value_limit == 1.0


@pytest.mark.parametrize("hr", [1e-6, 0.2, 1.0, 5.0, 1e6])
def test_the_risk_ratio_of_a_hazard_ratio_is_symmetric(hr):
    one = e_value(ratio(hr), measure="HR", outcome="common")
    other = e_value(ratio(1 / hr), measure="HR", outcome="common")
    assert one.risk_ratio * other.risk_ratio == pytest.approx(1.0)
    assert one.e_value == pytest.approx(other.e_value)


@pytest.mark.parametrize("rr", [1.2, 2.0, 7.0])
def test_a_confounder_of_that_strength_explains_it(rr):
    strength = e_value(ratio(rr), measure="RR", outcome="rare").e_value
    assert bounding_factor(strength, strength) == pytest.approx(rr)


def test_against_another_value():
    found = e_value(ratio(3.9, 1.8, 8.7), measure="RR", outcome="common", against=1.8)
    assert found.e_value == pytest.approx(3.9 / 1.8 + math.sqrt(3.9 / 1.8 * (3.9 / 1.8 - 1)))
    assert found.e_value_limit == 1.0


def arms(**changes):
    values = {
        "treated": 0.3,
        "comparator": 0.5,
        "se_treated": 0.03,
        "se_comparator": 0.04,
        "se_difference": 0.05,
        "level": 95.0,
    }
    return ArmValues(**{**values, **changes})


def test_difference_is_that_of_the_ratio():
    found = e_value_of_difference(arms())
    assert found.e_value == pytest.approx(5 / 3 + math.sqrt(5 / 3 * (5 / 3 - 1)))
    assert found.estimate == pytest.approx(-0.2)
    assert found.limit == pytest.approx(-0.2 + 1.959964 * 0.05, abs=1e-6)


@pytest.mark.parametrize("se_difference", [0.05, 0.02, 0.069])
def test_fieller_limit_by_search(se_difference):
    values = arms(se_difference=se_difference)
    z = 1.959963984540054
    grid = np.linspace(0.0, 2.0, 400_001)
    distance = (values.treated - grid * values.comparator) ** 2
    variance = (
        values.se_treated**2 + grid**2 * values.se_comparator**2 - 2 * grid * values.covariance
    )
    inside = grid[distance <= z * z * variance]
    found = values.ratio_limits(z)
    assert found == pytest.approx((inside[0], inside[-1]), abs=1e-5)


def test_difference_that_may_be_none():
    found = e_value_of_difference(arms(treated=0.45))
    assert found.e_value_limit == 1.0


def test_few_events_in_the_comparator():
    assert e_value_of_difference(arms(comparator=0.05, se_comparator=0.04)).e_value_limit == 1.0
    with pytest.raises(DesignError, match="no events"):
        e_value_of_difference(arms(comparator=0.0))


def test_of_an_effect():
    cohort = designs.lt1(1500, 3, log_hazard=math.log(0.6))
    effect = make_method("ever_treated", {}).estimate(
        cohort, designs.question(), Inference(interval="bootstrap", replicates=40, seed=1)
    )
    found = e_values_of(effect, outcome="common")
    assert [one.measure for one in found] == ["RD", "RD", "RD", "HR"]
    assert [one.at_months for one in found] == [6.0, 12.0, 36.0, None]
    assert " at 36 months; " in found[2].summary()
    comparator, treated = (1 - arm.estimate[arm.time == 36.0][0] for arm in effect.arms)
    assert found[2].risk_ratio == pytest.approx(treated / comparator)


def test_wrong_scale_and_values():
    plain = Estimate(estimate=0.1, se=0.1, ci_low=0.0, ci_high=0.2, level=95.0, scale="identity")
    with pytest.raises(DesignError, match="log scale"):
        e_value(plain, measure="RR", outcome="rare")
    with pytest.raises(DesignError, match="between 0 and 1"):
        arms(treated=1.2)
    with pytest.raises(DesignError, match="against"):
        e_value(ratio(2.0), measure="RR", outcome="rare", against=0.0)
