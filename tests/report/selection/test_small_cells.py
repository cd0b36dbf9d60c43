"""Counts of few persons are hidden in a selection's page, tables, figures and results alike."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from locoreg.core.jsontext import json_ready
from locoreg.report.blockjson import to_json
from locoreg.report.blocks import Column, Page, Row, Table, text
from locoreg.report.selection.files import selection_files
from locoreg.report.selection.hiding import HIDDEN, hidden_page, hidden_rows
from locoreg.workflows.selection.hiding import COUNTS, has_small
from tests.figures.selection import made

# So many that groups of the example have counts that are hidden.
LIMIT = 200


@pytest.fixture(scope="module")
def files() -> tuple[dict[str, bytes], Page]:
    return selection_files(made.result(), small_cells=LIMIT)


def test_the_example_has_small_counts() -> None:
    assert has_small(made.result().to_dict(), LIMIT)


def test_results_hold_no_small_count(files: tuple[dict[str, bytes], Page]) -> None:
    results = json.loads(files[0]["results.json"])
    assert not has_small(results, LIMIT)
    assert results["small_cells"] == LIMIT
    groups = results["assessment"]["calibration"]["groups"]["groups"]
    # One hidden count of a list would follow from the others.
    assert {group["n"] for group in groups} in ({None}, {g["n"] for g in groups} - {None})
    assert results["average"] == made.result().average.to_dict()


def test_tables_hold_no_small_count(files: tuple[dict[str, bytes], Page]) -> None:
    names = {*COUNTS, "excluded", "unknown", "left"}
    for name, data in files[0].items():
        if name.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(data.decode())):
                for column in names & set(row):
                    value = row[column]
                    assert not (value.isdigit() and 1 <= int(value) <= LIMIT), (name, column)


def test_figures_that_show_few_are_left_out(files: tuple[dict[str, bytes], Page]) -> None:
    figures = {name for name in files[0] if name.startswith("figures/")}
    assert "figures/toc.svg" in figures
    assert not any(re.match(r"figures/(support|benefit)\.", name) for name in figures)
    results = made.result().to_dict()
    parts = {
        "groups": results["assessment"]["calibration"],
        "leaves": results["rule"],
        "subgroups": results["subgroups"] or {},
    }
    few = {name for name, part in parts.items() if has_small(part, LIMIT)}
    assert few
    assert not any(f"figures/{name}.svg" in figures for name in few)
    page = json.dumps(to_json(files[1]))
    assert "would show counts of few persons" in page


def test_without_a_limit_nothing_changes() -> None:
    plain = selection_files(made.result())
    assert json.loads(plain[0]["results.json"]) == json_ready(made.result().to_dict())
    assert "figures/groups.svg" in plain[0]


def test_columns_of_counts_are_hidden_as_a_whole() -> None:
    table = Table(
        "Groups",
        (Column("Group"), Column("Persons", numeric=True), Column("Month", numeric=True)),
        (
            Row((text("a"), text("7"), text("6"))),
            Row((text("b"), text("1,093"), text("12"))),
        ),
    )
    page = Page(title="T", strip="", head=(table,), sections=())
    shown = hidden_page(page, (), 10, 1100).head[0]
    assert isinstance(shown, Table)
    assert [row.cells[1] for row in shown.rows] == [(HIDDEN,), (HIDDEN,)]
    assert [row.cells[2] for row in shown.rows] == [("6",), ("12",)]


def test_rows_without_a_small_count_stay() -> None:
    rows = [("group", "n"), ("a", 40), ("b", 0)]
    assert list(map(tuple, hidden_rows(rows, 10, 40))) == rows
    few = [("group", "n"), ("a", 36), ("b", 4)]
    assert list(map(tuple, hidden_rows(few, 10, 40))) == [
        ("group", "n"), ("a", HIDDEN), ("b", HIDDEN),
    ]  # fmt: skip
