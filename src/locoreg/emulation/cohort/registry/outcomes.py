"""What is counted, and what competes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.findings import Finding, Severity
from locoreg.emulation.cohort.registry.followup import CAUSES, UNKNOWN_CAUSE, Ends
from locoreg.emulation.cohort.registry.notes import finding
from locoreg.emulation.cohort.registry.quality import QualityOfLife, quality_of_life
from locoreg.emulation.cohort.registry.study import Rows, Study, any_of, last_of
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

PROGRESSIONS = ("progression", "distant_recurrence", "local_recurrence", "regional_recurrence")
LOCOREGIONAL = ("local_recurrence", "regional_recurrence")
LOCOREGIONAL_ORGANS = ("breast", "regional_ln")
# Above this share of deaths without a cause, deaths by cause say little.
CAUSE_UNKNOWN_SERIOUS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """How each person's follow-up ends for one outcome.

    Attributes
    ----------
    day : ndarray of float, shape (n,)
        Last day.
    event : ndarray of int, shape (n,)
        0 censored, 1 the outcome, 2 what competes.
    lost : ndarray of bool, shape (n,)
        Censored by loss to follow-up.
    competing : str or None
        What competes, in words.
    measured : ndarray of bool, shape (n,), or None
        Who has what the outcome needs at time zero; None: all.
    notes : callable
        Findings about the persons who are marked, given the source.
    """

    day: FloatArray
    event: IntArray
    lost: BoolArray
    competing: str | None
    notes: Callable[[BoolArray, str], list[Finding]]
    measured: BoolArray | None = None


def outcomes(study: Study, ends: Ends) -> Outcomes:
    """Return the outcome of the protocol.

    Parameters
    ----------
    study : Study
        Persons.
    ends : Ends
        Ends of follow-up.

    Returns
    -------
    Outcomes
        One end per person.

    Raises
    ------
    DesignError
        If the protocol has no outcome.
    """
    asked = study.protocol.outcome
    if asked is None:
        raise DesignError(
            "the protocol has no outcome, which a registry needs.",
            hint="write for example outcome: {event: death}.",
        )
    return _OUTCOMES[asked.event](study, ends)


def _nothing(members: BoolArray, source: str) -> list[Finding]:
    return []


def _death(study: Study, ends: Ends) -> Outcomes:
    return Outcomes(
        day=ends.day,
        event=ends.dead.astype(np.int64),
        lost=ends.lost,
        competing=None,
        notes=_nothing,
    )


def _death_by_cause(study: Study, ends: Ends) -> Outcomes:
    unknown = ends.dead & (ends.cause == UNKNOWN_CAUSE)
    other = ends.cause == CAUSES.index("other")

    def notes(members: BoolArray, source: str) -> list[Finding]:
        n, of = int((unknown & members).sum()), int((ends.dead & members).sum())
        if not n:
            return []
        severity: Severity = "serious" if n > CAUSE_UNKNOWN_SERIOUS * of else "minor"
        return [
            finding(
                "cause-of-death-unknown",
                "{n} of {of} deaths have no cause; they count as deaths from breast cancer.",
                n=n,
                of=of,
                source=source,
                severity=severity,
                changes="The incidence of death from breast cancer is as high as it can be.",
            )
        ]

    return Outcomes(
        day=ends.day,
        event=np.where(ends.dead, np.where(other, 2, 1), 0),
        lost=ends.lost,
        competing="death from another cause",
        notes=notes,
    )


def _progression(study: Study, ends: Ends) -> Outcomes:
    rows = study.rows("disease_event", date="date", where=_of_types(PROGRESSIONS))
    return _first_event(study, ends, rows, competing=None)


def _locoregional(study: Study, ends: Ends) -> Outcomes:
    types = ("progression", *LOCOREGIONAL)
    rows = study.rows("disease_event", ("type", "organs"), date="date", where=_of_types(types))
    near = mentions(rows.word("organs"), LOCOREGIONAL_ORGANS)
    kind = np.asarray(rows.word("type").to_numpy(zero_copy_only=False) == "progression")
    return _first_event(study, ends, rows.take(~kind | near), competing="death")


def _of_types(types: tuple[str, ...]) -> Callable[[ir.Table], ir.BooleanValue]:
    return lambda event: event.type.isin(list(types))


def mentions(texts: pa.ChunkedArray, words: tuple[str, ...]) -> BoolArray:
    """Return which lists of words, separated by semicolons, hold one of some words."""
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(texts).combine_chunks()
    lists = coded.dictionary.to_pylist()
    holds = np.array(
        [bool({part.strip() for part in text.split(";")} & set(words)) for text in lists] + [False]
    )
    codes = coded.indices.fill_null(len(lists)).to_numpy(zero_copy_only=False)
    return np.asarray(holds[codes], dtype=np.bool_)


def _first_event(study: Study, ends: Ends, rows: Rows, *, competing: str | None) -> Outcomes:
    """Return the first event after time zero, or death; later events don't count."""
    day, too_late = event_days(study, ends, rows)
    undated = any_of(rows.person, study.n, ~rows.when.known)
    happened = day <= ends.day
    event = np.where(happened, 1, 0)
    event[~happened & ends.dead] = 1 if competing is None else 2

    def notes(members: BoolArray, source: str) -> list[Finding]:
        counts = (
            (
                "event-after-end",
                "{n} persons have an event of the outcome after death or last contact; "
                "it does not count.",
                too_late,
            ),
            (
                "event-without-date",
                "{n} persons have an event of the outcome without a date; it does not count.",
                undated,
            ),
        )
        return [
            finding(
                rule,
                message,
                n=n,
                source=source,
                severity="minor",
                changes="Fewer events than there were.",
            )
            for rule, message, marked in counts
            if (n := int((marked & members).sum()))
        ]

    return Outcomes(
        day=np.asarray(np.where(happened, day, ends.day)),
        event=event,
        lost=ends.lost & ~happened,
        competing=competing,
        notes=notes,
    )


