"""Who is predicted by which model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.assess import HeldOut, crossfit, crossfit_sequential, external
from locoreg.selection.assess.heldout import OUTSIDE, centred, constant, percentiles, redraw_folds
from locoreg.selection.learners.base import LearnerFit
from tests.selection.assess.made import Column, LinearModel, Ridge, made_scores


@dataclass(frozen=True, kw_only=True)
class Spy:
    """Remember who was in each training set, and in how many folds."""

    name: ClassVar[str] = "spy"
    seen: list[tuple[set[str], int]] = field(default_factory=list)
    answer: float = 0.0

    def fit(self, scores, *, seed: int) -> LearnerFit:
        self.seen.append((set(scores.data.person_id), np.unique(scores.fold).size))
        slopes = (0.0,) * scores.X.shape[1]
        return LearnerFit(
            model=LinearModel(float(len(self.seen)) + self.answer, slopes),
            held_out=np.full(scores.n, np.nan),
        )

    def to_dict(self) -> dict[str, Any]:
        return {}


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(100, 3))
    return made_scores(X[:, 0] + rng.normal(size=100), X)


def ids(scores, rows):
    return {scores.data.person_id[i] for i in np.flatnonzero(rows)}


def test_crossfit_predicts_a_fold_by_all_others(scores):
    spy = Spy()
    held = crossfit(scores, spy, seed=1)
    for number, (seen, folds) in enumerate(spy.seen):
        assert seen == ids(scores, scores.fold != number)
        assert folds == 4
    np.testing.assert_array_equal(held.effect, scores.fold + 1.0)
    assert held.design == "folds"
    assert held.folds == (0, 1, 2, 3, 4)


def test_sequential_predicts_a_fold_by_those_before_it(scores):
    spy = Spy()
    held = crossfit_sequential(scores, spy, seed=1)
    assert len(spy.seen) == 4
    for number, (seen, folds) in enumerate(spy.seen, start=1):
        assert seen == ids(scores, scores.fold < number)
        # Learners cross-validate, whatever the number of folds before.
        assert folds >= 4
    first = scores.fold == 0
    assert np.isnan(held.effect[first]).all()
    assert (held.fold[first] == OUTSIDE).all()
    assert held.folds == (1, 2, 3, 4)
    part, effect, fold = held.on(scores)
    assert part.n == effect.size == fold.size == int((~first).sum())
    assert held.to_dict()["not_predicted"] == int(first.sum())


def test_the_last_sequential_model_is_known_from_the_crossfit(scores):
    learner = Ridge(penalty=1.0)
    held = crossfit(scores, learner, seed=1)
    again = crossfit_sequential(scores, learner, seed=1)
    known = crossfit_sequential(scores, learner, seed=1, known=held)
    np.testing.assert_array_equal(known.effect, again.effect)
    spy = Spy()
    crossfit_sequential(scores, spy, seed=1, known=held)
    assert len(spy.seen) == 3


def test_training_anew_makes_scores_of_the_training_persons(scores, monkeypatch):
    made = []

    def remake(data, question, options):
        made.append(set(data.person_id))
        return made_scores(np.zeros(data.n), np.ones((data.n, 3)) * np.arange(data.n)[:, None])

    monkeypatch.setattr("locoreg.selection.assess.heldout.scores_of_part", remake)
    held = crossfit(scores, Ridge(penalty=1.0), seed=1, training="anew")
    assert made == [ids(scores, scores.fold != number) for number in range(5)]
    # Scores made anew are 0 here, and so is what is learnt from them.
    np.testing.assert_array_equal(held.effect, 0.0)


def test_other_folds_can_be_given(scores):
    fold = redraw_folds(scores, 3, seed=5)
    held = crossfit(scores, Spy(), seed=1, fold=fold)
    np.testing.assert_array_equal(held.effect, fold + 1.0)
    with pytest.raises(DataError, match="fold has shape"):
        crossfit(scores, Spy(), seed=1, fold=fold[:5])
    with pytest.raises(DesignError, match="one fold only"):
        crossfit(scores, Spy(), seed=1, fold=np.zeros(100, dtype=int))


def test_external_refuses_persons_of_the_training(scores):
    model = LinearModel(1.0, (2.0, 0.0, 0.0))
    held = external(scores, model, trained_on=["somebody"], label="older model")
    np.testing.assert_allclose(held.effect, 1.0 + 2.0 * scores.X[:, 0])
    assert held.folds == (0,)
    with pytest.raises(DesignError, match="2 of 100 persons were in the training of older model"):
        external(scores, model, trained_on=scores.data.person_id[:2], label="older model")


def test_effects_of_other_persons_are_refused(scores):
    held = crossfit(scores, Column(place=0), seed=1)
    with pytest.raises(DataError, match="belong to other persons"):
        held.on(scores.take(np.arange(99, -1, -1)))


def test_effects_must_be_finite(scores):
    with pytest.raises(DataError, match="spy predicts no finite effect for 20 persons"):
        crossfit(scores, Spy(answer=np.inf), seed=1)


def test_order_of_persons_changes_nothing(scores):
    order = np.random.default_rng(3).permutation(scores.n)
    one = crossfit(scores, Ridge(penalty=1.0), seed=1)
    two = crossfit(scores.take(order), Ridge(penalty=1.0), seed=1)
    np.testing.assert_allclose(two.effect, one.effect[order], rtol=1e-10)


def test_a_constant_is_the_mean_of_the_training_folds(scores):
    gamma, fold = scores.gamma, scores.fold
    ordinary = constant(scores, crossfit(scores, Column(place=0), seed=1))
    sequential = constant(scores, crossfit_sequential(scores, Column(place=0), seed=1))
    for number in range(5):
        assert ordinary.effect[fold == number] == pytest.approx(gamma[fold != number].mean())
        if number:
            assert sequential.effect[fold == number] == pytest.approx(gamma[fold < number].mean())
    assert np.isnan(sequential.effect[fold == 0]).all()
    other = external(scores, LinearModel(0.0, (1.0, 0.0, 0.0)), trained_on=(), label="x")
    with pytest.raises(DesignError, match="is not known"):
        constant(scores, other)


def test_percentiles_by_hand():
    effect = np.array([3.0, 1.0, 1.0, 10.0, 20.0])
    fold = np.array([0, 0, 0, 1, 1])
    made = percentiles(effect, fold, np.array([1.0, 1.0, 2.0, 1.0, 3.0]))
    np.testing.assert_allclose(made, [3.5 / 4, 1.5 / 4, 1.5 / 4, 0.5 / 4, 2.5 / 4])


def test_centred_by_hand():
    effect = np.array([3.0, 1.0, 5.0, 5.0])
    fold = np.array([0, 0, 1, 1])
    made = centred(effect, fold, np.array([1.0, 3.0, 1.0, 1.0]))
    np.testing.assert_allclose(made, [1.5, -0.5, 0.0, 0.0])
    rounding = 0.1 + np.array([0.0, 0.0, 1e-17, 2e-17])
    assert (centred(rounding, fold, np.ones(4)) == 0.0).all()


def test_held_out_says_what_was_done(scores):
    held = crossfit(scores, Ridge(penalty=2.0), seed=9)
    assert isinstance(held, HeldOut)
    assert held.to_dict() == {
        "learner": "ridge",
        "settings": {"penalty": 2.0},
        "design": "folds",
        "predicted": 100,
        "not_predicted": 0,
        "folds": 5,
        "seed": 9,
    }
