"""The four figures of a cohort, on the page and as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from locoreg.web.cohort.opened import Source, explored, limit_of, source_of
from locoreg.web.cohort.view import CohortView
from locoreg.web.errors import NotFoundError
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.state import State
from locoreg.workflows.registry.exploring import Exploration, time_zero_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SYNTHETIC = "SYNTHETIC"
FIGURES = {
    "cohort-flow": "flow",
    "cohort-survival": "curves",
    "cohort-timing": "timing",
    "cohort-missing": "missing",
}


def figure_of(name: str, found: Exploration, limit: int | None, *, table: bool = True) -> Figure:
    """Draw a figure of a cohort.

    Parameters
    ----------
    name : str
        A key of `FIGURES`.
    found : Exploration
        The cohort; it has what the figure shows.
    limit : int or None
        Largest count that is hidden.
    table : bool
        Whether curves have the table of patients at risk below them.

    Returns
    -------
    matplotlib.figure.Figure
        To be drawn under the lock of the state.
    """
    from locoreg.figures import registry

    if name == "cohort-flow":
        return registry.cohort_flow_figure(found.flow, synthetic=found.synthetic, small_cells=limit)
    if name == "cohort-timing" and found.timing is not None:
        zero = time_zero_words(found.choices)
        return registry.timing_figure(found.timing, origin=zero, small_cells=limit)
    if name == "cohort-missing" and found.missing is not None:
        return registry.missing_figure(found.missing, small_cells=limit)
    if name == "cohort-survival" and found.curves is not None:
        return registry.cohort_survival_figure(
            found.curves, order=found.order, by=found.by, synthetic=found.synthetic, table=table
        )
    raise NotFoundError("this cohort has no such figure.", hint=found.why_not(name))


def rows_of(name: str, found: Exploration) -> list[tuple[Any, ...]]:
    """Return the numbers of a figure as rows, the header first.

    Parameters
    ----------
    name : str
        A key of `FIGURES`.
    found : Exploration
        The cohort.

    Returns
    -------
    list of tuple
        On made-up patients with a last column that says so.
    """
    rows: Sequence[tuple[Any, ...]] = ()
    if name == "cohort-flow":
        rows = found.flow_rows()
    elif name == "cohort-timing" and found.timing is not None:
        rows = found.timing.rows()
    elif name == "cohort-missing" and found.missing is not None:
        rows = found.missing.rows()
    elif found.curves is not None:
        rows = found.curves.rows()
    if not found.synthetic:
        return list(rows)
    return [(*row, SYNTHETIC if place else "data") for place, row in enumerate(rows)]


def add_figures(router: APIRouter) -> None:
    """Serve the figures with the query of the page.

    Parameters
    ----------
    router : APIRouter
        Of the page.
    """
    for name in FIGURES:
        figure_route(router, name, CohortView, _maker(name), data=_data)


def _maker(name: str) -> Callable[[State, CohortView], Drawn]:
    return lambda state, view: _drawn(state, name, source_of(state, view), view)


def _data(state: State, view: CohortView) -> str:
    source = source_of(state, view)
    return f"{source.sha256} {source.folder}"


def _drawn(state: State, name: str, source: Source, view: CohortView) -> Drawn:
    found = explored(state, source, view)
    part = found.to_dict()[FIGURES[name]]
    if part is None:
        raise NotFoundError("this cohort has no such figure.", hint=found.why_not(name))
    data = {
        "registry": source.name,
        "sha256": source.sha256,
        "synthetic": found.synthetic,
        "notices": list(found.notices),
        "small_cells": found.small_cells,
        FIGURES[name]: part,
    }
    return Drawn(
        figure=lambda: figure_of(name, found, limit_of(state)),
        rows=rows_of(name, found),
        data=data,
    )
