"""Clone-censor-weight as a method: effect, detail, diagnostics."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import LocoregError
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import find_method, make_method
from tests.emulation import designs
from tests.emulation.clones import drawn

NAME = "clone_censor_weight"
# Both kinds of intervals estimate the same standard error: with 200 replicates theirs is known to
# 5%, and small samples add as much.
SPREAD = 0.25


@pytest.fixture(scope="module")
def effect():
    cohort = drawn.cohort(600, 31, lost=True, history=True, causes=True)
    method = make_method(NAME, {"natural_censoring": "pooled_logistic"})
    return method.estimate(cohort, designs.question(), Inference())


def test_the_effect_holds_all_that_is_told(effect):
    assert effect.interval == "influence"
    assert effect.biased is None
    assert [c.measure for c in effect.contrasts][-1] == "hazard_ratio"
    assert np.isfinite([c.estimate.se for c in effect.contrasts]).all()
    assert effect.arms[0].step_time[0] == 0.0
    assert effect.arms[0].counts[0].raw_at_risk == 600
    assert {b.at_months for b in effect.balance} == {0.0, 6.0}
    assert {b.variable for b in effect.balance} == {"age", "site", "response"}
    at_zero = [b for b in effect.balance if b.at_months == 0.0 and b.variable != "response"]
    assert all(b.after == 0.0 for b in at_zero)
    assert any(abs(b.before) > 0.2 for b in at_zero)
    assert any("unstabilised" in note for note in effect.notes)
    assert NAME in effect.method
    assert "start of its last interval" in effect.estimand


def test_weights_are_told_at_interval_starts_grace_and_horizon(effect):
    times = [w.at_months for w in effect.weights if w.arm == effect.question.treated_label]
    assert times == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 36.0]
    assert all(w.ess <= w.n + 1e-9 for w in effect.weights)


def test_the_flow_adds_up(effect):
    for arm in (effect.question.comparator_label, effect.question.treated_label):
        boxes = {f.name: f.n for f in effect.flow if f.arm == arm}
        assert boxes.pop("Clones") + boxes.pop("Departed at time zero or before observation") == 600
        assert sum(boxes.values()) == 600


NAMES = {
    "conservation",
    "ones_before_deadline",
    "effective_size",
    "effective_size_horizon",
    "top_share",
    "deadline_initiators",
    "shared_events",
    "identical_arms",
    "loss_levels",
    "whole_times",
}


def test_every_audit_is_there(effect):
    assert {d.name for d in effect.diagnostics} == NAMES
    found = {(d.name, d.arm): d for d in effect.diagnostics}
    ones = found["ones_before_deadline", effect.question.treated_label]
    assert ones.verdict == "pass"
    assert ones.value == 0.0


def test_few_initiators_at_the_deadline_are_a_warning():
    cohort = drawn.cohort(500, 32)
    late = np.flatnonzero((cohort.treatment_time > 5.0) & (cohort.treatment_time <= 6.0))
    cohort.treatment_time[late[4:]] = np.inf
    bare = replace(cohort, coding=replace(cohort.coding, names=("age",)))
    effect = make_method(NAME, {}).estimate(bare, designs.question(), Inference(interval="none"))
    found = {d.name: d for d in effect.diagnostics}["deadline_initiators"]
    assert found.value == 4.0
    assert found.verdict == "warn"
    assert "all_initiators" in found.advice


def test_weights_that_do_not_add_up_are_an_alarm():
    question = designs.question()
    effect = make_method(NAME, {"truncate": 80.0}).estimate(
        designs.lt1(1_000, 36), question, Inference(interval="none")
    )
    found = {d.arm: d for d in effect.diagnostics if d.name == "conservation"}
    assert found[question.treated_label].verdict == "fail"
    assert any("percentile 80" in note for note in effect.notes)


def test_bootstrap_and_influence_give_the_same_spread():
    cohort = drawn.cohort(400, 33)
    question = designs.question(initiation="all_initiators", at_months=(12.0, 36.0))
    method = make_method(NAME, {})
    fast = method.estimate(cohort, question, Inference())
    slow = method.estimate(
        cohort,
        question,
        Inference(interval="bootstrap", replicates=200, seed=3, kind="bayesian", jobs=1),
    )
    for measure in ("survival_difference", "rmst_difference", "hazard_ratio"):
        a, b = (e.contrast(measure).estimate.se for e in (fast, slow))
        assert a == pytest.approx(b, rel=SPREAD)


def test_an_analysis_can_be_sent_to_another_process():
    cohort = drawn.cohort(200, 34)
    analysis = make_method(NAME, {}).bind(cohort, designs.question())
    copy = pickle.loads(pickle.dumps(analysis))
    weights = np.ones((1, cohort.n))
    np.testing.assert_array_equal(copy.values(weights).packed(), analysis.values(weights).packed())


def test_histories_and_all_initiators_are_a_warning():
    cohort = drawn.cohort(400, 35, history=True)
    effect = make_method(NAME, {}).estimate(
        cohort, designs.question(initiation="all_initiators"), Inference(interval="none")
    )
    found = {d.name: d for d in effect.diagnostics}
    assert found["time_varying_confounders"].verdict == "warn"


@pytest.mark.parametrize("initiation", ["deadline", "all_initiators", "uniform"])
@pytest.mark.parametrize("comparator", ["never", "none_within_grace"])
def test_the_estimand_names_both_strategies(initiation, comparator):
    question = designs.question(initiation=initiation, comparator=comparator)
    words = make_method(NAME, {}).estimand(question)
    assert ("no treatment at all" in words) == (comparator == "never")
    assert ("spread evenly" in words) == (initiation == "uniform")


@pytest.mark.parametrize(
    "options",
    [{"initiation_model": "forest"}, {"natural_censoring": "cox"}, {"truncate": 1.0}],
    ids=lambda options: next(iter(options)),
)
def test_options_are_checked_when_they_are_made(options):
    with pytest.raises(LocoregError):
        find_method(NAME).from_dict(options)
