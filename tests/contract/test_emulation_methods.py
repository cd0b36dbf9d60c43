"""What holds for every method of emulation, whichever is added."""

from __future__ import annotations

import inspect
import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from functools import cache

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.effect import Effect
from locoreg.emulation.imputation import Imputation, estimate_with_imputation
from locoreg.emulation.inference import Analysis, Inference
from locoreg.emulation.methods import find_method, make_method, method_names
from tests.emulation import designs

# The options that a method can't do without.
OPTIONS = {
    "aiptw": {"groups": "landmark"},
    "clone_censor_weight": {},
    "ever_treated": {},
    "g_formula": {},
    "landmark": {},
    "propensity": {"groups": "landmark", "weighting": "iptw", "target": "ate"},
    "sequential_trials": {},
    "time_dependent_cox": {},
}
# With one fold there is no question of which fold a copied person is in.
COPIED = {**OPTIONS, "aiptw": {"groups": "landmark", "folds": 1}}

# Sums in another order, through models that are fitted to 1e-8.
REORDERED = {"rtol": 1e-7, "atol": 1e-8}
# Monte Carlo error of a standard deviation of 200 replicates is 5%; with 3 of them that is 15%.
BOOTSTRAP_SE = 0.15
# Influence that is 0 but for rounding.
VANISHING = 1e-10
# A true difference of 0 is further than this many standard errors once in 16,000 samples.
NULL_SE = 4.0

LOG_HAZARD = float(np.log(0.6))
QUESTION = designs.question()
METHODS = pytest.mark.parametrize("name", method_names())


@cache
def cohort(n=600, log_hazard=LOG_HAZARD, seed=5) -> Cohort:
    return designs.lt1(n, seed, log_hazard=log_hazard)


def bound(name, people=None, options=OPTIONS) -> Analysis:
    people = cohort() if people is None else people
    return make_method(name, options[name]).bind(people, QUESTION)


def whole(name, people, options=OPTIONS):
    return bound(name, people, options).values(np.ones((1, people.n))).packed()


def copied(people: Cohort, rows) -> Cohort:
    """Return the cohort with persons several times, each under a name of its own."""
    parts = [people.take(np.array([row])) for row in rows]
    ids = tuple(f"{part.person_id[0]}-{i}" for i, part in enumerate(parts))
    columns = tuple(replace(column, values=column.values[rows]) for column in people.baseline)
    return replace(
        people,
        person_id=ids,
        time=people.time[rows],
        event=people.event[rows],
        lost=people.lost[rows],
        treatment_time=people.treatment_time[rows],
        baseline=columns,
    )


def test_every_method_is_here():
    assert set(OPTIONS) == set(method_names())


@METHODS
def test_options_are_frozen_and_go_through_json(name):
    method = make_method(name, OPTIONS[name])
    again = find_method(name).from_dict(json.loads(json.dumps(method.to_dict())))
    assert again == method
    for field in fields(method):
        with pytest.raises(FrozenInstanceError):
            setattr(method, field.name, None)


@METHODS
def test_unknown_options_are_refused(name):
    with pytest.raises(DesignError, match="no option 'surprise'"):
        make_method(name, {**OPTIONS[name], "surprise": 1})


@METHODS
def test_methods_say_what_they_are(name):
    method = find_method(name)
    assert method.name == name
    assert method.title
    assert method.title[0].isupper()
    estimand = make_method(name, OPTIONS[name]).estimand(QUESTION)
    assert estimand.endswith(".")
    assert method.biased is None or method.biased.endswith(".")


@METHODS
def test_the_order_of_persons_does_not_matter(name):
    people = cohort()
    order = np.random.default_rng(1).permutation(people.n)
    np.testing.assert_allclose(whole(name, people.take(order)), whole(name, people), **REORDERED)


@METHODS
def test_a_weight_of_2_is_a_person_twice(name):
    people = cohort()
    weight = np.ones((1, people.n))
    # Persons without the event: Efron's ties tell two tied persons from one who weighs 2.
    weight[0, np.flatnonzero(people.event == 0)[[3, 40]]] = 2.0, 3.0
    rows = np.repeat(np.arange(people.n), weight[0].astype(int))
    found = bound(name, people, COPIED).values(weight).packed()
    np.testing.assert_allclose(found, whole(name, copied(people, rows), COPIED), **REORDERED)


@METHODS
def test_a_weight_of_0_is_a_person_left_out(name):
    people = cohort()
    weight = np.ones((1, people.n))
    weight[0, [7, 80]] = 0.0
    rest = people.take(np.flatnonzero(weight[0]))
    found = bound(name, people, COPIED).values(weight).packed()
    np.testing.assert_allclose(found, whole(name, rest, COPIED), **REORDERED)


@METHODS
def test_only_relative_weights_matter(name):
    analysis = bound(name)
    ones = np.ones((1, cohort().n))
    doubled = analysis.values(2.0 * ones).packed()
    np.testing.assert_allclose(doubled, analysis.values(ones).packed(), **REORDERED)


@METHODS
def test_weightings_do_not_touch_each_other(name):
    people = cohort()
    weights = np.random.default_rng(1).exponential(size=(3, people.n))
    kept = weights.copy()
    analysis = bound(name, people)
    together = analysis.values(weights).packed()
    np.testing.assert_array_equal(weights, kept)
    alone = np.concatenate([analysis.values(one[None, :]).packed() for one in weights])
    np.testing.assert_allclose(together, alone, **REORDERED)


@METHODS
def test_an_analysis_can_be_sent_to_another_process(name):
    analysis = bound(name)
    ones = np.ones((1, cohort().n))
    sent = pickle.loads(pickle.dumps(analysis))
    np.testing.assert_array_equal(sent.values(ones).packed(), analysis.values(ones).packed())


