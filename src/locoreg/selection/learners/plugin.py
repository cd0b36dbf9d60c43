"""Effects as differences of what hazards predict under either option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.selection.learners.base import Arrays, LearnerFit
from locoreg.selection.learners.regression import learning_folds
from locoreg.selection.learners.spline import SplineEffect, SplineLearner
from locoreg.selection.scores.models import EventModel, fit_event_model
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray, IntArray

# Rows whose hazards are predicted at once.
CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlugInEffect:
    """Difference of predicted mean outcomes.

    Attributes
    ----------
    event : EventModel
        The hazards.
    projection : SplineEffect or None
        The difference as a function of the modifiers, where these are not all covariates.
    unit : str
        Unit of the effect.
    """

    event: EventModel
    projection: SplineEffect | None
    unit: str

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        if self.projection is not None:
            return self.projection.predict(X)
        return plug_in(self.event, X)

    def summary(self) -> tuple[str, ...]:
        """Return what the model is, and its dependence on the modifiers where that is a formula."""
        first = "difference of the outcomes that hazards predict with and without treatment"
        return (first,) if self.projection is None else (first, *self.projection.summary())

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {
            "event": self.event.settings(),
            "projection": None if self.projection is None else self.projection.settings(),
            "unit": self.unit,
        }

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        out = {f"event_{name}": values for name, values in self.event.arrays().items()}
        if self.projection is not None:
            own = self.projection.arrays()
            out |= {f"projection_{name}": values for name, values in own.items()}
        return out

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        projection = settings["projection"]
        return cls(
            event=EventModel.restore(settings["event"], with_prefix(arrays, "event_")),
            projection=None
            if projection is None
            else SplineEffect.restore(projection, with_prefix(arrays, "projection_")),
            unit=str(settings["unit"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalSEffect(PlugInEffect):
    """Difference of predicted mean outcomes, with treatment as a covariate of one hazard."""

    kind: ClassVar[str] = "s_learner"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalTEffect(PlugInEffect):
    """Difference of predicted mean outcomes, with one hazard per arm."""

    kind: ClassVar[str] = "t_learner"


def plug_in(event: EventModel, X: FloatArray) -> FloatArray:
    """Return the difference of predicted mean outcomes, treated minus comparator, shape (m,)."""
    out = np.empty(X.shape[0])
    for start in range(0, X.shape[0], CHUNK):
        part = X[start : start + CHUNK]
        with_it, without = (event.mean_outcome(part, np.full(len(part), arm)) for arm in (1.0, 0.0))
        out[start : start + CHUNK] = with_it - without
    return out


def with_prefix(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    """Return the arrays whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalSLearner:
    """The plug-in of one hazard that has treatment among its covariates (S-learner).

    Held-out effects are those of the cross-fitting that made the scores. Where effects may differ
    by some of the covariates only, the difference is regressed on these.
    """

    name: ClassVar[str] = "s_learner"

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit effects to the persons of scores.

        Parameters
        ----------
        scores : Scores
            The scores.
        seed : int
            Seed of boosting.

        Returns
        -------
        LearnerFit
            The model, and held-out effects.
        """
        event = fit_event_model(scores, seed=seed)
        held_out = scores.treated_mean - scores.comparator_mean
        projection, held_out = _projected(scores, plug_in(event, scores.X), held_out, seed)
        model = SurvivalSEffect(event=event, projection=projection, unit=scores.question.unit)
        return LearnerFit(model=model, held_out=held_out)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalTLearner:
    """The plug-in of two hazards, one per arm (T-learner); held-out effects by folds."""

    name: ClassVar[str] = "t_learner"

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit effects to the persons of scores.

        Parameters
        ----------
        scores : Scores
            The scores.
        seed : int
            Seed of boosting, and of folds where those of the scores don't do.

        Returns
        -------
        LearnerFit
            The model, and held-out effects.

        Raises
        ------
        DataError
            If a training set has no persons of one arm.
        """
        fold = learning_folds(scores, seed=seed)
        held_out = np.empty(scores.n)
        for k in range(int(fold.max()) + 1):
            rows, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            _check_arms(scores, rows)
            event = fit_event_model(scores, seed=seed, rows=rows, by_arm=True)
            held_out[held] = plug_in(event, scores.X[held])
        event = fit_event_model(scores, seed=seed, by_arm=True)
        projection, held_out = _projected(scores, plug_in(event, scores.X), held_out, seed)
        model = SurvivalTEffect(event=event, projection=projection, unit=scores.question.unit)
        return LearnerFit(model=model, held_out=held_out)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name}


def _check_arms(scores: Scores, rows: IntArray) -> None:
    treated = scores.data.treated[rows]
    if treated.all() or not treated.any():
        raise DataError(
            "without one of the folds an arm has no persons.",
            hint="take other folds, or a learner that needs no model per arm.",
        )


def _projected(
    scores: Scores, fitted: FloatArray, held_out: FloatArray, seed: int
) -> tuple[SplineEffect | None, FloatArray]:
    """Return effects, and held-out ones, as functions of the modifiers, where these are not all.

    The model is that of the effects by hazards of these persons alone. Held-out effects of scores
    come from hazards that may have seen others, on whom the model is judged: they serve for the
    weight of the model only.
    """
    if len(scores.modifiers) == scores.X.shape[1]:
        return None, held_out
    fold = learning_folds(scores, seed=seed)
    fit = SplineLearner().fit_to(scores, fitted, scores.weight, fold)
    assert isinstance(fit.model, SplineEffect)
    return fit.model, SplineLearner().fit_to(scores, held_out, scores.weight, fold).held_out
