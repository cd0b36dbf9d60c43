"""Exported CSV: every row, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from locoreg.core.csvtext import csv_cell
from locoreg.core.errors import DataError, DesignError
from locoreg.registry.export import export_tables
from tests.registry.build import registry_of

TEXTS = [
    '=cmd|"/c calc"!A1',
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "  =1",
    "1+",
    "a=b",
    'ä, "q"',
    "'",
    "'; DROP TABLE patient; --",
]


def test_formula_like_cells_are_quoted_as_everywhere(tmp_path: Path) -> None:
    rows = [{"patient_id": str(i), "site_id": text} for i, text in enumerate(TEXTS)]
    registry = registry_of(tmp_path / "r", {"patient": rows})
    report = export_tables(registry, tmp_path / "out")
    assert report.rows == {"patient": len(TEXTS)}
    with (tmp_path / "out/patient.csv").open(newline="", encoding="utf-8") as stream:
        found = [row["site_id"] for row in csv.DictReader(stream)]
    assert found == [csv_cell(text) for text in TEXTS]
    assert registry.table("patient").column("site_id").to_pylist() == TEXTS


def test_synthetic_files_say_so_and_nothing_is_replaced(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]}, synthetic=True)
    export_tables(registry, tmp_path / "out", tables=("patient",))
    assert (tmp_path / "out/SYNTHETIC-patient.csv").is_file()
    with pytest.raises(DataError, match="is there already"):
        export_tables(registry, tmp_path / "out", tables=("patient",))
    with pytest.raises(DesignError, match="did you mean patient"):
        export_tables(registry, tmp_path / "out", tables=("patients",))
