"""What moved between two runs is named, headline numbers first, and so is why."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError
from locoreg.workflows.compare import Compared, compare_results, compare_runs
from locoreg.workflows.compare.others import leaves
from locoreg.workflows.stored import open_run

POOL = {
    "mu": {
        "estimate": -0.07, "se": 0.1, "ci_low": -0.3, "ci_high": 0.2, "level": 95, "scale": "log",
        "natural": {"estimate": 0.93, "ci_low": 0.74, "ci_high": 1.22},
    },
    "k": 2,
    "prediction": None,
    "studies": [
        {"study_id": "badwe2015", "label": "Tata", "yi": 0.04, "se": 0.13},
        {"study_id": "soran2018", "label": "MF07-01", "yi": -0.4, "se": 0.15},
    ],
}  # fmt: skip
EMULATION = {
    "audit": [],
    "primary": {
        "biased": None,
        "contrasts": [
            {"measure": "rmst_difference", "at_months": 36.0, "estimate": 0.31, "se": 0.7,
             "ci_low": -1.13, "ci_high": 1.75, "level": 95, "scale": "identity"}
        ],
        "diagnostics": [
            {"name": "balance", "title": "Balance", "verdict": "pass", "arm": None, "message": "",
             "advice": ""}
        ],
        "arms": [{"label": "surgery", "time": [float(i) for i in range(12)]}],
    },
    "sensitivity": {"bias_ladder": None, "benchmark": None},
    "protocol": {"strategies": {"treated": {"grace_months": 6.0}}},
}  # fmt: skip
RESULTS: dict[str, Any] = {
    "schema": 2,
    "title": "T",
    "search_date": "2026-11-23",
    "provenance": {"version": "0.1.0", "options": {}},
    "tables": {"studies": ["badwe2015", "soran2018"]},
    "questions": [{"question": "q", "pools": [{"key": "q/os/rct", "pool": POOL}]}],
    "audit": {"findings": []},
    "reproductions": [{"target": {"pool_id": "gera2020"}, "verdict": "proven"}],
    "steps": [
        {"name": "evidence", "key": "a"},
        {"name": "emulation-s", "key": "b"},
    ],
    "registry": None,
    "emulation": [{"name": "s", "results": EMULATION}],
    "selection": [],
}
RECORDS: dict[str, Any] = {
    "evidence": {"key": "a", "options": {"evidence": {"tables": ["shipped"]}}, "inputs": []},
    "emulation-s": {
        "key": "b",
        "options": {"protocol": {"strategies": {"treated": {"grace_months": 6.0}}}},
        "inputs": [{"name": "registry", "path": "r", "sha256": "0" * 64}],
    },
}


def side(results: dict[str, Any], records: dict[str, Any] | None = None) -> Compared:
    return Compared(name="run", results=results, records=records or RECORDS)


@pytest.fixture
def after() -> tuple[dict[str, Any], dict[str, Any]]:
    return copy.deepcopy(RESULTS), copy.deepcopy(RECORDS)


def test_the_same_runs(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    found = compare_results(side(RESULTS), side(*after))
    assert found.lines() == ("Nothing moved.",)
    assert found.to_dict()["same"] is True


def test_a_pool_that_moved_says_which_study(
    after: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    results, records = after
    results["tables"]["studies"].append("khan2022")
    pool = results["questions"][0]["pools"][0]["pool"]
    pool["studies"].append({"study_id": "khan2022", "label": "E2108", "yi": 0.1, "se": 0.2})
    pool["mu"]["natural"] = {"estimate": 0.97, "ci_low": 0.8, "ci_high": 1.2}
    pool["k"] = 3
    found = compare_results(side(RESULTS), side(results, records))
    assert found.lines()[0] == (
        "q/os/rct: 0.93 (0.74 to 1.22), k = 2 before, now 0.97 (0.80 to 1.20), k = 3 (E2108 added)."
    )
    assert "Study khan2022 added to the tables." in found.reasons
    assert found.headlines[0].key == "evidence/q/os/rct"
    assert json.loads(json.dumps(found.to_dict()))["moved"][0]["headline"] is True


def test_a_protocol_that_changed(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, records = after
    contrast = results["emulation"][0]["results"]["primary"]["contrasts"][0]
    contrast.update(estimate=0.5, ci_low=-1.0, ci_high=2.0)
    results["emulation"][0]["results"]["primary"]["diagnostics"][0]["verdict"] = "fail"
    results["steps"][1]["key"] = "c"
    options = records["emulation-s"]["options"]
    options["protocol"]["strategies"]["treated"]["grace_months"] = 12.0
    records["emulation-s"]["inputs"][0]["sha256"] = "1" * 64
    found = compare_results(side(RESULTS), side(results, records))
    text = "\n".join(found.lines())
    assert "rmst difference at 36 months: 0.31 (−1.13 to 1.75) before, now 0.50" in text
    assert "diagnostic balance: pass before, now fail." in text
    assert "emulation-s, protocol: strategies.treated.grace_months 6 -> 12." in found.reasons
    assert any("the registry data differ" in one for one in found.reasons)
    # What did not move is not named.
    assert "gera2020" not in text


def test_a_move_below_the_digits_is_told_with_more_digits(
    after: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    results, records = after
    pool = results["questions"][0]["pools"][0]["pool"]
    pool["mu"]["natural"]["estimate"] = 0.9300001
    (moved,) = compare_results(side(RESULTS), side(results, records)).headlines
    assert moved.before != moved.after
    assert "0.9300001" in str(moved.after)


def test_parts_that_come_and_go(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, records = after
    results["emulation"] = []
    del results["steps"][1]
    found = compare_results(side(RESULTS), side(results, records))
    assert any(one.after is None and "rmst" in one.label for one in found.headlines)
    assert "Part left out: emulation-s." in found.reasons
    back = compare_results(side(results, records), side(RESULTS))
    assert "New part: emulation-s." in back.reasons


def test_versions_and_programs(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, records = after
    results["provenance"]["version"] = "0.2.0"
    found = compare_results(side(RESULTS), side(results, records))
    assert found.reasons == ("locoreg 0.1.0 was used before, now 0.2.0.",)
    assert "Nothing moved." in found.lines()


def test_every_number_is_compared(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    paths = dict(leaves(RESULTS))
    results, records = after
    curve = results["emulation"][0]["results"]["primary"]["arms"][0]["time"]
    curve[3] = 3.5
    found = compare_results(side(RESULTS), side(results, records))
    (moved,) = found.others
    assert moved.key in paths
    assert (moved.before, moved.after) == ("number 4 of 12 3.0", "number 4 of 12 3.5")


def test_an_item_in_front_moves_no_other(after: tuple[dict[str, Any], dict[str, Any]]) -> None:
    results, records = after
    studies = results["questions"][0]["pools"][0]["pool"]["studies"]
    studies.insert(0, {"study_id": "khan2022", "label": "E2108", "yi": 0.1, "se": 0.2})
    found = compare_results(side(RESULTS), side(results, records))
    assert {one.key.split("/")[-2] for one in found.others} == {"khan2022 E2108"}


@pytest.mark.parametrize("schema", [1, 3, None])
def test_other_schemas_are_refused(
    schema: int | None, after: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    results, records = after
    results["schema"] = schema
    with pytest.raises(DataError, match="schema"):
        compare_results(side(RESULTS), side(results, records))


def test_stored_runs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for step in RESULTS["steps"]:
            folder = tmp_path / name / "steps" / step["name"]
            folder.mkdir(parents=True)
            record = {**RECORDS[step["name"]], "name": step["name"], "kind": "k", "title": "t"}
            (folder / "step.json").write_text(json.dumps(record))
        (tmp_path / name / "results.json").write_text(json.dumps(RESULTS))
    runs = [open_run(tmp_path / name) for name in ("a", "b")]
    assert compare_runs(*runs).lines() == ("Nothing moved.",)
