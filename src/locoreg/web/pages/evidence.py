"""The evidence explorer: what the studies of a question say, and how far that can be trusted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import LocoregError
from locoreg.figures import plot
from locoreg.figures.forest import forest_of_pools
from locoreg.report.sections.boundaries import sequential_blocks
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence import content, kept
from locoreg.web.evidence.forest import answers, forests, numbers_table
from locoreg.web.evidence.form import field_groups
from locoreg.web.evidence.judged import certainties
from locoreg.web.evidence.poolapi import api
from locoreg.web.evidence.reproduce import reproduce
from locoreg.web.evidence.rows import plain_rows
from locoreg.web.evidence.tabs import (
    funnel_table,
    influence_table,
    shift_table,
    worlds_figure,
    worlds_table,
)
from locoreg.web.evidence.view import TABS, EvidenceView
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.web.sureness.drawn import first_table
from locoreg.workflows.explore.explorer import Explored
from locoreg.workflows.explore.studytable import table_rows
from locoreg.workflows.explore.suretabs import part_of

__all__ = ["api", "router"]

router = APIRouter()
SORTS = ("study", "year", "patients", "effect", "weight", "findings")


@router.get("/evidence", response_class=HTMLResponse)
def evidence(request: Request, view: Annotated[EvidenceView, Query()]) -> HTMLResponse:
    """Show the explorer."""
    state: State = request.app.state.locoreg
    root = str(request.scope.get("root_path", ""))
    found = kept.explored(state, view)
    certainty = certainties(state.runs(), found, view, state.catalog.sha256)
    blocks = state.kept.get(
        ("evidence figures", state.catalog.sha256, root, view.model_copy(update=_BESIDE).key()),
        lambda: _forests(state, found, view, root),
    )
    below = _below(state, found, view, root)
    lines = content.study_rows(state, found, view) if view.tab == "studies" else ()
    return page(
        request,
        "evidence.html",
        title=f"{found.outcome.label}: {found.question.title}",
        view=view,
        groups=field_groups(view, found),
        choices=found.choices,
        question=found.question.question_id,
        head=content.head(found, view),
        answers=answers(found.pools, view, certainty) if found.pools else None,
        empty=content.empty(
            found, view, root, {s.study_id: s.label for s in state.catalog.studies.values()}
        ),
        figures=blocks,
        tabs=TABS,
        sorts=SORTS,
        below=below,
        study_table=content.study_table(lines, found, view, root) if lines else None,
        reproduce=reproduce(state, found, view),
    )


# What the figures above the tabs don't depend on.
_BESIDE = {"tab": "heterogeneity", "sort": "year", "down": False, "effect": "0.8"}


def _forests(state: State, found: Explored, view: EvidenceView, root: str) -> tuple[object, ...]:
    with state.drawing:
        return forests(found.pools, view, root, kept.bias(state))


def _below(state: State, found: Explored, view: EvidenceView, root: str) -> tuple[object, ...]:
    if view.tab == "summary":
        # Of the runs, which are read anew each time.
        return content.tab_blocks(state, found, view, root)
    return state.kept.get(
        ("evidence tab", state.catalog.sha256, root, view.key()),
        lambda: _tab(state, found, view, root),
    )


def _tab(state: State, found: Explored, view: EvidenceView, root: str) -> tuple[object, ...]:
    with state.drawing:
        return content.tab_blocks(state, found, view, root)


@router.get("/evidence/studies.csv", include_in_schema=False)
def studies_csv(request: Request, view: Annotated[EvidenceView, Query()]) -> Response:
    """Return the study table as CSV."""
    state: State = request.app.state.locoreg
    lines = content.study_rows(state, kept.explored(state, view), view)
    return Response(
        to_csv(table_rows(lines)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="studies.csv"'},
    )


def _draw_forest(state: State, view: EvidenceView) -> Drawn:
    found = kept.explored(state, view)
    if not found.pools:
        raise NotFoundError(" ".join(reason for _, reason in found.empty))
    pools = [item.pool for item in found.pools]
    rows = [row for item in found.pools for row in plain_rows(numbers_table(item))]
    return Drawn(
        figure=lambda: forest_of_pools(
            pools, layout=view.layout, order=view.order, risk_of_bias=kept.bias(state)
        ),
        rows=rows,
        data=found.to_dict(),
    )


def _draw_influence(state: State, view: EvidenceView) -> Drawn:
    _, found = kept.influence(kept.one_pool(state, view))
    if not found.rows:
        raise NotFoundError("influence needs three studies or more.")
    return Drawn(
        figure=lambda: plot(found), rows=plain_rows(influence_table(found)), data=found.to_dict()
    )


def _draw_funnel(state: State, view: EvidenceView) -> Drawn:
    found = kept.funnel(kept.one_pool(state, view))
    if found.too_few:
        raise NotFoundError(f"no funnel plot: {found.too_few}.")
    return Drawn(
        figure=lambda: plot(found), rows=plain_rows(funnel_table(found)), data=found.to_dict()
    )


def _draw_shift(state: State, view: EvidenceView) -> Drawn:
    found = kept.shift(state, view.asked(), kept.one_pool(state, view))
    if found is None:
        raise NotFoundError("every row is read as printed: there are no two readings.")
    return Drawn(
        figure=lambda: plot(found), rows=plain_rows(shift_table(found)), data=found.to_dict()
    )


def _draw_worlds(state: State, view: EvidenceView) -> Drawn:
    item = kept.one_pool(state, view)
    found = kept.worlds(state, view.asked(), item)
    if found is None:
        raise NotFoundError("no input of this pool has more than one admissible reading.")
    return Drawn(
        figure=lambda: worlds_figure(item, found, view),
        rows=plain_rows(worlds_table(found)),
        data=found.to_dict(),
    )


def _draw_sequential(state: State, view: EvidenceView) -> Drawn:
    found = kept.boundaries(state, view, kept.one_pool(state, view))
    if isinstance(found, LocoregError):
        raise NotFoundError(str(found))
    table = first_table(tuple(sequential_blocks(part_of("sequential", found))))
    return Drawn(
        figure=lambda: plot(found),
        rows=() if table is None else plain_rows(table),
        data=found.to_dict(),
    )


figure_route(router, "evidence-sequential", EvidenceView, _draw_sequential)
figure_route(router, "evidence-forest", EvidenceView, _draw_forest)
figure_route(router, "evidence-influence", EvidenceView, _draw_influence)
figure_route(router, "evidence-funnel", EvidenceView, _draw_funnel)
figure_route(router, "evidence-bias-shift", EvidenceView, _draw_shift)
figure_route(router, "evidence-multiverse", EvidenceView, _draw_worlds)
