"""Effects predicted for persons whom the model did not see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.selection.learners.base import EffectModel, Learner
from locoreg.selection.scores import scores_of_part
from locoreg.selection.scores.result import Scores
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

Design = Literal["folds", "sequential", "external"]
TrainingScores = Literal["shared", "anew"]
TRAINING_SCORES: tuple[TrainingScores, ...] = get_args(TrainingScores)
OUTSIDE = -1
CONSTANT = "constant"
# Spread of predictions, relative to their size, below which they are equal but for rounding.
SAME = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Effects predicted for persons by models that were fitted without them.

    Assessments take this and no model, so that none can be made on the persons of its training.

    Attributes
    ----------
    learner : str
        Name of the learner.
    settings : dict
        Its options.
    design : {"folds", "sequential", "external"}
        Each fold by a model of all others; by one of the folds before it; or all persons by a
        model of other persons.
    effect : ndarray of float, shape (n,)
        Predicted effects; NaN for persons that no model may predict (the first fold of the
        sequential design).
    fold : ndarray of int, shape (n,)
        Which persons were predicted by the same model; -1 where there is no prediction.
    seed : int or None
        Seed of the fits.
    person_id : tuple of str
        Whom the effects belong to.
    """

    learner: str
    settings: dict[str, Any]
    design: Design
    effect: FloatArray
    fold: IntArray
    seed: int | None
    person_id: tuple[str, ...]

    @property
    def folds(self) -> tuple[int, ...]:
        """Folds with predictions, ascending."""
        return tuple(int(k) for k in np.unique(self.fold[self.fold != OUTSIDE]))

    def on(self, scores: Scores) -> tuple[Scores, FloatArray, IntArray]:
        """Return scores, effects and folds of the persons with predictions.

        Parameters
        ----------
        scores : Scores
            Scores of the same persons in the same order.

        Returns
        -------
        scores : Scores
            m persons.
        effect : ndarray of float, shape (m,)
            Their predicted effects.
        fold : ndarray of int, shape (m,)
            Which of them were predicted by the same model.

        Raises
        ------
        DataError
            If these are other persons.
        """
        if self.person_id != scores.data.person_id:
            raise DataError(
                "the held-out effects and the scores belong to other persons, or differ in order.",
                hint="predict and assess with the same scores.",
            )
        if (self.fold != OUTSIDE).all():
            return scores, self.effect, self.fold
        rows = np.flatnonzero(self.fold != OUTSIDE)
        return scores.take(rows), self.effect[rows], self.fold[rows]

    def to_dict(self) -> dict[str, Any]:
        """Return what was done, without persons, as JSON-ready values."""
        return {
            "learner": self.learner,
            "settings": dict(self.settings),
            "design": self.design,
            "predicted": int((self.fold != OUTSIDE).sum()),
            "not_predicted": int((self.fold == OUTSIDE).sum()),
            "folds": len(self.folds),
            "seed": self.seed,
        }


def crossfit(
    scores: Scores,
    learner: Learner,
    *,
    seed: int,
    training: TrainingScores = "shared",
    fold: IntArray | None = None,
) -> HeldOut:
    """Predict the effect of each person by a model of the other folds.

    The scores of the training persons come from models of the outcome that saw the test fold. Only
    errors of these models carry over, and to first order the scores don't depend on them;
    ``training="anew"`` makes the scores of each training set from its persons alone, at the price
    of the scores once more per fold.

    Parameters
    ----------
    scores : Scores
        Scores of all persons.
    learner : Learner
        What is fitted.
    seed : int
        Seed of the fits.
    training : {"shared", "anew"}
        Whether training sets have the scores as they are, or scores made from themselves.
    fold : ndarray of int, shape (n,), optional
        Other folds than those of the scores, for repeated cross-fits.

    Returns
    -------
    HeldOut
        An effect for everybody.
    """
    parts = _folds(scores, fold)
    effect = np.empty(scores.n)
    for number in range(int(parts.max()) + 1):
        train, test = np.flatnonzero(parts != number), np.flatnonzero(parts == number)
        effect[test] = _predict(scores, learner, train, test, seed, training, parts)
    return _held(scores, learner, "folds", effect, parts, seed)


