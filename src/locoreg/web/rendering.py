"""Pages from templates and blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from locoreg.core.version import __version__
from locoreg.web.freshness import is_stale, with_data

DISCLAIMER = "Research use. Not a medical device."
# Pages of the navigation: path and name.
NAVIGATION = (
    ("/evidence", "Evidence"),
    ("/certainty", "How sure"),
    ("/next-trial", "Next trial"),
    ("/cohort", "Registry cohort"),
    ("/emulation", "Trial emulation"),
    ("/selection", "Who gains"),
    ("/patient", "Patient view"),
    ("/jobs", "Reports"),
    ("/methods", "Methods"),
)
# Pages that stand under an entry of the navigation, and the entry.
BELOW = {
    "meta": "/evidence", "runs": "/jobs", "compare": "/jobs", "uploads": "/jobs", "upload": "/jobs",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduce:
    """How the same numbers are had without the application.

    Attributes
    ----------
    command : str
        The command line.
    python : str
        The same in Python.
    data_sha256 : str
        Hash of the data.
    seed : int or None
        Seed of what is drawn, None where nothing is.
    """

    command: str
    python: str
    data_sha256: str
    seed: int | None = None


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates of the application and of the report, with escaping on."""
    return Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("locoreg.web", "templates"),
                PackageLoader("locoreg.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = 200,
    private: bool = False,
    reproduce: Reproduce | None = None,
    synthetic: bool = False,
    **content: Any,
) -> HTMLResponse:
    """Return a page, or only its results where htmx asks for them.

    Parameters
    ----------
    request : Request
        What was asked.
    template : str
        A template that extends ``frame.html`` and fills its blocks ``filters`` and ``results``.
    title : str
        Title of the view; it changes with what is shown.
    status : int
        Status of the answer.
    private : bool
        Whether it holds something about a patient: nobody may keep it then.
    reproduce : Reproduce, optional
        Shown at the foot of the results.
    synthetic : bool
        Whether the patients behind it are made up.
    **content
        For the template.

    Returns
    -------
    HTMLResponse
        The page.
    """
    wanted = request.headers
    # htmx asks for a whole page where it goes back in its history.
    fragment = wanted.get("hx-request") == "true" and wanted.get("hx-request-type") != "full"
    link, given = _permalink(request, reproduce), request.scope.get("locoreg.data", "")
    text = (
        environment()
        .get_template(template)
        .render(
            frame="fragment.html" if fragment else "frame.html",
            root=request.scope.get("root_path", ""),
            here=_path(request),
            current=_current(request),
            navigation=NAVIGATION,
            disclaimer=DISCLAIMER,
            version=__version__,
            title=title,
            reproduce=reproduce,
            synthetic=synthetic,
            permalink=None if private else link,
            stale=reproduce is not None and is_stale(given, reproduce.data_sha256),
            **content,
        )
    )
    headers = {"Vary": "HX-Request, HX-Request-Type"}
    if private:
        headers["Cache-Control"] = "no-store"
    return HTMLResponse(text, status_code=status, headers=headers)


def _current(request: Request) -> str:
    """Return the entry of the navigation that a page belongs to."""
    first = _path(request).split("/")[1]
    return BELOW.get(first, f"/{first}")


def _path(request: Request) -> str:
    path = str(request.scope["path"])
    return path.removeprefix(request.scope.get("root_path", "")) or "/"


def _permalink(request: Request, reproduce: Reproduce | None) -> str:
    query = str(request.url.query)
    link = str(request.scope["path"]) + (f"?{query}" if query else "")
    return with_data(link, reproduce.data_sha256) if reproduce else link
