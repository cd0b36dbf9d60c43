"""Counts of few persons are hidden in a selection's page, tables, figures and results alike."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from pathlib import Path

import pytest

from locoreg.core.jsontext import json_ready
from locoreg.report.blockjson import to_json
from locoreg.report.blocks import Column, Page, Row, Table, text
from locoreg.report.selection import write_selection
from locoreg.report.selection.files import selection_files
from locoreg.report.selection.hiding import HIDDEN, hidden_page, hidden_rows
from locoreg.workflows.emulation.smalltexts import rule_words
from locoreg.workflows.selection.hiding import (
    COUNTS,
    has_small,
    hidden_selection,
    hidden_summary,
    is_share_of_few,
    parts_differ,
)
from tests.figures.selection import made

# So many that groups of the example have counts that are hidden.
LIMIT = 200
NONE = text("–")


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


def test_shares_of_few_and_all_but_few_are_hidden_too() -> None:
    result = made.result()
    n = result.data.n
    groups = [{"label": "a", "n": n - 4, "share": (n - 4) / n}, {"label": "b", "n": 40}]
    assert has_small(groups, 10, n)
    assert not has_small(groups, 3, n)
    assert is_share_of_few(4 / n, 10, n)
    assert is_share_of_few(1 - 4 / n, 10, n)
    assert not is_share_of_few(1.0, 10, n)
    assert parts_differ([{"label": "sex: female", "n": n - 1}], result.to_dict(), 10)
    assert not parts_differ([{"label": "sex: female", "n": n}], result.to_dict(), 10)


def test_no_point_of_the_curve_stands_for_few(files: tuple[dict[str, bytes], Page]) -> None:
    curve = json.loads(files[0]["results.json"])["assessment"]["curve"]
    n = made.result().assessment.n
    counts = [0, *(round(share * n) for share in curve["share"])]
    assert len(counts) > 1
    assert min(b - a for a, b in itertools.pairwise(counts)) > LIMIT
    assert len(curve["share"]) < len(made.result().assessment.curve.share)
    rows = list(csv.DictReader(io.StringIO(files[0]["tables/targeting.csv"].decode())))
    assert [float(row["share"]) for row in rows] == pytest.approx(curve["share"])


def test_card_and_model_hide_counts(files: tuple[dict[str, bytes], Page]) -> None:
    model = json.loads(files[0]["model/model.json"])
    for arm, counts in zip(model["training"]["arms"], made.result().data.arms, strict=True):
        for name in ("events", "followed"):
            assert arm[name] is None or (arm[name] > LIMIT and counts.n - arm[name] > LIMIT)
    card = json.loads(files[0]["results.json"])["model_card"]
    told = next(one for one in card["sections"] if one["title"] == "Training data")
    assert any("a hidden number of" in line for line in told["lines"])
    assert any("a hidden number of" in line for line in json.dumps(to_json(files[1])).split("."))


def test_shares_in_tables_go_with_their_counts() -> None:
    table = Table(
        "Groups",
        (Column("Group"), Column("Persons", numeric=True), Column("Share", numeric=True)),
        (Row((text("a"), text("1,095"), text("99.5%"))), Row((text("b"), text("50"), NONE))),
    )
    shown = hidden_page(Page(title="T", strip="", head=(table,), sections=()), (), 10, 1100).head[0]
    assert isinstance(shown, Table)
    assert [row.cells[1:] for row in shown.rows] == [
        ((HIDDEN,), (HIDDEN,)), ((HIDDEN,), NONE),
    ]  # fmt: skip


def test_summary_and_written_folder_follow_the_rule(tmp_path: Path) -> None:
    result = made.result()
    told = hidden_summary(result, LIMIT)
    assert told.endswith(rule_words(LIMIT))
    assert hidden_summary(result, None) == result.summary()
    for arm in result.data.arms:
        for count in (arm.events, arm.followed):
            if 1 <= count <= LIMIT:
                assert f" {count:,} " not in told.split("persons:")[1].splitlines()[0]
    page = write_selection(result, tmp_path, small_cells=LIMIT)
    assert rule_words(LIMIT) in page.read_text(encoding="utf-8")
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert written == json_ready(hidden_selection(result, LIMIT))


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
    whole = {**made.result().to_dict(), "small_cells": None}
    assert json.loads(plain[0]["results.json"]) == json_ready(whole)
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