def crossfit_sequential(
    scores: Scores,
    learner: Learner,
    *,
    seed: int,
    training: TrainingScores = "shared",
    fold: IntArray | None = None,
    known: HeldOut | None = None,
) -> HeldOut:
    """Predict the effect of each person by a model of the folds before the person's.

    Given the folds before it, the statistic of each fold has mean 0 if effects don't differ. The
    statistics are then uncorrelated, which those of ordinary cross-fits are not.

    Parameters
    ----------
    scores, learner, seed, training, fold
        As for `crossfit`.
    known : HeldOut, optional
        The ordinary cross-fit of the same learner with the same settings: its model of the last
        fold is the same one and is not fitted again.

    Returns
    -------
    HeldOut
        An effect for everybody outside the first fold.
    """
    parts = _folds(scores, fold)
    effect, last = np.full(scores.n, np.nan), int(parts.max())
    for number in range(1, last + 1):
        train, test = np.flatnonzero(parts < number), np.flatnonzero(parts == number)
        if number == last and known is not None:
            effect[test] = known.effect[test]
            continue
        effect[test] = _predict(scores, learner, train, test, seed, training, parts)
    return _held(scores, learner, "sequential", effect, np.where(parts == 0, OUTSIDE, parts), seed)


def external(
    scores: Scores, model: EffectModel, *, trained_on: Iterable[str], label: str
) -> HeldOut:
    """Predict the effects of persons by a model of other persons.

    Parameters
    ----------
    scores : Scores
        Scores of the new persons, with the model's columns.
    model : EffectModel
        The model.
    trained_on : iterable of str
        Pseudonyms of the persons whom the model, or the choice of it, has seen.
    label : str
        The model in words.

    Returns
    -------
    HeldOut
        An effect for everybody, as one fold.

    Raises
    ------
    DesignError
        If a person was seen.
    """
    seen = set(trained_on) & set(scores.data.person_id)
    if seen:
        raise DesignError(
            f"{len(seen)} of {scores.n} persons were in the training of {label}, the first is "
            f"{min(seen)}.",
            hint="assess with other persons, or use crossfit.",
        )
    effect = np.asarray(model.predict(scores.X), dtype=np.float64)
    zero = np.zeros(scores.n, dtype=np.int64)
    _check(scores, effect, np.arange(scores.n), label)
    return HeldOut(
        learner=label,
        settings={"kind": model.kind},
        design="external",
        effect=effect,
        fold=zero,
        seed=None,
        person_id=scores.data.person_id,
    )


def constant(scores: Scores, held: HeldOut) -> HeldOut:
    """Predict the average effect of the training folds for everybody.

    Parameters
    ----------
    scores : Scores
        Scores of all persons.
    held : HeldOut
        Predictions by cross-fitting, whose folds are taken.

    Returns
    -------
    HeldOut
        What a model must beat to say anything.

    Raises
    ------
    DesignError
        If the predictions are those of a model of other persons, whose scores are not known.
    """
    if held.design == "external":
        raise DesignError("the average of other persons is not known.", hint="use cross-fits.")
    weight, gamma = scores.weight, scores.gamma
    effect = np.full(scores.n, np.nan)
    for number in held.folds:
        train = held.fold != number if held.design == "folds" else held.fold < number
        effect[held.fold == number] = (weight * gamma)[train].sum() / weight[train].sum()
    return replace(held, learner=CONSTANT, settings={}, effect=effect)


