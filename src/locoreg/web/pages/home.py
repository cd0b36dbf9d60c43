"""Home: four questions, and the state of the evidence, of runs and of jobs."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from locoreg.report.blocks import Badge, Block, Column, Link, Paragraph, Row, Table, Text, Value
from locoreg.report.words import SEVERITY_MEANS, severity
from locoreg.web.jobs import recent
from locoreg.web.jobs.records import Job
from locoreg.web.jobs.shown import KIND_WORDS, MARKS, time_text
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.workflows.evidencestate import EvidenceState
from locoreg.workflows.stored import StoredRun

router = APIRouter()
CARDS = (
    ("What do the trials show?", "/evidence", "Published trials and cohorts, audited and pooled."),
    ("What does our registry show?", "/cohort", "Who the patients are, and how they fare."),
    (
        "What would a trial in the registry show?",
        "/emulation",
        "The trial that nobody could run, emulated, with its diagnostics first.",
    ),
    (
        "What applies to this patient?",
        "/patient",
        "Which trials would have taken this patient; what the registry can and can't tell.",
    ),
)
SHOWN = 5


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> HTMLResponse:
    """Show the start page."""
    state: State = request.app.state.locoreg
    root = request.scope.get("root_path", "")
    runs = state.runs()
    return page(
        request,
        "home.html",
        title="Local therapy in metastatic breast cancer",
        cards=CARDS,
        evidence=_evidence(state.evidence, runs, root),
        runs=_runs(runs, root),
        jobs=_jobs(recent(state, SHOWN), root),
        reproduce=Reproduce(
            command="locoreg evidence audit",
            python="import locoreg as lr\n\nlr.audit(lr.load_catalog())",
            data_sha256=state.catalog.sha256,
        ),
    )


def _evidence(found: EvidenceState, runs: tuple[StoredRun, ...], root: str) -> tuple[Block, ...]:
    newest = "" if found.newest_year is None else f"; newest publication {found.newest_year}"
    size: Text = (
        _count(found.studies, "studies", "studies"),
        ", of these ",
        _count(found.trials, "randomised", "trials"),
        "; ",
        _count(found.references, "publications", "references"),
        "; ",
        _count(found.claims, "printed passages with numbers", "claims"),
        f"{newest}.",
    )
    dates = [str(run.results["search_date"]) for run in runs if run.results.get("search_date")]
    searched = f"Last search for studies: {max(dates)}." if dates else (
        "Last search for studies: not known here; a run of a study names it."
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                (severity(name),),
                (_count(number, "", f"findings/{name}"),),
                (_count(found.subjects[name], "", f"subjects/{name}"),),
                (SEVERITY_MEANS[name],),
            )
        )
        for name, number in found.findings.items()
    )
    table = Table(
        caption="Open findings of the audit",
        columns=(
            Column("Severity"),
            Column("Findings", numeric=True),
            Column("Studies and tables, by their worst", numeric=True),
            Column("Meaning", wide=True),
        ),
        rows=rows,
        note=(Link(f"{root}/evidence/audit", "Audit board: every finding by study and rule"),),
    )
    return (Paragraph(size), Paragraph((searched,)), table)


def _runs(runs: tuple[StoredRun, ...], root: str) -> tuple[Block, ...]:
    if not runs:
        return (
            Paragraph(
                ("No study was run here yet. ", Link(f"{root}/jobs", "Reports and jobs"), "."),
            ),
        )
    newest = sorted(runs, key=lambda run: (run.folder / "results.json").stat().st_mtime)[::-1]
    rows = tuple(
        Row(
            (
                (Link(f"{root}/runs/{quote(run.name)}", run.title),),
                (run.name,),
                (", ".join(step.name for step in run.steps),),
                (_patients(run),),
            )
        )
        for run in newest[:SHOWN]
    )
    return (
        Table(
            caption="Newest runs",
            columns=(Column("Study"), Column("Folder"), Column("Steps"), Column("Patients")),
            rows=rows,
            stacks=True,
        ),
    )


def _patients(run: StoredRun) -> str:
    if all(step.kind == "evidence" for step in run.steps):
        return "none"
    return "synthetic" if run.synthetic else "real"


def _jobs(jobs: tuple[Job, ...], root: str) -> tuple[Block, ...]:
    if not jobs:
        return (Paragraph(("No jobs yet.",)),)
    rows = tuple(
        Row(
            (
                (Link(f"{root}/jobs/{job.id}", job.title),),
                (KIND_WORDS.get(job.kind, job.kind),),
                (Badge(job.state, *MARKS[job.state]),),
                (time_text(job.created),),
            )
        )
        for job in jobs
    )
    return (
        Table(
            caption="Newest jobs",
            columns=(Column("Job"), Column("Kind"), Column("State"), Column("Asked for")),
            rows=rows,
            stacks=True,
        ),
    )


def _count(number: int, words: str, key: str) -> Value:
    return Value(f"{number:,} {words}".strip(), number, f"evidence/state/{key}")
