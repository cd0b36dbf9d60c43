"""Power of log-rank, restricted mean and landmark tests: reference numbers and special cases."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import integrate

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve
from locoreg.planning.followed import event_probability
from locoreg.planning.observed import Accrual, FollowUp, uniform_follow_up
from locoreg.planning.piecewise import HazardRatio, PiecewiseCurve, curves_of
from locoreg.planning.testsize import design_power, design_size
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign, drift

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "planning" / "npsurvss.json").read_text("utf-8")
)
# Theirs is adaptive with 1e-4 relative, and does not break where a hazard jumps.
QUADRATURE = 1e-4
# Where several hazards jump their events are 6e-5 off the closed form, and their power with them.
JUMPS = 3e-4
CLOSED = 1e-9
# Of a power, what the normal approximation of Schoenfeld leaves with equal arms.
POINT = 0.01

SUPERIOR = {
    "logrank": LogRank(margin=1.0),
    "rmst": RestrictedMean(horizon_months=42.0, margin_months=0.0),
    "survival": Landmark(at_months=36.0, scale="plain", margin=0.0),
}


def curve(starts, hazards):
    made = PiecewiseCurve(starts=tuple(starts), hazards=tuple(hazards))
    months = (*starts[1:], starts[-1] + 30.0)
    return ControlCurve(months=months, survival=tuple(made.survival(months).tolist()))


def trial(**changes):
    asked = {
        "control": curve((0.0,), (0.014,)), "ratio": HazardRatio(starts=(0.0,), ratios=(0.7,)),
        "test": LogRank(margin=1.0), "alpha": 0.05, "sides": 2, "allocation": 0.5,
        "follow_up": uniform_follow_up(36.0, 24.0, -math.expm1(-12 * 0.004)),
    }  # fmt: skip
    return TwoArmDesign(**{**asked, **changes})


def follow(accrual, after, ends=None, rates=(1.0,)):
    return FollowUp(
        accrual=Accrual(ends=ends or (accrual,), rates=rates), after_months=after,
        dropout_per_year=-math.expm1(-12 * 0.004),
    )  # fmt: skip


CASES = {
    "ph": trial(),
    "unequal": trial(allocation=2 / 3),
    "delayed": trial(
        control=curve((0.0,), (0.02,)), follow_up=follow(24.0, 36.0),
        ratio=HazardRatio(starts=(0.0, 6.0), ratios=(1.0, 0.55)),
    ),
    "crossing": trial(
        control=curve((0.0, 10.0, 30.0), (0.01, 0.03, 0.02)), follow_up=follow(12.0, 40.0),
        ratio=HazardRatio(starts=(0.0, 10.0, 30.0), ratios=(2.0, 0.4, 0.6)), allocation=0.4,
    ),
    "ramp": trial(follow_up=follow(36.0, 24.0, (12.0, 36.0), (0.2 / 12, 0.8 / 24))),
}  # fmt: skip


@pytest.mark.parametrize("row", REFERENCE["rows"], ids=lambda r: f"{r['case']}-{r['test']}")
def test_power_is_that_of_npsurvss(row):
    design = replace(CASES[row["case"]], test=SUPERIOR[row["test"]])
    found = design_power(design, patients=REFERENCE["patients"])
    treated = design.allocation * REFERENCE["patients"]
    events = treated * found.drift.events_intervention
    events += (REFERENCE["patients"] - treated) * found.drift.events_control
    assert abs(events / row["events"] - 1) < QUADRATURE
    off = JUMPS if row["case"] == "crossing" else QUADRATURE
    assert abs(found.power - row["power"]) < off


def medians(**changes):
    """Return the design of the vignette: medians 12 and 15, losses with a median of 120."""
    asked = {
        "control": ControlCurve(months=(12.0,), survival=(0.5,)),
        "ratio": HazardRatio(starts=(0.0,), ratios=(12 / 15,)), "alpha": 0.025, "sides": 1,
        "follow_up": uniform_follow_up(6.0, 12.0, 1 - 0.5 ** (12 / 120)),
        "test": Landmark(at_months=12.0, scale="plain", margin=0.0),
    }  # fmt: skip
    return trial(**{**asked, **changes})


def test_landmark_as_printed() -> None:
    """npsurvSS, vignette "Basic functionalities": power 0.2050328; 1459.218 patients, 755.9768."""
    found = design_power(medians(), patients=240)
    assert round(found.power, 5) == 0.20503
    assert round(found.events, 2) == 124.34
    size = design_size(medians(), power=0.8)
    assert size.patients == 2 * math.ceil(1459.218 / 2)
    assert abs(size.events - 755.9768 * size.patients / 1459.218) < 1e-2


def test_logrank_is_near_the_printed_one_of_another_variance() -> None:
    """The same source with its simple variance: 1219.496 patients, 631.7837 events."""
    size = design_size(medians(test=LogRank(margin=1.0)), power=0.8)
    assert abs(size.patients / 1219.496 - 1) < 5e-3


# The closed form has uniform accrual.
UNIFORM = [case for case in CASES if case != "ramp"]


@pytest.mark.parametrize("case", UNIFORM)
def test_events_are_those_of_the_closed_form(case):
    design = CASES[case]
    found = drift(design)
    for arm, curve_of in zip(("control", "intervention"), design.curves(), strict=True):
        seen = event_probability(
            curve_of.starts, curve_of.hazards, dropout_hazard=design.follow_up.dropout_hazard,
            accrual_months=design.follow_up.accrual.months,
            follow_up_months=design.follow_up.after_months,
        )  # fmt: skip
        assert abs(getattr(found, f"events_{arm}") - seen) < CLOSED


def test_restricted_mean_variance_is_the_double_integral() -> None:
    design = trial(test=SUPERIOR["rmst"])
    h, loss = 0.014, design.follow_up.dropout_hazard

    def followed(t):
        return math.exp(-loss * t) * min(1.0, (60 - t) / 36)

    def variance(rate):
        def inner(t):
            left = (math.exp(-rate * t) - math.exp(-rate * 42)) / rate
            return left**2 * rate / (math.exp(-rate * t) * followed(t))

        return integrate.quad(inner, 0, 42, points=[24], epsabs=1e-11)[0]

    means = [(1 - math.exp(-r * 42)) / r for r in (h, 0.7 * h)]
    found = drift(design)
    assert abs(found.effect - (means[1] - means[0])) < CLOSED
    assert abs(found.spread**2 - 2 * (variance(h) + variance(0.7 * h))) < 1e-7


def test_without_censoring_before_it_a_landmark_is_a_share() -> None:
    """Everybody is followed to the landmark: Greenwood's variance is the binomial one."""
    follow_up = uniform_follow_up(12.0, 60.0, 0.0)
    design = trial(test=Landmark(at_months=36.0, scale="plain", margin=0.0), follow_up=follow_up)
    shares = [math.exp(-0.014 * 36), math.exp(-0.014 * 0.7 * 36)]
    found = drift(design)
    assert abs(found.spread**2 - sum(2 * p * (1 - p) for p in shares)) < CLOSED
    loglog = drift(replace(design, test=Landmark(at_months=36.0, scale="log-log", margin=0.0)))
    assert abs(loglog.effect + math.log(0.7)) < CLOSED


