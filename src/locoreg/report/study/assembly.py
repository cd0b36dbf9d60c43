"""The report of a run, always from the folders of its steps: cached or new, the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import dumps, json_ready
from locoreg.report.blockjson import to_json
from locoreg.report.blocks import Page
from locoreg.report.drawings import FIGURE_KINDS
from locoreg.report.render import render
from locoreg.report.sections.findings import tables as findings_tables
from locoreg.report.sections.nextstep import tables as planning_tables
from locoreg.report.sections.prospectdrawings import draw_prospects
from locoreg.report.sections.suredrawings import draw_sureness
from locoreg.report.sections.suretables import tables as sure_tables
from locoreg.report.study.folder import STEPS
from locoreg.report.study.page import build
from locoreg.report.study.results import Stored, read_steps, run_results, with_changes
from locoreg.workflows.compare import Compared
from locoreg.workflows.export import write_files
from locoreg.workflows.stored import RESULTS, STEP
from locoreg.workflows.study import StudyPlan
from locoreg.workflows.study.steps import PlannedStep

# Names of what the last report consists of, so that what it no longer has can be removed.
WRITTEN = "written.json"
NO_PDF = "no report.pdf: it needs the extra pdf (pip install 'locoreg[pdf]')"


def assemble(
    plan: StudyPlan,
    digest: str,
    study_file: Path,
    steps: Sequence[PlannedStep],
    out: Path,
    before: Compared | None,
    tell: Callable[[str], None],
) -> None:
    """Write the report of a run; ``results.json`` comes last.

    Parameters
    ----------
    plan, digest, study_file
        The study, its hash, its place.
    steps : sequence of PlannedStep
        All finished.
    out : Path
        Folder of the run.
    before : Compared or None
        The results that stood there.
    tell : callable
        Told about stages.
    """
    stored = read_steps(steps, out)
    kept: dict[str, object] = {}
    results = json_ready(run_results(plan, digest, study_file, stored, tell, kept.__setitem__))
    results = with_changes(results, stored, before)
    written = (dumps(results) + "\n").encode()
    tell("writing the report")
    drawn = draw_prospects(kept) | draw_sureness(kept)
    page = build(plan, study_file.name, results, stored, hashlib.sha256(written).hexdigest(), drawn)
    contents = dict(_copied(stored))
    for one in drawn.values():
        contents[f"figures/{one.name}.svg"] = one.svg.encode()
        contents[f"figures/{one.name}.pdf"] = one.pdf
    made = findings_tables(results) | sure_tables(results) | planning_tables(results)
    for name, rows in made.items():
        contents[f"tables/{name}.csv"] = to_csv(rows).encode()
    contents["page.json"] = (dumps(to_json(page)) + "\n").encode()
    contents["report.html"] = render(page).encode()
    pdf = _pdf(page, tell)
    if pdf is not None:
        contents["report.pdf"] = pdf
    contents[RESULTS] = written
    _remove_stale(out, set(contents))
    write_files(out, contents)


def earlier(out: Path) -> Compared | None:
    """Return what stands in a folder before a run, for what changed; None if nothing does.

    Parameters
    ----------
    out : Path
        Folder of the run, checked.

    Returns
    -------
    Compared or None
        Results with the records of the steps that they were made from.
    """
    path = out / RESULTS
    if not path.is_file():
        return None
    results: dict[str, Any] = json.loads(path.read_bytes())
    records = {}
    for one in results.get("steps") or ():
        record = out / STEPS / str(one["name"]) / STEP
        try:
            found = json.loads(record.read_bytes())
        except (OSError, ValueError):
            # A step that was stopped or damaged: its options are not known any more.
            continue
        if found.get("key") == one.get("key"):
            records[one["name"]] = found
    return Compared(name="before", results=results, records=records)


def _copied(stored: Sequence[Stored]) -> Iterator[tuple[str, bytes]]:
    """Yield tables and figures of the steps; those of evidence keep their names."""
    for one in stored:
        prefix = "" if one.step.kind == "evidence" else f"{one.step.name}-"
        for kind in ("tables", "figures"):
            for path in sorted((one.folder / kind).glob("*")):
                if path.is_file():
                    yield f"{kind}/{prefix}{path.name}", path.read_bytes()


def _pdf(page: Page, tell: Callable[[str], None]) -> bytes | None:
    if find_spec("typst") is None:
        tell(NO_PDF)
        return None
    from locoreg.report.pdf import write_pdf

    tell("writing the PDF")
    return write_pdf(page)


def _remove_stale(out: Path, names: set[str]) -> None:
    """Remove what an earlier report wrote and this one does not, and nothing else."""
    listing = out / STEPS / WRITTEN
    old: list[str] = []
    if listing.is_file():
        old = json.loads(listing.read_bytes())
    old += [
        f"figures/{path.name}"
        for path in sorted((out / "figures").glob("*"))
        if path.name.startswith(FIGURE_KINDS) and path.suffix in (".svg", ".pdf")
    ]
    for name in old:
        if name not in names:
            (out / name).unlink(missing_ok=True)
    write_files(out / STEPS, {WRITTEN: (dumps(sorted(names)) + "\n").encode()})
