"""Calibration of effects: predictions of a size hold for the persons who have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from locoreg.selection.learners.base import Arrays, EffectModel, LearnerFit
from locoreg.selection.learners.members import restore_member
from locoreg.selection.learners.plugin import with_prefix
from locoreg.selection.learners.regression import learning_folds
from locoreg.selection.learners.stack import StackEffect
from locoreg.selection.scores.result import Scores
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray

CalibrationMethod = Literal["linear", "isotonic"]
METHODS: tuple[CalibrationMethod, ...] = get_args(CalibrationMethod)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedEffect:
    """A model of effects, and a rising function of what it predicts.

    Attributes
    ----------
    model : EffectModel
        The model.
    method : {"linear", "isotonic"}
        A line, or steps.
    place, value : ndarray of float, shape (k,)
        Of a line: intercept and slope in `value`. Of steps: from each place on the effect is the
        value; below the first place it is the first value.
    """

    kind: ClassVar[str] = "calibrated"
    model: EffectModel
    method: CalibrationMethod
    place: FloatArray
    value: FloatArray

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        return _apply(self.method, self.place, self.value, self.model.predict(X))

    def summary(self) -> tuple[str, ...]:
        """Return the calibration, then what the model says."""
        if self.method == "linear":
            first = f"calibrated: {self.value[0]:+.3g} {self.value[1]:+.3g} x prediction"
        else:
            first = f"calibrated by {self.value.size} rising steps"
        return (first, *self.model.summary())

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {
            "model": {"kind": self.model.kind, "settings": self.model.settings()},
            "method": self.method,
        }

    def arrays(self) -> Arrays:
        """Return the arrays of calibration and model by name."""
        own = {f"model_{name}": values for name, values in self.model.arrays().items()}
        return {"place": self.place, "value": self.value, **own}

    @classmethod
    def restore(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> CalibratedEffect:
        """Return the model of settings and arrays."""
        inner = settings["model"]
        rest = with_prefix(arrays, "model_")
        model: EffectModel
        if inner["kind"] == StackEffect.kind:
            model = StackEffect.restore(inner["settings"], rest)
        else:
            model = restore_member(inner["kind"], inner["settings"], rest)
        return cls(
            model=model,
            method=settings["method"],
            place=np.asarray(arrays["place"], dtype=np.float64),
            value=np.asarray(arrays["value"], dtype=np.float64),
        )


def calibrate_effects(
    fit: LearnerFit, scores: Scores, *, method: CalibrationMethod, seed: int
) -> LearnerFit:
    """Calibrate a learner by its held-out effects and the doubly robust scores.

    Among persons with the same calibrated effect the mean score is about that effect: by a line
    with a slope that is not negative (the best linear predictor), or by isotonic regression (van
    der Laan, Ulloa-Perez, Carone and Luedtke 2023, arXiv:2302.14011).

    Parameters
    ----------
    fit : LearnerFit
        The learner, fitted to the scores.
    scores : Scores
        The scores.
    method : {"linear", "isotonic"}
        A line shrinks or stretches effects. Steps need thousands of persons.
    seed : int
        Seed of folds, where those of the scores don't do.

    Returns
    -------
    LearnerFit
        The calibrated model. Held-out effects are calibrated without the person's fold.

    Raises
    ------
    DataError
        If there is no such method.
    """
    check_option("method", method, METHODS)
    fold = learning_folds(scores, seed=seed)
    held_out = np.empty(scores.n)
    for k in range(int(fold.max()) + 1):
        rest, held = fold != k, fold == k
        place, value = _calibrate(
            method, fit.held_out[rest], scores.gamma[rest], scores.weight[rest]
        )
        held_out[held] = _apply(method, place, value, fit.held_out[held])
    place, value = _calibrate(method, fit.held_out, scores.gamma, scores.weight)
    model = CalibratedEffect(model=fit.model, method=method, place=place, value=value)
    return LearnerFit(model=model, held_out=held_out)


def _calibrate(
    method: CalibrationMethod, predicted: FloatArray, score: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    places, code = np.unique(predicted, return_inverse=True)
    mass = np.bincount(code, weights=weight)
    mean = np.bincount(code, weights=weight * score) / mass
    average = float(mass @ mean / mass.sum())
    if method == "linear":
        centre = float(mass @ places / mass.sum())
        spread = float(mass @ (places - centre) ** 2)
        slope = float(mass @ ((places - centre) * mean)) / spread if spread > 0.0 else 0.0
        slope = max(slope, 0.0)
        return np.zeros(0), np.array([average - slope * centre, slope])
    steps = isotonic_regression(mean, weights=mass).x
    first = np.concatenate([[True], np.diff(steps) > 0.0])
    return places[first], np.asarray(steps[first])


def _apply(
    method: CalibrationMethod, place: FloatArray, value: FloatArray, predicted: FloatArray
) -> FloatArray:
    if method == "linear":
        return np.asarray(value[0] + value[1] * predicted)
    return np.asarray(value[np.maximum(np.searchsorted(place, predicted, side="right") - 1, 0)])
