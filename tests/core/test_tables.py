"""Every fault of a table is named by file, row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.core.tables import Column, guard_cell, parse_cell, read_table


def column(name: str, kind: str, *, required: bool = False, allowed: str = "") -> Column:
    return Column(
        table="t",
        name=name,
        type=kind,
        required=required,
        allowed=tuple(allowed.split("|")) if allowed else (),
        unit="patients",
        description="",
    )


COLUMNS = (
    column("id", "id", required=True),
    column("estimate", "number"),
    column("n", "integer"),
    column("level", "level"),
    column("arm", "choice", allowed="control|intervention"),
    column("value", "value"),
    column("names", "list"),
)


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_reads_values_and_keeps_the_printed_text(tmp_path: Path) -> None:
    path = write(tmp_path, "id,estimate,names\na,0.60,x; y\n\nb,,\n")
    rows, faults = read_table(path, COLUMNS)
    assert not faults
    assert [row.number for row in rows] == [2, 4]
    assert rows[0].values["estimate"] == 0.6
    assert rows[0].printed["estimate"] == "0.60"
    assert rows[0].values["names"] == ("x", "y")
    assert rows[1].values["estimate"] is None


def test_row_numbers_survive_line_breaks_in_cells(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,names\na,"one\ntwo"\nb,x;;y\nc d,\n')
    rows, faults = read_table(path, COLUMNS)
    assert [row.number for row in rows] == [2, 4]
    assert faults[0].location.row == 5
    assert faults[0].location.column == "id"


@pytest.mark.parametrize(
    ("line", "column_name", "words"),
    [
        ("a,eight,,,,,", "estimate", "not a number"),
        ("a,nan,,,,,", "estimate", "not a number"),
        ('a,"0,81",,,,,', "estimate", "decimal point"),
        ("a,1e999,,,,,", "estimate", "not a number"),
        ("a,1e30,,,,,", "estimate", "more than any study prints"),
        ("a,,2.5,,,,", "n", "whole number"),
        ("a,,-3,,,,", "n", "whole number"),
        ("a,,,0.95,,,", "level", "give percent, 95"),
        ("a,,,120,,,", "level", "between 50 and 100"),
        ("a,,,,Control,,", "arm", "not one of control, intervention"),
        ("a,,,,,unknown,", "value", "NR"),
        (",1,,,,,", "id", "must be filled"),
        ("a b,1,,,,,", "id", "not an id"),
        ("a," + "9" * 30_000 + ",,,,,", "estimate", "30,000 characters"),
    ],
)
def test_fault_names_row_and_column(
    tmp_path: Path, line: str, column_name: str, words: str
) -> None:
    header = ",".join(c.name for c in COLUMNS)
    rows, faults = read_table(write(tmp_path, f"{header}\nok,1,,,,,\n{line}\n"), COLUMNS)
    assert len(rows) == 1
    assert [(f.location.file, f.location.row, f.location.column) for f in faults] == [
        ("t.csv", 3, column_name)
    ]
    assert words in faults[0].message
    assert faults[0].rule == "invalid-cell"
    assert len(faults[0].message) < 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("id,estimat\na,1\n", "unknown column 'estimat'.*did you mean estimate"),
        ("id,id\na,b\n", "stands there twice"),
        ("estimate\n1\n", "column 'id' is missing"),
        ("id;estimate\na;1\n", "not comma separated"),
        (b"id\n\xff\xfe\n", "not UTF-8"),
        (b"id\na\0b\n", "NUL"),
        ('id,estimate\n"a,1\n', "not valid CSV"),
    ],
)
def test_unreadable_file_is_one_error(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_table(write(tmp_path, text), COLUMNS)


def test_ten_megabyte_cell_is_one_short_error(tmp_path: Path) -> None:
    path = write(tmp_path, "id,estimate\na," + "x" * 10_000_000 + "\n")
    rows, faults = read_table(path, COLUMNS)
    assert not rows
    assert faults[0].location.column == "estimate"
    assert len(faults[0].message) < 200


def test_too_many_cells_is_a_fault(tmp_path: Path) -> None:
    _, faults = read_table(write(tmp_path, "id,estimate\na,1,2\n"), COLUMNS)
    assert "3 cells" in faults[0].message


def test_excel_bom_is_accepted(tmp_path: Path) -> None:
    rows, faults = read_table(write(tmp_path, b"\xef\xbb\xbfid\na\n"), COLUMNS)
    assert len(rows) == 1
    assert not faults


@pytest.mark.parametrize("text", ["=1+1", "-x", "@a", "+b", "=", "-0.5", "plain", "'quoted'"])
def test_guarded_cells_round_trip(tmp_path: Path, text: str) -> None:
    guarded = guard_cell(text)
    assert guarded in (text, "'" + text)
    rows, _ = read_table(write(tmp_path, f"id,names\na,{guarded}\n"), COLUMNS)
    assert rows[0].printed["names"] == text


def test_formulas_are_guarded() -> None:
    assert guard_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert guard_cell("-0.5") == "-0.5"


def test_value_cells_hold_numbers_or_codes() -> None:
    assert parse_cell("NR", column("v", "value")) == "NR"
    assert parse_cell("54.8", column("v", "value")) == 54.8
