"""What would settle it: the next trial, and what it would make of the pool."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from locoreg.core.jsontext import json_ready
from locoreg.web.errors import problem
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.web.sureness.nextblocks import draw_added, draw_planned, pool_now, shown
from locoreg.web.sureness.nextcontent import NextFound, found_of, selections
from locoreg.web.sureness.nextfields import PARTS
from locoreg.web.sureness.nextreproduce import reproduce
from locoreg.web.sureness.nextview import NextTrialView

router = APIRouter()
api = APIRouter(tags=["evidence"])
TITLE = "What would settle it"
NO_SELECTION = "No run here holds a selection of who gains."


@router.get("/next-trial", response_class=HTMLResponse)
def next_trial(request: Request, view: Annotated[NextTrialView, Query()]) -> HTMLResponse:
    """Show the next trial of a question."""
    state: State = request.app.state.locoreg
    root = str(request.scope.get("root_path", ""))
    found = found_of(state, view, example=True)
    faults = found.asked.form.faults
    part = found.view.part
    return page(
        request,
        "next_trial.html",
        title=f"{TITLE}: {found.found.question.title}",
        # Nobody did anything wrong where the example has no value for a question.
        status=422 if faults and not found.fresh else 200,
        view=found.view,
        fresh=found.fresh,
        faults=() if found.fresh else faults,
        lacking=bool(faults) and found.fresh,
        form=found.asked.form,
        choices=found.found.choices,
        question=found.found.question.question_id,
        outcome=found.found.outcome.outcome_id,
        parts=PARTS,
        part_title=dict(PARTS)[part],
        notice=NO_SELECTION if part == "enrichment" and not selections(state) else "",
        head=pool_now(found),
        blocks=shown(state, found, root),
        synthetic=_is_synthetic(found),
        reproduce=reproduce(state, found),
    )


def _is_synthetic(found: NextFound) -> bool:
    part = None if found.planned is None else found.planned.entry.get("enrichment")
    return bool(part and part.get("synthetic"))


class NextTrialAnswer(BaseModel):
    """What is planned, or what the pool would become.

    Attributes
    ----------
    tables_sha256 : str
        Hash of the tables.
    question, outcome : str
        The pool.
    planning : list of dict
        One entry, as ``planning`` of a run's results; empty for the part ``add``.
    added : dict or None
        The pool before and after; for the part ``add``.
    """

    tables_sha256: str
    question: str
    outcome: str
    planning: list[dict[str, Any]]
    added: dict[str, Any] | None


@api.get("/next-trial", response_model=NextTrialAnswer)
def next_trial_numbers(
    request: Request, view: Annotated[NextTrialView, Query()]
) -> NextTrialAnswer | Response:
    """Plan the next trial of a question; every value that the part needs must be stated."""
    state: State = request.app.state.locoreg
    found = found_of(state, view, example=False)
    if found.asked.faults or found.refused:
        told = [(name or None, fault) for name, fault in found.asked.faults.items()]
        return problem(request, 422, told or [(None, found.refused)])
    return NextTrialAnswer(
        tables_sha256=state.catalog.sha256,
        question=found.found.question.question_id,
        outcome=found.found.outcome.outcome_id,
        planning=[] if found.planned is None else [json_ready(found.planned.entry)],
        added=None if found.added is None else json_ready(found.added.to_dict()),
    )


def _draw_sequential(state: State, view: NextTrialView) -> Drawn:
    return draw_planned(state, view, "boundaries", "sequential")


def _draw_assurance(state: State, view: NextTrialView) -> Drawn:
    return draw_planned(state, view, "prospects", "assurance")


def _draw_accrual(state: State, view: NextTrialView) -> Drawn:
    return draw_planned(state, view, "accrual", "accrual")


figure_route(router, "next-trial-added", NextTrialView, draw_added)
figure_route(router, "next-trial-sequential", NextTrialView, _draw_sequential)
figure_route(router, "next-trial-assurance", NextTrialView, _draw_assurance)
figure_route(router, "next-trial-accrual", NextTrialView, _draw_accrual)
