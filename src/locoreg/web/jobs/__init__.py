"""Jobs: a table in SQLite, one worker process, and what the pages need of them."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.web.jobs.kinds import JOBS, RUNS, STUDY_FILE
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.store import FILE_NAME, JobStore
from locoreg.workflows.stored import RESULTS

if TYPE_CHECKING:
    from locoreg.web.jobs.studies import Composed
    from locoreg.web.state import State


def recent(state: State, n: int) -> tuple[Job, ...]:
    """Return the newest jobs of a workspace, newest first.

    Parameters
    ----------
    state : State
        Of the application.
    n : int
        How many at most.

    Returns
    -------
    tuple of Job
        Empty where the workspace has had no job yet.
    """
    if not (state.settings.workspace / FILE_NAME).is_file():
        return ()
    return JobStore(state.settings.workspace).recent(n)


def find(state: State, job_id: str) -> Job | None:
    """Return a job by its id, or None."""
    if not (state.settings.workspace / FILE_NAME).is_file():
        return None
    return JobStore(state.settings.workspace).get(job_id)


def start(state: State, kind: str, options: dict[str, Any]) -> Job:
    """Start a job, or join one that gives the same result.

    Parameters
    ----------
    state : State
        Of the application.
    kind : {"study", "report", "emulation", "selection"}
        What is to be done.
    options : dict
        As the kind's function in `locoreg.web.jobs.studies` describes them. Nothing about a
        patient.

    Returns
    -------
    Job
        A new one; or one with the same key that waits, runs, or is done and whose result is there.

    Raises
    ------
    LocoregError
        If the options do not make a study that can be run.
    TooManyError
        If too many jobs wait, or too many were started.
    """
    # The worker imports this package too, and starts sooner without what writes studies.
    from locoreg.web.jobs.studies import COMPOSERS, check_study

    if kind not in COMPOSERS:
        raise DesignError(f"there is no kind of job {kind!r}.", hint=did_you_mean(kind, COMPOSERS))
    composed = COMPOSERS[kind](state, options)
    store = JobStore(state.settings.workspace)
    same = store.latest(composed.key)
    if same is not None and same.state == "done" and _has_result(state, same):
        return same
    job = Job(
        id=secrets.token_urlsafe(16),
        kind=kind,
        options=options,
        title=composed.title,
        command=composed.command,
        key=composed.key,
        name=composed.name,
        state="waiting",
    )
    folder = _write(state.settings.workspace / JOBS / job.id, composed)
    added: Job | None = None
    try:
        check_study(folder / STUDY_FILE)
        added = store.add(job, state.settings.limits)
    finally:
        if added is None or added.id != job.id:
            shutil.rmtree(folder)
    return added


def _write(folder: Path, composed: Composed) -> Path:
    """Write what the worker reads: files, and links under the names that the study file uses."""
    folder.mkdir(mode=0o700, parents=True)
    for name, text in composed.files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text, encoding="utf-8")
    for name, place in composed.links.items():
        (folder / name).symlink_to(place, target_is_directory=True)
    return folder


def _has_result(state: State, job: Job) -> bool:
    return (state.settings.workspace / RUNS / job.name / RESULTS).is_file()


def cancel(state: State, job_id: str) -> None:
    """Cancel a waiting job, and ask a running one to stop; others stay as they are."""
    JobStore(state.settings.workspace).ask_cancel(job_id)
