from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry
from tests.registry.redcap.project import (
    COLUMNS,
    DICTIONARY,
    LABELS,
    MAP,
    ROWS,
    import_project,
    label_export,
    raw_export,
    table,
    write_project,
)


def query(folder: Path, sql: str) -> list[Any]:
    with read_registry(folder / "registry").connect() as connection:
        return [
            tuple(str(x) if x is not None else None for x in r)
            for r in connection.execute(sql).fetchall()
        ]


def content(folder: Path) -> dict[str, list[Any]]:
    return {
        "patient": query(
            folder,
            "select patient_id, site_id, sex, sex_reason, birth_year, vital_status, "
            "last_contact_date from patient order by 1",
        ),
        "tumour": query(
            folder, "select patient_id, dx_date, dx_date_reason from primary_tumour order by 1"
        ),
        "assay": query(
            folder,
            "select patient_id, marker, interpretation, value_num, value_num_reason, sample_date "
            "from receptor_assay order by sample_date",
        ),
        "lesion": query(
            folder, "select patient_id, organ, first_seen_date from lesion order by organ"
        ),
        "performance": query(folder, "select patient_id, date, ecog from performance order by 2"),
    }


EXPECTED = {
    "patient": [
        ("1", "north", "female", None, "1950", "alive", "2020-01-01"),
        ("2", "south", None, "not_recorded", "1961", "dead", "2019-05-05"),
    ],
    "tumour": [("1", "2010-02-03", None), ("2", None, "not_recorded")],
    "assay": [
        ("1", "ER", "positive", "90.0", None, "2010-02-05"),
        ("1", "ER", "negative", None, "not_done", "2012-05-08"),
    ],
    "lesion": [("1", "bone", "2012-05-06"), ("1", "liver", "2012-05-06")],
    "performance": [("1", "2012-06-01", "0"), ("1", "2012-09-01", "2")],
}


@pytest.mark.parametrize("export", [raw_export(), label_export()], ids=["raw", "labels"])
def test_raw_and_label_exports_give_the_same_rows(export: str, tmp_path: Path) -> None:
    report = import_project(tmp_path, export)
    assert content(tmp_path) == EXPECTED
    source = report.batch.sources[0]
    assert source.read == len(ROWS)
    assert source.unused == {"no field is filled in except identifiers and free text": 1}
    assert report.n_set_aside == 0
    rules = report.batch.issues
    assert set(rules) <= {
        "instrument-rows",
        "rows-not-matched",
        "unused-columns",
        "identifier-date",
    }


def test_labels_under_raw_headers(tmp_path: Path) -> None:
    lines = label_export().split("\n")
    lines[0] = ",".join(COLUMNS)
    import_project(tmp_path, "\n".join(lines))
    assert content(tmp_path) == EXPECTED


def test_columns_in_any_order(tmp_path: Path) -> None:
    order = [*COLUMNS[5:], *COLUMNS[:5]][::-1]
    import_project(tmp_path, table(order, [[r.get(n, "") for n in order] for r in ROWS]))
    assert content(tmp_path) == EXPECTED


def test_nothing_private_is_stored_anywhere(tmp_path: Path) -> None:
    rows = raw_export() + "3,x,only,three,Secret cells\n"
    report = import_project(tmp_path, rows)
    assert report.n_set_aside == 1
    stored = b"".join(
        file.read_bytes() for file in (tmp_path / "registry").rglob("*") if file.is_file()
    )
    for secret in (b"Secret", b"Hidden", b"secret", b"1950-04-03", b"1961-11-12"):
        assert secret not in stored
    assert query(tmp_path, "select raw from set_aside") == [(None,)]


def test_an_instrument_without_a_map_is_counted(tmp_path: Path) -> None:
    start, _, rest = MAP.partition("  - instrument: pathology")
    map_text = start + "  - instrument: visit" + rest.partition("  - instrument: visit")[2]
    report = import_project(tmp_path, raw_export(), map_text=map_text)
    assert report.batch.sources[0].unused == {
        "the repeating instrument 'pathology' is not in the map": 2,
        "no field is filled in except identifiers and free text": 1,
    }
    notes = dict(query(tmp_path, "select value, message from issue where rule = 'instrument-rows'"))
    assert "2 rows hold it; the map does not name it" in notes["pathology"]
    assert "2 rows hold it; taken by the map" in notes["visit"]


def test_conditions_by_event_and_instance(tmp_path: Path) -> None:
    map_text = MAP.replace(
        "      - table: performance\n",
        "      - table: performance\n"
        "        when: [{column: redcap_event_name, in: Visits}, "
        "{column: redcap_repeat_instance, in: ['2']}]\n",
    )
    for name, export in (("raw", raw_export()), ("labels", label_export())):
        report = import_project(tmp_path / name, export, map_text=map_text)
        assert content(tmp_path / name)["performance"] == EXPECTED["performance"][1:]
        assert report.batch.sources[0].unused["no condition of the map takes the row"] == 1


