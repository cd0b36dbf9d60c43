"""docs/reference/results.md names every key of results.json and every column of the tables."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locoreg.report.csvtables import csv_tables
from locoreg.workflows.run import StudyResult

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "results.md"
NAMED = set(re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8")))
# Options of a run or a pool are named in the reference of the study file and the command line.
OPEN_ENDED = {"options"}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in OPEN_ENDED:
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_key_is_documented(folder: Path) -> None:
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert set(keys(results)) - NAMED == set()


def test_every_column_is_documented(shipped: StudyResult) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, table in csv_tables(shipped).items():
        line = next(one for one in text.splitlines() if one.startswith(f"| `{name}`"))
        documented = re.findall(r"`([^`]+)`", line.split("|")[3])
        assert documented == next(csv.reader(io.StringIO(table)))
