from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry

MAP = """\
format: 1
calendar: real
files:
  - file: ward.csv
    dates: ["%Y-%m-%d"]
    tables:
      - table: patient
        columns: {patient_id: id, sex: {from: sex, codes: {F: female, M: male}}}
      - table: disease_event
        when: {column: day, known: true}
        columns: {patient_id: id, date: day, type: {from: what, codes: {met: distant_recurrence}}}
"""


def run(folder: Path, text: str, *, map_text: str = MAP, name: str = "registry") -> ImportReport:
    (folder / "map.yaml").write_text(map_text, encoding="utf-8")
    (folder / "ward.csv").write_text(text, encoding="utf-8")
    return import_into(
        folder / name,
        [str(folder / "ward.csv")],
        source="delimited",
        options=SourceOptions(map=folder / "map.yaml"),
    )


def test_the_table_says_where_each_fault_stands(tmp_path: Path) -> None:
    text = (
        "id,sex,day,what\nA,F,2020-01-01,met\nB,X,2020-02-30,met\nC,F\n\n,F,2020-01-01,met\n"
        "D,Y,2020-01-01,?\nE\nF,Z,,\n"
    )
    report = run(tmp_path, text)
    told = report.summary()
    lines = [line.split() for line in told.splitlines()]
    assert ["file", "read", "used", "no", "table", "set", "aside"] in lines
    # A, B, D and F are used (of D the event is not), the blank row is in no table.
    assert ["ward.csv", "8", "4", "1", "3"] in lines
    assert "fewer cells than the header\n        ward.csv lines 4, 8\n" in told
    assert "patient.patient_id is missing\n        patient.patient_id: ward.csv line 6\n" in told
    assert "disease_event.type is missing\n        disease_event.type: ward.csv line 7\n" in told
    assert "4 serious: unknown-code\n        disease_event.type, patient.sex: " in told
    assert ": ward.csv lines 3, 7, 9, ...\n" in told
    assert "First: the map has no code 'X'" in told
    assert "'2020-02-30' is no day there ever was" in told
    assert "--table set_aside" in told
    where = json.loads(json.dumps(report.to_dict()))["where"]
    assert where["rows_set_aside"] == {"ward.csv": 3}
    assert where["set_aside"]["disease_event.type is missing"]["first"] == [
        {"file": "ward.csv", "row": 7}
    ]


def test_a_clean_import_has_no_places(tmp_path: Path) -> None:
    report = run(tmp_path, "id,sex,day,what\nA,F,2020-01-01,met\n")
    assert report.where.set_aside == {}
    assert report.where.rows_set_aside == {}
    assert "--table set_aside" not in report.summary()


def test_places_are_those_of_this_import_only(tmp_path: Path) -> None:
    run(tmp_path, "id,sex,day,what\nA,F\n")
    report = run(tmp_path, "id,sex,day,what\nB,F,2020-01-01,met\nC,F,2020-01-01,met\nD\n")
    (where,) = report.where.set_aside.values()
    assert where.places == (("ward.csv", 4),)


@pytest.mark.parametrize(
    "tables", ["[]", "[]\n  - file: b.csv\n    optional: true\n    tables: []"]
)
def test_a_map_without_entries_is_refused_and_leaves_no_registry(
    tmp_path: Path, tables: str
) -> None:
    empty = f"format: 1\ncalendar: real\nfiles:\n  - file: ward.csv\n    tables: {tables}\n"
    with pytest.raises(DesignError, match="makes no rows of any table"):
        run(tmp_path, "id\nA\n", map_text=empty)
    assert not (tmp_path / "registry" / "manifest.json").exists()


ROW = st.lists(
    st.sampled_from(["A", "B", "F", "M", "met", "?", "", " ", "2020-01-01", "x,y", '"', "\x00"]),
    max_size=6,
).map(",".join)


@given(st.lists(ROW, max_size=12))
@settings(max_examples=25, deadline=None)
def test_rows_used_unused_and_set_aside_add_up(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("sums")
    report = run(folder, "id,sex,day,what\n" + "".join(f"{row}\n" for row in rows))
    if not report.batch.sources:
        assert report.read == 0
        return
    (source,) = report.batch.sources
    aside = report.where.rows_set_aside.get(source.name, 0)
    left = source.read - sum(source.unused.values()) - aside
    with read_registry(folder / "registry").connect() as con:
        seen = {
            row
            for table in ("patient", "disease_event")
            for (row,) in con.execute(f"SELECT source_row FROM {table}").fetchall()
        }
    # Rows whose patient is there already are used, though no table holds them.
    there = sum(n.already_there for n in report.batch.counts.values())
    assert len(seen) <= left <= len(seen) + there
