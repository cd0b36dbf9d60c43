"""Runs and jobs: what was run, what is running, and how more is started."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from locoreg.core.errors import LocoregError
from locoreg.web.errors import NotFoundError, TooManyError
from locoreg.web.jobs import cancel, find, recent, start
from locoreg.web.jobs.kinds import JOBS, STUDY_FILE
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.shown import (
    KIND_WORDS,
    MARKS,
    JobStatus,
    duration_text,
    state_words,
    status_of,
    time_text,
)
from locoreg.web.jobs.store import JobStore
from locoreg.web.jobs.studies import MOST_CORES
from locoreg.web.pages.runs import listed_runs
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.workflows.study.read import MAX_STUDY_BYTES
from locoreg.workflows.uploads import registry_folders

router = APIRouter()
api = APIRouter()
# Jobs on one page.
SHOWN = 50
# A stream of events ends after this time and the browser asks again: a server that is stopped does
# not wait longer for it.
STREAM_SECONDS = 20.0
LOOK_SECONDS = 0.5
EXAMPLE = """title: A small study
registry:
  simulate: {patients: 500, seed: 1, scenario: heterogeneous}
  describe: {time_zero: first_metastasis, level: 95, at_months: [12, 36]}
"""
Method = Literal["REML", "PM", "DL", "ML", "EB", "HE", "HS", "SJ", "CE"]
Interval = Literal["hartung-knapp", "hartung-knapp-floor", "normal", "t"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StudyForm(_Form):
    """A study file."""

    study: str = Field(
        min_length=1, max_length=MAX_STUDY_BYTES,
        description="The study file (YAML). Tables, registries and protocols are named as the "
        "application lists them; it reads nothing else on its machine.",
    )  # fmt: skip


class ReportForm(_Form):
    """A report on the published evidence."""

    questions: list[str] = Field(min_length=1, max_length=50, description="Ids of questions.")
    method: Method = Field(description="Estimator of the between-study variance.")
    interval: Interval = Field(description="Kind of interval.")
    level: float = Field(ge=50, lt=100, description="Level of all intervals in percent.")
    search_date: str = Field(
        pattern=r"^\d{4}-\d{2}-\d{2}$", description="Date of the last search for studies."
    )


@router.get("/jobs", response_class=HTMLResponse)
def jobs_page(request: Request) -> HTMLResponse:
    """Show runs and jobs, and the forms that start more."""
    return _overview(request, {"study": EXAMPLE})


@router.post("/jobs/study", response_class=HTMLResponse)
def start_study(request: Request, form: Annotated[StudyForm, Form()]) -> Response:
    """Start the job of a study file."""
    # Browsers send line breaks as two characters.
    return _started(request, "study", {"study": form.study.replace("\r\n", "\n")})


@router.post("/jobs/report", response_class=HTMLResponse)
def start_report(request: Request, form: Annotated[ReportForm, Form()]) -> Response:
    """Start the job of a report on the evidence."""
    return _started(request, "report", form.model_dump())


@router.get("/jobs/{job_id}", response_class=HTMLResponse)
def job_page(request: Request, job_id: str) -> HTMLResponse:
    """Show how far a job is."""
    state: State = request.app.state.locoreg
    job = _job(state, job_id)
    answer = page(
        request, "jobs_job.html", title=f"Job: {job.title}", job=job, mark=MARKS[job.state],
        words=state_words(job, _ahead(state, job)), kind=KIND_WORDS.get(job.kind, job.kind),
        created=time_text(job.created), duration=duration_text(job.seconds),
        attempts=job.attempts,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/jobs/{job_id}/cancel")
def cancel_job(request: Request, job_id: str) -> Response:
    """Cancel a job that waits, or ask one that runs to stop."""
    state: State = request.app.state.locoreg
    cancel(state, _job(state, job_id).id)
    return _to(request, job_id)


@router.post("/jobs/{job_id}/again")
def start_again(request: Request, job_id: str) -> Response:
    """Start a job with the options of another one."""
    state: State = request.app.state.locoreg
    job = _job(state, job_id)
    return _to(request, start(state, job.kind, job.options).id)


@router.get("/jobs/{job_id}/study.yaml")
def study_file(request: Request, job_id: str) -> Response:
    """Return the study file of a job."""
    state: State = request.app.state.locoreg
    path = state.settings.workspace / JOBS / _job(state, job_id).id / STUDY_FILE
    if not path.is_file():
        raise NotFoundError("the study file of this job is no longer there.")
    headers = {"Content-Disposition": 'attachment; filename="study.yaml"'}
    return Response(path.read_bytes(), media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/jobs/{job_id}/events")
async def job_events(request: Request, job_id: str) -> Response:
    """Tell how far a job is, while it waits or runs."""
    state: State = request.app.state.locoreg
    await run_in_threadpool(_job, state, job_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(state, job_id), media_type="text/event-stream", headers=headers
    )


async def _events(state: State, job_id: str) -> AsyncIterator[str]:
    end, said = time.monotonic() + STREAM_SECONDS, ""
    yield "retry: 1000\n\n"
    while time.monotonic() < end:
        text, over = await run_in_threadpool(_event, state, job_id)
        if text != said:
            yield f"event: state\ndata: {text}\n\n"
            said = text
        if over:
            yield "event: over\ndata: {}\n\n"
            return
        await asyncio.sleep(LOOK_SECONDS)


def _event(state: State, job_id: str) -> tuple[str, bool]:
    job = find(state, job_id)
    if job is None:
        return "{}", True
    shown = {
        "words": state_words(job, _ahead(state, job)), "stage": job.stage,
        "number": job.number, "of": job.of,
    }  # fmt: skip
    return json.dumps(shown), job.is_over


def _job(state: State, job_id: str) -> Job:
    job = find(state, job_id)
    if job is None:
        raise NotFoundError("there is no such job.", hint="the page Reports lists all jobs.")
    return job


def _ahead(state: State, job: Job) -> int:
    return JobStore(state.settings.workspace).ahead(job) if job.state == "waiting" else 0


def _to(request: Request, job_id: str) -> Response:
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/jobs/{job_id}", status_code=303)


def _started(request: Request, kind: str, options: dict[str, Any]) -> Response:
    try:
        job = start(request.app.state.locoreg, kind, options)
    except TooManyError:
        raise
    except LocoregError as error:
        field = "study" if kind == "study" else "questions"
        return _overview(request, {"study": EXAMPLE, **options}, (field, str(error)))
    return _to(request, job.id)


def _overview(
    request: Request, filled: Mapping[str, Any], fault: tuple[str, str] | None = None
) -> HTMLResponse:
    state: State = request.app.state.locoreg
    known = registry_folders(state.settings.workspace, state.settings.registries)
    return page(
        request, "jobs.html", title="Reports and jobs", status=422 if fault else 200,
        runs=listed_runs(state), faults=[fault] if fault else [], filled=filled,
        jobs=[
            (job, MARKS[job.state], KIND_WORDS.get(job.kind, job.kind), time_text(job.created),
             duration_text(job.seconds))
            for job in recent(state, SHOWN)
        ],
        questions=list(state.catalog.questions.values()), registries=list(known),
        methods=Method.__args__, intervals=Interval.__args__,  # type: ignore[attr-defined]
    )  # fmt: skip


class StudyJob(_Form):
    """Run a study file."""

    kind: Literal["study"]
    options: StudyForm


class ReportJob(_Form):
    """Write a report on the published evidence."""

    kind: Literal["report"]
    options: ReportForm


class AnalysisOptions(_Form):
    """What an emulation or a selection is made of."""

    protocol: str = Field(min_length=1, max_length=200, description="Name of a shipped protocol.")
    registry: str = Field(min_length=1, max_length=255, description="Name of a registry.")
    jobs: int | None = Field(
        default=None, ge=1, le=MOST_CORES,
        description="Processes or threads that share the work; the usual number if not given.",
    )  # fmt: skip


class EmulationOptions(AnalysisOptions):
    """An emulated trial."""

    analyses: Literal["all", "primary"] | list[Annotated[str, Field(max_length=40)]] = Field(
        description="What is run beside the primary analysis."
    )


class SelectionOptions(AnalysisOptions):
    """A question who gains."""

    sensitivity: bool = Field(description="Whether the checks that take longest are made too.")


class EmulationJob(_Form):
    """Emulate a trial."""

    kind: Literal["emulation"]
    options: EmulationOptions


class SelectionJob(_Form):
    """Ask who gains."""

    kind: Literal["selection"]
    options: SelectionOptions


NewJob = Annotated[StudyJob | ReportJob | EmulationJob | SelectionJob, Field(discriminator="kind")]


@api.get("/jobs")
def list_jobs(request: Request) -> list[JobStatus]:
    """Return the newest jobs, newest first."""
    return [status_of(job) for job in recent(request.app.state.locoreg, SHOWN)]


@api.post("/jobs", status_code=202)
def new_job(request: Request, job: NewJob) -> JobStatus:
    """Start a job, or join the one that gives the same result."""
    return status_of(start(request.app.state.locoreg, job.kind, job.options.model_dump()))


@api.get("/jobs/{job_id}")
def get_job(request: Request, job_id: str) -> JobStatus:
    """Return how far a job is."""
    return status_of(_job(request.app.state.locoreg, job_id))


@api.post("/jobs/{job_id}/cancel")
def post_cancel(request: Request, job_id: str) -> JobStatus:
    """Cancel a job that waits, or ask one that runs to stop."""
    state: State = request.app.state.locoreg
    cancel(state, _job(state, job_id).id)
    return status_of(_job(state, job_id))
