"""Which trials there are, and when they end for whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.calendar import NEVER, Calendar, eligible, initiation, observed
from locoreg.emulation.groups.decisions import Decisions
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """Trials of one cohort.

    Attributes
    ----------
    calendar : Calendar
        Intervals.
    started : ndarray of int, shape (n,)
        Interval in which each person starts treatment; NEVER for none.
    censoring : ndarray of int, shape (n,)
        Interval in which a start of treatment ends the follow-up of a comparator; NEVER for none.
    used : tuple of int
        Trials in which somebody starts and somebody does not.
    decisions : Decisions
        Every decision of persons alive, followed and untreated, with its model.
    """

    calendar: Calendar
    started: IntArray
    censoring: IntArray
    used: tuple[int, ...]
    decisions: Decisions


def plan_trials(
    cohort: Cohort, question: Question, until: float, penalty: Penalty | None = None
) -> Trials:
    """Return the trials of a cohort.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    until : float
        End of the last interval in which a trial starts.
    penalty : {"firth"} or None
        Of the model of the decisions.

    Returns
    -------
    Trials
        With the model of the decisions.

    Raises
    ------
    DesignError
        If nobody starts, or everybody, in every trial.
    """
    calendar = Calendar.of(question, until, float(cohort.time.max()))
    started = calendar.interval(cohort.treatment_time)
    censoring = np.full(cohort.n, NEVER, dtype=np.int64)
    if question.contrast == "per_protocol":
        counts = np.isfinite(cohort.treatment_time)
        if question.comparator == "none_within_grace":
            counts &= cohort.treatment_time <= question.grace_months
        censoring[counts] = started[counts]
    used = tuple(k for k in range(calendar.trials) if _has_both(cohort, calendar, started, k))
    if not used:
        raise DesignError(
            "in no interval does somebody start treatment and somebody not.",
            hint="check the treatment times, the grace period and the intervals.",
        )
    # Decisions matter in trials, and later where they end a comparator's follow-up.
    matter = np.where(censoring < NEVER, censoring, np.where(started < calendar.trials, started, 0))
    return Trials(
        calendar=calendar,
        started=started,
        censoring=censoring,
        used=used,
        decisions=initiation(cohort, calendar, started, int(matter.max()) + 1, penalty=penalty),
    )


def _has_both(cohort: Cohort, calendar: Calendar, started: IntArray, k: int) -> bool:
    here = eligible(cohort, calendar, started, k) & observed(cohort, float(calendar.starts[k]))
    treated = int((here & (started == k)).sum())
    return 0 < treated < int(here.sum())
