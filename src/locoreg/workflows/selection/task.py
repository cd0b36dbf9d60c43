"""The task: who gains from local therapy, as a protocol asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError, LocoregError
from locoreg.emulation.benchmark import restrict
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.protocol import TrialProtocol, read_protocol
from locoreg.selection.assess import SubgroupEffects, assess, subgroup_effects
from locoreg.selection.data import FeatureCoding, SelectionData, landmark_data
from locoreg.selection.learners import LearnerFit, make_learner
from locoreg.selection.model import AssessmentSummary, SelectionModel, build_model
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import HonestRule, check_rule, honest_rule, rule_value
from locoreg.selection.scores import Scores
from locoreg.selection.scores import scores as make_scores
from locoreg.stats.survivaldata import BoolArray
from locoreg.workflows.emulation.task import Source, build_cohort
from locoreg.workflows.emulation.trials import check_trials
from locoreg.workflows.selection.doubts import find_doubts
from locoreg.workflows.selection.plan import SelectionPlan, plan_of, selection_of
from locoreg.workflows.selection.result import SelectionResult, summarise_data

Say = Callable[[str], None]
ZERO_WORDS = {
    "first_metastasis": "the first distant metastasis",
    "diagnosis": "the diagnosis of the primary",
    "systemic_line": "the start of the line of systemic therapy",
    "response": "the response",
    "date": "the date of the protocol",
}
USE = (
    "Research on who gains from local therapy in metastatic breast cancer, and preparation of a "
    "tumour board by people who know how it was made. Not a medical device."
)


def select(
    protocol: str | Path | Mapping[str, Any] | TrialProtocol,
    registry: str | Path | None = None,
    *,
    table: Any = None,
    visits: Any = None,
    sensitivity: bool = True,
    jobs: int = 2,
    source_name: str | None = None,
    progress: Say | None = None,
) -> SelectionResult:
    """Ask who gains, as a protocol says.

    Parameters
    ----------
    protocol : str, Path, mapping or TrialProtocol
        A file, the name of a shipped example, or its content; with a part ``selection``.
    registry : str or Path, optional
        A registry's folder, ``postgresql://...?schema=NAME`` or ``spark:FOLDER``.
    table, visits : optional
        Instead of a registry: a table with one row per person, and one of repeated measurements;
        CSV or Parquet files, or data frames.
    sensitivity : bool
        Whether the checks that take longest are made too: sites, halves, known covariates.
    jobs : int
        Threads.
    source_name : str, optional
        What the source of the patients is called, in place of its path.
    progress : callable, optional
        Called with the name of each stage.

    Returns
    -------
    SelectionResult
        Average effect, assessment on held-out persons, doubts, rule, model.

    Raises
    ------
    DataError, DesignError
        If the protocol, the data or the two together can't be used.
    """
    say = _silent if progress is None else progress
    loaded = read_protocol(protocol)
    asked = loaded.protocol
    chosen = selection_of(asked)
    source = Source(
        registry=None if registry is None else str(registry), table=table, visits=visits
    )
    check_trials(asked)
    say("building the cohort")
    cohort = build_cohort(loaded, source, name=source_name)
    data, question = landmark_data(
        cohort,
        asked.question(),
        landmark_months=chosen.landmark_months,
        measure=chosen.measure,
        histories_at=chosen.histories_at or "time_zero",
        modifiers=chosen.modifiers or None,
        ordered=chosen.ordered,
        site=chosen.site,
        clustered=asked.analysis.intervals.cluster,
        time_zero=_zero(asked),
    )
    return _analyse(
        replace(data, notes=(*data.notes, *_serious(cohort))),
        question,
        plan_of(asked, jobs=jobs),
        protocol=asked,
        eligible=_eligible(asked, cohort, data),
        subgroups=_masks(asked, cohort, data),
        whole=sensitivity,
        say=say,
    )


def select_from_data(
    data: SelectionData,
    question: SelectionQuestion,
    plan: SelectionPlan,
    *,
    sensitivity: bool = True,
    progress: Say | None = None,
) -> SelectionResult:
    """Ask who gains, of persons and a question of one's own.

    Parameters
    ----------
    data : SelectionData
        The persons: see ``selection_data``.
    question : SelectionQuestion
        The effect.
    plan : SelectionPlan
        Cost, rule, learner, seed.
    sensitivity : bool
        Whether the checks that take longest are made too.
    progress : callable, optional
        Called with the name of each stage.

    Returns
    -------
    SelectionResult
        As `select` gives it, without trials beside it.
    """
    return _analyse(
        data,
        question,
        plan,
        protocol=None,
        eligible=None,
        subgroups={},
        whole=sensitivity,
        say=_silent if progress is None else progress,
    )


def _analyse(
    data: SelectionData,
    question: SelectionQuestion,
    plan: SelectionPlan,
    *,
    protocol: TrialProtocol | None,
    eligible: BoolArray | None,
    subgroups: Mapping[str, BoolArray],
    whole: bool,
    say: Say,
) -> SelectionResult:
    check_rule(data, plan.rule)
    _check_columns(data)
    say("scores")
    scores = make_scores(data, question, plan.scores())
    survival, notes = _survival(scores, plan)
    say("assessment")
    assessment = assess(
        scores, plan.make_learner(), plan.assessment(), risk=make_learner("risk", {})
    )
    say("rule")
    worth = rule_value(scores, plan.rule, heterogeneity_p=assessment.test.p)
    rule = honest_rule(scores, plan.rule)
    doubts = find_doubts(
        scores, survival, worth.treats, plan, protocol, eligible, whole=whole, say=say
    )
    say("model")
    fit = plan.make_learner().fit(scores, seed=plan.seed)
    shown = rule if worth.given and doubts.credibility.shows_rule else None
    summary = AssessmentSummary.of(assessment, doubts.credibility)
    return SelectionResult(
        protocol=protocol,
        question=question,
        plan=plan,
        data=summarise_data(scores),
        diagnostics=scores.diagnostics,
        average=scores.average(),
        assessment=assessment,
        subgroups=_subgroups(scores, subgroups, plan),
        rule=rule,
        worth=worth,
        doubts=doubts,
        learned=fit.model.summary(),
        model=_model(scores, fit, plan, survival, shown, summary, protocol),
        notes=tuple(dict.fromkeys((*scores.notes, *notes))),
        provenance=scores.provenance,
    )


def _model(
    scores: Scores,
    fit: LearnerFit,
    plan: SelectionPlan,
    survival: Scores | None,
    rule: HonestRule | None,
    assessment: AssessmentSummary,
    protocol: TrialProtocol | None,
) -> SelectionModel:
    return build_model(
        scores,
        fit,
        intended_use=USE,
        seed=plan.seed,
        survival=survival,
        odds_factor=plan.patient_factor,
        rule=rule,
        assessment=assessment,
        protocol_sha256=None if protocol is None else protocol.sha256,
    )


def _check_columns(data: SelectionData) -> None:
    """Raise DesignError where more is adjusted for than there are persons."""
    columns = len(FeatureCoding.of(data.covariates, data.ordered).features)
    if columns >= data.n:
        raise DesignError(
            f"{columns:,} columns of covariates for {data.n:,} persons.",
            hint="name those that decided on treatment and act on survival. Markers belong in a "
            "panel: see biomarker_panel.",
        )


def _survival(scores: Scores, plan: SelectionPlan) -> tuple[Scores | None, tuple[str, ...]]:
    """Return scores of survival at the horizon, for trials and for numbers out of 100."""
    if scores.question.measure == "survival_difference":
        return scores, ()
    question = replace(scores.question, measure="survival_difference")
    try:
        return make_scores(scores.data, question, plan.scores()), ()
    except LocoregError as error:
        return None, (f"No survival at the horizon: {error.message}",)


def _subgroups(
    scores: Scores, masks: Mapping[str, BoolArray], plan: SelectionPlan
) -> SubgroupEffects | None:
    if not masks:
        return None
    return subgroup_effects(
        scores,
        masks,
        title="Subgroups of the protocol",
        level=scores.question.level,
        seed=plan.seed,
    )


def _zero(protocol: TrialProtocol) -> str:
    if protocol.time_zero is None:
        return "time zero of the table"
    return ZERO_WORDS[protocol.time_zero.event]


def _serious(cohort: Cohort) -> tuple[str, ...]:
    """Return what the audit of the cohort finds that may make the answer wrong."""
    found = [one for one in cohort.audit if one.severity in ("blocking", "serious")]
    return tuple(one.message for one in found)


def _eligible(protocol: TrialProtocol, cohort: Cohort, data: SelectionData) -> BoolArray | None:
    if protocol.benchmark is None:
        return None
    taken = set(restrict(cohort, protocol.benchmark.eligibility).person_id)
    return np.array([one in taken for one in data.person_id], dtype=np.bool_)


def _masks(protocol: TrialProtocol, cohort: Cohort, data: SelectionData) -> dict[str, BoolArray]:
    """Return who is in each subgroup of the protocol; those of fewer than two persons aside."""
    place = {person: row for row, person in enumerate(cohort.person_id)}
    rows = np.array([place[person] for person in data.person_id], dtype=np.int64)
    masks: dict[str, BoolArray] = {}
    for name in protocol.subgroups:
        column = cohort.subgroups[name]
        values = column.values[rows]
        for code, level in enumerate(column.levels):
            masks[f"{name}: {level}"] = np.asarray(values == code)
        masks[f"{name}: unknown"] = np.isnan(values)
    return {name: mask for name, mask in masks.items() if mask.sum() > 1}


def _silent(stage: str) -> None:
    """Say nothing."""
