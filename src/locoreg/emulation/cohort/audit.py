"""Audit of time zero: whether eligibility, assignment and the start of follow-up coincide.

References
----------
Hernán MA, Sauer BC, Hernández-Díaz S, Platt R, Shrier I. Specifying a target trial prevents
immortal time bias and other self-inflicted injuries in observational analyses. J Clin Epidemiol
2016. https://doi.org/10.1016/j.jclinepi.2016.04.014
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.findings import Finding, Location, Severity
from locoreg.stats.survivaldata import BoolArray

if TYPE_CHECKING:
    from locoreg.emulation.cohort.data import Cohort

# Above this share of persons who entered late the survivors among them decide the curves.
LATE_SERIOUS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    rule: str
    severity: Severity
    message: str
    changes: str
    marked: Callable[[Cohort], BoolArray]


def audit_time_zero(cohort: Cohort) -> tuple[Finding, ...]:
    """Return what the audit of time zero finds in a cohort from any source.

    Parameters
    ----------
    cohort : Cohort
        From a registry or a table.

    Returns
    -------
    tuple of Finding
        ``blocking`` where the arrays contradict themselves: treatment or the end of follow-up
        before time zero. The rest counts persons to whom a rule applies, which a reader must
        know. The first says whether eligibility, assignment and follow-up coincide.
    """
    found = [_finding(cohort, check, int(check.marked(cohort).sum())) for check in _CHECKS]
    told = [finding for finding in found if finding.value]
    return (_aligned(cohort, told), *told, *_late(cohort))


def _aligned(cohort: Cohort, found: list[Finding]) -> Finding:
    broken = [finding for finding in found if finding.severity == "blocking"]
    late = 0 if cohort.entry is None else int((cohort.entry > 0.0).sum())
    if broken:
        message = (
            "eligibility, assignment and the start of follow-up do not coincide: see "
            f"{', '.join(finding.rule for finding in broken)}."
        )
    elif late:
        message = (
            "eligibility and assignment are at time zero for all persons; follow-up starts there "
            f"for {cohort.n - late:,} of {cohort.n:,}, and later for {late:,} (delayed entry)."
        )
    else:
        message = (
            "eligibility, assignment and the start of follow-up coincide at time zero for all "
            f"{cohort.n:,} persons."
        )
    return _told(
        cohort,
        "time-zero-alignment",
        "blocking" if broken else "note",
        message,
        float(cohort.n - late),
        "Where they don't, time is immortal or persons are selected by what happens later.",
    )


def _late(cohort: Cohort) -> Iterator[Finding]:
    if cohort.entry is None or not cohort.n:
        return
    late = int((cohort.entry > 0.0).sum())
    share = late / cohort.n
    yield _told(
        cohort,
        "left-truncation",
        "serious" if share > LATE_SERIOUS else "note",
        f"{late:,} of {cohort.n:,} persons ({100 * share:.1f}%) came under observation after time "
        "zero; they are at risk from then on.",
        share,
        "Those who died before they entered are in no table: without delayed entry survival would "
        "be too long.",
        limit=LATE_SERIOUS,
    )


def _finding(cohort: Cohort, check: _Check, n: int) -> Finding:
    return _told(
        cohort,
        check.rule,
        check.severity,
        check.message.format(n=f"{n:,}", of=f"{cohort.n:,}"),
        float(n),
        check.changes,
    )


def _told(
    cohort: Cohort,
    rule: str,
    severity: Severity,
    message: str,
    value: float,
    changes: str,
    *,
    limit: float | None = None,
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        subject=cohort.source,
        message=message,
        value=value,
        limit=limit,
        location=Location(file=cohort.source),
        changes=changes,
    )


def _treated(cohort: Cohort) -> BoolArray:
    return np.asarray(np.isfinite(cohort.treatment_time))


def _entered_treated(cohort: Cohort) -> BoolArray:
    if cohort.entry is None:
        return np.zeros(cohort.n, dtype=np.bool_)
    return np.asarray(_treated(cohort) & (cohort.treatment_time < cohort.entry))


def _nobody_censored(cohort: Cohort) -> BoolArray:
    # With one kind of event, full follow-up looks the same and is no reason for doubt.
    doubtful = len(cohort.event_labels) > 1 and bool((cohort.event > 0).all())
    return np.full(cohort.n, doubtful, dtype=np.bool_)


def _never_at_risk(cohort: Cohort) -> BoolArray:
    if cohort.entry is None:
        return np.zeros(cohort.n, dtype=np.bool_)
    return np.asarray((cohort.entry > 0.0) & (cohort.entry >= cohort.time))


_CHECKS = (
    _Check(
        rule="treatment-before-time-zero",
        severity="blocking",
        message="{n} of {of} persons were treated before time zero.",
        changes="They are no candidates for either strategy: leave them out by a criterion.",
        marked=lambda c: np.asarray(c.treatment_time < 0.0),
    ),
    _Check(
        rule="negative-follow-up",
        severity="blocking",
        message="follow-up of {n} of {of} persons ends before time zero.",
        changes="They were never at risk.",
        marked=lambda c: np.asarray(c.time < 0.0),
    ),
    _Check(
        rule="entry-after-end",
        severity="blocking",
        message="{n} of {of} persons came under observation only when follow-up ended.",
        changes="They were never at risk.",
        marked=_never_at_risk,
    ),
    _Check(
        rule="treatment-after-end",
        severity="blocking",
        message="{n} of {of} persons were treated after the end of their follow-up.",
        changes="What is not observed can't be a treatment of the strategy.",
        marked=lambda c: np.asarray(_treated(c) & (c.treatment_time > c.time)),
    ),
    _Check(
        rule="treatment-at-time-zero",
        severity="note",
        message="{n} of {of} persons were treated on the day of time zero.",
        changes="They adhere to the treated strategy from the beginning.",
        marked=lambda c: np.asarray(c.treatment_time == 0.0),
    ),
    _Check(
        rule="death-on-day-of-treatment",
        severity="note",
        message="follow-up of {n} of {of} persons ends with an event on the day of treatment.",
        changes="They count as treated: the event belongs to the treated strategy.",
        marked=lambda c: np.asarray((c.event > 0) & (c.treatment_time == c.time)),
    ),
    _Check(
        rule="nobody-censored",
        severity="serious",
        message="follow-up of all {n} persons ends with an event: none has the code 0, censored.",
        changes="If 1 means alive and 2 dead, the curves count the living: recode to 0 and 1.",
        marked=_nobody_censored,
    ),
    _Check(
        rule="no-follow-up",
        severity="minor",
        message="{n} of {of} persons have no follow-up after time zero.",
        changes="They are at risk at time zero only.",
        marked=lambda c: np.asarray(c.time == 0.0),
    ),
    _Check(
        rule="treated-before-entry",
        severity="minor",
        message="{n} of {of} persons were treated before they came under observation.",
        changes="They survived from treatment to entry; who did not is in no table. Weights hold "
        "if entry does not depend on treatment.",
        marked=_entered_treated,
    ),
)
