"""Make scores: cross-fitted models, replaced outcomes, doubly robust values."""

from __future__ import annotations

import numpy as np

from locoreg.core.provenance import Provenance
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.crossfit import crossfit_hazard, crossfit_number, outcomes
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.mixture import Mixture, Mixtures
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.result import Scores


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
        If the question can't be answered with these persons.
    """
    follow = FollowUp.of(data, question, options)
    coding = FeatureCoding.of(data.covariates, data.ordered)
    X = coding.encode(data.covariates)
    fold = make_folds(
        data.person_id,
        2 * data.treated.astype(np.int64) + follow.event,
        options.folds,
        seed=options.seed,
        cluster=data.cluster,
    )
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
    return Scores(
        data=data,
        question=question,
        options=options,
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
        notes=data.notes,
        provenance=Provenance(
            input_sha256=data.sha256(),
            options={"question": question.to_dict(), "scores": options.to_dict()},
        ),
        mixtures=Mixtures(event=event, censoring=censoring, choice=choice, mean=of_mean),
    )