def event_days(study: Study, ends: Ends, rows: Rows) -> tuple[FloatArray, BoolArray]:
    """Return the day of each person's first event after time zero, and who has one too late.

    Parameters
    ----------
    study : Study
        Persons.
    ends : Ends
        Ends of follow-up.
    rows : Rows
        Events with dates.

    Returns
    -------
    day : ndarray of float, shape (n,)
        Infinite for none up to the end of follow-up. What happened on the day of time zero is no
        event of follow-up.
    too_late : ndarray of bool, shape (n,)
        Who has an event after death or last contact.
    """
    rows = rows.take(rows.when.known)
    day = rows.when.placed_after(study.zero_of(rows))
    seen = ends.seen_until.take(rows.person)
    # An event of the month of death counts as on or before it.
    in_time = rows.when.possibly_by(seen)
    day = np.where(in_time, np.fmin(day, ends.seen_day[rows.person]), day)
    late = ~in_time & seen.known
    after = (day > study.zero.day[rows.person]) & ~late
    first = last_of(rows.person[after], study.n, day[after], first=True)
    return np.asarray(np.where(np.isnan(first), np.inf, first)), any_of(rows.person, study.n, late)


def _quality(study: Study, ends: Ends) -> Outcomes:
    found: QualityOfLife = quality_of_life(study, ends)
    worse = found.worse <= found.until
    dead = found.dies & ~worse
    event = np.where(worse, 1, np.where(dead, 2, 0))

    def notes(members: BoolArray, source: str) -> list[Finding]:
        n = int((members & found.cut & ~worse).sum())
        if not n:
            return []
        return [
            finding(
                "qol-not-measured-until-end",
                "{n} persons are censored at their last score, before death or last contact.",
                n=n,
                source=source,
                changes="Censoring depends on who answers; it may depend on how they are.",
            )
        ]

    return Outcomes(
        day=np.asarray(np.where(worse, found.worse, found.until)),
        event=event,
        lost=(event == 0) & (found.until < ends.study_end) & np.isfinite(ends.study_end),
        competing="death",
        measured=found.measured,
        notes=notes,
    )


_OUTCOMES: dict[str, Callable[[Study, Ends], Outcomes]] = {
    "death": _death,
    "breast_cancer_death": _death_by_cause,
    "progression": _progression,
    "locoregional_progression": _locoregional,
    "qol_deterioration": _quality,
}
