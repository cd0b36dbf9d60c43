"""Whether times are whole intervals, so that the order within one is a convention."""

from __future__ import annotations

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.thresholds import WHOLE_TIMES, WHOLE_TIMES_WIDTH
from locoreg.emulation.diagnostics.verdicts import noted
from locoreg.emulation.effect import Diagnostic, Verdict
from locoreg.emulation.question import Question

# Times this near a start, in intervals, are at it.
NEAR = 1e-6
TITLE = "Order of treatment and events within an interval"


def whole_times(cohort: Cohort, question: Question) -> Diagnostic:
    """Judge whether the order of treatment and events can be told from the times.

    An event at the start of an interval counts as before the treatments that are decided then,
    unless the person is treated at that very time. That is right for times to the day, and where
    an event in the k-th month has time k; it is wrong where times were cut to whole months, so
    that an event of the first month has time 0.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With interval and grace period.

    Returns
    -------
    Diagnostic
        ``whole_times``: fail where times are whole intervals and untreated persons have events at
        time zero; warn where persons have events at the time of treatment; else pass, or a note.
    """
    width, grace = question.interval_months, question.grace_months
    events = (cohort.event > 0) & (cohort.time <= grace)
    if width <= WHOLE_TIMES_WIDTH or not events.any():
        return noted("whole_times", TITLE, None, "nothing to judge in intervals this short.")
    steps = cohort.time / width
    at_start = np.abs(steps - np.round(steps)) <= NEAR
    share = float(at_start[events].mean())
    told = f"{100.0 * share:.0f}% of {plural(int(events.sum()), 'event')} within the grace period"
    together = events & at_start & (cohort.treatment_time == cohort.time)
    at_zero = events & (cohort.time <= 0.0) & ~together
    message = f"{told} lie at the start of an interval"
    verdict: Verdict = "pass"
    advice = ""
    if share > WHOLE_TIMES:
        verdict = "fail" if at_zero.any() else "warn" if together.any() else "note"
        message += (
            f": {int(at_zero.sum())} at time zero in the untreated, {int(together.sum())} at the "
            "time of treatment. An event at a start counts as before the treatments of that time, "
            "unless the person is treated then"
        )
        advice = (
            "If times were cut to whole months (0 for the first), add half an interval to all "
            "times of follow-up, but to no time of treatment; or give days."
        )
    return Diagnostic(
        name="whole_times",
        title=TITLE,
        verdict=verdict,
        value=share,
        threshold=WHOLE_TIMES,
        message=f"{message}.",
        advice=advice if verdict in ("fail", "warn") else "",
    )
