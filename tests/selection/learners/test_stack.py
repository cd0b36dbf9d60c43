"""Weights of a stack, the stack, and its calibration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from locoreg.core.errors import DesignError
from locoreg.selection.learners import (
    ConstantLearner,
    RiskLearner,
    SplineLearner,
    StackLearner,
    calibrate_effects,
    effect_loss,
)
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.learners.constant import ConstantEffect
from locoreg.selection.learners.stack import stack_shares
from tests.selection.learners.known import known_scores

# The diagonal is raised by a millionth.
RAISED = 1e-5
NONE = ConstantEffect(effect=0.0, unit="months")


def effect(X):
    return 1.0 + 3.0 * X[:, 1]


def shares_of(columns, target, weight, *, prior=0.2, prior_sd=np.inf):
    return stack_shares(columns, target, weight, prior=prior, prior_sd=prior_sd)


@pytest.fixture(scope="module")
def scores():
    return known_scores(effect)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([0.5, 0.25], [0.5, 0.25]),
        ([0.5, -1.0], [0.5, 0.0]),
        # On the edge where the weights sum to 1: each is lowered by the same.
        ([0.9, 0.7], [0.6, 0.4]),
        ([3.0, 0.0], [1.0, 0.0]),
        ([-1.0, -2.0], [0.0, 0.0]),
    ],
)
def test_shares_of_orthogonal_predictions_by_hand(target, expected):
    found = shares_of(np.eye(2), np.array(target), np.ones(2))
    np.testing.assert_allclose(found, expected, atol=RAISED)


def test_shares_are_the_minimum_of_the_loss():
    rng = np.random.default_rng(3)
    columns = rng.standard_normal((60, 3)) + rng.standard_normal((60, 1))
    target, weight = columns @ [0.7, -0.2, 0.6] + rng.standard_normal(60), rng.uniform(0.5, 2, 60)
    found = shares_of(columns, target, weight)

    def loss(shares):
        return float((weight * (target - columns @ shares) ** 2).sum())

    other = minimize(
        loss,
        np.full(3, 0.2),
        bounds=[(0, 1)] * 3,
        constraints={"type": "ineq", "fun": lambda k: 1.0 - k.sum()},
        options={"ftol": 1e-14},
    )
    np.testing.assert_allclose(found, other.x, atol=1e-4)
    assert (found >= 0).all()
    assert found.sum() <= 1.0 + 1e-12


def test_the_prior_counts_like_one_more_observation_of_each_weight():
    rng = np.random.default_rng(4)
    columns, target = rng.standard_normal((30, 2)), rng.standard_normal(30)
    # Its noise is that of the target, in units of the prior's standard deviation.
    scale = np.sqrt(np.mean(target**2)) / 0.5
    more = np.vstack([columns, scale * np.eye(2)])
    expected = shares_of(more, np.concatenate([target, [0.2 * scale] * 2]), np.ones(32))
    found = shares_of(columns, target, np.ones(30), prior_sd=0.5)
    np.testing.assert_allclose(found, expected, atol=RAISED)
    scaled = shares_of(columns, target, np.full(30, 7.0), prior_sd=0.5)
    np.testing.assert_allclose(scaled, found, atol=RAISED)


def test_predictions_without_variation_get_nothing():
    np.testing.assert_array_equal(
        shares_of(np.zeros((5, 2)), np.arange(5.0), np.ones(5)), [0.0, 0.0]
    )


def test_the_true_effect_gets_the_weight(scores):
    rng = np.random.default_rng(1)
    truth, noise = effect(scores.X), rng.standard_normal(scores.n)
    fits = [LearnerFit(model=NONE, held_out=truth), LearnerFit(model=NONE, held_out=noise)]
    fit = StackLearner(members=(SplineLearner(), RiskLearner())).combine(scores, fits)
    assert fit.model.shares[0] > 0.8
    assert fit.model.shares[1] < 0.1
    assert effect_loss(scores, fit.held_out) <= effect_loss(scores, truth) * 1.01


def test_useless_learners_leave_the_constant():
    scores = known_scores(lambda X: 2.0)
    noise = np.random.default_rng(2).standard_normal(scores.n)
    fit = StackLearner(members=(SplineLearner(),)).combine(
        scores, [LearnerFit(model=NONE, held_out=5.0 * noise)]
    )
    assert fit.model.shares[0] < 0.05
    assert fit.model.constant == pytest.approx(2.0, abs=0.3)


def test_the_stack_is_the_weighted_mean_of_its_members(scores):
    fit = StackLearner(members=(SplineLearner(), RiskLearner(), ConstantLearner())).fit(
        scores, seed=1
    )
    model = fit.model
    parts = np.array([one.predict(scores.X) for one in model.members])
    expected = model.constant + model.shares @ (parts - model.constant)
    np.testing.assert_allclose(model.predict(scores.X), expected, atol=1e-12)
    assert model.shares[0] > 0.5
    assert model.summary()[0].startswith("weights by held-out loss: ")
    assert any(line.startswith("spline: x2: ") for line in model.summary())
    error = np.sqrt(np.mean((fit.held_out - effect(scores.X)) ** 2))
    assert error < 0.5 * effect(scores.X).std()


def test_stacks_that_cant_be():
    with pytest.raises(DesignError, match="has 0 learners"):
        StackLearner(members=())
    with pytest.raises(DesignError, match="can't hold the learner 'stack'"):
        StackLearner(members=(StackLearner(),))


def test_a_line_undoes_a_wrong_scale(scores):
    wrong = LearnerFit(model=NONE, held_out=4.0 * effect(scores.X) - 7.0)
    fit = calibrate_effects(wrong, scores, method="linear", seed=1)
    line = np.polyfit(wrong.held_out, scores.gamma, 1)
    np.testing.assert_allclose(fit.model.value, line[::-1], atol=1e-9)
    assert fit.model.value[1] == pytest.approx(0.25, abs=0.05)
    assert effect_loss(scores, fit.held_out) < 0.5 * effect_loss(scores, wrong.held_out)


def test_a_line_never_turns_effects_round(scores):
    turned = LearnerFit(model=NONE, held_out=-effect(scores.X))
    fit = calibrate_effects(turned, scores, method="linear", seed=1)
    assert fit.model.value[1] == 0.0
    assert fit.model.value[0] == pytest.approx(scores.gamma.mean())


def test_steps_are_the_isotonic_regression(scores):
    wrong = LearnerFit(model=NONE, held_out=np.exp(effect(scores.X)))
    fit = calibrate_effects(wrong, scores, method="isotonic", seed=1)
    assert (np.diff(fit.model.value) > 0).all()
    order = np.argsort(wrong.held_out)
    blocks = np.searchsorted(fit.model.place, wrong.held_out[order], side="right") - 1
    means = np.bincount(blocks, weights=scores.gamma[order]) / np.bincount(blocks)
    np.testing.assert_allclose(means, fit.model.value, atol=1e-9)
    assert np.sqrt(np.mean((fit.held_out - effect(scores.X)) ** 2)) < 0.5
