"""What a clone-censor-weight analysis tells besides its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.arms import arm_counts, arm_steps, count_times
from locoreg.emulation.clones.atrisk import AtRisk, after, summary, until
from locoreg.emulation.clones.checks import make_checks
from locoreg.emulation.clones.flow import make_flow
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.diagnostics.balance import balance_rows
from locoreg.emulation.effect import BalanceRow, Detail, WeightSummary
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    from locoreg.emulation.clones.analysis import CloneAnalysis
    from locoreg.emulation.clones.plan import Plan


def make_detail(analysis: CloneAnalysis) -> Detail:
    """Return steps, counts, weights, balance, flow, diagnostics and notes.

    Parameters
    ----------
    analysis : CloneAnalysis
        The analysis; every person counts once.

    Returns
    -------
    Detail
        For the effect.
    """
    plan = analysis.plan
    weights = analysis.arm_weights(analysis.estimates(), np.ones(plan.cohort.n))
    horizon = plan.question.horizon_months
    times = count_times(horizon)
    steps = [
        arm_steps(rows, w, horizon, competing=analysis.competing)
        for rows, w in zip(plan.arms, weights, strict=True)
    ]
    counts = [arm_counts(rows, w, times) for rows, w in zip(plan.arms, weights, strict=True)]
    return Detail(
        steps=(steps[0], steps[1]),
        counts=(counts[0], counts[1]),
        balance=_balance(plan, weights),
        weights=_weights(plan, weights),
        flow=make_flow(plan),
        diagnostics=make_checks(analysis, weights),
        notes=_notes(analysis),
    )


def _weights(plan: Plan, weights: list[FloatArray]) -> tuple[WeightSummary, ...]:
    """Return summaries just after the starts of the decision intervals and g, and up to the end."""
    question = plan.question
    labels = (question.comparator_label, question.treated_label)
    times = [*question.starts().tolist(), question.grace_months]
    out = []
    for label, rows, weight in zip(labels, plan.arms, weights, strict=True):
        out += [summary(label, t, after(rows, weight, t)) for t in times]
        end = question.horizon_months
        out.append(summary(label, end, until(rows, weight, end)))
    return tuple(out)


def variables_at(plan: Plan, month: float) -> tuple[Column, ...]:
    """Return confounders, histories as of a month among them."""
    cohort = plan.cohort
    histories = [
        Column(name=h.name, kind=h.kind, values=h.at(month), levels=h.levels)
        for h in cohort.histories
        if h.name in cohort.coding.history_names
    ]
    return (*cohort.confounders(), *histories)


def _balance(plan: Plan, weights: list[FloatArray]) -> tuple[BalanceRow, ...]:
    """Return balance of those who will be treated, and of the clones after the grace period.

    At time zero the clones are the same persons, so that the difference after cloning is 0.
    """
    cohort, grace = plan.cohort, plan.question.grace_months
    first = variables_at(plan, 0.0)
    seen = balance_rows(first, plan.clones.initiated, np.ones(cohort.n), 0.0)
    everybody = np.arange(cohort.n)
    both = [AtRisk(person=everybody, weight=np.ones(cohort.n)) for _ in (0, 1)]
    cloned = _between(first, both, 0.0)
    out = [
        BalanceRow(
            variable=raw.variable,
            level=raw.level,
            at_months=0.0,
            before=raw.before,
            after=same.after,
            mean_treated=same.mean_treated,
            mean_comparator=same.mean_comparator,
            raw_treated=raw.raw_treated,
            raw_comparator=raw.raw_comparator,
        )
        for raw, same in zip(seen, cloned, strict=True)
    ]
    late = [after(rows, w, grace) for rows, w in zip(plan.arms, weights, strict=True)]
    return (*out, *_between(variables_at(plan, grace), late, grace))


def _between(
    columns: tuple[Column, ...], arms: list[AtRisk], month: float
) -> tuple[BalanceRow, ...]:
    person = np.concatenate([arm.person for arm in arms])
    treated = np.repeat([False, True], [arm.person.size for arm in arms])
    weight = np.concatenate([arm.weight for arm in arms])
    return balance_rows([c.take(person) for c in columns], treated, weight, month)


def _notes(analysis: CloneAnalysis) -> tuple[str, ...]:
    question, choices = analysis.plan.question, analysis.choices
    weight = (
        "weights divided by their mean over those at risk in the arm at each time"
        if choices.stabilised
        else "unstabilised weights, as for the curves"
    )
    notes = [
        "The hazard ratio is that of a weighted Cox model of the clones with treatment alone "
        f"(Efron's ties), up to {question.horizon_months:g} months, with {weight}. It depends on "
        "that convention, survival does not."
    ]
    if question.initiation == "deadline":
        start = question.starts()[-1] if question.intervals else 0.0
        notes.append(
            f"Who is untreated at {start:g} months is represented by those treated from then to "
            f"{question.grace_months:g} months."
        )
    if choices.natural_censoring != "none" and analysis.plan.loss is None:
        notes.append("Nobody is lost to follow-up: no weights stand against it.")
    if choices.truncate is not None:
        notes.append(
            f"Weights are cut at percentile {choices.truncate:g} of the persons' largest weights "
            "in each arm: estimates move towards the unweighted ones."
        )
    if choices.penalty is not None:
        notes.append("Models of treatment have Firth's penalty; influence functions leave it out.")
    return tuple(notes)
