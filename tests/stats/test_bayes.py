"""The posterior against brute-force integration, collapses, and calibration under its prior."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.stats.bayes import (
    FLAT,
    half_normal_posterior,
    mix,
    one_group,
    parse_tau_prior,
)
from locoreg.stats.randomeffects import random_effects

CASES = {
    "two trials": ([0.0392, -0.4155], [0.0165, 0.0223]),
    "three trials": ([-0.0834, -0.6931, -0.0943], [0.054, 0.069, 0.2566]),
    "far apart": ([-1.2, 0.9, 0.1], [0.01, 0.02, 0.05]),
    "one trial": ([-0.3], [0.04]),
}
# The midpoint rule of the brute force on its grid is good to about this.
BRUTE_FORCE = 2e-5


class Grid:
    """The joint posterior of mu and tau, tabulated without any analytic step."""

    def __init__(self, y: np.ndarray, v: np.ndarray, scale: float) -> None:
        wide = 8 * (float(np.sqrt(v.max())) + scale)
        centre = float(np.average(y, weights=1 / v))
        self.mu = centre + wide * (2 * (np.arange(4000) + 0.5) / 4000 - 1)
        tau = 8 * scale * (np.arange(1500) + 0.5) / 1500
        log_joint = np.repeat(-0.5 * (tau / scale)[:, None] ** 2, self.mu.size, axis=1)
        for yi, vi in zip(y, v, strict=True):
            total = vi + tau**2
            log_joint -= 0.5 * np.log(total)[:, None]
            log_joint -= np.multiply.outer(0.5 / total, (yi - self.mu) ** 2)
        column = np.exp(log_joint - log_joint.max()).sum(axis=0)
        self.cumulative = np.cumsum(column) / column.sum()

    def below(self, at: float) -> float:
        step = self.mu[1] - self.mu[0]
        return float(np.interp(at, self.mu + step / 2, self.cumulative))


@pytest.mark.parametrize("name", ["two trials", "far apart"])
def test_quantiles_against_double_integration(name: str) -> None:
    y, v = (np.array(x) for x in CASES[name])
    got = half_normal_posterior(y, v, tau_scale=0.5, level=95)
    grid = Grid(y, v, 0.5)
    for quantile, p in ((got.mu_low, 0.025), (got.mu, 0.5), (got.mu_high, 0.975)):
        assert grid.below(quantile) == pytest.approx(p, abs=BRUTE_FORCE)
    assert grid.below(0.0) == pytest.approx(got.below, abs=BRUTE_FORCE)


@pytest.mark.parametrize("name", CASES)
def test_narrow_prior_collapses_to_the_common_effect(name: str) -> None:
    y, v = CASES[name]
    got = half_normal_posterior(y, v, tau_scale=1e-6, level=95)
    common = random_effects(y, v, method="CE", interval="normal", level=95, prediction="riley")
    assert got.mu == pytest.approx(float(common.mu), abs=1e-8)
    assert got.mu_low == pytest.approx(float(common.ci_low), abs=1e-8)
    assert got.mu_high == pytest.approx(float(common.ci_high), abs=1e-8)


def test_one_study_leaves_the_prior_of_tau_and_widens_mu() -> None:
    # With one study and a flat mu the likelihood does not depend on tau.
    got = half_normal_posterior([-0.3], [0.04], tau_scale=0.5, level=95)
    assert got.tau == pytest.approx(stats.halfnorm.median(scale=0.5), rel=1e-3)
    assert got.tau_high == pytest.approx(stats.halfnorm.ppf(0.975, scale=0.5), rel=1e-3)
    assert got.mu == pytest.approx(-0.3, abs=1e-10)
    assert got.mu_high - got.mu > 1.96 * 0.2


def test_intervals_are_calibrated_under_the_prior() -> None:
    # Effects drawn from the model that the posterior assumes: coverage is then exact.
    # An interval holds a value if the value's probability lies between the tails.
    rng = np.random.default_rng(20261123)
    v, prior = np.array([0.02, 0.05, 0.09]), parse_tau_prior("half-normal(0.5)")
    n, hits, new_hits, tau_hits = 300, 0, 0, 0
    for _ in range(n):
        tau = abs(rng.normal(0, 0.5))
        y = rng.normal(0.2, np.sqrt(v + tau**2))
        got = mix(one_group(y, v, FLAT), prior)
        hits += 0.05 <= float(got.mu.cdf(0.2)) <= 0.95
        new_hits += 0.05 <= float(got.new.cdf(rng.normal(0.2, tau))) <= 0.95
        tau_hits += 0.05 <= float(got.tau.cdf(tau)) <= 0.95
    slack = 4 * math.sqrt(0.9 * 0.1 / n)
    for count in (hits, new_hits, tau_hits):
        assert count / n == pytest.approx(0.9, abs=slack)


def test_shift_and_mirror() -> None:
    y, v = (np.array(x) for x in CASES["three trials"])
    got = half_normal_posterior(y, v, tau_scale=0.5, level=95)
    moved = half_normal_posterior(y + 3, v, tau_scale=0.5, level=95)
    turned = half_normal_posterior(-y, v, tau_scale=0.5, level=95)
    assert moved.mu == pytest.approx(got.mu + 3, abs=1e-9)
    assert turned.mu_low == pytest.approx(-got.mu_high, abs=1e-9)
    assert turned.below == pytest.approx(1 - got.below, abs=1e-9)


def test_opposite_effects_whose_means_differ_by_rounding_only() -> None:
    for effect in np.linspace(0.01, 2.0, 60):
        y, v = np.array([-effect, effect]), np.array([0.85, 0.85])
        got = half_normal_posterior(y, v, tau_scale=0.5, level=95)
        assert got.mu == pytest.approx(0, abs=1e-9)
        assert got.mu_low == pytest.approx(-got.mu_high, abs=1e-9)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_bad_scale(scale: float) -> None:
    with pytest.raises(DataError, match="prior scale"):
        half_normal_posterior([0.1], [0.1], tau_scale=scale, level=95)


def test_bad_level_and_shape() -> None:
    with pytest.raises(DataError, match="percent"):
        half_normal_posterior([0.1], [0.1], tau_scale=0.5, level=0.95)
    with pytest.raises(DataError, match="one dimension"):
        half_normal_posterior([[0.1, 0.2]], [[0.1, 0.2]], tau_scale=0.5, level=95)
