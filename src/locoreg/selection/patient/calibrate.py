"""Calibrate bounds of survival time on persons whom the model of survival did not see."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.patient.conformal import Bounds, bound_times, calibrations, values_at
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.models import EventModel, fit_event_model
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray

# Up to this many persons all folds calibrate, each by a model of the others; beyond, one fold has
# persons enough, and one model is fitted instead of one per fold.
MOST_CROSSED = 10_000
CHUNK = 20_000


def calibrate_bounds(scores: Scores, *, seed: int) -> Bounds:
    """Return the calibration of bounds of survival time under either option.

    Values of each fold come from a model of the event that was fitted to the other folds
    (cross-conformal prediction, Vovk 2015, doi:10.1007/s10472-013-9368-4): every person calibrates,
    at the price that the guarantee in small samples is a little weaker than that of one split.

    Parameters
    ----------
    scores : Scores
        The persons, with their folds, probabilities of treatment and of being uncensored.
    seed : int
        Seed of the models.

    Returns
    -------
    Bounds
        For `Bounds.of_patient`, with the distributions of a model fitted to everybody.

    Raises
    ------
    DesignError
        If persons are observed from later than time zero, or too few were followed to the event or
        the horizon.
    """
    if scores.data.entry is not None and (scores.data.entry > 0.0).any():
        raise DesignError(
            "some persons are observed from later than time zero: those with a known outcome "
            "lived until then, and no bound of survival time can be calibrated on them.",
            hint="there are none for data with late entry.",
        )
    folds = np.unique(scores.fold)
    held_folds = folds if scores.n <= MOST_CROSSED else folds[:1]
    held = np.flatnonzero(np.isin(scores.fold, held_folds))
    value = np.empty(scores.n)
    for fold in held_folds:
        rows = np.flatnonzero(scores.fold == fold)
        model = fit_event_model(scores, seed=seed, rows=np.flatnonzero(scores.fold != fold))
        value[rows] = _values(model, scores, rows)
    follow = FollowUp.of(scores.data, scores.question, scores.options)
    # In whole months, who is censored in the last month has lived to the horizon.
    reached = follow.done & ~follow.event
    time = np.where(
        reached, np.maximum(scores.data.time, scores.question.horizon_months), scores.data.time
    )
    return calibrations(
        value[held],
        time[held],
        scores.data.event[held] == 1,
        scores.data.treated[held],
        scores.propensity[held],
        scores.uncensored[held],
        scores.weight[held],
        horizon=scores.question.horizon_months,
    )


def _values(model: EventModel, scores: Scores, rows: np.ndarray) -> FloatArray:
    horizon = scores.question.horizon_months
    times = bound_times(horizon)
    out = np.empty(rows.size)
    for begin in range(0, rows.size, CHUNK):
        part = rows[begin : begin + CHUNK]
        F = 1.0 - model.survival(scores.X[part], scores.treated[part], times)
        out[begin : begin + CHUNK] = values_at(
            F, times, np.minimum(scores.data.time[part], horizon)
        )
    return out
