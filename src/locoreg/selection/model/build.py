"""Make the model file's content from scores and a learner's fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.model.assessed import AssessmentSummary
from locoreg.selection.model.model import SelectionModel
from locoreg.selection.model.training import TrainingSummary
from locoreg.selection.patient.calibrate import calibrate_bounds
from locoreg.selection.patient.cells import make_cells
from locoreg.selection.patient.conformal import Bounds
from locoreg.selection.patient.distance import importance_of_columns
from locoreg.selection.patient.importance import model_importance
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.limits import LEAST_SHOWN, MOST_CELLS, MOST_CELLS_CLUSTERED
from locoreg.selection.patient.neighbourhood import GroupMeans
from locoreg.selection.patient.sums import BoundSums, CellSums, TimeSums
from locoreg.selection.patient.times import survival_at, usual_times
from locoreg.selection.patient.values import ValueSupport
from locoreg.selection.rules import HonestRule
from locoreg.selection.rules.leaves import LeafEffect
from locoreg.selection.scores.models import fit_choice_model, fit_event_model
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray, IntArray

LIMITS = (
    "Effects rest on the covariates of the data: differences between the treated and the others "
    "that these don't hold are in every number.",
    "Intervals are those of groups of patients like one, not of single patients.",
    "Bounds of survival time hold on average over the patients of the data, if the probabilities "
    "of treatment and of being uncensored are right.",
    "For patients treated later, elsewhere, or with other systemic therapy it is not validated.",
    "Harms and burden of treatment are not part of it.",
)


def build_model(
    scores: Scores,
    fit: LearnerFit,
    *,
    intended_use: str,
    seed: int,
    survival: Scores | None = None,
    times: tuple[float, ...] | None = None,
    odds_factor: float | None = None,
    rule: HonestRule | None = None,
    assessment: AssessmentSummary | None = None,
    protocol_sha256: str | None = None,
    importance: Mapping[str, float] | None = None,
    limits: tuple[str, ...] = (),
) -> SelectionModel:
    """Make a model that can be sent: no person's values are in it.

    Parameters
    ----------
    scores : Scores
        The persons.
    fit : LearnerFit
        A learner's fit to these scores.
    intended_use : str
        For whom and what the model is meant, in words.
    seed : int
        Seed of the models of treatment and survival.
    survival : Scores, optional
        Scores of the difference in survival at a horizon, of the same persons, for numbers out of
        100 patients.
    times : tuple of float, optional
        Months at which survival is told beside the horizon of these scores; by default multiples
        of a step up to it.
    odds_factor : float, optional
        Factor, 1 or more, by which something hidden may change the odds of treatment: the model
        then tells, for one patient, the range of effect and survival at that factor. None leaves
        the ranges out.
    rule : HonestRule, optional
        A rule with its leaves on persons who had no part in finding it.
    assessment : AssessmentSummary, optional
        Performance on persons that the model did not see.
    protocol_sha256 : str, optional
        Hash of the protocol.
    importance : mapping of str to float, optional
        How much each covariate counts for being alike. By default as much as the models of effect
        and of survival without treatment depend on it.
    limits : tuple of str
        Limits in addition to those of all models.

    Returns
    -------
    SelectionModel
        For `save_model` and `predict_patient`. Where bounds of survival time can't be given,
        `limits` say why.

    Raises
    ------
    DesignError
        If the intended use is empty, the fit or the survival scores are those of other persons,
        the factor of the odds is below 1, or there are too few persons.
    """
    _check(scores, fit, survival, intended_use)
    if rule is not None and rule.rule.coding.names != scores.coding.names:
        raise DesignError(
            "the rule has other columns than the scores.", hint="find it with the same scores."
        )
    most = MOST_CELLS if scores.cluster is None else MOST_CELLS_CLUSTERED
    event = fit_event_model(scores, seed=seed)
    if importance is None:
        importance = model_importance(
            scores, (fit.model.predict, lambda X: event.mean_outcome(X, 0.0)), seed=seed
        )
    columns = importance_of_columns(scores.coding, importance)
    cells, cell = make_cells(scores, columns, most=most)
    count = cells.size.size
    values = ValueSupport.of(scores.data.covariates, scores.data.treated)
    coding = replace(scores.coding, ranges=dict(values.ranges))
    bounds: Bounds | None = None
    why: tuple[str, ...] = ()
    try:
        bounds = calibrate_bounds(scores, seed=seed)
    except DesignError as error:
        why = (f"No bounds of survival time: {error.message}",)
    return SelectionModel(
        question=scores.question,
        coding=coding,
        effect=fit.model,
        effect_quantiles=_quantiles(fit.held_out, scores.weight),
        choice=fit_choice_model(scores, seed=seed),
        event=None if bounds is None else event,
        bounds=bounds,
        values=values,
        cells=cells,
        sums=CellSums.of(scores, cell, count),
        odds_factor=odds_factor,
        hidden=BoundSums.of(scores, odds_factor, cell, count),
        survival=_by_time(survival, times, odds_factor, cell, count),
        rule=None if rule is None else replace(rule.rule, coding=coding),
        leaves=() if rule is None else tuple(_leaf(one) for one in rule.leaves.leaves),
        training=TrainingSummary.of(scores),
        assessment=assessment,
        protocol_sha256=protocol_sha256,
        input_sha256=scores.provenance.input_sha256,
        intended_use=intended_use,
        limits=(*LIMITS, *why, *limits),
    )


def _check(scores: Scores, fit: LearnerFit, survival: Scores | None, intended_use: str) -> None:
    if not intended_use.strip():
        raise DesignError(
            "intended_use is empty.", hint="say for whom and what the model is meant."
        )
    if fit.held_out.shape != (scores.n,):
        raise DesignError(
            f"the fit has {fit.held_out.size} persons, the scores {scores.n}.",
            hint="fit the learner to these scores.",
        )
    if survival is None:
        return
    if survival.data.person_id != scores.data.person_id:
        raise DesignError(
            "the survival scores are those of other persons.", hint="make both from the same data."
        )
    if survival.question.measure != "survival_difference":
        raise DesignError(
            f"the survival scores are of the measure {survival.question.measure}.",
            hint="make them with survival_difference.",
        )


def _by_time(
    survival: Scores | None,
    times: tuple[float, ...] | None,
    odds_factor: float | None,
    cell: IntArray,
    count: int,
) -> tuple[TimeSums, ...]:
    if survival is None:
        return ()
    horizon = survival.question.horizon_months
    if times is None:
        times = usual_times(horizon, clustered=survival.cluster is not None)
    months = tuple(sorted({*(float(one) for one in times), float(horizon)}))
    return tuple(
        TimeSums(
            months=one.question.horizon_months,
            sums=CellSums.of(one, cell, count),
            bounds=BoundSums.of(one, odds_factor, cell, count),
        )
        for one in survival_at(survival, months)
    )


def _leaf(leaf: LeafEffect) -> LeafGroup:
    """Return a leaf without counts below 10, and without the numbers of so few persons."""
    enough = min(leaf.treated, leaf.comparator) >= LEAST_SHOWN and math.isfinite(leaf.effect.se)
    return LeafGroup(
        leaf=leaf.leaf,
        text=leaf.text,
        treats=leaf.treats,
        n=leaf.n if enough else None,
        treated=leaf.treated if enough else None,
        comparator=leaf.comparator if enough else None,
        means=GroupMeans(
            effect=leaf.effect,
            comparator_mean=leaf.comparator_mean,
            treated_mean=leaf.treated_mean,
        )
        if enough
        else None,
    )


def _quantiles(effect: FloatArray, weight: FloatArray) -> FloatArray:
    order = np.argsort(effect, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    place = np.searchsorted(share, np.arange(1, 100) / 100.0)
    return np.asarray(effect[order][np.minimum(place, effect.size - 1)])
