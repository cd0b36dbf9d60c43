"""`locoreg serve` with a job at work: two users, cancel, and a server that is started again."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.web.serving import Server, serving, stop

STUDY = """title: {title}
registry:
  simulate: {{patients: {patients}, seed: {seed}, scenario: heterogeneous}}
  describe: {{time_zero: first_metastasis, level: 95, at_months: [12]}}
"""
# Other processes of a test run take the cores.
PATIENCE_SECONDS = 120.0
ANSWER_SECONDS = 30.0
ENDED = ("done", "failed", "cancelled", "interrupted")


def get(server: Server, path: str) -> Any:
    with urllib.request.urlopen(server.base + path, timeout=ANSWER_SECONDS) as answer:
        return answer.read()


def start(server: Server, title: str, patients: int, seed: int) -> str:
    study = STUDY.format(title=title, patients=patients, seed=seed)
    request = urllib.request.Request(
        f"{server.base}/api/v1/jobs",
        data=json.dumps({"kind": "study", "options": {"study": study}}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        return str(json.load(answer)["id"])


def until(server: Server, job: str, wanted: Callable[[str], bool]) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        told: dict[str, Any] = json.loads(get(server, f"/api/v1/jobs/{job}"))
        if wanted(told["state"]):
            return told
        time.sleep(0.1)
    raise AssertionError(f"the job is still {told}")


def post(server: Server, path: str, **form: str) -> None:
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(server.base + path, data, timeout=ANSWER_SECONDS) as answer:
        assert answer.status == 200


def test_users_cancel_and_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    with serving(folder) as server:
        long = start(server, "A long study", 20_000, 1)
        after = start(server, "A short study", 100, 2)
        until(server, long, lambda state: state == "running")
        paths = ("/methods", "/jobs", f"/jobs/{long}", "/api/v1/jobs") * 3
        with ThreadPoolExecutor(2) as users:
            assert all(users.map(lambda path: get(server, path), paths))
        assert json.loads(get(server, f"/api/v1/jobs/{after}"))["state"] == "waiting"
        post(server, f"/jobs/{long}/cancel")
        assert until(server, long, ENDED.__contains__)["state"] == "cancelled"
        done = until(server, after, ENDED.__contains__)
        assert done["state"] == "done", done
        assert b"A short study" in get(server, f"/runs/{done['run']}")

        interrupted = start(server, "An interrupted study", 2_000, 3)
        until(server, interrupted, lambda state: state == "running")
        assert stop(server.process) == 0, server.log
    with serving(folder) as server:
        told = until(server, interrupted, ENDED.__contains__)
        assert told["state"] == "done", told
        assert told["run"] in {one["name"] for one in json.loads(get(server, "/api/v1/runs"))}
        assert "2 times" in get(server, f"/jobs/{interrupted}").decode()
        trail = (server.workspace / "audit.jsonl").read_text()
        assert '"interrupted"' in trail
        assert "study" not in trail.replace('"kind": "study"', "")
