"""An emulation of a table, from its view to the files of its report."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from locoreg.core.estimate import Estimate
from locoreg.emulation.benchmark import TrialEstimate, benchmark
from locoreg.emulation.sensitivity import check_controls
from locoreg.report.emulation import write_emulation
from locoreg.workflows.emulation.reproduction import reproduction
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.stepped import failures_of
from locoreg.workflows.emulation.task import emulate
from locoreg.workflows.emulation.trials import TrialComparison
from locoreg.workflows.emulation.viewof import agreement_sentence, benchmark_view, view_of
from tests.emulation.designs import lt1
from tests.report.conftest import Page

PROTOCOL: dict[str, Any] = {
    "protocol": 1,
    "title": "Early treatment",
    "causal_question": "Do patients live longer if they are treated within 6 months?",
    "table": {
        "person": "patient", "time": "months", "event": "died", "events": {1: "death"},
        "treatment_time": "start", "unit": "months",
    },
    "eligibility": [],
    "strategies": {
        "treated": {
            "label": "Treatment within 6 months", "grace_months": 6,
            "initiation": "all_initiators",
        },
        "comparator": {"label": "No treatment", "rule": "never"},
    },
    "contrast": "per_protocol", "interval_months": 1, "horizon_months": 36,
    "at_months": [12, 36], "level": 95,
    "confounders": {
        "baseline": [{"variable": "x1"}, {"variable": "x2"}], "time_varying": [],
        "missing": {"method": "refuse"},
    },
    "analysis": {
        "method": "clone_censor_weight", "options": {},
        "intervals": {"kind": "influence"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def result() -> EmulationResult:
    cohort = lt1(500, 11, log_hazard=float(np.log(0.6)))
    table = pd.DataFrame(
        {
            "patient": cohort.person_id,
            "months": cohort.time,
            "died": cohort.event,
            "start": np.where(np.isfinite(cohort.treatment_time), cohort.treatment_time, np.nan),
            "x1": cohort.baseline[0].values,
            "x2": cohort.baseline[1].values,
        }
    )
    return emulate(PROTOCOL, table=table, sensitivity=False)


@pytest.fixture(scope="module")
def folder(result: EmulationResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("emulation") / "out"
    assert write_emulation(result, out, command="locoreg emulate X") == out / "report.html"
    return out


def test_view_is_of_the_result(result: EmulationResult) -> None:
    view = view_of(result)
    assert view.title == "Early treatment"
    assert view.measure == "survival_difference"
    assert view.at_months == 36.0
    assert view.protocol_sha256 == result.protocol_sha256
    assert len(view.checklist) == len(result.target.rows)
    assert view.compared[0].number == "6a, 7a"
    assert dict(view.provenance)["Cohort, SHA-256"] == result.primary.provenance.input_sha256
    groups = view.cohort[0]
    assert sum(int(row[1].replace(",", "")) for row in groups.rows) == result.primary.n
    assert view.specifications == ()
    assert view.benchmark is None


def test_page_holds_the_effect(result: EmulationResult, folder: Path) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    estimate = result.primary.contrast("survival_difference", 36.0).estimate.estimate
    assert f"{100 * abs(estimate):.1f}" in page.words
    assert "locoreg emulate X" in page.words
    assert not page.unclosed


def test_page_and_results_tell_the_same_numbers(folder: Path) -> None:
    words = Page((folder / "report.html").read_text(encoding="utf-8")).words
    primary = json.loads((folder / "results.json").read_text(encoding="utf-8"))["primary"]
    for c in primary["contrasts"]:
        if c["measure"] in ("survival_difference", "rmst_difference"):
            factor, digits = (100, 1) if c["measure"] == "survival_difference" else (1, 2)
            for name in ("estimate", "ci_low", "ci_high"):
                assert f"{abs(factor * c[name]):.{digits}f}" in words
    for arm in primary["arms"]:
        for value in arm["estimate"]:
            assert f"{100 * value:.1f}" in words
    for box in primary["flow"]:
        assert f"{box['n']:,}" in words


def test_reproduction_tells_no_login() -> None:
    command, python = reproduction(
        "my plan.yaml",
        {"registry": "postgresql://me:secret@db/x?schema=r", "method": None, "jobs": 2,
         "primary_only": True},
        out=Path("out"), small_cells=None,
    )  # fmt: skip
    assert command == (
        "locoreg emulate 'my plan.yaml' --registry 'postgresql://...@db/x?schema=r' --jobs 2 "
        "--primary-only --out out"
    )
    assert "registry='postgresql://...@db/x?schema=r', jobs=2, sensitivity=False" in python
    assert "small_cells=None" in python
    compile(python, "reproduce", "exec")


def test_files_stand_beside_the_page(result: EmulationResult, folder: Path) -> None:
    figures = sorted(path.name for path in (folder / "figures").iterdir())
    for kind in ("attrition", "balance", "curves", "flow", "weights"):
        assert f"{kind}.svg" in figures
        assert f"{kind}.pdf" in figures
    written = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert written["protocol_sha256"] == result.protocol_sha256
    with (folder / "tables" / "contrasts.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["measure"] for row in rows] == [c.measure for c in result.primary.contrasts]
    mids = [float(row["estimate"]) for row in rows]
    assert mids == pytest.approx([c.estimate.natural[0] for c in result.primary.contrasts])
    failed = "; ".join(view_of(result).failures.names)
    assert {row["failed_diagnostics"] for row in rows} == {failed}


@pytest.mark.parametrize("small_cells", [None, 10])
def test_page_figures_tables_and_json_name_a_failed_negative_control(
    result: EmulationResult, tmp_path: Path, small_cells: int | None
) -> None:
    verdicts = check_controls(
        {"fractures": trial("x", 0.4, 0.05).estimate, "falls": trial("y", 0.0, 0.1).estimate},
        level=95.0,
    )
    assert [one.verdict for one in verdicts] == ["fail", "pass"]
    found = replace(result, extras=replace(result.extras, control_verdicts=verdicts))
    assert not result.failed
    assert [one.name for one in found.failed] == ["negative_control"]
    assert "FAILED DIAGNOSTIC: Negative control. fractures" in found.summary()
    page = write_emulation(found, tmp_path, small_cells=small_cells)
    words = Page(page.read_text(encoding="utf-8")).words
    assert "Show the estimates anyway. Failed: Negative control" in words
    told = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert told["failed"] == ["Negative control"] == list(failures_of(told).names)
    assert told["failed"] == list(view_of(found, small_cells=small_cells).failures.names)
    for name in ("contrasts", "curves"):
        with (tmp_path / "tables" / f"{name}.csv").open(encoding="utf-8") as lines:
            assert {row["failed_diagnostics"] for row in csv.DictReader(lines)} == {
                "Negative control"
            }
    for figure in (tmp_path / "figures").glob("*.svg"):
        assert "Negative control" in figure.read_text(encoding="utf-8")


def test_same_result_gives_the_same_bytes(
    result: EmulationResult, folder: Path, tmp_path: Path
) -> None:
    write_emulation(result, tmp_path, command="locoreg emulate X")
    for path in folder.rglob("*.*"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def trial(study: str, b: float, se: float) -> TrialEstimate:
    estimate = Estimate(
        estimate=b, se=se, ci_low=b - 1.96 * se, ci_high=b + 1.96 * se, level=95.0, scale="log"
    )
    return TrialEstimate(study_id=study, label=study.upper(), estimate=estimate, year=2018)


def test_benchmark_keeps_trials_and_emulation_apart() -> None:
    emulated = trial("emulation", -0.30, 0.09).estimate
    found = benchmark(
        emulated, (trial("a", -0.41, 0.15), trial("b", 0.10, 0.16)), label="registry", level=95.0,
        left_out=("c: no number",),
    )  # fmt: skip
    view = benchmark_view(TrialComparison(benchmark=found, effect=None, steps=(), note="All."))
    assert view is not None
    assert [row.label for row in view.trials[:2]] == ["A 2018", "B 2018"]
    assert [row.label for row in view.emulations] == ["registry"]
    assert "Left out: c: no number." in view.note
    first = agreement_sentence("A", found.rows[0].agreement)
    assert first == view.agreements[0]
    assert first.startswith("A: significance agrees; estimate agrees; difference agrees (z −0.63)")
    assert first.endswith("3 of 3.")
    assert benchmark_view(None) is None
