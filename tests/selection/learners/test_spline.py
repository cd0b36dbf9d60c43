"""Effects by splines and products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.learners.basis import EffectBasis
from locoreg.selection.learners.spline import SplineEffect, SplineLearner
from tests.selection.learners.known import known_scores

# Descent stops at changes of 1e-7 standard deviations.
SETTLED = 1e-5


def of(X, **given):
    n, p = X.shape
    options = {"df": 2, "most_products": 100, **given}
    weight = options.pop("weight", np.ones(n))
    names = tuple(f"x{j + 1}" for j in range(p))
    return EffectBasis.of(X, weight, tuple(range(p)), names, **options)


def error(fit, effect, X):
    return float(np.sqrt(np.mean((fit.model.predict(X) - effect(X)) ** 2)))


@pytest.fixture(scope="module")
def curved():
    return known_scores(lambda X: 1.0 + 3.0 * X[:, 1], noise=0.5)


@pytest.fixture(scope="module")
def fit(curved):
    return SplineLearner().fit(curved, seed=1)


def test_columns_are_linear_parts_curves_and_products():
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.random(200), rng.integers(0, 2, 200), rng.integers(1, 5, 200)])
    basis = of(X)
    assert [knots.size for knots in basis.knots] == [3, 0, 0]
    assert basis.owners.tolist() == [0, 0, 1, 2]
    assert basis.size == 4 + 3
    made = basis.columns(X)
    np.testing.assert_array_equal(made[:, 2], X[:, 1])
    assert made[:, 3].mean() == pytest.approx(0.0, abs=1e-12)
    assert made[:, 3].std() == pytest.approx(1.0)
    np.testing.assert_allclose(made[:, 4], made[:, 0] * X[:, 1])
    np.testing.assert_allclose(made[:, 6], X[:, 1] * made[:, 3])
    assert of(X, most_products=2).size == 4
    assert of(X, df=1).size == 3 + 3


def test_values_beyond_the_range_count_as_its_ends():
    X = np.random.default_rng(1).random((100, 2))
    basis = of(X)
    far = np.array([[9.0, -9.0]])
    ends = np.array([[X[:, 0].max(), X[:, 1].min()]])
    np.testing.assert_array_equal(basis.columns(far), basis.columns(ends))


def test_a_weight_of_two_is_a_person_twice_for_knots():
    X = np.random.default_rng(2).normal(size=(60, 2))
    weight = np.where(np.arange(60) % 3 == 0, 2.0, 1.0)
    twice = np.concatenate([X, X[::3]])
    one, other = of(X, weight=weight), of(twice)
    for mine, theirs in zip(one.knots, other.knots, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_other_columns_and_nan_are_refused():
    basis = of(np.random.default_rng(1).random((50, 3)))
    with pytest.raises(DataError, match=r"X has shape \(2, 4\)"):
        basis.columns(np.zeros((2, 4)))
    with pytest.raises(DataError, match="not finite"):
        basis.columns(np.full((1, 3), np.nan))


def test_finds_a_linear_effect_and_names_it(curved, fit):
    fresh = np.random.default_rng(9).random((500, 4))
    assert error(fit, lambda X: 1.0 + 3.0 * X[:, 1], fresh) < 0.15
    assert fit.model.summary()[0].startswith("x2: -1.")
    assert "against 0.4" in fit.model.summary()[0] or "against 0.5" in fit.model.summary()[0]


def test_the_shape_in_words_is_that_of_predictions(fit):
    model = fit.model
    low, middle, high = model.basis.shown[1]
    rows = np.tile(model.basis.centre, (3, 1))
    rows[:, 1] = low, middle, high
    effect = model.predict(rows)
    shown = f"x2: {effect[0] - effect[1]:+.3g} months at {low:.3g}, "
    shown += f"{effect[2] - effect[1]:+.3g} at {high:.3g}, against {middle:.3g}"
    assert shown in model.summary()


def test_finds_a_product(curved):
    def effect(X):
        return 6.0 * (X[:, 1] - 0.5) * (X[:, 3] - 0.5)

    scores = known_scores(effect, noise=0.5)
    fresh = np.random.default_rng(9).random((500, 4))
    with_products = error(SplineLearner().fit(scores, seed=1), effect, fresh)
    without = error(SplineLearner(most_products=0).fit(scores, seed=1), effect, fresh)
    assert with_products < 0.2 < 0.4 < without
    assert SplineLearner().fit(scores, seed=1).model.summary()[0].startswith("(x2 - 0.")


def test_without_an_effect_it_is_constant():
    scores = known_scores(lambda X: 2.0, seed=7)
    fit = SplineLearner().fit(scores, seed=1)
    assert fit.model.predict(scores.X).std() < 0.15
    assert fit.model.predict(scores.X).mean() == pytest.approx(2.0, abs=0.3)
    one = SplineEffect(
        basis=fit.model.basis,
        intercept=2.0,
        coefficients=np.zeros(fit.model.basis.size),
        unit="months",
    )
    assert one.summary() == ("the same effect for everybody: +2 months",)


def test_held_out_effects_do_not_see_the_person(curved, fit):
    changed = curved.outcome.copy()
    changed[curved.fold == 0] += 5.0 * curved.X[curved.fold == 0, 3]
    other = SplineLearner().fit(replace(curved, outcome=changed), seed=1)
    assert not np.allclose(other.model.predict(curved.X), fit.model.predict(curved.X), atol=0.01)
    lasso = SplineLearner(df=1, most_products=0)
    # With one penalty for all folds the fit without a fold changes through the penalty alone.
    one = lasso.fit(curved, seed=1).held_out[curved.fold == 0]
    also = lasso.fit(replace(curved, outcome=changed), seed=1).held_out[curved.fold == 0]
    assert np.abs(one - also).max() < 0.1


def test_the_order_of_persons_changes_nothing(curved, fit):
    order = np.random.default_rng(0).permutation(curved.n)
    other = SplineLearner().fit(curved.take(order), seed=1)
    np.testing.assert_allclose(other.held_out, fit.held_out[order], atol=SETTLED)


def test_modifiers_alone_enter():
    scores = known_scores(lambda X: 3.0 * X[:, 1], modifiers=["x1", "x3"], n=300)
    model = SplineLearner().fit(scores, seed=1).model
    assert model.basis.names == ("x1", "x3")
    changed = scores.X.copy()
    changed[:, [1, 3]] = 0.5
    np.testing.assert_array_equal(model.predict(changed), model.predict(scores.X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"df": 9}, "df is 9"),
        ({"alpha": 2.0}, "alpha is 2"),
        ({"product_penalty": 0.0}, "product_penalty is 0"),
        ({"most_products": -1}, "most_products is -1"),
    ],
)
def test_options_that_cant_be(options, message):
    with pytest.raises(DesignError, match=message):
        SplineLearner(**options)


def test_without_modifiers_it_is_refused(curved):
    with pytest.raises(DataError, match="no modifier"):
        SplineLearner().fit(replace(curved, modifiers=()), seed=1)
