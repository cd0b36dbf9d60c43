"""``locoreg curves`` from a folder of read points to persons and pools, and what it refuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from locoreg.cli.curves import app
from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.evidence.digitised import read_folder, read_webplot

LIMITS = ("--level", "95", "--limits", "0.05,0.02,0.05,0.01")
POOL = ("--horizon", "30,80", "--at", "24", "--cuts", "20", "--method", "REML", "--interval",
        "normal", "--variance", "robust")  # fmt: skip
# aml of R's survival package (Miller 1997), read at its steps; a second study is made up of it.
POINTS = {
    "maintained": [(9, 90.9), (13, 81.8), (18, 71.6), (23, 61.4), (31, 49.1), (34, 36.8),
                   (48, 18.4), (161, 18.4)],
    "none": [(5, 83.3), (8, 66.7), (12, 58.3), (23, 48.6), (27, 38.9), (30, 29.2), (33, 19.4),
             (43, 9.7), (45, 0)],
}  # fmt: skip
AT_RISK = {"maintained": [(0, 11), (24, 6), (48, 2)], "none": [(0, 12), (24, 5)]}
ARM = {
    "outcome": "relapse", "time_unit": "weeks", "survival_scale": "percent",
    "curve_end": "follow-up", "source_figure": "Fig 1", "read_by": "AB", "read_on": "2026-05-31",
}  # fmt: skip


def call(*arguments: object) -> int:
    return app([str(one) for one in arguments], result_action="return_value")


def append(path: Path, row: dict[str, object]) -> None:
    with path.open(encoding="utf-8") as file:
        names = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, names).writerow(row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two studies of the same numbers, with the roles of the arms exchanged in the second."""
    out = tmp_path / "read"
    call("template", out)
    for study, first in (("aml", "maintained"), ("turned", "none")):
        for arm, points in POINTS.items():
            start = {"study_id": study, "arm": arm}
            role = "intervention" if arm == first else "control"
            n = AT_RISK[arm][0][1]
            append(out / "curves.csv", ARM | start | {"role": role, "n": n})
            for time, survival in points:
                append(out / "points.csv", start | {"time": time, "survival": survival})
            for time, left in AT_RISK[arm]:
                append(out / "at_risk.csv", start | {"time": time, "n": left})
    return out


