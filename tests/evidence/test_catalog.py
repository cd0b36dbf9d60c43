"""Loading, cross-checks between tables, merging; the records equal the dictionary."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import (
    RECORDS,
    dictionary,
    load_catalog,
    read_catalog,
)
from tests.conftest import WriteTables, effect, study, write_rows


@pytest.mark.parametrize("table", RECORDS)
def test_records_hold_exactly_the_columns_of_the_dictionary(table: str) -> None:
    fields = [f.name for f in dataclasses.fields(RECORDS[table]) if f.name != "row"]
    columns = [column.name for column in dictionary()[table]]
    assert [{"location_text": "location"}.get(f, f) for f in fields] == columns


@pytest.mark.parametrize("table", RECORDS)
def test_every_column_is_described(table: str) -> None:
    for column in dictionary()[table]:
        assert column.description.endswith("."), column.name
        assert (column.type == "choice") == bool(column.allowed), column.name


def test_two_tables_are_enough(write_tables: WriteTables) -> None:
    folder = write_tables(studies=[study("a")], claims=[effect("a1", "a", "0.66 0.49 0.88")])
    catalog = load_catalog(folder)
    assert catalog.claims["a1"].estimate == 0.66
    assert catalog.claims["a1"].half_unit("ci_low") == pytest.approx(0.005)
    assert "primary-surgery" in catalog.questions
    assert catalog.outcome_id("OS") == "overall_survival"
    assert catalog.report_id(catalog.claims["a1"]) == "a"


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"ci_low": "0.88", "ci_high": "0.49"}, "ci_low", "reversed"),
        ({"ci_level": ""}, "ci_level", "needs its level"),
        ({"ci_level": "0.95"}, "ci_level", "give percent, 95"),
        ({"estimate": "abc"}, "estimate", "not a number"),
        ({"se": "0"}, "se", "not above zero"),
        ({"variance": "-1"}, "variance", "not above zero"),
        ({"ci_low": "-0.2"}, "ci_low", "is a ratio"),
        ({"reference_arm": ""}, "reference_arm", "needs it"),
        ({"outcome": ""}, "outcome", "needs it"),
        ({"study_id": "b"}, "study_id", "points to no usable row"),
        ({"supersedes": "zz", "reason": "x"}, "supersedes", "points to no usable row"),
        ({"supersedes": "a1", "reason": "x"}, "supersedes", "correct itself"),
        ({"p_value": "1.2", "p_op": "="}, "p_value", "between 0 and 1"),
        ({"p_value": "0.2"}, "p_op", "operator"),
        ({"statistic": "survival_proportion"}, "landmark_months", "needs it"),
        ({"o_minus_e": "-3"}, "logrank_v", "together"),
    ],
)
def test_contradictions_are_named_by_file_row_and_column(
    write_tables: WriteTables, change: dict[str, str], column: str, words: str
) -> None:
    row = {**effect("a1", "a", "0.66 0.49 0.88"), **change}
    good = effect("a0", "a", "0.70 0.50 0.98")
    folder = write_tables(studies=[study("a")], claims=[good, row])
    catalog, faults = read_catalog(folder)
    assert {(f.location.file, f.location.row, f.location.column) for f in faults} == {
        ("claims.csv", 3, column)
    }
    assert words in faults[0].message
    assert list(catalog.claims) == ["a0"]
    with pytest.raises(DataError, match=r"claims\.csv, row 3, column"):
        load_catalog(folder)


def test_duplicate_ids_name_both_rows(write_tables: WriteTables) -> None:
    row = effect("a1", "a", "0.66 0.49 0.88")
    folder = write_tables(studies=[study("a")], claims=[row, row])
    with pytest.raises(DataError, match="row 3, column claim_id: 'a1' already stands in row 2"):
        load_catalog(folder)


def test_all_faults_are_listed_at_once(write_tables: WriteTables) -> None:
    rows = [effect(f"a{i}", "a", "x 0.49 0.88") for i in range(30)]
    folder = write_tables(studies=[study("a")], claims=rows)
    with pytest.raises(DataError, match=r"30 faults.*row 2.*row 21.*and 10 more"):
        load_catalog(folder)


def test_empty_and_missing_tables(write_tables: WriteTables) -> None:
    folder = write_tables(studies=[study("a")])
    with pytest.raises(DataError, match=r"claims\.csv is missing"):
        load_catalog(folder)
    (folder / "claims.csv").write_text("claim_id,study_id,kind\n")
    with pytest.raises(DataError, match=r"claims\.csv has no rows"):
        load_catalog(folder)


def test_stray_table_is_refused_with_a_hint(write_tables: WriteTables) -> None:
    folder = write_tables(studies=[study("a")], claims=[effect("a1", "a", "0.66 0.49 0.88")])
    (folder / "claim.csv").write_text("x\n")
    with pytest.raises(DataError, match=r"claim\.csv is not one of the tables.*claims"):
        load_catalog(folder)


def test_missing_folder() -> None:
    with pytest.raises(DataError, match="is not a folder"):
        load_catalog("no/such/folder")


def test_a_second_folder_corrects_the_first(write_tables: WriteTables, tmp_path: Path) -> None:
    folder = write_tables(studies=[study("a")], claims=[effect("a1", "a", "0.66 0.49 0.88")])
    more = tmp_path / "more"
    folder.rename(more)
    row = effect(
        "a1c",
        "a",
        "0.66 0.49 0.88",
        reference_arm="intervention",
        supersedes="a1",
        reason="the other way round",
    )
    first = write_tables(studies=[study("a")], claims=[effect("a1", "a", "0.66 0.49 0.88")])
    (more / "studies.csv").unlink()
    write_rows(more / "claims.csv", [row])
    catalog = load_catalog([first, more])
    assert catalog.superseded() == {"a1"}
    assert catalog.claims["a1c"].row.file == f"{more}/claims.csv"


def test_an_id_in_two_folders_is_a_fault(write_tables: WriteTables) -> None:
    folder = write_tables(studies=[study("a")], claims=[effect("a1", "a", "0.66 0.49 0.88")])
    with pytest.raises(DataError, match=r"'a' already stands in row 2 of .*studies\.csv"):
        load_catalog([folder, f"{folder}/"])


def test_no_tables_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no tables are given"):
        load_catalog([])
    with pytest.raises(DataError, match=r"studies\.csv is missing"):
        load_catalog(tmp_path)
    with pytest.raises(DataError, match="holds none of the tables"):
        load_catalog(["shipped", tmp_path])


def test_rows_that_hang_on_a_faulty_row_are_named_too(write_tables: WriteTables) -> None:
    folder = write_tables(
        studies=[study("a", question_id="primary-surgry"), study("b")],
        references=[{"reference_id": "ra", "study_id": "a", "title": "A"}],
        claims=[
            effect("a1", "a", "0.66 0.49 0.88", report_id="ra"),
            effect("a2", "a", "0.66 0.49 0.88", supersedes="a1", reason="x"),
            effect("b1", "b", "0.66 0.49 0.88"),
        ],
        pools=[{"pool_id": "p", "claim_id": "a1", "inputs": "b", "inputs_source": "text"}],
    )
    catalog, faults = read_catalog(folder)
    assert list(catalog.claims) == ["b1"]
    assert not catalog.pools
    assert not catalog.references
    named = {(f.location.file, f.location.row) for f in faults}
    assert named == {
        ("studies.csv", 2),
        ("references.csv", 2),
        ("claims.csv", 2),
        ("claims.csv", 3),
        ("pools.csv", 2),
    }
    assert "did you mean primary-surgery" in faults[0].message
    assert audit(catalog, faults=faults).findings
