"""Marks beside results: collapsed intervals, barred readings, numbers that are missing."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import pytest

from locoreg.core.numbertext import interval_text
from locoreg.evidence.multiverse import Alternatives, Option, multiverse
from locoreg.report import write_report
from locoreg.report.blocks import Column, Row, Table
from locoreg.report.csvtables import csv_tables
from locoreg.workflows.run import StudyResult
from tests.conftest import WriteTables, effect, study
from tests.report.conftest import Page, Run

MEANS = "§ Narrower than the common-effect interval, because the studies agree more than chance"


def read(result: StudyResult, out: Path) -> Page:
    write_report(result, out)
    return Page((out / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def agreeing(run: Run, write_tables: WriteTables) -> StudyResult:
    """Return a pool of three that agree, and one study without a number."""
    return run(
        tables=[
            write_tables(
                studies=[study(name) for name in ("one", "two", "three", "four")],
                claims=[
                    effect("c1", "one", "0.92 0.57 1.48"),
                    effect("c2", "two", "0.91 0.34 2.46"),
                    effect("c3", "three", "0.93 0.40 2.16"),
                ],
            )
        ]
    )


def with_pool(result: StudyResult, **changed: object) -> StudyResult:
    (question,) = result.questions
    item = question.pools[0]
    fields = {key: changed.pop(key) for key in ("multiverse",) if key in changed}
    item = replace(item, pool=replace(item.pool, **changed), **fields)
    return replace(result, questions=(replace(question, pools=(item, *question.pools[1:])),))


def test_collapsed_intervals_have_a_mark_and_the_floor(
    agreeing: StudyResult, tmp_path: Path
) -> None:
    pool = agreeing.questions[0].pools[0].pool
    assert pool.meta.floor is not None
    page = read(agreeing, tmp_path / "out")
    shown, floor = (interval_text(*e.natural) for e in (pool.meta.mu, pool.meta.floor))
    assert f"HR {shown} §" in page.words
    assert f"with the floor: main result {floor}." in page.words
    assert f"With the floor{floor}" in page.words
    rows = [row for row in pool.leave_one_out if row.floor is not None]
    assert rows
    for row in rows:
        assert f"{row.label} {interval_text(*row.mu.natural)} §" in page.words
        beside = interval_text(*row.floor.natural)  # type: ignore[union-attr]
        assert f"without {row.label} {beside}" in page.words
    assert page.words.count(MEANS) >= 5
    (line,) = csv.DictReader(io.StringIO(csv_tables(agreeing)["pools.csv"]))
    assert float(line["floor_ci_low"]) == pool.meta.floor.natural[1]


def test_other_intervals_have_no_mark(small: StudyResult, tmp_path: Path) -> None:
    assert "§" not in read(small, tmp_path / "out").words


def test_a_missing_number_is_not_in_the_tables(agreeing: StudyResult, tmp_path: Path) -> None:
    page = read(agreeing, tmp_path / "out")
    assert "Four not in the tables" in page.words
    assert "not reported" not in page.words
    (line,) = [
        row
        for row in csv.DictReader(io.StringIO(csv_tables(agreeing)["excluded.csv"]))
        if row["study_id"] == "four"
    ]
    assert line["kind"] == "not reported"


def test_other_patients_than_asked_stand_under_the_figure(
    agreeing: StudyResult, tmp_path: Path
) -> None:
    result = with_pool(agreeing, indirect=("All 3 studies: bone only",), barred=("one (x: y)",))
    page = read(result, tmp_path / "out")
    assert "Randomised trials. All 3 studies: bone only." in page.words
    assert "Patients differAll 3 studies: bone only" in page.words
    assert "Pooled in spite of a blocking finding one (x: y)" in page.words


def test_barred_readings_are_marked_in_tables(agreeing: StudyResult, tmp_path: Path) -> None:
    def option(label: str, kind: str) -> Option:
        return Option(label=label, yi=math.log(0.9), se=0.2, kind=kind, is_main=kind == "main")

    readings = (option("used", "main"), option("ten years", "blocked"))
    worlds = multiverse(
        [Alternatives(study_id="one", label="one", options=readings)],
        method="REML",
        interval="normal",
        level=95,
    )
    result = with_pool(agreeing, multiverse=worlds)
    page = read(result, tmp_path / "out")
    assert "one ten years (barred by the audit)" in page.words
    assert "one: ten years (barred by the audit)" in page.words
    assert "one: ten years (barred by the audit)" in csv_tables(result)["multiverse.csv"]


def test_all_results_have_cards_and_the_result_second(page: Page) -> None:
    table = page.words.index("All pooled results Question, outcome and design Main result")
    assert table < page.words.index("All pooled results", table + 20)
    assert [a for a in page.named("div") if a.get("class") == "lr-scroll lr-unstacked"]
    assert "primary-surgery: overall survival. Randomised trials Main resultHR" in page.words


def test_only_stacking_tables_have_cards() -> None:
    columns = (Column("Study"), Column("HR", numeric=True))
    rows = (Row((("A",), ("0.9",))),)
    assert Table("t", columns, rows).cards == ()
    (card,) = Table("t", columns, rows, stacks=True).cards
    assert card.title == ("A",)
    assert card.pairs == (("HR", ("0.9",)),)


def test_the_date_of_search_is_the_study_file_s(page: Page) -> None:
    assert "Date of search, as stated in the study file2026-11-23" in page.words
    assert "Search for studies" not in page.words
