"""Applications with something in every state, served by a thread: pages, but no worker.

Jobs stand still in it, whatever their state, so that each can be looked at.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from locoreg.core.findings import Finding
from locoreg.web.app import create_app
from locoreg.web.jobs.records import ENDED, STATES, Job
from locoreg.web.jobs.store import JobStore
from locoreg.web.settings import Settings
from tests.web.serving import free_port

LIST = """label,estimate,ci_low,ci_high,ci_level,measure,reference_arm,design,year
Alpha,0.80,0.60,1.07,95,HR,control,rct,2015
Beta,0.95,0.75,1.20,95,HR,control,rct,2018
Gamma,0.60,0.50,0.72,95,HR,control,cohort,2012
Delta,nine,0.50,0.72,95,HR,control,cohort,2013
"""
TITLE = "Early surgery <script>alert(1)</script> & after"
FAILED = "the registry has no patient who meets the criteria: widen them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Two applications: one that is full, one that has nothing.

    Attributes
    ----------
    base, empty : str
        Their addresses.
    upload : str
        Hash of the uploaded table.
    store : JobStore
        Jobs of the full one.
    """

    base: str
    empty: str
    upload: str
    store: JobStore


@contextlib.contextmanager
def shelf(
    folder: Path,
    *,
    runs: tuple[Path, ...],
    registries: tuple[Path, ...],
    findings: tuple[Finding, ...],
) -> Iterator[Shelf]:
    """Serve both applications until the end of the block."""
    store = JobStore(folder / "workspace")
    add_jobs(store)
    full = application(folder / "workspace", runs, registries, findings)
    bare = application(folder / "empty", (), (), findings)
    with TestClient(full, base_url="http://127.0.0.1") as client:
        answer = client.post(
            "/upload/list", files={"studies": ("list.csv", LIST.encode())},
            data={"outcome": "overall_survival", "measure": "HR", "level": "95"},
            follow_redirects=False,
        )  # fmt: skip
        upload = str(answer.headers["location"]).partition("upload=")[2]
    with running(full) as base, running(bare) as empty:
        yield Shelf(base=base, empty=empty, upload=upload, store=store)


def application(
    workspace: Path,
    runs: tuple[Path, ...],
    registries: tuple[Path, ...],
    findings: tuple[Finding, ...],
) -> FastAPI:
    app = create_app(Settings(workspace=workspace, runs=runs, registries=registries))
    app.state.locoreg.__dict__["findings"] = findings
    return app


def add_jobs(store: JobStore) -> None:
    """Add one job per state, with the state as its id."""
    limits = Settings(workspace=store.workspace).limits
    # The one that waits comes last: taking takes the first.
    for state in sorted(STATES, key=lambda name: name == "waiting"):
        job = Job(
            id=f"job-{state}", kind="emulation", options={}, title=TITLE, key=state * 8,
            command="locoreg run study.yaml --out early-surgery", name="study", state="waiting",
        )  # fmt: skip
        store.add(job, limits)
        if state == "waiting":
            continue
        store.take(1)
        store.tell(job.id, step="emulation-early", stage="weights", number=2, of=3)
        if state in ENDED:
            store.end(job.id, state, error=FAILED if state in ("failed", "interrupted") else "")


@contextlib.contextmanager
def running(app: FastAPI) -> Iterator[str]:
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
