"""One study: what it reports, what follows from its numbers, what the audit found."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from locoreg.core.errors import DataError
from locoreg.core.jsontext import json_ready
from locoreg.figures import plot
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence import study as parts
from locoreg.web.evidence.rows import plain_rows
from locoreg.web.evidence.view import EvidenceView
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.explore.study import StudyPage, study_page
from locoreg.workflows.explore.studytable import findings_by_study, latest_year, worst_of

router = APIRouter()
api = APIRouter(tags=["evidence"])
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such study."}}
StudyId = Annotated[str, Path(max_length=80)]


class FamilyView(View):
    """Whose family is drawn.

    Attributes
    ----------
    study : str
        Id of the study.
    """

    study: str = Field(default="", max_length=80)


def kept_study(state: State, study_id: str) -> StudyPage:
    """Return a study; NotFoundError where there is none."""

    def make() -> StudyPage:
        try:
            return study_page(state.catalog, state.findings, study_id)
        except DataError as error:
            raise NotFoundError(error.message, hint=error.hint) from error

    return state.kept.get(("study", state.catalog.sha256, study_id), make)


@router.get("/evidence/studies/{study_id}", response_class=HTMLResponse)
def one_study(
    request: Request, study_id: StudyId, view: Annotated[EvidenceView, Query()]
) -> HTMLResponse:
    """Show a study; the query is that of the explorer, so that one can go back to it."""
    state: State = request.app.state.locoreg
    root = str(request.scope.get("root_path", ""))
    found = kept_study(state, study_id)
    sections = state.kept.get(
        ("study page", state.catalog.sha256, found.study.study_id, root, view.query()),
        lambda: _sections(state, found, view, root),
    )
    labels = {s: state.catalog.studies[s].label for s in (found.previous, found.following) if s}
    return page(
        request,
        "study.html",
        title=found.study.label,
        view=view,
        found=found,
        labels=labels,
        sections=sections,
        reproduce=Reproduce(
            command=f"locoreg evidence show {found.study.study_id}",
            python="import locoreg as lr\n\n"
            f"lr.show_study(lr.load_catalog(), {found.study.study_id!r})",
            data_sha256=state.catalog.sha256,
        ),
    )


def _sections(state: State, found: StudyPage, view: EvidenceView, root: str) -> tuple[Any, ...]:
    own = FamilyView(study=found.study.study_id)
    with state.drawing:
        relatives = parts.family(found.family, own, view, root)
    return (
        *parts.identity(found),
        parts.findings(found, root),
        parts.results(found),
        parts.checks(found),
        relatives,
        parts.reports(found),
    )


def _draw_family(state: State, view: FamilyView) -> Drawn:
    found = kept_study(state, view.study).family
    if not found.has_others or all(m.first is None for m in found.members):
        raise NotFoundError("there is nothing to draw: no other study, or no years.")
    return Drawn(
        figure=lambda: plot(found),
        rows=plain_rows(parts.family_table(found)),
        data=found.to_dict(),
    )


figure_route(router, "evidence-family", FamilyView, _draw_family)


class StudyItem(BaseModel):
    """A study of the tables."""

    study_id: str
    label: str
    design: str
    question: str | None
    year: int | None
    worst: str | None
    findings: int


class StudyList(BaseModel):
    """The studies of the tables."""

    tables_sha256: str
    studies: list[StudyItem]


class StudyDetail(BaseModel):
    """Everything on a study; cells are as the tables print them."""

    tables_sha256: str
    study: dict[str, str]
    reports: list[dict[str, str]]
    years: str | None
    rows: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    family: dict[str, Any]


@api.get("/evidence/studies")
def api_studies(request: Request, question: Annotated[str, Query(max_length=80)] = "") -> StudyList:
    """Return the studies of the tables, or those of one question."""
    state: State = request.app.state.locoreg
    if question:
        state.catalog.question(question)
    about = findings_by_study(state.catalog, state.findings)
    items = []
    for record in state.catalog.studies.values():
        if record.version_of or (question and record.question_id != question):
            continue
        mine = about.get(record.study_id, ())
        items.append(
            StudyItem(
                study_id=record.study_id,
                label=record.label,
                design=record.design,
                question=record.question_id,
                year=latest_year(state.catalog, record),
                worst=worst_of(mine),
                findings=len(mine),
            )
        )
    return StudyList(tables_sha256=state.catalog.sha256, studies=items)


@api.get("/evidence/studies/{study_id}", responses=NOT_FOUND)
def api_study(request: Request, study_id: StudyId) -> StudyDetail:
    """Return a study by its id, or by that of a version or a report of it."""
    state: State = request.app.state.locoreg
    content = json_ready(kept_study(state, study_id).to_dict())
    return StudyDetail(tables_sha256=state.catalog.sha256, **content)
