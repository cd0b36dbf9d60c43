"""Runs whose steps are true: emulations and selections of small tables, written as by a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from locoreg.core.findings import Finding, Location
from locoreg.core.jsontext import dumps
from locoreg.emulation.effect import Diagnostic
from locoreg.report.blockjson import to_json
from locoreg.report.emulation.drawings import Drawing, draw
from locoreg.report.emulation.page import build
from locoreg.report.selection.drawings import draw as draw_selection
from locoreg.report.selection.page import build as build_selection
from locoreg.report.selection.parts import Shown
from locoreg.workflows.emulation.extras import Extras
from locoreg.workflows.emulation.hiding import hidden_dict
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.task import emulate
from locoreg.workflows.emulation.viewof import view_of
from locoreg.workflows.selection.result import SelectionResult
from tests.figures.selection import made
from tests.workflows.emulation import persons

HOSTILE = '<script>alert("x")</script>'
FAILED = Diagnostic(
    name="overlap", title="Overlap of the probability of treatment", verdict="fail", value=0.2,
    threshold=0.5, message="the two distributions overlap by 0.2.", advice="Narrow eligibility.",
)  # fmt: skip
BLOCKING = Finding(
    rule="outcome-before-time-zero", severity="blocking", subject="table",
    message="12 persons have the outcome before time zero.", value=12.0, limit=None,
    location=Location(file="table"), changes="Time zero is not where it is said to be.",
)  # fmt: skip


def emulated(folder: Path) -> EmulationResult:
    """Return an emulation of a small table with its sensitivity analyses."""
    table = persons.write_table(folder / "persons.csv", persons.rows(500, 1))
    plan = persons.protocol(sensitivity=persons.SENSITIVITY, title=f"Early surgery {HOSTILE}")
    return emulate(plan, table=table)


def failing(result: EmulationResult) -> EmulationResult:
    """Return an emulation in which the overlap of treatment fails."""
    kept = tuple(d for d in result.primary.diagnostics if d.name != "overlap")
    return replace(result, primary=replace(result.primary, diagnostics=(FAILED, *kept)))


def blocked(result: EmulationResult) -> EmulationResult:
    """Return the primary analysis with a blocking finding."""
    return replace(alone(result), audit=(BLOCKING, *result.audit))


def biased(result: EmulationResult) -> EmulationResult:
    """Return the analysis of those ever treated, which is biased by design, as the primary one."""
    effects = [run.effect for run in result.extras.alternatives if run.effect is not None]
    effect = next(one for one in effects if one.biased)
    return replace(alone(result), primary=effect)


def made_up(result: EmulationResult) -> EmulationResult:
    """Return the primary analysis of patients who are made up."""
    return replace(alone(result), primary=replace(result.primary, synthetic=True))


def alone(result: EmulationResult) -> EmulationResult:
    """Return the primary analysis without those beside it."""
    return replace(result, extras=Extras())


def write_run(
    folder: Path,
    emulations: dict[str, EmulationResult],
    selections: dict[str, SelectionResult],
    *,
    small_cells: int | None = 10,
) -> Path:
    """Write a run with steps of both kinds, and return its folder."""
    listed: list[dict[str, Any]] = []
    results: dict[str, list[dict[str, Any]]] = {"emulation": [], "selection": []}
    for name, result in emulations.items():
        view = view_of(
            result, command="locoreg run study.yaml", python="import locoreg as lr",
            small_cells=small_cells,
        )  # fmt: skip
        drawings = draw(view)
        step = _written(folder, f"emulation-{name}", hidden_dict(result, small_cells), drawings)
        listed.append(_listed(step, "emulation", result.protocol.title, build(view, drawings)))
        results["emulation"].append({"name": name, "results": _read(step)})
    for name, chosen in selections.items():
        drawings = draw_selection(chosen)
        shown = Shown(
            result=chosen, drawings=drawings, command="locoreg run study.yaml",
            python="import locoreg as lr",
        )  # fmt: skip
        held = {**chosen.to_dict(), "small_cells": small_cells}
        step = _written(folder, f"selection-{name}", held, drawings)
        (step / "model").mkdir()
        listed.append(_listed(step, "selection", chosen.title, build_selection(shown)))
        results["selection"].append({"name": name, "results": _read(step)})
    content = {
        "schema": 2, "title": f"A study {HOSTILE}", "synthetic": False, "steps": listed,
        "small_cells": small_cells, **results,
    }  # fmt: skip
    (folder / "results.json").write_text(dumps(content) + "\n", encoding="utf-8")
    (folder / "report.html").write_text("<!DOCTYPE html><title>A study</title>\n")
    return folder


def selections() -> dict[str, SelectionResult]:
    """Return who gains, in the states that a page knows."""
    return {
        "no-rule": made.no_rule(), "contradicted": made.contradicted(),
        "failing": made.failing(), "full": made.full(),
    }  # fmt: skip


def _written(
    folder: Path, name: str, results: dict[str, Any], drawings: Mapping[str, Drawing]
) -> Path:
    """Write results and drawings; one of them for print too, since that takes as long again."""
    step = folder / "steps" / name
    (step / "figures").mkdir(parents=True)
    (step / "results.json").write_text(dumps(results) + "\n", encoding="utf-8")
    for drawing in drawings.values():
        path = step / "figures" / f"{drawing.name}.svg"
        path.write_text(drawing.svg, encoding="utf-8")
    for one in ("curves", "groups"):
        if one in drawings:
            (step / "figures" / f"{one}.pdf").write_bytes(drawings[one].pdf())
    return step


def _listed(step: Path, kind: str, title: str, page: Any) -> dict[str, Any]:
    key = hashlib.sha256(step.name.encode()).hexdigest()
    content = {"name": step.name, "kind": kind, "title": title, "key": key, "seconds": 12.0}
    (step / "page.json").write_text(json.dumps(to_json(page)), encoding="utf-8")
    (step / "step.json").write_text(json.dumps(content), encoding="utf-8")
    return content


def _read(step: Path) -> Any:
    return json.loads((step / "results.json").read_text(encoding="utf-8"))
