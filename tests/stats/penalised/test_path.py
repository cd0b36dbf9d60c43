"""The elastic net along falling penalties."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso

from locoreg.core.errors import ConvergenceError
from locoreg.stats.penalised import elastic_net_path, largest_lambda

# Descent stops at changes of 1e-7 standard deviations of the outcome.
SETTLED = 1e-6


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((150, 12))
    # Two columns that are nearly the same, and one that is a mixture.
    X[:, 3] = X[:, 2] + 0.01 * rng.standard_normal(150)
    X[:, 7] = X[:, 5] - X[:, 6] + 0.05 * rng.standard_normal(150)
    X -= X.mean(axis=0)
    y = X[:, 0] - 0.7 * X[:, 5] + 0.4 * X[:, 2] + rng.standard_normal(150)
    y -= y.mean()
    return X, y, X.T @ X / 150, X.T @ y / 150


def test_one_column_by_hand():
    # (1 x 2 b)^2/2 - 3 b + |b| x 1: b = (3 - 1) / 2.
    found = elastic_net_path(np.array([[2.0]]), np.array([3.0]), np.array([1.0]), alpha=1.0)
    assert found[0, 0] == pytest.approx(1.0, abs=1e-12)
    # Half of the penalty as ridge: b = (3 - 0.5) / (2 + 0.5).
    found = elastic_net_path(np.array([[2.0]]), np.array([3.0]), np.array([1.0]), alpha=0.5)
    assert found[0, 0] == pytest.approx(1.0, abs=1e-12)
    assert largest_lambda(
        np.array([[2.0]]), np.array([3.0]), alpha=1.0, penalty_factor=np.ones(1)
    ) == pytest.approx(3.0)


def test_orthogonal_columns_are_soft_thresholded():
    c = np.array([2.0, -0.5, 0.1, -3.0])
    lambdas = np.array([3.0, 1.0, 0.3])
    found = elastic_net_path(np.eye(4), c, lambdas, alpha=1.0)
    expected = np.sign(c) * np.maximum(np.abs(c) - lambdas[:, None], 0.0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_conditions_of_the_minimum_hold(problem, alpha):
    _, y, gram, xty = problem
    factor = np.linspace(0.0, 2.0, 12)
    top = largest_lambda(gram, xty, alpha=alpha, penalty_factor=factor)
    lambdas = np.geomspace(top, 1e-3 * top, 30)
    found = elastic_net_path(
        gram, xty, lambdas, alpha=alpha, penalty_factor=factor, yty=float(y @ y / 150)
    )
    assert found.shape == (30, 12)
    for size, b in zip(lambdas, found, strict=True):
        slope = xty - gram @ b - size * (1 - alpha) * factor * b
        bound = size * alpha * factor
        inside = b != 0
        np.testing.assert_allclose(slope[inside], (bound * np.sign(b))[inside], atol=SETTLED)
        assert (np.abs(slope[~inside]) <= bound[~inside] + SETTLED).all()
    # At the largest penalty only what is free has a coefficient.
    np.testing.assert_array_equal(np.flatnonzero(found[0]), [0])


@pytest.mark.parametrize("size", [0.5, 0.05, 0.002])
def test_agrees_with_scikit_learn(problem, size):
    X, y, gram, xty = problem
    ours = elastic_net_path(gram, xty, np.array([size]), alpha=1.0)[0]
    theirs = Lasso(alpha=size, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(X, y).coef_
    np.testing.assert_allclose(ours, theirs, atol=SETTLED)
    ours = elastic_net_path(gram, xty, np.array([size]), alpha=0.3)[0]
    net = ElasticNet(alpha=size, l1_ratio=0.3, fit_intercept=False, tol=1e-14, max_iter=10**6)
    np.testing.assert_allclose(ours, net.fit(X, y).coef_, atol=SETTLED)


def test_ridge_is_a_linear_system(problem):
    _, _, gram, xty = problem
    found = elastic_net_path(gram, xty, np.array([0.2]), alpha=0.0)[0]
    np.testing.assert_allclose(found, np.linalg.solve(gram + 0.2 * np.eye(12), xty), atol=SETTLED)


def test_without_penalty_it_is_least_squares_also_for_nearly_equal_columns(problem):
    X, y, gram, xty = problem
    found = elastic_net_path(gram, xty, np.zeros(1), alpha=1.0)[0]
    np.testing.assert_allclose(found, np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-5)


def test_a_path_ends_where_enough_is_explained(problem):
    _, y, gram, xty = problem
    lambdas = np.geomspace(1.0, 1e-4, 50)
    yty = float(y @ y / 150)
    found = elastic_net_path(gram, xty, lambdas, alpha=1.0, yty=yty, most_explained=0.3)
    explained = [(2 * b @ xty - b @ gram @ b) / yty for b in found]
    assert len(found) < 50
    assert explained[-1] >= 0.3 > explained[-2]


def test_a_constant_column_has_no_coefficient(problem):
    _, _, gram, xty = problem
    gram = gram.copy()
    gram[4], gram[:, 4] = 0.0, 0.0
    found = elastic_net_path(gram, xty, np.array([0.01]), alpha=1.0)[0]
    assert found[4] == 0.0
    assert found[0] != 0.0


def test_says_when_it_does_not_settle():
    # No positive definite form: the square has no minimum.
    gram = np.array([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ConvergenceError, match=r"did not settle for the penalty .*repeat others"):
        elastic_net_path(gram, np.array([1.0, 0.9]), np.zeros(1), alpha=1.0)