def test_schoenfeld_is_the_limit_of_small_effects() -> None:
    near = trial(ratio=HazardRatio(starts=(0.0,), ratios=(0.97,)))
    size = design_size(near, power=0.8)
    assert size.power_of_events is not None
    assert abs(size.power - size.power_of_events) < 1e-3


@pytest.mark.parametrize("name", SUPERIOR)
@pytest.mark.parametrize("power", [0.6, 0.8, 0.95])
def test_size_and_power_are_inverse(name, power):
    design = trial(test=SUPERIOR[name])
    size = design_size(design, power=power)
    assert size.power >= power
    fewer = design_power(design, patients=size.patients - 2)
    assert fewer.power < power


@pytest.mark.parametrize("name", SUPERIOR)
def test_no_effect_has_the_level_on_each_side(name):
    design = trial(test=SUPERIOR[name], ratio=HazardRatio(starts=(0.0,), ratios=(1.0,)))
    found = drift(design)
    assert abs(found.power(400, design.z_alpha) - 0.025) < 1e-9
    assert abs(found.power_of_harm(400, design.z_alpha) - 0.025) < 1e-9
    with pytest.raises(DesignError, match="better side of the margin"):
        design_size(design, power=0.9)


def test_exchanging_the_arms_exchanges_benefit_and_harm() -> None:
    design = trial()
    turned = trial(
        control=curve((0.0,), (0.014 * 0.7,)), ratio=HazardRatio(starts=(0.0,), ratios=(1 / 0.7,))
    )
    one, other = drift(design), drift(turned)
    assert abs(one.power(300, 1.96) - other.power_of_harm(300, 1.96)) < CLOSED


def test_a_margin_moves_the_null() -> None:
    """At the margin the power is alpha; beyond it the trial is larger."""
    margin = LogRank(margin=1.3)
    at = trial(test=margin, ratio=HazardRatio(starts=(0.0,), ratios=(1.3,)))
    assert abs(drift(at).power(500, at.z_alpha) - 0.025) < 1e-6
    months = RestrictedMean(horizon_months=42.0, margin_months=2.0)
    alike = trial(ratio=HazardRatio(starts=(0.0,), ratios=(1.0,)), test=months)
    assert abs(drift(alike).mean - 2.0) < CLOSED
    assert design_size(alike, power=0.9).patients > 0


