"""The cross-validated elastic net."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.penalised import FoldMoments, elastic_net_cv, elastic_net_of_moments

# Descent stops at changes of 1e-7 standard deviations of the outcome.
SETTLED = 1e-6
# The same sums in another order.
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    n = 300
    X = rng.standard_normal((n, 8)) * rng.uniform(0.3, 3.0, 8) + 50.0
    X[:, 6] = 2.0
    y = 10.0 + X[:, 0] - 0.4 * X[:, 3] + 2.0 * rng.standard_normal(n)
    return X, y, rng.uniform(0.2, 2.0, n), np.arange(n) % 5


@pytest.fixture(scope="module")
def fit(rows):
    X, y, w, fold = rows
    return elastic_net_cv(X, y, w, fold)


def by_scikit_learn(X, y, w, size):
    """Return intercept and coefficients of the lasso on standardised columns."""
    mean = np.average(X, axis=0, weights=w)
    sd = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
    sd = np.where(sd > 1e-9, sd, 1.0)
    model = Lasso(alpha=size, tol=1e-14, max_iter=10**6)
    model.fit((X - mean) / sd, y, sample_weight=w)
    return model.intercept_ - model.coef_ / sd @ mean, model.coef_ / sd


def test_agrees_with_scikit_learn_at_the_chosen_penalty(rows, fit):
    X, y, w, _ = rows
    intercept, coefficients = by_scikit_learn(X, y, w, fit.lambda_)
    np.testing.assert_allclose(fit.coefficients, coefficients, atol=SETTLED)
    assert fit.intercept == pytest.approx(intercept, abs=1e-4)
    assert fit.constant == (6,)


def test_errors_and_folds_are_those_of_fits_without_each_fold(rows, fit):
    X, y, w, fold = rows
    place = 20
    errors = np.empty(5)
    for k in range(5):
        train, held = fold != k, fold == k
        a, b = by_scikit_learn(X[train], y[train], w[train], fit.lambdas[place])
        errors[k] = np.average((y[held] - a - X[held] @ b) ** 2, weights=w[held])
    share = np.bincount(fold, weights=w) / w.sum()
    mean = share @ errors
    assert fit.cv_mean[place] == pytest.approx(mean, rel=1e-6)
    se = np.sqrt(share @ (errors - mean) ** 2 / 4)
    assert fit.cv_se[place] == pytest.approx(se, rel=1e-5)
    a, b = by_scikit_learn(X[fold != 2], y[fold != 2], w[fold != 2], fit.lambda_)
    np.testing.assert_allclose(fit.fold_coefficients[2], b, atol=SETTLED)
    np.testing.assert_allclose(fit.held_out(X, fold)[fold == 2], a + X[fold == 2] @ b, atol=1e-4)


def test_the_minimum_is_chosen_or_the_sparsest_within_one_standard_error(rows, fit):
    X, y, w, fold = rows
    assert fit.chosen == np.argmin(fit.cv_mean)
    sparse = elastic_net_cv(X, y, w, fold, rule="one_standard_error")
    limit = fit.cv_mean.min() + fit.cv_se[fit.chosen]
    assert sparse.chosen < fit.chosen
    assert sparse.cv_mean[sparse.chosen] <= limit < sparse.cv_mean[sparse.chosen - 1]
    assert set(sparse.selected) <= set(fit.selected)


def test_a_weight_of_two_is_a_person_twice(rows, fit):
    X, y, _, fold = rows
    twice = np.r_[np.arange(300), np.arange(0, 300, 3)]
    weight = np.where(np.arange(300) % 3 == 0, 2.0, 1.0)
    one = elastic_net_cv(X, y, weight, fold)
    other = elastic_net_cv(X[twice], y[twice], None, fold[twice])
    np.testing.assert_allclose(one.path, other.path, atol=SETTLED)
    np.testing.assert_allclose(one.cv_mean, other.cv_mean, rtol=1e-6)


def test_the_order_of_rows_and_blocks_change_nothing(rows, fit):
    X, y, w, fold = rows
    order = np.random.default_rng(0).permutation(300)
    other = elastic_net_cv(X[order], y[order], w[order], fold[order])
    np.testing.assert_allclose(other.coefficients, fit.coefficients, atol=ROUNDING)
    moments = FoldMoments(5, np.full(8, 49.0), 30.0)
    for start in range(0, 300, 70):
        part = slice(start, start + 70)
        moments.add(X[part], y[part], w[part], fold[part])
    blocks = elastic_net_of_moments(moments, n=300)
    np.testing.assert_allclose(blocks.coefficients, fit.coefficients, atol=SETTLED)
    assert blocks.intercept == pytest.approx(fit.intercept, abs=1e-4)


def test_units_change_nothing(rows, fit):
    X, y, w, fold = rows
    other = elastic_net_cv(X * 1000.0, y, w, fold)
    np.testing.assert_allclose(other.coefficients * 1000.0, fit.coefficients, atol=SETTLED)


def test_more_columns_than_rows():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((120, 400))
    y = X[:, 3] - X[:, 200] + 0.5 * rng.standard_normal(120)
    fit = elastic_net_cv(X, y, None, np.arange(120) % 4, rule="one_standard_error")
    assert {3, 200} <= set(fit.selected)
    assert len(fit.selected) < 60
    assert fit.coefficients[3] > 0.5
    assert fit.coefficients[200] < -0.5


def test_what_is_free_is_always_in():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((200, 4))
    y = rng.standard_normal(200)
    fit = elastic_net_cv(X, y, None, np.arange(200) % 5, penalty_factor=[0.0, 1.0, 1.0, 1.0])
    slope = np.polyfit(X[:, 0], y, 1)[0]
    assert fit.path[0, 0] == pytest.approx(slope, abs=SETTLED)
    np.testing.assert_array_equal(fit.path[0, 1:], 0.0)
    free = elastic_net_cv(X, y, None, np.arange(200) % 5, penalty_factor=np.zeros(4))
    assert free.lambdas.tolist() == [0.0]
    A = np.column_stack([np.ones(200), X])
    np.testing.assert_allclose(
        [free.intercept, *free.coefficients], np.linalg.lstsq(A, y, rcond=None)[0], atol=SETTLED
    )


def test_an_outcome_without_variation_has_no_coefficients():
    X = np.random.default_rng(7).standard_normal((50, 3))
    fit = elastic_net_cv(X, np.full(50, 4.0), None, np.arange(50) % 5)
    assert fit.intercept == pytest.approx(4.0)
    assert fit.selected == ()


def test_the_record_is_json(fit):
    found = json.loads(json.dumps(fit.to_dict()))
    assert found["lambda"] == fit.lambda_
    assert found["rule"] == "minimum"


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"X": np.full((4, 1), np.nan)}, DataError, "X has values that are not finite"),
        ({"y": np.zeros(3)}, DataError, "one row of X per value of y"),
        ({"weight": [1.0, 1.0, -1.0, 1.0]}, DataError, "weights must be one per row"),
        ({"fold": [0.0, 1.0, 0.0, 1.0]}, DataError, "one whole number per row"),
        ({"fold": [0, 0, 2, 2]}, DataError, "two or more folds"),
        ({"fold": [-1, 0, 1, 1]}, DataError, "negative numbers"),
        ({"alpha": 1.5}, DesignError, "alpha is 1.5"),
        ({"penalty_factor": [1.0, 1.0]}, DesignError, "1 finite numbers"),
        ({"lambdas": [-1.0]}, DesignError, "not negative"),
        ({"n_lambda": 1}, DesignError, "n_lambda is 1"),
        ({"rule": "median"}, DataError, "rule .median. is unknown"),
    ],
)
def test_refuses_what_it_cant_use(changed, error, message):
    given = {
        "X": np.arange(4.0)[:, None],
        "y": np.arange(4.0),
        "weight": None,
        "fold": [0, 1, 0, 1],
        **changed,
    }
    with pytest.raises(error, match=message):
        elastic_net_cv(
            given.pop("X"), given.pop("y"), given.pop("weight"), given.pop("fold"), **given
        )
