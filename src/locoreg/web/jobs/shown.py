"""Jobs as they are shown: in the API, on pages, in events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from locoreg.report.blocks import Tone
from locoreg.web.jobs.records import Job, State

# Sign, tone: the word beside them says the same.
MARKS: dict[State, tuple[str, Tone]] = {
    "waiting": ("…", "note"),
    "running": ("▶", "minor"),
    "done": ("✔", "good"),
    "failed": ("✖", "blocking"),
    "cancelled": ("■", "note"),
    "interrupted": ("▲", "serious"),
}
KIND_WORDS = {
    "study": "study",
    "report": "evidence report",
    "emulation": "trial emulation",
    "selection": "who gains",
}


class JobStatus(BaseModel):
    """A job as the API and the events of its page give it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Id of the job.")
    kind: str = Field(description="study, report, emulation or selection.")
    title: str = Field(description="Title of its study.")
    command: str = Field(description="The command line that does the same.")
    key: str = Field(description="SHA-256 of all that the result depends on.")
    state: Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
    part: str = Field(description="The part that is being worked on; empty before the first.")
    stage: str = Field(description="What is being done in it.")
    number: int = Field(description="Number of that part; 0 before the first.")
    of: int = Field(description="How many parts there are; 0 where that is not known yet.")
    stopping: bool = Field(description="Whether it was asked to stop and still runs.")
    error: str | None = Field(description="What went wrong.")
    created: str = Field(description="When it was asked for: ISO 8601, UTC.")
    started: str | None = Field(description="When it was last begun.")
    ended: str | None = Field(description="When it ended.")
    seconds: float | None = Field(description="How long it has run, or ran.")
    run: str | None = Field(description="Name of the run that it made, once it is done.")


def status_of(job: Job) -> JobStatus:
    """Return a job as it is shown.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    JobStatus
        Without its options.
    """
    return JobStatus(
        id=job.id,
        kind=job.kind,
        title=job.title,
        command=job.command,
        key=job.key,
        state=job.state,
        part=job.step,
        stage=job.stage,
        number=job.number,
        of=job.of,
        stopping=job.cancel_asked > 0 and not job.is_over,
        error=job.error or None,
        created=iso(job.created),
        started=iso(job.started) if job.started else None,
        ended=iso(job.ended) if job.ended else None,
        seconds=job.seconds,
        run=job.name if job.state == "done" else None,
    )


def iso(at: float) -> str:
    """Return a time as text for programs."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def time_text(at: float) -> str:
    """Return a time as text for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration_text(seconds: float | None) -> str:
    """Return a duration as text for people."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{whole} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def state_words(job: Job, ahead: int = 0) -> str:
    """Return the state of a job as a sentence, the same for eyes and screen readers.

    Parameters
    ----------
    job : Job
        The job.
    ahead : int
        Jobs that are done before a waiting one.

    Returns
    -------
    str
        Without what changes from second to second.
    """
    if job.state == "waiting":
        return "Waiting; it is the next." if not ahead else f"Waiting for {ahead} before it."
    if job.state == "running":
        if job.cancel_asked:
            return "Stopping, as was asked."
        return f"Running: part {job.number} of {job.of}, {job.step}." if job.of else "Beginning."
    return {
        "done": "Done.",
        "failed": "It failed.",
        "cancelled": "Cancelled. Parts that were finished are kept.",
        "interrupted": "Interrupted.",
    }[job.state]
