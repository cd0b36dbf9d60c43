"""Values: by hand, in special cases, and against designs whose truth is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.arms import arm_values
from locoreg.emulation.clones.analysis import CloneAnalysis
from locoreg.emulation.clones.atrisk import after
from locoreg.emulation.clones.options import Choices
from locoreg.emulation.cohort import Column
from locoreg.stats.cox import cox
from tests.emulation import designs
from tests.emulation.clones import designs as exact
from tests.emulation.clones import drawn

# The same sums in another order.
ROUNDING = 1e-10
# Newton's last step is below 1e-7, its error the square.
FITTED = 1e-9
# Standard errors beyond which an estimate is not that of the truth: one in 15,000 by chance, and
# seeds are fixed.
FAR = 4.0


def one(analysis):
    return analysis.values(np.ones((1, analysis.plan.cohort.n)))


def by_hand(cohort, *, deadline: int | None, end: int):
    """Return survival at the ends of months, without confounders, by counting.

    Treatment at the start of month k, deaths at k + 0.5. Treated strategy with a deadline month,
    or None for the comparator never.
    """
    a, t, d = cohort.treatment_time, cohort.time, cohort.event
    survival, out = 1.0, []
    for k in range(end):
        if deadline is None:
            here, weight = (t > k) & (a > k), np.ones(t.size)
        else:
            here = (t > k) & ((k < deadline) | (a <= deadline))
            weight = np.where(
                (a == deadline) & (k >= deadline), 1.0 / share_at(cohort, deadline), 1
            )
        dies = here & (t == k + 0.5) & (d == 1)
        survival *= 1.0 - weight[dies].sum() / weight[here].sum()
        out.append(survival)
    return np.array(out)


def share_at(cohort, month):
    """Return the share treated in a month of those who are alive and untreated at its start."""
    waiting = (cohort.time >= month) & (cohort.treatment_time >= month)
    return (cohort.treatment_time == month).sum() / waiting.sum()


def test_without_confounders_weights_are_shares_counted_by_hand():
    cohort = replace(
        designs.lt1(800, 4),
        coding=designs.cohort(time=[1.0], event=[0], treatment_time=[np.inf]).coding,
    )
    question = designs.question(at_months=tuple(float(k) for k in range(1, 37)))
    analysis = CloneAnalysis(cohort, question, Choices())
    found = one(analysis).curve[0][:, 1:]
    # In the comparator everybody followed at a time has the same weight, and it cancels.
    np.testing.assert_allclose(found[0], by_hand(cohort, deadline=None, end=36), rtol=FITTED)
    np.testing.assert_allclose(found[1], by_hand(cohort, deadline=5, end=36), rtol=FITTED)


@pytest.mark.parametrize("initiation", ["deadline", "all_initiators", "uniform"])
def test_saturated_weights_add_up_to_the_persons_alive(initiation):
    """Without confounders the models are saturated: weights sum to whom they stand for."""
    cohort = drawn.cohort(600, 5)
    bare = replace(cohort, coding=replace(cohort.coding, names=()))
    # Deaths leave the interval's risk set before their decision would have come; without any
    # before the end of the grace period the sums are exact.
    late = replace(bare, time=np.where(bare.time <= 6.0, 6.5, bare.time))
    question = designs.question(initiation=initiation, comparator="none_within_grace")
    analysis = CloneAnalysis(late, question, Choices())
    weights = analysis.arm_weights(analysis.estimates(), np.ones(late.n))
    for arm in (0, 1):
        total = after(analysis.plan.arms[arm], weights[arm], 6.0).weight.sum()
        assert total == pytest.approx(late.n, rel=FITTED)


def test_nobody_departs_so_nothing_is_weighted_before_the_first_treatment():
    cohort = drawn.cohort(300, 6)
    late = replace(
        cohort, treatment_time=np.where(cohort.treatment_time < 3.0, 3.0, cohort.treatment_time)
    )
    question = designs.question(at_months=(1.0, 2.0, 3.0, 36.0))
    analysis = CloneAnalysis(late, question, Choices())
    curve = one(analysis).curve[0]
    early = analysis.grid <= 3.0
    np.testing.assert_allclose(curve[0, early], curve[1, early], rtol=ROUNDING)
    names = {d.name: d for d in analysis.detail().diagnostics}
    assert names["identical_arms"].verdict == "pass"


def test_counts_as_weights_equal_repeated_persons():
    cohort = drawn.cohort(250, 7, lost=True, entry=True, causes=True)
    question = designs.question(initiation="deadline")
    choices = Choices(natural_censoring="pooled_logistic", stabilised=False)
    analysis = CloneAnalysis(cohort, question, choices)
    counts = np.random.default_rng(1).integers(1, 3, cohort.n)
    weighted = analysis.values(counts[None].astype(float))
    rows = np.repeat(np.arange(cohort.n), counts)
    copied = replace(cohort.take(rows), person_id=tuple(f"copy {i}" for i in range(rows.size)))
    repeated = CloneAnalysis(copied, question, choices)
    # The clock is read off the persons, and differs where some count twice.
    np.testing.assert_allclose(weighted.curve[0], one(repeated).curve[0], atol=2e-3)


def test_each_weighting_is_on_its_own():
    cohort = drawn.cohort(250, 8)
    analysis = CloneAnalysis(cohort, designs.question(), Choices())
    weights = np.random.default_rng(2).exponential(size=(5, cohort.n))
    together = analysis.values(weights).packed()
    for b in range(5):
        np.testing.assert_allclose(
            analysis.values(weights[b : b + 1]).packed()[0], together[b], rtol=ROUNDING
        )


@pytest.mark.parametrize("stabilised", [False, True], ids=["unstabilised", "stabilised"])
def test_the_hazard_ratio_is_that_of_a_weighted_cox_model(stabilised):
    cohort = drawn.cohort(300, 9)
    analysis = CloneAnalysis(cohort, designs.question(), Choices(stabilised=stabilised))
    ones = np.ones(cohort.n)
    weights = analysis.arm_weights(analysis.estimates(), ones)
    found = one(analysis).log_hr[0]
    plan = analysis.plan
    sums = analysis.sums(weights, ones)
    # One row per arm and time, so that a factor per time can be applied.
    start, stop, event, arm, weight = [], [], [], [], []
    for a, rows in enumerate(plan.arms):
        times = plan.times.time
        for r in range(rows.stop.size):
            for j in range(rows.path.first[r], rows.path.last[r] + 1):
                factor = 1.0
                if stabilised:
                    factor = sums.raw[a, j] / sums.weighted[a, j]
                start.append(times[j - 1] if j else 0.0)
                stop.append(times[j])
                event.append(int(rows.event[r] == 1 and j == rows.path.last[r]))
                arm.append(float(a))
                weight.append(weights[a][r] * factor)
    fit = cox(
        np.array(stop),
        np.array(event),
        np.array(arm)[:, None],
        entry=np.array(start),
        weight=np.array(weight),
        level=95,
    )
    assert found == pytest.approx(fit.coefficients[0], rel=1e-7)


@pytest.mark.parametrize("log_hazard", [0.0, np.log(0.6)], ids=["null", "benefit"])
def test_lt1_is_centred_on_the_truth(log_hazard):
    n = 20_000
    truth = designs.lt1_truth(log_hazard)
    analysis = CloneAnalysis(
        designs.lt1(n, 11, log_hazard=log_hazard), designs.question(), Choices()
    )
    near(analysis, {m: truth.survival[m] for m in (6, 12, 36)}, truth.rmst[36])


def near(analysis, survival, rmst):
    values, influence = one(analysis), analysis.influence()
    for month, expected in survival.items():
        at = np.searchsorted(analysis.grid, month)
        for arm in (0, 1):
            se = np.sqrt((influence.curve[:, arm, at] ** 2).sum())
            assert abs(values.curve[0, arm, at] - expected[arm]) < FAR * se
    difference = influence.area[:, 1, -1] - influence.area[:, 0, -1]
    found = values.area[0, 1, -1] - values.area[0, 0, -1]
    if rmst is not None:
        assert abs(found - (rmst[1] - rmst[0])) < FAR * np.sqrt((difference**2).sum())


@pytest.mark.parametrize("initiation", ["deadline", "uniform"])
def test_a_confounder_that_changes_is_adjusted_for(initiation):
    effect = exact.RESPONSE_EFFECT
    never = exact.response_truth(exact.NEVER, effect=effect)
    treated = exact.response_truth(initiation, effect=effect)
    cohort = exact.response_cohort(20_000, 2, effect=effect)
    analysis = CloneAnalysis(cohort, designs.question(initiation=initiation), Choices())
    near(
        analysis,
        {m: (never[m], treated[m]) for m in (6, 12, 36)},
        (exact.area(never), exact.area(treated)),
    )
    # Without the history the same analysis is far off.
    blind = replace(cohort, coding=replace(cohort.coding, history_names=()))
    without = CloneAnalysis(blind, designs.question(initiation=initiation), Choices())
    at = np.searchsorted(without.grid, 12)
    se = np.sqrt((without.influence().curve[:, 0, at] ** 2).sum())
    assert abs(one(without).curve[0, 0, at] - never[12]) > FAR * se


def test_deaths_of_the_operation_count_under_a_deadline_and_are_missed_by_all_initiators():
    effect = np.log(0.6)
    never = exact.operative_truth(exact.NEVER, effect=effect)
    treated = exact.operative_truth(exact.DEADLINE, effect=effect)
    cohort = exact.operative_cohort(20_000, 3, effect=effect)
    months = {m: (never[m], treated[m]) for m in (6, 12, 36)}
    near(CloneAnalysis(cohort, designs.question(), Choices()), months, None)
    analysis = CloneAnalysis(cohort, designs.question(initiation="all_initiators"), Choices())
    at = np.searchsorted(analysis.grid, 6)
    se = np.sqrt((analysis.influence().curve[:, 1, at] ** 2).sum())
    assert one(analysis).curve[0, 1, at] - treated[6] > FAR * se


def test_truncation_moves_towards_the_unweighted_curves():
    cohort = designs.lt1(4_000, 12)
    question = designs.question()
    plain = one(CloneAnalysis(cohort, question, Choices()))
    cut = CloneAnalysis(cohort, question, Choices(truncate=90.0))
    assert cut.influence() is None
    weights = cut.arm_weights(cut.estimates(), np.ones(cohort.n))
    unweighted = [
        arm_values(rows, np.ones((1, rows.stop.size)), cut.grid, competing=False)[0][0, -1]
        for rows in cut.plan.arms
    ]
    difference = [v.curve[0, 1, -1] - v.curve[0, 0, -1] for v in (plain, one(cut))]
    assert difference[0] < difference[1] < unweighted[1] - unweighted[0]
    assert max(w.max() for w in weights) < 20.0


def test_firth_gives_an_estimate_where_the_outcome_is_separated():
    cohort = drawn.cohort(300, 13)
    level = np.where(np.isfinite(cohort.treatment_time), 0.0, 1.0)
    level[np.flatnonzero(level)[20:]] = 0.0
    rare = Column(name="frail", kind="category", values=level, levels=("no", "yes"))
    baseline = (*cohort.baseline, rare)
    coding = replace(cohort.coding, names=(*cohort.coding.names, "frail"))
    separated = replace(cohort, baseline=baseline, coding=coding)
    with pytest.raises(DesignError, match="frail") as caught:
        CloneAnalysis(separated, designs.question(), Choices())
    assert "overlap" in caught.value.message
    found = one(CloneAnalysis(separated, designs.question(), Choices(penalty="firth")))
    assert np.isfinite(found.packed()).all()


ERRORS = {
    "nobody treated": ({"treatment_time": np.full(200, np.inf)}, {}, {}, "nobody of 200"),
    "all treated": ({"treatment_time": np.zeros(200)}, {}, {}, "all 200"),
    "nobody in the last interval": (
        {"treatment_time": np.where(np.arange(200) < 90, np.arange(200) % 5 + 0.5, np.inf)},
        {},
        {},
        "starts at 5 months",
    ),
    "uniform with Cox": ({}, {"initiation": "uniform"}, {"initiation_model": "cox"}, "uniform"),
}


@pytest.mark.parametrize("name", ERRORS, ids=lambda name: name.replace(" ", "-"))
def test_a_question_that_does_not_fit_says_so(name):
    data, asked, choices, words = ERRORS[name]
    cohort = replace(drawn.cohort(200, 14), **data)
    cohort = replace(cohort, time=np.full(200, 36.0)) if data else cohort
    with pytest.raises(DesignError, match=words) as caught:
        CloneAnalysis(cohort, designs.question(**asked), Choices(**choices))
    assert caught.value.hint


def test_where_nobody_is_lost_there_are_no_weights_against_it():
    cohort, ones = drawn.cohort(200, 14), np.ones((1, 200))
    asked = designs.question()
    with_model = CloneAnalysis(cohort, asked, Choices(natural_censoring="pooled_logistic"))
    without = CloneAnalysis(cohort, asked, Choices())
    assert (with_model.values(ones).curve == without.values(ones).curve).all()
    assert "Nobody is lost to follow-up: no weights stand against it." in with_model.detail().notes


@pytest.mark.parametrize("truncate", [0.0, 50.0, 100.0])
def test_a_percentile_that_is_none_is_refused(truncate):
    with pytest.raises(DesignError, match="truncate"):
        Choices(truncate=truncate)
