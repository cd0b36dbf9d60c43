"""Whatever the tables hold, a check ends, counts what it lists, and writes its files."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.registry.store import read_registry
from locoreg.registry.tables import CLINICAL, PRECISIONS, REASONS, TABLES, Column
from locoreg.registry.validate import check_registry, run
from tests.registry.validate.cohort import Tables, checked

TEXTS = (
    "",
    "A",
    "a;b",
    "unk",
    "C50.4",
    "8500/3",
    "T2",
    "M1",
    "IV",
    "=1+1",
    "<b>",
    "10200004",
    "é\u202e",
)
NUMBERS = (0.0, -1.0, 1.0, 5.0, 60.0, 999.0, 1e300, float("nan"), float("inf"), -float("inf"))
LIMITS = {"int16": 2**15 - 1, "int32": 2**31 - 1, "int64": 2**63 - 1}
IDS = ("patient_id", "tumour_id", "lesion_id", "assess_id", "line_id", "lt_id")


def value(column: Column, rng: np.random.Generator) -> Any:
    """Return any value that the store lets into a column."""
    if not column.required and rng.random() < 0.3:
        return None
    if column.name in IDS:
        return f"{column.name}-{rng.integers(12)}"
    if column.allowed:
        code = column.allowed[rng.integers(len(column.allowed))]
        return int(code) if column.type.startswith("int") else code
    if column.type == "date":
        return date(1890, 1, 1) + timedelta(days=int(rng.integers(0, 80_000)))
    if column.type == "bool":
        return bool(rng.integers(2))
    if column.type == "number":
        return NUMBERS[rng.integers(len(NUMBERS))]
    if column.type in LIMITS:
        largest = LIMITS[column.type]
        return (-largest - 1, -1, 0, 1, 5, 99, largest)[rng.integers(7)]
    return TEXTS[rng.integers(len(TEXTS))]


def row(table: str, number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return one row of a table: with any precision and reason beside any value, or none."""
    out: dict[str, Any] = {}
    for column in TABLES[table].columns:
        if column.key:
            out[column.name] = f"{column.name}-{number}"
        elif column.of is not None:
            of_date = column.name.endswith("_precision")
            choices = (None, *(PRECISIONS if of_date else REASONS))
            out[column.name] = choices[rng.integers(len(choices))]
        elif column.name not in ("source_system", "source_file", "source_row", "import_id"):
            out[column.name] = value(column, rng)
    return out


def any_tables(seed: int) -> Tables:
    rng = np.random.default_rng([20260304, seed])
    return {
        table: [row(table, number, rng) for number in range(12 if table == "patient" else 40)]
        for table in CLINICAL
    }


@pytest.mark.parametrize("seed", range(2))
def test_any_values(tmp_path: Path, seed: int) -> None:
    tables = any_tables(seed)
    report = checked(tmp_path / "r", tables)
    listed: dict[str, int] = {}
    for name in report.issues["rule"].to_pylist():
        listed[name] = listed.get(name, 0) + 1
    most = run.LISTED_PER_RULE
    assert listed == {name: min(count, most) for name, count in report.by_rule.items()}
    assert len(listed) > 30
    assert None not in report.issues["message"].to_pylist()
    keys = {table: {r[TABLES[table].key or ""] for r in rows} for table, rows in tables.items()}
    for issue in report.issues.to_pylist():
        if issue["row_key"] is not None:
            assert issue["row_key"] in keys[issue["table_name"]]
    report.write(tmp_path / "out")
    with (tmp_path / "out" / "issues.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == report.issues.num_rows + 1


def test_one_scan_and_two_scans_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few broken rows are kept from the first scan; many are counted first, then listed."""
    names = ["vital-status", "size-range", "tnm-syntax", "end-before-start", "receptor-context"]
    one = checked(tmp_path / "r", any_tables(0), names)
    monkeypatch.setattr(run, "KEPT_ROWS", 0)
    registry = read_registry(tmp_path / "r")
    two = check_registry(registry, rules=names)
    assert two.counts == one.counts
    assert sorted(map(str, two.issues.to_pylist())) == sorted(map(str, one.issues.to_pylist()))
    monkeypatch.setattr(run, "LISTED_PER_RULE", 7)
    few = check_registry(registry, rules=names)
    assert few.by_rule == one.by_rule
    assert [c.listed for c in few.counts] == [min(c.count, 7) for c in one.counts]
