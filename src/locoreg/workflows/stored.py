"""Runs of a study as they lie in a folder: `results.json`, and a folder for each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, did_you_mean

RESULTS = "results.json"
STEP = "step.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStep:
    """One step of a run.

    Attributes
    ----------
    name : str
        ``evidence``, ``registry``, ``emulation-NAME`` or ``selection-NAME``.
    kind : str
        ``evidence``, ``registry``, ``emulation`` or ``selection``.
    title : str
        What it is about.
    key : str
        Hash of everything that its results depend on.
    folder : Path
        With ``results.json``, ``page.json``, ``tables`` and ``figures``.
    record : dict
        Its ``step.json``: options, inputs, version, seconds, hashes of its files.
    """

    name: str
    kind: str
    title: str
    key: str
    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    def results(self) -> dict[str, Any]:
        """Return its ``results.json``."""
        return read_json(self.folder / RESULTS)

    def page(self) -> dict[str, Any]:
        """Return its page as JSON, for :func:`locoreg.report.blockjson.from_json`."""
        return read_json(self.folder / "page.json")

    @property
    def model(self) -> Path | None:
        """Folder of its model for single patients, where it has one."""
        folder = self.folder / "model"
        return folder if folder.is_dir() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run of a study.

    Attributes
    ----------
    folder : Path
        Where it lies.
    results : dict
        Its ``results.json``.
    sha256 : str
        Hash of that file.
    steps : tuple of StoredStep
        In the order of the study file.
    """

    folder: Path
    results: dict[str, Any]
    sha256: str
    steps: tuple[StoredStep, ...]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """Title of the study."""
        return str(self.results["title"])

    @property
    def synthetic(self) -> bool:
        """Whether it holds patients who are made up."""
        return bool(self.results.get("synthetic"))

    def step(self, name: str) -> StoredStep:
        """Return a step by its name; DataError if there is none."""
        for one in self.steps:
            if one.name == name:
                return one
        raise DataError(
            f"the run {self.name} has no step {name!r}.",
            hint=did_you_mean(name, [one.name for one in self.steps]),
        )


def open_run(folder: str | Path) -> StoredRun:
    """Open a run that ``locoreg run`` wrote.

    Parameters
    ----------
    folder : str or Path
        The folder given as ``--out``.

    Returns
    -------
    StoredRun
        Its results and steps.

    Raises
    ------
    DataError
        If the folder holds no finished run.
    """
    place = Path(folder)
    try:
        raw = (place / RESULTS).read_bytes()
    except OSError as error:
        raise DataError(
            f"{place} holds no finished run.", hint="run the study again: locoreg run."
        ) from error
    results = _parsed(raw, place / RESULTS)
    if not isinstance(results, dict) or "steps" not in results or "title" not in results:
        raise DataError(
            f"{place / RESULTS} is not of a run of this version.", hint="run the study again."
        )
    steps = tuple(_step(place / "steps" / one["name"], one) for one in results["steps"])
    return StoredRun(
        folder=place, results=results, sha256=hashlib.sha256(raw).hexdigest(), steps=steps
    )


def find_runs(folders: Iterable[Path]) -> tuple[StoredRun, ...]:
    """Return the finished runs among folders and the folders directly in them.

    Parameters
    ----------
    folders : iterable of Path
        Runs, or folders of runs; others are passed over.

    Returns
    -------
    tuple of StoredRun
        By folder, in the order given.
    """
    found: list[StoredRun] = []
    for folder in folders:
        places = [folder]
        if not (folder / RESULTS).is_file() and folder.is_dir():
            places = sorted(one for one in folder.iterdir() if (one / RESULTS).is_file())
        for place in places:
            try:
                found.append(open_run(place))
            except DataError:
                # A result of another command, such as `locoreg emulate`, is no run.
                continue
    return tuple(found)


def _step(folder: Path, listed: dict[str, Any]) -> StoredStep:
    content = read_json(folder / STEP)
    if listed.get("key", content["key"]) != content["key"]:
        raise DataError(
            f"{folder} is newer than the results beside it: a run was stopped before its end.",
            hint="run the study again: finished steps are kept.",
        )
    return StoredStep(
        name=content["name"],
        kind=content["kind"],
        title=content["title"],
        key=content["key"],
        folder=folder,
        record=content,
    )


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a file of a run holds; DataError if it can't be read."""
    try:
        content = _parsed(path.read_bytes(), path)
    except OSError as error:
        raise DataError(f"{path} is missing.", hint="run the study again.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds no object.", hint="run the study again.")
    return content


def _parsed(raw: bytes, path: Path) -> Any:
    try:
        return json.loads(raw)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} is no JSON.", hint="run the study again.") from error
