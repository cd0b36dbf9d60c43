"""The quadrature against another integrator, special cases, edges, and priors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.bayes import (
    FLAT,
    Hierarchy,
    MuPrior,
    TauPrior,
    bayes_random_effects,
    mix,
    one_group,
    parse_mu_prior,
    parse_tau_prior,
    rhodes_prior,
    turner_prior,
)
from locoreg.stats.bayes.priorfamilies import FAMILIES

PRIORS = (
    "half-normal(0.5)",
    "half-cauchy(0.5)",
    "half-t(4, 0.3)",
    "half-logistic(0.2)",
    "exponential(0.3)",
    "lomax(1, 1)",
    "uniform(0, 4)",
    "log-normal(-1, 0.6) on tau",
    "log-normal(-2.56, 1.74) on tau2",
    "log-t(-3.44, 2.59, 5) on tau2",
)
# What the two integrators leave between them.
EXACT = 1e-9


def dense(y: np.ndarray, cov: np.ndarray, mu: MuPrior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log likelihood, mean and sd of mu from whole covariance matrices, shape (n, k, k)."""
    precision = np.linalg.inv(cov)
    total, pull = precision.sum(axis=(1, 2)), (precision @ y).sum(axis=1)
    if mu.sd is not None and mu.mean is not None:
        total, pull = total + mu.sd**-2, pull + mu.mean * mu.sd**-2
    mean = pull / total
    r = y - mean[:, None]
    log = -0.5 * np.einsum("ni,nij,nj->n", r, precision, r)
    log -= 0.5 * np.linalg.slogdet(cov)[1] + 0.5 * np.log(total)
    if mu.sd is not None and mu.mean is not None:
        log -= 0.5 * ((mean - mu.mean) / mu.sd) ** 2
    return log, mean, 1 / np.sqrt(total)


