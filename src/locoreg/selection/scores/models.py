"""Models of the event, of treatment and of censoring, for persons that are new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from locoreg.selection.scores.crossfit import Kind, hazard_setup
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.grid import Grid
from locoreg.selection.scores.hazards import HazardFit, HazardModel, fit_hazards
from locoreg.selection.scores.mixture import Mixtures
from locoreg.selection.scores.plain import PlainModel, fit_number
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray, IntArray

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventModel:
    """The hazard of the event given covariates and treatment.

    Attributes
    ----------
    grid : Grid
        Bins of time.
    models : tuple of HazardModel
        One for both arms, or one for the comparator and one for the treated.
    """

    grid: Grid
    models: tuple[HazardModel, ...]

    def hazard(self, X: FloatArray, treated: FloatArray | float) -> FloatArray:
        """Return the hazard of the event in each bin.

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            Rows with the columns of the scores' coding.
        treated : float or ndarray of float, shape (m,)
            1 for treated, 0 for not.

        Returns
        -------
        ndarray of float, shape (m, b)
            Rates per month; with whole months, probabilities per month.
        """
        arm = np.broadcast_to(np.asarray(treated, dtype=np.float64), X.shape[:1])
        if len(self.models) == 1:
            return self.models[0].hazard(X, arm)
        out = np.empty((X.shape[0], self.grid.bins))
        for code, model in enumerate(self.models):
            rows = (arm > 0.5) == bool(code)
            out[rows] = model.hazard(X[rows], np.zeros(int(rows.sum())))
        return out

    def mean_outcome(self, X: FloatArray, treated: FloatArray | float) -> FloatArray:
        """Return the mean outcome of the question, shape (m,): months, or a probability.

        Parameters
        ----------
        X, treated
            As for `hazard`.

        Returns
        -------
        ndarray of float, shape (m,)
            Means.
        """
        return self.grid.mean(self.hazard(X, treated))

    def survival(self, X: FloatArray, treated: FloatArray | float, times: FloatArray) -> FloatArray:
        """Return the probability to be free of the event beyond given times, shape (m, t).

        Parameters
        ----------
        X, treated
            As for `hazard`.
        times : ndarray of float, shape (t,)
            Months since time zero, up to the horizon.

        Returns
        -------
        ndarray of float, shape (m, t)
            Survival.
        """
        return self.grid.survival(self.hazard(X, treated), np.asarray(times, dtype=np.float64))

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"grid": self.grid.to_dict(), "models": [m.settings() for m in self.models]}

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        return {
            f"{code}_{name}": values
            for code, model in enumerate(self.models)
            for name, values in model.arrays().items()
        }

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        return cls(
            grid=Grid.restore(settings["grid"]),
            models=tuple(
                HazardModel.restore(one, _of(arrays, f"{code}_"))
                for code, one in enumerate(settings["models"])
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CensoringModel:
    """The hazard of censoring given covariates and treatment.

    Attributes
    ----------
    grid : Grid
        Bins of time.
    model : HazardModel or None
        None where nobody was censored before the horizon.
    """

    grid: Grid
    model: HazardModel | None

    def uncensored(
        self, X: FloatArray, treated: FloatArray | float, times: FloatArray
    ) -> FloatArray:
        """Return the probability to be uncensored beyond given times, shape (m, t).

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            Rows with the columns of the scores' coding.
        treated : float or ndarray of float, shape (m,)
            1 for treated, 0 for not.
        times : ndarray of float, shape (t,)
            Months since time zero, up to the horizon.

        Returns
        -------
        ndarray of float, shape (m, t)
            1 where nobody was censored before the horizon.
        """
        at = np.asarray(times, dtype=np.float64)
        if self.model is None:
            return np.ones((X.shape[0], at.size))
        arm = np.broadcast_to(np.asarray(treated, dtype=np.float64), X.shape[:1])
        return self.grid.survival(self.model.hazard(X, arm), at)

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        model = None if self.model is None else self.model.settings()
        return {"grid": self.grid.to_dict(), "model": model}

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        return {} if self.model is None else self.model.arrays()

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        one = settings["model"]
        return cls(
            grid=Grid.restore(settings["grid"]),
            model=None if one is None else HazardModel.restore(one, arrays),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceModel:
    """The probability of treatment given covariates.

    Attributes
    ----------
    model : PlainModel
        The probability.
    smallest : float
        Probabilities of either option are held at or above this.
    """

    model: PlainModel
    smallest: float

    def propensity(self, X: FloatArray) -> FloatArray:
        """Return the probability of treatment, shape (m,), of rows of the coding's columns."""
        return np.asarray(np.clip(self.model.predict(X), self.smallest, 1.0 - self.smallest))

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"model": self.model.settings(), "smallest": self.smallest}

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        return self.model.arrays()

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        return cls(
            model=PlainModel.restore(settings["model"], arrays),
            smallest=float(settings["smallest"]),
        )


