"""Sequential trials."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.stats.manycurves import many_curves
from tests.emulation import designs
from tests.emulation.groups.weightings import (
    KINDS,
    REFIT,
    WAYS,
    derivative_gap,
    flow,
    log_hr,
    rich,
    short_question,
)

QUICK = Inference(interval="influence")
SAME = {"rel": 1e-9, "abs": 1e-12}
# Estimates of a simulation lie within so many standard errors of the truth.
ERRORS = 3.5
ITT = {"comparator": "none_within_grace", "contrast": "itt_like"}


def hand():
    """Six persons; one starts in the first month, one in the second."""
    inf = np.inf
    return designs.cohort(
        time=[8.0, 9.0, 0.5, 3.0, 9.0, 4.0],
        event=[1, 0, 1, 1, 0, 1],
        treatment_time=[0.0, 1.0, inf, inf, inf, inf],
    )


def hand_question(**changes):
    base = {"grace_months": 2.0, "horizon_months": 7.5, "at_months": (7.5,), **ITT}
    return designs.question(**{**base, **changes})


def test_persons_are_counted_once_in_each_trial():
    effect = make_method("sequential_trials", {}).estimate(hand(), hand_question(), QUICK)
    steps = flow(effect)
    label0, label1 = "never treated", "treated within 6 months"
    assert steps[(None, "trials")] == 2
    assert steps[(label0, "trial from 0 months: do not start")] == 5
    assert steps[(label1, "trial from 0 months: start")] == 1
    # The third has died by then, and the first is treated.
    assert steps[(label0, "trial from 1 months: do not start")] == 3
    assert steps[(label1, "trial from 1 months: start")] == 1
    assert steps[(None, "persons in trials, once in each")] == 10


def test_one_trial_by_hand():
    method = make_method("sequential_trials", {"trials_until_months": 1.0})
    effect = method.estimate(hand(), hand_question(), QUICK)
    found = effect.contrast("survival_difference")
    # Without covariates the trial is a comparison of shares: deaths at 8; at 0.5, 3 and 4.
    assert (found.treated, found.comparator) == pytest.approx((1.0, 2 / 5))
    assert effect.contrast("rmst_difference").comparator == pytest.approx(
        (0.5 + 3 + 4 + 7.5 + 7.5) / 5
    )


def test_two_trials_by_hand():
    effect = make_method("sequential_trials", {}).estimate(hand(), hand_question(), QUICK)
    # Both trials share one intercept: 2 starts of 10 decisions, every row of an arm weighs the
    # same. Comparators: deaths at 0.5, 3, 4 of the first, at 2, 3 of the second trial.
    found = effect.contrast("survival_difference")
    curve, _ = many_curves(
        [9.0, 0.5, 3.0, 9.0, 4.0, 2.0, 8.0, 3.0],
        [0, 1, 1, 0, 1, 1, 0, 1],
        np.ones((1, 8)),
        times=[7.5],
    )
    assert found.comparator == pytest.approx(curve[0, 0], **SAME)


def test_weights_that_depend_on_time_alone_change_nothing_in_one_trial():
    """Without covariates comparators are censored at random, and the curve is Kaplan-Meier's."""
    cohort = designs.lt1(400, 2, log_hazard=-0.5)
    cohort = designs.cohort(
        time=cohort.time, event=cohort.event, treatment_time=cohort.treatment_time
    )
    method = make_method("sequential_trials", {"trials_until_months": 1.0})
    effect = method.estimate(cohort, designs.question(), QUICK)
    kept = cohort.treatment_time > 0
    stop = np.minimum(cohort.time, cohort.treatment_time)[kept]
    died = ((cohort.event == 1) & np.isinf(cohort.treatment_time))[kept]
    grid = effect.arms[0].time
    curve, area = many_curves(stop, died, np.ones((1, kept.sum())), times=grid)
    np.testing.assert_allclose(effect.arms[0].estimate, curve[0], rtol=1e-9)
    np.testing.assert_allclose(effect.arms[0].restricted_mean, area[0], rtol=1e-9)


def test_a_single_trial_of_treatment_at_time_zero_is_a_landmark_at_zero():
    cohort = rich("plain")
    question = short_question(**ITT)
    one = make_method("sequential_trials", {"trials_until_months": 0.0})
    other = make_method("landmark", {"landmark_months": 0.0})
    here, there = (m.estimate(cohort, question, QUICK) for m in (one, other))
    for a, b in zip(here.contrasts, there.contrasts, strict=True):
        assert a.estimate.estimate == pytest.approx(b.estimate.estimate, **SAME)
        assert a.estimate.se == pytest.approx(b.estimate.se, rel=1e-8, abs=1e-12)


def pooled_truth(log_hazard):
    """Return the difference of pooled survival after 12 and 24 months, start now against never."""
    node, mass = np.polynomial.hermite_e.hermegauss(80)
    mass = mass / mass.sum() / 2
    survival = np.zeros((2, 25))
    for x1 in (0.0, 1.0):
        start = designs.expit(-2.0 + x1 - 0.6 * node)
        base = -3.2 - 0.7 * x1 + 0.5 * node
        waiting = mass.copy()
        for _ in range(designs.GRACE):
            for arm, extra in enumerate((0.0, log_hazard)):
                left = 1 - designs.expit(base + extra)
                survival[arm] += [waiting @ left**m for m in range(25)]
            waiting = waiting * (1 - start) * (1 - designs.expit(base))
    share = survival / survival[:, :1]
    return {m: share[1, m] - share[0, m] for m in (12, 24)}


