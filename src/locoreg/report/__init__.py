"""Write published evidence: one HTML page, figures, tables, results.json."""

from __future__ import annotations

import hashlib
from pathlib import Path

from locoreg.core.jsontext import dumps
from locoreg.report.anchors import Anchors
from locoreg.report.blocks import Page
from locoreg.report.context import Context
from locoreg.report.csvtables import csv_tables
from locoreg.report.drawings import FIGURE_KINDS, draw
from locoreg.report.page import build
from locoreg.report.render import render
from locoreg.workflows.export import write_files
from locoreg.workflows.run import StudyResult

RESULTS = "results.json"

__all__ = ["evidence_files", "write_report"]


def write_report(result: StudyResult, folder: Path) -> Path:
    """Write a report, whole or not at all.

    The same result gives the same bytes. Everything is made before the first
    file is written; ``results.json`` comes last, so that a folder which holds
    it is complete.

    Parameters
    ----------
    result : StudyResult
        What :func:`locoreg.workflows.run.run_evidence` returns.
    folder : Path
        Made if missing. An earlier report in it is replaced.

    Returns
    -------
    Path
        ``report.html``, one self-contained page. Beside it stand
        ``tables/*.csv``, ``figures/*.svg``, ``figures/*.pdf`` and
        ``results.json``.
    """
    contents, page = evidence_files(result)
    contents["report.html"] = render(page).encode()
    contents[RESULTS] = contents.pop(RESULTS)
    target = Path(folder)
    write_files(target, contents)
    _remove_stale_figures(target, set(contents))
    return target / "report.html"


def evidence_files(result: StudyResult) -> tuple[dict[str, bytes], Page]:
    """Return the files of a result but for its page, and the page.

    Parameters
    ----------
    result : StudyResult
        The result.

    Returns
    -------
    contents : dict of str to bytes
        ``tables/*.csv``, ``figures/*`` and, last, ``results.json``.
    page : Page
        Its blocks.
    """
    results = (dumps(result.to_dict()) + "\n").encode()
    drawings = draw(result)
    context = Context(
        result=result,
        anchors=Anchors(result),
        drawings=drawings,
        results_sha256=hashlib.sha256(results).hexdigest(),
    )
    contents = {f"tables/{name}": text.encode() for name, text in csv_tables(result).items()}
    for drawing in drawings.values():
        contents[f"figures/{drawing.name}.svg"] = drawing.svg.encode()
        contents[f"figures/{drawing.name}.pdf"] = drawing.pdf
    contents[RESULTS] = results
    return contents, build(context)


def _remove_stale_figures(folder: Path, written: set[str]) -> None:
    """Remove figures of an earlier report that this one does not have."""
    for path in sorted((folder / "figures").glob("*")):
        ours = path.name.startswith(FIGURE_KINDS) and path.suffix in (".svg", ".pdf")
        if ours and f"figures/{path.name}" not in written:
            path.unlink()
