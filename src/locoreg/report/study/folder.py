"""A step in the folder of a run: written whole, and checked before it is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.core.jsontext import dumps
from locoreg.core.version import __version__
from locoreg.workflows.stored import STEP
from locoreg.workflows.study.source import package_sha256
from locoreg.workflows.study.steps import PlannedStep

STEPS = "steps"
# Beside finished steps: what is being made, with the checkpoints of bootstraps.
PARTIAL = ".partial"


def state_of(folder: Path, key: str) -> tuple[str, str]:
    """Return whether a step is there as it was written.

    Parameters
    ----------
    folder : Path
        Folder of the step.
    key : str
        What its results depend on now.

    Returns
    -------
    state : {"kept", "missing", "changed", "damaged"}
        ``changed`` where it was made from something else.
    what : str
        The file that is damaged; else empty.
    """
    try:
        record = json.loads((folder / STEP).read_bytes())
    except FileNotFoundError:
        return ("damaged", STEP) if folder.exists() else ("missing", "")
    except (OSError, ValueError):
        return "damaged", STEP
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        return "damaged", STEP
    if record.get("key") != key:
        return "changed", ""
    there = dict(_hashes(folder))
    for name in sorted({*there, *record["files"]}):
        if there.get(name) != record["files"].get(name):
            return "damaged", name
    return "kept", ""


def partial(out: Path, step: PlannedStep) -> Path:
    """Return the folder in which a step is made; another key is another folder."""
    return out / STEPS / PARTIAL / f"{step.name}-{step.key[:16]}"


def write_made(made: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of a step that is being made."""
    for name, data in contents.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def finish(made: Path, target: Path, step: PlannedStep, *, seconds: float, synthetic: bool) -> None:
    """Say that a step is complete, and put it in its place.

    Parameters
    ----------
    made : Path
        Folder with everything but ``step.json``.
    target : Path
        Where it belongs. What stands there is removed.
    step : PlannedStep
        The step.
    seconds : float
        How long it took.
    synthetic : bool
        Whether its patients are made up.
    """
    record: dict[str, Any] = {
        "name": step.name,
        "kind": step.kind,
        "title": step.title,
        "key": step.key,
        "version": __version__,
        "source": package_sha256(),
        "synthetic": synthetic,
        "seconds": round(seconds, 2),
        "options": step.options,
        "inputs": [one.to_dict() for one in step.inputs],
        "needs": list(step.needs),
        "files": dict(_hashes(made)),
    }
    draft = made / f".{STEP}"
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(dumps(record) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(made / STEP)
    place(made, target)


def place(made: Path, target: Path) -> None:
    """Put a complete step in the place of what stands there."""
    if target.exists():
        old = made.parent / "old"
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    made.rename(target)
    shutil.rmtree(made.parent)


def remove_others(out: Path, names: set[str]) -> tuple[str, ...]:
    """Remove steps that the study does not have, and what was left half-made; return their names.

    Parameters
    ----------
    out : Path
        Folder of the run.
    names : set of str
        Steps that the study has.

    Returns
    -------
    tuple of str
        Steps that were removed.
    """
    gone = []
    for path in sorted((out / STEPS).iterdir()):
        if path.name == PARTIAL:
            shutil.rmtree(path)
        elif path.name not in names and (path / STEP).is_file():
            shutil.rmtree(path)
            gone.append(path.name)
    return tuple(gone)


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        # Locks of a registry come and go as it is read.
        if path.is_file() and name != STEP and not path.name.startswith("."):
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()


def check_out(out: Path) -> None:
    """Raise DataError if a folder holds results of something else.

    Parameters
    ----------
    out : Path
        Folder of the run.

    Raises
    ------
    DataError
        If its ``results.json`` is not of a run.
    """
    path = out / "results.json"
    if not path.exists():
        return
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is not a results file.", hint="remove it, or choose another folder."
        ) from error
    ours = isinstance(found, dict) and ("steps" in found or "reproductions" in found)
    if not ours:
        raise DataError(
            f"{path} is of another command.", hint="remove it, or choose another folder."
        )
