"""Weights of the comparator arm from a Cox model, against R on the Stanford heart data."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.arms import arm_steps
from locoreg.emulation.clones.analysis import CloneAnalysis
from locoreg.emulation.clones.continuous import cox_factor, cox_pieces
from locoreg.emulation.clones.options import Choices
from locoreg.emulation.clones.rules import clone
from locoreg.emulation.cohort import Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs
from tests.emulation.clones import drawn
from tests.stats.survival_cases import case, data

# R stops its Cox fits at a relative change of 1e-11 in the log-likelihood.
FITS = 1e-7
CURVES = 1e-8


def heart(grace: float):
    """Return pinned results and the patients that their clones were made of."""
    pinned = case(f"ccw_jasa_grace{grace:g}")
    clones = data(pinned["args"]["clones_file"])
    one, zero = (clones["arm"] == arm for arm in (1, 0))
    # The comparator's clones tell when treatment came, those of the treated arm the rest.
    time = np.maximum(clones["stop"][one], clones["stop"][zero])
    treated = np.where(clones["acens"][zero] == 1, clones["stop"][zero], np.inf)
    event = np.maximum(clones["event"][one], clones["event"][zero])
    columns = tuple(
        Column(name=name, kind="number", values=clones[name][zero].astype(float))
        for name in pinned["args"]["covariates"]
    )
    cohort = designs.cohort(time=time, event=event, treatment_time=treated, baseline=columns)
    return pinned["result"], cohort


@pytest.mark.parametrize("grace", [30, 60])
def test_weights_and_curve_of_the_comparator_are_those_of_r(grace):
    """R's analysis takes Breslow's ties; the rows of the method are cut at treatments only."""
    expected, cohort = heart(grace)
    question = designs.question(
        grace_months=float(grace),
        interval_months=float(grace),
        comparator="none_within_grace",
        initiation="all_initiators",
        horizon_months=1700.0,
        at_months=(1700.0,),
    )
    analysis = CloneAnalysis(cohort, question, Choices(initiation_model="cox"))
    clones = clone(
        cohort.time,
        cohort.event,
        cohort.treatment_time,
        grace=float(grace),
        comparator="none_within_grace",
    )
    rows = analysis.plan.arms[0]
    pieces = cox_pieces(clones, float(grace))
    place = np.searchsorted(pieces[0], rows.start, side="right") - 1
    factor = cox_factor(cohort, clones, float(grace), pieces, place, rows.person, ties="breslow")
    found = factor.fit(np.ones((1, cohort.n)))[0]
    np.testing.assert_allclose(found[:3], expected["arm0"]["cens_coef"], rtol=FITS)
    log_weight = np.zeros(rows.stop.size)
    factor.add_log_weight(found, 0, log_weight)
    weight = np.exp(log_weight)
    last = np.append(np.diff(rows.person) > 0, True)
    pinned = expected["weights_last_row"][0]
    by_person = np.empty(cohort.n)
    by_person[rows.person[last]] = weight[last]
    np.testing.assert_allclose(by_person[np.array(pinned["id"]) - 1], pinned["w"], rtol=FITS)
    time, survival = arm_steps(rows, weight, 1700.0, competing=False)
    km = expected["weighted_km"][0]
    at = np.searchsorted(time, km["time"], side="right") - 1
    np.testing.assert_allclose(survival[at], km["surv"], rtol=CURVES)


def test_the_treated_arm_is_near_r_whose_cox_model_takes_the_deadline_for_ties():
    """R weighs both arms by Cox models of the clones; at the deadline the method is logistic."""
    expected, cohort = heart(30)
    question = designs.question(
        grace_months=30.0,
        interval_months=30.0,
        comparator="none_within_grace",
        initiation="all_initiators",
        horizon_months=730.0,
        at_months=(180.0, 365.0, 730.0),
    )
    analysis = CloneAnalysis(cohort, question, Choices(initiation_model="cox"))
    values = analysis.values(np.ones((1, cohort.n)))
    at = np.searchsorted(analysis.grid, [180.0, 365.0, 730.0])
    for place, row in zip(at, expected["rmst"], strict=True):
        # Weights differ, and with them means by a few per cent of the span.
        assert values.area[0, 1, place] == pytest.approx(row["arm1"], abs=0.03 * row["tau"])
        assert values.area[0, 0, place] == pytest.approx(row["arm0"], abs=0.01 * row["tau"])


def test_it_is_near_the_pooled_logistic_model_with_short_intervals():
    cohort = drawn.cohort(3_000, 21)
    question = designs.question(initiation="all_initiators", interval_months=0.25)
    cox = CloneAnalysis(cohort, question, Choices(initiation_model="cox"))
    logistic = CloneAnalysis(cohort, question, Choices())
    ones = np.ones((1, cohort.n))
    # The same hazards, on the scale of odds and with deaths of an interval at risk all of it.
    np.testing.assert_allclose(cox.values(ones).curve[0], logistic.values(ones).curve[0], atol=4e-3)


def test_weights_change_at_as_many_times_as_are_allowed():
    cohort = drawn.cohort(1_500, 22, days=False)
    question = designs.question(initiation="all_initiators")
    analysis = CloneAnalysis(cohort, question, Choices(initiation_model="cox"))
    fine = designs.question(initiation="all_initiators", interval_months=0.25)
    logistic = CloneAnalysis(cohort, fine, Choices())
    ones = np.ones((1, cohort.n))
    np.testing.assert_allclose(
        analysis.values(ones).curve[0], logistic.values(ones).curve[0], atol=5e-3
    )


def test_intervals_are_from_the_bootstrap():
    cohort = drawn.cohort(300, 23, entry=True)
    method = make_method("clone_censor_weight", {"initiation_model": "cox"})
    effect = method.estimate(
        cohort,
        designs.question(initiation="all_initiators"),
        Inference(replicates=40, seed=1, kind="bayesian", jobs=1),
    )
    assert effect.interval == "bootstrap"
    assert effect.replicates == 40


def test_confounders_over_time_are_refused():
    cohort = drawn.cohort(300, 24, history=True)
    with pytest.raises(DesignError, match="change over time"):
        CloneAnalysis(cohort, designs.question(), Choices(initiation_model="cox"))