def panels(top: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and steps in log tau: 20 of Gauss and Legendre in panels of a quarter."""
    end = min(30.0, math.log(top))
    edges = np.append(np.arange(-40.0, end, 0.25), end)
    nodes, steps = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * steps).ravel()


@pytest.mark.parametrize("text", PRIORS)
@pytest.mark.parametrize("mu", ["flat", "normal(0, 1)"])
def test_probabilities_against_dense_integration(text: str, mu: str) -> None:
    y, v = np.array([0.3, -0.4, 0.1]), np.array([0.02, 0.003, 0.2])
    prior, mu_prior = parse_tau_prior(text), parse_mu_prior(mu)
    found = mix(one_group(y, v, mu_prior), prior)
    bound = prior.bind(v)
    x = found.mu.quantile(np.array([1e-3, 0.2, 0.9]))
    u, step = panels(bound.support[1])
    tau = np.exp(u)
    log, mean, spread = dense(y, np.eye(3) * (v + tau[:, None] ** 2)[:, None, :], mu_prior)
    weight = np.exp(log + u + bound.log_density(tau)) * step
    below = stats.norm.cdf((x[:, None] - mean) / spread) @ weight / weight.sum()
    tolerance = 1e-5 if text.startswith("log-t") else EXACT
    assert found.mu.cdf(x) == pytest.approx(below, abs=tolerance)


def test_shared_bias_against_the_dense_matrix() -> None:
    y, v = np.array([0.0, 0.2, -0.5, -0.6, -0.3]), np.array([0.02, 0.03, 0.01, 0.02, 0.05])
    model = Hierarchy(
        y=y, v=v, group=np.array([0, 0, 1, 1, 1]), shared=np.array([0.0, 0.04]), mu_prior=FLAT
    )
    from locoreg.stats.bayes.hierarchy import given_tau

    tau = np.array([0.0, 0.1, 1.3])
    got = given_tau(model, tau)
    cov = np.eye(5) * (v + tau[:, None] ** 2)[:, None, :]
    cov[:, 2:, 2:] += 0.04
    logs, mean, spread = dense(y, cov, FLAT)
    assert got.mean == pytest.approx(mean, rel=1e-12)
    assert got.variance == pytest.approx(spread**2, rel=1e-12)
    assert got.log_likelihood - got.log_likelihood[0] == pytest.approx(logs - logs[0])


def test_normal_prior_and_no_heterogeneity_is_conjugate() -> None:
    y, v = np.array([0.3, -0.2]), np.array([0.04, 0.09])
    got = bayes_random_effects(
        y, v, tau_prior=parse_tau_prior("half-normal(1e-7)"),
        mu_prior=MuPrior(mean=0.1, sd=0.5), level=90, null=0.0,
    )  # fmt: skip
    precision = 25 + 1 / 0.09 + 4
    mean = (0.3 * 25 - 0.2 / 0.09 + 0.1 * 4) / precision
    assert got.mu.mean == pytest.approx(mean, abs=1e-9)
    assert got.mu.sd == pytest.approx(precision**-0.5, rel=1e-9)
    assert got.mu.high == pytest.approx(mean + stats.norm.ppf(0.95) * precision**-0.5, abs=1e-9)
    assert got.weights == pytest.approx([25 / precision, 1 / 0.09 / precision, 4 / precision])
    whole = stats.multivariate_normal([0.1, 0.1], np.diag(v) + 0.25)
    assert got.log_marginal == pytest.approx(whole.logpdf(y), abs=1e-9)


def test_bayes_factor_far_from_the_posterior() -> None:
    # 1e-35 and less: values of tau count there that have next to no posterior weight.
    y, v = np.full(40, 1.5) + np.linspace(-0.3, 0.3, 40), np.full(40, 0.01)
    prior, mu_prior = parse_tau_prior("half-cauchy(0.5)"), MuPrior(mean=0.0, sd=2.0)
    got = bayes_random_effects(y, v, tau_prior=prior, mu_prior=mu_prior, level=95, null=0.0)
    u, step = panels(math.inf)
    total = v[:, None] + np.exp(2 * u)
    log_null = -0.5 * (np.log(2 * math.pi * total) + y[:, None] ** 2 / total).sum(axis=0)
    log_null += u + prior.bind(v).log_density(np.exp(u)) + np.log(step)
    wanted = special.logsumexp(log_null) - got.log_marginal
    assert wanted < -80
    assert math.log(got.factors.mu) == pytest.approx(wanted, abs=1e-9)


def test_one_study_keeps_the_prior_of_tau() -> None:
    got = bayes_random_effects(
        [0.1], [0.04], tau_prior=parse_tau_prior("half-cauchy(0.5)"), mu_prior=FLAT, level=95,
        null=0.0,
    )  # fmt: skip
    assert got.tau.median == pytest.approx(0.5, rel=1e-9)
    assert got.tau.high == pytest.approx(stats.halfcauchy.ppf(0.975, scale=0.5), rel=1e-8)
    assert math.isnan(got.mu.mean)
    assert math.isinf(got.tau.mean)
    assert got.factors.tau == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(
    ("prior", "mu", "k"),
    [("flat", "flat", 2), ("flat", "normal(0, 1)", 1), ("sqrt", "flat", 1), ("jeffreys", "flat", 1),
     ("uniform-i2", "flat", 1)],
)  # fmt: skip
def test_improper_posterior_is_refused(prior: str, mu: str, k: int) -> None:
    with pytest.raises(DesignError, match="needs"):
        bayes_random_effects(
            [0.1, 0.3][:k], [0.1, 0.2][:k], tau_prior=parse_tau_prior(prior),
            mu_prior=parse_mu_prior(mu), level=95, null=0.0,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("y", "v"),
    [
        ([0.0, 1e-3, 3.0], [1e-12, 1.0, 1e6]),
        ([0.0, 5.0, 0.1], [1e-6, 1e-6, 1e-6]),
        ([0.2, 0.2, 0.2], [0.1, 0.1, 0.1]),
    ],
)
def test_extreme_variances_keep_total_and_order(y: list[float], v: list[float]) -> None:
    found = mix(one_group(np.array(y), np.array(v), FLAT), parse_tau_prior("half-normal(0.5)"))
    at = found.mu.quantile(np.array([1e-6, 0.025, 0.5, 0.975]))
    assert np.all(np.diff(at) > 0)
    assert found.mu.cdf(at) == pytest.approx([1e-6, 0.025, 0.5, 0.975], abs=1e-11)
    tau = found.tau.quantile(np.array([0.025, 0.5, 0.975]))
    assert found.tau.cdf(tau) == pytest.approx([0.025, 0.5, 0.975], abs=1e-11)


def test_many_studies() -> None:
    rng = np.random.default_rng(8)
    v = rng.uniform(0.01, 0.2, 1000)
    y = rng.normal(0.1, np.sqrt(v + 0.04))
    found = mix(one_group(y, v, FLAT), parse_tau_prior("half-normal(0.5)"))
    low, high = found.tau.quantile(np.array([0.0005, 0.9995]))
    assert low < 0.2 < high
    assert found.tau.density(found.tau.mode()) > found.tau.density(0.9 * found.tau.mode())


@pytest.mark.parametrize("family", FAMILIES)
def test_density_is_the_slope_of_the_distribution(family: str) -> None:
    numbers = {1: (0.4,), 2: (0.3, 0.9), 3: (-3.0, 2.0, 5.0)}
    kind = FAMILIES[family]
    prior = TauPrior(family=family, numbers=numbers.get(len(kind.parameters), ()))
    bound = prior.bind([0.02, 0.05, 0.4])
    if kind.cdf is None:
        if prior.proper:
            area = integrate.quad(
                lambda u: float(bound.density(math.exp(u))) * math.exp(u), -40, 40
            )
            assert area[0] == pytest.approx(1.0, abs=1e-7)
        return
    for p in (0.1, 0.5, 0.9):
        t = float(bound.quantile(p))
        assert float(bound.cdf(t)) == pytest.approx(p, abs=1e-12)
        h = 1e-5 * t
        slope = float(bound.cdf(t + h) - bound.cdf(t - h)) / (2 * h)
        assert float(bound.density(t)) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("text", [*PRIORS, "jeffreys", "flat", "uniform-shrinkage"])
def test_text_round_trip(text: str) -> None:
    prior = parse_tau_prior(text)
    assert prior.numbers == parse_tau_prior(text.upper()).numbers
    assert prior.family in FAMILIES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("half-norml(0.5)", "half-normal"),
        ("log-normal(-2, 1)", "on tau2"),
        ("half-normal", "takes 1"),
        ("half-normal(0)", "above 0"),
        ("half-normal(a)", "can't be read"),
        ("uniform(2, 1)", "smaller first"),
        ("half-normal(0.5) on tau2", "can't be stated"),
    ],
)
def test_bad_prior_text(text: str, words: str) -> None:
    with pytest.raises((DataError, DesignError), match=words):
        parse_tau_prior(text)


def test_empirical_priors() -> None:
    assert turner_prior(edition=2015, outcome="any", comparison="any").numbers == (-2.56, 1.74)
    assert turner_prior(
        edition=2012, outcome="all-cause mortality", comparison="non-pharmacological"
    ).numbers == (-3.93, 1.51)
    assert rhodes_prior(outcome="any", comparison="any", area="any").numbers == (-3.44, 2.59, 5.0)
    with pytest.raises(DesignError, match="mortality"):
        turner_prior(edition=2015, outcome="mortality", comparison="any")


def test_log_t_prior_has_its_mode_at_no_heterogeneity() -> None:
    found = mix(
        one_group(np.array([0.1, 0.3]), np.array([0.04, 0.05]), FLAT),
        rhodes_prior(outcome="any", comparison="any", area="any"),
    )
    assert found.tau.mode() == 0.0
    assert math.isinf(float(found.tau.density(0.0)))
