"""Write an emulation: one HTML page, figures, tables, results.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Page
from locoreg.report.emulation.drawings import draw
from locoreg.report.emulation.page import build
from locoreg.report.render import render
from locoreg.workflows.emulation.hiding import hidden_dict
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.smallcells import cell_value, shown_attrition
from locoreg.workflows.emulation.view import EmulationView
from locoreg.workflows.emulation.viewof import view_of
from locoreg.workflows.export import write_files

RESULTS = "results.json"
Rows = Iterable[Sequence[Any]]


def write_emulation(
    result: EmulationResult,
    folder: str | Path,
    *,
    command: str = "",
    python: str = "",
    small_cells: int | None = None,
) -> Path:
    """Write an emulation, whole or not at all.

    The same result gives the same bytes. ``results.json`` comes last, so that a folder which
    holds it is complete.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    folder : str or Path
        Made if missing.
    command, python : str
        How to run it again, for the page.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away, in the page,
        figures, tables and ``results.json`` alike; by default all are shown.

    Returns
    -------
    Path
        ``report.html``, one self-contained page. Beside it stand ``tables/*.csv``,
        ``figures/*.svg``, ``figures/*.pdf`` and ``results.json``.
    """
    contents, page = emulation_files(
        result, command=command, python=python, small_cells=small_cells
    )
    contents["report.html"] = render(page).encode()
    contents[RESULTS] = contents.pop(RESULTS)
    target = Path(folder)
    write_files(target, contents)
    return target / "report.html"


def emulation_files(
    result: EmulationResult,
    *,
    command: str = "",
    python: str = "",
    small_cells: int | None = None,
) -> tuple[dict[str, bytes], Page]:
    """Return the files of an emulation but for its page, and the page.

    Parameters
    ----------
    result, command, python, small_cells
        As for `write_emulation`.

    Returns
    -------
    contents : dict of str to bytes
        ``tables/*.csv``, ``figures/*`` and, last, ``results.json``.
    page : Page
        Its blocks.
    """
    view = view_of(result, command=command, python=python, small_cells=small_cells)
    drawings = draw(view)
    contents = {f"tables/{name}.csv": to_csv(rows).encode() for name, rows in _tables(view)}
    for drawing in drawings.values():
        contents[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        contents[f"figures/{drawing.name}.pdf"] = drawing.pdf()
    contents[RESULTS] = (dumps(hidden_dict(result, small_cells)) + "\n").encode()
    return contents, build(view, drawings)


def _tables(view: EmulationView) -> Iterable[tuple[str, Rows]]:
    """Yield the tables by name; every row of estimates names what failed."""
    failed = "; ".join(view.failures.names)
    yield "contrasts", _contrasts(view, failed)
    yield "curves", _curves(view, failed)
    yield "attrition", _attrition(view)
    yield "diagnostics", _diagnostics(view)
    if view.shown.balance:
        yield "balance", _records([b.to_dict() for b in view.shown.balance])
    if view.shown.weights:
        yield "weights", _records([w.to_dict() for w in view.shown.weights])
    if view.specifications:
        yield "specifications", _estimates(view, failed)


def _contrasts(view: EmulationView, failed: str) -> Rows:
    yield (
        "method", "measure", "at_months", "treated", "comparator", "estimate", "ci_low", "ci_high",
        "level", "failed_diagnostics",
    )  # fmt: skip
    for c in view.shown.contrasts:
        yield (
            view.shown.method, c.measure, c.at_months, c.treated, c.comparator,
            *c.estimate.natural, c.estimate.level, failed,
        )  # fmt: skip


def _curves(view: EmulationView, failed: str) -> Rows:
    yield ("arm", "month", "estimate", "ci_low", "ci_high", "failed_diagnostics")
    no, yes = view.shown.arms
    for label, curve in ((no.label, no), (yes.label, yes), ("difference", view.shown.difference)):
        lines = np.column_stack((curve.time, curve.estimate, curve.ci_low, curve.ci_high))
        yield from ((label, *line, failed) for line in lines.tolist())


def _attrition(view: EmulationView) -> Rows:
    yield ("criterion", "excluded", "unknown", "left")
    started, steps = shown_attrition(view.attrition, view.small_cells)
    yield (view.attrition.source, 0, 0, cell_value(started))
    for step in steps:
        yield (
            step.name,
            *(cell_value(count) for count in (step.excluded, step.unknown, step.left)),
        )


def _diagnostics(view: EmulationView) -> Rows:
    return _records([d.to_dict() for d in view.diagnostics])


def _records(rows: Sequence[dict[str, Any]]) -> Rows:
    if rows:
        yield tuple(rows[0])
        yield from (tuple(row.values()) for row in rows)


def _estimates(view: EmulationView, failed: str) -> Rows:
    yield (
        "group", "label", "measure", "at_months", "estimate", "ci_low", "ci_high", "verdict",
        "note", "failed_diagnostics_of_primary",
    )  # fmt: skip
    for row in view.specifications:
        yield (
            row.group, row.label, view.measure, view.at_months, *row.natural, row.verdict,
            row.note, failed,
        )  # fmt: skip
