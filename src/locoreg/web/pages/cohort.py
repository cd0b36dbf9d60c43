"""The registry cohort explorer: choose patients, see who they are and how they fare."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic import BaseModel

from locoreg.core.jsontext import json_ready
from locoreg.web.cohort.blocks import show
from locoreg.web.cohort.figures import add_figures
from locoreg.web.cohort.opened import explored, limit_of, source_of, sources
from locoreg.web.cohort.reproduce import reproduce
from locoreg.web.cohort.sentence import clauses
from locoreg.web.cohort.view import CohortView
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.workflows.registry.exploring import protocol_fragment, registry_sha256

router = APIRouter()
api = APIRouter(tags=["registry"])
add_figures(router)
TITLE = "Registry cohort"


@router.get("/cohort", response_class=HTMLResponse)
def cohort(request: Request, view: Annotated[CohortView, Query()]) -> HTMLResponse:
    """Show a cohort of a registry."""
    state: State = request.app.state.locoreg
    folders = sources(state)
    if not folders:
        return page(request, "cohort.html", title=TITLE, source=None, view=view)
    source = source_of(state, view)
    found = explored(state, source, view)
    root = str(request.scope.get("root_path", ""))
    shown = state.kept.get(
        ("cohort", source.sha256, str(source.folder), root, view.key()),
        lambda: show(state, found, view, root),
    )
    return page(
        request,
        "cohort.html",
        title=f"{TITLE}: {source.name}, {found.size.text} patients",
        synthetic=found.synthetic,
        reproduce=reproduce(source, view, limit_of(state)),
        view=view,
        source=source,
        size=found.size,
        clauses=clauses(view, folders, source.name),
        shown=shown,
        fragment=f"{root}/cohort/protocol.yaml{view.query()}",
        emulation=f"{root}/emulation?{urlencode({'registry': source.name})}",
        saved=f"{root}/cohort?{_saved(view, source.name, source.sha256)}",
        level=view.level,
    )


def _saved(view: CohortView, name: str, sha256: str) -> str:
    query = view.query(registry=name).removeprefix("?")
    return f"{query}&{urlencode({'data': sha256[:16]})}"


@router.get("/cohort/protocol.yaml", include_in_schema=False)
def fragment(request: Request, view: Annotated[CohortView, Query()]) -> PlainTextResponse:
    """Return time zero and eligibility of a cohort, as part of a protocol."""
    state: State = request.app.state.locoreg
    source = source_of(state, view)
    content = protocol_fragment(view.choices(), registry=source.name, sha256=source.sha256)
    return PlainTextResponse(
        content,
        media_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="cohort.yaml"'},
    )


class RegistryItem(BaseModel):
    """A registry that can be explored.

    Attributes
    ----------
    name, sha256 : str
        How it is asked for; hash of its data.
    """

    name: str
    sha256: str


class CountShown(BaseModel):
    """A count: null where it is hidden, and as it is shown."""

    n: int | None
    shown: str


class FlowTexts(BaseModel):
    """Counts of a step as shown."""

    left_out: str
    remaining: str


class FlowItem(BaseModel):
    """A step of the flow; counts are null where they are hidden."""

    step: str
    left_out: int | None
    remaining: int | None
    shown: FlowTexts


class CohortAnswer(BaseModel):
    """A cohort; null where the small-cell rule hides a number.

    Attributes
    ----------
    registry, sha256 : str
        Name, and hash of the data.
    synthetic : bool
        Whether the patients are made up.
    origin, by : str
        What times count from; what groups are made of.
    level : float
        Level of the intervals in percent.
    small_cells : int or None
        Counts of 1 to this many patients are hidden.
    patients : CountShown
        Patients of the cohort.
    notices, notes : list of str
        What must be read first; how to read the rest.
    flow : list of FlowItem
        From all patients down to those followed.
    table, curves, rmst, timing, missing : dict or None
        Table 1, curves with what is read off them, restricted means, first local therapies,
        unknown values; null where nobody is left or too few to be shown.
    survival : list of dict
        Follow-up and survival by group.
    """

    registry: str
    sha256: str
    synthetic: bool
    origin: str
    by: str
    level: float
    small_cells: int | None
    patients: CountShown
    notices: list[str]
    notes: list[str]
    flow: list[FlowItem]
    table: dict[str, Any] | None
    survival: list[dict[str, Any]]
    curves: dict[str, Any] | None
    rmst: dict[str, Any] | None
    timing: dict[str, Any] | None
    missing: dict[str, Any] | None


@api.get("/registries")
def registries(request: Request) -> list[RegistryItem]:
    """List the registries that can be explored."""
    state: State = request.app.state.locoreg
    return [
        RegistryItem(name=name, sha256=registry_sha256(folder))
        for name, folder in sources(state).items()
    ]


@api.get("/cohort")
def cohort_numbers(request: Request, view: Annotated[CohortView, Query()]) -> CohortAnswer:
    """Describe a cohort of a registry: flow, Table 1, survival, treatment times."""
    state: State = request.app.state.locoreg
    source = source_of(state, view)
    content = json_ready(explored(state, source, view).to_dict())
    return CohortAnswer(**{**content, "registry": source.name})
