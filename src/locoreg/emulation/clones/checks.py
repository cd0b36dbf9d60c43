"""Audits of a clone-censor-weight analysis, with thresholds fixed beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.clones.atrisk import after, until
from locoreg.emulation.clones.factors import HazardFactor
from locoreg.emulation.clones.flow import last_interval, shared_deaths
from locoreg.emulation.clones.hazards import listed
from locoreg.emulation.diagnostics.thresholds import (
    CONSERVATION_FAIL,
    CONSERVATION_WARN,
    DEADLINE_FAIL,
    DEADLINE_WARN,
    ESS_WARN,
    HORIZON_ESS,
    HORIZON_ESS_FAIL,
    TOP_FAIL,
    TOP_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.diagnostics.wholetimes import whole_times
from locoreg.emulation.effect import Diagnostic
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    from locoreg.emulation.clones.analysis import CloneAnalysis
    from locoreg.emulation.clones.plan import Plan

# Weights before the deadline are 1 by definition; more than rounding is a fault.
ONE = 1e-9


def make_checks(analysis: CloneAnalysis, weights: list[FloatArray]) -> tuple[Diagnostic, ...]:
    """Return the audits.

    Parameters
    ----------
    analysis : CloneAnalysis
        The analysis.
    weights : list of ndarray of float, shape (r,)
        Weights of the rows of both arms, everybody counted once.

    Returns
    -------
    tuple of Diagnostic
        With verdicts.
    """
    plan = analysis.plan
    return (
        whole_times(plan.cohort, plan.question),
        *_conservation(analysis, weights),
        _ones(analysis),
        *_concentration(plan, weights),
        _deadline(plan),
        _shared(plan),
        _identical(plan),
        *_histories(analysis),
        *_loss(plan),
    )


def _labels(plan: Plan) -> tuple[str, str]:
    return plan.question.comparator_label, plan.question.treated_label


def _conservation(analysis: CloneAnalysis, weights: list[FloatArray]) -> list[Diagnostic]:
    plan = analysis.plan
    if plan.loss is not None:
        # Weights against loss stand for persons who are not observed any more.
        own = analysis.estimates()
        weights = [analysis.artificial_weights(own, arm) for arm in (0, 1)]
    cohort, grace = plan.cohort, plan.question.grace_months
    alive = cohort.time > grace
    if cohort.entry is not None:
        alive &= cohort.entry <= grace
    number = int(alive.sum())
    out = []
    for label, rows, weight in zip(_labels(plan), plan.arms, weights, strict=True):
        total = float(after(rows, weight, grace).weight.sum())
        off = abs(total / number - 1.0) if number else float("nan")
        out.append(
            judged(
                "conservation",
                "Weights add up to the persons alive",
                off,
                warn=CONSERVATION_WARN,
                fail=CONSERVATION_FAIL,
                high_is_bad=True,
                message=f"just after {grace:g} months weights sum to {total:.1f}; "
                f"{plural(number, 'person')} are alive and observed then.",
                advice="Let the model of treatment bend (splines, interactions), look for few "
                "persons with large weights, or ask for all_initiators instead of deadline.",
                arm=label,
            )
        )
    return out


def _ones(analysis: CloneAnalysis) -> Diagnostic:
    plan = analysis.plan
    question = plan.question
    name, title = "ones_before_deadline", "Weights are 1 before the deadline"
    if question.initiation == "uniform":
        return noted(
            name, title, None, "a uniform grace period weighs every interval: nothing to check."
        )
    limit = question.grace_months
    if question.initiation == "deadline":
        limit = float(plan.intervals.start[plan.intervals.in_grace - 1])
    rows = plan.arms[1]
    weight = analysis.artificial_weights(analysis.estimates(), 1)
    # Treatment in the last interval may end a row at its start too: a death on that day.
    treated = plan.clones.treatment_time[rows.person]
    before = (rows.stop <= limit) & ~((treated >= limit) & (rows.stop >= treated))
    off = float(np.abs(weight[before] - 1.0).max(initial=0.0))
    return judged(
        name,
        title,
        off,
        warn=ONE,
        fail=ONE,
        high_is_bad=True,
        message=f"up to {limit:g} months the weights of the treated strategy differ from 1 by "
        f"{off:.2g} at most.",
        advice="This is a fault of the program: please report it.",
        arm=question.treated_label,
    )


def _concentration(plan: Plan, weights: list[FloatArray]) -> list[Diagnostic]:
    """Judge whether few persons carry an arm: after the grace period, and at the horizon."""
    question = plan.question
    grace, horizon = question.grace_months, question.horizon_months
    out = []
    for label, rows, weight in zip(_labels(plan), plan.arms, weights, strict=True):
        now, end = after(rows, weight, grace), until(rows, weight, horizon)
        limits = (("effective_size", now, grace, ESS_WARN, HORIZON_ESS),)
        late = (("effective_size_horizon", end, horizon, HORIZON_ESS, HORIZON_ESS_FAIL),)
        for name, found, when, warn, fail in (*limits, *late):
            out.append(
                judged(
                    name,
                    f"Effective sample size at {when:g} months",
                    found.ess,
                    warn=warn,
                    fail=fail,
                    high_is_bad=False,
                    message=f"{plural(found.weight.size, 'person')} at {when:g} months count for "
                    f"{found.ess:.1f} with equal weights.",
                    advice="Choose an earlier horizon, a longer grace period or all_initiators, "
                    "or restrict to persons who may be treated either way.",
                    arm=label,
                )
            )
        out.append(
            judged(
                "top_share",
                "Weight of the top 1% of persons",
                now.top_share,
                warn=TOP_WARN,
                fail=TOP_FAIL,
                high_is_bad=True,
                message=f"just after {grace:g} months the 1% of persons with the largest weights "
                f"hold {100.0 * now.top_share:.1f}% of the weight.",
                advice="Look at who they are; truncate in a sensitivity analysis only, as it moves "
                "estimates towards the unweighted ones.",
                arm=label,
            )
        )
    return out


def _deadline(plan: Plan) -> Diagnostic:
    question = plan.question
    count = int(last_interval(plan).sum())
    start = float(plan.intervals.start[plan.intervals.in_grace - 1])
    words = (
        f"{plural(count, 'person')} began treatment from {start:g} to "
        f"{question.grace_months:g} months"
    )
    at_end = int((plan.clones.treatment_time == question.grace_months).sum())
    if at_end and question.grace_months > 0.0:
        words += f" ({at_end} of them at {question.grace_months:g} months exactly, which adheres)"
    name, title = "deadline_initiators", "Treated in the last interval"
    if question.initiation == "all_initiators":
        return noted(
            name,
            title,
            float(count),
            f"{words}; with initiation deadline they would stand for all who are untreated then.",
        )
    return judged(
        name,
        title,
        float(count),
        warn=DEADLINE_WARN,
        fail=DEADLINE_FAIL,
        high_is_bad=False,
        message=f"{words}, and stand for all who are untreated then.",
        advice="Choose wider intervals, another grace period, or all_initiators.",
        arm=question.treated_label,
    )


def _shared(plan: Plan) -> Diagnostic:
    shared = shared_deaths(plan)
    early = (plan.cohort.event == 1) & (plan.cohort.time <= plan.question.grace_months)
    return noted(
        "shared_events",
        "Events in both arms",
        float(shared.sum()),
        f"{int(shared.sum())} of {plural(int(early.sum()), 'event')} within the grace period came "
        "before treatment and count in both arms.",
    )


def _identical(plan: Plan) -> Diagnostic:
    """Compare the clones' events before the first treatment."""
    name, title = "identical_arms", "Arms are the same until the first treatment"
    first = float(plan.clones.treatment_time.min())
    if first <= 0.0:
        return noted(name, title, None, "the first treatment is at time zero.")
    events = [arm.followed & (arm.event > 0) & (arm.stop < first) for arm in plan.clones.arms]
    differ = int((events[0] != events[1]).sum())
    return judged(
        name,
        title,
        float(differ),
        warn=0.0,
        fail=0.0,
        high_is_bad=True,
        message=f"before the first treatment, at {first:.2f} months, "
        f"{plural(differ, 'event')} of {int((events[0] | events[1]).sum())} are in one arm only.",
        advice="Look at who is observed late: the clones of a person must start together.",
    )


