"""`results.json` of a run, from the folders of its steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.version import __version__
from locoreg.report.study.folder import STEPS
from locoreg.workflows.compare import Compared, compare_results
from locoreg.workflows.compare.task import SCHEMA
from locoreg.workflows.conclusion import conclude, plan_trials, summarise
from locoreg.workflows.conclusion.settling import Keep
from locoreg.workflows.evidence import SHIPPED
from locoreg.workflows.stored import RESULTS, STEP
from locoreg.workflows.study import StudyPlan
from locoreg.workflows.study.steps import PlannedStep
from locoreg.workflows.sureness import assess

# Of the evidence step, in the results of the whole.
EVIDENCE = ("tables", "questions", "audit", "reproductions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A finished step, read.

    Attributes
    ----------
    step : PlannedStep
        What was asked.
    folder : Path
        Where it lies.
    record, results : dict
        Its ``step.json`` and ``results.json``.
    """

    step: PlannedStep
    folder: Path
    record: dict[str, Any]
    results: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the entry in the study file."""
        return self.step.name if self.step.entry is None else self.step.entry.name


def read_steps(steps: Sequence[PlannedStep], out: Path) -> tuple[Stored, ...]:
    """Return the finished steps of a run."""
    found = []
    for step in steps:
        folder = out / STEPS / step.name
        found.append(
            Stored(
                step=step,
                folder=folder,
                record=json.loads((folder / STEP).read_bytes()),
                results=json.loads((folder / RESULTS).read_bytes()),
            )
        )
    return tuple(found)


def run_results(
    plan: StudyPlan,
    digest: str,
    study_file: Path,
    stored: Sequence[Stored],
    tell: Callable[[str], None],
    keep: Keep,
) -> dict[str, Any]:
    """Return the results of a run but for what changed.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    digest : str
        Hash of the study file.
    study_file : Path
        Where it lies.
    stored : sequence of Stored
        Its steps.
    tell : callable
        Told about stages.
    keep : callable
        Given the key and the result of each part that may have a figure.

    Returns
    -------
    dict
        JSON-ready, see ``docs/reference/results.md``.
    """
    evidence = next((one for one in stored if one.step.kind == "evidence"), None)
    registry = next((one for one in stored if one.step.kind == "registry"), None)
    results: dict[str, Any] = {
        "schema": SCHEMA,
        "title": plan.title,
        "search_date": plan.search_date,
        "study_file": study_file.name,
        "question": None if plan.question is None else plan.question.model_dump(mode="json"),
        "provenance": _provenance(plan, digest, stored),
    }
    if evidence is not None:
        results |= {name: evidence.results[name] for name in EVIDENCE}
    results |= {
        "synthetic": any(one.record["synthetic"] for one in stored),
        "small_cells": plan.small_cells,
        "steps": [_step(one) for one in stored],
        "inputs": _inputs(stored, study_file.name, digest),
        "registry": None if registry is None else registry.results,
        "emulation": _parts(stored, "emulation"),
        "selection": _parts(stored, "selection"),
    }
    tell("summary of findings")
    results["findings"] = summarise(results, plan.findings)
    tables = _tables(plan, study_file)
    tell("how sure one can be")
    results["how_sure"] = assess(
        results, plan.how_sure, findings=plan.findings, tables=tables, keep=keep
    )
    tell("what would settle it")
    results["planning"] = plan_trials(results, plan.planning, tables=tables, keep=keep)
    tell("conclusion")
    results["conclusion"] = conclude(results)
    return results


def _tables(plan: StudyPlan, study_file: Path) -> tuple[str | Path, ...]:
    """Return the sets of evidence tables of a study; folders are relative to its file."""
    asked = () if plan.evidence is None else plan.evidence.tables
    return tuple(one if one == SHIPPED else study_file.resolve().parent / one for one in asked)


def _provenance(plan: StudyPlan, digest: str, stored: Sequence[Stored]) -> dict[str, Any]:
    first = next((one for one in stored for _ in one.step.inputs), None)
    options: dict[str, Any] = {"study_sha256": digest}
    if plan.evidence is not None:
        options["tables"] = list(plan.evidence.tables)
    plans = {
        "findings": [one.model_dump(mode="json") for one in plan.findings],
        "how_sure": [one.model_dump(mode="json") for one in plan.how_sure],
        "planning": [one.model_dump(mode="json") for one in plan.planning],
    }
    options["plans"] = {name: value for name, value in plans.items() if value}
    return {
        "software": "locoreg",
        "version": __version__,
        "input_sha256": digest if first is None else first.step.inputs[0].sha256,
        "options": options,
    }


def _step(one: Stored) -> dict[str, Any]:
    return {
        "name": one.step.name,
        "kind": one.step.kind,
        "title": one.step.title,
        "key": one.step.key,
        "results": f"{STEPS}/{one.step.name}/{RESULTS}",
        "sha256": one.record["files"][RESULTS],
    }


def _inputs(stored: Sequence[Stored], study_file: str, digest: str) -> list[dict[str, str]]:
    found = {("study file", study_file): digest}
    for one in stored:
        for given in one.step.inputs:
            found[given.name, given.path] = given.sha256
    return [{"name": name, "path": path, "sha256": sha} for (name, path), sha in found.items()]


def _parts(stored: Sequence[Stored], kind: str) -> list[dict[str, Any]]:
    return [{"name": one.name, "results": one.results} for one in stored if one.step.kind == kind]


def with_changes(
    results: dict[str, Any],
    stored: Sequence[Stored],
    before: Compared | None,
) -> dict[str, Any]:
    """Return results with what moved since those that stood in the folder.

    Parameters
    ----------
    results : dict
        The new results.
    stored : sequence of Stored
        The steps.
    before : Compared or None
        What stood in the folder.

    Returns
    -------
    dict
        With ``changes``: null at the first run. Where the results are the same, what they say of
        the run before stays, so that running again writes the same bytes.
    """
    if before is None:
        return {**results, "changes": None}
    old = before.results
    if old.get("schema") != SCHEMA:
        told = (
            f"The results that stood in the folder are of schema {old.get('schema')}, those of "
            f"now of schema {SCHEMA}: they are not compared."
        )
        return {**results, "changes": [told]}
    if {k: v for k, v in old.items() if k != "changes"} == results:
        return {**results, "changes": old.get("changes")}
    now = Compared(
        name="now", results=results, records={one.step.name: one.record for one in stored}
    )
    return {**results, "changes": list(compare_results(before, now).lines())}