def change(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_reconstruct_writes_persons_results_and_figures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    capsys.readouterr()
    call("reconstruct", folder, *LIMITS, "--out", out)
    text = capsys.readouterr().out
    assert "2 studies, all within the limits of accuracy" in text
    assert "aml, maintained (intervention): 11 persons, 7 events from 8 read points" in text
    assert {path.name for path in out.iterdir()} == {
        "persons.csv", "results.json", "aml.svg", "turned.svg",
    }  # fmt: skip
    with (out / "persons.csv").open(encoding="utf-8") as file:
        persons = list(csv.DictReader(file))
    assert len(persons) == 46
    weeks = [float(p["time"]) * 30.4375 / 7 for p in persons if p["arm"] == "maintained"][:2]
    assert weeks == pytest.approx([9, 13])
    found = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert found["limits"] == {"rmse": 0.05, "mean_error": 0.02, "max_error": 0.05, "at_risk": 0.01}
    assert found["failed_checks"] == []


def test_pool_and_direction(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pooled"
    capsys.readouterr()
    call("pool", folder, *LIMITS, *POOL, "--out", out, "--json")
    found = json.loads(capsys.readouterr().out)
    first, turned = (study["hr"]["estimate"] for study in found["studies"])
    assert first == pytest.approx(-turned)
    assert found["one_stage"]["hr"]["estimate"] == pytest.approx(0, abs=1e-8)
    assert found["one_stage"]["variance"] == "robust"
    assert found["two_stage"]["k"] == 2
    events = sum(arm["reconstruction"]["events"] for s in found["studies"] for arm in s["arms"])
    assert sum(one["events"] for one in found["intervals"]) == events
    # The control of aml comes to 0 at 45 weeks, its other arm is read to 161 weeks, 37 months.
    assert found["rmst"][1]["left_out"] == [
        "aml (its curves end at 37.0 months)", "turned (its curves end at 37.0 months)",
    ]  # fmt: skip
    assert {path.name for path in out.iterdir()} == {
        "results.json", "curves_averaged.csv", "curves.svg", "hazard_ratio.svg",
    }  # fmt: skip


def test_limits_are_the_reader_s(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    call("reconstruct", folder, "--level", "95", "--limits", "0,0,0,0")
    assert "Outside its limit: root mean square error" in capsys.readouterr().out
    for bad in ("0.05", "a,b,c,d", "1,2,3,4,5"):
        with pytest.raises(DesignError, match="four numbers"):
            call("reconstruct", folder, "--level", "95", "--limits", bad)


def percent_as_proportion(folder: Path) -> None:
    change(folder / "curves.csv", "percent", "proportion")


def proportion_as_percent(folder: Path) -> None:
    append(folder / "curves.csv", ARM | {"study_id": "b", "arm": "x", "role": "control", "n": 5})
    append(folder / "points.csv", {"study_id": "b", "arm": "x", "time": 3, "survival": 0.5})


def no_role(folder: Path) -> None:
    change(folder / "curves.csv", "intervention", "", 1)


def two_controls(folder: Path) -> None:
    change(folder / "curves.csv", "intervention", "control", 1)


def unknown_arm(folder: Path) -> None:
    append(folder / "points.csv", {"study_id": "aml", "arm": "maintaned", "time": 3, "survival": 9})


def at_risk_rises(folder: Path) -> None:
    change(folder / "at_risk.csv", "aml,maintained,48,2", "aml,maintained,48,9")


def n_too_small(folder: Path) -> None:
    change(folder / "at_risk.csv", "aml,maintained,0,11", "aml,maintained,0,14")


def decimal_commas(folder: Path) -> None:
    change(folder / "points.csv", "9,90.9", "9,90,9", 1)


def not_a_number(folder: Path) -> None:
    change(folder / "points.csv", "9,90.9", "x,90.9", 1)


def censoring_marks(folder: Path) -> None:
    (folder / "censored.csv").write_text("study_id,arm,time\naml,none,16\n", encoding="utf-8")


def misspelt_file(folder: Path) -> None:
    (folder / "atrisk.csv").write_text("study_id,arm,time,n\n", encoding="utf-8")


def curve_rises(folder: Path) -> None:
    change(folder / "points.csv", "aml,maintained,48,18.4", "aml,maintained,48,58.4")


def no_points(folder: Path) -> None:
    (folder / "points.csv").unlink()


def no_date(folder: Path) -> None:
    change(folder / "curves.csv", "2026-05-31", "yesterday", 1)


def twice(folder: Path) -> None:
    append(
        folder / "curves.csv",
        ARM | {"study_id": "aml", "arm": "none", "role": "control", "n": 12},
    )


def too_many_events(folder: Path) -> None:
    change(folder / "curves.csv", "relapse,11,", "relapse,11,12", 1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (percent_as_proportion, r"aml/maintained: survival 90.9 at .* is no proportion"),
        (proportion_as_percent, "b/x are said to be percent"),
        (no_role, "curves.csv, row 2, column role"),
        (two_controls, "aml needs one intervention arm and one control arm"),
        (unknown_arm, r"points.csv, row 36: arm aml/maintaned .*did you mean aml/maintained"),
        (at_risk_rises, "aml/maintained: numbers at risk must not rise"),
        (n_too_small, "14 are at risk at time 0, but n is 11"),
        (decimal_commas, "points.csv, row 2: 5 cells under 4 columns"),
        (not_a_number, "points.csv, row 2, column time"),
        (censoring_marks, r"censored.csv .*marked censoring times are not used"),
        (misspelt_file, r"atrisk.csv .*did you mean at_risk.csv"),
        (curve_rises, "aml/maintained: the curve rises by 0.216"),
        (no_points, "neither points.csv nor webplotdigitizer.csv"),
        (no_date, "column read_on: 'yesterday' is no date"),
        (twice, "arm aml/none stands there twice"),
        (too_many_events, "total_events must be a whole number from 0 to 11"),
    ],
)
def test_faults_are_named(folder: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(folder)
    with pytest.raises(LocoregError) as caught:
        call("reconstruct", folder, *LIMITS)
    assert isinstance(caught.value, DataError)
    assert caught.match(words) or pytest.fail(str(caught.value))


def test_descending_times_are_sorted_and_told(folder: Path) -> None:
    lines = (folder / "points.csv").read_text(encoding="utf-8").splitlines()
    (folder / "points.csv").write_text("\n".join([lines[0], *lines[:0:-1]]), encoding="utf-8")
    for curve in read_folder(folder):
        assert curve.notes == ("Points were not in order of time, and were sorted.",)


def test_points_a_little_beyond_the_picture_are_moved_and_told(folder: Path) -> None:
    append(
        folder / "points.csv", {"study_id": "aml", "arm": "none", "time": -0.1, "survival": 100.2}
    )
    curve = read_folder(folder)[1]
    assert (curve.time[-1], curve.survival[-1]) == (0.0, 1.0)
    assert curve.notes[0].startswith("1 points beyond the edges of the picture")
    assert "0.002" in curve.notes[0]


def test_webplotdigitizer_s_export_gives_the_same_curves(folder: Path) -> None:
    own = read_folder(folder)
    names, heads = [], []
    for study in ("aml", "turned"):
        for arm in POINTS:
            names += [f"{study}/{arm}", ""]
            heads += ["X", "Y"]
    rows = [names, heads]
    for k in range(9):
        cells = []
        for _ in range(2):
            for points in POINTS.values():
                pair = points[k] if k < len(points) else ("", "")
                cells += [str(value).replace(".", ",") for value in pair]
        rows.append(cells)
    (folder / "points.csv").unlink()
    text = "\n".join(";".join(row) for row in rows)
    (folder / "webplotdigitizer.csv").write_text(text, encoding="utf-8")
    assert read_folder(folder) == own


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a/x,\nX,Y\n", "needs a row of names"),
        ("a,\nX,Y\n1,2\n", "'a' is not study/arm"),
        ("a/x,\nA,B\n1,2\n", "are not X and Y"),
        ("a/x,,a/x,\nX,Y,X,Y\n1,2,3,4\n", "stands there twice"),
        ("a/x,\nX,Y\n1,zwei\n", "'zwei' of a/x is not a number"),
    ],
)
def test_faults_of_an_export_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "webplotdigitizer.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_webplot(path)


def test_a_template_overwrites_nothing(tmp_path: Path) -> None:
    call("template", tmp_path / "new")
    with pytest.raises(DataError, match="there already"):
        call("template", tmp_path / "new")


def test_options_of_pool_are_checked(folder: Path) -> None:
    with pytest.raises(DesignError, match="'soon' is no number"):
        call("pool", folder, *LIMITS, *POOL, "--at", "soon")