def test_fields_without_counterpart_are_issues(tmp_path: Path) -> None:
    names = [*(c for c in COLUMNS if c != "ecog"), "new_field", "sex"]
    rows = [[row.get(name, "") for name in names] for row in ROWS]
    report = import_project(tmp_path, table(names, rows))
    found = dict(query(tmp_path, "select rule, message from issue where rule like '%field%'"))
    assert "new_field" in found["field-not-in-dictionary"]
    assert "ecog" in found["field-not-exported"]
    assert "ecog" in found["dictionary-field-not-exported"]
    assert report.batch.issues["column-twice"] == {"serious": 1}
    assert content(tmp_path)["performance"] == [
        ("1", "2012-06-01", None),
        ("1", "2012-09-01", None),
    ]


def test_a_repeating_instrument_that_was_renamed(tmp_path: Path) -> None:
    rows = [
        {**row, "redcap_repeat_instrument": "Histology (new)"}
        if row.get("redcap_repeat_instrument")
        else row
        for row in ROWS
    ]
    import_project(tmp_path, raw_export(rows))
    assert content(tmp_path) == EXPECTED


def test_compressed_and_of_another_encoding(tmp_path: Path) -> None:
    map_text = MAP.replace(
        "  - instrument: demographics\n", "  - instrument: demographics\n    encoding: cp1252\n"
    )
    options = write_project(tmp_path, "", map_text=map_text)
    text = raw_export().replace("A. ", "Ä. ").replace("north", "nörd")
    file = tmp_path / "export.csv.gz"
    file.write_bytes(gzip.compress(text.encode("cp1252")))
    import_into(tmp_path / "registry", [str(file)], source="redcap", options=options)
    assert query(tmp_path, "select site_id from patient order by 1") == [("nörd",), ("south",)]


def test_an_entry_for_a_file_takes_all_rows(tmp_path: Path) -> None:
    map_text = MAP.replace("instrument: visit", "file: '*.csv'")
    report = import_project(tmp_path, raw_export(), map_text=map_text)
    assert report.accepted["performance"] == len(ROWS)
    assert report.batch.sources[0].unused == {}


def test_two_exports_of_different_instruments(tmp_path: Path) -> None:
    first = [c for c in COLUMNS if c not in ("er", "er_pct", "sample", "pathology_complete")]
    second = [*COLUMNS[:4], "er", "er_pct", "sample", "pathology_complete"]
    options = write_project(tmp_path, "")
    (tmp_path / "export.csv").unlink()
    for name, columns in (("a.csv", first), ("b.csv", second)):
        rows = [[row.get(c, "") for c in columns] for row in ROWS]
        (tmp_path / name).write_text(table(columns, rows))
    # The folder also holds the dictionary, which is no export; the map has another ending.
    (tmp_path / "map.yaml").rename(tmp_path.parent / f"{tmp_path.name}.yaml")
    options = SourceOptions(
        map=tmp_path.parent / f"{tmp_path.name}.yaml", dictionary=options.dictionary
    )
    import_into(
        tmp_path.parent / f"{tmp_path.name}-r" / "registry",
        [str(tmp_path)],
        source="redcap",
        options=options,
    )
    assert content(tmp_path.parent / f"{tmp_path.name}-r") == EXPECTED


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    assert import_project(tmp_path, raw_export()).changed
    assert not import_project(tmp_path, raw_export()).changed


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sex: sex", "sex: sexx", "no field 'sexx'"),
        ("sex: sex", "sex: full_name", "flagged as an identifier"),
        ("sex: sex", "sex: remarks", "free text"),
        ("patient_id: record_id\n          sex", "patient_id: dob\n          sex", "identifier"),
        ("organ: met_sites___2", "organ: met_sites", "checkbox field"),
        ("instrument: visit", "instrument: visits", "no instrument 'visits'"),
        ("instrument: visit", "file: '*.csv'\n    instrument: visit", "not both"),
        ("- instrument: visit\n", "- lookups: []\n    instrument: visit\n    x: 1\n", "x"),
        ("calendar: real", "calendar: unreal", "calendar"),
        ("format: 1", "format: [", "YAML"),
    ],
)
def test_faults_of_the_map_are_said(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=message):
        import_project(tmp_path, raw_export(), map_text=MAP.replace(old, new, 1))
    assert not (tmp_path / "registry" / "manifest.json").exists()


def test_a_flagged_record_id_is_refused(tmp_path: Path) -> None:
    dictionary = DICTIONARY.replace(
        '"Record ID","","","","","",""', '"Record ID","","","","","","y"'
    )
    assert dictionary != DICTIONARY
    with pytest.raises(DesignError, match="Hash the Record ID"):
        import_project(tmp_path, raw_export(), dictionary=dictionary)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    options = write_project(tmp_path, raw_export())

    def run(options: SourceOptions, files: Sequence[str] = ("export.csv",)) -> None:
        import_into(
            tmp_path / "registry", [str(tmp_path / f) for f in files], source="redcap",
            options=options,
        )  # fmt: skip

    with pytest.raises(DataError, match="Data Dictionary"):
        run(SourceOptions(map=options.map))
    with pytest.raises(DesignError, match="registry map"):
        run(SourceOptions(dictionary=options.dictionary))
    with pytest.raises(DataError, match="no export among the files"):
        run(options, ["dictionary.csv"])
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column of the record id 'record_id'"):
        run(options, ["other.csv"])
    assert len(LABELS) == len(COLUMNS)
