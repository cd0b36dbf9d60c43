"""Made-up patients with everything that makes engines differ, and the answer by hand.

`course` computes the same as the cohort query, patient by patient, in plain Python.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

Row = dict[str, Any]
Tables = dict[str, list[Row]]

# Sorted by bytes these come in another order than by any language; one looks like a formula.
PATIENTS = (
    *("P-10", "P-9", "p-9", "a", "B", "ä", "Z", "z", "é", "e", "ß", "ss", "中文", "😀", "Ω"),
    *("=1+1", " lead", "it's", 'quo"te', "%s", "_", "-", "ñ1", "N1", "n1", "O'Neil;--", "\\"),
)
ORGANS = (*("bone", "liver", "lung", "brain", "breast", "regional_ln"), "contralateral_breast")
FROM = date(2015, 1, 1)


def made_up(seed: int, patients: Sequence[str] = PATIENTS) -> Tables:
    """Return the rows of a registry: few days and months, so that dates tie often."""
    rng = np.random.default_rng(seed)

    def some(options: Sequence[Any], unknown: float = 0.2) -> Any:
        return None if rng.random() < unknown else options[int(rng.integers(len(options)))]

    def when() -> str | None:
        kind = rng.random()
        if kind < 0.1:
            return None
        day = FROM + timedelta(days=int(rng.integers(0, 500)))
        if kind < 0.2:
            return f"{day.year}"
        return f"{day:%Y-%m}" if kind < 0.45 else f"{day:%Y-%m-%d}"

    tables: Tables = {name: [] for name in TABLES}
    for number, patient in enumerate(patients):
        if number % 13 != 5:
            row = {"patient_id": patient, "site_id": some(["Süd", "Nord", None])}
            dates = {"entry_date": when(), "last_contact_date": when(), "death_date": when()}
            tables["patient"].append({**row, **dates, "vital_status": some(["alive", "dead"])})
        stage = {"stage_group": some(["IV", "IIB"], 0.7), "cm": some(["M0", "M1"], 0.5)}
        stage["pm"] = some(["M0", "M1"], 0.9)
        stage["topography"] = some(["C50.4", "C34.1"], 0.3)
        tables["primary_tumour"].append({"patient_id": patient, "dx_date": when(), **stage})
        for _ in range(int(rng.integers(0, 5))):
            lesion = {"organ": some(ORGANS), "is_regional": some([True, False], 0.6)}
            tables["lesion"].append({"patient_id": patient, "first_seen_date": when(), **lesion})
        for _ in range(int(rng.integers(0, 3))):
            kind = some(["distant_recurrence", "progression"], 0)
            tables["disease_event"].append({"patient_id": patient, "date": when(), "type": kind})
        count = {"n_lesions": some([0, 2], 0.5)}
        tables["imaging_assessment"].append({"patient_id": patient, "date": when(), **count})
        for _ in range(int(rng.integers(0, 5))):
            given = {
                "target": some(["lesion", "primary"]),
                "modality": some(["surgery", "sabr"]),
                "organ": some(["bone", "breast"]),
                "intent": some(["ablative", "diagnostic"]),
                "lt_id": f"{some(['Ä', 'a', 'B', 'é'], 0)}{rng.integers(10**9)}",
            }
            tables["local_therapy"].append({"patient_id": patient, "start_date": when(), **given})
    return tables


TABLES = (
    "patient",
    "primary_tumour",
    "lesion",
    "disease_event",
    "imaging_assessment",
    "local_therapy",
)


class Span:
    """A date as the first and last day that it can mean; None if there is none."""

    def __init__(self, text: str) -> None:
        parts = [int(part) for part in text.split("-")]
        self.rank = 3 - len(parts)
        self.precision = ("day", "month", "year")[self.rank]
        year, month, day = [*parts, 1, 1][:3]
        self.first = date(year, month, day)
        if self.rank == 1:
            self.last = date(year, month, calendar.monthrange(year, month)[1])
        else:
            self.last = date(year, 12, 31) if self.rank == 2 else self.first

    def since(self, origin: Span) -> tuple[int, int]:
        return (self.first - origin.last).days, (self.last - origin.first).days


def span(text: str | None) -> Span | None:
    return None if text is None else Span(text)


def course(
    tables: Mapping[str, Iterable[Row]],
    *,
    therapy_within_days: int,
    sites_within_days: int,
    targets: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
) -> list[Row]:
    """Return the rows that the query must give, in order of the bytes of ``patient_id``."""
    out = []
    for patient in sorted(tables["patient"], key=lambda row: row["patient_id"].encode()):
        mine = {
            name: [row for row in rows if row["patient_id"] == patient["patient_id"]]
            for name, rows in tables.items()
        }
        found = _first_metastasis(mine)
        if found is None:
            continue
        met, basis = found
        row: Row = {
            "patient_id": patient["patient_id"],
            "site_id": patient["site_id"],
            "metastasis_date": met and met.first,
            "metastasis_date_precision": met and met.precision,
            "metastasis_basis": basis,
            **_sites(mine["lesion"], met, sites_within_days),
        }
        asked = [
            t
            for t in mine["local_therapy"]
            if t["intent"] != "diagnostic"
            and (targets is None or t["target"] in targets)
            and (modalities is None or t["modality"] in modalities)
        ]
        row |= _therapy(asked, met, therapy_within_days)
        for name in ("entry", "death", "last_contact"):
            row |= _dated(f"{name}_date", f"{name}_days", span(patient[f"{name}_date"]), met)
        out.append({**row, "vital_status": patient["vital_status"]})
    return out


def is_distant(lesion: Row) -> bool:
    if lesion["is_regional"]:
        return False
    if lesion["organ"] is None:
        return lesion["is_regional"] is False
    return lesion["organ"] not in ("breast", "regional_ln", "contralateral_breast")


def _first_metastasis(mine: Mapping[str, list[Row]]) -> tuple[Span | None, str | None] | None:
    signs = [(span(les["first_seen_date"]), 0) for les in mine["lesion"] if is_distant(les)]
    signs += [
        (span(e["date"]), 1) for e in mine["disease_event"] if e["type"] == "distant_recurrence"
    ]
    signs += [
        (span(t["dx_date"]), 2)
        for t in mine["primary_tumour"]
        if t["topography"] != "C34.1" and ("M1" in (t["cm"], t["pm"]) or t["stage_group"] == "IV")
    ]
    signs += [(span(i["date"]), 3) for i in mine["imaging_assessment"] if i["n_lesions"]]
    if not signs:
        return None
    dated = [(when, place) for when, place in signs if when is not None]
    if not dated:
        return None, None
    when, place = min(dated, key=lambda sign: (sign[0].first, sign[0].rank, sign[1]))
    return when, ("lesion", "distant_recurrence", "m1_at_diagnosis", "imaging")[place]


def _sites(lesions: list[Row], met: Span | None, window: int) -> Row:
    surely, perhaps = set(), set()
    for lesion in filter(is_distant, lesions):
        seen = span(lesion["first_seen_date"])
        if seen is None or met is None or lesion["organ"] is None:
            continue
        least, most = seen.since(met)
        if most <= window:
            surely.add(lesion["organ"])
        if least <= window:
            perhaps.add(lesion["organ"])
    if not perhaps:
        return {"n_sites_min": None, "n_sites_max": None}
    return {"n_sites_min": len(surely), "n_sites_max": len(perhaps)}


def _therapy(asked: list[Row], met: Span | None, window: int) -> Row:
    near = []
    for one in asked:
        start = span(one["start_date"])
        if start is None or met is None:
            continue
        least, most = start.since(met)
        if most >= 0 and least <= window:
            near.append(((start.first, start.rank, one["lt_id"].encode()), start, one))
    if not near:
        names = ("therapy_id", "therapy_date", "therapy_date_precision", "therapy_target")
        more = ("therapy_modality", "therapy_organ", "therapy_days_min", "therapy_days_max")
        return dict.fromkeys((*names, *more))
    _, start, one = min(near, key=lambda item: item[0])
    words = {f"therapy_{name}": one[name] for name in ("target", "modality", "organ")}
    dated = _dated("therapy_date", "therapy_days", start, met)
    return {"therapy_id": one["lt_id"], **dated, **words}


def _dated(name: str, days: str, when: Span | None, met: Span | None) -> Row:
    least, most = when.since(met) if when and met else (None, None)
    return {
        name: when and when.first,
        f"{name}_precision": when and when.precision,
        f"{days}_min": least,
        f"{days}_max": most,
    }
