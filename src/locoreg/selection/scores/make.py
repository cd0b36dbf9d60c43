"""Make scores: cross-fitted models, replaced outcomes, doubly robust values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from locoreg.core.provenance import Provenance
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.checks import check_horizon, check_persons
from locoreg.selection.scores.crossfit import crossfit_hazard, crossfit_number, outcomes
from locoreg.selection.scores.folds import score_folds
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.mixture import Mixture, Mixtures
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.report import report
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import IntArray


def scores(data: SelectionData, question: SelectionQuestion, options: ScoreOptions) -> Scores:
    """Make doubly robust scores of an effect, by cross-fitting.

    Parameters
    ----------
    data : SelectionData
        The persons.
    question : SelectionQuestion
        The effect.
    options : ScoreOptions
        How.

    Returns
    -------
    Scores
        One per person.

    Raises
    ------
    DesignError
        If the question can't be answered with these persons: an arm is empty, too few are at risk
        at the horizon, or there are too few events.
    """
    follow = FollowUp.of(data, question, options)
    check_persons(data, question, follow)
    check_horizon(data, question, follow)
    return scores_of_part(data, question, options)


def scores_of_part(
    data: SelectionData, question: SelectionQuestion, options: ScoreOptions
) -> Scores:
    """Make scores of a part of persons whose whole was checked to be followed long enough.

    Parameters
    ----------
    data, question, options
        As for `scores`.

    Returns
    -------
    Scores
        One per person; the horizon is not refused however few are at risk at it.

    Raises
    ------
    DesignError
        If an arm is empty, or there are too few events.
    """
    follow = FollowUp.of(data, question, options)
    check_persons(data, question, follow)
    coding = FeatureCoding.of(data.covariates, data.ordered)
    X = coding.encode(data.covariates)
    fold = score_folds(data, follow.event, options.folds, seed=options.seed)
    chosen, choice = crossfit_number(
        "probability", X, data.treated.astype(np.float64), data.weights, fold, options
    )
    events, event = crossfit_hazard("event", data, follow, X, fold, options)
    censorings, censoring = (
        crossfit_hazard("censoring", data, follow, X, fold, options)
        if follow.censored.any()
        else (None, Mixture())
    )
    found = outcomes(data, follow, X, fold, options, events, censorings)
    mean, of_mean = crossfit_number("mean", X, found.replaced, data.weights, fold, options)
    e = np.clip(chosen, options.smallest_propensity, 1.0 - options.smallest_propensity)
    r0, r1, w = found.comparator_mean, found.treated_mean, data.treated
    made = Scores(
        data=data,
        question=question,
        # The time scale is that of all persons: whatever is made of a part of them keeps it.
        options=replace(options, time_scale="months" if follow.grid.months else "continuous"),
        coding=coding,
        X=X,
        modifiers=tuple(coding.places(data.modifiers)),
        fold=fold,
        propensity=e,
        outcome=found.replaced,
        mean=mean,
        comparator_mean=r0,
        treated_mean=r1,
        gamma0=r0 + np.where(w, 0.0, (found.replaced - r0) / (1.0 - e)),
        gamma1=r1 + np.where(w, (found.replaced - r1) / e, 0.0),
        uncensored=found.uncensored,
        diagnostics=(),
        notes=(*data.notes, *_notes(data, follow, fold, options)),
        provenance=Provenance(
            input_sha256=data.sha256(),
            options={"question": question.to_dict(), "scores": options.to_dict()},
        ),
        mixtures=Mixtures(event=event, censoring=censoring, choice=choice, mean=of_mean),
    )
    return replace(made, diagnostics=report(made, follow))


def _notes(
    data: SelectionData, follow: FollowUp, fold: IntArray, options: ScoreOptions
) -> tuple[str, ...]:
    """Return what a reader must know of how these scores were made."""
    notes = []
    if not follow.censored.any():
        notes.append("nobody is censored before the horizon: outcomes are not replaced.")
    if follow.grid.months:
        notes.append("times are whole months; of one month, events come before censorings.")
    folds = int(fold.max()) + 1
    if folds < options.folds:
        notes.append(f"there are {folds} clusters, and as many folds of cross-fitting.")
    if data.n * (folds - 1.0) / folds > options.training_persons:
        notes.append(f"models are fitted to random samples of {options.training_persons} persons.")
    if data.entry is not None and (data.entry > 0.0).any():
        notes.append(
            f"{int((data.entry > 0.0).sum())} persons entered after time zero: effects are those "
            "of persons with the covariates of the observed; the time before entry rests on the "
            "model of the event, whose own error intervals leave out."
        )
    return tuple(notes)
