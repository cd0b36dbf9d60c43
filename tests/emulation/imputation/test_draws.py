"""Draws of imputation models."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.imputation.draws import (
    draw_levels,
    draw_logits,
    draw_normal,
    level_shares,
    nearest_donors,
)
from locoreg.stats.glm import glm

# A ridge of 1e-5 of the diagonal moves coefficients by about that share.
RIDGED = 1e-4
# Priors with standard deviations of 2.5 and 10 against 1,500 rows.
PRIOR = 0.02
# Four standard errors of a standard deviation of 2,000 draws, 1.6% each.
DRAWS = 0.064
ROUNDING = 1e-9


def rows(n, seed=1):
    rng = np.random.default_rng(seed)
    Z = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return rng, Z


def test_normal_regression_fits_and_draws_its_posterior():
    rng, Z = rows(300)
    y = Z @ [1.0, 2.0, -1.0] + 0.7 * rng.normal(size=300)
    weight = rng.integers(0, 3, 300).astype(float)
    expected = np.linalg.lstsq(Z * np.sqrt(weight)[:, None], y * np.sqrt(weight), rcond=None)[0]
    drawn = [draw_normal(Z, y, weight, rng) for _ in range(2000)]
    np.testing.assert_allclose(drawn[0].fitted, expected, rtol=RIDGED)
    residual = y - Z @ expected
    s2 = (weight * residual**2).sum() / (weight.sum() - 3)
    se = np.sqrt(np.diag(np.linalg.inv((Z * weight[:, None]).T @ Z)) * s2)
    np.testing.assert_allclose(np.std([d.drawn for d in drawn], axis=0), se, rtol=DRAWS)
    assert np.mean([d.sd**2 for d in drawn]) == pytest.approx(s2, rel=0.02)


def test_weights_are_copies():
    rng, Z = rows(50)
    y = rng.normal(size=50)
    weight = rng.integers(0, 4, 50)
    copies = np.repeat(np.arange(50), weight)
    code = (rng.random(50) < 0.4).astype(np.int64)
    for one, other in (
        (
            draw_normal(Z, y, weight.astype(float), np.random.default_rng(3)).drawn,
            draw_normal(Z[copies], y[copies], np.ones(copies.size), np.random.default_rng(3)).drawn,
        ),
        (
            draw_logits(Z, code, 2, weight.astype(float), np.random.default_rng(3))[0],
            draw_logits(Z[copies], code[copies], 2, np.ones(copies.size), np.random.default_rng(3))[
                0
            ],
        ),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_two_levels_are_logistic_regression():
    rng, Z = rows(1500)
    y = rng.random(1500) < 1 / (1 + np.exp(-(Z @ [-0.5, 1.0, -0.7])))
    fit = glm(y, Z, family="logistic")
    code, ones = y.astype(np.int64), np.ones(1500)
    mode = draw_logits(Z, code, 2, ones, rng)[1]
    np.testing.assert_allclose(mode[0], fit.coefficients, atol=PRIOR)
    drawn = [draw_logits(Z, code, 2, ones, rng, mode)[0][0] for _ in range(2000)]
    found = np.std(drawn, axis=0)
    np.testing.assert_allclose(found, np.sqrt(np.diag(fit.covariance)), rtol=DRAWS)


def test_three_levels_recover_their_coefficients():
    rng, Z = rows(20000)
    truth = np.array([[0.3, 1.0, -0.5], [-0.4, -0.6, 0.8]])
    shares = level_shares(Z, truth)
    code = (np.cumsum(shares, axis=1) <= rng.random(20000)[:, None]).sum(axis=1)
    drawn, fitted = draw_logits(Z, code, 3, np.ones(20000), rng)
    # Standard errors are about .02.
    np.testing.assert_allclose(fitted, truth, atol=0.08)
    np.testing.assert_allclose(drawn, truth, atol=0.12)


def test_separated_levels_stay_finite():
    rng, Z = rows(100)
    code = (Z[:, 1] > 0).astype(np.int64)
    drawn, fitted = draw_logits(Z, code, 2, np.ones(100), rng)
    assert np.isfinite(drawn).all()
    assert 1 < fitted[0, 1] < 20


def test_levels_are_drawn_with_their_probabilities():
    rng = np.random.default_rng(5)
    Z = np.ones((20000, 1))
    beta = np.log([[2.0], [3.0]])
    found = np.bincount(draw_levels(Z, beta, 0.0, rng)) / 20000
    np.testing.assert_allclose(found, [1 / 6, 2 / 6, 3 / 6], atol=0.014)
    shifted = np.bincount(draw_levels(Z, beta, np.log(2.0), rng)) / 20000
    np.testing.assert_allclose(shifted, [1 / 17, 4 / 17, 12 / 17], atol=0.014)


def test_donors_are_the_nearest():
    rng = np.random.default_rng(1)
    donor = np.arange(100.0)
    weight = np.ones(100)
    for wanted, allowed in ((50.1, {48, 49, 50, 51, 52}), (-9.0, {0, 1, 2, 3, 4})):
        chosen = nearest_donors(donor, weight, np.full(4000, wanted), 5, rng)
        counts = np.bincount(chosen, minlength=100)
        assert set(np.flatnonzero(counts)) == allowed
        # Four standard errors of a count of 800.
        np.testing.assert_allclose(counts[sorted(allowed)], 800, atol=102)


def test_donors_with_the_same_prediction_are_all_considered():
    rng = np.random.default_rng(1)
    donor = np.repeat([0.0, 1.0, 2.0], 40)
    chosen = nearest_donors(donor, np.ones(120), np.full(8000, 1.0 + 1e-13), 5, rng)
    assert set(chosen) == set(range(40, 80))


def test_donors_count_by_their_weight():
    rng = np.random.default_rng(1)
    weight = np.array([1.0, 3.0])
    chosen = nearest_donors(np.zeros(2), weight, np.zeros(8000), 2, rng)
    assert chosen.mean() == pytest.approx(0.75, abs=0.02)
