"""The audit board: studies by rules, and what each rule is about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DataError
from locoreg.core.findings import SEVERITIES
from locoreg.core.jsontext import json_ready
from locoreg.figures.layouts import AUDIT_SIGNS
from locoreg.report.words import SEVERITY_MEANS
from locoreg.web.errors import NotFoundError
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.explore.board import Board, board_of, board_table, findings_table
from locoreg.workflows.explore.rules import RuleNote, rule_note, rule_notes
from locoreg.workflows.explore.studytable import severity_counts

router = APIRouter()
api = APIRouter(tags=["evidence"])


class BoardView(View):
    """The state of the board.

    Attributes
    ----------
    severity : str
        Mildest severity shown.
    question : str
        Question id; empty for all.
    sort : str
        Order of the rows.
    rule : str
        The rule that is explained; empty for none.
    """

    severity: Literal["blocking", "serious", "minor", "note"] = "note"
    question: str = Field(default="", max_length=80)
    sort: Literal["worst", "study", "count"] = "worst"
    rule: str = Field(default="", max_length=80)


def kept_board(state: State, view: BoardView) -> Board:
    """Return the board of a view."""
    return state.kept.get(
        ("board", state.catalog.sha256, view.severity, view.question, view.sort),
        lambda: board_of(
            state.catalog,
            state.findings,
            at_least=view.severity,
            question=view.question,
            by=view.sort,
        ),
    )


@router.get("/evidence/audit", response_class=HTMLResponse)
def audit_board(request: Request, view: Annotated[BoardView, Query()]) -> HTMLResponse:
    """Show the board."""
    state: State = request.app.state.locoreg
    found = kept_board(state, view)
    return page(
        request,
        "audit.html",
        title="Audit board",
        view=view,
        board=found,
        signs=AUDIT_SIGNS,
        means=SEVERITY_MEANS,
        severities=SEVERITIES,
        counts=severity_counts(found.findings),
        questions=[(q.question_id, q.title) for q in state.catalog.questions.values()],
        notes=rule_notes(),
        note=_note(view.rule) if view.rule else None,
        about=[f for f in found.findings if f.rule == view.rule],
        labels={s.study_id: s.label for s in state.catalog.studies.values()},
        reproduce=Reproduce(
            command="locoreg evidence audit",
            python="import locoreg as lr\n\nlr.audit(lr.load_catalog())",
            data_sha256=state.catalog.sha256,
        ),
    )


def _note(rule: str) -> RuleNote:
    try:
        return rule_note(rule)
    except DataError as error:
        raise NotFoundError(error.message, hint=error.hint) from error


@router.get("/evidence/audit.csv", include_in_schema=False)
def board_csv(request: Request, view: Annotated[BoardView, Query()]) -> Response:
    """Return the board as CSV."""
    state: State = request.app.state.locoreg
    return _csv("audit-board", to_csv(board_table(kept_board(state, view))))


@router.get("/evidence/findings.csv", include_in_schema=False)
def findings_csv(request: Request, view: Annotated[BoardView, Query()]) -> Response:
    """Return the findings of the board as CSV."""
    state: State = request.app.state.locoreg
    return _csv("findings", to_csv(findings_table(kept_board(state, view).findings)))


def _csv(name: str, content: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


class RuleItem(BaseModel):
    """A rule of the audit."""

    rule: str
    holds: str
    why: str
    example: list[str]


class RuleList(BaseModel):
    """The rules of the audit."""

    rules: list[RuleItem]


class FindingList(BaseModel):
    """Findings of the audit, worst first, as ``locoreg evidence audit --json`` has them."""

    tables_sha256: str
    counts: dict[str, int]
    findings: list[dict[str, Any]]


class BoardTable(BaseModel):
    """Findings by study and rule."""

    tables_sha256: str
    rules: list[str]
    rows: list[dict[str, Any]]


@api.get("/evidence/rules")
def api_rules() -> RuleList:
    """Return what each rule of the audit is about, with a worked example."""
    return RuleList(rules=[RuleItem.model_validate(note.to_dict()) for note in rule_notes()])


@api.get("/evidence/findings")
def api_findings(request: Request, view: Annotated[BoardView, Query()]) -> FindingList:
    """Return the findings of the board; ``rule`` leaves those of one rule."""
    state: State = request.app.state.locoreg
    if view.rule:
        _note(view.rule)
    found = [f for f in kept_board(state, view).findings if view.rule in ("", f.rule)]
    return FindingList(
        tables_sha256=state.catalog.sha256,
        counts={str(name): count for name, count in severity_counts(found).items()},
        findings=json_ready([f.to_dict() for f in found]),
    )


@api.get("/evidence/board")
def api_board(request: Request, view: Annotated[BoardView, Query()]) -> BoardTable:
    """Return the board."""
    state: State = request.app.state.locoreg
    content = json_ready(kept_board(state, view).to_dict())
    return BoardTable(tables_sha256=state.catalog.sha256, **content)