def percentiles(effect: FloatArray, fold: IntArray, weight: FloatArray) -> FloatArray:
    """Return the place of each person among those whom the same model predicted.

    Models of different folds differ in level, and the level falls where the held-out persons do
    well: ranks over all folds together would be biased downwards. Ranks within folds are not.

    Parameters
    ----------
    effect : ndarray of float, shape (n,)
        Predicted effects.
    fold : ndarray of int, shape (n,)
        Which persons were predicted by the same model.
    weight : ndarray of float, shape (n,)
        Sampling weights.

    Returns
    -------
    ndarray of float, shape (n,)
        Weighted share of the fold with a lower effect, plus half of that with the same, from 0
        to 1.
    """
    out = np.empty(effect.size)
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        _, place = np.unique(effect[rows], return_inverse=True)
        mass = np.bincount(place, weights=weight[rows])
        out[rows] = ((np.cumsum(mass) - mass / 2.0) / mass.sum())[place]
    return out


def centred(effect: FloatArray, fold: IntArray, weight: FloatArray) -> FloatArray:
    """Return effects less their weighted mean in the fold, shape (n,); exact 0 if all are equal."""
    out = np.zeros(effect.size)
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        mine, w = effect[rows], weight[rows]
        if not same_for_all(mine):
            out[rows] = mine - (w * mine).sum() / w.sum()
    return out


def same_for_all(effect: FloatArray) -> bool:
    """Return whether predicted effects are equal but for rounding."""
    return float(np.ptp(effect)) <= SAME * float(np.abs(effect).max())


def redraw_folds(scores: Scores, folds: int, *, seed: int) -> IntArray:
    """Return folds of persons, stratified by arm, clusters whole, shape (n,)."""
    return make_folds(
        scores.data.person_id,
        scores.data.treated.astype(np.int64),
        folds,
        seed=seed,
        cluster=scores.cluster,
    )


def _folds(scores: Scores, fold: IntArray | None) -> IntArray:
    parts = scores.fold if fold is None else fold
    if parts.shape != (scores.n,):
        raise DataError(
            f"fold has shape {parts.shape}, but there are {scores.n} persons.",
            hint="give a fold per person.",
        )
    _, codes = np.unique(parts, return_inverse=True)
    if codes.max() < 1:
        raise DesignError("there is one fold only.", hint="make scores with two or more folds.")
    return np.asarray(codes, dtype=np.int64)


def _predict(
    scores: Scores,
    learner: Learner,
    train: IntArray,
    test: IntArray,
    seed: int,
    training: TrainingScores,
    parts: IntArray,
) -> FloatArray:
    check_option("training", training, TRAINING_SCORES)
    own = scores.take(train)
    if training == "anew":
        own = scores_of_part(own.data, scores.question, scores.options)
        columns = own.coding.encode(scores.data.take(test).covariates)
    else:
        # Learners cross-validate within the folds of their scores: some of these are not there.
        _, left = np.unique(parts[train], return_inverse=True)
        enough = left.max() + 2 >= scores.options.folds
        inner = left if enough else redraw_folds(own, scores.options.folds, seed=seed)
        own = replace(own, fold=np.asarray(inner, dtype=np.int64))
        columns = scores.X[test]
    effect = np.asarray(learner.fit(own, seed=seed).model.predict(columns), dtype=np.float64)
    _check(scores, effect, test, learner.name)
    return effect


def _check(scores: Scores, effect: FloatArray, rows: IntArray, label: str) -> None:
    if effect.shape != rows.shape:
        raise DataError(f"{label} predicts shape {effect.shape} for {rows.size} persons.")
    bad = ~np.isfinite(effect)
    if bad.any():
        first = scores.data.person_id[int(rows[np.argmax(bad)])]
        raise DataError(
            f"{label} predicts no finite effect for {int(bad.sum())} persons, the first is {first}."
        )


def _held(
    scores: Scores,
    learner: Learner,
    design: Design,
    effect: FloatArray,
    fold: IntArray,
    seed: int,
) -> HeldOut:
    return HeldOut(
        learner=learner.name,
        settings=learner.to_dict(),
        design=design,
        effect=effect,
        fold=fold,
        seed=seed,
        person_id=scores.data.person_id,
    )
