"""Models for new persons, and the pieces that they and cross-fitting share."""

from __future__ import annotations

import json

import lightgbm as lgb
import numpy as np
import pytest
from scipy import special

from locoreg.selection.scores import (
    CensoringModel,
    ChoiceModel,
    EventModel,
    ScoreOptions,
    fit_censoring_model,
    fit_choice_model,
    fit_event_model,
    scores,
)
from locoreg.selection.scores.basis import MOST_COLUMNS, SplineBasis
from locoreg.selection.scores.boosting import growth
from locoreg.selection.scores.mixture import Mixtures
from locoreg.selection.scores.ridge import (
    PENALTIES,
    HazardDesign,
    RiskRows,
    fit_hazard,
    fit_linear,
    fit_logistic,
)
from locoreg.selection.scores.trees import Trees
from tests.selection import designs

CONVERGED = 2e-2  # Newton's method stops at a thousandth of a log-likelihood


def again(model):
    return type(model).restore(json.loads(json.dumps(model.settings())), model.arrays())


@pytest.mark.parametrize("which", ["continuous", "monthly"])
@pytest.mark.parametrize("by_arm", [False, True])
def test_an_event_model_is_made_again(which, by_arm, request):
    one, found = request.getfixturevalue(which)
    model = fit_event_model(found, by_arm=by_arm)
    assert isinstance(model, EventModel)
    X, w = found.X[:50], found.treated[:50]
    times = np.array([0.0, 1.0])
    assert (again(model).survival(X, w, times) == model.survival(X, w, times)).all()
    effect = model.mean_outcome(found.X, 1.0) - model.mean_outcome(found.X, 0.0)
    assert np.corrcoef(effect, one.rmst_effect)[0, 1] > 0.3
    mixed = np.where(w > 0, model.mean_outcome(X, 1.0), model.mean_outcome(X, 0.0))
    assert model.mean_outcome(X, w) == pytest.approx(mixed)


def test_survival_and_the_mean_agree(continuous):
    _, found = continuous
    model = fit_event_model(found)
    X = found.X[:20]
    times = np.linspace(0.0, 2.0, 4001)
    curve = model.survival(X, 1.0, times)
    assert (curve[:, 0] == 1.0).all()
    area = np.trapezoid(curve, times, axis=1)
    assert model.mean_outcome(X, 1.0) == pytest.approx(area, rel=1e-4)


def test_months_of_survival_add_up_to_the_mean(monthly):
    _, found = monthly
    model = fit_event_model(found)
    X = found.X[:20]
    beyond = model.survival(X, 0.0, np.arange(3.0))
    assert model.mean_outcome(X, 0.0) == pytest.approx(beyond.sum(axis=1))


def test_rows_are_those_fitted_to(continuous):
    _, found = continuous
    rows = np.arange(0, found.n, 2)
    part = fit_event_model(found, rows=rows)
    alone = fit_event_model(found.take(rows))
    assert (part.mean_outcome(found.X, 1.0) == alone.mean_outcome(found.X, 1.0)).all()


def test_choice_and_censoring_are_made_again(continuous):
    one, found = continuous
    choice, censoring = fit_choice_model(found), fit_censoring_model(found)
    assert isinstance(choice, ChoiceModel)
    assert (again(choice).propensity(found.X) == choice.propensity(found.X)).all()
    assert np.corrcoef(choice.propensity(found.X), one.propensity)[0, 1] > 0.7
    times = np.array([0.5, 1.0, 1.5])
    kept = censoring.uncensored(found.X, found.treated, times)
    assert isinstance(censoring, CensoringModel)
    assert (again(censoring).uncensored(found.X, found.treated, times) == kept).all()
    # Censoring is uniform up to 3.
    assert kept.mean(axis=0) == pytest.approx(1.0 - times / 3.0, abs=0.05)


def test_mixtures_are_told_and_read(continuous):
    _, found = continuous
    told = json.loads(json.dumps(found.mixtures.to_dict()))
    assert Mixtures.restore(told) == found.mixtures


def test_trees_predict_as_their_maker_does():
    rng = np.random.default_rng(0)
    X = rng.random((400, 4))
    X[:, 2], X[:, 3] = X[:, 2] > 0.5, rng.integers(0, 6, 400)
    y = rng.poisson(np.exp(X[:, 0] * X[:, 3] / 3.0))
    made = lgb.train(
        {"objective": "poisson", "num_leaves": 9, "min_data_in_leaf": 5, "use_missing": False,
         "verbose": -1, "num_threads": 1},
        lgb.Dataset(X, label=y), 30,
    )  # fmt: skip
    trees = Trees.of_text(made.model_to_string())
    got = trees.predict_bins(X[:, :2], X[:, 2], 6)
    for place in range(6):
        Z = X.copy()
        Z[:, 3] = place
        assert got[:, place] == pytest.approx(made.predict(Z, raw_score=True), abs=1e-12)
        few = trees.first(7).predict_bins(X[:, :2], X[:, 2], 6)[:, place]
        want = made.predict(Z, raw_score=True, num_iteration=7)
        assert few == pytest.approx(want, abs=1e-12)
    assert (Trees.restore(trees.arrays()).predict(X) == trees.predict(X)).all()
    assert (Trees.constant(-2.0).predict(X) == -2.0).all()


