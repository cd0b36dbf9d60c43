"""The form to run an emulation: what is wrong stands at its field, and a job is started."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.web.app import create_app
from locoreg.web.emulation import asked as module
from locoreg.web.emulation import form
from locoreg.web.jobs.records import Job
from locoreg.web.settings import Settings
from locoreg.workflows.emulation.protocols import example_text
from tests.web.conftest import ADDRESS, Connect

EXAMPLE = "primary-surgery-6-months"


@pytest.fixture(scope="module")
def pages(small_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return a client of one application for all tests that start nothing."""
    settings = Settings(
        workspace=tmp_path_factory.mktemp("workspace"), registries=(small_registry,)
    )
    with TestClient(create_app(settings), base_url=ADDRESS, raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def fresh(small_registry: Path, tmp_path: Path, connect: Connect) -> TestClient:
    """Return a client with a workspace of the test's own."""
    return connect(Settings(workspace=tmp_path / "workspace", registries=(small_registry,)))


def got(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[-600:]
    return answer.text


def filled(**changes: str) -> dict[str, str]:
    return {"protocol": EXAMPLE, "text": "", "registry": "small", "analyses": "primary",
            "action": "start"} | changes  # fmt: skip


def test_form_lists_protocols_that_a_registry_can_be_asked_with(pages: TestClient) -> None:
    text = got(pages, "/emulation?registry=small&protocol=primary-surgery-6-months")
    assert f'value="{EXAMPLE}" selected' in text
    assert 'value="small" selected' in text
    assert 'value="plain-table"' not in text
    assert "20260102" in text
    assert "Not known yet" in text


def test_start_makes_a_job_and_goes_to_it(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def start(state: object, kind: str, options: dict[str, Any]) -> Job:
        asked.append((kind, options))
        return Job(
            id="abc", kind=kind, options=options, title="t", command="c", key="k", name="n",
            state="waiting",
        )  # fmt: skip

    monkeypatch.setattr(module, "start", start)
    answer = pages.post("/emulation", data=filled(analyses="compared"), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/jobs/abc"
    text = example_text(EXAMPLE)
    pages.post("/emulation", data=filled(protocol="own", text=text), follow_redirects=False)
    assert asked[0] == (
        "emulation",
        {
            "protocol": EXAMPLE,
            "registry": "small",
            "analyses": ["ladder", "benchmark"],
            "jobs": None,
        },
    )
    kind, options = asked[1]
    assert kind == "emulation"
    assert options["protocol"].replace("\r\n", "\n").strip() == text.strip()
    assert options["name"].startswith("own-")
    assert options["title"]


def test_started_job_is_listed_while_it_waits(fresh: TestClient) -> None:
    answer = fresh.post("/emulation", data=filled(), follow_redirects=False)
    assert answer.status_code == 303
    text = got(fresh, "/emulation")
    assert "At work" in text
    assert answer.headers["location"] in text
    own = filled(protocol="own", text=example_text(EXAMPLE))
    assert fresh.post("/emulation", data=own, follow_redirects=False).status_code == 303


def test_check_starts_nothing(pages: TestClient) -> None:
    own = filled(protocol="own", text=example_text(EXAMPLE), action="check")
    answer = pages.post("/emulation", data=own)
    assert answer.status_code == 200
    assert "This can be run" in answer.text
    assert "At work" not in got(pages, "/emulation")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("horizon_months: 36", "horizon_months: -3"), "horizon_months"),
        (("horizon_months: 36", "horizont_months: 36"), "horizont_months"),
        (("title:", "title: [1"), "not valid YAML"),
        (("method: clone_censor_weight", "method: clone_weight"), "clone_weight"),
    ],
)
def test_faults_of_a_protocol_stand_at_its_field(
    pages: TestClient, change: tuple[str, str], said: str
) -> None:
    text = example_text(EXAMPLE)
    assert change[0] in text
    line = text[: text.index(change[0])].count("\n") + 1
    own = filled(protocol="own", text=text.replace(*change, 1))
    answer = pages.post("/emulation", data=own)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'href="#field-text"' in answer.text
    fault = re.search(r'id="fault-text">(.*?)</ul>', answer.text, re.DOTALL)
    assert fault is not None
    assert said in fault[1]
    if said in ("horizon_months",):
        assert f"line {line}" in fault[1].lower()
    assert 'aria-invalid="true"' in answer.text
    # What was typed is kept.
    assert html.escape(change[1], quote=False) in answer.text


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (filled(protocol="none"), "protocol"),
        (filled(protocol="own"), "text"),
        (filled(protocol="own", text="<script>alert(1)</script>"), "text"),
        (filled(protocol="own", text="a: &x [*x]"), "text"),
        (filled(protocol="own", text="x" * 200_001), "text"),
        (filled(protocol="own", text="\x00"), "text"),
        (filled(protocol="own", text=example_text("plain-table")), "text"),
        (filled(registry="none"), "registry"),
        (filled(analyses="none"), "analyses"),
    ],
)
def test_wrong_forms_say_where(pages: TestClient, fields: dict[str, str], place: str) -> None:
    answer = pages.post("/emulation", data=fields)
    assert answer.status_code == 422
    assert f'href="#field-{place}"' in answer.text
    assert f'id="field-{place}"' in answer.text
    assert "<script>alert" not in answer.text
    assert "At work" not in got(pages, "/emulation")


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"a=b", b"protocol=a&protocol=b", b"&&&", b"{}", b"registry"]
)
def test_what_is_no_form_is_refused(pages: TestClient, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = pages.post("/emulation", content=body, headers=kind)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_time_is_that_of_an_earlier_run_of_the_same_protocol() -> None:
    earlier = [
        form.Earlier(protocol_sha256="a", persons=1000, seconds=20.0, analyses="all"),
        form.Earlier(protocol_sha256="a", persons=500, seconds=5.0, analyses="primary"),
        form.Earlier(protocol_sha256="b", persons=10, seconds=90.0, analyses="primary"),
    ]
    same = form.expected(earlier, "a", 2000, "primary")
    assert same is not None
    assert same.seconds == 20.0
    assert not same.other_analyses
    other = form.expected(earlier, "a", 2000, ["ladder"])
    assert other is not None
    assert other.seconds == 40.0
    assert other.other_analyses
    assert form.expected(earlier, "c", 2000, "all") is None
    assert "2,000" in form.time_text(same)
    assert form.time_text(None).startswith("Not known yet")
