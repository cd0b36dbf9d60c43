from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry

MAP = """
format: 1
source_system: ward
site: S1
calendar: real
missing: {not_recorded: [unk]}
files:
  - file: patients*.csv
    dates: ["%Y-%m-%d"]
    tables:
      - table: patient
        columns:
          patient_id: id
          sex: {from: sex, codes: {F: female, M: male}}
          last_contact_date: last
  - file: events.csv
    optional: true
    dates: ["%Y-%m-%d"]
    tables:
      - table: disease_event
        columns:
          patient_id: id
          date: day
          type: {from: what, codes: {met: distant_recurrence}}
"""
PATIENTS = "id,sex,last\n1,F,2020-01-01\n2,M,unk\n"


def run(
    tmp_path: Path,
    *files: Path,
    map_text: str = MAP,
    site: str | None = None,
    system: str | None = None,
) -> ImportReport:
    path = tmp_path / "m.yaml"
    path.write_text(map_text, encoding="utf-8")
    return import_into(
        tmp_path / "registry",
        [str(file) for file in files],
        source="delimited",
        options=SourceOptions(map=path, site=site, system=system),
    )


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_import_and_its_table(tmp_path: Path) -> None:
    text = PATIENTS + "\n3,F\n,F,2020-01-01\n4,X,2020-02-30\n"
    report = run(tmp_path, written(tmp_path, "patients.csv", text))
    assert report.read == 6
    assert report.accepted == {"patient": 3}
    assert report.batch.set_aside == {
        "the row has fewer cells than the header": 1,
        "patient.patient_id is missing": 1,
    }
    assert set(report.batch.issues) == {"unknown-code", "impossible-date"}
    assert "1 in no table: blank row" in report.summary()
    registry = read_registry(tmp_path / "registry")
    rows = registry.table("patient").to_pylist()
    assert [(r["patient_id"], r["site_id"], r["source_row"]) for r in rows] == [
        ("1", "S1", 2),
        ("2", "S1", 3),
        ("4", "S1", 7),
    ]
    assert {r["source_system"] for r in rows} == {"ward"}
    codes = {r["source_code"]: r["canonical_code"] for r in registry.table("code_map").to_pylist()}
    assert codes == {"F": "female", "M": "male", "X": None}


def test_the_same_again_changes_nothing_and_more_is_more(tmp_path: Path) -> None:
    path = written(tmp_path, "patients.csv", PATIENTS)
    assert run(tmp_path, path).changed
    assert not run(tmp_path, path).changed
    with pytest.raises(DesignError, match="id of a patient of another site"):
        run(tmp_path, path, site="S2")
    again = run(tmp_path, written(tmp_path, "patients.csv", PATIENTS + "3,F,2021-01-01\n"))
    assert again.accepted == {"patient": 1}
    assert again.batch.counts["patient"].already_there == 2


def test_compressed_and_archived_files(tmp_path: Path) -> None:
    (tmp_path / "patients.csv.gz").write_bytes(gzip.compress(PATIENTS.encode()))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as target:
        target.writestr("x/patients2.csv", PATIENTS.replace("1,", "7,").replace("2,M", "8,M"))
        target.writestr("x/events.csv", "id,day,what\n7,2020-01-01,met\n7,2020-01-02,?\n")
    report = run(tmp_path, tmp_path / "patients.csv.gz", tmp_path / "more.zip")
    assert report.accepted == {"patient": 4, "disease_event": 1}
    assert report.batch.set_aside == {"disease_event.type is missing": 1}
    rows = read_registry(tmp_path / "registry").table("disease_event").to_pylist()
    assert rows[0]["source_file"] == "more.zip/x/events.csv"
    assert rows[0]["event_id"] == "ward/more.zip/x/events.csv:2#1"


def test_files_that_the_map_does_not_name(tmp_path: Path) -> None:
    other = written(tmp_path, "readme.txt", "hello")
    report = run(tmp_path, written(tmp_path, "patients.csv", PATIENTS), other)
    assert report.batch.issues == {"file-not-in-map": {"minor": 1}}
    with pytest.raises(DataError, match=r"names the file patients\*\.csv"):
        run(tmp_path, other)


def test_a_map_is_required_and_must_fit(tmp_path: Path) -> None:
    path = written(tmp_path, "patients.csv", PATIENTS)
    with pytest.raises(DesignError, match="locoreg registry map"):
        import_into(tmp_path / "registry", [str(path)], source="delimited", options=SourceOptions())
    overlapping = MAP.replace("file: events.csv", "file: patients.*")
    with pytest.raises(DesignError, match="fits several files of the map"):
        run(tmp_path, path, map_text=overlapping)
    assert not (tmp_path / "registry" / "manifest.json").exists()


def test_a_damaged_second_file_leaves_the_registry_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, "patients.csv", PATIENTS)
    run(tmp_path, path)
    before = read_registry(tmp_path / "registry").manifest
    (tmp_path / "patients2.csv.gz").write_bytes(
        gzip.compress(b"id,sex,last\n" + b"9,F,2020-01-01\n" * 90_000)[:-9]
    )
    with pytest.raises(DataError, match="damaged"):
        run(tmp_path, path, tmp_path / "patients2.csv.gz")
    assert read_registry(tmp_path / "registry").manifest == before
    assert not (tmp_path / "registry" / ".staging").exists()


LOOKUP = """
format: 1
calendar: real
files:
  - file: patients.csv
    dates: ["%Y-%m-%d"]
    lookups:
      - {file: samples.csv, key: id, other_key: pid, columns: {taken: smallest, stage: same}}
    tables:
      - table: patient
        columns: {patient_id: id, entry_date: taken}
      - table: primary_tumour
        columns: {patient_id: id, tumour_id: id, stage_group: stage}
"""


def test_columns_of_another_file(tmp_path: Path) -> None:
    patients = written(tmp_path, "patients.csv", "id\n1\n2\n3\n")
    text = "pid,taken,stage\n1,2020-05-01,II\n1,2019-01-01,II\n2,,I\n2,2020-01-01,III\n2,,I\n"
    samples = written(tmp_path, "samples.csv", text)
    report = run(tmp_path, patients, samples, map_text=LOOKUP)
    registry = read_registry(tmp_path / "registry")
    entry = [str(r["entry_date"]) for r in registry.table("patient").to_pylist()]
    assert entry == ["2019-01-01", "2020-01-01", "None"]
    stages = [r["stage_group"] for r in registry.table("primary_tumour").to_pylist()]
    assert stages == ["II", None, None]
    assert report.batch.issues["lookup-differs"] == {"serious": 1}
    assert report.batch.issues["lookup-unmatched"] == {"minor": 1}
    with pytest.raises(DataError, match=r"samples\.csv, in which the map looks"):
        run(tmp_path, patients, map_text=LOOKUP)
    written(tmp_path, "samples.csv", "pid,taken\n")
    with pytest.raises(DataError, match="no column 'stage', which is looked up"):
        run(tmp_path, patients, samples, map_text=LOOKUP)
