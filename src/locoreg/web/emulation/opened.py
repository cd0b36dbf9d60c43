"""Steps of stored runs: found by name, read once, kept by hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from locoreg.core.errors import DataError, LocoregError, did_you_mean
from locoreg.report.blockjson import from_json
from locoreg.report.blocks import Page
from locoreg.web.errors import NotFoundError
from locoreg.web.state import State
from locoreg.web.storedruns import run_of
from locoreg.workflows.sharing import check_hidden
from locoreg.workflows.stored import StoredRun, StoredStep

Kind = Literal["emulation", "selection"]
# What pages read of results.json.
_NEEDED = {
    "emulation": ("title", "synthetic", "protocol_sha256", "question", "attrition", "audit",
                  "primary", "sensitivity", "notice"),
    "selection": ("title", "synthetic", "question", "data", "diagnostics", "average",
                  "credibility", "assessment", "rule", "doubts", "plan", "notice"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One step of a run with its contents.

    Attributes
    ----------
    run : StoredRun
        The run.
    step : StoredStep
        The step.
    name : str
        Its name without its kind.
    results : mapping
        Its ``results.json``.
    page : Page
        Its page.
    """

    run: StoredRun
    step: StoredStep
    name: str
    results: Mapping[str, Any]
    page: Page

    @property
    def path(self) -> str:
        """Its address, without what every path begins with."""
        return f"/{self.step.kind}/{self.run.name}/{self.name}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What its contents depend on, and the name that its links hold."""
        return (self.run.name, self.run.sha256, self.step.name, self.step.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One step of a run, for a list.

    Attributes
    ----------
    run, name, title : str
        Names of run and step; what it is about.
    opened : Opened or None
        None where it can't be shown.
    problem : str
        Why not.
    """

    run: str
    name: str
    title: str
    opened: Opened | None
    problem: str = ""


def open_step(state: State, kind: Kind, run: str, name: str) -> Opened:
    """Return a step of a run by their names.

    Parameters
    ----------
    state : State
        Of the application.
    kind : {"emulation", "selection"}
        What it is.
    run, name : str
        As in the address.

    Returns
    -------
    Opened
        With its contents.

    Raises
    ------
    NotFoundError
        If there is none.
    DesignError
        If it would show counts that the server hides.
    """
    found = run_of(state.runs(), run)
    steps = {one.name.removeprefix(f"{kind}-"): one for one in _steps(found, kind)}
    if name not in steps:
        raise NotFoundError(
            f"the run {run} has no {kind} {name!r}.", hint=did_you_mean(name, steps)
        )
    return _opened(state, found, steps[name], name)


def listed(state: State, kind: Kind) -> tuple[Listed, ...]:
    """Return the steps of a kind in all runs, in the order of runs.

    Parameters
    ----------
    state : State
        Of the application.
    kind : {"emulation", "selection"}
        What they are.

    Returns
    -------
    tuple of Listed
        One that can't be shown says why.
    """
    out = []
    for run in state.runs():
        for step in _steps(run, kind):
            name = step.name.removeprefix(f"{kind}-")
            try:
                opened = _opened(state, run, step, name)
            except LocoregError as error:
                out.append(
                    Listed(
                        run=run.name, name=name, title=step.title, opened=None, problem=str(error)
                    )
                )
            else:
                out.append(Listed(run=run.name, name=name, title=step.title, opened=opened))
    return tuple(out)


def file_of(opened: Opened, folder: Literal["figures", "tables"], name: str) -> Path | None:
    """Return a file of a step by its name, or None; no name leads out of the folder."""
    place = opened.step.folder / folder
    if not place.is_dir():
        return None
    found = {one.name: one for one in place.iterdir() if one.is_file() and not one.is_symlink()}
    return found.get(name)


def _steps(run: StoredRun, kind: Kind) -> list[StoredStep]:
    return [one for one in run.steps if one.kind == kind]


def _opened(state: State, run: StoredRun, step: StoredStep, name: str) -> Opened:
    key = ("step", run.sha256, str(run.folder), run.name, step.name, step.key)
    opened = state.kept.get(key, lambda: _read(run, step, name))
    check_hidden(opened.results, limit=state.settings.limits.small_cells)
    return opened


def _read(run: StoredRun, step: StoredStep, name: str) -> Opened:
    page = from_json(step.page())
    if not isinstance(page, Page):
        raise DataError(
            f"page.json of {step.name} in the run {run.name} holds no page.",
            hint="run the study again.",
        )
    results = step.results()
    missing = [key for key in _NEEDED[step.kind] if key not in results]
    if missing:
        raise DataError(
            f"results.json of {step.name} in the run {run.name} is not of this version: it has no "
            f"{missing[0]}.",
            hint="run the study again.",
        )
    return Opened(run=run, step=step, name=name, results=results, page=page)
