"""The end of follow-up, late entry, and what the patient table says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort.registry.dates import Span, code_of, spans
from locoreg.emulation.cohort.registry.study import Rows, Study
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

LAST_CONTACT = "last_contact"
CAUSES = ("breast_cancer", "other")
UNKNOWN_CAUSE = -1
# Who is followed for no day is followed for half a one, so as to be at risk after time zero.
HALF_A_DAY = 0.5
_DATES = ("entry_date", "last_contact_date", "death_date")
_WORDS = (
    "site_id",
    "sex",
    "birth_year",
    "menopausal_status_dx",
    "calendar",
    "vital_status",
    "death_cause",
)


def patients(study: Study) -> Rows:
    """Return the patient table, one row per person in their order."""
    return study.once("patient", _patients)


def _patients(study: Study) -> Rows:
    dates = [part for name in _DATES for part in (name, f"{name}_precision")]
    rows = study.rows("patient", (*dates, *_WORDS))
    order = np.argsort(rows.person, kind="stable")
    if order.size != study.n:
        raise DataError(
            f"the patient table has {order.size:,} rows for {study.n:,} patients.",
            hint="check the registry: locoreg registry check.",
        )
    return rows.take(order)


def patient_date(rows: Rows, name: str) -> Span:
    """Return a date of the patient table."""
    return spans(rows.word(name), rows.word(f"{name}_precision"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ends:
    """How each person's follow-up ends, whatever the outcome.

    Attributes
    ----------
    day : ndarray of float, shape (n,)
        Last day; NaN where it can't be told. May lie before time zero.
    seen_until : Span
        Death or last contact, the end of the study left aside.
    seen_day : ndarray of float, shape (n,)
        The day that stands for it: on time zero, or after it, where that is possible.
    dead : ndarray of bool, shape (n,)
        Whether it ends with death.
    cause : ndarray of int, shape (n,)
        Place in `CAUSES`; -1: unknown, or no death.
    lost : ndarray of bool, shape (n,)
        Whether a person who did not die was last seen before the end of the study; nobody if
        no end is stated.
    study_end : float
        Day; infinite if follow-up goes on to each person's last contact.
    status_unknown, death_undated, end_unknown : ndarray of bool, shape (n,)
        Why it can't be told.
    order_open : ndarray of bool, shape (n,)
        Whether precision leaves open if it lies before time zero.
    """

    day: FloatArray
    seen_until: Span
    seen_day: FloatArray
    dead: BoolArray
    cause: IntArray
    lost: BoolArray
    study_end: float
    status_unknown: BoolArray
    death_undated: BoolArray
    end_unknown: BoolArray
    order_open: BoolArray

    @property
    def unknown(self) -> BoolArray:
        """Whose follow-up can't be told."""
        return self.status_unknown | self.death_undated | self.end_unknown


def ends(study: Study) -> Ends:
    """Return the ends of follow-up.

    Parameters
    ----------
    study : Study
        Persons.

    Returns
    -------
    Ends
        Death and last contact, cut at the end of the study.

    Raises
    ------
    DataError, DesignError
        If the protocol has no follow-up, or its end is a date and the persons' dates are shifted.
    """
    rows = patients(study)
    limit = _study_end(study, rows)
    death, contact = patient_date(rows, "death_date"), patient_date(rows, "last_contact_date")
    status = code_of(rows.word("vital_status"), ("alive", "dead"))
    died = death.known
    seen = Span(
        first=np.where(died, death.first, contact.first),
        last=np.where(died, death.last, contact.last),
    )
    placed = seen.placed_after(study.zero)
    undated = ~died & (status == 1)
    unclear = ~died & (status < 0)
    dead = died & (placed <= limit)
    cause = code_of(rows.word("death_cause"), CAUSES)
    # Without an end of the study nobody can be told from those who reached it.
    lost = ~dead & ~died & (seen.last < limit) & np.isfinite(limit)
    return Ends(
        day=np.asarray(np.where(undated | unclear, np.nan, np.minimum(placed, limit))),
        seen_until=seen,
        seen_day=placed,
        dead=dead,
        cause=np.where(dead, cause, UNKNOWN_CAUSE),
        lost=lost,
        study_end=limit,
        status_unknown=unclear,
        death_undated=undated,
        end_unknown=~undated & ~unclear & ~seen.known,
        order_open=seen.order_open(study.zero),
    )


def _study_end(study: Study, rows: Rows) -> float:
    asked = study.protocol.follow_up
    if asked is None:
        raise DesignError(
            "the protocol has no follow-up, which a registry needs.",
            hint="write follow_up: {until: last_contact}, or a date.",
        )
    if asked.until == LAST_CONTACT:
        return float("inf")
    try:
        day = date.fromisoformat(asked.until)
    except ValueError as error:
        raise DesignError(
            f"follow_up until {asked.until!r} is neither last_contact nor a date.",
            hint="write a date as 2020-12-31.",
        ) from error
    moved = _moved(rows.word("calendar"))
    if moved:
        raise DataError(
            f"follow-up ends on {asked.until}, but the dates of {moved:,} persons are shifted or "
            "relative.",
            hint="follow until last_contact: their dates can't be laid on a calendar.",
        )
    return float((day - date(1970, 1, 1)).days)


def _moved(calendar: pa.ChunkedArray) -> int:
    return int((code_of(calendar, ("shifted", "relative")) >= 0).sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entries:
    """When persons came under observation.

    Attributes
    ----------
    day : ndarray of float, shape (n,)
        Time zero for those who were under observation then.
    late : ndarray of bool, shape (n,)
        Who came later.
    unknown : ndarray of bool, shape (n,)
        Whose entry is not recorded: taken as under observation from time zero.
    order_open : ndarray of bool, shape (n,)
        Who may have come after time zero or not: taken as under observation from it.
    """

    day: FloatArray
    late: BoolArray
    unknown: BoolArray
    order_open: BoolArray


def entries(study: Study) -> Entries:
    """Return when persons came under observation.

    Parameters
    ----------
    study : Study
        Persons.

    Returns
    -------
    Entries
        From ``patient.entry_date``.
    """
    entry = patient_date(patients(study), "entry_date")
    late = entry.known & ~entry.possibly_by(study.zero)
    return Entries(
        day=np.asarray(np.where(late, entry.day, study.zero.day)),
        late=late,
        unknown=~entry.known,
        order_open=entry.possibly_by(study.zero) & (entry.last > study.zero.first),
    )
