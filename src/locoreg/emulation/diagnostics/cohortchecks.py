"""All diagnostics that need no method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from locoreg.core.findings import count_by_severity
from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.balance import balance_rows, largest_smd
from locoreg.emulation.diagnostics.followup import (
    cohort_horizon_support,
    follow_up,
    left_truncation,
)
from locoreg.emulation.diagnostics.hazards import cohort_proportional_hazards
from locoreg.emulation.diagnostics.immortal import (
    early_rates,
    immortal_diagnostics,
    shared_events,
)
from locoreg.emulation.diagnostics.measurement import late_confounders, missing_confounders
from locoreg.emulation.diagnostics.overlap import cohort_overlap
from locoreg.emulation.diagnostics.positivity import known_groups, positivity
from locoreg.emulation.diagnostics.thresholds import DEADLINE_FAIL, DEADLINE_WARN
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.diagnostics.wholetimes import whole_times
from locoreg.emulation.effect import Diagnostic, Verdict
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray


def diagnose(
    cohort: Cohort, question: Question, *, measured: Mapping[str, FloatArray] | None = None
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a cohort that need no method.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    measured : mapping of str to ndarray of float, shape (n,), optional
        When baseline confounders were measured, in months since time zero.

    Returns
    -------
    tuple of Diagnostic
        Time zero, whole times, strata, overlap, raw balance, initiators of the last interval,
        events that count under both strategies, immortal time, early rates, proportional hazards,
        support of the horizon, follow-up, left truncation, unknown and late confounders.
    """
    return (
        time_zero(cohort),
        whole_times(cohort, question),
        *positivity(cohort, question),
        *cohort_overlap(cohort, question),
        *raw_balance(cohort, question),
        last_interval(cohort, question),
        shared_events(cohort, question),
        *immortal_diagnostics(cohort, question),
        early_rates(cohort, question),
        cohort_proportional_hazards(cohort, question),
        cohort_horizon_support(cohort, question),
        *follow_up(cohort, question),
        left_truncation(cohort),
        missing_confounders(cohort),
        *late_confounders(cohort, question, measured=measured),
    )


def time_zero(cohort: Cohort) -> Diagnostic:
    """Judge what the audit of time zero found.

    Parameters
    ----------
    cohort : Cohort
        With its audit.

    Returns
    -------
    Diagnostic
        ``time_zero``: fail for a blocking finding, warn for a serious one.
    """
    title = "Eligibility, assignment and start of follow-up coincide"
    if not cohort.audit:
        return noted("time_zero", title, None, "no finding of an audit is recorded.")
    counts = count_by_severity(cohort.audit)
    bad = counts["blocking"] + counts["serious"]
    verdict: Verdict = "fail" if counts["blocking"] else "warn" if counts["serious"] else "pass"
    worst = next(
        (f for s in ("blocking", "serious") for f in cohort.audit if f.severity == s), None
    )
    told = "." if worst is None else f"; the worst: {worst.message}"
    return Diagnostic(
        name="time_zero",
        title=title,
        verdict=verdict,
        value=float(bad),
        threshold=0.0,
        message=f"{plural(bad, 'serious finding')} among {len(cohort.audit)} of the audit{told}",
        advice="" if verdict == "pass" else "Correct the dates, or the rule that sets time zero.",
    )


def last_interval(cohort: Cohort, question: Question) -> Diagnostic:
    """Count those treated in the last interval of the grace period.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With grace period, interval and initiation.

    Returns
    -------
    Diagnostic
        ``deadline_initiators``. With initiation ``deadline`` they stand for everybody who is
        untreated by then, and a verdict is passed; else the number is to know.
    """
    title = "Treated in the last interval of the grace period"
    starts = question.starts()
    if starts.size == 0:
        return noted("deadline_initiators", title, None, "there is no grace period.")
    start, grace = float(starts[-1]), question.grace_months
    time = cohort.treatment_time
    count = int(((time >= start) & (time <= grace)).sum())
    waiting = int(((time >= start) & (cohort.time >= start)).sum())
    message = (
        f"{plural(count, 'person')} of {waiting} untreated at {start:g} months were treated in the "
        "last interval"
    )
    if question.initiation != "deadline":
        return noted("deadline_initiators", title, float(count), f"{message}.")
    return judged(
        "deadline_initiators",
        title,
        float(count),
        warn=DEADLINE_WARN,
        fail=DEADLINE_FAIL,
        high_is_bad=False,
        message=f"{message}, and stand for all of these.",
        advice="Widen the interval, lengthen the grace period, or let all initiators stand for "
        "the untreated.",
    )


def raw_balance(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Tell the largest difference between the groups before any adjustment.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.

    Returns
    -------
    tuple of Diagnostic
        ``raw_balance``, to know; none where a group is empty.
    """
    treated, untreated = known_groups(cohort, question)
    if not (treated.any() and untreated.any()):
        return ()
    rows = np.flatnonzero(treated | untreated)
    columns = [column.take(rows) for column in cohort.confounders()]
    found = balance_rows(columns, treated[rows], np.ones(rows.size), 0.0)
    return (largest_smd(found, weighted=False),)
