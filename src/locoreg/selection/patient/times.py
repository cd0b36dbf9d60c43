"""Scores of survival at several times, from one set of cross-fitted hazards."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.patient.limits import MOST_TIMES, MOST_TIMES_CLUSTERED, TIME_STEPS
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.crossfit import crossfit_hazard, outcomes
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.grid import Grid
from locoreg.selection.scores.hazards import HazardModel
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray


def usual_times(horizon: float, *, clustered: bool) -> tuple[float, ...]:
    """Return the times at which a model tells survival: multiples of one step, and the horizon.

    Parameters
    ----------
    horizon : float
        Months.
    clustered : bool
        Whether persons come in clusters, with which every time takes much more of the file.

    Returns
    -------
    tuple of float
        Ascending; the horizon is the last.
    """
    most = MOST_TIMES_CLUSTERED if clustered else MOST_TIMES
    step = next((s for s in TIME_STEPS if horizon / s <= most), horizon)
    # A time that is nearly the horizon would tell nothing that this does not.
    count = math.ceil(horizon / step - 0.25) - 1
    return (*(step * k for k in range(1, count + 1)), float(horizon))


def survival_at(scores: Scores, months: tuple[float, ...]) -> tuple[Scores, ...]:
    """Return scores of survival at several times up to the horizon of given scores.

    Hazards of the event and of censoring are cross-fitted once, up to the horizon; for an earlier
    time they are cut there. Folds and probabilities of treatment are those of the given scores,
    which come back unchanged for their own horizon.

    Parameters
    ----------
    scores : Scores
        Of ``survival_difference`` at a horizon.
    months : tuple of float
        Times from above 0 to the horizon; whole numbers where the times of the data are.

    Returns
    -------
    tuple of Scores
        One per time.

    Raises
    ------
    DesignError
        If the scores are of another measure, or a time lies beyond the horizon.
    """
    question = scores.question
    if question.measure != "survival_difference":
        raise DesignError(
            f"the scores are of the measure {question.measure}.",
            hint="make them with survival_difference.",
        )
    horizon = question.horizon_months
    for month in months:
        if not 0.0 < month <= horizon:
            raise DesignError(
                f"{month:g} months is not between 0 and the horizon of {horizon:g} months."
            )
    if set(months) <= {horizon}:
        return tuple(scores for _ in months)
    cut = _Cut(scores)
    return tuple(
        scores if month == horizon else cut.at(replace(question, horizon_months=float(month)))
        for month in months
    )


class _Cut:
    """Hazards up to the horizon, and scores at times before it."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores
        data, options, X, fold = scores.data, scores.options, scores.X, scores.fold
        self.follow = FollowUp.of(data, scores.question, options)
        self.events = crossfit_hazard("event", data, self.follow, X, fold, options)[0]
        self.censorings = (
            crossfit_hazard("censoring", data, self.follow, X, fold, options)[0]
            if self.follow.censored.any()
            else None
        )

    def at(self, question: SelectionQuestion) -> Scores:
        scores, data = self.scores, self.scores.data
        grid = _cut_grid(self.follow.grid, question.horizon_months)
        follow = replace(FollowUp.of(data, question, scores.options), grid=grid)
        events: Any = [_First(one, grid.bins) for one in self.events]
        censorings: Any = (
            None if self.censorings is None else [_First(one, grid.bins) for one in self.censorings]
        )
        found = outcomes(data, follow, scores.X, scores.fold, scores.options, events, censorings)
        e, w = scores.propensity, data.treated
        r0, r1 = found.comparator_mean, found.treated_mean
        return replace(
            scores,
            question=question,
            outcome=found.replaced,
            mean=e * r1 + (1.0 - e) * r0,
            comparator_mean=r0,
            treated_mean=r1,
            gamma0=r0 + np.where(w, 0.0, (found.replaced - r0) / (1.0 - e)),
            gamma1=r1 + np.where(w, (found.replaced - r1) / e, 0.0),
            uncensored=found.uncensored,
            diagnostics=(),
        )


class _First:
    """A hazard in its first bins."""

    def __init__(self, model: HazardModel, bins: int) -> None:
        self.model, self.bins = model, bins

    def hazard(self, X: FloatArray, treated: FloatArray) -> FloatArray:
        return np.asarray(self.model.hazard(X, treated)[:, : self.bins])


def _cut_grid(grid: Grid, month: float) -> Grid:
    """Return the bins up to a time; the bin that it lies in ends there."""
    last = month + 1.0 if grid.months else month
    inner = grid.edges[grid.edges < last]
    return replace(grid, edges=np.concatenate([inner, [last]]))