def test_threads_change_nothing():
    trial = designs.draw("type3", 500, seed=1)
    one, two = (
        scores(trial.data(), trial.question(), ScoreOptions(seed=1, jobs=jobs)) for jobs in (1, 2)
    )
    assert (one.gamma == two.gamma).all()


@pytest.mark.parametrize("kind", ["event", "censoring", "choice", "mean"])
def test_more_persons_have_larger_trees(kind):
    small, large = growth(kind, 100.0), growth(kind, 100_000.0)
    assert small.leaves <= large.leaves
    assert small.rounds < large.rounds
    assert growth("censoring", 5000.0).leaves < growth("event", 5000.0).leaves


def test_a_ridge_of_means_by_hand():
    """Two columns at right angles, n each: least squares shrunk by n / (n + penalty)."""
    Z = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    y = 5.0 + 2.0 * Z[:, 0] - Z[:, 1]
    for penalty, (intercept, beta) in zip(PENALTIES, fit_linear(Z, y, np.ones(4)), strict=True):
        assert intercept == pytest.approx(5.0)
        assert beta == pytest.approx(np.array([2.0, -1.0]) * 4.0 / (4.0 + penalty), rel=1e-6)


def test_separated_persons_have_a_finite_model():
    x = np.linspace(-1.0, 1.0, 40)
    found = fit_logistic(x[:, None], (x > 0).astype(float), np.ones(40))
    for penalty, (intercept, beta) in zip(PENALTIES, found, strict=True):
        p = special.expit(intercept + beta[0] * x)
        score = x @ ((x > 0) - p)
        # At the maximum the slope of the likelihood is that of the penalty.
        assert score == pytest.approx(penalty * beta[0], rel=CONVERGED)


@pytest.mark.parametrize("months", [False, True])
def test_a_hazard_without_covariates_is_events_by_time(months):
    """One constant column: rates by arm and bin are events over exposure."""
    rng = np.random.default_rng(3)
    n, b = 20_000, 3
    arm = (np.arange(n) % 2).astype(float)
    exposure = np.full((n, b), 2.0)
    place = rng.integers(0, b, n)
    exposure[np.arange(b) > place[:, None]] = 0.0
    happened = (rng.random(n) < 0.3 + 0.2 * arm).astype(float)
    design = HazardDesign(
        Z=np.zeros((n, 1)), V=np.zeros((n, 1)), arm=arm, clock=np.array([-0.5, 0.0, 0.5])
    )
    risk = RiskRows(exposure=exposure, place=place, happened=happened)
    for beta in fit_hazard(design, risk, np.ones(n), months=months):
        link = design.link(beta)
        rate = special.expit(link) if months else np.exp(link)
        for code in (0, 1):
            own = arm == code
            events = np.bincount(place[own], weights=happened[own], minlength=b)
            want = events / exposure[own].sum(axis=0)
            assert rate[np.flatnonzero(own)[0]] == pytest.approx(want, rel=CONVERGED)


def test_weight_two_is_a_person_twice_in_a_hazard():
    rng = np.random.default_rng(4)
    n, b = 300, 4
    Z, arm = rng.standard_normal((n, 2)), rng.integers(0, 2, n).astype(float)
    place = rng.integers(0, b, n)
    exposure = (np.arange(b) <= place[:, None]).astype(float)
    happened = rng.integers(0, 2, n).astype(float)
    clock = np.linspace(-0.75, 0.75, b)
    weight = np.where(np.arange(n) < 100, 2.0, 1.0)
    rows = np.concatenate([np.arange(n), np.arange(100)])
    risk = RiskRows(exposure=exposure, place=place, happened=happened)
    once = fit_hazard(HazardDesign(Z=Z, V=Z, arm=arm, clock=clock), risk, weight, months=False)
    twice = fit_hazard(
        HazardDesign(Z=Z[rows], V=Z[rows], arm=arm[rows], clock=clock), risk.take(rows),
        np.ones(n + 100), months=False,
    )  # fmt: skip
    for one, two in zip(once, twice, strict=True):
        assert one == pytest.approx(two, abs=1e-8)


def test_a_basis_has_splines_for_numbers_only():
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.random(200), rng.integers(0, 2, 200), np.ones(200)])
    basis = SplineBasis.of(X, np.ones(200), X[:, 0])
    assert basis.used.tolist() == [0, 1]
    assert [k.size for k in basis.knots] == [4, 0]
    B = basis.columns(X)
    assert B.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert B.std(axis=0) == pytest.approx(np.ones(4))
    assert (SplineBasis.restore(basis.arrays()).columns(X) == B).all()


def test_a_wide_basis_keeps_the_columns_that_go_with_the_target():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((300, 500))
    basis = SplineBasis.of(X, np.ones(300), X[:, 77] + 0.1 * rng.standard_normal(300))
    assert basis.used.size == MOST_COLUMNS
    assert 77 in basis.used
