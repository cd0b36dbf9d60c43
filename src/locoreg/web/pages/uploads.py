"""Uploads: a table of studies, audited and pooled on the spot; a registry of patients."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import Field

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DataError, LocoregError
from locoreg.figures.forest import forest_of_pools
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence.rows import plain_rows
from locoreg.web.figureroutes import Drawn, figure_route
from locoreg.web.jobs.studyblocks import finding_rows, found_blocks, pool_sections, study_table
from locoreg.web.jobs.trail import record
from locoreg.web.rendering import Reproduce, page
from locoreg.web.state import State
from locoreg.web.views import View
from locoreg.workflows.bundle import zip_files
from locoreg.workflows.uploadedregistries import add_registry, held
from locoreg.workflows.uploadedstudies import (
    NEEDED,
    OPTIONAL,
    TABLE_FILES,
    Asked,
    UploadedStudies,
    audit_uploaded,
    outcome_choices,
    study_uploaded,
    tables_of_list,
    unpack_tables,
)
from locoreg.workflows.uploads import (
    UPLOADS,
    forget_registry,
    forget_tables,
    keep_tables,
    making,
    uploaded_registries,
    uploaded_tables,
)

router = APIRouter()
api = APIRouter()
Method = Literal["REML", "PM", "DL", "ML", "EB", "HE", "HS", "SJ", "CE"]
Interval = Literal["hartung-knapp", "hartung-knapp-floor", "normal", "t"]
Measure = Literal["HR", "OR", "RR", "RD", "MD"]
DESIGNS = ("rct", "observational")
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Hash of the upload.")]
USUAL = Asked(method="REML", interval="hartung-knapp")


class UploadView(View):
    """Which upload, and how it is pooled.

    Attributes
    ----------
    upload : str
        Hash of the tables.
    question, outcome : str
        Ids; empty for the first ones.
    method, interval, reading
        As in ``locoreg evidence pool``.
    """

    upload: Sha256
    question: str = Field(default="", max_length=80)
    outcome: str = Field(default="", max_length=80)
    method: Method = "REML"
    interval: Interval = "hartung-knapp"
    reading: Literal["supported", "printed"] = "supported"


@router.get("/uploads", response_class=HTMLResponse)
def uploads(request: Request) -> HTMLResponse:
    """Show the forms, and what was uploaded."""
    return _forms(request)


@router.post("/upload/list", response_class=HTMLResponse)
def upload_list(
    request: Request,
    studies: Annotated[UploadFile, File()],
    outcome: Annotated[str, Form(max_length=80)],
    measure: Annotated[Measure, Form()],
    level: Annotated[float, Form(ge=50, lt=100)],
) -> Response:
    """Take one list of studies."""

    def write(folder: Path) -> None:
        tables_of_list(studies.file.read(), folder, outcome=outcome, measure=measure, level=level)

    return _taken(request, "studies", write)


@router.post("/upload/tables", response_class=HTMLResponse)
def upload_tables(request: Request, tables: Annotated[list[UploadFile], File()]) -> Response:
    """Take evidence tables: one archive, or the CSV files."""
    limits = request.app.state.locoreg.settings.limits

    def write(folder: Path) -> None:
        if len(tables) == 1 and not (tables[0].filename or "").lower().endswith(".csv"):
            unpack_tables(tables[0].file, folder, most_bytes=limits.unpacked_bytes)
            return
        for one in tables:
            name = re.split(r"[\\/]", one.filename or "")[-1]
            if name not in TABLE_FILES:
                raise DataError(
                    f"{name[:60]!r} is not one of the tables.",
                    hint="name them studies.csv, claims.csv and references.csv.",
                )
            if (folder / name).exists():
                raise DataError(f"{name} was given twice.")
            (folder / name).write_bytes(one.file.read())
            (folder / name).chmod(0o600)

    return _taken(request, "tables", write)


@router.get("/uploads/studies", response_class=HTMLResponse)
def uploaded(request: Request, view: Annotated[UploadView, Query()]) -> HTMLResponse:
    """Show what is in a table of studies: findings first, then the pools."""
    state: State = request.app.state.locoreg
    root = str(request.scope.get("root_path", ""))
    studied = _studied(state, view)
    sections = state.kept.get(
        ("uploaded sections", root, view.key()), lambda: _drawn(state, studied, view, root)
    )
    return page(
        request, "upload_studies.html", title=studied.question.title, view=view, studied=studied,
        found=found_blocks(studied), sections=sections, methods=_words(Method),
        intervals=_words(Interval), own_rows=studied.is_list,
        reproduce=_reproduce(view, studied),
    )  # fmt: skip


@router.get("/uploads/studies/findings.csv")
def findings_file(request: Request, view: Annotated[UploadView, Query()]) -> Response:
    """Return faults and findings as CSV."""
    studied = _studied(request.app.state.locoreg, view)
    headers = {"Content-Disposition": 'attachment; filename="findings.csv"'}
    return Response(
        to_csv(finding_rows(studied)), media_type="text/csv; charset=utf-8", headers=headers
    )


@router.get("/uploads/studies/tables.zip")
def tables_file(request: Request, view: Annotated[UploadView, Query()]) -> Response:
    """Return the tables as they are kept."""
    folder = _folder(request.app.state.locoreg, view.upload)
    names = sorted(one.name for one in folder.glob("*.csv"))
    headers = {"Content-Disposition": 'attachment; filename="tables.zip"'}
    return StreamingResponse(
        zip_files(folder, names, "tables"), media_type="application/zip", headers=headers
    )


@router.post("/uploads/studies/delete")
def delete_studies(request: Request, upload: Annotated[Sha256, Form()]) -> Response:
    """Delete an uploaded table of studies."""
    state: State = request.app.state.locoreg
    _folder(state, upload)
    forget_tables(state.settings.workspace, upload)
    record(state.settings.workspace, "delete", kind="studies", key=upload)
    return _to(request, "/uploads")


@router.post("/upload/registry", response_class=HTMLResponse)
def upload_registry(
    request: Request,
    registry: Annotated[UploadFile, File()],
    name: Annotated[str, Form(max_length=80)],
) -> Response:
    """Take in a registry; it stays in the workspace."""
    settings = request.app.state.locoreg.settings
    try:
        added = add_registry(
            settings.workspace, settings.registries, name, registry.file,
            most_bytes=settings.limits.unpacked_bytes,
        )  # fmt: skip
    except LocoregError as error:
        return _forms(request, ("registry", str(error)), {"name": name})
    record(settings.workspace, "upload", kind="registry", key=added.sha256)
    return _to(request, "/uploads#registries-title")


@router.post("/uploads/registries/delete")
def delete_registry(request: Request, name: Annotated[str, Form(max_length=80)]) -> Response:
    """Delete an uploaded registry for good."""
    settings = request.app.state.locoreg.settings
    try:
        forget_registry(settings.workspace, name)
    except DataError as error:
        raise NotFoundError(str(error)) from error
    record(settings.workspace, "delete", kind="registry")
    return _to(request, "/uploads#registries-title")


@api.get("/uploads/studies")
def get_uploaded(request: Request, view: Annotated[UploadView, Query()]) -> dict[str, Any]:
    """Return faults, findings and pools of an uploaded table of studies."""
    return _studied(request.app.state.locoreg, view).to_dict()


def _forms(
    request: Request, fault: tuple[str, str] | None = None, filled: Mapping[str, str] | None = None
) -> HTMLResponse:
    state: State = request.app.state.locoreg
    settings = state.settings
    own = {one.name for one in uploaded_registries(settings.workspace)}
    return page(
        request, "uploads.html", title="Uploads", status=422 if fault else 200,
        faults=[fault] if fault else [], filled=filled or {}, outcomes=outcome_choices(),
        measures=_words(Measure), needed=NEEDED, optional=OPTIONAL,
        limit=f"{settings.limits.upload_bytes / 1e6:g}",
        unpacked=f"{settings.limits.unpacked_bytes / 1e6:g}",
        kept=[one.name for one in _kept(settings.workspace)],
        registries=[
            (name, found, name in own)
            for name, found in held(settings.workspace, settings.registries)
        ],
    )  # fmt: skip


def _kept(workspace: Path) -> list[Path]:
    folder = workspace / UPLOADS
    return sorted(folder.glob("[0-9a-f]*")) if folder.is_dir() else []


def _taken(request: Request, field: str, write: Callable[[Path], None]) -> Response:
    """Keep tables that can be read and pooled, or show the form with what is wrong."""
    workspace = request.app.state.locoreg.settings.workspace
    try:
        with making(workspace / UPLOADS) as scratch:
            folder = scratch / "tables"
            folder.mkdir(mode=0o700)
            write(folder)
            # Tables of which nothing can be shown are not kept.
            study_uploaded(audit_uploaded(folder), USUAL)
            sha256 = keep_tables(workspace, folder)
    except LocoregError as error:
        return _forms(request, (field, _without(str(error), workspace)))
    record(workspace, "upload", kind="studies", key=sha256)
    return _to(request, f"/uploads/studies?upload={sha256}")


def _without(text: str, workspace: Path) -> str:
    """Return a message without the folder in which the tables were for a moment."""
    return re.sub(rf"{re.escape(str(workspace))}\S*/tables(?=\b)", "the upload", text)


def _to(request: Request, path: str) -> Response:
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}{path}", status_code=303)


def _folder(state: State, sha256: str) -> Path:
    try:
        return uploaded_tables(state.settings.workspace, sha256)
    except DataError as error:
        raise NotFoundError(error.message, hint=error.hint) from error


def _studied(state: State, view: UploadView) -> UploadedStudies:
    folder = _folder(state, view.upload)
    asked = Asked(
        question=view.question, outcome=view.outcome, method=view.method, interval=view.interval,
        as_printed=view.reading == "printed",
    )  # fmt: skip
    tables = state.kept.get(("uploaded tables", view.upload), lambda: audit_uploaded(folder))
    return state.kept.get(("uploaded", view.key()), lambda: study_uploaded(tables, asked))


def _drawn(state: State, studied: UploadedStudies, view: UploadView, root: str) -> Any:
    with state.drawing:
        return pool_sections(studied, view, root)


def _words(choices: Any) -> tuple[str, ...]:
    return tuple(choices.__args__)


def _reproduce(view: UploadView, studied: UploadedStudies) -> Reproduce:
    outcome, printed = studied.outcome.outcome_id, view.reading == "printed"
    question = studied.question.question_id
    return Reproduce(
        command=(
            "locoreg evidence audit tables\n"
            f"locoreg evidence pool {question} --tables tables --outcome {outcome} "
            f"--method {view.method} --interval {view.interval}"
            + (" --as-printed" if printed else "")
        ),
        python=(
            "from locoreg.workflows.evidence import open_tables, pool_question\n\n"
            f'pool_question(open_tables(["tables"]), "{question}", outcome="{outcome}", '
            f'method="{view.method}", interval="{view.interval}", as_printed={printed})'
        ),
        data_sha256=view.upload,
    )


def _forest(design: str) -> Callable[[State, UploadView], Drawn]:
    def make(state: State, view: UploadView) -> Drawn:
        studied = _studied(state, view)
        found = [one.pool for one in studied.pools if one.pool.selection.design == design]
        if not found:
            raise NotFoundError("this design has no pool here.")
        return Drawn(
            figure=lambda: forest_of_pools(found),
            rows=plain_rows(study_table(found[0])),
            data=found[0].to_dict(),
        )

    return make


for _design in DESIGNS:
    figure_route(
        router, f"upload-forest-{_design}", UploadView, _forest(_design),
        data=lambda state, view: view.upload,
    )  # fmt: skip
