"""What is told of an analysis with a treatment that changes, besides its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.emulation.arms import ArmRows, arm_counts, count_times
from locoreg.emulation.diagnostics.verdicts import judged
from locoreg.emulation.effect import Detail, Diagnostic
from locoreg.emulation.effect.detail import FlowStep

if TYPE_CHECKING:
    from locoreg.emulation.timedependent.analysis import ChangingTreatment
# Events in each state for one coefficient (Peduzzi 1995, doi:10.1016/0895-4356(95)00048-8).
EVENTS_WARN = 10.0


def change_detail(analysis: ChangingTreatment) -> Detail:
    """Return what is told besides the numbers of an analysis with a treatment that changes."""
    question, rows = analysis.question, analysis.rows
    times = count_times(question.horizon_months)
    counts = []
    for group in (~rows.treated, rows.treated):
        here = np.flatnonzero(group)
        arm = ArmRows.of(
            rows.person[here],
            rows.stop[here],
            rows.event[here],
            start=rows.start[here],
            continues=~rows.last[here],
        )
        counts.append(arm_counts(arm, np.ones(here.size), times))
    empty = (np.zeros(0), np.zeros(0))
    return Detail(
        steps=(empty, empty),
        counts=(counts[0], counts[1]),
        balance=(),
        weights=(),
        flow=_flow(analysis),
        diagnostics=_diagnostics(analysis),
        notes=_notes(analysis),
    )


def _flow(analysis: ChangingTreatment) -> tuple[FlowStep, ...]:
    cohort, question = analysis.cohort, analysis.question
    switched = np.isfinite(analysis.follow_up.treated_at)
    late = np.isfinite(cohort.treatment_time) & (cohort.treatment_time > question.grace_months)
    words = {
        "treated": "treated after the grace period, counted as treated from then",
        "untreated": "treated after the grace period, counted as untreated",
        "censored": "treated after the grace period, followed until then",
    }
    return (
        FlowStep(arm=None, name="persons", n=cohort.n),
        FlowStep(
            arm=question.comparator_label,
            name="followed as untreated, at first or throughout",
            n=int((analysis.follow_up.treated_at > analysis.follow_up.entry).sum()),
        ),
        FlowStep(arm=question.treated_label, name="followed as treated", n=int(switched.sum())),
        FlowStep(arm=None, name=words[analysis.plan.late], n=int(late.sum())),
    )


def _diagnostics(analysis: ChangingTreatment) -> tuple[Diagnostic, ...]:
    events = analysis.rows.event == 1
    per_column = float(events.sum()) / analysis.X.shape[1]
    small = int(
        min((events & group).sum() for group in (analysis.rows.treated, ~analysis.rows.treated))
    )
    out = [
        judged(
            "events_by_state",
            "Events in the smaller treatment state",
            float(small),
            warn=EVENTS_WARN,
            fail=None,
            high_is_bad=False,
            message=f"{plural(small, 'event')}; {per_column:.1f} events per column of the model.",
            advice="The hazard ratio rests on few events: leave covariates out.",
        )
    ]
    if analysis.used:
        names = ", ".join(h.name for h in analysis.used)
        out.append(
            Diagnostic(
                name="held_histories",
                title="Curves with histories held",
                verdict="warn",
                value=None,
                threshold=None,
                message=f"the curves hold {names} at the values of time zero, which no strategy "
                "does.",
                advice="Read the hazard ratio only, or use a method with weights.",
            )
        )
    return tuple(out)


def _notes(analysis: ChangingTreatment) -> tuple[str, ...]:
    plan, question = analysis.plan, analysis.question
    notes = [
        "The hazard ratio compares the hazards of treated and untreated persons at the same time, "
        "Efron's ties, no weights; it is biased if something that changes over time drives both "
        "treatment and outcome and is left out, or is itself changed by treatment.",
        "Curves are those of the model, averaged over the baseline confounders of all persons; "
        "they assume proportional hazards.",
    ]
    if question.comparator != "never":
        notes.append("The comparator's curve is that of persons who are never treated.")
    if plan.early is not None:
        notes.append(_early_note(analysis))
    return tuple(notes)


def _early_note(analysis: ChangingTreatment) -> str:
    fit = analysis.fit(variance="robust")
    reach = (fit.ci_low[1], fit.ci_high[1])
    early = Estimate(
        estimate=float(fit.coefficients[1]),
        se=float(fit.se[1]),
        ci_low=float(reach[0]),
        ci_high=float(reach[1]),
        level=analysis.question.level,
        scale="log",
    )
    return (
        f"Hazard ratio over the first {analysis.plan.early:g} months after treatment: "
        f"{early.text()}; the one reported is that of later months."
    )
