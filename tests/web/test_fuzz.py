"""Requests made up from the OpenAPI document: no answer is a server error, and all keep to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from locoreg.core.findings import Finding
from locoreg.web.app import create_app
from locoreg.web.settings import Limits, Settings
from tests.web.stored import write_run

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra test")
EXAMPLES = 5
# Registries are read and pools made anew for nearly every made-up request.
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory,
    small_registry: Path,
    shipped_findings: tuple[Finding, ...],
) -> Any:
    folder = tmp_path_factory.mktemp("fuzz")
    # No job is started by a made-up request.
    app = create_app(
        Settings(
            workspace=folder / "workspace",
            runs=(write_run(folder / "run"),),
            registries=(small_registry,),
            # The name that requests without a network come to.
            hosts=("testserver",),
            limits=Limits(jobs_waiting=0, jobs_per_hour=0),
        )
    )
    app.state.locoreg.__dict__["findings"] = shipped_findings
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


def test_made_up_requests(api: Any) -> None:
    tried = 0
    for found in api.get_all_operations():
        operation = found.ok()
        tried += 1

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            assert_kept(case, case.call(timeout=PATIENCE_SECONDS))

        ask()
    assert tried >= 3


def assert_kept(case: Any, answer: Any) -> None:
    assert answer.status_code < 500, f"{case!r}: {answer.text[:500]}"
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error"}, answer.text[:300]
        assert answer.json()["error"]["status"] == answer.status_code
    assert "content-security-policy" in {name.lower() for name in answer.headers}
