"""Patient view: which trials, which evidence, what the registry tells, harms. Nothing is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Figure
from locoreg.web.errors import problem
from locoreg.web.patient import blocks
from locoreg.web.patient.form import FIELDS, Posted, answered, asked_fields, read_body
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.patient import PatientTables, PatientView, patient_tables, patient_view
from locoreg.workflows.patient import sentences as words
from locoreg.workflows.patient.models import (
    ModelChoice,
    OpenedModel,
    choose_model,
    model_choices,
    open_model,
)
from locoreg.workflows.patient.profile import MOST_EXTRAS, Extra, Faults, Profile, read_form

if TYPE_CHECKING:
    from locoreg.workflows.patient.estimate import PatientEstimate

router = APIRouter()
api = APIRouter()
TITLE = "What applies to this patient?"


class PatientQuery(View):
    """What the page is asked to show; nothing about a patient."""

    audience: Literal["board", "shared"] = "board"
    model: str = Field(default="", max_length=300)


class PatientQuestion(BaseModel):
    """A patient and a model, for the API."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    profile: Profile = Profile()
    answers: Annotated[dict[str, Extra], Field(max_length=MOST_EXTRAS)] = Field(
        default={}, description="What the model asks in addition, by covariate; null is unknown."
    )
    model: Annotated[str, Field(max_length=300)] = Field(
        default="", description="RUN/STEP; empty for the first."
    )
    months: Annotated[float, Field(ge=0, le=1200)] | None = None


class PatientAnswer(BaseModel):
    """What is known for a patient; the numbers of the page. Nothing of the question is in it."""

    trials: dict[str, Any]
    published: dict[str, Any]
    estimate: dict[str, Any]
    harms: list[dict[str, Any]]
    quality_of_life: list[dict[str, Any]]
    conflict: str
    conflict_detail: str
    provenance: dict[str, str]


class _Opened(BaseModel):
    """The model asked for, or why it can't be read."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    choices: tuple[Any, ...]
    choice: Any = None
    opened: Any = None
    unreadable: str = ""


def _open(state: State, name: str) -> _Opened:
    choices = model_choices(state.runs())
    choice: ModelChoice | None = choose_model(choices, name)
    if choice is None:
        return _Opened(choices=choices)
    try:
        key = ("patient-model", choice.name, choice.sha256())
        opened: OpenedModel = state.kept.get(key, lambda: open_model(choice))
    except DataError as error:
        return _Opened(choices=choices, choice=choice, unreadable=words.without_folders(str(error)))
    return _Opened(choices=choices, choice=choice, opened=opened)


def _tables(state: State) -> PatientTables:
    key = ("patient-tables", state.catalog.sha256)
    return state.kept.get(key, lambda: patient_tables(state.settings.tables))


def _view(
    state: State, found: _Opened, profile: Profile, extra: dict[str, Any], months: float | None
) -> tuple[PatientView, Faults]:
    return patient_view(
        profile,
        extra,
        tables=_tables(state),
        catalog=state.catalog,
        findings=state.findings,
        opened=found.opened,
        unreadable=found.unreadable,
        months=months,
        small_cells=state.settings.limits.small_cells,
    )


@router.get("/patient", response_class=HTMLResponse)
def patient(request: Request, view: Annotated[PatientQuery, Query()]) -> Response:
    """Show the empty form."""
    found = _open(request.app.state.locoreg, view.model)
    posted = Posted(pairs=(), months=None, shows=False)
    return _page(request, view, found, posted, None, ())


@router.post("/patient", response_class=HTMLResponse)
async def answer(request: Request, view: Annotated[PatientQuery, Query()]) -> Response:
    """Show what applies to the patient of the form."""
    posted = read_body(request.headers.get("content-type", ""), await request.body())
    return await run_in_threadpool(_answer, request, view, posted, "patient.html")


@router.post("/patient/sheet", response_class=HTMLResponse)
async def sheet(request: Request, view: Annotated[PatientQuery, Query()]) -> Response:
    """Show one page for print, without a name."""
    posted = read_body(request.headers.get("content-type", ""), await request.body())
    return await run_in_threadpool(_answer, request, view, posted, "patient_sheet.html")


@router.get("/patient/sheet", include_in_schema=False)
def no_sheet(request: Request) -> Response:
    """Say that there is no sheet without a form."""
    return problem(
        request, 405, [(None, "The sheet is made from the form: open the patient view.")]
    )


@api.post("/patient", response_model=PatientAnswer)
def patient_json(request: Request, question: PatientQuestion) -> Response:
    """Return what is known for one patient; nothing is stored."""
    state: State = request.app.state.locoreg
    found = _open(state, question.model)
    result, faults = _view(state, found, question.profile, dict(question.answers), question.months)
    if faults:
        return problem(request, 422, [(f"answers.{name[2:]}", text) for name, text in faults])
    content = dumps(result.to_dict()) + "\n"
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


def _answer(request: Request, view: PatientQuery, posted: Posted, template: str) -> Response:
    state: State = request.app.state.locoreg
    found = _open(state, view.model)
    profile, extra, faults = read_form(posted.pairs)
    result = None
    if profile is not None:
        result, faults = _view(state, found, profile, dict(extra), posted.months)
    if faults:
        return _page(request, view, found, posted, None, faults)
    return _page(request, view, found, posted, result, (), template)


def _page(
    request: Request,
    view: PatientQuery,
    found: _Opened,
    posted: Posted,
    result: PatientView | None,
    faults: Faults,
    template: str = "patient.html",
) -> Response:
    state: State = request.app.state.locoreg
    fields = FIELDS
    extra = () if found.opened is None else asked_fields(found.opened.mapping.asked)
    hides = view.audience == "shared" and not posted.shows
    labels = {one.name: one.label for one in (*fields, *extra)}
    return page(
        request,
        template,
        title=TITLE,
        status=422 if faults else 200,
        private=True,
        synthetic=found.opened is not None and found.opened.model.synthetic,
        fields=fields,
        extra=extra,
        given=posted.given,
        known=frozenset(labels),
        answers=answered((*fields, *extra), posted.given) if result is not None else (),
        faults=[(name, labels.get(name, name), text) for name, text in faults],
        wrong=dict(faults),
        query=view.query(),
        view=view,
        hides=hides,
        shows=posted.shows,
        choices=found.choices,
        choice=found.choice,
        unreadable=found.unreadable,
        result=result,
        words=words,
        blocks=blocks,
        figures=() if result is None or hides else _figures(state, found, result.estimate),
    )


def _figures(
    state: State, found: _Opened, estimate: PatientEstimate
) -> tuple[Figure, Figure] | tuple[()]:
    if estimate.state != "inside" or estimate.course is None or estimate.shown is None:
        return ()
    from locoreg.figures import to_svg
    from locoreg.figures.patient import course_figure, dots_svg

    with state.drawing:
        drawing = course_figure(
            estimate.course,
            estimate.shown,
            labels=estimate.labels,
            event=estimate.event,
            origin=found.opened.model.question.time_zero,
            synthetic=estimate.synthetic,
        )
        curves = to_svg(drawing, prefix="patient-curves")
    dots = dots_svg(
        estimate.shown,
        labels=estimate.labels,
        event=estimate.event,
        synthetic=estimate.synthetic,
        prefix="patient-dots",
    )
    caption = (f"The numbers stand in the table beside it. Source: {estimate.source}.",)
    return (
        Figure("patient-curves", "Curves", curves, caption),
        Figure("patient-dots", "Dots", dots, caption),
    )
