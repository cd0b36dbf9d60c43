"""Estimating equations against closed forms, regressions, and weights with a known influence."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.stats.glm import estimating_function, glm
from locoreg.stats.sandwich import cluster_sums, delta_method, m_estimate, sandwich, stack

# Extrapolated differences: truncation h^8 over a tenth of a standard error, and rounding.
DIFFERENCES = 1e-8
EXACT = 1e-12

few = settings(deadline=None, max_examples=15)
seeds = st.integers(0, 10_000)


def close(found, expected, rtol=DIFFERENCES, atol=0.0):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def mean_and_variance(x):
    return stack(
        [
            lambda mean: x[:, None] - mean,
            lambda mean, variance: (x[:, None] - mean) ** 2 - variance,
        ],
        sizes=(1, 1),
    )


# --- closed forms -----------------------------------------------------------------------------


def test_mean_and_variance_by_hand():
    # 1, 2, 6: mean 3, variance 14/3; deviations -2, -1, 3, squared 4, 1, 9.
    x = np.array([1.0, 2.0, 6.0])
    found = m_estimate(mean_and_variance(x), start=[0.0, 1.0], names=["mean", "variance"])
    close(found.theta, [3, 14 / 3])
    close(found.bread, np.eye(2), atol=1e-10)
    # Third and fourth central moments (-8 - 1 + 27)/3 and (16 + 1 + 81)/3.
    meat = np.array([[14 / 3, 6], [6, 98 / 3 - (14 / 3) ** 2]])
    close(found.meat, meat)
    close(found.covariance, meat / 3)
    close(found.influence[:, 0], np.array([-2, -1, 3]) / 3, atol=1e-10)
    assert found.largest_step < 1e-8
    assert found.derivative_error < 1e-8


def test_ratio_of_means_has_the_variance_of_the_textbook():
    rng = np.random.default_rng(1)
    x, y = rng.gamma(3, size=200), rng.gamma(2, size=200)
    found = m_estimate(lambda t: (y - t[0] * x)[:, None], start=[1.0])
    ratio = y.sum() / x.sum()
    close(found.theta, ratio)
    close(found.covariance, ((y - ratio * x) ** 2).sum() / x.sum() ** 2)
    by_delta = m_estimate(lambda t: np.column_stack([y - t[0], x - t[1]]), start=[1, 1]).transform(
        lambda t: t[0] / t[1], names=["ratio"]
    )
    close(by_delta.values, ratio)
    close(by_delta.covariance, found.covariance)


def test_clusters_by_hand():
    # Deviations from the mean 3: -2, -1, 3; the clusters {1, 2} and {3} sum to -3 and 3.
    x = np.array([1.0, 2.0, 6.0])
    found = m_estimate(lambda t: x[:, None] - t, start=[3.0], cluster=["a", "a", "b"])
    close(found.covariance, (9 + 9) / 9)
    assert found.clusters == 2
    assert "3 rows in 2 clusters" in found.summary(level=95)


@few
@given(seeds)
def test_linear_regression_is_whites(seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(40), rng.normal(size=(40, 2)) * [1e-4, 1e3]])
    y = X @ [1.0, 2e4, 3e-3] + rng.normal(size=40)

    def psi(beta):
        return X * (y - X @ beta)[:, None]

    found = m_estimate(psi, start=[0.0, 0.0, 0.0])
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ y
    meat = (X * ((y - X @ beta) ** 2)[:, None]).T @ X
    white = inverse @ meat @ inverse
    close(found.theta, beta)
    close(found.covariance, white, 1e-6, 1e-9 * np.abs(white).max())
    given_derivative = m_estimate(psi, start=beta, jacobian=lambda beta: -X.T @ X)
    close(given_derivative.covariance, white, 1e-8, 1e-12 * np.abs(white).max())
    assert given_derivative.derivative_error == 0.0


@few
@given(seeds, st.sampled_from(["logistic", "poisson", "cloglog"]), st.booleans())
def test_regressions_have_the_robust_variance_of_glm(seed, family, clustered):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(150), rng.normal(size=150), rng.integers(0, 2, 150)])
    y = rng.integers(0, 2, 150).astype(float)
    options = {"family": family, "weight": rng.uniform(0.5, 2, 150), "offset": 0.1 * X[:, 1]}
    cluster = np.arange(150) // 2 if clustered else None
    fit = glm(y, X, cluster=cluster, **options)
    psi = estimating_function(y, X, **options)
    found = sandwich(psi, fit.coefficients, cluster=cluster)
    expected = fit.clustered if clustered else fit.robust
    close(found.covariance, expected, 1e-7, 1e-10)
    close(-150 * found.bread, fit.hessian, 1e-7, 1e-7)
    close(found.influence, fit.influence(), 1e-6, 1e-9)


# --- weights that are estimated ---------------------------------------------------------------


def confounded(seed, n=4_000):
    """Return covariate, treatment and outcome; the effect is 1 + 0.5 E[x] = 1.25."""
    rng = np.random.default_rng(seed)
    x = (rng.random(n) < 0.5).astype(float)
    z = (rng.random(n) < 0.3 + 0.4 * x).astype(float)
    return x, z, rng.normal(x + z * (1 + 0.5 * x))


def weighted_means(x, z, y):
    X = np.column_stack([np.ones(x.size), x])

    def outcome(score, means):
        ps = 1 / (1 + np.exp(-(X @ score)))
        return np.column_stack([z / ps * (y - means[0]), (1 - z) / (1 - ps) * (y - means[1])])

    return X, outcome


def test_saturated_propensity_score_gives_the_efficient_influence():
    """With a saturated score, weighting is standardisation, whose influence is known exactly."""
    x, z, y = confounded(0)
    X, outcome = weighted_means(x, z, y)
    score = glm(z, X, family="logistic")
    psi = stack([estimating_function(z, X, family="logistic"), outcome], sizes=(2, 2))
    found = m_estimate(psi, start=[*score.coefficients, 1.0, 1.0])
    effect = found.transform(lambda t: t[2] - t[3], names=["difference"])
    cell = {(a, b): (x == a) & (z == b) for a in (0, 1) for b in (0, 1)}
    mean = {key: y[rows].mean() for key, rows in cell.items()}
    by_x = {a: mean[a, 1] - mean[a, 0] for a in (0, 1)}
    truth = np.where(x == 1, by_x[1], by_x[0])
    close(effect.values, truth.mean())
    influence = truth - truth.mean()
    for (_, b), rows in cell.items():
        a = x[rows][0]
        share = rows.sum() / (x == a).sum()
        influence[rows] += (1 if b else -1) * (y[rows] - y[rows].mean()) / share
    close(effect.covariance[0, 0], (influence**2).sum() / x.size**2)
    rows = found.influence @ effect.jacobian[0]
    close(rows, influence / x.size, 1e-6, 1e-10)
    # Weights taken as known give another variance, here a larger one.
    fixed = sandwich(lambda means: outcome(score.coefficients, means), found.theta[2:])
    difference = fixed.transform(lambda t: t[0] - t[1])
    assert difference.se[0] > 1.05 * effect.se[0]


def test_interval_of_a_weighted_effect_covers_the_truth():
    covered = 0
    for seed in range(200):
        x, z, y = confounded(seed, n=300)
        X, outcome = weighted_means(x, z, y)
        psi = stack([estimating_function(z, X, family="logistic"), outcome], sizes=(2, 2))
        first = glm(z, X, family="logistic")
        ps = first.fitted
        means = [np.average(y, weights=z / ps), np.average(y, weights=(1 - z) / (1 - ps))]
        found = sandwich(psi, [*first.coefficients, *means])
        one = found.transform(lambda t: t[2] - t[3]).estimates(level=95, scale="identity")[0]
        covered += one.ci_low < 1.25 < one.ci_high
    # 190 expected; 3.1 is the binomial standard deviation.
    assert 180 <= covered <= 200


# --- the delta method -------------------------------------------------------------------------


def test_log_ratio_by_hand():
    v = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = delta_method(lambda t: np.log(t[0] / t[1]), [2.0, 3.0], v, names=["log ratio"])
    close(found.values, np.log(2 / 3))
    close(found.covariance, 0.04 / 4 + 0.09 / 9 - 2 * 0.01 / 6)
    (one,) = found.estimates(level=90, scale="log")
    close(one.ci_low, np.log(2 / 3) - 1.6448536269514722 * found.se[0])
    assert one.text() in found.summary(level=90) or one.scale == "log"
    exact = delta_method(
        lambda t: np.log(t[0] / t[1]), [2.0, 3.0], v, jacobian=lambda t: [[1 / t[0], -1 / t[1]]]
    )
    close(exact.covariance, found.covariance)


@few
@given(seeds)
def test_linear_functions_transform_exactly(seed):
    rng = np.random.default_rng(seed)
    A, half = rng.normal(size=(2, 3)), rng.normal(size=(3, 3))
    v = half @ half.T
    found = delta_method(lambda t: A @ t, rng.normal(size=3), v)
    close(found.jacobian, A, atol=1e-9)
    close(found.covariance, A @ v @ A.T, 1e-8, 1e-8)


def test_parameters_without_variance_are_allowed():
    found = delta_method(lambda t: t[0] * t[1], [2.0, 0.0], np.diag([0.25, 0.0]))
    close(found.covariance, 0.0, atol=1e-20)


# --- results ----------------------------------------------------------------------------------


def test_results_can_be_read():
    x = np.array([1.0, 2.0, 6.0, 4.0])
    found = m_estimate(mean_and_variance(x), start=[1.0, 1.0], names=["mean", "variance"])
    values = json.loads(dumps(found.to_dict()))
    assert values["names"] == ["mean", "variance"]
    assert values["clusters"] is None
    table = found.to_frame(level=95)
    close(table["se"], np.sqrt(np.diagonal(found.covariance)))
    assert found.estimates(level=95, scale="identity")[0].text() in found.summary(level=95)
    delta = found.transform(lambda t: [t[0] ** 2, t[1]])
    assert delta.names == ("value 1", "value 2")
    assert list(delta.to_frame(level=95)["name"]) == ["value 1", "value 2"]
    json.loads(dumps(delta.to_dict()))
    with pytest.raises(AttributeError):
        found.n = 3


def test_cluster_sums():
    sums = cluster_sums(np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]), np.array([1, 0, 1]))
    assert sums.tolist() == [[2.0, 20.0], [5.0, 50.0]]


# --- what can't be done -----------------------------------------------------------------------

X3 = np.array([1.0, 2.0, 6.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: m_estimate(lambda t: X3 - t, start=[0.0]), DataError, r"shape \(3,\) for 1"),
        (
            lambda: m_estimate(lambda t: np.log(X3 - 1)[:, None] - t, start=[0.0]),
            DataError,
            "not finite in row 1",
        ),
        (
            lambda: sandwich(lambda t: X3[:, None] - t, [4.0], names=["mean"]),
            DataError,
            r"mean is 0\.\d+ standard errors away",
        ),
        (
            lambda: m_estimate(lambda t: (X3 > 0)[:, None] * (2.0 + t**2), start=[1.0]),
            ConvergenceError,
            "No root of the estimating equations",
        ),
        (
            lambda: sandwich(lambda t: np.column_stack([X3 - t[0], X3 - 3]), [3.0, 1.0]),
            DesignError,
            "don't determine parameter 2",
        ),
        (
            lambda: sandwich(lambda t: (X3 - t[0] - t[1])[:, None] * [1, 2], [1.0, 2.0]),
            DesignError,
            "don't determine parameter 1, parameter 2",
        ),
        (
            lambda: sandwich(lambda t: np.sign(np.arange(-50, 51) - t)[:, None], [0.0]),
            ConvergenceError,
            "psi could not be differentiated: value 1 is not smooth in parameter 1",
        ),
        (
            lambda: m_estimate(lambda t: X3[:, None] - t, start=[3.0], cluster=[1, 1, 1]),
            DataError,
            "one cluster only",
        ),
        (
            lambda: m_estimate(lambda t: X3[:, None] - t, start=[3.0], cluster=[1, 1]),
            DataError,
            "cluster has shape",
        ),
        (
            lambda: m_estimate(
                lambda t: X3[:, None] - t, start=[3.0], jacobian=lambda t: np.ones((2, 2))
            ),
            DataError,
            "jacobian gives an array of shape",
        ),
        (
            lambda: m_estimate(lambda t: X3[:, None] - t, start=[3.0], names=["a", "b"]),
            DataError,
            "2 names, but 1 parameters",
        ),
        (lambda: stack([lambda t: t], sizes=(1, 1)), DataError, "1 steps and sizes"),
        (
            lambda: stack([lambda t: X3[:, None] - t], sizes=(2,))(np.zeros(2)),
            None,
            "",
        ),
        (
            lambda: stack([lambda t: X3 - t], sizes=(1,))(np.zeros(1)),
            DataError,
            "Step 1 gives an array of shape",
        ),
        (
            lambda: stack([lambda t: X3[:, None] - t], sizes=(1,))(np.zeros(2)),
            DataError,
            "theta has 2 parameters, but the steps have 1",
        ),
        (
            lambda: delta_method(lambda t: np.abs(t), [0.0], [[1.0]]),
            ConvergenceError,
            "The function could not be differentiated",
        ),
        (lambda: delta_method(lambda t: t[0] / 0.0, [1.0], [[1.0]]), DataError, "finite numbers"),
        (lambda: delta_method(lambda t: t, [1.0], [1.0]), DataError, "p by p matrix"),
    ],
)
def test_errors_say_what_is_wrong(call, error, message):
    if error is None:
        assert call().shape == (3, 2)
        return
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        call()