@METHODS
def test_curves_are_probabilities_and_areas_are_under_them(name):
    values = bound(name).values(np.ones((1, cohort().n)))
    grid = QUESTION.grid()
    assert values.curve.shape == values.area.shape == (1, 2, grid.size)
    np.testing.assert_allclose(values.curve[0, :, 0], 1.0)
    np.testing.assert_allclose(values.area[0, :, 0], 0.0, atol=1e-12)
    # Unconstrained estimators may leave [0, 1] a little.
    assert (values.curve > -0.02).all()
    assert (values.curve < 1.02).all()
    steps = np.diff(values.area, axis=2)
    width = np.diff(grid)
    slack = 0.02 * width
    assert (steps <= values.curve[:, :, :-1].clip(0, 1) * width + slack).all()
    assert (steps >= values.curve[:, :, 1:] * width - slack).all()


@METHODS
def test_influence_sums_to_0(name):
    analysis = bound(name)
    # For intervals a method may enlarge influence by what leaving persons out does.
    enlarged = "left_out" in inspect.signature(analysis.influence).parameters
    found = analysis.influence(left_out=False) if enlarged else analysis.influence()
    if found is None:
        pytest.skip("no influence functions with these options")
    rows = found.packed()
    assert rows.shape == (cohort().n, 4 * QUESTION.grid().size + 1)
    size = np.sqrt((rows**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        share = np.abs(rows.sum(axis=0)) / size
    # Weights that are all doubled change nothing. Cross-fitted scores sum to 0 by their centring.
    assert (share[size > VANISHING] < 1e-4).all()


def estimate(name, people, inference) -> Effect:
    return make_method(name, OPTIONS[name]).estimate(people, QUESTION, inference)


@METHODS
def test_influence_agrees_with_the_bootstrap(name):
    people = cohort(1000)
    if bound(name, people).influence() is None:
        pytest.skip("no influence functions with these options")
    formula = estimate(name, people, Inference(interval="influence"))
    drawn = estimate(name, people, Inference(interval="bootstrap", replicates=200, seed=2, jobs=1))
    for month in (12.0, 36.0):
        for measure in ("survival_difference", "rmst_difference"):
            one, other = (e.contrast(measure, month).estimate.se for e in (formula, drawn))
            assert one == pytest.approx(other, rel=BOOTSTRAP_SE), (measure, month)


@METHODS
def test_the_seed_decides_the_numbers(name):
    inference = Inference(interval="bootstrap", replicates=40, seed=2, jobs=1)
    one, other = (estimate(name, cohort(), inference) for _ in range(2))
    for a, b in zip(one.contrasts, other.contrasts, strict=True):
        assert a.estimate == b.estimate


@METHODS
def test_no_effect_is_found_to_be_none(name):
    method = find_method(name)
    people = cohort(4000, 0.0, 11)
    inference = Inference(replicates=40, seed=2, jobs=1)
    found = estimate(name, people, inference)
    for measure in ("survival_difference", "rmst_difference"):
        one = found.contrast(measure).estimate
        far = abs(one.estimate) / one.se
        assert far > NULL_SE if method.biased else far < NULL_SE, measure


@METHODS
def test_effects_are_json_ready_and_tell_their_method(name):
    effect = estimate(name, cohort(), Inference(interval="none"))
    told = json.loads(json.dumps(effect.to_dict()))
    assert told["method"] == name
    assert told["provenance"]["options"]["method"] == name
    assert effect.arms[0].counts
    assert effect.summary()


@METHODS
def test_entry_at_time_zero_is_no_entry(name):
    people = cohort()
    entered = replace(people, entry=np.zeros(people.n))
    np.testing.assert_allclose(whole(name, entered), whole(name, people), **REORDERED)


@METHODS
def test_splines_are_taken(name):
    people = cohort()
    curved = replace(people, coding=replace(people.coding, splines=(("x2", 3),)))
    assert np.isfinite(whole(name, curved)[0, :-1]).all()


@METHODS
def test_confounders_may_be_imputed(name):
    people = cohort()
    x2 = people.column("x2")
    gone = np.where(np.arange(people.n) % 7 == 0, np.nan, x2.values)
    holed = replace(people, baseline=(people.column("x1"), replace(x2, values=gone)))
    effect = estimate_with_imputation(
        make_method(name, OPTIONS[name]),
        holed,
        QUESTION,
        Inference(interval="none"),
        Imputation(imputations=2, seed=1),
    )
    whole_effect = estimate(name, people, Inference(interval="none"))
    one, other = (e.contrast("survival_difference").estimate for e in (effect, whole_effect))
    # A seventh of one confounder is imputed; that moves no method by more than this.
    assert one.estimate == pytest.approx(other.estimate, abs=0.03)


# Methods that can't be asked for the incidence of an event while no other occurs.
NOT_WITHOUT_RIVALS = {
    "g_formula": "it models the hazard of each kind of event and needs some of each",
    "time_dependent_cox": "it gives no curves where events compete",
}


@METHODS
def test_without_competing_events_incidence_is_1_less_survival(name):
    if name in NOT_WITHOUT_RIVALS:
        pytest.skip(NOT_WITHOUT_RIVALS[name])
    people = cohort()
    grid = QUESTION.grid()
    survival = bound(name, people).values(np.ones((1, people.n)))
    rivals = replace(people, event_labels=("death", "other death"))
    incidence = bound(name, rivals).values(np.ones((1, people.n)))
    np.testing.assert_allclose(incidence.curve, 1.0 - survival.curve, **REORDERED)
    np.testing.assert_allclose(incidence.area, grid - survival.area, **REORDERED)