def _histories(analysis: CloneAnalysis) -> list[Diagnostic]:
    plan = analysis.plan
    names = plan.cohort.coding.history_names
    if not names or plan.question.initiation != "all_initiators":
        return []
    return [
        Diagnostic(
            name="time_varying_confounders",
            title="Confounders over time",
            verdict="warn",
            value=float(len(names)),
            threshold=0.0,
            message=f"the weights of the treated strategy know {', '.join(names)} as of time zero "
            "only: after treatment a value may be due to it.",
            advice="Ask for initiation deadline or uniform, which use values up to the decision.",
            arm=plan.question.treated_label,
        )
    ]


def _loss(plan: Plan) -> list[Diagnostic]:
    """Say at which levels nobody is lost, which is no problem, or everybody, which is one."""
    if not isinstance(plan.loss, HazardFactor):
        return []
    name, title, found = "loss_levels", "Loss to follow-up at every level", plan.loss.table.sparse
    if found is None:
        return [noted(name, title, 0.0, "the model of loss to follow-up has a finite estimate.")]
    where = f"at some level of {listed(found.names)} ({plural(found.persons, 'person')})"
    penalty = "The model of loss has Firth's penalty, which keeps it finite."
    if not found.events:
        message = f"nobody is lost {where}: their weights are near 1. {penalty}"
        return [noted(name, title, float(found.persons), message)]
    return [
        Diagnostic(
            name=name,
            title=title,
            verdict="warn",
            value=float(found.events),
            threshold=0.0,
            message=f"everybody at risk is lost {where}: nobody is left to stand for "
            f"{plural(found.events, 'person')}. {penalty}",
            advice="Merge the level with a neighbour, or leave it out.",
        )
    ]
