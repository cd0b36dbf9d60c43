"""Trial emulation: the list, the form to run one, and each one step by step."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from locoreg.web.emulation.asked import FormView, begun, content_of, sent
from locoreg.web.emulation.files import figure_answer
from locoreg.web.emulation.form import EMULATION, Answer, Filled, read_form
from locoreg.web.emulation.listing import tables_of
from locoreg.web.emulation.opened import Opened, listed, open_step
from locoreg.web.emulation.parts import listing_of
from locoreg.web.emulation.steps import STEPS, alarm, show
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.emulation.stepped import failures_of

router = APIRouter()
api = APIRouter(tags=["emulation"])
Form = Literal["svg", "pdf", "csv", "json"]


class StepView(View):
    """What is shown of an emulation.

    Attributes
    ----------
    step : str
        Step of the bar.
    open : str
        Figure or part that is open.
    show : str
        ``anyway`` shows estimates although a check failed.
    """

    step: Literal["protocol", "diagnostics", "estimates", "sensitivity", "benchmark", "report"] = (
        "protocol"
    )
    open: str = Field(default="", max_length=80)
    show: Literal["", "anyway"] = ""


@router.get("/emulation", response_class=HTMLResponse)
def emulations(request: Request, view: Annotated[FormView, Query()]) -> HTMLResponse:
    """Show the emulations of stored runs, and the form to run one."""
    filled, found = begun(request.app.state.locoreg, view, EMULATION)
    return _form_page(request, filled, found)


@router.post("/emulation", response_class=HTMLResponse)
async def run_emulation(request: Request) -> Response:
    """Check the form; start a job, or say what is wrong next to the fields."""
    given = read_form(await request.body())
    return await run_in_threadpool(_run, request, given)


def _run(request: Request, given: dict[str, str]) -> Response:
    filled, found, started = sent(request, given, EMULATION)
    return started or _form_page(request, filled, found, status=422 if found.faults else 200)


def _form_page(
    request: Request, filled: Filled, found: Answer, *, status: int = 200
) -> HTMLResponse:
    state: State = request.app.state.locoreg
    root = request.scope.get("root_path", "")
    return page(
        request, "emulation.html", title="Trial emulation", status=status,
        tables=tables_of(listed(state, "emulation"), "emulation", root),
        **content_of(state, filled, found, EMULATION),
    )  # fmt: skip


@router.get("/emulation/{run}/{name}", response_class=HTMLResponse)
def emulation(
    request: Request, run: str, name: str, view: Annotated[StepView, Query()]
) -> HTMLResponse:
    """Show one step of an emulation; estimates stay behind a link where a check failed."""
    state: State = request.app.state.locoreg
    opened = open_step(state, "emulation", run, name)
    root = request.scope.get("root_path", "")
    shown = state.kept.get(
        ("emulation step", *opened.key, root, view.key()),
        lambda: show(opened, view.step, view.open, root, anyway=view.show == "anyway"),
    )
    words = dict(STEPS)[view.step]
    return page(
        request, "emulation_step.html", title=f"{opened.page.title}: {words}",
        synthetic=bool(opened.results["synthetic"]), reproduce=reproduce_of(opened),
        opened=opened, shown=shown, view=view, steps=STEPS, alarm=alarm(shown.failures),
        words=words, address=f"{root}{opened.path}",
    )  # fmt: skip


@router.get("/emulation/{run}/{name}/figure/{figure}.{form}")
def emulation_figure(request: Request, run: str, name: str, figure: str, form: Form) -> Response:
    """Return a file of a figure."""
    state: State = request.app.state.locoreg
    return figure_answer(open_step(state, "emulation", run, name), figure, form)


def reproduce_of(opened: Opened) -> Reproduce:
    """Return how a step is run again, from its page and results."""
    results = opened.results
    source = results.get("primary", results)["provenance"]
    plan = results.get("protocol") or {}
    return Reproduce(
        command=listing_of(opened.page, "Command") or "locoreg run STUDY.yaml --out OUT",
        python=listing_of(opened.page, "Python")
        or 'import locoreg as lr\n\nlr.run("STUDY.yaml", "OUT")',
        data_sha256=str(source["input_sha256"]),
        seed=plan.get("analysis", {}).get("intervals", {}).get("seed"),
    )


class EmulationLine(BaseModel):
    """One emulation in a list.

    Attributes
    ----------
    run, name, title : str
        Run and step; what it is about.
    synthetic : bool
        Whether the patients are made up.
    verdict : str
        ``fail`` where a check failed, else the verdict of the primary analysis.
    failed : list of str
        What failed.
    problem : str
        Why it can't be shown; empty otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    name: str
    title: str
    synthetic: bool
    verdict: str
    failed: list[str]
    problem: str


@api.get("/emulations")
def list_emulations(request: Request) -> list[EmulationLine]:
    """Return the emulations of stored runs, with what failed in each."""
    state: State = request.app.state.locoreg
    out = []
    for one in listed(state, "emulation"):
        results: Any = one.opened.results if one.opened else None
        failures = failures_of(results) if results else None
        verdict = str(results["primary"]["verdict"]) if results else ""
        out.append(
            EmulationLine(
                run=one.run, name=one.name, title=one.title, problem=one.problem,
                synthetic=bool(results and results["synthetic"]),
                verdict="fail" if failures else verdict,
                failed=list(failures.names) if failures else [],
            )
        )  # fmt: skip
    return out


@api.get("/emulations/{run}/{name}")
def get_emulation(request: Request, run: str, name: str) -> dict[str, Any]:
    """Return ``results.json`` of an emulation; failed diagnostics are in ``primary``."""
    state: State = request.app.state.locoreg
    return dict(open_step(state, "emulation", run, name).results)
