"""Intervals of effects."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.emulation.inference import Inference, Values, estimate_effect
from locoreg.emulation.inference.assemble import log_log_limits
from locoreg.emulation.inference.readings import Readings
from locoreg.stats.resample import bootstrap_weights
from tests.emulation import designs
from tests.emulation.inference.toy import LABEL, Changed, Toy, cohort, refuse_some

# The same sums in another order.
ROUNDING = 1e-10
# Central differences with a step of 1e-5: error of the order of its square.
DIFFERENCES = 1e-7
# Monte Carlo error of a standard deviation of 400 replicates is 3.5%; this is four of them.
BOOTSTRAP_SE = 0.14

QUESTION = designs.question()
BOOTSTRAP = Inference(interval="bootstrap", replicates=100, seed=7, jobs=1)


def estimated(people, analysis, inference, question=QUESTION, **more):
    return estimate_effect(LABEL, analysis, people, question, inference, **more)


def toy(inference, people=None, **more):
    people = cohort() if people is None else people
    return estimated(people, Toy(people, QUESTION, **more), inference)


def test_without_intervals_all_limits_are_nan():
    effect = toy(Inference(interval="none"))
    one = effect.contrast("survival_difference").estimate
    assert np.isfinite(one.estimate)
    assert np.isnan([one.se, one.ci_low, one.ci_high]).all()
    assert effect.interval == "none"


def test_contrasts_are_those_of_the_arms():
    effect = toy(Inference(interval="none"))
    for kind in ("survival", "rmst"):
        for month in (6.0, 12.0, 36.0):
            difference = effect.contrast(f"{kind}_difference", month)
            ratio = effect.contrast(f"{kind}_ratio", month)
            low, high = difference.comparator, difference.treated
            assert difference.estimate.estimate == pytest.approx(high - low, abs=ROUNDING)
            assert ratio.estimate.natural[0] == pytest.approx(high / low, rel=ROUNDING)


def test_curves_hold_the_contrasts():
    effect = toy(Inference(interval="influence"))
    place = list(effect.difference.time).index(36.0)
    one = effect.contrast("survival_difference").estimate
    assert effect.difference.estimate[place] == one.estimate
    assert effect.difference.ci_low[place] == pytest.approx(one.ci_low, abs=ROUNDING)
    assert effect.arms[1].estimate[place] == effect.contrast("survival_difference").treated


def test_influence_intervals_are_those_of_the_delta_method():
    people = cohort()
    effect = toy(Inference(interval="influence"), people)
    treated = people.treatment_time < 1
    variance = sum(1.0 / people.event[g].sum() for g in (treated, ~treated))
    # For exponential times the squared scores estimate the information; here they are summed.
    found = effect.contrast("hazard_ratio").estimate
    scores = 0.0
    for g in (treated, ~treated):
        rate = people.event[g].sum() / people.time[g].sum()
        scores += (((people.event - rate * people.time)[g]) ** 2).sum() / people.event[g].sum() ** 2
    assert found.se == pytest.approx(np.sqrt(scores), rel=ROUNDING)
    assert found.se == pytest.approx(np.sqrt(variance), rel=0.3)
    reach = stats.norm.ppf(0.975) * found.se
    assert found.ci_high - found.estimate == pytest.approx(reach, rel=ROUNDING)


def test_influence_of_every_reading_is_its_derivative():
    people = cohort(n=12)
    analysis = Toy(people, QUESTION)
    readings = Readings.of(QUESTION, competing=False)
    ones = np.ones((1, people.n))
    found = readings.influence(analysis.values(ones), analysis.influence())
    step = 1e-5
    for i in range(people.n):
        moved = np.vstack([ones, ones])
        moved[:, i] += [step, -step]
        up, down = readings.read(analysis.values(moved))
        np.testing.assert_allclose(found[i], (up - down) / (2 * step), atol=DIFFERENCES)


def test_influence_is_summed_in_blocks(monkeypatch):
    people = cohort(cluster=np.arange(200) % 20)
    for inference in (
        Inference(interval="influence"),
        Inference(interval="influence", cluster=True),
    ):
        whole = toy(inference, people)
        with monkeypatch.context() as patch:
            patch.setattr("locoreg.emulation.inference.spread.BLOCK", 7)
            parts = toy(inference, people)
        np.testing.assert_allclose(parts.difference.se, whole.difference.se, rtol=ROUNDING)


def test_arms_have_limits_between_0_and_1():
    effect = toy(Inference(interval="influence"), cohort(n=12))
    for arm in effect.arms:
        assert (arm.ci_low >= 0).all()
        assert (arm.ci_high <= 1).all()
        assert (arm.ci_low <= arm.estimate).all()
        assert (arm.ci_high >= arm.estimate).all()


def test_log_log_limits_by_hand():
    low, high = log_log_limits(np.array([0.5, 1.0, 0.0]), np.array([0.1] * 3), np.full(3, 2.0))
    # log(-log .5) has standard error .1 / (.5 log 2).
    width = 2 * 0.1 / (0.5 * np.log(2))
    assert (low[0], high[0]) == pytest.approx((0.5 ** np.exp(width), 0.5 ** np.exp(-width)))
    np.testing.assert_array_equal(low[1:], [1, 0])
    np.testing.assert_array_equal(high[1:], [1, 0])


def test_bootstrap_limits_are_percentiles_of_readings():
    people = cohort()
    analysis = Toy(people, QUESTION)
    effect = estimated(people, analysis, BOOTSTRAP)
    weights = bootstrap_weights(people.n, kind="multinomial", replicates=100, seed=7)
    drawn = Readings.of(QUESTION, competing=False).read(analysis.values(weights))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0, method="weibull")
    one = effect.contrast("rmst_ratio", 12.0).estimate
    place = 3 * effect.difference.time.size + 9 + 1
    assert one.ci_low == pytest.approx(low[place], rel=ROUNDING)
    assert one.ci_high == pytest.approx(high[place], rel=ROUNDING)
    assert one.se == pytest.approx(drawn[:, place].std(ddof=1), rel=ROUNDING)
    assert effect.replicates == 100
    assert effect.failed_replicates == 0


def test_bootstrap_agrees_with_influence():
    inference = replace(BOOTSTRAP, replicates=400)
    boot, formula = toy(inference), toy(Inference(interval="influence"))
    for one, other in zip(boot.contrasts, formula.contrasts, strict=True):
        assert one.estimate.se == pytest.approx(other.estimate.se, rel=BOOTSTRAP_SE), one.measure


def test_auto_takes_influence_and_else_the_bootstrap():
    assert toy(Inference()).interval == "influence"
    auto = Inference(replicates=100, seed=7, jobs=1)
    assert toy(auto, influence=False).interval == "bootstrap"
    with pytest.raises(DesignError, match="needs replicates and a seed"):
        toy(Inference(), influence=False)
    with pytest.raises(DesignError, match="no influence functions"):
        toy(Inference(interval="influence"), influence=False)


def test_clusters_of_one_change_nothing():
    alone = cohort(cluster=np.arange(200))
    one = toy(Inference(interval="influence", cluster=True), alone)
    other = toy(Inference(interval="influence"), alone)
    np.testing.assert_allclose(one.difference.se, other.difference.se, rtol=ROUNDING)


def test_hospitals_of_twins_widen_intervals():
    half = cohort(n=100)
    rows = np.repeat(np.arange(100), 2)
    twice = designs.cohort(
        time=half.time[rows],
        event=half.event[rows],
        treatment_time=half.treatment_time[rows],
        cluster=rows,
    )
    whole = toy(Inference(interval="influence"), half)
    paired = toy(Inference(interval="influence", cluster=True), twice)
    np.testing.assert_allclose(paired.difference.se, whole.difference.se, rtol=ROUNDING)
    drawn = toy(replace(BOOTSTRAP, cluster=True), twice)
    plain = toy(BOOTSTRAP, half)
    np.testing.assert_allclose(drawn.difference.se, plain.difference.se, rtol=1e-6)


def test_clusters_that_are_not_there_are_refused():
    with pytest.raises(DesignError, match="no hospitals"):
        toy(Inference(interval="influence", cluster=True))


def test_a_horizon_beyond_follow_up_is_refused():
    people = cohort()

    def ended(values, weights):
        curve = values.curve.copy()
        curve[:, 1, -4:] = np.nan
        return replace(values, curve=curve)

    analysis = Changed(people, QUESTION, ended)
    with pytest.raises(DesignError, match=r"treated within 6 months.*36 months.*up to 32 months"):
        estimated(people, analysis, Inference(interval="none"))


def test_a_method_without_a_hazard_ratio_has_none():
    people = cohort()

    def without(values, weights):
        return replace(values, log_hr=np.full(values.log_hr.size, np.nan))

    for inference in (Inference(interval="none"), BOOTSTRAP):
        effect = estimated(people, Changed(people, QUESTION, without), inference)
        assert effect.failed_replicates == 0
        with pytest.raises(DesignError, match="no hazard_ratio"):
            effect.contrast("hazard_ratio")


def test_replicates_without_a_hazard_ratio_keep_their_curves():
    people = cohort()

    def some(values, weights):
        gone = weights[:, 0] == 4
        return replace(values, log_hr=np.where(gone, np.nan, values.log_hr))

    def many(values, weights):
        gone = weights[:, 0] == 0
        return replace(values, log_hr=np.where(gone, np.nan, values.log_hr))

    few = estimated(people, Changed(people, QUESTION, some), BOOTSTRAP)
    assert few.failed_replicates == 0
    assert np.isfinite(few.contrast("hazard_ratio").estimate.ci_low)
    lost = estimated(people, Changed(people, QUESTION, many), BOOTSTRAP)
    assert np.isnan(lost.contrast("hazard_ratio").estimate.ci_low)
    assert np.isfinite(lost.contrast("survival_difference").estimate.ci_low)
    assert any("hazard ratio at 36 months is undefined" in note for note in lost.notes)


def test_a_ratio_to_zero_is_nan_and_the_difference_stays():
    people = cohort()

    def dead(values, weights):
        curve = values.curve.copy()
        curve[:, 0, -1] = 0.0
        return replace(values, curve=curve)

    for inference in (Inference(interval="none"), BOOTSTRAP):
        effect = estimated(people, Changed(people, QUESTION, dead), inference)
        assert np.isnan(effect.contrast("survival_ratio").estimate.estimate)
        assert np.isfinite(effect.contrast("survival_difference").estimate.estimate)
        assert effect.failed_replicates == 0


def test_failed_replicates_are_told():
    people = cohort()
    effect = estimated(people, Changed(people, QUESTION, refuse_some), BOOTSTRAP)
    weights = bootstrap_weights(people.n, kind="multinomial", replicates=100, seed=7)
    expected = int(((weights[:, 0] == 0) & (weights[:, 1] == 3)).sum())
    assert effect.failed_replicates == expected > 0
    assert any(f"{expected} of 100 bootstrap replicates failed" in n for n in effect.notes)


def test_many_failed_replicates_are_an_error():
    people = cohort()

    def nan(values, weights):
        gone = (weights[:, 0] == 0)[:, None, None]
        return Values(
            curve=np.where(gone, np.nan, values.curve), area=values.area, log_hr=values.log_hr
        )

    with pytest.raises(ConvergenceError, match="replicates"):
        estimated(people, Changed(people, QUESTION, nan), BOOTSTRAP)


def test_too_few_replicates_for_the_level_are_refused():
    with pytest.raises(DesignError, match="too few for limits"):
        toy(replace(BOOTSTRAP, replicates=20))


def test_the_level_is_that_of_the_question():
    people = cohort()
    narrow = designs.question(level=80.0)
    one = estimated(people, Toy(people, narrow), Inference(interval="influence"), narrow)
    found = one.contrast("hazard_ratio").estimate
    assert found.level == 80.0
    reach = (found.ci_high - found.estimate) / found.se
    assert reach == pytest.approx(stats.norm.ppf(0.9), rel=ROUNDING)


def test_provenance_holds_options_but_not_workers():
    effect = estimated(cohort(), Toy(cohort(), QUESTION), BOOTSTRAP, protocol_sha256="abc")
    options = effect.provenance.to_dict()["options"]
    assert options["protocol_sha256"] == "abc"
    assert options["inference"]["used"] == "bootstrap"
    assert "jobs" not in options["inference"]
    json.dumps(effect.to_dict())
