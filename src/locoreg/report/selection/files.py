"""Write a selection: one HTML page, figures, tables, model, results.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps
from locoreg.report.selection.drawings import TITLES, draw
from locoreg.report.selection.page import selection_page
from locoreg.report.selection.tables import SOMETIMES, csv_tables
from locoreg.workflows.export import write_files
from locoreg.workflows.selection.saving import model_files

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult


def write_selection(
    result: SelectionResult, folder: str | Path, *, command: str = "", python: str = ""
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

    Returns
    -------
    Path
        ``report.html``, one self-contained page. Beside it stand ``tables/*.csv``,
        ``figures/*.svg``, ``figures/*.pdf``, ``model/`` and ``results.json``.
    """
    drawings = draw(result)
    contents = {f"tables/{name}.csv": to_csv(rows).encode() for name, rows in csv_tables(result)}
    for drawing in drawings.values():
        contents[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        contents[f"figures/{drawing.name}.pdf"] = drawing.pdf()
    contents |= {f"model/{name}": data for name, data in model_files(result.model).items()}
    page = selection_page(result, drawings, command=command, python=python)
    contents["report.html"] = page.encode()
    contents["results.json"] = (dumps(result.to_dict()) + "\n").encode()
    target = Path(folder)
    write_files(target, contents)
    _remove_stale(target, set(contents))
    return target / "report.html"


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
