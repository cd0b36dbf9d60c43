"""Figures by themselves: SVG, PNG, PDF, their numbers as CSV and JSON."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Link
from locoreg.web.state import State
from locoreg.web.views import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

V = TypeVar("V", bound=View)
Format = Literal["svg", "png", "pdf", "csv", "json"]
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf", "csv", "json")
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure with the numbers that it shows.

    Attributes
    ----------
    figure : callable
        Draws it; called only for the formats that need it.
    rows : sequence of rows
        Its numbers, the header first.
    data : dict
        The same for JSON: the results that it is drawn from.
    """

    figure: Callable[[], Figure]
    rows: Sequence[Sequence[Any]]
    data: dict[str, Any]


def figure_route(
    router: APIRouter,
    name: str,
    view: type[V],
    make: Callable[[State, V], Drawn],
    *,
    data: Callable[[State, V], str] = lambda state, view: state.catalog.sha256,
) -> None:
    """Serve a figure under ``/figure/NAME.{svg,png,pdf,csv,json}`` with a page's query.

    Parameters
    ----------
    router : APIRouter
        Of the page.
    name : str
        Name of the figure.
    view : type
        The page's view.
    make : callable
        From the state and a view to the figure; raises `NotFoundError` where there is none.
    data : callable
        From the state and a view to the hash of the data that are drawn; what is kept is drawn anew
        when it changes. The evidence tables' hash if not given.
    """

    def serve(request: Request, form: Format, asked: Annotated[Any, Query()]) -> Response:
        state: State = request.app.state.locoreg
        content = state.kept.get(
            ("figure", name, form, data(state, asked), asked.key()),
            lambda: figure_bytes(state, make(state, asked), form),
        )
        headers = {"Content-Disposition": f'inline; filename="{name}.{form}"'}
        return Response(content, media_type=TYPES[form], headers=headers)

    serve.__annotations__["asked"] = Annotated[view, Query()]
    router.add_api_route(
        f"/figure/{name}.{{form}}", serve, methods=["GET"], name=f"figure {name}",
        response_class=Response, include_in_schema=False,
    )  # fmt: skip


def downloads(root: str, name: str, view: View) -> tuple[Link, ...]:
    """Return the links to a figure's files, for a `Figure` block.

    Parameters
    ----------
    root : str
        What every path begins with.
    name : str
        Name of the figure.
    view : View
        The page's view.

    Returns
    -------
    tuple of Link
        One per format.
    """
    query = view.query()
    return tuple(Link(f"{root}/figure/{name}.{form}{query}", form.upper()) for form in FORMATS)


def figure_bytes(state: State, drawn: Drawn, form: Format) -> bytes:
    """Return the file of a figure.

    Parameters
    ----------
    state : State
        Holds the lock under which figures are drawn.
    drawn : Drawn
        The figure with its numbers.
    form : str
        Format.

    Returns
    -------
    bytes
        The file.
    """
    if form == "csv":
        return to_csv(drawn.rows).encode()
    if form == "json":
        return (dumps(drawn.data) + "\n").encode()
    with state.drawing:
        return _drawn(drawn.figure(), form)


def _drawn(figure: Figure, form: Format) -> bytes:
    from locoreg.figures import to_svg

    if form == "svg":
        return to_svg(figure).encode()
    buffer = io.BytesIO()
    metadata = {"CreationDate": None} if form == "pdf" else {"Software": None}
    figure.savefig(buffer, format=form, dpi=300 if form == "png" else 72, metadata=metadata)
    return buffer.getvalue()
