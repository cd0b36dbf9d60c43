"""Write a selection: one HTML page, figures, tables, model, results.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.report.blocks import Page
from locoreg.report.render import render
from locoreg.report.selection.drawings import TITLES, draw
from locoreg.report.selection.hiding import hidden_page, hidden_rows, withheld
from locoreg.report.selection.page import build
from locoreg.report.selection.parts import Shown
from locoreg.report.selection.tables import SOMETIMES, csv_tables
from locoreg.workflows.export import write_files
from locoreg.workflows.selection.hiding import hidden_selection, safe_result
from locoreg.workflows.selection.saving import model_files

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult

RESULTS = "results.json"


def write_selection(
    result: SelectionResult,
    folder: str | Path,
    *,
    command: str = "",
    python: str = "",
    small_cells: int | None = None,
) -> Path:
    """Write a selection, whole or not at all.

    The same result gives the same bytes. ``results.json`` comes last, so that a folder which
    holds it is complete. Tables and figures of an earlier report that this one does not have are
    removed.

    Parameters
    ----------
    result : SelectionResult
        The result.
    folder : str or Path
        Made if missing.
    command, python : str
        How to run it again, for the page.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away, in the page,
        figures, tables, the model's card and ``results.json`` alike; by default all are shown.

    Returns
    -------
    Path
        ``report.html``, one self-contained page. Beside it stand ``tables/*.csv``,
        ``figures/*.svg``, ``figures/*.pdf``, ``model/`` and ``results.json``.
    """
    contents, page = selection_files(
        result, command=command, python=python, small_cells=small_cells
    )
    contents["report.html"] = render(page).encode()
    contents[RESULTS] = contents.pop(RESULTS)
    target = Path(folder)
    write_files(target, contents)
    _remove_stale(target, set(contents))
    return target / "report.html"


def selection_files(
    result: SelectionResult,
    *,
    command: str = "",
    python: str = "",
    small_cells: int | None = None,
) -> tuple[dict[str, bytes], Page]:
    """Return the files of a selection but for its page, and the page.

    Parameters
    ----------
    result, command, python
        As for `write_selection`.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away: figures that
        would show them are left out.

    Returns
    -------
    contents : dict of str to bytes
        ``tables/*.csv``, ``figures/*``, ``model/*`` and, last, ``results.json``.
    page : Page
        Its blocks.
    """
    results = hidden_selection(result, small_cells)
    result = safe_result(result, small_cells)
    drawings = draw(result, small_cells=small_cells)
    tables = dict(csv_tables(result))
    shown = Shown(result=result, drawings=drawings, command=command, python=python)
    page = build(shown)
    if small_cells is not None:
        gone = withheld(result.to_dict(), drawings, small_cells)
        n = result.data.n
        page = hidden_page(page, [drawings[name].svg for name in gone], small_cells, n)
        drawings = {name: one for name, one in drawings.items() if name not in gone}
        tables = {name: hidden_rows(rows, small_cells, n) for name, rows in tables.items()}
    contents = {f"tables/{name}.csv": to_csv(rows).encode() for name, rows in tables.items()}
    for drawing in drawings.values():
        contents[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        contents[f"figures/{drawing.name}.pdf"] = drawing.pdf()
    contents |= {f"model/{name}": data for name, data in model_files(result.model).items()}
    contents[RESULTS] = (dumps(results) + "\n").encode()
    return contents, page


def _remove_stale(folder: Path, written: set[str]) -> None:
    """Remove what an earlier report drew or listed and this one does not, such as a rule."""
    stale = [f"figures/{name}{end}" for name in TITLES for end in (".svg", ".pdf")]
    stale += [f"tables/{name}.csv" for name in SOMETIMES]
    stale += [
        f"figures/{path.name}"
        for kind in ("sensitivity_*", "strength_*")
        for path in sorted((folder / "figures").glob(kind))
    ]
    for name in stale:
        if name not in written:
            (folder / name).unlink(missing_ok=True)
