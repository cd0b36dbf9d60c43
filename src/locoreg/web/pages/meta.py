"""Pool a table of one's own. The table is kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from locoreg.core.errors import DataError, LocoregError
from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Section
from locoreg.web.errors import NotFoundError, problem
from locoreg.web.meta.content import sections
from locoreg.web.meta.drawn import MOST_DRAWN, page_figures, svg_figures
from locoreg.web.meta.form import ANSWER, FOLDED, LABELS, unfolded
from locoreg.web.meta.question import (
    LARGEST,
    MOST_ROWS,
    Faults,
    MetaQuestion,
    answer_question,
    faults_of,
    read_question,
)
from locoreg.web.meta.reproduce import reproduce
from locoreg.web.rendering import page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.meta import MetaReport
from locoreg.workflows.meta.giventable import archive, file_name, table_files
from locoreg.workflows.meta.storedtable import kept_uploads, table_of_upload
from locoreg.workflows.uploads import uploaded_tables

router = APIRouter()
api = APIRouter()
TITLE = "Pool a table of your own"
# A larger table is not written back into the form: a page has at most 250 kB.
MOST_ECHOED = 40_000
MOST_FIELDS = 60
UPLOAD = "upload"
QUOTED = {name: f"“{label}”" for name, label in LABELS.items()}


class MetaAnswer(BaseModel):
    """The report on a table: what ``locoreg meta --json`` prints."""

    measure: str
    measure_words: str
    back_transformation: str
    studies: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    notes: list[str]
    pool: dict[str, Any]
    subgroups: dict[str, Any] | None
    regression: dict[str, Any] | None
    permutation: dict[str, Any] | None
    clustered: dict[str, Any] | None
    influence: dict[str, Any] | None
    small_study: dict[str, Any] | None
    bayesian: dict[str, Any] | None
    leave_one_out: list[dict[str, Any]]
    cumulative: list[dict[str, Any]]
    order: str | None
    count_pools: list[dict[str, Any]]
    provenance: dict[str, Any]


class MetaView(View):
    """Which uploaded table the form starts with; the default is none."""

    upload: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    design: Literal["rct", "observational"] = "rct"


@router.get("/meta", response_class=HTMLResponse)
def meta(request: Request, view: Annotated[MetaView, Query()]) -> Response:
    """Show the form, empty or with the studies of an upload."""
    given: dict[str, str] = {}
    if view.upload:
        state: State = request.app.state.locoreg
        try:
            folder = uploaded_tables(state.settings.workspace, view.upload)
        except DataError as error:
            raise NotFoundError(error.message, hint=error.hint) from error
        given["table"], given["measure"] = table_of_upload(folder, view.design)
        given["file"] = f"{view.upload[:12]}-{view.design}.csv"
    return _page(request, given, (), None, None)


@router.post("/meta", response_class=HTMLResponse)
async def answer(request: Request) -> Response:
    """Show the report on the table of the form."""
    given, faults = await _given(request)
    return await run_in_threadpool(_answer, request, given, faults)


@router.post("/meta/files", response_class=Response)
async def files(request: Request) -> Response:
    """Return the report as files: results, tables, figures, and the table itself."""
    given, faults = await _given(request)
    return await run_in_threadpool(_files, request, given, faults)


@router.get("/meta/files", include_in_schema=False)
def no_files(request: Request) -> Response:
    """Say that there are no files without a form."""
    return problem(
        request, 405, [(None, "The files are made from the form: open the page of the form.")]
    )


@api.post("/meta", response_model=MetaAnswer, tags=["evidence"])
def meta_json(request: Request, question: MetaQuestion) -> Response:
    """Pool a table; it is kept nowhere. Beyond 1,000 rows: the command line."""
    try:
        report = answer_question(question)
    except LocoregError as error:
        return problem(request, 422, list(faults_of(error, {})))
    content = dumps(report.to_dict()) + "\n"
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _given(request: Request) -> tuple[dict[str, str], Faults]:
    """Return the fields of the form; a chosen file takes the place of the text."""
    faults: list[tuple[str, str]] = []
    given: dict[str, str] = {}
    async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=LARGEST) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                if name != UPLOAD:
                    faults.append((name[:40], "no such field"))
                elif content or value.filename:
                    _take_file(given, faults, content, value.filename or "")
            elif name in given and name not in ("table", "file"):
                faults.append((name[:40], "is given twice"))
            elif name not in given:
                # Browsers send text areas with CR LF; a file saved from one has LF here.
                given[name] = value.replace("\r\n", "\n") if name == "table" else value
    return given, tuple(faults)


def _take_file(
    given: dict[str, str], faults: list[tuple[str, str]], content: bytes, name: str
) -> None:
    given["file"] = file_name(name)
    try:
        given["table"] = content.decode("utf-8")
    except UnicodeDecodeError:
        faults.append((UPLOAD, f"{given['file']} is not UTF-8 text: save it as CSV UTF-8."))
    else:
        if not content.strip():
            faults.append((UPLOAD, f"{given['file']} is empty."))


def _asked(
    given: Mapping[str, str], faults: Faults
) -> tuple[MetaQuestion | None, MetaReport | None, Faults]:
    question, wrong = read_question(given)
    faults = (*faults, *wrong)
    if question is None or faults:
        return None, None, faults
    try:
        return question, answer_question(question), ()
    except LocoregError as error:
        return None, None, faults_of(error, QUOTED)


def _answer(request: Request, given: Mapping[str, str], faults: Faults) -> Response:
    question, report, faults = _asked(given, faults)
    return _page(request, given, faults, question, report)


def _files(request: Request, given: Mapping[str, str], faults: Faults) -> Response:
    question, report, faults = _asked(given, faults)
    if question is None or report is None:
        return _page(request, given, faults, None, None)
    state: State = request.app.state.locoreg
    with state.drawing:
        drawings = svg_figures(report, prefixed=False)
    found = table_files(report)
    found |= {f"{name}.svg": svg.encode() for name, svg in drawings.items()}
    lines = reproduce(question, report)
    found["command.txt"] = f"{lines.command}\n\n{lines.python}\n".encode()
    # Not over a file of the same name that was computed.
    name = file_name(question.file)
    found.setdefault(name if name not in found else f"given-{name}", question.table.encode())
    headers = {
        "Content-Disposition": 'attachment; filename="meta.zip"', "Cache-Control": "no-store",
    }  # fmt: skip
    return Response(archive(found, "meta"), media_type="application/zip", headers=headers)


def _page(
    request: Request,
    given: Mapping[str, str],
    faults: Faults,
    question: MetaQuestion | None,
    report: MetaReport | None,
) -> Response:
    state: State = request.app.state.locoreg
    shown: tuple[Section, ...] = ()
    if report is not None:
        with state.drawing:
            drawings = page_figures(report)
        shown = sections(report, drawings)
    wrong = dict(faults)
    text = given.get("table", "")
    return page(
        request,
        "meta.html",
        title=TITLE,
        status=422 if faults else 200,
        private=True,
        given=given,
        table=text if len(text) <= MOST_ECHOED else "",
        too_long=len(text) > MOST_ECHOED,
        answer=ANSWER,
        groups=FOLDED,
        unfolded=unfolded(given, wrong),
        labels=LABELS,
        faults=faults,
        wrong=wrong,
        sections=shown,
        undrawn=report is not None and len(report.studies) > MOST_DRAWN,
        most_rows=MOST_ROWS,
        uploads=kept_uploads(state.settings.workspace),
        reproduce=None if question is None or report is None else reproduce(question, report),
    )
