"""What a g-formula tells besides its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.arms import count_times
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.diagnostics.thresholds import DEADLINE_WARN
from locoreg.emulation.effect import CountRow, Detail, Diagnostic, FlowStep, Verdict
from locoreg.emulation.gformula.histories import Course
from locoreg.emulation.gformula.strategies import Plan
from locoreg.emulation.gformula.table import IntervalTable
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray

# Events per coefficient below which a logistic model's coefficients are unstable (Peduzzi 1996,
# doi:10.1016/S0895-4356(96)00236-3).
EVENTS_PER_COEFFICIENT = 10.0
# Share of person-intervals with a new measurement, below which a linear model of the next value
# mostly predicts that nothing was measured.
MEASURED = 0.5


def describe(
    cohort: Cohort,
    question: Question,
    table: IntervalTable,
    plan: Plan,
    courses: Sequence[Course],
    y: FloatArray,
    columns: int,
) -> Detail:
    """Return counts by observed group, flow, diagnostics and notes.

    Parameters
    ----------
    cohort, question, table
        As the analysis has them.
    plan : Plan
        The treated strategy.
    courses : sequence of Course
        Confounders that change over time.
    y : ndarray of float
        Outcomes of the rows of the hazard model.
    columns : int
        Number of its coefficients.

    Returns
    -------
    Detail
        A g-formula has no weights: each person counts once, in the group they were seen in.
    """
    adheres = table.initiation < table.intervals
    nothing = (np.zeros(0), np.zeros(0))
    labels = (question.comparator_label, question.treated_label)
    diagnostics = [_events(float(y.sum()), columns)]
    if "all" in plan.rules:
        diagnostics.append(_last_interval(table, plan, labels[1]))
    diagnostics += [_measured(c) for c in courses if not c.levels]
    flow = [FlowStep(arm=None, name="Persons in the cohort", n=cohort.n)]
    for label, group in zip(labels, (~adheres, adheres), strict=True):
        name = (
            "Not treated within the grace period"
            if label == labels[0]
            else ("Treated within the grace period")
        )
        flow.append(FlowStep(arm=label, name=name, n=int(group.sum())))
    name = "Follow-up ended at treatment after the grace period"
    flow.append(FlowStep(arm=labels[0], name=name, n=table.cut))
    return Detail(
        steps=(nothing, nothing),
        counts=(_counts(cohort, question, ~adheres), _counts(cohort, question, adheres)),
        balance=(),
        weights=(),
        flow=tuple(flow),
        diagnostics=tuple(diagnostics),
        notes=_notes(cohort, bool(courses)),
    )


def _counts(cohort: Cohort, question: Question, group: np.ndarray) -> tuple[CountRow, ...]:
    time, event = cohort.time[group], cohort.event[group]
    entry = None if cohort.entry is None else np.maximum(cohort.entry[group], 0.0)
    out = []
    for t in count_times(question.horizon_months).tolist():
        there = time >= t if entry is None else (time >= t) & ((entry < t) | (entry <= 0.0))
        before = time < t
        numbers = [int(there.sum()), int((before & (event > 0)).sum())]
        numbers.append(int((before & (event == 0)).sum()))
        out.append(
            CountRow(
                at_months=t,
                at_risk=float(numbers[0]),
                events=float(numbers[1]),
                censored=float(numbers[2]),
                raw_at_risk=numbers[0],
                raw_events=numbers[1],
                raw_censored=numbers[2],
            )
        )
    return tuple(out)


def _events(events: float, columns: int) -> Diagnostic:
    each = events / columns
    good = each >= EVENTS_PER_COEFFICIENT
    return Diagnostic(
        name="events_per_coefficient",
        title="Events per coefficient of the hazard model",
        verdict="pass" if good else "warn",
        value=each,
        threshold=EVENTS_PER_COEFFICIENT,
        message=f"{plural(int(events), 'event')} for {plural(columns, 'coefficient')}.",
        advice="" if good else "Take fewer confounders or terms of time, or penalty firth.",
    )


def _last_interval(table: IntervalTable, plan: Plan, label: str) -> Diagnostic:
    """Return how many were treated in the interval at whose start all are treated."""
    k = plan.rules.index("all")
    k = min(k, max(table.grace - 1, 0))
    count = int((table.initiation == k).sum())
    verdict: Verdict = "warn" if count < DEADLINE_WARN else "pass"
    return Diagnostic(
        name="last_interval_initiators",
        title="Persons treated in the last interval of the grace period",
        verdict=verdict,
        value=float(count),
        threshold=float(DEADLINE_WARN),
        message=(
            f"{plural(count, 'person')} were treated in interval {k + 1}; the strategy treats all "
            "who wait then, which the models carry over from those treated earlier."
        ),
        advice="" if verdict == "pass" else "Widen the intervals, or take another initiation.",
        arm=label,
    )


def _measured(found: Course) -> Diagnostic:
    good = found.measured >= MEASURED
    return Diagnostic(
        name="history_measured",
        title=f"Intervals with a measurement of {found.name}",
        verdict="pass" if good else "warn",
        value=found.measured,
        threshold=MEASURED,
        message=f"{100.0 * found.measured:.0f}% of person-intervals have a new value.",
        advice=""
        if good
        else "Widen the intervals to those in which it is measured, or weight instead of "
        "simulating it.",
    )


def _notes(cohort: Cohort, drawn: bool) -> tuple[str, ...]:
    out = [
        "Curves are expectations under the models, straight within intervals, not steps.",
        "There is no marginal hazard ratio: the models' hazard ratio is conditional on the "
        "confounders.",
    ]
    if drawn:
        out.append("Confounders that change over time are simulated, with the same draws for both.")
    if cohort.entry is not None:
        out.append(
            "Persons enter late: confounders are averaged over the persons who were observed."
        )
    return tuple(out)
