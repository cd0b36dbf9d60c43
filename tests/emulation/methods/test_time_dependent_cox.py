"""Cox model with treatment as a covariate that changes."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.timedependent import standard
from locoreg.stats.cox import cox
from tests.emulation import designs
from tests.emulation.groups.weightings import (
    REFIT,
    derivative_gap,
    log_hr,
    rich,
    short_question,
)

QUICK = Inference(interval="influence")
SAME = {"rel": 1e-8, "abs": 1e-10}
# Survival over 700 persons moves by about 1/700 a step, 0.15 months wide; errors mostly cancel.
TRAPEZOIDS = 2e-3
# Estimates of a simulation lie within so many standard errors of the truth.
ERRORS = 3.5


def test_the_hazard_ratio_is_that_of_rows_cut_at_treatment():
    cohort = rich("plain", n=250)
    effect = make_method("time_dependent_cox", {}).estimate(cohort, short_question(), QUICK)
    rows = []
    X = cohort.design().X
    same_day = cohort.treatment_time == cohort.time
    assert same_day.any()
    for i in range(cohort.n):
        end, died = cohort.time[i], cohort.event[i]
        # Who dies on the day of treatment is treated just before; nobody else dies between.
        start = (
            min(cohort.treatment_time[i], end - 0.01) if same_day[i] else cohort.treatment_time[i]
        )
        if 0 < start < end:
            rows.append((i, 0.0, start, 0, 0.0, *X[i]))
            rows.append((i, start, end, died, 1.0, *X[i]))
        else:
            rows.append((i, 0.0, end, died, float(start == 0), *X[i]))
    table = np.array(rows)
    table = table[table[:, 1] < 30.0]
    died = (table[:, 3] == 1) & (table[:, 2] <= 30.0)
    fit = cox(
        np.minimum(table[:, 2], 30.0),
        died,
        table[:, 4:],
        entry=table[:, 1],
        cluster=table[:, 0],
        level=95,
    )
    assert log_hr(effect).estimate == pytest.approx(fit.coefficients[0], **SAME)
    assert log_hr(effect).se == pytest.approx(fit.se[0], **SAME)


def test_curves_of_a_treatment_at_time_zero_are_those_of_the_model():
    """With grace 0 all treatment is at time zero, and curves are averages of predictions."""
    rng = np.random.default_rng(3)
    n = 200
    x, treated = rng.normal(size=n), rng.random(n) < 0.5
    cohort = designs.cohort(
        time=rng.exponential(20.0, n),
        event=(rng.random(n) < 0.8).astype(int),
        treatment_time=np.where(treated, 0.0, np.inf),
        baseline=(Column(name="x", kind="number", values=x),),
    )
    question = designs.question(grace_months=0.0, horizon_months=24.0, at_months=(12.0, 24.0))
    effect = make_method("time_dependent_cox", {}).estimate(cohort, question, QUICK)
    time = np.minimum(cohort.time, 24.0)
    event = (cohort.event == 1) & (cohort.time <= 24.0)
    # Times differ, so that Breslow's baseline is Efron's.
    fit = cox(time, event, np.column_stack([treated, x]), level=95)
    for arm in (0, 1):
        X = np.column_stack([np.full(n, float(arm)), x])
        expected = fit.predict(X, level=95, times=[12.0, 24.0]).survival.mean(axis=1)
        held = effect.arms[arm]
        found = held.estimate[np.isin(held.time, [12.0, 24.0])]
        np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("log_hazard", [0.0, np.log(0.6)], ids=["null", "effect"])
def test_large_samples_meet_the_truth(log_hazard):
    """LT-1 has hazards that are close to proportional, and its deadline is that of the curves."""
    cohort = designs.lt1(12000, 3, log_hazard=log_hazard)
    effect = make_method("time_dependent_cox", {}).estimate(cohort, designs.question(), QUICK)
    truth = designs.lt1_truth(log_hazard)
    for month in (6, 12, 36):
        found = effect.contrast("survival_difference", month).estimate
        none, treated = truth.survival[month]
        assert abs(found.estimate - (treated - none)) < ERRORS * found.se
    found = effect.contrast("rmst_difference").estimate
    assert abs(found.estimate - (truth.rmst[36][1] - truth.rmst[36][0])) < ERRORS * found.se


@pytest.mark.parametrize("initiation", ["deadline", "all_initiators", "uniform"])
@pytest.mark.parametrize("kind", ["plain", "histories", "late_entry"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"early_months": 2.0, "late_treatment": "censored", "adjust": "time_varying"},
        {"adjust": "none", "late_treatment": "untreated"},
    ],
    ids=["default", "early_and_histories", "unadjusted"],
)
def test_influence_is_the_derivative_of_a_refit(options, kind, initiation):
    question = short_question(initiation=initiation)
    assert derivative_gap("time_dependent_cox", options, rich(kind), question) < REFIT


def spread_out(n):
    """Return LT-1 with deaths at times that all differ."""
    drawn = designs.lt1(n, 8, log_hazard=-0.5)
    shift = np.random.default_rng(8).uniform(-0.4, 0.4, n)
    return designs.cohort(
        time=np.where(drawn.event == 1, drawn.time + shift, drawn.time),
        event=drawn.event,
        treatment_time=drawn.treatment_time,
        baseline=drawn.baseline,
    )


def test_many_event_times_are_read_on_a_grid(monkeypatch):
    cohort, question = spread_out(700), designs.question()
    method = make_method("time_dependent_cox", {})
    even = method.bind(cohort, question)
    assert even.reading.time.size < standard.MOST_STEPS + 40
    assert derivative_gap("time_dependent_cox", {}, cohort, question) < REFIT
    monkeypatch.setattr(standard, "MOST_STEPS", 10_000)
    exact = method.bind(cohort, question)
    assert exact.reading.time.size > 400
    one = np.ones((1, cohort.n))
    here, there = even.values(one), exact.values(one)
    np.testing.assert_allclose(here.curve, there.curve, rtol=1e-12)
    np.testing.assert_allclose(here.area, there.area, atol=TRAPEZOIDS)


def test_same_day_deaths_are_deaths_of_the_treated():
    """Without them no treated person dies, and there would be no hazard ratio."""
    cohort = designs.cohort(
        time=[2.0, 3.0, 9.0, 4.0, 9.0, 5.0],
        event=[1, 1, 0, 1, 0, 1],
        treatment_time=[2.0, 3.0, 1.0, np.inf, np.inf, np.inf],
    )
    question = designs.question(horizon_months=8.0, at_months=(8.0,), grace_months=3.0)
    analysis = make_method("time_dependent_cox", {}).bind(cohort, question)
    rows = analysis.rows
    assert int(((rows.event == 1) & rows.treated).sum()) == 2
    assert rows.stop.max() == 8.0
    assert np.isfinite(analysis.values(np.ones((1, 6))).log_hr).all()


@pytest.mark.parametrize(
    ("late", "rows", "treated"), [("treated", 4, 1), ("untreated", 3, 0), ("censored", 3, 0)]
)
def test_rules_for_late_treatment(late, rows, treated):
    cohort = designs.cohort(
        time=[9.0, 8.0, 6.5], event=[1, 1, 1], treatment_time=[7.0, np.inf, 0.0]
    )
    question = designs.question(horizon_months=9.0, at_months=(9.0,))
    analysis = make_method("time_dependent_cox", {"late_treatment": late}).bind(cohort, question)
    first = analysis.rows.person == 0
    assert analysis.rows.person.size == rows
    assert int((analysis.rows.treated & first).sum()) == treated
    assert analysis.rows.stop[first].max() == (7.0 if late == "censored" else 9.0)


def test_an_early_hazard_of_its_own_is_told():
    """Deaths within two months of treatment raise the early hazard, and leave the later one."""
    rng = np.random.default_rng(2)
    drawn = designs.lt1(3000, 2, log_hazard=-0.5)
    struck = (rng.random(drawn.n) < 0.15) & np.isfinite(drawn.treatment_time)
    time = np.where(struck, np.minimum(drawn.time, drawn.treatment_time + 1.0), drawn.time)
    cohort = designs.cohort(
        time=time,
        event=np.where(struck, 1, drawn.event),
        treatment_time=drawn.treatment_time,
        baseline=drawn.baseline,
    )
    one = make_method("time_dependent_cox", {}).estimate(cohort, designs.question(), QUICK)
    two = make_method("time_dependent_cox", {"early_months": 2.0}).estimate(
        cohort, designs.question(), QUICK
    )
    assert abs(log_hr(two).estimate + 0.5) < ERRORS * log_hr(two).se
    assert log_hr(one).estimate > log_hr(two).estimate + 0.1
    note = next(n for n in two.notes if "first 2 months" in n)
    assert "Hazard ratio over the first 2 months after treatment" in note


def test_histories_held_in_the_curves_are_told():
    effect = make_method("time_dependent_cox", {"adjust": "time_varying"}).estimate(
        rich("histories"), short_question(), QUICK
    )
    held = {d.name: d for d in effect.diagnostics}["held_histories"]
    assert held.verdict == "warn"
    assert "size, response" in held.message


def test_what_does_not_fit_is_refused():
    with pytest.raises(DesignError, match="compete"):
        make_method("time_dependent_cox", {}).bind(rich("competing"), short_question())
    with pytest.raises(DesignError, match="early_months"):
        make_method("time_dependent_cox", {"early_months": 0.0})
    nobody = designs.cohort(time=[1.0, 2.0], event=[1, 0], treatment_time=[np.inf, np.inf])
    with pytest.raises(DesignError, match="no persons are treated"):
        make_method("time_dependent_cox", {}).bind(nobody, designs.question())
