from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

Rows = Sequence[Mapping[str, object]]
WriteTables = Callable[..., Path]


def write_rows(path: Path, rows: Rows) -> None:
    """Write dicts as a CSV with the columns that they have."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def write_tables(tmp_path: Path) -> WriteTables:
    """Return a function that writes a folder of evidence tables from dicts."""

    def write(**tables: Rows) -> Path:
        folder = tmp_path / "tables"
        folder.mkdir(exist_ok=True)
        for name, rows in tables.items():
            write_rows(folder / f"{name}.csv", rows)
        return folder

    return write


def study(study_id: str, **more: object) -> dict[str, object]:
    """Return a row of the studies table: a trial of primary surgery."""
    return {
        "study_id": study_id,
        "label": more.pop("label", study_id.title()),
        "question_id": "primary-surgery",
        "design": "rct",
        **more,
    }


def effect(claim_id: str, study_id: str, printed: str, **more: object) -> dict[str, object]:
    """Return a row of the claims table from ``0.66 0.49 0.88``."""
    estimate, low, high = printed.split()
    return {
        "claim_id": claim_id,
        "study_id": study_id,
        "kind": "effect",
        "outcome": "overall_survival",
        "measure": "HR",
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
        "ci_level": 95,
        "reference_arm": "control",
        **more,
    }
