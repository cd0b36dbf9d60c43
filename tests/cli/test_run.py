from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from locoreg.cli.main import main
from locoreg.workflows.stored import StoredRun

STUDY = """
title: Trials of primary surgery
search_date: "2026-11-23"
evidence:
  tables: [shipped]
  questions:
    - question: primary-surgery
      outcomes: [overall_survival]
      designs: [rct]
      method: REML
      interval: hartung-knapp
      level: 95
      studies: [badwe2015, soran2018, khan2022]
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_run_writes_prints_and_keeps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    study, out = tmp_path / "study.yaml", tmp_path / "out"
    study.write_text(STUDY, encoding="utf-8")
    code, printed, err = run(capsys, "run", str(study), "--out", str(out), "--progress", "json")
    assert code == 0
    told = json.loads((out / "results.json").read_text(encoding="utf-8"))
    answer = told["questions"][0]["pools"][0]["answer"]
    assert answer in printed
    assert str(out / "report.html") in printed
    stages = [json.loads(line) for line in err.splitlines()]
    assert {"step", "name", "stage", "number", "of"} <= set(stages[0])
    assert all(one["number"] <= one["of"] for one in stages)
    # The audit of the shipped tables has blocking findings.
    assert run(capsys, "run", str(study), "--out", str(out), "--strict")[0] == 3
    code, printed, err = run(capsys, "run", str(study), "--out", str(out), "--json")
    assert code == 0
    assert json.loads(printed) == told
    code, printed, _ = run(capsys, "compare", str(out), str(out))
    assert (code, printed.strip()) == (0, "Nothing moved.")


def test_what_failed_is_printed_first_and_sets_the_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    diagnostic = {
        "name": "balance", "title": "Balance", "verdict": "fail", "arm": None, "value": 0.3,
        "limit": 0.1, "message": "Age differs.", "advice": "Mend it.",
    }  # fmt: skip
    primary = {"diagnostics": [diagnostic], "contrasts": [], "biased": None}
    sentences = [
        {"text": "What failed: Balance.", "tone": "blocking", "parts": [], "numbers": []},
        {"text": "Difference +0.31.", "tone": "plain", "parts": [], "numbers": []},
    ]
    item = {"topic": "emulated", "title": "What emulated trials show", "sentences": sentences}
    results: dict[str, Any] = {
        "title": "T", "schema": 2, "changes": None, "registry": None, "selection": [],
        "emulation": [{"name": "a", "results": {"primary": primary, "audit": []}}],
        "conclusion": {"questions": [{"question": None, "title": "", "items": [item]}]},
        "steps": [],
    }  # fmt: skip

    def fake(study: Path, out: Path, **_: Any) -> StoredRun:
        return StoredRun(folder=out, results=results, sha256="0" * 64, steps=())

    monkeypatch.setattr("locoreg.cli.run.run_study", fake)
    code, printed, _ = run(capsys, "run", "study.yaml", "--out", str(tmp_path), "--strict")
    assert code == 4
    lines = [line for line in printed.splitlines() if line.strip()]
    assert "Balance" in lines[1]
    assert lines[1].startswith("[fail]")
    assert "[fail] What failed: Balance." in lines
    assert "Difference +0.31." in lines
