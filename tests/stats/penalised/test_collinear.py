"""The step to the minimum where columns repeat each other."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.penalised.direct import direct_step
from locoreg.stats.penalised.path import elastic_net_path

COPIES = np.ones((2, 2))


def test_a_copy_with_a_larger_penalty_is_left() -> None:
    """Two copies hold a coefficient of 0.4 together; on the way to the minimum one leaves."""
    b, factor = np.array([0.1, 0.3]), np.array([1.0, 2.0])
    slope = 1.0 - COPIES @ b
    active = np.array([0, 1])

    def objective(at: np.ndarray) -> float:
        return float(at @ COPIES @ at / 2 - at.sum() + 0.1 * factor @ np.abs(at))

    before = objective(b)
    assert direct_step(COPIES, 0.1, 0.0, factor, b, slope, active, 2)
    assert b[1] == 0.0
    assert objective(b) < before
    assert slope == pytest.approx(1.0 - COPIES @ b, abs=1e-12)
    assert direct_step(COPIES, 0.1, 0.0, factor, b, slope, active, 2)
    assert b == pytest.approx([0.9, 0.0])


def test_levels_and_products_that_repeat_each_other_have_a_minimum() -> None:
    """All levels of two categories, and their products: the conditions of the minimum hold."""
    rng = np.random.default_rng(4)
    n = 300
    first, second = np.eye(4)[rng.choice(4, n)], np.eye(3)[rng.choice(3, n)]
    both = (first[:, :, None] * second[:, None, :]).reshape(n, -1)
    X = np.column_stack([first, second, both, both[:, 0]])
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = X @ rng.normal(size=X.shape[1]) + rng.normal(size=n)
    y -= y.mean()
    gram, xty = X.T @ X / n, X.T @ y / n
    factor = np.where(np.arange(X.shape[1]) < 7, 1.0, 2.0)
    lambdas = np.geomspace(1.0, 1e-4, 50) * np.abs(xty / factor).max()
    for b, penalty in zip(
        elastic_net_path(gram, xty, lambdas, alpha=1.0, penalty_factor=factor), lambdas, strict=True
    ):
        left, used = xty - gram @ b, b != 0.0
        np.testing.assert_allclose(
            left[used], (penalty * factor * np.sign(b))[used], atol=1e-6 * np.abs(xty).max()
        )
        assert (np.abs(left) <= penalty * factor + 1e-6 * np.abs(xty).max()).all()
