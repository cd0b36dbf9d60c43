from __future__ import annotations

import dataclasses
import json
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.web.errors import TooManyError
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.store import INTERRUPTED, SCHEMA, JobStore
from locoreg.web.settings import Limits


def job(name: str, *, key: str = "", **more: object) -> Job:
    values = {
        "id": name, "kind": "short", "options": {"b": 1, "a": ["x", "é"]}, "title": f"Job {name}",
        "command": "locoreg run", "key": key or name, "name": name, "state": "waiting",
    }  # fmt: skip
    return Job(**(values | more))  # type: ignore[arg-type]


def trail(workspace: Path) -> list[dict[str, str]]:
    lines = (workspace / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_job_comes_back_as_it_was_added(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "w")
    added = store.add(job("one"), Limits())
    assert store.get("one") == added
    assert added.options == {"a": ["x", "é"], "b": 1}
    assert added.created > 0
    assert store.get("two") is None


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "w")
    store.add(job("one"), Limits())
    assert (tmp_path / "w").stat().st_mode & 0o077 == 0
    assert (tmp_path / "w" / "jobs.sqlite").stat().st_mode & 0o077 == 0
    assert (tmp_path / "w" / "audit.jsonl").stat().st_mode & 0o077 == 0


def test_jobs_are_taken_in_their_order_and_once(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    for number in range(20):
        store.add(job(f"j{number:02}"), Limits(jobs_waiting=20))
    with ThreadPoolExecutor(4) as pool:
        taken = [one.id for one in pool.map(store.take, range(1, 21)) if one is not None]
    assert sorted(taken) == [f"j{number:02}" for number in range(20)]
    assert store.take(1) is None


def test_a_waiting_or_running_job_is_joined_and_a_finished_one_is_not(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.add(job("one", key="k"), Limits())
    assert store.add(job("two", key="k"), Limits()).id == "one"
    store.take(1)
    assert store.add(job("three", key="k"), Limits()).id == "one"
    store.end("one", "failed", error="no")
    assert store.add(job("four", key="k"), Limits()).id == "four"
    assert store.get("two") is None


def test_limits_on_waiting_and_on_an_hour(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    limits = Limits(jobs_waiting=2, jobs_per_hour=3)
    store.add(job("a"), limits, now=1000.0)
    store.add(job("b"), limits, now=1001.0)
    with pytest.raises(TooManyError, match="2 jobs are waiting"):
        store.add(job("c"), limits, now=1002.0)
    store.take(1)
    store.add(job("c"), limits, now=1003.0)
    store.take(1)
    with pytest.raises(TooManyError, match="3 jobs were started"):
        store.add(job("d"), limits, now=1004.0)
    assert store.add(job("d"), limits, now=1000.0 + 3601).id == "d"


def test_joining_is_not_limited(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    limits = Limits(jobs_waiting=1, jobs_per_hour=1)
    store.add(job("a", key="k"), limits)
    assert store.add(job("b", key="k"), limits).id == "a"


def test_cancel_of_a_waiting_job_is_immediate_and_of_a_running_one_is_asked(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.add(job("a"), Limits())
    cancelled = store.ask_cancel("a")
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    store.add(job("b"), Limits())
    store.take(7)
    asked = store.ask_cancel("b")
    assert asked is not None
    assert (asked.state, asked.cancel_asked > 0) == ("running", True)
    assert store.overdue(7, 60.0) == ()
    assert [one.id for one in store.overdue(7, -1.0)] == ["b"]
    assert store.overdue(8, -1.0) == ()
    assert store.ask_cancel("nobody") is None


def test_an_ended_job_stays_as_it_ended(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.add(job("a"), Limits())
    store.take(1)
    assert store.end("a", "cancelled")
    assert not store.end("a", "done")
    store.tell("a", step="s", stage="t", number=1, of=2)
    store.ask_cancel("a")
    after = store.get("a")
    assert after is not None
    assert (after.state, after.stage, after.cancel_asked) == ("cancelled", "", 0)


def test_an_orphan_is_put_back_once_and_then_it_is_said(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.add(job("a"), Limits())
    store.take(1)
    assert [one.state for one in store.recover()] == ["waiting"]
    again = store.take(2)
    assert again is not None
    assert again.attempts == 2
    (last,) = store.recover()
    assert (last.state, last.error) == ("interrupted", INTERRUPTED)
    assert store.take(3) is None
    assert [line["event"] for line in trail(tmp_path)] == [
        "waiting", "running", "interrupted", "waiting", "running", "interrupted",
    ]  # fmt: skip


def test_an_orphan_that_was_asked_to_stop_is_cancelled(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.add(job("a"), Limits())
    store.take(1)
    store.ask_cancel("a")
    assert [one.state for one in store.recover()] == ["cancelled"]


def test_the_trail_names_no_option_and_no_title(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    secret = job("a", options={"study": "title: Mrs Smith"}, title="Mrs Smith")
    store.add(secret, Limits())
    store.take(1)
    store.end("a", "failed", error="Mrs Smith is missing")
    text = (tmp_path / "audit.jsonl").read_text()
    assert "mith" not in text
    assert {tuple(line) for line in trail(tmp_path)} == {("time", "event", "job", "kind", "key")}


def test_a_table_of_a_later_version_is_refused(tmp_path: Path) -> None:
    JobStore(tmp_path)
    con = sqlite3.connect(tmp_path / "jobs.sqlite")
    con.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    con.close()
    with pytest.raises(DataError, match="later version"):
        JobStore(tmp_path)


def test_a_workspace_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("")
    with pytest.raises(DataError, match="jobs can't be kept"):
        JobStore(tmp_path / "w")


def test_two_processes_may_make_the_table_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=JobStore, args=(tmp_path / "w",)) for _ in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
        assert one.exitcode == 0
        one.close()
    assert JobStore(tmp_path / "w").recent(5) == ()


def test_how_many_are_ahead(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    for name in "abc":
        store.add(job(name), Limits())
    store.take(1)
    last = store.get("c")
    assert last is not None
    assert store.ahead(last) == 2
    assert [one.id for one in store.recent(2)] == ["c", "b"]


def test_every_field_of_a_job_is_a_column() -> None:
    from locoreg.web.jobs.store import COLUMNS

    assert tuple(field.name for field in dataclasses.fields(Job)) == COLUMNS
