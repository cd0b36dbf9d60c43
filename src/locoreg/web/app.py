"""The application: its pages, its API, its checks."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from functools import lru_cache
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from locoreg.core.version import __version__
from locoreg.web import pages
from locoreg.web.errors import add_error_pages
from locoreg.web.openapi import API, describe, name_operations
from locoreg.web.security import Gate
from locoreg.web.settings import Settings
from locoreg.web.state import State

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False,
    "auto_configure": False,
}  # fmt: skip


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
    app = Application(
        settings,
        title="locoreg",
        version=__version__,
        description="The numbers of the pages. For research. Not a medical device.",
    )
    app.state.locoreg = State(settings)
    for found in sorted(m.name for m in pkgutil.iter_modules(pages.__path__)):
        module = importlib.import_module(f"{pages.__name__}.{found}")
        if hasattr(module, "router"):
            app.include_router(module.router, include_in_schema=False)
        if hasattr(module, "api"):
            name_operations(module.api.routes)
            app.include_router(module.api, prefix=API)
    static = str(resources.files("locoreg.web").joinpath("static"))
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.add_api_route("/report.css", _style, include_in_schema=False)
    add_error_pages(app)
    describe(app)
    return app


class Application(FastAPI):
    """FastAPI behind the checks, which its page of an unforeseen error passes as well.

    Parameters
    ----------
    settings : Settings
        What is allowed.
    title, version, description : str
        For the OpenAPI document.
    """

    def __init__(self, settings: Settings, *, title: str, version: str, description: str) -> None:
        super().__init__(
            title=title,
            version=version,
            description=description,
            # Their pages load scripts from elsewhere; the document is made in openapi.py.
            openapi_url=None,
            # Errors and queries could be sent to a collector that the environment names.
            telemetry=NO_TELEMETRY,
            docs_url=None,
            redoc_url=None,
        )
        self.settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application with the checks around all of it."""
        return Gate(super().build_middleware_stack(), self.settings)


@lru_cache(maxsize=1)
def _report_style() -> tuple[bytes, str]:
    content = resources.files("locoreg.report").joinpath("templates/style.css").read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _style(request: Request) -> Response:
    """Return the style of reports; pages build on it."""
    content, tag = _report_style()
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(content, media_type="text/css", headers={"ETag": tag})
