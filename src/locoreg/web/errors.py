"""What a user reads when something is wrong: one text, as a page or as JSON."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from locoreg.core.errors import LocoregError
from locoreg.web.rendering import page

LOG = logging.getLogger("locoreg.web")
TITLES = {
    400: "This can't be read",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    408: "Too slow",
    413: "Too large",
    422: "This can't be shown",
    429: "Too many at once",
    500: "Something went wrong",
}


class NotFoundError(LocoregError):
    """There is no such page, study, run or file."""


class TooManyError(LocoregError):
    """Too many requests of a kind."""


def add_error_pages(app: FastAPI) -> None:
    """Register the handlers.

    Parameters
    ----------
    app : FastAPI
        The application.
    """

    @app.exception_handler(LocoregError)
    async def known(request: Request, error: LocoregError) -> Response:
        return problem(request, _status(error), [(None, str(error))])

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return problem(request, 422, [_field(one) for one in error.errors()])

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return problem(request, error.status_code, [(None, str(error.detail))])

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        LOG.error(
            "failed: %s %s\n%s", request.method, _place(request), trace(error, request.method)
        )
        text = "The fault is in the program; its log says where. Your input was not at fault."
        return problem(request, 500, [(None, text)])


def problem(request: Request, status: int, faults: list[tuple[str | None, str]]) -> Response:
    """Return what is wrong, as a page or, under /api, as JSON.

    Parameters
    ----------
    request : Request
        What was asked.
    status : int
        Status of the answer.
    faults : list of (str or None, str)
        Name of the field, where one is at fault, and what is wrong.

    Returns
    -------
    Response
        With ``role="alert"`` where it is a page.
    """
    path = _place(request)
    if path.startswith("/api/") or path.endswith(".json"):
        content = {
            "error": {
                "status": status,
                "faults": [{"field": name, "message": text} for name, text in faults],
            }
        }
        return JSONResponse(content, status_code=status, headers={"Cache-Control": "no-store"})
    title = TITLES.get(status, "This did not work")
    answer = page(request, "error.html", title=title, status=status, faults=faults)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def trace(error: BaseException, method: str) -> str:
    """Return where an error arose; what it says only where no form was sent.

    The message of an error may repeat a value of a patient's form.

    Parameters
    ----------
    error : BaseException
        The error.
    method : str
        Of the request.

    Returns
    -------
    str
        Its type and the places in the program, one a line.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    said = f": {error}" if method == "GET" else ""
    return "\n".join([*lines, type(error).__name__ + said])


def _status(error: LocoregError) -> int:
    if isinstance(error, NotFoundError):
        return 404
    return 429 if isinstance(error, TooManyError) else 422


def _place(request: Request) -> str:
    """Return the path without the token and the proxy's folder."""
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))


def _field(one: dict[str, Any]) -> tuple[str | None, str]:
    place = [str(part) for part in one["loc"] if part not in ("query", "body", "path")]
    name = ".".join(place) or None
    if one["type"] == "extra_forbidden":
        return name, "no such field"
    return name, str(one["msg"])
