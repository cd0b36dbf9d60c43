"""Who gains: the list of stored selections, and each one with its credibility first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from locoreg.web.emulation.asked import FormView, begun, content_of, sent
from locoreg.web.emulation.files import figure_answer
from locoreg.web.emulation.form import SELECTION, Answer, Filled, read_form
from locoreg.web.emulation.gains import show_gains
from locoreg.web.emulation.listing import tables_of
from locoreg.web.emulation.opened import Opened, listed, open_step
from locoreg.web.emulation.parts import alarm_of, listing_of
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.selection.stepped import selection_failures

router = APIRouter()
api = APIRouter(tags=["selection"])
Form = Literal["svg", "pdf", "csv", "json"]
Step = Literal["credibility", "persons", "differences", "subgroups", "rule", "doubts", "model"]


class GainView(View):
    """What is shown of a selection.

    Attributes
    ----------
    step : str
        Step of the bar.
    show : str
        ``anyway`` shows estimates although a check failed.
    """

    step: Step = "credibility"
    show: Literal["", "anyway"] = ""


@router.get("/selection", response_class=HTMLResponse)
def selections(request: Request, view: Annotated[FormView, Query()]) -> HTMLResponse:
    """Show the selections of stored runs, and the form to run one."""
    filled, found = begun(request.app.state.locoreg, view, SELECTION)
    return _form_page(request, filled, found)


@router.post("/selection", response_class=HTMLResponse)
async def run_selection(request: Request) -> Response:
    """Check the form; start a job, or say what is wrong next to the fields."""
    given = read_form(await request.body())
    return await run_in_threadpool(_run, request, given)


def _run(request: Request, given: dict[str, str]) -> Response:
    filled, found, started = sent(request, given, SELECTION)
    return started or _form_page(request, filled, found, status=422 if found.faults else 200)


def _form_page(
    request: Request, filled: Filled, found: Answer, *, status: int = 200
) -> HTMLResponse:
    state: State = request.app.state.locoreg
    root = request.scope.get("root_path", "")
    return page(
        request, "selection.html", title="Who gains", status=status,
        tables=tables_of(listed(state, "selection"), "selection", root),
        **content_of(state, filled, found, SELECTION),
    )  # fmt: skip


@router.get("/selection/{run}/{name}", response_class=HTMLResponse)
def selection(
    request: Request, run: str, name: str, view: Annotated[GainView, Query()]
) -> HTMLResponse:
    """Show one step of a selection; estimates stay behind a link where a check failed."""
    state: State = request.app.state.locoreg
    opened = open_step(state, "selection", run, name)
    root = request.scope.get("root_path", "")
    shown = state.kept.get(
        ("selection step", *opened.key, root, view.key()),
        lambda: show_gains(opened, view.step, root, anyway=view.show == "anyway"),
    )
    words = dict(shown.steps).get(view.step, view.step)
    return page(
        request, "selection_step.html", title=f"{opened.page.title}: {words}",
        synthetic=bool(opened.results["synthetic"]), reproduce=_reproduce(opened),
        opened=opened, shown=shown, view=view, alarm=alarm_of(opened.page), words=words,
        address=f"{root}{opened.path}",
    )  # fmt: skip


@router.get("/selection/{run}/{name}/figure/{figure}.{form}")
def selection_figure(request: Request, run: str, name: str, figure: str, form: Form) -> Response:
    """Return a file of a figure."""
    state: State = request.app.state.locoreg
    return figure_answer(open_step(state, "selection", run, name), figure, form)


def _reproduce(opened: Opened) -> Reproduce:
    results = opened.results
    return Reproduce(
        command=listing_of(opened.page, "Command") or "locoreg run STUDY.yaml --out OUT",
        python=listing_of(opened.page, "Python")
        or 'import locoreg as lr\n\nlr.run("STUDY.yaml", "OUT")',
        data_sha256=str(results["data"]["sha256"]),
        seed=results["plan"].get("seed"),
    )


class SelectionLine(BaseModel):
    """One selection in a list.

    Attributes
    ----------
    run, name, title : str
        Run and step; what it is about.
    synthetic : bool
        Whether the patients are made up.
    credibility : str
        Verdict on credibility.
    shows_rule : bool
        Whether a rule is shown.
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
    credibility: str
    shows_rule: bool
    failed: list[str]
    problem: str


@api.get("/selections")
def list_selections(request: Request) -> list[SelectionLine]:
    """Return the selections of stored runs, with what failed in each."""
    state: State = request.app.state.locoreg
    out = []
    for one in listed(state, "selection"):
        results: Any = one.opened.results if one.opened else None
        out.append(
            SelectionLine(
                run=one.run, name=one.name, title=one.title, problem=one.problem,
                synthetic=bool(results and results["synthetic"]),
                credibility=str(results["credibility"]["verdict"]) if results else "",
                shows_rule=bool(results and results["rule"]["shown"]),
                failed=list(selection_failures(results).names) if results else [],
            )
        )  # fmt: skip
    return out


@api.get("/selections/{run}/{name}")
def get_selection(request: Request, run: str, name: str) -> dict[str, Any]:
    """Return ``results.json`` of a selection."""
    state: State = request.app.state.locoreg
    return dict(open_step(state, "selection", run, name).results)
