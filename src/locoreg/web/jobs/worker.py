"""The worker: one process that takes jobs in their order."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path

from filelock import FileLock, Timeout

from locoreg.core.errors import LocoregError
from locoreg.web.jobs.kinds import FAULT_FILE, JOBS, RUNS, Kinds, Runner, Task
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.store import JobStore

LOCK_FILE = "worker.lock"
IDLE_SECONDS = 0.2
# How often a running job looks at the table, and writes to it while its stage is the same.
LOOK_SECONDS = 0.2
TELL_SECONDS = 0.5
FAULT = (
    "There was a fault in the program. Its log lies in the workspace, in the folder of this job."
)


def work(workspace: Path, kinds: Kinds) -> None:
    """Do the jobs of a workspace, one after the other, until this process is ended.

    Parameters
    ----------
    workspace : Path
        Folder with the table of jobs.
    kinds : mapping
        Runners by name of kind.
    """
    _stand_alone()
    store = JobStore(workspace)
    # The system frees it when this process dies, however it dies.
    lock = FileLock(workspace / LOCK_FILE, mode=0o600)
    while True:
        try:
            lock.acquire(timeout=1.0)
        except Timeout:
            # The worker of another server on this workspace holds it, and does the jobs.
            continue
        break
    store.recover()
    while True:
        job = store.take(os.getpid())
        if job is None:
            time.sleep(IDLE_SECONDS)
        else:
            run_one(store, job, kinds)


def run_one(store: JobStore, job: Job, kinds: Kinds) -> None:
    """Run a job that was taken, and write down how it ended.

    Parameters
    ----------
    store : JobStore
        The table.
    job : Job
        The job.
    kinds : mapping
        Runners by name of kind.
    """
    folder = store.workspace / JOBS / job.id
    cancelled = _looking(store, job)
    task = Task(
        job=job,
        folder=folder,
        out=store.workspace / RUNS / job.name,
        tell=_telling(store, job),
        cancelled=cancelled,
    )
    try:
        runner_of(kinds, job.kind)(task)
    except LocoregError as error:
        _ended_early(store, job, without_paths(str(error), store.workspace))
    except Exception:
        # Whatever a runner raises because it was asked to stop is no fault.
        if not _was_cancelled(store, job):
            _write_fault(folder, traceback.format_exc())
        _ended_early(store, job, FAULT)
    else:
        store.end(job.id, "done")


def runner_of(kinds: Kinds, kind: str) -> Runner:
    """Return the runner of a kind."""
    module, _, name = kinds[kind].partition(":")
    runner: Runner = getattr(importlib.import_module(module), name)
    return runner


def without_paths(text: str, workspace: Path) -> str:
    """Return a text for users without the place of the workspace on this machine."""
    for place in {str(workspace.absolute()), str(workspace.resolve()), str(workspace)}:
        if len(place) > 1:
            text = text.replace(place, "workspace")
    return text


def _ended_early(store: JobStore, job: Job, error: str) -> None:
    if _was_cancelled(store, job):
        store.end(job.id, "cancelled")
    else:
        store.end(job.id, "failed", error=error)


def _was_cancelled(store: JobStore, job: Job) -> bool:
    now = store.get(job.id)
    return now is not None and now.cancel_asked > 0


def _looking(store: JobStore, job: Job) -> Callable[[], bool]:
    seen = [0.0, 0.0]

    def cancelled() -> bool:
        at = time.monotonic()
        if not seen[1] and at - seen[0] >= LOOK_SECONDS:
            seen[0] = at
            seen[1] = float(_was_cancelled(store, job))
        return bool(seen[1])

    return cancelled


def _telling(store: JobStore, job: Job) -> Callable[[str, str, int, int], None]:
    said: list[object] = [None, 0.0]

    def tell(step: str, stage: str, number: int, of: int) -> None:
        at, told = time.monotonic(), (step, number, of)
        if told != said[0] or at - float(str(said[1])) >= TELL_SECONDS:
            said[:] = [told, at]
            store.tell(job.id, step=step, stage=stage, number=number, of=of)

    return tell


def _write_fault(folder: Path, text: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FAULT_FILE
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _stand_alone() -> None:
    """Lead a group of processes of its own, and end it when the server is gone."""
    if hasattr(os, "setsid"):
        # Ctrl-C in the server's terminal reaches the server only, which then ends this.
        os.setsid()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    if hasattr(os, "killpg"):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    os._exit(1)
