"""The form that asks who gains: its own protocols, faults at their fields, one job."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from locoreg.web.jobs import find
from locoreg.web.jobs.kinds import JOBS, STUDY_FILE
from locoreg.web.settings import Settings
from locoreg.workflows.emulation.protocols import example_text
from locoreg.workflows.selection.offering import check_selection_text, selection_offers
from tests.web.conftest import Connect

EXAMPLE = "select-primary-surgery"
EMULATED = "primary-surgery-6-months"


@pytest.fixture
def fresh(small_registry: Path, tmp_path: Path, connect: Connect) -> TestClient:
    return connect(Settings(workspace=tmp_path / "workspace", registries=(small_registry,)))


def filled(**changes: str) -> dict[str, str]:
    return {"protocol": EXAMPLE, "text": "", "registry": "small", "analyses": "short",
            "cores": "", "action": "start"} | changes  # fmt: skip


def study(client: TestClient, place: str) -> dict[str, object]:
    state = client.app.state.locoreg  # type: ignore[attr-defined]
    job = find(state, place.rpartition("/")[2])
    assert job is not None
    text = (state.settings.workspace / JOBS / job.id / STUDY_FILE).read_text()
    content: dict[str, object] = yaml.safe_load(text)
    return content


def test_only_protocols_that_ask_who_gains_are_offered(fresh: TestClient) -> None:
    assert [one.name for one in selection_offers()] == [EXAMPLE]
    text = fresh.get("/selection").text
    assert f'value="{EXAMPLE}"' in text
    assert f'value="{EMULATED}"' not in text


def test_a_job_is_started(fresh: TestClient) -> None:
    answer = fresh.post("/selection", data=filled(cores="3"), follow_redirects=False)
    assert answer.status_code == 303, answer.text
    content = study(fresh, answer.headers["location"])
    assert content["jobs"] == 3
    assert content["selection"] == [{"name": EXAMPLE, "protocol": EXAMPLE, "sensitivity": False}]
    other = fresh.post("/selection", data=filled(cores="2"), follow_redirects=False)
    # What a selection gives names its threads.
    assert other.headers["location"] != answer.headers["location"]


def test_an_emulation_is_the_same_job_with_other_cores(fresh: TestClient) -> None:
    form = filled(protocol=EMULATED, analyses="primary")
    places = {
        fresh.post("/emulation", data={**form, "cores": cores}, follow_redirects=False).headers[
            "location"
        ]
        for cores in ("", "1", "2")
    }
    assert len(places) == 1


@pytest.mark.parametrize("cores", ["0", "65", "-1", "1.5", "two", "\u00b2", "9" * 400])
def test_a_number_of_cores_that_there_is_not(fresh: TestClient, cores: str) -> None:
    answer = fresh.post("/selection", data=filled(cores=cores))
    assert answer.status_code == 422
    assert 'id="fault-cores"' in answer.text
    assert "Give a number from 1 to 64, or nothing." in answer.text


def test_a_protocol_without_the_part_is_named_at_its_field(fresh: TestClient) -> None:
    text = example_text(EMULATED)
    checked = check_selection_text(text)
    assert checked.offer is None
    answer = fresh.post("/selection", data=filled(protocol="own", text=text))
    assert answer.status_code == 422
    assert "no part selection" in answer.text
    assert 'id="fault-text"' in answer.text
    assert check_selection_text(example_text(EXAMPLE)).offer is not None
    answer = fresh.post("/selection", data=filled(protocol=EMULATED))
    assert answer.status_code == 422
    assert 'id="fault-protocol"' in answer.text
