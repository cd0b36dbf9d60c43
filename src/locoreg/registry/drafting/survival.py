"""Ages and survival times, as columns of people without dates give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locoreg.registry.drafting.fitting import Fit
from locoreg.registry.drafting.matching import UNITS
from locoreg.registry.drafting.model import Cell, Entry, FileDraft, Looked
from locoreg.registry.mapping.offsets import label_of

PATIENT = "patient"
_SURVIVAL = frozenset(
    (
        ("os",),
        ("os", "time"),
        ("overall", "survival"),
        ("overall", "survival", "time"),
        ("survival",),
        ("survival", "time"),
        ("follow", "up"),
        ("followup",),
        ("follow", "up", "time"),
        ("followup", "time"),
    )
)
_AGE = frozenset(("age", "alter", "edad", "eta"))
_AGE_IDLE = frozenset(
    ("at", "patient", "of", "the", "diagnosis", "dx", "years", "yrs", "in", "bei")
)
YOUNGEST, OLDEST = 15, 112
_ORIGIN = (
    "is it the time from diagnosis to death or last contact? without a date of diagnosis also "
    "state calendar: relative, origin: 1900-01-01, origin_is: diagnosis, and dx_date: 1900-01-01 "
    "among the constants of primary_tumour"
)
_AGE_DOUBT = (
    "an age at diagnosis? it needs the date of diagnosis (dx_date) in this file, or diagnosis as "
    "the origin of a relative calendar"
)


def add_survival(entries: Sequence[Entry], columns: Sequence[Looked]) -> None:
    """Add questions on ages and survival times to the entry of patients.

    Parameters
    ----------
    entries : sequence of Entry
        Entries of one file; changed in place.
    columns : sequence of Looked
        Its columns; those that are used are marked.
    """
    entry = next((entry for entry in entries if entry.table == PATIENT), None)
    if entry is None:
        return
    if "birth_year" not in entry.columns:
        age = next((c for c in columns if not c.used and _is_age(c)), None)
        if age is not None:
            spec = {"before": "diagnosis", "unit": "years"}
            entry.columns["birth_year"] = _question(age, spec, _AGE_DOUBT)
    time = next((c for c in columns if not c.used and _is_survival(c)), None)
    if time is None:
        return
    spec = {"since": "diagnosis", "unit": str(time.match.unit)}
    if _has_fractions(time):
        spec["precision"] = "day"
    entry.columns.setdefault("last_contact_date", _question(time, spec, _ORIGIN))
    dead = _dead(entry)
    if dead is not None:
        entry.columns.setdefault("death_date", _question(time, {**spec, "when": dead}, _ORIGIN))


def settle_ages(draft: FileDraft) -> None:
    """Take an age at diagnosis as a fact where the file has the date of diagnosis.

    Parameters
    ----------
    draft : FileDraft
        Changed in place, once it is known which dates are certain.
    """
    dated = any(
        name == "dx_date" and cell.doubt is None
        for entry in draft.entries
        for name, cell in entry.cells()
    )
    for entry in draft.entries:
        cell = entry.columns.get("birth_year")
        if entry.table != PATIENT or cell is None or cell.doubt != _AGE_DOUBT or not dated:
            continue
        if _says_diagnosis(cell.looked):
            cell.doubt = None
            cell.remarks.append("counted back from the age at diagnosis: off by a year in some")


def _question(looked: Looked, spec: dict[str, Any], doubt: str) -> Cell:
    looked.used = True
    return Cell(
        header=looked.profile.header,
        spec=dict(spec),
        remarks=[],
        fit=Fit(),
        looked=looked,
        doubt=doubt,
    )


def _is_age(looked: Looked) -> bool:
    profile = looked.profile
    if profile.private or not profile.numbers:
        return False
    named = any(_AGE & set(name) and not set(name) - _AGE - _AGE_IDLE for name in profile.names)
    low, high = profile.quantile(0.02), profile.quantile(0.98)
    return named and low >= YOUNGEST and high <= OLDEST


def _says_diagnosis(looked: Looked) -> bool:
    said = {word for name in looked.profile.names for word in name}
    return bool(said & {"diagnosis", "dx"}) or "diagnos" in looked.profile.description.casefold()


def _is_survival(looked: Looked) -> bool:
    profile = looked.profile
    if profile.private or not profile.numbers or looked.match.unit not in set(UNITS.values()):
        return False
    if looked.match.unit not in ("days", "weeks", "months", "years"):
        return False
    bare = {tuple(word for word in name if word not in UNITS) for name in profile.names}
    return bool(bare & _SURVIVAL) and label_of(profile.description) != "birth"


def _has_fractions(looked: Looked) -> bool:
    numbers = looked.profile.numbers
    broken = sum(n for number, n in numbers.items() if not number.is_integer())
    return 2 * broken > sum(numbers.values())


def _dead(entry: Entry) -> dict[str, Any] | None:
    """Return the condition that a patient died."""
    status = entry.columns.get("vital_status")
    if status is None or status.doubt is not None:
        return None
    words = [text for text, canonical in status.fit.known.items() if canonical == "dead"]
    return {"column": status.header, "in": words} if words else None
