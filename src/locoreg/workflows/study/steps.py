"""The steps of a study, each with the hash of everything that its results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.core.version import __version__
from locoreg.emulation.protocol import TrialProtocol, example_names, read_protocol
from locoreg.evidence.catalog import SHIPPED
from locoreg.registry.store import read_registry
from locoreg.workflows.evidence import open_tables
from locoreg.workflows.registry.reporting import registry_sha256
from locoreg.workflows.selection.plan import selection_of
from locoreg.workflows.study.plan import EmulationPlan, RegistryPlan, SelectionEntry, StudyPlan
from locoreg.workflows.study.source import package_sha256

# Of a selection, where nobody says how many.
THREADS = 2
# Where a simulated registry lies in the folder of its step.
SIMULATED = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Something that a step reads.

    Attributes
    ----------
    name : str
        What it is.
    path : str
        As the study file names it.
    sha256 : str
        Hash of its content.
    """

    name: str
    path: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON-ready values."""
        return {"name": self.name, "path": self.path, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step before it is run.

    Attributes
    ----------
    name, kind, title : str
        As of a stored step.
    options : dict
        Everything that the study file asks of it, JSON-ready.
    inputs : tuple of Input
        What it reads.
    needs : tuple of str
        Steps that come before it.
    key : str
        Hash over all of these, the program and the keys of the steps that it needs.
    entry : EmulationPlan, SelectionEntry or None
        Its entry in the study file.
    small_cells : int or None
        Counts of patients from 1 to this many are hidden, if they are real; None shows all.
    """

    name: str
    kind: str
    title: str
    options: dict[str, Any]
    inputs: tuple[Input, ...]
    needs: tuple[str, ...]
    key: str
    entry: EmulationPlan | SelectionEntry | None = None
    small_cells: int | None = None


def plan_steps(
    plan: StudyPlan, study_file: Path, *, jobs: int | None = None
) -> tuple[PlannedStep, ...]:
    """Return the steps of a study in their order; nothing is run.

    Parameters
    ----------
    plan : StudyPlan
        The study file, read.
    study_file : Path
        Where it lies: paths in it are relative to its folder.
    jobs : int, optional
        Workers and threads; those of the study file if not given.

    Returns
    -------
    tuple of PlannedStep
        Evidence, registry, emulations, selections.

    Raises
    ------
    DataError, DesignError
        If something that a step reads is missing or faulty, before anything is run.
    """
    keys: dict[str, str] = {}
    steps = []
    threads = plan.jobs if jobs is None else jobs
    for step in _steps(plan, study_file):
        if step["kind"] == "selection":
            # Its results name the threads that it was given.
            step["options"]["jobs"] = THREADS if threads is None else threads
        key = _key(step, [keys[name] for name in step["needs"]])
        keys[step["name"]] = key
        steps.append(PlannedStep(key=key, **step))
    return tuple(steps)


def _key(step: Mapping[str, Any], needed: Sequence[str]) -> str:
    content = {
        "kind": step["kind"],
        "name": step["name"],
        "title": step["title"],
        "options": step["options"],
        "inputs": [(one.name, one.sha256) for one in step["inputs"]],
        "needs": list(needed),
        "version": __version__,
        "source": package_sha256(),
    }
    return hashlib.sha256(dumps(content).encode()).hexdigest()


def _steps(plan: StudyPlan, study_file: Path) -> Iterator[dict[str, Any]]:
    folder = study_file.resolve().parent
    if plan.evidence is not None:
        catalog = open_tables([t if t == SHIPPED else folder / t for t in plan.evidence.tables])
        yield {
            "name": "evidence",
            "kind": "evidence",
            "title": plan.title,
            "options": {
                "search_date": plan.search_date,
                "study_file": study_file.name,
                "evidence": plan.evidence.model_dump(mode="json"),
            },
            "inputs": (
                Input(
                    name="evidence tables",
                    path=", ".join(plan.evidence.tables),
                    sha256=catalog.sha256,
                ),
            ),
            "needs": (),
        }
    if plan.registry is not None:
        yield _registry(plan, plan.registry, folder)
    for kind, entries in (("emulation", plan.emulation), ("selection", plan.selection)):
        for entry in entries:
            yield _on_patients(plan, kind, entry, folder, study_file.name)


def _registry(plan: StudyPlan, asked: RegistryPlan, folder: Path) -> dict[str, Any]:
    small = plan.hidden(synthetic=is_synthetic(asked, folder))
    return {
        "name": "registry",
        "kind": "registry",
        "title": f"Registry: {source_name(asked)}",
        "options": {"registry": asked.model_dump(mode="json"), "small_cells": small},
        "inputs": tuple(_registry_input(asked, folder)),
        "needs": (),
        "small_cells": small,
    }


def _registry_input(asked: RegistryPlan, folder: Path) -> Iterator[Input]:
    if asked.folder is not None:
        place = folder / asked.folder
        yield Input(name="registry", path=asked.folder, sha256=registry_sha256(place))


def _on_patients(
    plan: StudyPlan,
    kind: str,
    entry: EmulationPlan | SelectionEntry,
    folder: Path,
    study_file: str,
) -> dict[str, Any]:
    protocol = read_protocol(protocol_of(entry, folder)).protocol
    if kind == "selection":
        # A protocol without the part is refused now, not after the other steps.
        selection_of(protocol)
    small = plan.small_cells
    inputs = [Input(name="protocol", path=entry.protocol, sha256=protocol.sha256)]
    if entry.table is None:
        assert plan.registry is not None
        small = plan.hidden(synthetic=is_synthetic(plan.registry, folder))
        inputs += _registry_input(plan.registry, folder)
    else:
        # Whether patients of a table are made up is known when it is read.
        small = plan.hidden(synthetic=False)
        inputs += [
            _file(name, given, folder)
            for name, given in (("table", entry.table), ("visits", entry.visits))
            if given is not None
        ]
    return {
        "name": f"{kind}-{entry.name}",
        "kind": kind,
        "title": protocol.title,
        "options": {
            "entry": entry.model_dump(mode="json"),
            "protocol": _content(protocol),
            "study_file": study_file,
            "small_cells": plan.small_cells,
        },
        "inputs": tuple(inputs),
        "needs": ("registry",) if entry.table is None else (),
        "entry": entry,
        "small_cells": small,
    }


def _content(protocol: TrialProtocol) -> dict[str, Any]:
    found: dict[str, Any] = protocol.model_dump(mode="json", exclude_none=True)
    return found


def _file(name: str, given: str, folder: Path) -> Input:
    path = folder / given
    if not path.is_file():
        raise DataError(f"there is no file {given}, which the study file names as {name}.")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            digest.update(part)
    return Input(name=name, path=given, sha256=digest.hexdigest())


def protocol_of(entry: EmulationPlan | SelectionEntry, folder: Path) -> str | Path:
    """Return the protocol of an entry: the name of an example, or a path."""
    return entry.protocol if entry.protocol in example_names() else folder / entry.protocol


def source_name(asked: RegistryPlan) -> str:
    """Return what the registry is called in a report: no path of this machine."""
    if asked.simulate is None:
        return Path(str(asked.folder)).name or str(asked.folder)
    one = asked.simulate
    return f"{one.patients:,} simulated patients, scenario {one.scenario}, seed {one.seed}"


def is_synthetic(asked: RegistryPlan, folder: Path) -> bool:
    """Return whether the patients of the registry are made up."""
    return asked.folder is None or read_registry(folder / asked.folder).synthetic
