"""Files of a step's figures: as they were drawn, and their numbers."""

from __future__ import annotations

from fastapi.responses import Response

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.web.emulation.opened import Opened, file_of
from locoreg.web.errors import NotFoundError
from locoreg.web.figureroutes import TYPES
from locoreg.workflows.emulation.exporting import figure_data, figure_rows
from locoreg.workflows.selection.exporting import selection_data, selection_rows


def figure_answer(opened: Opened, name: str, form: str) -> Response:
    """Return a figure's file.

    Parameters
    ----------
    opened : Opened
        The step.
    name, form : str
        Name of the figure and format: ``svg`` and ``pdf`` as they were drawn, ``csv`` and
        ``json`` with the numbers and what failed.

    Returns
    -------
    Response
        The file.

    Raises
    ------
    NotFoundError
        If the step has no such figure.
    """
    drawn = file_of(opened, "figures", f"{name}.svg")
    content = None if drawn is None else _content(opened, name, form)
    if content is None:
        raise NotFoundError(f"{opened.step.title} has no figure {name}.{form}.")
    # The name is that of a file of the step, so it holds nothing that a header can't.
    headers = {"Content-Disposition": f'inline; filename="{opened.name}-{name}.{form}"'}
    return Response(content, media_type=TYPES[form], headers=headers)


def _content(opened: Opened, name: str, form: str) -> bytes | None:
    results = opened.results
    emulated = opened.step.kind == "emulation"
    if form == "json":
        data = figure_data(results, name) if emulated else selection_data(results, name)
        return None if data is None else (dumps(data) + "\n").encode()
    if form == "csv":
        rows = figure_rows(results, name) if emulated else selection_rows(results, name)
        return None if rows is None else to_csv(rows).encode()
    path = file_of(opened, "figures", f"{name}.{form}")
    return None if path is None else path.read_bytes()


def has_numbers(opened: Opened, name: str) -> bool:
    """Return whether the numbers of a figure can be had."""
    if opened.step.kind == "emulation":
        return figure_data(opened.results, name) is not None
    return selection_data(opened.results, name) is not None
