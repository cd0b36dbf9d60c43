"""Agreement with randomised trials."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import special, stats

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.benchmark import (
    TrialEstimate,
    across_trials,
    agreement,
    benchmark,
    pool_trials,
    restrict,
    sceptical_p,
)
from locoreg.emulation.cohort import Column
from locoreg.emulation.protocol.parts import Criterion
from locoreg.stats.randomeffects import random_effects
from tests.emulation import designs

Z95 = 1.959963984540054


def hr(ratio, se, level=95.0):
    z = float(special.ndtri(0.5 + level / 200))
    b = math.log(ratio)
    return Estimate(
        estimate=b, se=se, ci_low=b - z * se, ci_high=b + z * se, level=level, scale="log"
    )


def trial(name, ratio, se, n=None):
    return TrialEstimate(study_id=name, label=name.title(), estimate=hr(ratio, se), n=n)


@pytest.mark.parametrize(
    ("trial_hr", "own_hr", "margin", "expected"),
    [
        ((0.7, 0.1), (0.75, 0.1), None, "full"),
        ((0.9, 0.2), (0.95, 0.1), None, "full"),
        ((0.7, 0.1), (1.4, 0.1), None, "none"),
        ((0.9, 0.2), (1.05, 0.1), None, "none"),
        ((0.7, 0.1), (0.95, 0.05), None, "none"),
        ((0.7, 0.1), (0.95, 0.05), 1.2, "partial"),
        ((0.7, 0.1), (0.95, 0.20), 1.2, "none"),
        ((0.9, 0.3), (0.7, 0.10), 1.2, "none"),
    ],
    ids=[
        "both significant",
        "neither significant",
        "opposite",
        "neither, opposite",
        "trial alone",
        "trial alone, within the margin",
        "trial alone, margin missed",
        "emulation alone, trial misses the margin",
    ],
)
def test_significance(trial_hr, own_hr, margin, expected):
    found = agreement(hr(*trial_hr), hr(*own_hr), level=95.0, margin=margin)
    assert found.significance == expected


def test_estimate_and_difference_by_hand():
    # Trial 0.80 (0.66 to 0.97), emulation 0.64: outside; z = log(.8/.64)/hypot(.1, .08).
    found = agreement(hr(0.8, 0.1), hr(0.64, 0.08), level=95.0)
    assert found.estimate is False
    assert found.z == pytest.approx(math.log(1.25) / math.hypot(0.1, 0.08))
    assert found.difference is True
    assert found.count == 2
    assert found.text() == (
        "significance: agrees; estimate: does not agree; difference: agrees (z 1.74)"
    )


def test_difference_just_beyond_chance():
    se = 0.1 / math.sqrt(2)
    for shift, expected in ((0.1959, True), (0.1961, False)):
        found = agreement(hr(1.0, se), hr(math.exp(shift), se), level=95.0)
        assert found.difference is expected


def test_an_interval_of_another_level_is_made_anew():
    # A 90% interval holds 0.85 less: at 95% the emulated estimate lies in it.
    low = math.log(0.8) + 1.8 * 0.1
    for level in (90.0, 95.0):
        found = agreement(hr(0.8, 0.1, level), hr(math.exp(low), 0.1), level=95.0)
        assert found.estimate is True
    assert agreement(hr(0.8, 0.1), hr(math.exp(low), 0.1), level=90.0).estimate is False


def test_printed_limits_of_the_level_are_kept():
    printed = Estimate(
        estimate=math.log(0.8),
        se=0.1,
        ci_low=math.log(0.60),
        ci_high=math.log(1.05),
        level=95.0,
        scale="log",
    )
    assert agreement(printed, hr(0.62, 0.1), level=95.0).estimate is True
    assert agreement(hr(0.8, 0.1), hr(0.62, 0.1), level=95.0).estimate is False


def test_sceptical_by_hand():
    # Equal variances: z_S^2 is half the harmonic mean of the squares.
    found = sceptical_p(original=3.0, original_se=1.0, replication=2.0, replication_se=1.0)
    harmonic = 2.0 / (1 / 9 + 1 / 4)
    assert found.z == pytest.approx(math.sqrt(harmonic / 2))
    assert found.nominal == pytest.approx(stats.norm.sf(found.z))


@pytest.mark.parametrize("ratio", [0.3, 1.0, 4.0])
def test_sceptical_solves_its_equation(ratio):
    z_o, z_r = 2.9, 2.3
    found = sceptical_p(
        original=z_o, original_se=1.0, replication=z_r / ratio, replication_se=1.0 / ratio
    )
    u = found.z**2
    assert (z_o**2 / u - 1) * (z_r**2 / u - 1) == pytest.approx(ratio**2)
    assert found.z < min(z_o, z_r)


@pytest.mark.parametrize("z", [0.2, 1.2, 2.5])
def test_sceptical_calibration_in_closed_form(z):
    # At equal variances 4 z_S^2 is the harmonic mean chi-squared statistic of two studies, which
    # has one degree of freedom (Held 2020, doi:10.1111/rssc.12410); one sign pattern in four.
    both = z * math.sqrt(2)
    found = sceptical_p(original=both, original_se=1.0, replication=both, replication_se=1.0)
    assert found.z == pytest.approx(z)
    assert found.controlled == pytest.approx(math.sqrt(stats.norm.sf(2 * z) / 2), rel=1e-6)


def test_sceptical_controls_the_error_by_simulation():
    rng = np.random.default_rng(6)
    n, c = 4_000, 2.0
    pairs = rng.normal(size=(n, 2))
    p = [
        sceptical_p(
            original=a, original_se=1.0, replication=b / math.sqrt(c), replication_se=c**-0.5
        ).controlled
        for a, b in pairs
        if a > 0
    ]
    # A quarter of the pairs agree in direction: at most 0.3 with probability 0.09, of all pairs.
    assert sum(x <= 0.3 for x in p) / n == pytest.approx(0.09, abs=0.015)


def test_sceptical_of_opposite_directions():
    found = sceptical_p(original=2.0, original_se=1.0, replication=-2.0, replication_se=1.0)
    same = sceptical_p(original=2.0, original_se=1.0, replication=2.0, replication_se=1.0)
    assert found.nominal == pytest.approx(1 - same.nominal)
    assert found.controlled > 0.5 > same.controlled
    none = sceptical_p(original=0.0, original_se=1.0, replication=2.0, replication_se=1.0)
    assert (none.z, none.nominal, none.controlled) == (0.0, 0.5, 0.5)


def test_benchmark_reports_all_three_for_every_trial():
    trials = [trial("a", 0.7, 0.15, 300), trial("b", 1.1, 0.2, 200), trial("c", 0.95, 0.12, 400)]
    found = benchmark(
        hr(0.8, 0.06),
        trials,
        label="Registry",
        level=95.0,
        margin=1.1,
        failed_diagnostics=("balance",),
        left_out=("d: no number",),
    )
    assert [row.trial.study_id for row in found.rows] == ["a", "b", "c"]
    assert found.pooled.trial.study_id == "pool"
    assert found.pooled.trial.n == 900
    out = found.to_dict()
    assert json.loads(json.dumps(out)) == out
    assert {"significance", "estimate", "difference", "sceptical"} <= set(
        out["trials"][0]["agreement"]
    )
    frame = found.to_frame()
    assert frame["label"].tolist() == ["A", "B", "C", "3 trials pooled"]
    assert frame["failed_diagnostics"].tolist() == ["balance"] * 4
    text = found.summary()
    assert "FAILED DIAGNOSTIC: balance" in text
    assert "Left out: d: no number" in text
    assert text.count("significance:") == 4


def test_pool_is_that_of_the_kernel():
    trials = [trial("a", 0.7, 0.15), trial("b", 1.1, 0.2), trial("c", 0.95, 0.12)]
    found = pool_trials(trials, level=95.0)
    fit = random_effects(
        [t.estimate.estimate for t in trials],
        [t.estimate.se**2 for t in trials],
        method="REML",
        interval="hartung-knapp-floor",
        level=95.0,
        prediction="riley",
    )
    assert found.estimate.estimate == float(fit.mu)
    assert found.estimate.ci_high == float(fit.ci_high)
    assert found.n is None


def test_one_trial_is_not_pooled():
    found = benchmark(hr(0.8, 0.1), [trial("a", 0.7, 0.1)], label="Registry", level=95.0)
    assert found.pooled is None
    with pytest.raises(DesignError, match="two trials"):
        pool_trials([trial("a", 0.7, 0.1)], level=95.0)


@pytest.mark.parametrize(
    ("own", "trials", "margin", "message"),
    [
        (hr(0.8, 0.1), [], None, "no trial"),
        (hr(0.8, 0.1), [trial("a", 0.7, 0.1)] * 2, None, "twice"),
        (hr(0.8, 0.1), [trial("a", 0.7, 0.1)], 0.9, "margin"),
        (hr(0.8, math.nan), [trial("a", 0.7, 0.1)], None, "no standard error"),
        (hr(0.8, 0.1), [trial("a", 0.7, math.nan)], None, "A has no standard error"),
    ],
    ids=["none", "twice", "margin", "emulation", "trial"],
)
def test_what_can_not_be_compared(own, trials, margin, message):
    with pytest.raises(DesignError, match=message):
        benchmark(own, trials, label="Registry", level=95.0, margin=margin)


def test_difference_scale_is_refused():
    plain = Estimate(estimate=0.1, se=0.1, ci_low=0.0, ci_high=0.2, level=95.0, scale="identity")
    with pytest.raises(DesignError, match="log scale"):
        benchmark(plain, [trial("a", 0.7, 0.1)], label="Registry", level=95.0)


def test_correlation_with_fishers_interval():
    rng = np.random.default_rng(2)
    true = rng.normal(0, 0.4, 16)
    a, b = true + rng.normal(0, 0.1, 16), true + rng.normal(0, 0.1, 16)
    pairs = [(hr(math.exp(x), 0.1), hr(math.exp(y), 0.1)) for x, y in zip(a, b, strict=True)]
    found = across_trials(pairs, level=95.0)
    reference = stats.pearsonr(a, b)
    low, high = reference.confidence_interval(0.95)
    assert (found.correlation, found.ci_low, found.ci_high) == pytest.approx(
        (reference.statistic, low, high)
    )
    assert found.k == 16
    assert found.difference == sum(one.difference for one in found.agreements) / 16
    assert "16 pairs" in found.summary()


def test_interval_of_rct_duplicate():
    # Wang 2023: 16 close emulations, r 0.93 (0.79 to 0.97). Fisher's interval of an r that
    # rounds to 0.93 gives these limits.
    r, x = 0.9255, np.arange(16.0)
    noise = np.where(x % 2, 1.0, -1.0)
    residual = noise - np.polyval(np.polyfit(x, noise, 1), x)
    y = r * (x - x.mean()) / x.std() + math.sqrt(1 - r * r) * residual / residual.std()
    pairs = [
        (hr(math.exp(a / 10), 0.1), hr(math.exp(b / 10), 0.1)) for a, b in zip(x, y, strict=True)
    ]
    found = across_trials(pairs, level=95.0)
    assert found.correlation == pytest.approx(r)
    assert (round(found.ci_low, 2), round(found.ci_high, 2)) == (0.79, 0.97)


def test_few_or_equal_pairs():
    with pytest.raises(DesignError, match="3 pairs"):
        across_trials([(hr(0.8, 0.1), hr(0.8, 0.1))] * 3, level=95.0)
    with pytest.raises(DesignError, match="the same"):
        across_trials([(hr(0.8, 0.1), hr(0.8, 0.1))] * 4, level=95.0)


def cohort():
    return designs.cohort(
        time=[10.0] * 6,
        event=[1] * 6,
        treatment_time=[1, 2, math.inf, math.inf, 3, 4],
        baseline=(
            Column(name="age", kind="number", values=np.array([40, 50, 60, 70, 80, math.nan])),
            Column(
                name="ecog",
                kind="category",
                values=np.array([0, 1, 1, 0, 1, 0.0]),
                levels=("0-1", "2"),
            ),
        ),
    )


def test_restriction_to_eligible_patients():
    criteria = [
        Criterion(name="Up to 75 years", variable="age", at_most=75, unknown="exclude"),
        Criterion(name="Fit", variable="ecog", equals="0-1", unknown="exclude"),
    ]
    found = restrict(cohort(), criteria)
    assert found.person_id == ("p000000", "p000003")
    assert [s.to_dict() for s in found.attrition.steps] == [
        {"name": "Up to 75 years", "excluded": 2, "unknown": 1, "left": 4},
        {"name": "Fit", "excluded": 2, "unknown": 0, "left": 2},
    ]
    assert restrict(cohort(), []).n == 6


def test_restriction_names_what_is_wrong():
    nobody = Criterion(name="Over 100", variable="age", at_least=100, unknown="exclude")
    with pytest.raises(DesignError, match="Over 100"):
        restrict(cohort(), [nobody])
    unknown = Criterion(name="Fit", variable="ecgo", equals="2", unknown="exclude")
    with pytest.raises(DesignError, match="ecog"):
        restrict(cohort(), [unknown])
