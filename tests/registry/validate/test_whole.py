"""Rules about the registry as a whole: cohorts that break them, and cohorts that come close.

Edits of a cohort of 120 clean patients at two sites are combined where they don't touch each other;
each combination must break exactly the rules named, and none may say anything of what comes close.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locoreg.registry.validate import RULES, QualityReport
from tests.registry.validate.cohort import Tables, checked, clean, day

Edit = Callable[[Tables, bool], None]
FAMILIES = ("traps", "completeness")


def first(rows: list[dict[str, Any]], count: int, **wanted: Any) -> list[dict[str, Any]]:
    found = [row for row in rows if all(row.get(k) == v for k, v in wanted.items())]
    assert len(found) >= count
    return found[:count]


def of(tables: Tables, name: str) -> dict[str, dict[str, Any]]:
    return {row["patient_id"]: row for row in tables[name]}


def late_entry(tables: Tables, bad: bool) -> None:
    long = [
        row for row in tables["patient"] if row["last_contact_date"] > day(row["entry_date"], 200)
    ]
    for row in long[: 7 if bad else 6]:  # of 120: 5.8 %, 5 %
        row["entry_date"] = day(row["entry_date"], 100)


def no_entry(tables: Tables, bad: bool) -> None:
    for row in tables["patient"][: 7 if bad else 6]:
        row["entry_date"] = None


def no_first_line(tables: Tables, bad: bool) -> None:
    for row in first(tables["systemic_line"], 7 if bad else 6, line_no=1):
        tables["systemic_line"].remove(row)


def lost(tables: Tables, bad: bool) -> None:
    for row in first(tables["patient"], 7 if bad else 6, site_id="A", vital_status="alive"):
        row["last_contact_date"] = row["entry_date"]


def no_status(tables: Tables, bad: bool) -> None:
    for row in first(tables["patient"], 2 if bad else 1, site_id="B", vital_status="alive"):
        row["vital_status"] = None


def survive(row: dict[str, Any], until: str = "2019-09-09") -> None:
    row.update(vital_status="alive", last_contact_date=until)
    row.pop("death_date")
    row.pop("death_cause", None)


def few_deaths(tables: Tables, bad: bool) -> None:
    dead = [r for r in tables["patient"] if r["site_id"] == "A" and r["vital_status"] == "dead"]
    for row in dead[:: 1 if bad else 4]:
        survive(row)


def deaths_stop(tables: Tables, bad: bool) -> None:
    cut = "2017-01-01" if bad else "2018-12-15"
    for row in tables["patient"]:
        if row["site_id"] == "A" and row.get("death_date", "") > cut:
            survive(row, "2019-03-03")
        elif row["site_id"] == "A" and row["vital_status"] == "alive":
            row["last_contact_date"] = "2019-03-03"


def all_dead(tables: Tables, bad: bool) -> None:
    for row in tables["patient"]:
        row.update(vital_status="dead", death_date=row["last_contact_date"])
    if not bad:
        for number in (2, 1, 0):
            survive(tables["patient"][number])


def late_treatment(tables: Tables, bad: bool) -> None:
    spread = of(tables, "disease_event")
    treated = tables["local_therapy"]
    assert len(treated) == 40
    for row in treated[: 5 if bad else 4]:  # 12.5 %, 10 %
        row["start_date"] = day(spread[row["patient_id"]]["date"], 31)
    for row in treated[5:]:
        row["start_date"] = day(spread[row["patient_id"]]["date"], 30)


def vague_treatment(tables: Tables, bad: bool) -> None:
    spread = of(tables, "disease_event")
    row = tables["local_therapy"][0]
    month = spread[row["patient_id"]]["date"][:7]
    row["start_date"] = month if bad else day(month + "-01", 32)[:7]


def shifted(tables: Tables, bad: bool) -> None:
    tables["patient"][0]["calendar"] = "shifted" if bad else "real"


def poor_imaging(tables: Tables, bad: bool) -> None:
    more = int(bad)
    rows = tables["imaging_assessment"]
    del rows[: 12 + more]  # 10 % of 120; 108 are left
    for row in rows[: 21 + more]:
        row.update(brain_imaged=False, regions="chest")
    for row in rows[30 : 40 + more]:
        row.update(modality="bone_scan")
    for row in rows[45 : 55 + more]:
        row.update(n_lesions=None)
    for row in rows[60 : 69 + more]:
        row.update(n_lesions_is_lower_bound=True)


def heaped(tables: Tables, bad: bool) -> None:
    for row in tables["primary_tumour"][: 20 if bad else 6]:
        row["dx_date"] = row["dx_date"][:8] + "15"


def heaped_deaths(tables: Tables, bad: bool) -> None:
    for row in tables["patient"]:
        row["site_id"] = "A"
    dead = [row for row in tables["patient"] if "death_date" in row]
    for row in dead[: 12 if bad else 4]:
        row["death_date"] = row["death_date"][:8] + "01"


def capped(tables: Tables, bad: bool) -> None:
    for row in tables["imaging_assessment"]:
        row["n_lesions"] = min(row["n_lesions"], 5)
    if not bad:
        tables["imaging_assessment"][0]["n_lesions"] = 6


def centimetres(tables: Tables, bad: bool) -> None:
    sites = of(tables, "patient")
    for row in tables["primary_tumour"]:
        if sites[row["patient_id"]]["site_id"] == "B":
            row["size_mm"] = row["size_mm"] / 10 if bad else 6.0


def fractions(tables: Tables, bad: bool) -> None:
    er = [row for row in tables["receptor_assay"] if row["marker"] == "ER"]
    for row in er:
        row["value_num"] /= 100
    if not bad:
        er[0]["value_num"] = 2.0


def ages(tables: Tables, bad: bool) -> None:
    for row in tables["primary_tumour"]:
        row["dx_date"] = f"{int(row['dx_date'][:4]) - (28 if bad else 20)}{row['dx_date'][4:7]}-05"
        if row["dx_date"][-5:] == "02-29":
            row["dx_date"] = row["dx_date"][:-2] + "28"


def incomplete(tables: Tables, bad: bool) -> None:
    for row in tables["patient"][: 7 if bad else 6]:
        row["sex"] = None


def incomplete_site(tables: Tables, bad: bool) -> None:
    sites = of(tables, "patient")
    rows = [r for r in tables["primary_tumour"] if sites[r["patient_id"]]["site_id"] == "A"]
    for row in rows[: 13 if bad else 12]:  # of 60: 21.7 %, 20 %
        row["grade"] = None


def incomplete_year(tables: Tables, bad: bool) -> None:
    rows = [r for r in tables["primary_tumour"] if r["dx_date"].startswith("2013")]
    assert len(rows) >= 30
    for row in rows[: len(rows) if bad else len(rows) // 3]:
        row["grade"] = None


# Edits that go together, and the rules that they break.
COMBINED: tuple[tuple[tuple[Edit, ...], set[str]], ...] = (
    ((late_entry, capped, centimetres, no_status),
     {"left-truncation", "lesion-counts-capped", "sizes-in-cm", "vital-status-unknown"}),
    ((no_entry, late_treatment, shifted, no_first_line),
     {"entry-unknown", "completeness-low", "immortal-time", "calendar-not-real",
      "first-line-missing"}),
    ((poor_imaging, heaped, fractions),
     {"imaging-cannot-count", "date-heaping", "percent-as-fraction"}),
    ((vague_treatment, incomplete, incomplete_site, lost),
     {"vague-decision-dates", "order-unknown", "completeness-low", "completeness-differs-by-site",
      "lost-alive"}),
    ((few_deaths,), {"few-deaths"}),
    ((deaths_stop,), {"deaths-stop", "few-deaths"}),
    ((all_dead,), {"selected-by-death"}),
    ((heaped_deaths, incomplete_year), {"death-heaping", "completeness-falls-by-year"}),
    ((ages,), {"interval-is-age"}),
)  # fmt: skip
NEAR: tuple[tuple[Edit, ...], ...] = (
    (late_entry, capped, centimetres, no_status, late_treatment, shifted, no_first_line,
     few_deaths),
    (no_entry, poor_imaging, heaped, fractions, lost, deaths_stop, vague_treatment, incomplete),
    (incomplete_site, incomplete_year, all_dead, ages),
    (heaped_deaths,),
)  # fmt: skip


def run(folder: Path, edits: tuple[Edit, ...], bad: bool) -> QualityReport:
    tables = clean()
    for edit in edits:
        edit(tables, bad)
    return checked(folder / "registry", tables, FAMILIES)


@pytest.mark.parametrize(("edits", "broken"), COMBINED, ids=[es[0].__name__ for es, _ in COMBINED])
def test_broken(tmp_path: Path, edits: tuple[Edit, ...], broken: set[str]) -> None:
    report = run(tmp_path, edits, True)
    assert set(report.by_rule) == broken, report.summary()


@pytest.mark.parametrize("edits", NEAR, ids=lambda edits: edits[0].__name__)
def test_near(tmp_path: Path, edits: tuple[Edit, ...]) -> None:
    report = run(tmp_path, edits, False)
    assert report.by_rule == {}, report.summary()


def test_every_rule_is_tried() -> None:
    whole = {rule.id for rule in RULES if rule.whole or rule.compute}
    tried = set().union(*(broken for _, broken in COMBINED))
    elsewhere = {"follow-up-differs-by-arm", "follow-up-differs-by-site"}
    assert whole == (tried | elsewhere) - {"order-unknown"}
    assert {edit for edits in NEAR for edit in edits} == {e for es, _ in COMBINED for e in es}


@pytest.mark.parametrize(("calendar", "found"), [("real", 1), ("relative", 0)])
def test_days_counted_from_an_origin_are_no_heap(tmp_path: Path, calendar: str, found: int) -> None:
    names = [f"p{i}" for i in range(300)]
    tables = {
        "patient": [{"patient_id": name, "calendar": calendar} for name in names],
        "primary_tumour": [{"patient_id": name, "dx_date": "1950-01-01"} for name in names],
    }
    report = checked(tmp_path / "r", tables, ["date-heaping"])
    assert (report.count("date-heaping") > 0) == found