@pytest.mark.parametrize("log_hazard", [0.0, np.log(0.6)], ids=["null", "effect"])
def test_large_samples_meet_the_truth(log_hazard):
    cohort = designs.lt1(15000, 5, log_hazard=log_hazard)
    question = designs.question(horizon_months=24.0, at_months=(12.0, 24.0))
    effect = make_method("sequential_trials", {}).estimate(cohort, question, QUICK)
    for month, truth in pooled_truth(log_hazard).items():
        found = effect.contrast("survival_difference", month).estimate
        assert abs(found.estimate - truth) < ERRORS * found.se
        assert found.se < 0.02
    # The hazard ratio of months, which is smaller than the odds ratio that the design has; no
    # more than a rough bound.
    assert abs(log_hr(effect).estimate - log_hazard) < 0.06
    assert all(d.verdict == "pass" for d in effect.diagnostics)


def test_initiation_whatever_follows_has_no_effect_where_treatment_has_none():
    effect = make_method("sequential_trials", {"population": "initiators"}).estimate(
        designs.lt1(8000, 6), designs.question(**ITT), QUICK
    )
    for contrast in effect.contrasts:
        assert abs(contrast.estimate.estimate) < ERRORS * contrast.estimate.se


OPTIONS = ({}, {"population": "initiators", "trials_until_months": 3.0})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", OPTIONS, ids=["default", "initiators_to_3"])
def test_influence_is_the_derivative_of_a_refit(kind, options, way):
    question = short_question(**WAYS[way])
    assert derivative_gap("sequential_trials", options, rich(kind), question) < REFIT


def test_bootstrap_and_influence_agree():
    cohort = designs.lt1(500, 7, log_hazard=-0.5)
    method, question = make_method("sequential_trials", {}), short_question()
    quick = method.estimate(cohort, question, QUICK)
    drawn = method.estimate(
        cohort,
        question,
        Inference(interval="bootstrap", replicates=200, seed=1, jobs=1, kind="bayesian"),
    )
    for measure in ("survival_difference", "rmst_difference", "hazard_ratio"):
        ratio = drawn.contrast(measure).estimate.se / quick.contrast(measure).estimate.se
        # 200 replicates leave a standard error of 5% in the spread; small samples a little more.
        assert 0.8 < ratio < 1.25


def test_death_on_the_day_of_treatment_is_a_death_of_the_treated():
    cohort = designs.cohort(
        time=[1.0, 9.0, 9.0, 4.0, 9.0, 6.0],
        event=[1, 0, 0, 1, 0, 1],
        treatment_time=[1.0, 1.0, np.inf, np.inf, np.inf, np.inf],
    )
    effect = make_method("sequential_trials", {}).estimate(
        cohort, hand_question(comparator="never", contrast="per_protocol"), QUICK
    )
    found = effect.contrast("survival_difference")
    assert found.treated == pytest.approx(1 / 2)
    assert flow(effect)[("treated within 6 months", "trial from 1 months: start")] == 2


def test_times_that_rounding_moves_stay_in_their_interval():
    """0.1 times 3 is not 0.3; no death and no start may fall out of a trial by that."""
    exact = {"horizon_months": 0.9, "at_months": (0.9,), "interval_months": 0.1}
    question = hand_question(grace_months=0.5, **exact)
    rng = np.random.default_rng(3)
    tenths = rng.integers(1, 12, 300)
    started = np.where(rng.random(300) < 0.5, rng.integers(0, 5, 300), 99)
    started = np.where(started < tenths, started, 99)
    results = []
    for unit in (lambda k: k * 0.1, lambda k: k / 10.0):
        cohort = designs.cohort(
            time=unit(tenths),
            event=np.ones(300, dtype=int),
            treatment_time=np.where(started < 99, unit(started), np.inf),
        )
        results.append(make_method("sequential_trials", {}).estimate(cohort, question, QUICK))
    assert flow(results[0]) == flow(results[1])
    for a, b in zip(results[0].contrasts, results[1].contrasts, strict=True):
        assert a.estimate.estimate == pytest.approx(b.estimate.estimate, rel=1e-7, abs=1e-9)


def test_waiting_within_intervals_is_told():
    cohort = rich("plain")
    wide = short_question(interval_months=6.0)
    found = make_method("sequential_trials", {}).estimate(cohort, wide, QUICK)
    waiting = {d.name: d for d in found.diagnostics}["waiting_time"]
    assert waiting.verdict == "warn"
    assert "interval_months" in waiting.advice


def test_what_does_not_fit_is_refused():
    with pytest.raises(DesignError, match="whole number of intervals"):
        make_method("sequential_trials", {"trials_until_months": 2.5}).bind(hand(), hand_question())
    nobody = designs.cohort(time=[1.0, 2.0], event=[1, 0], treatment_time=[np.inf, np.inf])
    with pytest.raises(DesignError, match="in no interval"):
        make_method("sequential_trials", {}).bind(nobody, hand_question())
    with pytest.raises(DesignError, match="trials_until_months"):
        make_method("sequential_trials", {"trials_until_months": -1.0})
