"""Nested models by dense matrices, in special cases, at their edges, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression import meta_regression
from locoreg.stats.multilevel import (
    aggregate_effects,
    cluster_robust,
    multilevel_effects,
    variance_interval,
)
from locoreg.stats.randomeffects import random_effects

OPTIONS = {"x": None, "names": (), "interval": "normal", "level": 95}
# The search ends when steps fall below 1e-10 of a variance.
SEARCHED = {"rtol": 1e-7, "atol": 1e-9}


def drawn(seed, outer=6, within=4, sigma2=(0.2, 0.1)):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, within + 1, outer)
    group = np.repeat(np.arange(outer), sizes)
    k = group.size
    vi = rng.uniform(0.01, 0.2, k)
    mean = rng.normal(0, np.sqrt(sigma2[0]), outer)[group] + rng.normal(0, np.sqrt(sigma2[1]), k)
    order = rng.permutation(k)
    return (mean + rng.normal(0, np.sqrt(vi)))[order], vi[order], group[order]


def dense(yi, vi, x, labels, sigma2, restricted):
    """Log-likelihood with the covariance written out."""
    m = np.diag(vi)
    for label, s in zip(labels, sigma2, strict=True):
        m = m + s * (label[:, None] == label)
    inverse = np.linalg.inv(m)
    a = x.T @ inverse @ x
    b = np.linalg.solve(a, x.T @ inverse @ yi)
    r = yi - x @ b
    logs = np.linalg.slogdet(m)[1]
    count = yi.size
    if restricted:
        count -= x.shape[1]
        logs += np.linalg.slogdet(a)[1] - np.linalg.slogdet(x.T @ x)[1]
    return -0.5 * (count * np.log(2 * np.pi) + logs + r @ inverse @ r), b, np.linalg.inv(a)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_levels_against_dense_matrices(method, seed) -> None:
    yi, vi, group = drawn(seed, outer=8)
    region = group // 3
    x = np.column_stack([np.ones(yi.size), np.linspace(2000, 2010, yi.size)])
    groups = {"region": region, "study": group, "effect": np.arange(yi.size)}
    fit = multilevel_effects(
        yi, vi, groups=groups, x=x, names="ab", method=method, interval="t", level=95
    )
    labels = list(groups.values())
    level, b, vcov = dense(yi, vi, x, labels, fit.sigma2, method == "REML")
    np.testing.assert_allclose(fit.loglik, level, rtol=1e-9)
    np.testing.assert_allclose(fit.b, b, rtol=1e-6)
    np.testing.assert_allclose(fit.se, np.sqrt(np.diag(vcov)), rtol=1e-6)
    rng = np.random.default_rng(seed)
    for scale in (1e-4, 0.01, 0.3):
        for _ in range(60):
            near = np.maximum(fit.sigma2 + scale * rng.normal(size=3), 0)
            assert dense(yi, vi, x, labels, near, method == "REML")[0] <= fit.loglik + 1e-9
    np.testing.assert_allclose(fit.i2.sum(), 100 * (1 - fit.typical_variance / (
        fit.typical_variance + fit.sigma2.sum())), rtol=1e-12)  # fmt: skip


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_one_effect_in_each_group_is_the_ordinary_model(method) -> None:
    yi, vi, _ = drawn(4)
    k = np.arange(yi.size)
    plain = random_effects(yi, vi, method=method, interval="normal", level=95, prediction="metafor")
    for groups in ({"study": k}, {"study": k, "effect": k}):
        fit = multilevel_effects(yi, vi, groups=groups, method=method, **OPTIONS)
        np.testing.assert_allclose(np.nansum(fit.sigma2), plain.tau2, **SEARCHED)
        np.testing.assert_allclose(fit.b[0], plain.mu, **SEARCHED)
        np.testing.assert_allclose(fit.se[0], plain.se, **SEARCHED)
        np.testing.assert_allclose(fit.loglik, plain.loglik, rtol=1e-10)
        np.testing.assert_allclose(fit.pi_high, plain.pi_high, **SEARCHED)
        assert fit.confounded == (("study",) if len(groups) == 2 else ())
        assert fit.groups == (yi.size,) * len(groups)


def test_no_variance_at_all_is_the_common_effect_model() -> None:
    vi = np.array([0.5, 0.4, 0.3, 0.6, 0.5, 0.4])
    yi = np.full(6, 0.25)
    groups = {"study": [1, 1, 2, 2, 3, 3], "effect": np.arange(6)}
    fit = multilevel_effects(yi, vi, groups=groups, method="REML", **OPTIONS)
    assert fit.sigma2.tolist() == [0, 0]
    np.testing.assert_allclose(fit.b[0], 0.25, rtol=1e-14)
    np.testing.assert_allclose(fit.se[0], (1 / vi).sum() ** -0.5, rtol=1e-12)
    limits = variance_interval(fit, "study", level=95)
    assert (limits.low, limits.low_at_zero) == (0, True)
    assert limits.high > 0


def test_labels_of_inner_groups_may_repeat() -> None:
    yi, vi, group = drawn(5)
    effect = np.arange(yi.size)
    again = np.array([(group[:i] == g).sum() for i, g in enumerate(group)])
    one = multilevel_effects(yi, vi, groups={"s": group, "e": effect}, method="REML", **OPTIONS)
    two = multilevel_effects(yi, vi, groups={"s": group, "e": again}, method="REML", **OPTIONS)
    np.testing.assert_allclose(one.sigma2, two.sigma2, **SEARCHED)


def test_the_higher_of_two_humps_wins() -> None:
    rng = np.random.default_rng(11)
    for _ in range(6):
        k = 12
        vi = 10 ** rng.choice([-4.0, 0.3], k)
        yi = rng.normal(0, np.sqrt(vi + 0.3))
        group = rng.integers(0, 5, k)
        groups = {"s": group, "e": np.arange(k)}
        fit = multilevel_effects(yi, vi, groups=groups, method="REML", **OPTIONS)
        grid = np.r_[0.0, np.geomspace(1e-5, 20, 24)]
        best = max(
            dense(yi, vi, np.ones((k, 1)), list(groups.values()), (a, b), True)[0]
            for a in grid
            for b in grid
        )
        assert fit.loglik >= best - 1e-9


def test_time_and_memory_are_linear() -> None:
    rng = np.random.default_rng(1)
    k = 8_000
    group = np.arange(k) // 4
    vi = rng.uniform(0.01, 0.2, k)
    yi = rng.normal(0, 0.4, k // 4)[group] + rng.normal(0, np.sqrt(vi + 0.05))
    fit = multilevel_effects(
        yi, vi, groups={"s": group, "e": np.arange(k)}, method="REML", **OPTIONS
    )
    # A dense covariance would be 512 MB. Truth within six standard errors.
    np.testing.assert_allclose(fit.sigma2, [0.16, 0.05], rtol=0.15)
    assert abs(fit.b[0]) < 6 * fit.se[0]


def test_robust_errors_of_single_effects_are_those_of_white() -> None:
    yi, vi, _ = drawn(6)
    x = np.column_stack([np.ones(yi.size), np.arange(yi.size)])
    fit = meta_regression(yi, vi, x, names="ab", method="DL", interval="normal", level=95)
    found = cluster_robust(fit, cluster=np.arange(yi.size), kind="CR0", level=95)
    w = 1 / (vi + fit.tau2)
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    score = (w * fit.residuals)[:, None] * x
    np.testing.assert_allclose(found.vcov, bread @ score.T @ score @ bread, rtol=1e-9)
    assert found.df.tolist() == [yi.size - 2] * 2


def test_bias_reduction_is_exact_for_a_mean_of_equal_clusters() -> None:
    # Equal weights: the CR2 variance is the sample variance of cluster means over their number.
    yi, vi = np.array([0.1, 0.3, 0.8, 0.4, -0.2, 0.6]), np.full(6, 0.2)
    fit = meta_regression(
        yi, vi, np.ones((6, 1)), names=["m"], method="CE", interval="normal", level=95
    )
    cluster = [1, 1, 2, 2, 3, 3]
    found = cluster_robust(fit, cluster=cluster, kind="CR2", level=95)
    means = yi.reshape(3, 2).mean(axis=1)
    np.testing.assert_allclose(found.se[0] ** 2, means.var(ddof=1) / 3, rtol=1e-12)
    np.testing.assert_allclose(found.df, 2, rtol=1e-12)
    assert np.isnan(found.qm)


def test_aggregates_by_dense_matrices() -> None:
    yi, vi, group = drawn(7)
    for rho in (-0.2, 0.0, 0.6):
        found = aggregate_effects(yi, vi, group, rho=rho)
        for i, label in enumerate(found.cluster):
            own = group == label
            sd = np.sqrt(vi[own])
            s = rho * np.outer(sd, sd) + (1 - rho) * np.diag(vi[own])
            weights = np.linalg.solve(s, np.ones(own.sum()))
            np.testing.assert_allclose(found.vi[i], 1 / weights.sum(), rtol=1e-11)
            mean = weights @ yi[own] / weights.sum()
            np.testing.assert_allclose(found.yi[i], mean, rtol=1e-9, atol=1e-12)


def test_what_is_refused() -> None:
    yi, vi, group = drawn(8)
    k = yi.size

    def fit(groups, **more):
        return multilevel_effects(yi, vi, groups=groups, method="REML", **{**OPTIONS, **more})

    with pytest.raises(DesignError, match="Level all has one group"):
        fit({"all": np.zeros(k), "effect": np.arange(k)})
    with pytest.raises(DesignError, match="no level"):
        fit({})
    with pytest.raises(DataError, match="study has shape"):
        fit({"study": [1, 2]})
    with pytest.raises(DataError, match="study of effect 1 is missing"):
        fit({"study": [None, *group[1:]]})
    dummies = (group[:, None] == np.unique(group)).astype(float)
    with pytest.raises(DesignError, match="explain the groups of level study"):
        fit(
            {"study": group, "effect": np.arange(k)},
            x=dummies,
            names=[f"s{i}" for i in range(dummies.shape[1])],
        )
    good = fit({"study": group, "effect": np.arange(k)})
    with pytest.raises(DesignError, match="cut through"):
        cluster_robust(good, cluster=np.arange(k), kind="CR0", level=95)
    with pytest.raises(DesignError, match="1 clusters"):
        cluster_robust(good, cluster=np.zeros(k), kind="CR0", level=95)
    with pytest.raises(DataError, match="effekt"):
        variance_interval(good, "effekt", level=95)
    with pytest.raises(DataError, match="rho is 1"):
        aggregate_effects(yi, vi, group, rho=1.0)