def test_an_effect_that_begins_late_needs_more_patients() -> None:
    early = design_size(trial(), power=0.9).patients
    late = trial(ratio=HazardRatio(starts=(0.0, 12.0), ratios=(1.0, 0.7)))
    assert design_size(late, power=0.9).patients > 1.3 * early


def test_pieces_of_one_rate_are_one_rate() -> None:
    once = drift(trial())
    twice = drift(
        trial(
            control=curve((0.0, 7.0), (0.014, 0.014)),
            ratio=HazardRatio(starts=(0.0, 11.0), ratios=(0.7, 0.7)),
            follow_up=follow(36.0, 24.0, (10.0, 36.0), (2.0, 2.0)),
        )
    )
    for name in ("mean", "spread", "spread_null", "events_control", "effect"):
        assert abs(getattr(once, name) - getattr(twice, name)) < CLOSED


def test_curves_read_at_their_own_points() -> None:
    control = ControlCurve(months=(12.0, 36.0), survival=(0.8, 0.5))
    first, second = curves_of(control, HazardRatio(starts=(0.0, 6.0), ratios=(1.0, 0.5)))
    assert abs(float(first.survival(36.0)) - 0.5) < CLOSED
    area = integrate.quad(lambda t: float(second.survival(t)), 0, 50, points=[6, 12])[0]
    assert abs(float(second.restricted_mean(50.0)) - area) < 1e-8
    times = second.time_of(second.cumulative([3.0, 20.0, 60.0]))
    assert abs(times - [3.0, 20.0, 60.0]).max() < CLOSED
    flat = PiecewiseCurve(starts=(0.0, 5.0), hazards=(0.1, 0.0))
    assert math.isinf(float(flat.time_of(0.6)))
    assert abs(float(flat.time_of(0.2)) - 2.0) < CLOSED


def test_jcog1017_as_printed() -> None:
    """Shien et al. 2023 (abstract): medians 20 and 26 months, 80%, one-sided 5%: 359 events."""
    design = trial(
        control=ControlCurve(months=(20.0,), survival=(0.5,)), alpha=0.05, sides=1,
        ratio=HazardRatio(starts=(0.0,), ratios=(20 / 26,)),
        follow_up=uniform_follow_up(84.0, 48.0, 0.0),
    )  # fmt: skip
    size = design_size(design, power=0.8)
    assert size.power_of_events is not None
    assert abs(size.events - 359) < 4
    # Planned were 410 patients, more than these assumptions take.
    assert size.patients < 410


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"test": RestrictedMean(horizon_months=60.0, margin_months=0.0)}, "nobody is followed"),
        ({"test": Landmark(at_months=75.0, scale="plain", margin=0.0)}, "nobody is followed"),
        ({"sides": 3}, "1 or 2 sides"),
        ({"alpha": 0.6}, "alpha lies"),
        ({"allocation": 0.0}, "intervention arm"),
    ],
)
def test_what_can_not_be_is_refused(changes, words):
    with pytest.raises(DesignError, match=words):
        trial(**changes)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LogRank(margin=0.0), "margin"),
        (lambda: RestrictedMean(horizon_months=0.0, margin_months=0.0), "above 0"),
        (lambda: RestrictedMean(horizon_months=12.0, margin_months=-1.0), "not below 0"),
        (lambda: Landmark(at_months=12.0, scale="logit", margin=0.0), "no scale"),
        (lambda: HazardRatio(starts=(1.0,), ratios=(0.7,)), "first at 0"),
        (lambda: HazardRatio(starts=(0.0, 0.0), ratios=(0.7, 1.0)), "ascend"),
        (lambda: HazardRatio(starts=(0.0,), ratios=(0.0,)), "above 0"),
        (lambda: Accrual(ends=(0.0,), rates=(1.0,)), "above 0"),
        (lambda: Accrual(ends=(12.0,), rates=(0.0,)), "one is above"),
        (lambda: uniform_follow_up(12.0, -1.0, 0.0), "not below 0"),
        (lambda: uniform_follow_up(12.0, 1.0, 1.0), "drops out"),
        (lambda: design_power(trial(), patients=1), "2 to"),
        (lambda: design_power(trial(allocation=0.01), patients=20), "two patients"),
        (lambda: design_size(trial(), power=0.01), "power lies"),
    ],
)
def test_parts_that_can_not_be_are_refused(make, words):
    with pytest.raises(DesignError, match=words):
        make()
