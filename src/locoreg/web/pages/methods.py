"""Methods: what the program does, and what it can't, told from the code itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from locoreg.report.blocks import Block
from locoreg.web import methodparts as parts
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View

router = APIRouter()
api = APIRouter()
Part = Literal[
    "estimators", "rules", "thresholds", "glossary", "dictionary", "limits", "licences", "api",
    "commands", "accessibility",
]  # fmt: skip
TITLES: dict[Part, str] = {
    "estimators": "Estimators",
    "rules": "Rules of the audit",
    "thresholds": "Thresholds",
    "glossary": "Glossary",
    "dictionary": "Data dictionary",
    "limits": "Known limits",
    "licences": "Licences",
    "api": "API",
    "commands": "Command line",
    "accessibility": "Accessibility",
}
MAKERS: dict[Part, Callable[[], tuple[Block, ...]]] = {
    "estimators": parts.estimators,
    "rules": parts.rules,
    "thresholds": parts.thresholds,
    "glossary": parts.glossary,
    "dictionary": parts.data_dictionary,
    "limits": parts.limits,
    "licences": parts.licences,
    "commands": parts.commands,
    "accessibility": parts.accessibility,
}


class MethodsView(View):
    """Which part is shown."""

    part: Part = "estimators"


@router.get("/methods", response_class=HTMLResponse)
def methods(request: Request, view: Annotated[MethodsView, Query()]) -> HTMLResponse:
    """Show one part of the methods."""
    state: State = request.app.state.locoreg
    if view.part == "api":
        blocks = parts.endpoints(request.app.openapi(), request.scope.get("root_path", ""))
    else:
        blocks = state.kept.get(("methods", view.part), MAKERS[view.part])
    return page(
        request,
        "methods.html",
        title=TITLES[view.part],
        blocks=blocks,
        chosen=view.part,
        parts=[(one, TITLES[one], MethodsView(part=one).query()) for one in get_args(Part)],
        reproduce=Reproduce(
            command="locoreg info",
            python="import locoreg as lr\n\nlr.__version__",
            data_sha256=state.catalog.sha256,
        ),
    )


@api.get("/", response_description="Addresses of what can be asked.")
def index(request: Request) -> dict[str, Any]:
    """List the endpoints."""
    root = request.scope.get("root_path", "")
    listed = [
        {"method": one.method, "path": root + one.path, "summary": one.summary}
        for one in parts.listed(request.app.openapi())
    ]
    return {"document": f"{root}/api/v1/openapi.json", "endpoints": listed}


@api.get("/version", response_description="Version of the program and hash of its data.")
def versions(request: Request) -> dict[str, str]:
    """Return the version and the hash of the evidence tables."""
    state: State = request.app.state.locoreg
    return {"locoreg": request.app.version, "tables_sha256": state.catalog.sha256}


@api.get("/evidence", response_description="Numbers of studies, claims and findings.")
def evidence_state(request: Request) -> JSONResponse:
    """Return the state of the evidence tables: the numbers of the start page."""
    state: State = request.app.state.locoreg
    return JSONResponse(state.evidence.to_dict())
