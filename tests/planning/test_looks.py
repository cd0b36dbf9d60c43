"""Trials with looks: printed designs, simulation, and the trial without looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve, TrialDesign
from locoreg.planning.looks import (
    events_per_patient,
    month_of_events,
    sequential_trial,
    simulated_rejection,
)
from locoreg.planning.size import trial_size
from locoreg.stats.groupsequential import Classical, FutilityRule, Spending

OBF = Spending(name="obrien-fleming")


def design(**changes):
    settings = {
        "hazard_ratio": 0.7, "power": 0.9, "alpha": 0.05, "sides": 2, "allocation": 0.5,
        "control": ControlCurve(months=(36.0,), survival=(0.6,)), "accrual_months": 48.0,
        "follow_up_months": 24.0, "dropout_per_year": 0.02,
    }  # fmt: skip
    return TrialDesign(**{**settings, **changes})


def test_printed_design_of_gsdesign():
    """Printed default of gsDesign(): non-binding, spending HSD -4 and -2, 90% power, 2.5%."""
    trial = sequential_trial(
        design(alpha=0.025, sides=1), fractions=[1 / 3, 2 / 3, 1],
        boundary=Spending(name="hwang-shih-decani", parameter=-4.0),
        futility=FutilityRule(
            spending=Spending(name="hwang-shih-decani", parameter=-2.0), binding=False,
            wedge="inside",
        ),
    )  # fmt: skip
    np.testing.assert_allclose(
        [one.z_benefit for one in trial.looks], [3.01, 2.55, 2.00], atol=6e-3
    )
    np.testing.assert_allclose(
        [one.z_futility for one in trial.looks], [-0.24, 0.94, 2.00], atol=6e-3
    )
    assert trial.sequential.inflation == pytest.approx(1.07, abs=5e-3)


@pytest.mark.parametrize(
    ("name", "looks", "power", "printed"),
    [("pocock", 5, 0.9, 1.207), ("obrien-fleming", 5, 0.9, 1.026), ("pocock", 2, 0.8, 1.110)],
)
def test_inflation_of_jennison_and_turnbull(name, looks, power, printed):
    """Tables 2.2 and 2.4: events are those of Schoenfeld times the printed factor."""
    trial = sequential_trial(
        design(power=power), fractions=np.arange(1, looks + 1) / looks,
        boundary=Classical(name=name), futility=None,
    )  # fmt: skip
    # Events are rounded up, the factor to three digits.
    close = 0.0006 + 1 / trial.events_single
    assert trial.events / trial.events_single == pytest.approx(printed, abs=close)


def test_one_look_is_the_trial_without_looks():
    plain = trial_size(design())
    trial = sequential_trial(design(), fractions=[1.0], boundary=OBF, futility=None)
    assert trial.events == plain.events
    assert abs(trial.patients - plain.patients) <= 1
    assert trial.looks[0].stop_effect == pytest.approx(0.9, abs=1e-6)
    assert trial.looks[0].month == pytest.approx(72, abs=0.3)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("with_futility", [False, True])
def test_simulated_power_and_alpha(sides, with_futility):
    rule = FutilityRule(spending=OBF, binding=True, wedge="inside") if with_futility else None
    trial = sequential_trial(
        design(sides=sides, hazard_ratio=1.4, power=0.8), fractions=[0.3, 0.6, 1.0],
        boundary=Spending(name="pocock"), futility=rule,
    )  # fmt: skip
    assert simulated_rejection(
        trial, hazard_ratio=1.4, trials=100_000, seed=3
    ) == pytest.approx(0.8, abs=0.01)  # fmt: skip
    assert simulated_rejection(
        trial, hazard_ratio=1.0, trials=100_000, seed=4
    ) == pytest.approx(0.05 / sides, abs=0.003)  # fmt: skip


def test_hazard_ratio_at_the_boundary_by_hand():
    trial = sequential_trial(
        design(allocation=0.4), fractions=[0.5, 1], boundary=OBF, futility=None
    )
    look = trial.looks[0]
    events = 0.5 * trial.events_single * trial.sequential.inflation
    assert look.hr_benefit == pytest.approx(math.exp(-look.z_benefit / math.sqrt(0.24 * events)))
    assert math.isnan(look.hr_futility)
    expected = look.events * look.stop_effect + trial.events * (1 - look.stop_effect)
    assert trial.expected_events_effect == pytest.approx(expected, abs=1)


def test_months_bring_the_events():
    plan = design()
    trial = sequential_trial(plan, fractions=[0.2, 0.5, 1], boundary=OBF, futility=None)
    months = [look.month for look in trial.looks]
    assert months == sorted(months)
    for look in trial.looks:
        there = trial.patients * events_per_patient(plan, look.month, ratio=0.7)
        assert there == pytest.approx(look.events, abs=1e-4)
    assert events_per_patient(plan, 0.0, ratio=0.7) == 0
    # Half way through the accrual, by simulation of nothing but the exponential.
    rate = -math.log(0.6) / 36
    lost = plan.dropout_hazard
    total = sum(
        0.5 * h / (h + lost) * (24 - (1 - math.exp(-(h + lost) * 24)) / (h + lost)) / 48
        for h in (rate, 0.7 * rate)
    )
    assert events_per_patient(plan, 24.0, ratio=0.7) == pytest.approx(total, rel=1e-9)
    assert math.isinf(month_of_events(plan, 10_000, patients=10_000, ratio=0.7))


def test_summary_and_dict():
    trial = sequential_trial(design(), fractions=[0.5, 1], boundary=OBF, futility=None)
    text = trial.summary()
    assert f"{trial.events:,} events at the last of 2 looks" in text
    assert "hazard ratio 0." in text
    assert trial.to_dict()["looks"][1]["events"] == trial.events


def test_refusals():
    with pytest.raises(DesignError):
        sequential_trial(design(), fractions=[0.5, 0.9], boundary=OBF, futility=None)
    with pytest.raises(DesignError):
        sequential_trial(design(hazard_ratio=0.9999), fractions=[1], boundary=OBF, futility=None)
    trial = sequential_trial(design(), fractions=[1], boundary=OBF, futility=None)
    with pytest.raises(DesignError):
        simulated_rejection(trial, hazard_ratio=0.0, trials=10, seed=1)
