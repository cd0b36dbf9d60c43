"""Published output of bayesmeta, to three digits, and its own numbers with tighter tolerances.

Röver 2020 (doi:10.18637/jss.v093.i06), sections 3.3 to 3.6; vignette of bayesmeta 3.4 (eight
schools). bayesmeta approximates mixtures to about 1e-4 by default, so that the third digit is the
last that the printed output fixes.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.stats.bayes import (
    BayesRandomEffects,
    Marginal,
    bayes_random_effects,
    parse_mu_prior,
    parse_tau_prior,
    study_marginal,
    turner_prior,
)

# Acute rejections and patients, treated and control (Crins et al. 2014).
CRINS = (
    (14, 61, 15, 20),
    (16, 28, 19, 28),
    (3, 18, 8, 12),
    (9, 54, 29, 54),
    (4, 36, 11, 36),
    (0, 50, 3, 34),
)
# Effects and standard errors of eight schools (Rubin 1981).
SCHOOLS = (
    (28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16),
    (14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6),
)  # fmt: skip
# The third digit; and for what bayesmeta reads off its approximate mixtures 0.005
# posterior sds, the error of its default settings: with delta = 1e-5 its numbers move by as much,
# onto ours.
THIRD_DIGIT = 1e-3
OF_AN_SD = 5e-3


def odds_ratios() -> tuple[np.ndarray, np.ndarray]:
    cells = np.array([(a, n - a, c, m - c) for a, n, c, m in CRINS], dtype=float)
    cells[(cells == 0).any(axis=1)] += 0.5
    a, b, c, d = cells.T
    return np.log(a * d / (b * c)), (1 / cells).sum(axis=1)


def fit(y: object, v: object, tau: str, mu: str) -> BayesRandomEffects:
    return bayes_random_effects(
        np.asarray(y), np.asarray(v),
        tau_prior=parse_tau_prior(tau), mu_prior=parse_mu_prior(mu), level=95, null=0.0,
    )  # fmt: skip


def same(got: Marginal, printed: tuple[float, ...]) -> None:
    numbers = (got.mode, got.median, got.mean, got.sd, got.shortest_low, got.shortest_high)
    for value, wanted in zip(numbers, printed, strict=True):
        assert value == pytest.approx(wanted, rel=THIRD_DIGIT, abs=OF_AN_SD * got.sd)


@pytest.fixture(scope="module")
def crins() -> BayesRandomEffects:
    return fit(*odds_ratios(), "half-normal(0.5)", "normal(0, 4)")


@pytest.fixture(scope="module")
def schools() -> BayesRandomEffects:
    y, s = SCHOOLS
    return fit(y, np.square(s), "half-cauchy(25)", "normal(0, 50)")


def test_crins_summary(crins: BayesRandomEffects) -> None:
    same(crins.tau, (0.2453139, 0.3445023, 0.3810562, 0.2593672, 0.0, 0.8607193))
    same(crins.mu, (-1.5691214, -1.5734819, -1.5764365, 0.3295301, -2.2311251, -0.9263075))
    same(crins.new, (-1.5632732, -1.5701653, -1.5764365, 0.5671855, -2.7661319, -0.4072970))


def test_crins_shrinkage(crins: BayesRandomEffects) -> None:
    heffron, gibelli = (study_marginal(crins.mixtures, i, 95) for i in (0, 1))
    same(heffron, (-1.6711220, -1.7411356, -1.7778965, 0.4229425, -2.6561049, -0.9920023))
    same(gibelli, (-1.3895876, -1.2821722, -1.2339736, 0.4488759, -2.0455088, -0.3089461))
    assert crins.studies.median[0] == pytest.approx(heffron.median, rel=1e-9)
    assert crins.studies.low[1] == pytest.approx(gibelli.low, rel=1e-9)


def test_crins_peaks(crins: BayesRandomEffects) -> None:
    peaks = crins.peaks
    assert peaks.likelihood == pytest.approx((0.32581341, -1.578262), rel=1e-4)
    assert peaks.tau_likelihood == pytest.approx(0.46441292, rel=1e-4)
    assert peaks.mu_likelihood == pytest.approx(-1.578003, rel=1e-4)
    assert peaks.posterior == pytest.approx((0.08690907, -1.559376), rel=5e-4)


def test_crins_other_level() -> None:
    got = bayes_random_effects(
        *odds_ratios(), tau_prior=parse_tau_prior("half-normal(0.5)"),
        mu_prior=parse_mu_prior("normal(0, 4)"), level=99, null=0.0,
    )  # fmt: skip
    assert got.tau.shortest_low == 0.0
    assert got.tau.shortest_high == pytest.approx(1.109186, rel=1e-5)


def test_two_randomised_trials_of_crins() -> None:
    y, v = odds_ratios()
    got = fit(y[[0, 4]], v[[0, 4]], "half-normal(0.5)", "normal(0, 4)")
    assert got.below(0.0) == pytest.approx(0.9974968, abs=5e-5)
    assert (got.mu.median, got.mu.shortest_low, got.mu.shortest_high) == pytest.approx(
        (-1.78, -2.86, -0.69), abs=0.006
    )
    assert (got.new.shortest_low, got.new.shortest_high) == pytest.approx((-3.25, -0.28), abs=0.006)


def test_turner_quantiles() -> None:
    prior = turner_prior(
        edition=2015, outcome="surgical or device success", comparison="pharmacological v control"
    )
    got = prior.bind([1.0]).quantile([0.025, 0.5, 0.975])
    assert got == pytest.approx([0.06233896, 0.34300852, 1.88734045], rel=1e-7)


def test_schools(schools: BayesRandomEffects) -> None:
    same(schools.tau, (0.0, 4.758539, 5.884511, 4.869904, 0.0, 15.165894))
    same(schools.mu, (7.929503, 7.962961, 7.985729, 4.995762, -1.823353, 17.824562))
    same(schools.new, (7.865547, 7.926819, 7.985729, 9.126767, -10.623526, 26.827377))
    assert 1 - schools.below(0.0) == pytest.approx(0.9487521, abs=5e-5)
    assert float(schools.mixtures.mu.quantile(0.95)) == pytest.approx(16.11009, rel=1e-3)
    assert (schools.tau.low, schools.tau.high) == pytest.approx((0.2199559, 18.0531718), rel=1e-6)
    assert schools.peaks.likelihood == pytest.approx((0.0, 7.870546), rel=1e-6)
    assert schools.peaks.posterior == pytest.approx((0.0, 7.816294), rel=1e-6)
    assert schools.peaks.mu_likelihood == pytest.approx(7.998270, rel=1e-4)


def test_schools_under_flat_priors() -> None:
    y, s = SCHOOLS
    got = fit(y, np.square(s), "flat", "flat")
    same(got.tau, (0.0, 5.227732, 6.585992, 5.685974, 0.0, 17.265797))
    same(got.mu, (8.007138, 8.055861, 8.092138, 5.246683, -2.176157, 18.406330))
    assert math.isnan(got.factors.tau)
    assert "improper" in got.factors.tau_reason
    assert math.isnan(got.log_marginal)


def test_schools_bayes_factors(schools: BayesRandomEffects) -> None:
    # bayesmeta 3.4, the same call: $bayesfactor and $marginal.likelihood.
    assert schools.factors.tau == pytest.approx(4.464142, rel=1e-6)
    assert schools.factors.mu == pytest.approx(2.5203601, rel=1e-6)
    assert schools.factors.mu_least == pytest.approx(0.2363187, rel=1e-5)
    assert schools.factors.tau_least == pytest.approx(1.0, rel=1e-12)
    assert schools.log_marginal == pytest.approx(math.log(2.251943e-15), abs=1e-6)
