"""Make the files and the page of one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from locoreg.core.jsontext import dumps
from locoreg.report import evidence_files
from locoreg.report.blockjson import to_json
from locoreg.report.blocks import Page
from locoreg.report.emulation.files import emulation_files
from locoreg.report.selection.files import selection_files
from locoreg.report.study.folder import STEPS
from locoreg.report.study.keys import keyed
from locoreg.report.study.registry import registry_files
from locoreg.report.study.stage import Teller
from locoreg.workflows.emulation.task import emulate
from locoreg.workflows.registry.deriving import simulate
from locoreg.workflows.run import run_evidence
from locoreg.workflows.selection.task import select
from locoreg.workflows.study import EmulationPlan, SelectionEntry, StudyPlan
from locoreg.workflows.study.steps import (
    SIMULATED,
    PlannedStep,
    is_synthetic,
    protocol_of,
    source_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a maker is given.

    Attributes
    ----------
    plan : StudyPlan
        The study.
    study_file : Path
        Where it lies.
    out : Path
        Folder of the run.
    scratch : Path
        Folder of this step that outlives an interruption.
    jobs : int or None
        Workers.
    tell : Teller
        Told about stages.
    """

    plan: StudyPlan
    study_file: Path
    out: Path
    scratch: Path
    jobs: int | None
    tell: Teller

    @property
    def folder(self) -> Path:
        """What paths in the study file are relative to."""
        return self.study_file.resolve().parent

    @property
    def made(self) -> Path:
        """Where the step's files are written."""
        return self.scratch / "made"

    @property
    def command(self) -> str:
        """How the study is run."""
        return f"locoreg run {self.study_file.name} --out FOLDER"

    @property
    def python(self) -> str:
        """The same in Python."""
        return f'import locoreg as lr\n\nrun = lr.run("{self.study_file.name}", "FOLDER")'


Made = tuple[dict[str, bytes], Page, bool]


def make(step: PlannedStep, making: Making) -> tuple[dict[str, bytes], bool]:
    """Run a step.

    Parameters
    ----------
    step : PlannedStep
        The step.
    making : Making
        Where, from what, and whom to tell.

    Returns
    -------
    contents : dict of str to bytes
        Its files but for ``step.json``.
    synthetic : bool
        Whether its patients are made up.
    """
    contents, page, synthetic = MAKERS[step.kind](step, making)
    if step.entry is not None:
        page = keyed(page, f"{step.kind}/{step.entry.name}")
    contents["page.json"] = (dumps(to_json(page)) + "\n").encode()
    return contents, synthetic


def _evidence(step: PlannedStep, making: Making) -> Made:
    result = run_evidence(making.study_file, progress=making.tell)
    making.tell("drawing")
    return (*evidence_files(result), False)


def _registry(step: PlannedStep, making: Making) -> Made:
    asked = making.plan.registry
    assert asked is not None
    if asked.simulate is not None:
        place = making.made / SIMULATED
        one = asked.simulate
        making.tell("simulating patients")
        simulate(place, patients=one.patients, seed=one.seed, scenario=one.scenario)
    else:
        place = making.folder / str(asked.folder)
    synthetic = is_synthetic(asked, making.folder)
    contents, page = registry_files(
        asked,
        place,
        synthetic=synthetic,
        small_cells=step.small_cells,
        tell=making.tell,
        title=step.title,
    )
    return contents, page, synthetic


def _emulation(step: PlannedStep, making: Making) -> Made:
    entry = step.entry
    assert isinstance(entry, EmulationPlan)
    registry, name = _patients(entry, making)
    result = emulate(
        protocol_of(entry, making.folder),
        registry,
        table=_path(entry.table, making),
        visits=_path(entry.visits, making),
        method=entry.method,
        analyses=entry.asked,
        jobs=making.jobs,
        checkpoint=making.scratch / "replicates",
        source_name=name,
        progress=making.tell,
        on_progress=making.tell.replicates,
    )
    making.tell("drawing")
    synthetic = result.primary.synthetic
    contents, page = emulation_files(
        result,
        command=making.command,
        python=making.python,
        small_cells=making.plan.hidden(synthetic=synthetic),
    )
    return contents, page, synthetic


def _selection(step: PlannedStep, making: Making) -> Made:
    entry = step.entry
    assert isinstance(entry, SelectionEntry)
    registry, name = _patients(entry, making)
    result = select(
        protocol_of(entry, making.folder),
        registry,
        table=_path(entry.table, making),
        visits=_path(entry.visits, making),
        sensitivity=entry.sensitivity,
        jobs=step.options["jobs"],
        source_name=name,
        progress=making.tell,
    )
    making.tell("drawing")
    synthetic = result.data.synthetic
    contents, page = selection_files(
        result,
        command=making.command,
        python=making.python,
        small_cells=making.plan.hidden(synthetic=synthetic),
    )
    return contents, page, synthetic


def _patients(
    entry: EmulationPlan | SelectionEntry, making: Making
) -> tuple[Path | None, str | None]:
    """Return the registry of an entry and what it is called."""
    if entry.table is not None:
        return None, entry.table
    asked = making.plan.registry
    assert asked is not None
    if asked.simulate is not None:
        return making.out / STEPS / "registry" / SIMULATED, source_name(asked)
    return making.folder / str(asked.folder), source_name(asked)


def _path(given: str | None, making: Making) -> Path | None:
    return None if given is None else making.folder / given


MAKERS: dict[str, Callable[[PlannedStep, Making], Made]] = {
    "evidence": _evidence,
    "registry": _registry,
    "emulation": _emulation,
    "selection": _selection,
}
