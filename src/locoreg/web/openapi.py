"""The OpenAPI document: what every endpoint has in common is said once, here."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

API = "/api/v1"
# What any request may get; 422 has a schema of FastAPI's own that is not what is sent.
REFUSALS = {
    "400": "The request can't be read.",
    "403": "The token is missing, or the request comes from another site.",
    "404": "There is no such thing.",
    "408": "The request was not complete in time.",
    "413": "The request is too large.",
    "421": "The server is not known under the name in the header Host.",
    "422": "A value can't be used, or the data can't answer; each fault names its field.",
    "429": "Too many requests of a kind.",
}
ERROR = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["status", "faults"],
            "properties": {
                "status": {"type": "integer", "description": "Status of the answer."},
                "faults": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
        }
    },
}
TAGS = (
    ("about", "Version, and the state of the data."),
    ("evidence", "Published studies: findings and pools."),
    ("registry", "Patients' data, in numbers; small counts are hidden."),
    ("emulation", "Emulated trials."),
    ("selection", "Who gains."),
    ("patient", "One patient; nothing is kept."),
    ("jobs", "Runs and jobs."),
)
# First part of the path after /api/v1, and the tag.
_TAG_OF = {
    "evidence": "evidence", "audit": "evidence", "registries": "registry", "cohort": "registry",
    "emulations": "emulation", "emulation": "emulation", "selections": "selection",
    "selection": "selection", "patient": "patient", "jobs": "jobs", "runs": "jobs",
    "certainty": "evidence", "next-trial": "evidence", "meta": "evidence",
    "upload": "jobs", "uploads": "jobs", "reports": "jobs", "compare": "jobs",
}  # fmt: skip


def describe(app: FastAPI) -> None:
    """Give an application its OpenAPI document.

    Parameters
    ----------
    app : FastAPI
        With all its routes.
    """
    made: dict[str, dict[str, Any]] = {}

    def document() -> dict[str, Any]:
        if not made:
            made["document"] = _document(app)
        return made["document"]

    def served(request: Request) -> JSONResponse:
        return JSONResponse(document() | {"servers": [{"url": request.scope["root_path"] or "/"}]})

    app.openapi = document  # type: ignore[method-assign]
    app.add_api_route(f"{API}/openapi.json", served, include_in_schema=False)


def name_operations(routes: list[BaseRoute]) -> None:
    """Give the endpoints of a router names and tags.

    Parameters
    ----------
    routes : list of BaseRoute
        Of one page module, before the application includes them.
    """
    for route in routes:
        if isinstance(route, APIRoute):
            # Names of functions are unique within a module only.
            route.operation_id = _operation(route)
            route.tags = route.tags or [_tag(route.path)]


def _document(app: FastAPI) -> dict[str, Any]:
    whole = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = ERROR
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    operations = [one for methods in whole["paths"].values() for one in methods.values()]
    for operation in operations:
        for status, text in REFUSALS.items():
            operation["responses"][status] = {"description": text, "content": answer}
    used = {tag for one in operations for tag in one["tags"]}
    whole["tags"] = [{"name": name, "description": text} for name, text in TAGS if name in used]
    return whole


def _tag(path: str) -> str:
    return _TAG_OF.get(path.strip("/").partition("/")[0], "about")


def _operation(route: APIRoute) -> str:
    path = route.path.strip("/")
    words = [part.strip("{}").partition(":")[0] for part in path.split("/") if part]
    name = "_".join((min(route.methods or {"GET"}).lower(), *(words or ["index"])))
    return re.sub(r"\W", "_", name)
