"""The search for the likelihood's maximum misses none."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.randomeffects import random_effects
from locoreg.stats.studies import lay_out
from locoreg.stats.tau2 import estimate_tau2

# Log-likelihoods are sums of a few dozen terms of order one.
NO_HIGHER = 1e-9


def simulate(n, k, seed):
    """Half like published pools, half with precise and vague studies mixed (several maxima)."""
    rng = np.random.default_rng(seed)
    half = n // 2
    usual = np.clip(0.25 * rng.chisquare(1, (half, k)), 0.009, 0.6)
    precise = rng.random((n - half, k)) < 0.3
    mixed = 10 ** np.where(
        precise, rng.uniform(-5, -4, precise.shape), rng.uniform(-1, 0.5, precise.shape)
    )
    vi = np.vstack([usual, mixed])
    tau2 = 10 ** rng.uniform(-5, 0, (n, 1)) * (rng.random((n, 1)) < 0.8)
    return rng.normal(0.0, np.sqrt(vi + tau2)), vi


def profile(yi, vi, tau2, restricted):
    """Profile log-likelihood, written out plainly; tau2 has shape (n, grid)."""
    w = 1.0 / (vi[:, None, :] + tau2[:, :, None])
    total = w.sum(axis=2)
    mean = (w * yi[:, None, :]).sum(axis=2) / total
    twice = np.log(w).sum(axis=2) - (w * (yi[:, None, :] - mean[:, :, None]) ** 2).sum(axis=2)
    return 0.5 * (twice - np.log(total) if restricted else twice)


def fine_grid(yi, vi, restricted, points=250):
    """Highest point of a fine grid, zoomed in three times, and the number of humps."""
    top = 2 * ((yi - yi.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) + vi.max(axis=1)
    low = 1e-3 * vi.min(axis=1)
    steps = (top / low)[:, None] ** np.linspace(0, 1, points)
    grid = np.hstack([np.zeros((len(yi), 1)), low[:, None] * steps])
    height = profile(yi, vi, grid, restricted)
    padded = np.pad(height, ((0, 0), (1, 1)), constant_values=-np.inf)
    humps = ((padded[:, 1:-1] > padded[:, :-2]) & (padded[:, 1:-1] >= padded[:, 2:])).sum(axis=1)
    rows = np.arange(len(yi))
    for _ in range(3):
        best = height.argmax(axis=1)
        left = grid[rows, np.maximum(best - 1, 0)]
        right = grid[rows, np.minimum(best + 1, grid.shape[1] - 1)]
        grid = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, 25)
        height = profile(yi, vi, grid, restricted)
    return height.max(axis=1), humps


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_no_maximum_is_missed(method):
    n = 10_000 if method == "REML" else 2_000
    yi, vi = simulate(n, 10, seed=20240501)
    restricted = method == "REML"
    ours = random_effects(
        yi, vi, method=method, interval="normal", level=95, prediction="riley"
    ).tau2
    reached = profile(yi, vi, ours[:, None], restricted)[:, 0]
    several = 0
    for start in range(0, n, 500):
        part = slice(start, start + 500)
        best, humps = fine_grid(yi[part], vi[part], restricted)
        assert (reached[part] >= best - NO_HIGHER).all()
        several += int((humps > 1).sum())
    # Without such cases the test would say little.
    assert several > n // 200


def test_the_higher_of_two_maxima_wins():
    # Four precise studies agree, two vague ones are far out: humps at 0 and near 2.
    yi = np.array([0.0, 0.01, -0.01, 0.005, 4.0, -3.5])
    vi = np.array([1e-4, 1e-4, 1e-4, 1e-4, 0.2, 0.2])
    grid = np.concatenate([[0.0], np.logspace(-8, 2, 200_001)])
    height = profile(yi[None], vi[None], grid[None], True)[0]
    inner = (height[1:-1] > height[:-2]) & (height[1:-1] > height[2:])
    assert inner.sum() + (height[0] > height[1]) >= 2
    fit = random_effects(yi, vi, method="REML", interval="normal", level=95, prediction="riley")
    np.testing.assert_allclose(fit.tau2, grid[height.argmax()], rtol=2e-4)


@pytest.mark.parametrize("method", ["REML", "ML", "PM"])
def test_the_estimating_equation_is_solved_to_rounding(method):
    yi, vi = simulate(500, 7, seed=3)
    tau2 = random_effects(
        yi, vi, method=method, interval="normal", level=95, prediction="riley"
    ).tau2
    inside = tau2 > 0
    w = 1 / (vi + tau2[:, None])
    total = w.sum(axis=1, keepdims=True)
    residual = yi - (w * yi).sum(axis=1, keepdims=True) / total
    if method == "PM":
        left, right = (w * residual**2).sum(axis=1), np.full(len(yi), yi.shape[1] - 1.0)
    else:
        left, right = (w**2 * residual**2).sum(axis=1), w.sum(axis=1)
        if method == "REML":
            right = right - (w**2).sum(axis=1) / total[:, 0]
    # The plain sums here lose up to five digits where one study outweighs the others.
    np.testing.assert_allclose(left[inside], right[inside], rtol=1e-9)
    assert (left[~inside] <= right[~inside] * (1 + 1e-9)).all() or method != "PM"


@pytest.mark.parametrize("ratio", [1.0, 1e6, 1e12, 1e24])
@pytest.mark.parametrize("method", ["REML", "ML", "EB", "DL", "SJ"])
def test_extreme_inputs_end_without_warnings(method, ratio):
    rng = np.random.default_rng(4)
    vi = 10 ** rng.uniform(-0.5, 0.5, (200, 5)) * ratio ** rng.choice([-0.5, 0.5], (200, 5))
    for effect in (1e-8, 1.0, 1e8):
        fit = random_effects(
            rng.normal(0, effect, vi.shape),
            vi,
            method=method,
            interval="hartung-knapp",
            level=95,
            prediction="riley",
        )
        assert np.isfinite(fit.mu).all()
        assert (fit.tau2 >= 0).all()


def test_blocks_share_one_variance():
    # Two blocks of equal variances: the pooled sample variance less v, by hand.
    y = np.array([[0.0, 10.0], [1.0, 12.0], [5.0, 0.0]])
    v = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, np.inf]])
    tau2, _ = estimate_tau2(lay_out(y[:, :, None].copy(), v[:, :, None].copy()), "REML")
    np.testing.assert_allclose(tau2, (14.0 + 2.0) / 3 - 0.5, rtol=1e-13)
