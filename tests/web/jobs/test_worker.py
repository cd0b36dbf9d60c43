from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locoreg.web.jobs.manager import Worker, start_worker
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.store import JobStore
from locoreg.web.jobs.worker import FAULT, without_paths
from locoreg.web.settings import Limits, Settings
from tests.web.jobs.fakes import KINDS
from tests.web.jobs.test_store import job, trail

WAIT_SECONDS = 60.0
pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by their group")


@contextlib.contextmanager
def working(workspace: Path, obey_seconds: float = 10.0) -> Iterator[Worker]:
    worker = start_worker(Settings(workspace=workspace), kinds=KINDS, obey_seconds=obey_seconds)
    try:
        yield worker
    finally:
        worker.stop()


def until(store: JobStore, name: str, seen: Callable[[Job], bool]) -> Job:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = store.get(name)
        assert found is not None
        if seen(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"still: {store.get(name)}")


def add(store: JobStore, kind: str, name: str = "one") -> None:
    store.add(job(name, kind=kind), Limits())


def over(one: Job) -> bool:
    return one.is_over


def at_work(one: Job) -> bool:
    return bool(one.state == "running" and one.stage)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_jobs_are_done_in_another_process_and_its_end_is_written_down(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "short", "one")
    add(store, "mistaken", "two")
    add(store, "faulty", "three")
    with working(tmp_path) as worker:
        pid = worker.pid
        done = until(store, "one", over)
        assert (done.state, done.stage, done.number, done.of) == ("done", "second stage", 2, 2)
        assert done.ended >= done.started >= done.created > 0
        assert str(pid) in (tmp_path / "runs" / "one" / "results.json").read_text()
        assert pid != os.getpid()
        mistaken = until(store, "two", over)
        assert mistaken.state == "failed"
        assert mistaken.error == (
            "workspace/jobs/two/study.yaml: nothing to do. Hint: write something."
        )
        faulty = until(store, "three", over)
        assert (faulty.state, faulty.error) == ("failed", FAULT)
        assert "secret inside" in (tmp_path / "jobs" / "three" / "fault.log").read_text()
        assert (tmp_path / "jobs" / "three" / "fault.log").stat().st_mode & 0o077 == 0
    assert pid is not None
    assert gone(pid)
    assert worker.pid is None
    assert [line["event"] for line in trail(tmp_path) if line["job"] == "one"] == [
        "waiting", "running", "done",
    ]  # fmt: skip


def test_a_job_is_cancelled_while_it_runs_and_the_worker_goes_on(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "slow")
    with working(tmp_path) as worker:
        until(store, "one", at_work)
        pid = worker.pid
        store.ask_cancel("one")
        assert until(store, "one", over).state == "cancelled"
        add(store, "short", "two")
        assert until(store, "two", over).state == "done"
        assert worker.pid == pid
    assert not (tmp_path / "jobs" / "one" / "fault.log").exists()


def test_a_job_that_does_not_obey_is_ended_with_its_process(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "deaf")
    with working(tmp_path, obey_seconds=0.5) as worker:
        until(store, "one", at_work)
        pid = worker.pid
        assert pid is not None
        store.ask_cancel("one")
        assert until(store, "one", over).state == "cancelled"
        add(store, "short", "two")
        assert until(store, "two", over).state == "done"
        assert worker.pid != pid
        assert gone(pid)


def test_a_dead_worker_is_started_again_and_the_job_is_done(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    (tmp_path / "jobs" / "one").mkdir(parents=True)
    add(store, "deadly")
    with working(tmp_path):
        done = until(store, "one", over)
    assert (done.state, done.attempts) == ("done", 2)
    assert "interrupted" in [line["event"] for line in trail(tmp_path)]


def test_a_job_that_kills_its_worker_twice_is_not_begun_again(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "twice_deadly")
    with working(tmp_path):
        ended = until(store, "one", over)
        assert (ended.state, ended.attempts) == ("interrupted", 2)
        assert "start it again" in ended.error
        add(store, "short", "two")
        assert until(store, "two", over).state == "done"


def test_a_job_goes_on_after_the_server_was_stopped(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "slow")
    with working(tmp_path):
        until(store, "one", at_work)
    left = store.get("one")
    assert left is not None
    assert left.state == "running"
    with working(tmp_path):
        until(store, "one", lambda one: one.attempts == 2 and at_work(one))
        store.ask_cancel("one")
        until(store, "one", over)


def test_of_two_servers_on_a_workspace_one_works(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    add(store, "slow")
    with working(tmp_path) as first:
        until(store, "one", at_work)
        with working(tmp_path) as second:
            add(store, "short", "two")
            time.sleep(1.5)
            running, waiting = store.get("one"), store.get("two")
            assert running is not None
            assert waiting is not None
            assert (running.state, running.pid, running.attempts) == ("running", first.pid, 1)
            assert waiting.state == "waiting"
            first.stop()
            # The second one takes up both.
            until(store, "one", lambda one: one.pid == second.pid)
            store.ask_cancel("one")
            assert until(store, "two", over).state == "done"


def test_paths_of_the_workspace_stay_out_of_messages(tmp_path: Path) -> None:
    text = f"{tmp_path}/runs/x holds no finished run."
    assert without_paths(text, tmp_path) == "workspace/runs/x holds no finished run."
