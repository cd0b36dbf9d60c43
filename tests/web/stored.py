"""A small stored run, built by hand: what `locoreg run` leaves, without running anything."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from locoreg.core.jsontext import dumps
from locoreg.report import blocks
from locoreg.report.blockjson import to_json

STEPS = (
    ("evidence", "evidence", "Trials of local therapy"),
    ("registry", "registry", "The registry"),
    ("emulation-early-surgery", "emulation", "Surgery within 6 months"),
    ("selection-who-gains", "selection", "Who gains from surgery"),
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40" role="figure" '
    'aria-labelledby="lr-{0}-title"><title id="lr-{0}-title">{1}</title>'
    '<path d="M5 5V35H95" fill="none" stroke="#1a1d21"/></svg>'
)


def small_page(name: str, title: str) -> blocks.Page:
    """Return a page with a table, a value and a figure."""
    table = blocks.Table(
        caption=f"Numbers of {title}",
        columns=(blocks.Column("What"), blocks.Column("Estimate", numeric=True)),
        rows=(
            blocks.Row(
                (("Difference",), (blocks.Value("0.02 (-0.05 to 0.09)", 0.02, f"{name}/x"),))
            ),
        ),
    )
    figure = blocks.Figure(
        anchor=f"figure-{name}",
        title=title,
        svg=SVG.format(name, title),
        caption=("What is to be seen.",),
        table=table,
    )
    return blocks.Page(
        title=title,
        strip="Research use. Not a medical device.",
        head=(blocks.Paragraph(("An answer.",), role="lead"),),
        sections=(
            blocks.Section(anchor=f"results-{name}", title="Results", blocks=(table, figure)),
        ),
    )


def write_run(folder: Path, *, title: str = "A small study", synthetic: bool = True) -> Path:
    """Write a run with one step of each kind and return its folder."""
    listed: list[dict[str, Any]] = []
    for name, kind, words in STEPS:
        step = folder / "steps" / name
        step.mkdir(parents=True)
        (step / "page.json").write_text(json.dumps(to_json(small_page(name, words))))
        text = dumps({"schema": 1, "title": words, "difference": 0.02}) + "\n"
        (step / "results.json").write_text(text)
        key = hashlib.sha256(name.encode()).hexdigest()
        content = {"name": name, "kind": kind, "title": words, "key": key, "synthetic": synthetic}
        (step / "step.json").write_text(json.dumps(content))
        listed.append(
            {
                "name": name, "kind": kind, "title": words, "key": key,
                "results": f"steps/{name}/results.json",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )  # fmt: skip
    results = {
        "schema": 2, "title": title, "search_date": "2026-06-30", "study_file": "study.yaml",
        "synthetic": synthetic, "steps": listed, "inputs": [], "questions": [],
        "audit": {"findings": [], "counts": {}}, "reproductions": [], "changes": None,
        "registry": None, "emulation": [], "selection": [], "findings": None, "planning": [],
        "conclusion": {},
    }  # fmt: skip
    (folder / "results.json").write_text(dumps(results) + "\n")
    (folder / "page.json").write_text(json.dumps(to_json(small_page("study", title))))
    (folder / "report.html").write_text(f"<!DOCTYPE html><title>{title}</title>\n")
    return folder


def comparable(folder: Path, **changes: object) -> Path:
    """Write such a run with what a comparison reads, and return its folder."""
    run = write_run(folder)
    results = json.loads((run / "results.json").read_text())
    made = {"version": "0.1.0", "input_sha256": "0" * 64, "options": {}}
    (run / "results.json").write_text(json.dumps(results | {"provenance": made} | changes))
    return run
