"""How sure are we: certainty by domain, priors, small studies, designs with their bias."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from locoreg.core.jsontext import json_ready
from locoreg.web.errors import problem
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.sureness.sureblocks import draw_part, pool_now, shown
from locoreg.web.sureness.surecontent import SureFound, data_of, found_of
from locoreg.web.sureness.surefields import DESIGNS, PARTS
from locoreg.web.sureness.sureview import CertaintyView

router = APIRouter()
api = APIRouter(tags=["evidence"])
TITLE = "How sure are we"


@router.get("/certainty", response_class=HTMLResponse)
def certainty(request: Request, view: Annotated[CertaintyView, Query()]) -> HTMLResponse:
    """Show how sure one can be of a pool."""
    state: State = request.app.state.locoreg
    root = str(request.scope.get("root_path", ""))
    found = found_of(state, view, example=True)
    faults = found.asked.form.faults
    return page(
        request,
        "certainty.html",
        title=f"{TITLE}: {found.found.question.title}",
        # Nobody did anything wrong where the example has no value for a question.
        status=422 if faults and not found.fresh else 200,
        view=found.view,
        fresh=found.fresh,
        faults=() if found.fresh else faults,
        lacking=bool(faults) and found.fresh,
        form=found.asked.form,
        choices=found.found.choices,
        designs=DESIGNS,
        question=found.found.question.question_id,
        outcome=found.found.outcome.outcome_id,
        parts=PARTS,
        part_title=dict(PARTS)[found.view.part],
        head=pool_now(found),
        blocks=shown(state, found, root),
        reproduce=_reproduce(state, found),
    )


def _reproduce(state: State, found: SureFound) -> Reproduce | None:
    plan, finding = found.asked.plan, found.asked.finding
    if plan is None:
        return None
    asked = plan.model_dump(mode="json", exclude_none=True)
    lines = [
        "from locoreg.workflows.stored import open_run",
        "from locoreg.workflows.sureness import HowSurePlan, assess",
        "",
        f"plan = HowSurePlan.model_validate({asked!r})",
    ]
    given = "[]"
    if finding is not None:
        lines.insert(0, "from locoreg.workflows.conclusion.plan import FindingsPlan")
        told = finding.model_dump(mode="json", exclude_none=True)
        lines.append(f"finding = FindingsPlan.model_validate({told!r})")
        given = "[finding]"
    tables = [str(one) for one in state.settings.tables]
    lines.append(f'assess(open_run("RUN").results, [plan], findings={given}, tables={tables!r})')
    return Reproduce(
        command="locoreg run STUDY.yaml --out RUN",
        python="\n".join(lines),
        data_sha256=state.catalog.sha256,
    )


class CertaintyAnswer(BaseModel):
    """How sure one can be of a pool.

    Attributes
    ----------
    tables_sha256 : str
        Hash of the tables.
    how_sure : list of dict
        One entry, as ``how_sure`` of a run's results.
    """

    tables_sha256: str
    how_sure: list[dict[str, Any]]


@api.get("/certainty", response_model=CertaintyAnswer)
def certainty_numbers(
    request: Request, view: Annotated[CertaintyView, Query()]
) -> CertaintyAnswer | Response:
    """Assess a pool; every value that the part needs must be stated."""
    state: State = request.app.state.locoreg
    found = found_of(state, view, example=False)
    if found.assessed is None:
        told = [(name or None, fault) for name, fault in found.asked.faults.items()]
        return problem(request, 422, told or [(None, found.reason)])
    return CertaintyAnswer(
        tables_sha256=state.catalog.sha256, how_sure=[json_ready(found.assessed.entry)]
    )


def _draw_posterior(state: State, view: CertaintyView) -> Drawn:
    return draw_part(state, view, "bayes", "bayes")


def _draw_ladder(state: State, view: CertaintyView) -> Drawn:
    return draw_part(state, view, "designs", "designs")


figure_route(router, "certainty-posterior", CertaintyView, _draw_posterior)
figure_route(router, "certainty-ladder", CertaintyView, _draw_ladder, data=data_of)
