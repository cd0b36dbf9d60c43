"""A finished run: its conclusion, its parts, its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from locoreg.report.blockjson import from_json
from locoreg.report.blocks import Page
from locoreg.web.errors import NotFoundError
from locoreg.web.jobs.shown import duration_text
from locoreg.web.rendering import Reproduce, page
from locoreg.web.security import REPORT_POLICY
from locoreg.web.state import State
from locoreg.web.storedruns import run_of
from locoreg.workflows.bundle import run_files, run_seconds, run_seeds, zip_run
from locoreg.workflows.stored import StoredRun, StoredStep, read_json

router = APIRouter()
api = APIRouter()
# Sections of a report that its page in the application shows; the rest stands in the report.
SHOWN = ("conclusion", "findings", "changes")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
# A drawing that is opened by itself may do nothing.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Parts that have pages of their own.
PAGES = ("emulation", "selection")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run in a list.

    Attributes
    ----------
    name, title : str
        Name under which it is found, and title.
    seeds, duration, sha256 : str
        As shown.
    synthetic : bool
        Whether it holds patients who are made up.
    html, pdf : bool
        Whether there is such a report.
    """

    name: str
    title: str
    seeds: str
    duration: str
    sha256: str
    synthetic: bool
    html: bool
    pdf: bool


class StepLine(BaseModel):
    """A part of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the part.")
    kind: str = Field(description="evidence, registry, emulation or selection.")
    title: str = Field(description="What it is about.")
    key: str = Field(description="SHA-256 of all that its results depend on.")


class RunLine(BaseModel):
    """A run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the run.")
    title: str = Field(description="Title of its study.")
    synthetic: bool = Field(description="Whether it holds patients who are made up.")
    sha256: str = Field(description="SHA-256 of its results.json.")
    seeds: list[int] = Field(description="Seeds that its parts were drawn from.")
    seconds: float | None = Field(description="How long its parts took.")
    steps: list[StepLine] = Field(description="Its parts, in their order.")


class RunRecord(RunLine):
    """A run with everything that it holds."""

    files: list[str] = Field(description="Files that can be fetched under /runs/NAME/files/.")
    results: dict[str, Any] = Field(description="Its results.json.")


def find_run(state: State, name: str) -> StoredRun:
    """Return a run by its name; NotFoundError if there is none."""
    return run_of(state.runs(), name)


def listed_runs(state: State) -> list[ListedRun]:
    """Return all runs as they are listed."""
    return [
        ListedRun(
            name=run.name,
            title=run.title,
            seeds=", ".join(map(str, run_seeds(run))) or "none",
            duration=duration_text(run_seconds(run)),
            sha256=run.sha256,
            synthetic=run.synthetic,
            html=(run.folder / "report.html").is_file(),
            pdf=(run.folder / "report.pdf").is_file(),
        )
        for run in state.runs()
    ]


@router.get("/runs/{name}", response_class=HTMLResponse)
def run_page(request: Request, name: str) -> HTMLResponse:
    """Show a run: what it concludes, then its parts and its files."""
    state: State = request.app.state.locoreg
    run = find_run(state, name)
    root = request.scope.get("root_path", "")
    report = state.kept.get(("run", run.sha256, root, name), lambda: _report(run, root, name))
    files = run_files(run.folder)
    return page(
        request, "run.html", title=run.title, run=run, name=name, report=report,
        parts=[(step, _address(root, name, step)) for step in run.steps],
        files={
            part: [one for one in files if one.startswith(f"{part}/")]
            for part in ("tables", "figures")
        },
        has={one for one in files if "/" not in one},
        synthetic=run.synthetic, duration=duration_text(run_seconds(run)),
        reproduce=_reproduce(run),
    )  # fmt: skip


@router.get("/runs/{name}/report.html")
def run_report(request: Request, name: str) -> Response:
    """Return the report, which holds all that it shows."""
    return _file(request, name, "report.html", download=False)


@router.get("/runs/{name}/run.zip")
def run_archive(request: Request, name: str) -> Response:
    """Return all files of a run in one archive."""
    run = find_run(request.app.state.locoreg, name)
    headers = {"Content-Disposition": 'attachment; filename="run.zip"'}
    return StreamingResponse(
        zip_run(run.folder, run.name), media_type="application/zip", headers=headers
    )


@router.get("/runs/{name}/files/{path:path}")
def run_file(request: Request, name: str, path: str) -> Response:
    """Return one file of a run."""
    return _file(request, name, path, download=not path.endswith((".svg", ".png", ".html")))


def _file(request: Request, name: str, path: str, *, download: bool) -> Response:
    run = find_run(request.app.state.locoreg, name)
    # Only what is on the list: no path is made from what was asked.
    if path not in run_files(run.folder):
        raise NotFoundError("this run has no such file.")
    suffix = "." + path.rpartition(".")[2]
    headers = {}
    if suffix == ".html":
        headers["Content-Security-Policy"] = REPORT_POLICY
    elif suffix == ".svg":
        headers["Content-Security-Policy"] = DRAWING_POLICY
    return FileResponse(
        run.folder / path, media_type=TYPES[suffix], headers=headers,
        filename=path.rpartition("/")[2],
        content_disposition_type="attachment" if download else "inline",
    )  # fmt: skip


def _report(run: StoredRun, root: str, name: str) -> Page | None:
    """Return the head and the first sections of a report; their links lead into it."""
    path = run.folder / "page.json"
    if not path.is_file():
        return None
    content = read_json(path)
    content["sections"] = [one for one in content["sections"] if one["anchor"] in SHOWN]
    whole = from_json(_led(content, f"{root}/runs/{name}/report.html"))
    assert isinstance(whole, Page)
    return whole


def _led(value: Any, report: str) -> Any:
    if isinstance(value, list):
        return [_led(one, report) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "link" and str(value["href"]).startswith("#"):
        return {**value, "href": report + value["href"]}
    return {key: _led(one, report) for key, one in value.items()}


def _address(root: str, name: str, step: StoredStep) -> str:
    if step.kind in PAGES:
        return f"{root}/{step.kind}/{name}/{step.name.removeprefix(f'{step.kind}-')}"
    # Its tables are those of the run, which may differ from those the explorer shows.
    return f"{root}/runs/{name}/report.html"


def _reproduce(run: StoredRun) -> Reproduce:
    study, seeds = str(run.results.get("study_file", "study.yaml")), run_seeds(run)
    return Reproduce(
        command=f"locoreg run {study} --out {run.name}",
        python=f'import locoreg as lr\n\nlr.run("{study}", "{run.name}")',
        data_sha256=run.sha256,
        seed=seeds[0] if len(seeds) == 1 else None,
    )


def _line(name: str, run: StoredRun) -> dict[str, Any]:
    return {
        "name": name,
        "title": run.title,
        "synthetic": run.synthetic,
        "sha256": run.sha256,
        "seeds": list(run_seeds(run)),
        "seconds": run_seconds(run),
        "steps": [
            StepLine(name=step.name, kind=step.kind, title=step.title, key=step.key)
            for step in run.steps
        ],
    }


@api.get("/runs")
def list_runs(request: Request) -> list[RunLine]:
    """Return all runs."""
    return [RunLine(**_line(run.name, run)) for run in request.app.state.locoreg.runs()]


@api.get("/runs/{name}")
def get_run(request: Request, name: str) -> RunRecord:
    """Return a run with its results."""
    run = find_run(request.app.state.locoreg, name)
    files = list(run_files(run.folder))
    return RunRecord(**_line(name, run), files=files, results=run.results)
