"""What holds for every learner, the registry, and the learners that are models of outcomes."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.data import selection_data
from locoreg.selection.learners import (
    DEFAULT_LEARNER,
    ConstantLearner,
    EffectModel,
    Learner,
    RiskLearner,
    SurvivalSLearner,
    calibrate_effects,
    learner_names,
    make_learner,
    restore_model,
)
from locoreg.selection.scores import ScoreOptions
from locoreg.selection.scores import scores as make_scores
from tests.selection import designs
from tests.selection.learners.known import known_scores

FEW = {"forest": {"trees": 20}}
OPTIONS = {
    "forest": {"forest": {"trees": 20}},
    "stack": {"members": [{"name": "forest", **FEW}, "spline", "s_learner"]},
}


def question(drawn):
    # A horizon that many are followed to.
    return replace(drawn.question(), horizon_months=0.5)


@pytest.fixture(scope="module")
def scores():
    drawn = designs.draw("type2", 300, seed=5, p=3)
    return make_scores(drawn.data(), question(drawn), ScoreOptions(seed=1, folds=3, jobs=1))


@pytest.fixture(scope="module")
def fits(scores):
    return {
        name: make_learner(name, OPTIONS.get(name, {})).fit(scores, seed=1)
        for name in learner_names()
    }


@pytest.fixture(scope="module")
def fresh():
    return np.random.default_rng(8).random((40, 3))


@pytest.mark.parametrize("name", learner_names())
def test_effects_are_finite_and_one_per_person(name, scores, fits, fresh):
    learner = make_learner(name, OPTIONS.get(name, {}))
    assert isinstance(learner, Learner)
    assert isinstance(fits[name].model, EffectModel)
    assert fits[name].held_out.shape == (scores.n,)
    for values in (fits[name].held_out, fits[name].model.predict(fresh)):
        assert np.isfinite(values).all()
        assert (np.abs(values) < scores.question.horizon_months).all()
    assert all(isinstance(line, str) and line for line in fits[name].model.summary())
    json.dumps(learner.to_dict())
    assert learner.to_dict()["name"] == name


@pytest.mark.parametrize("name", learner_names())
def test_a_model_is_its_settings_and_arrays(name, fits, fresh):
    model = fits[name].model
    assert model.kind == name
    check_restored(model, fresh)


def check_restored(model, fresh):
    file = io.BytesIO()
    np.savez(file, **model.arrays())
    file.seek(0)
    arrays = dict(np.load(file, allow_pickle=False))
    again = restore_model(model.kind, json.loads(json.dumps(model.settings())), arrays)
    np.testing.assert_array_equal(again.predict(fresh), model.predict(fresh))
    assert again.summary() == model.summary()


@pytest.mark.parametrize("method", ["linear", "isotonic"])
def test_a_calibrated_model_is_its_settings_and_arrays(method, scores, fits, fresh):
    for name in ("spline", "stack"):
        fit = calibrate_effects(fits[name], scores, method=method, seed=1)
        check_restored(fit.model, fresh)


@pytest.mark.parametrize("name", ["spline", "risk", "constant", "stack"])
def test_some_persons_of_the_scores_can_be_learnt_from(name, scores, fresh):
    some = scores.take(np.flatnonzero(scores.fold == 1))
    fit = make_learner(name, OPTIONS.get(name, {})).fit(some, seed=1)
    assert fit.held_out.shape == (some.n,)
    assert np.isfinite(fit.model.predict(fresh)).all()


def test_the_same_seed_gives_the_same_effects(scores, fits, fresh):
    again = make_learner("stack", OPTIONS["stack"]).fit(scores, seed=1)
    np.testing.assert_array_equal(again.model.predict(fresh), fits["stack"].model.predict(fresh))


def test_the_plug_in_is_the_difference_of_predicted_means(scores, fits, fresh):
    fit = fits["s_learner"]
    np.testing.assert_array_equal(fit.held_out, scores.treated_mean - scores.comparator_mean)
    event = fit.model.event
    expected = event.mean_outcome(fresh, 1.0) - event.mean_outcome(fresh, 0.0)
    np.testing.assert_allclose(fit.model.predict(fresh), expected, atol=1e-12)
    assert fit.model.projection is None


def test_with_some_modifiers_the_plug_in_depends_on_these_alone(fresh):
    drawn = designs.draw("type2", 300, seed=5, p=3)
    data = selection_data(
        time=drawn.time, event=drawn.event, treated=drawn.treated, covariates=drawn.X,
        modifiers=["x2"],
    )  # fmt: skip
    scores = make_scores(data, question(drawn), ScoreOptions(seed=1, folds=3, jobs=1))
    model = SurvivalSLearner().fit(scores, seed=1).model
    changed = fresh.copy()
    changed[:, [0, 2]] = 0.5
    np.testing.assert_array_equal(model.predict(changed), model.predict(fresh))
    check_restored(model, fresh)


def test_an_effect_that_grows_with_risk_is_found_by_risk():
    def baseline(X):
        return 10.0 + 6.0 * X[:, 2] + 4.0 * X[:, 3]

    def effect(X):
        return 0.5 * (baseline(X) - 15.0)

    scores = known_scores(effect, baseline=baseline, n=1000)
    fit = RiskLearner().fit(scores, seed=1)
    truth = effect(scores.X)
    assert np.sqrt(np.mean((fit.held_out - truth) ** 2)) < 0.35 * truth.std()
    assert fit.model.summary()[0].startswith("expected outcome: -")
    with pytest.raises(DesignError, match="df is 0"):
        RiskLearner(df=0)


def test_the_constant_is_the_weighted_mean_of_scores():
    scores = known_scores(lambda X: 2.0, n=100, weight=np.linspace(1.0, 3.0, 100))
    fit = ConstantLearner().fit(scores, seed=1)
    assert fit.model.effect == pytest.approx(np.average(scores.gamma, weights=scores.weight))
    assert fit.model.effect == pytest.approx(scores.average().estimate)
    rest = scores.fold != 0
    expected = np.average(scores.gamma[rest], weights=scores.weight[rest])
    np.testing.assert_allclose(fit.held_out[~rest], expected)


def test_learners_by_name():
    assert learner_names()[0] == DEFAULT_LEARNER == "stack"
    assert make_learner("spline", {"df": 3}).df == 3
    assert make_learner("forest", FEW).forest.trees == 20
    stack = make_learner("stack", {"members": ["spline", {"name": "risk", "df": 3}]})
    assert [one.name for one in stack.members] == ["spline", "risk"]
    assert make_learner("stack", {"members": stack.to_dict()["members"]}) == stack


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("splines", {}, "there is no learner 'splines'.*did you mean spline"),
        ("spline", {"knots": 3}, "the learner 'spline' has no option 'knots'"),
        ("constant", {"df": 3}, "has no option 'df'.*it has none"),
        ("forest", {"forest": {"leaves": 3}}, "has no option 'leaves'"),
        ("stack", {"members": [3]}, "a member of the stack is 3"),
        ("stack", {"members": ["nothing"]}, "there is no learner 'nothing'"),
        ("stack", {"member": []}, "did you mean members"),
    ],
)
def test_names_and_options_that_are_not(name, options, message):
    with pytest.raises(DesignError, match=message):
        make_learner(name, options)


def test_models_that_are_not(fits):
    with pytest.raises(DataError, match="kind 'tree' is not known"):
        restore_model("tree", {}, {})
    model = fits["spline"].model
    arrays = {**model.arrays(), "coefficients": np.zeros(2)}
    with pytest.raises(DataError, match="don't fit its columns"):
        restore_model("spline", model.settings(), arrays)
    settings = fits["stack"].model.settings()
    with pytest.raises(DataError, match="not as many shares"):
        restore_model("stack", {**settings, "shares": [1.0]}, fits["stack"].model.arrays())
