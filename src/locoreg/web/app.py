"""The application: its pages, its API, its checks."""

from __future__ import annotations

import importlib
import pkgutil
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from locoreg.core.version import __version__
from locoreg.web import pages
from locoreg.web.errors import add_error_pages
from locoreg.web.security import Gate
from locoreg.web.settings import Settings
from locoreg.web.state import State


def create_app(settings: Settings) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : Settings
        Where its data are, and who may reach it.

    Returns
    -------
    FastAPI
        An ASGI application. Each module in ``locoreg.web.pages`` adds its routes: ``router`` has
        pages and figures, ``api`` what lies under ``/api/v1``.
    """
    app = FastAPI(
        title="locoreg",
        version=__version__,
        description="The numbers of the pages. For research. Not a medical device.",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.locoreg = State(settings)
    for found in sorted(m.name for m in pkgutil.iter_modules(pages.__path__)):
        module = importlib.import_module(f"{pages.__name__}.{found}")
        if hasattr(module, "router"):
            app.include_router(module.router, include_in_schema=False)
        if hasattr(module, "api"):
            app.include_router(module.api, prefix="/api/v1")
    static = str(resources.files("locoreg.web").joinpath("static"))
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.add_api_route("/report.css", _style, include_in_schema=False)
    add_error_pages(app)
    app.add_middleware(Gate, settings=settings)
    return app


def _style(request: Request) -> Response:
    """Return the style of reports; pages build on it."""
    text = resources.files("locoreg.report").joinpath("templates/style.css").read_text("utf-8")
    return Response(text, media_type="text/css")
