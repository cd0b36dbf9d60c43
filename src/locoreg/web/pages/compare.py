"""Two runs side by side: which numbers moved, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from locoreg.core.errors import DataError
from locoreg.report.blocks import Column, Row, Table, text
from locoreg.web.pages.runs import find_run
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.compare import Comparison, Moved, compare_results, compared

router = APIRouter()
api = APIRouter()
# Numbers beside the headline ones that a page lists; the API has all of them.
MOST = 100


class CompareView(View):
    """Which two runs.

    Attributes
    ----------
    a, b : str
        Names; the earlier one first.
    """

    a: str = Field(default="", max_length=255)
    b: str = Field(default="", max_length=255)


class CompareQuery(View):
    """Which two runs, for the API.

    Attributes
    ----------
    a, b : str
        Names; the earlier one first.
    """

    a: str = Field(min_length=1, max_length=255)
    b: str = Field(min_length=1, max_length=255)


@router.get("/compare", response_class=HTMLResponse)
def compare_page(request: Request, view: Annotated[CompareView, Query()]) -> HTMLResponse:
    """Show what moved between two runs."""
    state: State = request.app.state.locoreg
    names = [(run.name, run.title) for run in state.runs()]
    found = compared_runs(state, view.a, view.b) if view.a and view.b else None
    return page(
        request, "compare.html", title=_title(view, found), runs=names, view=view, found=found,
        tables=() if found is None else tuple(_tables(found)),
        left_out=0 if found is None else max(0, len(found.others) - MOST),
        reproduce=None if found is None else _reproduce(state, view),
    )  # fmt: skip


def compared_runs(state: State, a: str, b: str) -> Comparison:
    """Return what moved from one run to another, named as the application names them."""
    first, second = find_run(state, a), find_run(state, b)
    sides = replace(compared(first), name=a), replace(compared(second), name=b)
    key = ("compare", a, first.sha256, b, second.sha256)
    try:
        return state.kept.get(key, lambda: compare_results(*sides))
    except (KeyError, TypeError) as error:
        # Results of the same schema that another program wrote, or that were edited.
        raise DataError(
            "one of these runs does not hold what a run holds: they can't be compared.",
            hint="run both study files again.",
        ) from error


def _title(view: CompareView, found: Comparison | None) -> str:
    return "Compare two runs" if found is None else f"What moved from {view.a} to {view.b}"


def _tables(found: Comparison) -> list[Table]:
    tables = []
    if found.headlines:
        tables.append(_table("Numbers that an answer rests on", found.headlines))
    if found.others:
        tables.append(_table("Further numbers", found.others[:MOST]))
    return tables


def _table(caption: str, moved: tuple[Moved, ...]) -> Table:
    columns = (Column("What", wide=True), Column("Before"), Column("After"), Column("Why"))
    rows = tuple(
        Row((text(m.label), text(m.before or "not there"), text(m.after or "gone"), text(m.note)))
        for m in moved
    )
    return Table(caption, columns, rows, stacks=True)


def _reproduce(state: State, view: CompareView) -> Reproduce:
    return Reproduce(
        command=f"locoreg compare {view.a} {view.b}",
        python=(
            "from locoreg.workflows.compare import compare_runs\n"
            "from locoreg.workflows.stored import open_run\n\n"
            f'compare_runs(open_run("{view.a}"), open_run("{view.b}"))'
        ),
        data_sha256=find_run(state, view.b).sha256,
    )


@api.get("/compare")
def get_comparison(request: Request, view: Annotated[CompareQuery, Query()]) -> dict[str, Any]:
    """Return what moved between two runs: ``moved`` (all numbers), and ``reasons``."""
    return compared_runs(request.app.state.locoreg, view.a, view.b).to_dict()