def fit_event_model(
    scores: Scores, *, seed: int | None = None, rows: IntArray | None = None, by_arm: bool = False
) -> EventModel:
    """Fit the hazard of the event to persons of scores.

    Parameters
    ----------
    scores : Scores
        The persons; mixtures of models are those of the scores.
    seed : int, optional
        Seed of boosting; that of the scores by default.
    rows : ndarray of int, optional
        Who is fitted to; everybody by default.
    by_arm : bool
        Whether each arm has a model of its own; else treatment is a covariate of one model.

    Returns
    -------
    EventModel
        For persons that are new.
    """
    scores = scores if rows is None else scores.take(np.sort(rows))
    mixture = (scores.mixtures or Mixtures()).event
    follow = FollowUp.of(scores.data, scores.question, scores.options)
    treated = scores.treated
    arms = [treated == 0.0, treated == 1.0] if by_arm else [np.ones(scores.n, dtype=bool)]
    models = []
    for arm in arms:
        members = np.flatnonzero(arm)
        own = np.zeros(members.size) if by_arm else treated
        models.append(_hazard(scores, follow, "event", members, own, seed).choose(mixture))
    return EventModel(grid=follow.grid, models=tuple(models))


def _hazard(
    scores: Scores, follow: FollowUp, kind: Kind, members: IntArray, treated: FloatArray,
    seed: int | None,
) -> HazardFit:  # fmt: skip
    options = scores.options
    risk = (follow.event_risk() if kind == "event" else follow.censoring_risk()).take(members)
    X, weight = scores.X[members], scores.weight[members]
    table, sample = hazard_setup(
        kind, X, treated, risk, weight, follow.grid,
        seed=options.seed if seed is None else seed, most=options.training_persons,
    )  # fmt: skip
    return fit_hazards(
        table, X[sample], treated[sample], risk.take(sample), weight[sample], follow.grid
    )


def fit_censoring_model(
    scores: Scores, *, seed: int | None = None, rows: IntArray | None = None
) -> CensoringModel:
    """Fit the hazard of censoring to persons of scores.

    Parameters
    ----------
    scores, seed, rows
        As for `fit_event_model`.

    Returns
    -------
    CensoringModel
        For persons that are new.
    """
    scores = scores if rows is None else scores.take(np.sort(rows))
    follow = FollowUp.of(scores.data, scores.question, scores.options)
    if not follow.censored.any():
        return CensoringModel(grid=follow.grid, model=None)
    mixture = (scores.mixtures or Mixtures()).censoring
    fit = _hazard(scores, follow, "censoring", np.arange(scores.n), scores.treated, seed)
    return CensoringModel(grid=follow.grid, model=fit.choose(mixture))


def fit_choice_model(
    scores: Scores, *, seed: int | None = None, rows: IntArray | None = None
) -> ChoiceModel:
    """Fit the probability of treatment to persons of scores.

    Parameters
    ----------
    scores, seed, rows
        As for `fit_event_model`.

    Returns
    -------
    ChoiceModel
        For persons that are new.
    """
    scores = scores if rows is None else scores.take(np.sort(rows))
    options = scores.options
    fit = fit_number(
        "probability", scores.X, scores.treated, scores.weight,
        seed=options.seed if seed is None else seed,
    )  # fmt: skip
    mixture = (scores.mixtures or Mixtures()).choice
    return ChoiceModel(model=fit.choose(mixture), smallest=options.smallest_propensity)


def _of(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
