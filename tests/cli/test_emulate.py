"""``locoreg emulate`` and ``locoreg protocol``: numbers, exit codes, errors in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.cli.main import main
from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding, Location
from locoreg.emulation.protocol import example_names, read_example
from locoreg.emulation.sensitivity import check_controls
from locoreg.workflows.emulation.task import emulate
from tests.workflows.emulation import persons

STRONG = Estimate(estimate=0.4, se=0.05, ci_low=0.3, ci_high=0.5, level=95.0, scale="identity")
BLOCKING = Finding(
    rule="time-zero", severity="blocking", subject="persons", message="No time zero.", value=None,
    limit=None, location=Location(file="persons"), changes="Everything.",
)  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def written(folder: Path, content: dict[str, Any]) -> str:
    # JSON is YAML.
    path = folder / "protocol.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("persons")
    return str(persons.write_table(folder / "persons.csv", persons.rows(600, 1)))


def test_json_is_one_document_with_the_numbers_of_the_workflow(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    protocol = written(tmp_path, persons.protocol(sensitivity={"grace_months": [3]}))
    arguments = ("emulate", protocol, "--table", table, "--progress", "none", "--json")
    code, out, err = run(capsys, *arguments)
    found = json.loads(out)
    expected = emulate(protocol, table=table)
    assert (code, err) == (0, "")
    assert "NaN" not in out
    assert "Infinity" not in out
    assert found["protocol_sha256"] == expected.protocol_sha256
    assert [c["estimate"] for c in found["primary"]["contrasts"]] == [
        c.estimate.estimate for c in expected.primary.contrasts
    ]
    rows = found["sensitivity"]["specifications"]["rows"]
    assert [row["group"] for row in rows] == ["primary", "grace", "initiation"]


def test_report_has_the_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    protocol = written(tmp_path, persons.protocol())
    folder = tmp_path / "out"
    arguments = ("emulate", protocol, "--table", table, "--primary-only", "--progress", "none")
    code, out, _ = run(capsys, *arguments, "--out", str(folder))
    expected = emulate(protocol, table=table, sensitivity=False)
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert code == 0
    assert told["primary"]["contrasts"][0]["estimate"] == (
        expected.primary.contrasts[0].estimate.estimate
    )
    text = expected.primary.contrast("survival_difference").estimate.text()
    assert text in out
    assert text in page
    assert expected.protocol_sha256[:12] in out
    assert expected.protocol_sha256 in page


def test_method_takes_the_place_of_the_protocols(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    protocol = written(tmp_path, persons.protocol())
    arguments = ("emulate", protocol, "--table", table, "--primary-only", "--progress", "none")
    code, out, _ = run(capsys, *arguments, "--method", "ever_treated", "--json")
    assert code == 0
    assert json.loads(out)["primary"]["method"] == "ever_treated"
    code, _, _ = run(capsys, *arguments, "--method", "ever_treated", "--strict")
    assert code == 4


def test_strict_counts_negative_controls_and_blocking_findings(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    table: str,
) -> None:
    found = emulate(persons.protocol(), table=table, sensitivity=False)
    found = replace(found, primary=replace(found.primary, diagnostics=()))
    assert not found.failed
    verdicts = check_controls({"fractures": STRONG}, level=95.0)
    control = replace(found, extras=replace(found.extras, control_verdicts=verdicts))
    blocking = replace(found, audit=(BLOCKING,))
    protocol = written(tmp_path, persons.protocol())
    arguments = ("emulate", protocol, "--table", table, "--progress", "none")
    for result, code in ((found, 0), (control, 4), (blocking, 3)):
        monkeypatch.setattr("locoreg.cli.emulate.run_emulation", lambda *_, r=result, **__: r)
        assert run(capsys, *arguments, "--strict")[0] == code
        assert run(capsys, *arguments)[0] == 0
    monkeypatch.setattr("locoreg.cli.emulate.run_emulation", lambda *_, **__: control)
    _, out, _ = run(capsys, *arguments, "--json")
    assert json.loads(out)["failed"] == ["Negative control"]


def nobody_treated(columns: dict[str, Any]) -> None:
    columns["surgery"] = np.full(columns["surgery"].size, np.inf)


def no_overlap(columns: dict[str, Any]) -> None:
    rare = np.arange(columns["surgery"].size) % 25 == 0
    names = np.array(["a", "b"])[columns["x1"].astype(int)]
    columns["surgery"] = np.where(rare, np.inf, columns["surgery"])
    columns["x1"] = np.where(rare, "c", names)


def nothing(columns: dict[str, Any]) -> None:
    """Change nothing."""


UNKNOWN = {"baseline": [{"variable": "x3"}], "missing": {"method": "refuse"}}
LONG = {
    "treated": {"label": "in time", "grace_months": 30, "initiation": "all_initiators"},
    "comparator": {"label": "none", "rule": "never"},
}


@pytest.mark.parametrize(
    ("changes", "change", "said", "advised"),
    [
        pytest.param({"confounders": UNKNOWN}, nothing, "x3", "x2", id="unknown-column"),
        pytest.param({"strategies": LONG}, nothing, "grace", "horizon", id="grace-too-long"),
        pytest.param({}, nobody_treated, "treated", "grace period", id="nobody-treated"),
        pytest.param({}, no_overlap, "x1: c", "firth", id="no-overlap"),
    ],
)
def test_bad_protocols_say_in_one_line_what_to_do(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    changes: dict[str, Any],
    change: Any,
    said: str,
    advised: str,
) -> None:
    columns = persons.rows(500, 1)
    change(columns)
    table = str(persons.write_table(tmp_path / "persons.csv", columns))
    protocol = written(tmp_path, persons.protocol(**changes))
    arguments = ("emulate", protocol, "--table", table, "--primary-only", "--progress", "none")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert said in err
    assert advised in err
    assert "Hint:" in err


def test_an_outcome_before_time_zero_is_counted_with_advice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    columns = persons.rows(500, 1)
    columns["months"] = columns["months"].copy()
    columns["months"][3] = -1.5
    table = str(persons.write_table(tmp_path / "persons.csv", columns))
    protocol = written(tmp_path, persons.protocol())
    arguments = ("emulate", protocol, "--table", table, "--primary-only", "--progress", "none")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "[serious] outcome-before-time-zero: follow-up of 1 person ends before" in out
    assert "choose a time zero" in out


def test_a_confounder_measured_after_treatment_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    content = read_example("primary-surgery-after-response").protocol.to_dict()
    content["variables"]["progressed"]["window_months"] = [-8, 2]
    code, out, err = run(capsys, "protocol", "check", written(tmp_path, content))
    assert (code, out) == (1, "")
    assert "window_months" in err
    assert "time zero" in err


def test_one_source_of_patients(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "emulate", written(tmp_path, persons.protocol()))
    assert code == 1
    assert "name one source of patients" in err


def test_a_record_is_read_beside_the_shipped_tables(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str
) -> None:
    protocol = written(tmp_path, persons.protocol())
    folder = tmp_path / "record"
    start = ("emulate", protocol, "--table", table, "--primary-only", "--progress", "none")
    code, _, err = run(capsys, *start, "--record", str(folder))
    assert code == 1
    assert "--study" in err
    question = read_question()
    named = ("--study", "mine", "--source", "Own clinic", "--year", "2026", "--question", question)
    code, out, err = run(capsys, *start, "--record", str(folder), *named)
    assert (code, err) == (0, "")
    assert "Recorded in" in out
    tables = ("--tables", "shipped", "--tables", str(folder))
    pooled = ("evidence", "pool", question, *tables, "--design", "emulation", "--level", "95")
    code, out, err = run(capsys, *pooled, "--json")
    assert (code, err) == (0, "")
    assert "Own clinic 2026 (emulation)" in out


def read_question() -> str:
    from locoreg.evidence.catalog import load_catalog
    from locoreg.workflows.emulation.trials import question_of_studies

    studies = read_example("primary-surgery-6-months").protocol.benchmark.studies
    return question_of_studies(load_catalog(), studies)


def test_examples_are_listed_shown_and_checked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "protocol", "list", "--json")
    assert code == 0
    assert [one["name"] for one in json.loads(out)["examples"]] == list(example_names())
    target = tmp_path / "mine.yaml"
    assert run(capsys, "protocol", "show", "liver-resection", "--out", str(target))[0] == 0
    code, _, err = run(capsys, "protocol", "show", "liver-resection", "--out", str(target))
    assert code == 1
    assert "can't be written" in err
    code, out, _ = run(capsys, "protocol", "check", str(target))
    assert code == 0
    assert read_example("liver-resection").sha256 in out
