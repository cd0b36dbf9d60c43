"""``locoreg km``: text, JSON and figure from one table; errors in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locoreg.cli.main import main
from locoreg.workflows.curves import curves_of_table

EXAMPLE = str(Path(__file__).resolve().parents[2] / "examples" / "SYNTHETIC_survival.csv")
TASK = ("km", EXAMPLE, "--time", "months", "--event", "dead", "--level", "95")
CAUSES = ("km", EXAMPLE, "--time", "months", "--event", "cause", "--level", "95", "--causes")
BY = ("--by", "arm")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_json_is_one_document_with_the_numbers_of_the_workflow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ("--at", "60,12,36", "--horizon", "60", "--reference", "systemic therapy alone")
    code, out, err = run(capsys, *TASK, *BY, *more, "--logrank", "--json")
    found = json.loads(out)
    expected = curves_of_table(
        EXAMPLE,
        time="months",
        event="dead",
        level=95,
        by="arm",
        at=(12, 36, 60),
        horizon=60,
        reference="systemic therapy alone",
        test=True,
    )
    assert (code, err) == (0, "")
    assert [x["time"] for x in found["at"][:3]] == [12, 36, 60]
    assert [x["estimate"] for x in found["at"]] == [x.estimate for x in expected.landmarks]
    assert found["logrank"]["chi2"] == expected.logrank.chi2
    contrast = found["rmst"]["contrasts"][0]
    assert contrast["difference"]["estimate"] == expected.rmst.contrasts[0].difference.estimate
    assert "NaN" not in out


def test_text_has_intervals_counts_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *TASK, *BY, "--at", "12", "--origin", "diagnosis")
    assert code == 0
    assert out.startswith("SYNTHETIC_survival.csv: 420 rows, all used.\n")
    assert "95% intervals (log-log, Greenwood's variance); months since diagnosis" in out
    assert "local therapy: 184 patients, 133 events; median 29.3 (22.7 to 32.8) months" in out
    assert "at 12 months: 71.2% (64.1 to 77.2)" in out
    assert "p <" not in out
    assert "p =" not in out


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_figure_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"figure.{ending}"
    code, out, _ = run(capsys, *TASK, *BY, "--out", str(target), "--title", "Overall survival")
    assert code == 0
    assert out.endswith(f"Wrote {target}.\n")
    assert target.stat().st_size > 5000


def test_figure_shows_the_numbers_of_the_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "figure.svg"
    arms = "local therapy,systemic therapy alone"
    options = ("--at", "12,36", "--horizon", "60", "--reference", "systemic therapy alone")
    _, out, _ = run(
        capsys, *TASK, *BY, *options, "--difference", "--arms", arms, "--out", str(target)
    )
    text = target.read_text(encoding="utf-8")
    for number in ("29.3 (22.7 to 32.8)", "71.2 (64.1 to 77.2)", ">184<", ">236<"):
        assert number in text
    for line in out.splitlines():
        if line.startswith(("Restricted mean", "Difference in restricted")):
            assert f">{line}<" in text
    assert "difference-zero" in text


def test_options_of_the_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "figure.svg"
    more = ("--incidence-upward", "--cut", "--until", "60", "--outcome", "Deaths")
    run(capsys, *TASK, *BY, *more, "--by-after-time-zero", "--out", str(target))
    text = target.read_text(encoding="utf-8")
    assert "Immortal time" in text
    assert ">Deaths<" in text
    assert "Curves are cut where" in text


def test_causes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "figure.svg"
    names = ("--cause-names", "breast cancer,other cause")
    code, out, _ = run(capsys, *CAUSES, *BY, *names, "--at", "36", "--out", str(target))
    assert code == 0
    assert "breast cancer, at 36 months: 51.2% (43.4 to 58.4)" in out
    assert "Aalen-Johansen" in target.read_text(encoding="utf-8")


def test_small_cells_hold_in_text_json_and_figure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = tmp_path / "figure.svg"
    options = (*TASK, *BY, "--small-cells", "10", "--out", str(target))
    _, text, _ = run(capsys, *options)
    _, out, _ = run(capsys, *options, "--json")
    shown = [row for table in json.loads(out)["counts"] for row in table["shown"].values()]
    assert "≤10" in text
    assert any("≤10" in row for row in shown)
    assert ">≤10<" in target.read_text(encoding="utf-8")
    assert json.loads(out)["curves"]["curves"][0].keys() == {
        "stratum",
        "time",
        "estimate",
        "ci_low",
        "ci_high",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--by", "arms"), "row 1: there is no column 'arms'. Hint: did you mean arm?"),
        (("--by", "patient"), "420 different values"),
        (("--at", "12,x"), "--at: 'x' is no time"),
        (("--horizon", "200"), "lies after the follow-up"),
        (("--event-code", "7"), "no row has the event code '7'"),
        (("--out", "figure.bmp"), "does not end in a format"),
        (("--out", "no/such/figure.svg"), "there is no folder"),
        (("--entry", "months"), "rows 2, 3, 4, 5, 6 and 415 more, column months is not before"),
    ],
)
def test_faults_leave_with_1_and_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *TASK, *arguments)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert words in err
    code, out, _ = run(capsys, *TASK, *arguments, "--json")
    assert code == 1
    assert json.loads(out)["error"]["kind"] in ("DataError", "DesignError")


@pytest.mark.parametrize("left_out", ["--time", "--event", "--level"])
def test_nothing_that_defines_the_estimate_has_a_default(
    capsys: pytest.CaptureFixture[str], left_out: str
) -> None:
    place = TASK.index(left_out)
    code, _, _ = run(capsys, *TASK[:place], *TASK[place + 2 :])
    assert code == 2


def test_missing_cells(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("t;e\n1,5;1\n;1\n2,5;0\n", encoding="utf-8")
    task = ("km", str(path), "--time", "t", "--event", "e", "--level", "95")
    code, _, err = run(capsys, *task)
    assert code == 1
    assert "gaps.csv: column t is empty in row 3." in err
    code, out, _ = run(capsys, *task, "--drop-missing")
    assert code == 0
    assert out.startswith("gaps.csv: 3 rows; left out: 1 without t (row 3).")
