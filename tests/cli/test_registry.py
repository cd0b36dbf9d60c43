"""``locoreg registry``: each command, its JSON, its files and its errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from locoreg.cli.main import main
from locoreg.registry.sources import source_names

OPTIONS = str(Path(__file__).resolve().parents[2] / "examples" / "classification.yaml")
MAP = """
format: 1
source_system: ward
site: A
calendar: real
missing: {not_recorded: [""]}
files:
  - file: ward.csv
    dates: ["%Y-%m-%d"]
    tables:
      - table: patient
        columns:
          patient_id: id
          sex: {from: sex, codes: {F: female}}
          last_contact_date: seen
          vital_status: {from: status, codes: {alive: alive, dead: dead}}
"""
ROWS = "id,sex,seen,status\n1,F,2021-05-01,alive\n2,F,2021-13-01,alive\n=3,F,2020-01-01,dead\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["registry", *(str(argument) for argument in arguments)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("s") / "r"
    arguments = ["--patients", "300", "--seed", "4", "--scenario", "dirty", "-o", str(folder)]
    with pytest.raises(SystemExit) as stop:
        main(["registry", "simulate", *arguments])
    assert not stop.value.code
    return folder


@pytest.fixture
def ward(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "ward.csv").write_text(ROWS)
    (tmp_path / "map.yaml").write_text(MAP)
    return tmp_path / "ward.csv", tmp_path / "map.yaml"


def test_import_show_undo_purge_export(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ward: tuple[Path, Path]
) -> None:
    folder = tmp_path / "r"
    task = ("import", ward[0], "--registry", folder, "--source", "delimited", "--map", ward[1])
    first = document(capsys, *task)
    assert (first["changed"], first["read"], first["accepted"]) == (True, 3, {"patient": 3})
    assert first["batch"]["issues"] == {"impossible-date": {"serious": 1}}
    assert document(capsys, *task)["changed"] is False
    code, out, _ = run(capsys, *task)
    assert (code, "Nothing was changed" in out) == (0, True)
    shown = document(capsys, "show", folder, "--verify")
    assert (shown["rows"]["patient"], shown["damaged"]) == (3, [])
    document(capsys, "export", folder, "--out", tmp_path / "csv")
    with (tmp_path / "csv/patient.csv").open(newline="") as stream:
        assert [row["patient_id"] for row in csv.DictReader(stream)] == ["1", "2", "'=3"]
    import_id = first["batch"]["import_id"]
    assert document(capsys, "undo", folder, import_id)["rows"]["patient"] == 0
    assert document(capsys, "purge", folder) == {"deleted_files": 3}


def test_a_damaged_file_gives_exit_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ward: tuple[Path, Path]
) -> None:
    folder = tmp_path / "r"
    run(capsys, "import", ward[0], "--registry", folder, "--source", "delimited", "--map", ward[1])
    stored = next(folder.glob("tables/patient/*"))
    stored.write_bytes(stored.read_bytes() + b"x")
    code, out, _ = run(capsys, "show", folder, "--verify")
    assert code == 1
    assert f"Damaged files: tables/patient/{stored.name}" in out


def test_errors_are_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ward: tuple[Path, Path]
) -> None:
    code, _, err = run(capsys, "check", tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    assert "is no registry" in err
    task = ("import", ward[0], "--registry", tmp_path / "r", "--source")
    code, _, err = run(capsys, *task, "delimitd")
    assert (code, "did you mean delimited" in err) == (1, True)
    code, _, err = run(capsys, *task, "delimited")
    assert (code, "locoreg registry map" in err) == (1, True)
    code, out, _ = run(capsys, *task, "delimited", "--json")
    assert (code, json.loads(out)["error"]["kind"]) == (1, "DesignError")
    assert not (tmp_path / "r").exists()


def test_every_source_is_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "import", "--help")
    for name in source_names():
        assert name in out


def test_map_drafts_and_never_overwrites(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, ward: tuple[Path, Path]
) -> None:
    code, out, err = run(capsys, "map", ward[0])
    assert (code, "format: 1" in out, bool(err)) == (0, True, True)
    code, _, _ = run(capsys, "map", ward[0], "--out", tmp_path / "draft.yaml")
    assert code == 0
    code, _, err = run(capsys, "map", ward[0], "--out", tmp_path / "draft.yaml")
    assert (code, "can't be written" in err) == (1, True)


def test_check_writes_issues_and_the_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, synthetic: Path
) -> None:
    code, out, _ = run(capsys, "check", synthetic, "--out", tmp_path / "q", "--strict")
    assert code == 3
    assert out.startswith("SYNTHETIC")
    names = {path.name for path in (tmp_path / "q").iterdir()}
    assert names == {"issues.csv", "issues.parquet", "quality.html"}
    found = document(capsys, "check", synthetic, "--rule", "plausibility")
    assert found["by_severity"]["blocking"] > 0


def test_classify_score_and_cohort_write_their_rows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, synthetic: Path
) -> None:
    as_of = ("--as-of", "first_metastasis", "--plus-days", "60", "--options", OPTIONS)
    found = document(capsys, "classify", synthetic, *as_of, "--out", tmp_path / "c")
    assert found["synthetic"] is True
    assert pq.read_table(tmp_path / "c/derived_patient.parquet").num_rows > 250
    code, _, err = run(capsys, "classify", synthetic, *as_of[:2], *as_of[4:])
    assert (code, "--plus-days" in err) == (1, True)
    scores = tmp_path / "scores.csv"
    found = document(capsys, "score", synthetic, "--instrument", "QLQ-C30,FACT-B", "--out", scores)
    assert found["questionnaires"] > 0
    assert "SYNTHETIC" in scores.read_text()
    windows = ("--therapy-within-days", "180", "--sites-within-days", "60")
    found = document(capsys, "cohort", synthetic, *windows, "--out", tmp_path / "rows.parquet")
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == found["rows"]


@pytest.mark.parametrize(
    "task",
    [
        ("cohort", "--therapy-within-days", "9", "--sites-within-days", "9"),
        ("score", "--instrument", "QLQ-C30"),
        ("check", "--rule", "conformance"),
        ("export",),
        ("describe", "--time-zero", "entry", "--level", "95"),
    ],
    ids=lambda task: task[0],
)
def test_an_output_that_can_not_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, synthetic: Path, task: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "x.csv"
    code, _, err = run(capsys, task[0], synthetic, *task[1:], "--out", out)
    assert (code, err.count("\n")) == (1, 1)
    assert "can't be written" in err


def test_describe_prints_the_numbers_of_its_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, synthetic: Path
) -> None:
    task = ("describe", synthetic, "--time-zero", "first_metastasis", "--level", "95")
    more = ("--by", "subtype_primary", "--at", "12,36")
    found = document(capsys, *task, *more)
    code, out, _ = run(capsys, *task, *more, "--out", tmp_path / "table1.csv")
    assert code == 0
    for column in found["table"]["columns"]:
        assert f"{column['name']} (N = {column['n']})" in out
    assert "Wrote" in out
    assert (tmp_path / "table1.csv").read_text().startswith("variable,level,unit,statistic,")
    code, _, err = run(capsys, *task, "--at", "soon")
    assert (code, "'soon' is no number" in err) == (1, True)


def test_simulate_overwrites_nothing(capsys: pytest.CaptureFixture[str], synthetic: Path) -> None:
    arguments = ("--patients", "5", "--seed", "1", "--scenario")
    code, _, err = run(capsys, "simulate", *arguments, "null", "-o", synthetic)
    assert (code, err.count("\n")) == (1, 1)
    code, _, err = run(capsys, "simulate", *arguments, "nul", "-o", synthetic.parent / "x")
    assert (code, "did you mean null" in err) == (1, True)


def test_push_says_what_is_wrong(capsys: pytest.CaptureFixture[str], synthetic: Path) -> None:
    address = "postgresql://me:secret@127.0.0.1:1/nowhere?connect_timeout=2"
    code, _, err = run(capsys, "push", synthetic, "--to", address)
    assert code == 1
    assert "can't be reached" in err
    assert "secret" not in err
