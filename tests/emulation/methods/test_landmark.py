"""Landmark analysis."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs
from tests.emulation.groups.weightings import (
    KINDS,
    REFIT,
    WAYS,
    derivative_gap,
    flow,
    log_hr,
    polynomial,
    rich,
    short_question,
)

QUICK = Inference(interval="influence")
SAME = {"rel": 1e-9, "abs": 1e-12}
# Estimates of a simulation lie within so many standard errors of the truth.
ERRORS = 3.5


def hand():
    """Eight persons; two have died and one is lost by 3 months, of the others two are treated."""
    inf = np.inf
    return designs.cohort(
        time=[1.0, 3.0, 2.0, 5.0, 12.0, 4.0, 7.0, 12.0],
        event=[1, 1, 0, 1, 0, 1, 1, 0],
        treatment_time=[0.5, inf, inf, 3.0, 1.0, inf, inf, 6.0],
    )


def hand_question(**changes):
    base = {
        "grace_months": 3.0,
        "horizon_months": 10.0,
        "at_months": (10.0,),
        "comparator": "none_within_grace",
    }
    return designs.question(**{**base, **changes})


def test_by_hand():
    effect = make_method("landmark", {"adjust": "none"}).estimate(hand(), hand_question(), QUICK)
    found = effect.contrast("survival_difference")
    # Treated: one dies at 5, one lives. Untreated: deaths at 4 and 7, one lives.
    assert (found.treated, found.comparator) == pytest.approx((1 / 2, 1 / 3))
    area = effect.contrast("rmst_difference")
    assert area.treated == pytest.approx((5 + 10) / 2)
    assert area.comparator == pytest.approx((4 + 7 + 10) / 3)
    assert (effect.arms[0].estimate[effect.arms[0].time <= 3] == 1.0).all()
    steps = flow(effect)
    assert steps[(None, "an event up to 3 months: left out")] == 2
    assert steps[(None, "follow-up ended up to 3 months: left out")] == 1
    assert steps[(None, "alive and followed at 3 months")] == 5
    assert "3 of 8 persons are left out" in " ".join(effect.notes)


def test_later_treatment_ends_follow_up_where_the_comparator_is_never():
    """Without covariates weights depend on time alone, and curves are those without weights."""
    question = hand_question(comparator="never")
    effect = make_method("landmark", {"adjust": "none"}).estimate(hand(), question, QUICK)
    found = effect.contrast("survival_difference")
    # Untreated: death at 4 (of 3 at risk), the third leaves at 6, death at 7 of the one left.
    assert found.comparator == pytest.approx(0.0)
    name = "follow-up ended at a later treatment"
    assert flow(effect)[("never treated", name)] == 1


def test_saturated_weights_are_shares():
    """With one binary confounder, weighted survival is the mean over its levels."""
    cohort = designs.lt1(600, 8)
    x1 = cohort.column("x1")
    cohort = designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=cohort.treatment_time,
        baseline=(x1,),
    )
    effect = make_method("landmark", {}).estimate(cohort, designs.question(), QUICK)
    alive = cohort.time > 6
    treated = cohort.treatment_time <= 6
    expected = [
        sum(
            (alive & (x1.values == x)).sum()
            / alive.sum()
            * (cohort.time > 20)[alive & (x1.values == x) & (treated == arm)].mean()
            for x in (0, 1)
        )
        for arm in (False, True)
    ]
    at = effect.arms[0].time == 20
    found = [arm.estimate[at][0] for arm in effect.arms]
    assert found == pytest.approx(expected, **SAME)
    assert max(abs(row.after) for row in effect.balance) < 1e-9
    assert {d.verdict for d in effect.diagnostics if d.name in ("balance", "conservation")} == {
        "pass"
    }


@pytest.mark.parametrize("log_hazard", [0.0, np.log(0.6)], ids=["null", "effect"])
def test_large_samples_meet_the_truth(log_hazard):
    """Among persons alive at 6 months, with those treated by then as they are."""
    cohort = polynomial(designs.lt1(15000, 11, log_hazard=log_hazard))
    effect = make_method("landmark", {}).estimate(cohort, designs.question(), QUICK)
    for month in (12, 36):
        truth = landmark_truth(log_hazard, month)
        found = effect.contrast("survival_difference", month).estimate
        assert abs(found.estimate - truth) < ERRORS * found.se
    if log_hazard == 0.0:
        assert abs(log_hr(effect).estimate) < ERRORS * log_hr(effect).se


def landmark_truth(log_hazard, month):
    """Return the difference among those alive at 6 months under natural treatment."""
    node, mass = np.polynomial.hermite_e.hermegauss(80)
    mass = mass / mass.sum() / 2
    total, difference = 0.0, 0.0
    for x1 in (0.0, 1.0):
        start = designs.expit(-2.0 + x1 - 0.6 * node)
        base = -3.2 - 0.7 * x1 + 0.5 * node
        q0, q1 = designs.expit(base), designs.expit(base + log_hazard)
        waiting, done = np.ones_like(node), np.zeros_like(node)
        for _ in range(6):
            waiting, done = waiting * (1 - start), done + waiting * start
            waiting, done = waiting * (1 - q0), done * (1 - q1)
        alive = mass * (waiting + done)
        total += alive.sum()
        difference += alive @ ((1 - q1) ** (month - 6) - (1 - q0) ** (month - 6))
    return difference / total


OPTIONS = (
    {},
    {"landmark_months": 3.0, "population": "treated", "histories_at": "landmark"},
    {"adjust": "none"},
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", OPTIONS, ids=["default", "treated_at_3", "unadjusted"])
def test_influence_is_the_derivative_of_a_refit(kind, options, way):
    question = short_question(**WAYS[way])
    assert derivative_gap("landmark", options, rich(kind), question) < REFIT


def test_the_population_of_the_treated_keeps_them_as_they_are():
    cohort = designs.lt1(500, 9)
    effects = [
        make_method("landmark", options).estimate(cohort, designs.question(), QUICK)
        for options in ({"population": "treated"}, {"adjust": "none"})
    ]
    one, other = (effect.contrast("survival_difference") for effect in effects)
    assert one.treated == pytest.approx(other.treated, **SAME)
    assert abs(one.comparator - other.comparator) > 0.01


def test_the_estimand_says_who_is_meant():
    words = make_method("landmark", {"landmark_months": 4.0}).estimand(designs.question())
    assert "alive and followed at 4 months" in words
    assert "Deaths before 4 months take no part" in words


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"landmark_months": 36.0}, "the horizon is"),
        ({"landmark_months": 0.0}, "no persons are treated"),
    ],
    ids=["after_the_horizon", "nobody_treated_yet"],
)
def test_what_does_not_fit_is_refused(options, match):
    cohort = designs.cohort(time=[1.0, 36.0], event=[1, 0], treatment_time=[np.inf, 2.0])
    with pytest.raises(DesignError, match=match):
        make_method("landmark", options).bind(cohort, designs.question())


def test_options_that_contradict_are_refused():
    with pytest.raises(DesignError, match="without weights"):
        make_method("landmark", {"adjust": "none", "population": "treated"})
    with pytest.raises(DesignError, match="landmark_months"):
        make_method("landmark", {"landmark_months": -1.0})
