"""The published examples of the guide, where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.registry.mcode.make import Imported, read_files

FOLDER = Path(os.environ.get("LOCOREG_DATA", "")) / "mcode_stu4"
pytestmark = pytest.mark.skipif(
    "LOCOREG_DATA" not in os.environ or not FOLDER.is_dir(),
    reason="LOCOREG_DATA names no folder with mcode_stu4",
)
JENNY = "cancer-patient-jenny-m"
JOHN = "cancer-patient-john-anyperson"


@pytest.fixture(scope="module")
def lines() -> Imported:
    return read_files(FOLDER / "examples-valid.ndjson")


@pytest.fixture(scope="module")
def bundles() -> Imported:
    return read_files(*sorted(FOLDER.glob("bundle-*.json")))


@pytest.mark.parametrize("which", ["lines", "bundles"])
def test_nobody_of_the_examples_enters(which: str, request: pytest.FixtureRequest) -> None:
    done: Imported = request.getfixturevalue(which)
    assert done.enrolled == set()
    assert done.rows("raw_resource") == []
    why = {note.patient_id: note for note in done.issues("not-enrolled")}
    assert why[JENNY].value == "no sign of distant metastasis"
    assert "cM0" in why[JENNY].message
    assert why[JOHN].value == "no confirmed breast primary"
    assert "lung" in why[JOHN].message
    assert done.unused()["patient not enrolled: no sign of distant metastasis"] >= 55


@pytest.mark.parametrize("which", ["lines", "bundles"])
def test_the_three_contradictions_are_listed(which: str, request: pytest.FixtureRequest) -> None:
    done: Imported = request.getfixturevalue(which)
    found = {rule: {p.row_key: p.value for p in done.issues(rule)} for rule in done.rules()}
    (stage,) = found["stage-summary-contradicts-assessment"].values()
    assert stage is not None
    assert stage.startswith("IIIC")
    assert "IIB" in stage
    assert found["stage-group-of-other-basis"] == {
        "Observation/tnm-clinical-stage-group-jenny-m": "c: IIB; members: pT3, pN0, pM"
    }
    sides = found["laterality-contradicts-primary"]
    assert set(sides) == {
        "Procedure/radiotherapy-treatment-summary-chest-wall-jenny-m",
        "Procedure/radiotherapy-treatment-summary-other-with-text",
    }
    assert set(sides.values()) == {"the reason is a cancer of the right breast; primary: left"}


def test_all_resources_are_accounted_for(lines: Imported) -> None:
    assert lines.read.total() == 146
    assert lines.unused().total() == 146
    assert lines.aside == []


def test_resources_that_are_not_valid_are_set_aside(lines: Imported) -> None:
    done = read_files(FOLDER / "examples-valid.ndjson", FOLDER / "examples-not-valid-r4.ndjson")
    assert len(done.aside) == 31
    assert {item.source_file for item in done.aside} == {"examples-not-valid-r4.ndjson"}
    assert all(item.column_name for item in done.aside)
    assert done.unused() == lines.unused()
