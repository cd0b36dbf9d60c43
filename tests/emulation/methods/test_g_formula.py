"""The g-formula: by hand, on designs with known truth, by its derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.gformula.curves import grid_matrices
from locoreg.emulation.gformula.table import cut_into_intervals
from locoreg.emulation.gformula.timeterms import time_terms
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs

# A central difference with a step of 1e-4 in a weight; coefficients are moved by differences too.
DERIVATIVE = 2e-6
EXACT = 1e-9
NONE = Inference(interval="none")


def gformula(**options):
    return make_method("g_formula", options)


def check_derivative(analysis, n, persons=(0, 3, 11, 40, 77)):
    found = analysis.influence().packed()[:, :-1]
    step = 1e-4
    weights = np.ones((2 * len(persons), n))
    for row, person in enumerate(persons):
        weights[2 * row, person] += step
        weights[2 * row + 1, person] -= step
    values = analysis.values(weights).packed()[:, :-1]
    numeric = (values[::2] - values[1::2]) / (2 * step)
    assert numeric == pytest.approx(found[list(persons)], abs=DERIVATIVE)
    assert np.abs(found.sum(axis=0)).max() < DERIVATIVE


@pytest.mark.parametrize("initiation", ["deadline", "all_initiators", "uniform"])
def test_influence_is_the_derivative_by_the_persons_weights(initiation):
    cohort = designs.lt1(150, 2, log_hazard=-0.5)
    question = designs.question(initiation=initiation)
    analysis = gformula(time_terms="quadratic", treatment_by=("x1",)).bind(cohort, question)
    check_derivative(analysis, cohort.n)


def test_influence_with_competing_events_and_late_entry():
    base = designs.lt1(200, 4)
    rng = np.random.default_rng(2)
    event = np.where((base.event == 1) & (rng.random(200) < 0.4), 2, base.event)
    cohort = designs.cohort(
        time=base.time,
        event=event,
        treatment_time=base.treatment_time,
        baseline=base.baseline,
        entry=np.where(rng.random(200) < 0.3, 0.4 * base.time, 0.0),
        event_labels=("death from cancer", "other death"),
    )
    question = designs.question(comparator="none_within_grace")
    analysis = gformula(time_terms="spline", time_df=3, treatment_by_time=True).bind(
        cohort, question
    )
    check_derivative(analysis, cohort.n)
    values = analysis.values(np.ones((1, 200)))
    assert (np.diff(values.curve[0], axis=-1) >= 0).all()


@pytest.mark.parametrize("log_hazard", [0.0, np.log(0.6)], ids=["null", "effect"])
def test_lt1_is_met_within_its_error(log_hazard):
    truth = designs.lt1_truth(log_hazard)
    cohort = designs.lt1(8_000, 3, log_hazard=log_hazard)
    effect = gformula(time_terms="constant").estimate(cohort, designs.question(), Inference())
    for month in (6, 12, 36):
        found = effect.contrast("survival_difference", float(month))
        s0, s1 = truth.survival[month]
        # Three standard errors; those of the arms are at most three times that of the difference.
        assert abs(found.estimate.estimate - (s1 - s0)) < 3.0 * found.estimate.se
        curve = effect.arms[1]
        at = list(curve.time).index(float(month))
        assert abs(curve.estimate[at] - s1) < 3.0 * curve.se[at]
    found = effect.contrast("rmst_difference")
    assert abs(found.estimate.estimate - (truth.rmst[36][1] - truth.rmst[36][0])) < (
        3.0 * found.estimate.se
    )


def test_treatment_at_time_zero_without_confounders_is_the_life_table():
    # Ten treated, ten not; deaths in intervals 1 and 2 of 3.
    time = np.array([0.5] * 2 + [1.5] * 4 + [3.0] * 4 + [0.5] * 1 + [1.5] * 3 + [3.0] * 6)
    event = (time < 3.0).astype(int)
    event[4], event[12] = 0, 0
    cohort = designs.cohort(
        time=time,
        event=np.where(np.arange(20) % 10 == 9, 1, event),
        treatment_time=np.repeat([0.0, np.inf], 10),
    )
    question = designs.question(grace_months=0.0, horizon_months=3.0, at_months=(3.0,))
    effect = gformula(time_terms="indicators", treatment_by_time=True).estimate(
        cohort, question, NONE
    )
    # A person censored in the middle of an interval counts for half of it.
    treated = (1 - 2 / 10) * (1 - 3 / 7.5) * (1 - 1 / 4)
    comparator = (1 - 1 / 10) * (1 - 2 / 8.5) * (1 - 1 / 6)
    found = effect.contrast("survival_difference")
    assert found.treated == pytest.approx(treated, abs=EXACT)
    assert found.comparator == pytest.approx(comparator, abs=EXACT)


def test_intervals_of_a_person_by_hand():
    cohort = designs.cohort(
        time=[2.5, 3.0, 4.0, 1.0, 5.0, 3.2],
        event=[1, 0, 1, 1, 0, 0],
        treatment_time=[1.0, 2.0, 3.5, 1.0, np.inf, 2.6],
        entry=[0.0, 0.5, 0.0, 0.0, 1.0, 0.0],
    )
    question = designs.question(grace_months=2.0, horizon_months=5.0, at_months=(5.0,))
    # The treated are not followed to 5: the table is what is looked at here.
    question = designs.question(grace_months=2.0, horizon_months=3.0, at_months=(3.0,))
    table = cut_into_intervals(cohort, question)
    rows = {
        person: [
            (int(k), bool(a), int(e), round(float(x), 9))
            for p, k, a, e, x in zip(
                table.person,
                table.interval,
                table.treated,
                table.event,
                table.exposure,
                strict=True,
            )
            if p == person
        ]
        for person in range(6)
    }
    assert rows[0] == [(0, False, 0, 1.0), (1, True, 0, 1.0), (2, True, 1, 1.0)]
    # Enters in the middle of interval 0; treated at the end of the grace period: its last interval.
    assert rows[1] == [(0, False, 0, 0.5), (1, True, 0, 1.0), (2, True, 0, 1.0)]
    # Follow-up of the comparator strategy never ends at treatment, at 3.5 after the horizon.
    assert rows[2] == [(0, False, 0, 1.0), (1, False, 0, 1.0), (2, False, 0, 1.0)]
    # Dies on the day of treatment: treated.
    assert rows[3] == [(0, True, 1, 1.0)]
    assert rows[4] == [(1, False, 0, 1.0), (2, False, 0, 1.0)]
    # Treated at 2.6, after the grace period: six tenths of interval 2 are followed.
    assert rows[5] == [(0, False, 0, 1.0), (1, False, 0, 1.0), (2, False, 0, 0.6)]


def test_the_last_interval_with_nobody_treated_has_probability_zero():
    cohort = designs.lt1(3000, 6)
    late = (cohort.treatment_time == 2.0) | (cohort.treatment_time == 4.0)
    treatment = np.where(late, cohort.treatment_time - 1.0, cohort.treatment_time)
    shifted = designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=treatment,
        baseline=cohort.baseline,
    )
    analysis = gformula(time_terms="constant").bind(shifted, designs.question())
    assert analysis.formula.open.tolist() == [0, 1, 3]
    assert np.isfinite(analysis.values(np.ones((1, 3000))).curve).all()


def changing(n, seed, *, effect):
    """Return a cohort whose response L at months 1 and 2 leads to treatment and to survival.

    Treatment at months 0, 1, 2; six months of follow-up; the exact truth comes with it.
    """
    rng = np.random.default_rng(seed)
    response = (rng.random(n) < 0.4).astype(float)
    person, month, values = [np.arange(n)], [np.zeros(n)], [response.copy()]
    treated = np.full(n, np.inf)
    time, event, alive = np.full(n, 6.0), np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for k in range(6):
        if k:
            done = np.isfinite(treated)
            response = (rng.random(n) < turns(response, done)).astype(float)
            person.append(np.flatnonzero(alive))
            month.append(np.full(alive.sum(), float(k)))
            values.append(response[alive])
        if k < 3:
            now = alive & np.isinf(treated) & (rng.random(n) < starts(response))
            treated[now] = k
        dies = alive & (rng.random(n) < dying(response, np.isfinite(treated), effect))
        time[dies], event[dies] = k + 0.5, 1
        alive &= ~dies
    order = np.lexsort((np.concatenate(month), np.concatenate(person)))
    history = designs.history(
        "response",
        np.concatenate(person)[order],
        np.concatenate(month)[order],
        np.concatenate(values)[order],
        levels=("no", "yes"),
        n=n,
    )
    return designs.cohort(time=time, event=event, treatment_time=treated, histories=(history,))


def turns(response, treated):
    return designs.expit(-1.0 + 2.0 * response + 0.5 * treated)


def starts(response):
    return designs.expit(-2.0 + 2.0 * response)


def dying(response, treated, effect):
    return designs.expit(-1.5 - 1.2 * response + effect * treated)


def exact(effect):
    """Return survival at 6 months under never, and natural timing with all treated at month 2."""
    out = []
    for arm in (0, 1):
        mass = {(r, 0): p for r, p in ((0, 0.6), (1, 0.4))}
        for k in range(6):
            after: dict[tuple[int, int], float] = {}
            for (r, a), p in mass.items():
                for new in (0, 1) if k else (r,):
                    q = turns(r, a) if k else 1.0
                    here = p * (q if new or not k else 1 - q)
                    share = 0.0 if not arm or k > 2 or a else 1.0 if k == 2 else starts(new)
                    for now in (0, 1):
                        part = here * (share if now else 1 - share) if not a else here * now
                        left = part * (1 - dying(new, now, effect))
                        after[new, now] = after.get((new, now), 0.0) + left
            mass = after
        out.append(sum(mass.values()))
    return out


@pytest.mark.parametrize("effect", [0.0, -0.8], ids=["null", "effect"])
def test_a_confounder_that_changes_is_simulated(effect):
    cohort = changing(20_000, 5, effect=effect)
    question = designs.question(grace_months=3.0, horizon_months=6.0, at_months=(6.0,))
    found = (
        gformula(time_terms="constant", copies=2)
        .estimate(cohort, question, NONE)
        .contrast("survival_difference")
    )
    truth = exact(effect)
    # Standard errors of proportions among 20,000 are .0035; three of them.
    assert found.comparator == pytest.approx(truth[0], abs=0.011)
    assert found.treated == pytest.approx(truth[1], abs=0.011)
    ignored = designs.cohort(
        time=cohort.time, event=cohort.event, treatment_time=cohort.treatment_time
    )
    naive = (
        gformula(time_terms="constant")
        .estimate(ignored, question, NONE)
        .contrast("survival_difference")
    )
    assert abs(naive.estimate.estimate - (truth[1] - truth[0])) > 0.03


def test_simulated_courses_have_no_influence_and_the_same_draws_in_every_replicate():
    cohort = changing(300, 5, effect=-0.8)
    question = designs.question(grace_months=3.0, horizon_months=6.0, at_months=(6.0,))
    analysis = gformula(time_terms="constant", copies=2).bind(cohort, question)
    assert analysis.influence() is None
    weights = np.random.default_rng(1).exponential(size=(3, 300))
    weights[1] = 1.0
    together = analysis.values(weights).curve
    for row in range(3):
        assert np.array_equal(analysis.values(weights[[row]]).curve[0], together[row])
    # A person more changes values by little: draws are not drawn anew.
    moved = np.ones((1, 300))
    moved[0, 5] += 1e-6
    assert analysis.values(moved).curve[0] == pytest.approx(together[1], abs=1e-6)
    effect = gformula(time_terms="constant", copies=1).estimate(
        cohort, question, Inference(interval="auto", replicates=39, seed=3, jobs=1)
    )
    assert effect.interval == "bootstrap"
    assert effect.contrast("survival_difference").estimate.se > 0.0


def test_a_number_that_changes_and_a_category_with_unknown_values():
    rng = np.random.default_rng(9)
    base = designs.lt1(600, 9)
    person = np.repeat(np.arange(600), 6)
    month = np.tile(np.arange(6.0), 600)
    marker = designs.history("marker", person, month, rng.normal(size=3600), n=600)
    some = rng.random(3600) < 0.5
    stage = designs.history(
        "stage",
        person[some],
        month[some],
        rng.integers(0, 3, size=int(some.sum())),
        levels=("a", "b", "c"),
        n=600,
    )
    cohort = designs.cohort(
        time=base.time,
        event=base.event,
        treatment_time=base.treatment_time,
        baseline=base.baseline,
        histories=(marker, stage),
    )
    question = designs.question(horizon_months=12.0, at_months=(12.0,))
    effect = gformula(time_terms="constant", copies=2).estimate(cohort, question, NONE)
    truth = designs.lt1_truth(0.0)
    # Neither history matters; 600 persons.
    assert effect.contrast("survival_difference").comparator == pytest.approx(
        truth.survival[12][0], abs=0.06
    )
    assert {d.name for d in effect.diagnostics} >= {"history_measured"}
    gone = designs.history("marker", person[6:], month[6:], np.zeros(3594), n=600)
    with pytest.raises(DesignError, match="marker is not measured yet for 1 persons"):
        gformula().bind(
            designs.cohort(
                time=base.time,
                event=base.event,
                treatment_time=base.treatment_time,
                histories=(gone,),
            ),
            question,
        )


def test_grid_matrices_draw_straight_lines():
    curve, area = grid_matrices(2, 3.0, np.array([0.0, 1.5, 3.0, 5.0, 6.0]))
    value = np.array([1.0, 0.4, 0.1])
    assert value @ curve == pytest.approx([1.0, 0.7, 0.4, 0.2, 0.1], abs=EXACT)
    expected = [0.0, 1.275, 2.1, 2.1 + 2 * 0.3, 2.1 + 3 * 0.25]
    assert value @ area == pytest.approx(expected, abs=EXACT)


def test_terms_of_time():
    events = np.repeat(np.arange(9), [9, 8, 7, 6, 5, 4, 3, 2, 1])
    assert time_terms("constant", 9, df=3, events=events).shape == (9, 0)
    assert time_terms("quadratic", 9, df=3, events=events)[4].tolist() == [4.0, 16.0]
    indicators = time_terms("indicators", 9, df=3, events=events)
    assert np.column_stack([1 - indicators.sum(axis=1), indicators]).tolist() == np.eye(9).tolist()
    spline = time_terms("spline", 12, df=3, events=events)
    # Straight after the last knot.
    assert np.diff(spline[-3:], n=2, axis=0) == pytest.approx(np.zeros((1, 3)), abs=EXACT)
    with pytest.raises(DesignError, match="spline of time can't be placed"):
        time_terms("spline", 9, df=3, events=np.array([4, 4, 5]))


def test_what_can_not_be_modelled_is_refused():
    cohort = designs.lt1(200, 1)
    with pytest.raises(DataError, match="treatment_by names 'age'"):
        gformula(treatment_by=("age",)).bind(cohort, designs.question())
    nobody = designs.cohort(
        time=cohort.time, event=cohort.event, treatment_time=np.full(200, np.inf)
    )
    with pytest.raises(DesignError, match="nobody is treated within 6 months"):
        gformula().bind(nobody, designs.question())
    short = designs.cohort(
        time=np.minimum(cohort.time, 20.0),
        event=cohort.event,
        treatment_time=cohort.treatment_time,
    )
    with pytest.raises(DesignError, match="followed to the horizon of 36 months"):
        gformula().bind(short, designs.question())
    flag = Column(
        name="flag",
        kind="category",
        values=(cohort.event == 1).astype(float),
        levels=("no", "yes"),
    )
    separated = designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=cohort.treatment_time,
        baseline=(flag,),
    )
    with pytest.raises(ConvergenceError, match="flag"):
        gformula(time_terms="constant").bind(separated, designs.question())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time_terms": "cubic"}, "time_terms"),
        ({"time_df": 1}, "time_df is 1"),
        ({"copies": 0}, "copies is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"penalty": "ridge"}, "penalty"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words):
    with pytest.raises((DesignError, DataError), match=words):
        gformula(**options)
