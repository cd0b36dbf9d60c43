"""Every rule about rows: a patient that breaks it, and one that comes close and does not."""

from __future__ import annotations

import copy

import pytest

from locoreg.registry.tables import TABLES
from locoreg.registry.validate import RULES, QualityReport
from tests.registry.validate.cohort import Tables, checked, whole_person
from tests.registry.validate.rowcases import CASES, DX, END, MET, Edit

# Tested elsewhere: the store lets no such row in; whole registries; pairs of patients.
ELSEWHERE = {"key-repeated", "code-outside-vocabulary", "same-person-twice"}


def edited(name: str, number: int, edit: Edit) -> Tables:
    tables = whole_person(name, 1, "A", dx=DX, met=MET, end=END, dead=True)
    # Other patients of the registry are not the same person.
    tables["patient"][0]["birth_year"] = 1946
    for key, change in copy.deepcopy(dict(edit)).items():
        table = key.rstrip("+-")
        rows = tables.setdefault(table, [])
        if key.endswith("-"):
            rows.clear()
        elif key.endswith("+"):
            rows += [{"patient_id": name, **row} for row in change]
        else:
            rows[0].update(change)
    for table, rows in tables.items():
        for place, row in enumerate(rows):
            for column, value in row.items():
                if isinstance(value, str):
                    row[column] = value.replace("@", name)
            row.setdefault("source_row", 1000 * number + place)
            row.setdefault(TABLES[table].key or "", f"{name}-{table}-{place}")
    return tables


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> QualityReport:
    tables: Tables = {}
    people = [edited("other", 0, {})]
    for rule, pairs in CASES.items():
        for number, pair in enumerate(pairs):
            for kind, edit in zip(("bad", "near"), pair, strict=True):
                people.append(edited(f"{kind}-{rule}-{number}", len(people), edit))
    for one in people:
        for table, rows in one.items():
            tables.setdefault(table, []).extend(rows)
    return checked(tmp_path_factory.mktemp("cases") / "registry", tables, list(CASES))


def broken(report: QualityReport) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in report.issues.to_pylist():
        if row["rule"] == "patient-unknown":
            row["patient_id"] = row["patient_id"].removesuffix("-nobody")
        found.setdefault(row["rule"], set()).add(row["patient_id"])
    return found


@pytest.mark.parametrize("rule", CASES)
def test_rule(report: QualityReport, rule: str) -> None:
    found = broken(report)[rule]
    for number, (bad, near) in enumerate(CASES[rule]):
        if bad:
            assert f"bad-{rule}-{number}" in found
        if near:
            assert f"near-{rule}-{number}" not in found
    assert "other" not in found


def test_messages_name_the_row(report: QualityReport) -> None:
    rows = report.issues.to_pylist()
    assert all(row["message"] and row["source_file"] == "test.csv" for row in rows)
    first = next(r for r in rows if r["patient_id"] == "bad-surgery-before-diagnosis-0")
    assert first["table_name"] == "local_therapy"
    assert first["column_name"] == "start_date"
    assert first["value"] == "2015-03-09"
    assert first["message"] == (
        "Surgery (2015-03-09) before the first diagnosis of a primary (2015-03-10)."
    )
    months = next(
        r
        for r in rows
        if r["patient_id"] == "bad-death-before-diagnosis-1"
        and r["rule"] == "death-before-diagnosis"
    )
    assert months["message"] == "Death (2015-02) before diagnosis (2015-03-10)."


def test_every_rule_about_rows_has_a_case() -> None:
    rows = {rule.id for rule in RULES if rule.parts or rule.query}
    assert rows == set(CASES) | ELSEWHERE


def test_counts_are_those_of_the_rows_listed(report: QualityReport) -> None:
    listed: dict[str, int] = {}
    for row in report.issues.to_pylist():
        listed[row["rule"]] = listed.get(row["rule"], 0) + 1
    assert listed == report.by_rule
