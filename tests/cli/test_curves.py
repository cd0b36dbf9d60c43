"""``locoreg curves`` from a folder of read points to persons and pools."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from locoreg.cli.curves import app
from locoreg.core.errors import DataError
from locoreg.evidence.digitised import read_folder, read_webplot
from tests.stats.reconstruct.real_curves import real_arms

POOL = ("--horizon", "12,24", "--at", "12", "--cuts", "6", "--method", "REML")


def call(*arguments: object) -> int:
    return app([str(one) for one in arguments], result_action="return_value")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two studies, read in percent with two decimals, days."""
    out = tmp_path / "read"
    call("template", out)
    for study in ("lung", "veteran"):
        for role, arm in zip(("control", "intervention"), real_arms(study), strict=True):
            start = {"study_id": study, "arm": role}
            append(
                out / "curves.csv",
                start
                | {
                    "role": role,
                    "outcome": "death",
                    "n": arm.time.size,
                    "time_unit": "days",
                    "survival_scale": "percent",
                    "curve_end": "follow-up",
                    "hr": 0.588 if study == "lung" else "",
                    "source_figure": "Fig 1",
                    "read_by": "AB",
                    "read_on": "2026-01-02",
                },
            )
            for time, survival in zip(arm.points, np.round(100 * arm.survival, 2), strict=True):
                append(out / "points.csv", start | {"time": time, "survival": survival})
            for time, n in zip(arm.at_risk_times, arm.at_risk, strict=True):
                append(out / "at_risk.csv", start | {"time": time, "n": int(n)})
    return out


def append(path: Path, row: dict[str, object]) -> None:
    with path.open(encoding="utf-8") as file:
        names = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, names).writerow(row)


def test_reconstruct_and_pool(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    out = tmp_path / "pooled"
    call("pool", folder, "--level", 95, *POOL, "--interval", "normal", "--variance", "model",
         "--out", out, "--json")  # fmt: skip
    found = json.loads(capsys.readouterr().out)
    lung = found["studies"][0]
    assert lung["ratio_to_reported"] == pytest.approx(1, abs=0.02)
    assert lung["passed"]
    assert [one["left_out"] for one in found["rmst"]] == [
        [],
        ["veteran (its curves end at 18.2 months)"],
    ]
    # Two intervals share the events of both studies.
    events = sum(arm["reconstruction"]["events"] for s in found["studies"] for arm in s["arms"])
    assert sum(one["events"] for one in found["intervals"]) == events
    assert found["two_stage"]["k"] == 2
    assert {path.name for path in out.iterdir()} == {
        "results.json", "curves_averaged.csv", "curves.svg", "hazard_ratio.svg",
    }  # fmt: skip


def test_faults_name_file_row_and_column(folder: Path) -> None:
    append(
        folder / "points.csv", {"study_id": "lung", "arm": "control", "time": "x", "survival": 1}
    )
    rows = len((folder / "points.csv").read_text(encoding="utf-8").splitlines())
    with pytest.raises(DataError, match=f"points.csv, row {rows}, column time"):
        read_folder(folder)


def test_webplotdigitizer_with_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "webplotdigitizer.csv"
    path.write_text("a/x;;a/y;\nX;Y;X;Y\n0,5;0,9;1;0,8\n2;0,7;;\n", encoding="utf-8")
    assert read_webplot(path) == {
        ("a", "x"): [(0.5, 0.9), (2.0, 0.7)],
        ("a", "y"): [(1.0, 0.8)],
    }


def test_a_template_overwrites_nothing(tmp_path: Path) -> None:
    call("template", tmp_path / "new")
    with pytest.raises(DataError, match="there already"):
        call("template", tmp_path / "new")
