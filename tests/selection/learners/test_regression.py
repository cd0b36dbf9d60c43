"""The regression behind R-learners, and its folds."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.selection.learners.base import effect_loss, effect_residuals
from locoreg.selection.learners.regression import (
    constant_effect,
    effect_target,
    fit_columns,
    learning_folds,
)
from tests.selection.learners.known import known_scores

# The same sums in another order.
ROUNDING = 1e-10


@pytest.fixture(scope="module")
def scores():
    return known_scores(lambda X: X[:, 1], n=200, weight=np.linspace(0.5, 2.0, 200))


def test_weighted_squared_error_of_the_target_is_the_r_loss(scores):
    target, weight = effect_target(scores)
    for effect in (np.zeros(200), scores.X[:, 1]):
        loss = float((weight * (target - effect) ** 2).sum() / scores.weight.sum())
        assert loss == pytest.approx(effect_loss(scores, effect), rel=ROUNDING)


def test_the_constant_minimises_the_r_loss(scores):
    best = constant_effect(scores)
    a, b = effect_residuals(scores)
    w = scores.weight
    assert best == pytest.approx((w * a * b).sum() / (w * a * a).sum(), rel=ROUNDING)
    for other in (best - 0.1, best + 0.1):
        assert effect_loss(scores, np.full(200, other)) > effect_loss(scores, np.full(200, best))


def test_folds_of_the_scores_are_kept(scores):
    np.testing.assert_array_equal(learning_folds(scores, seed=1), scores.fold)
    some = scores.take(np.flatnonzero(scores.fold != 1))
    np.testing.assert_array_equal(np.unique(learning_folds(some, seed=1)), [0, 1, 2, 3])


def test_persons_of_one_fold_are_divided_anew_with_clusters_whole():
    scores = known_scores(lambda X: X[:, 1], n=300, cluster=np.arange(300) // 10)
    one = scores.take(np.flatnonzero(scores.fold == 2))
    fold = learning_folds(one, seed=1)
    assert np.unique(fold).tolist() == [0, 1, 2, 3, 4]
    for cluster in np.unique(one.cluster):
        assert np.unique(fold[one.cluster == cluster]).size == 1
    assert (learning_folds(one, seed=1) == fold).all()


def test_too_few_persons_are_refused(scores):
    with pytest.raises(DataError, match="there are 12 persons, too few"):
        learning_folds(scores.take(np.arange(12)), seed=1)
    untreated = np.flatnonzero(~scores.data.treated & (scores.fold == 0))
    more = np.flatnonzero(~scores.data.treated & (scores.fold == 1))
    with pytest.raises(DataError, match="fewer than two of the persons"):
        learning_folds(scores.take(np.concatenate([untreated, more])), seed=1)


def test_blocks_of_rows_change_nothing(scores, monkeypatch):
    target, weight = effect_target(scores)
    columns, fold = scores.X, scores.fold

    def made(rows):
        return columns[rows].copy()

    whole, held = fit_columns(made, 4, target, weight, fold, alpha=1.0)
    monkeypatch.setattr("locoreg.selection.learners.regression.BLOCK", 100)
    parts, also = fit_columns(made, 4, target, weight, fold, alpha=1.0)
    np.testing.assert_allclose(parts.coefficients, whole.coefficients, atol=1e-6)
    np.testing.assert_allclose(also, held, atol=1e-6)
