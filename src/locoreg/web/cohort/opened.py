"""Registries as the explorer opens them: to read only, kept by the hash of their data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from locoreg.core.errors import did_you_mean
from locoreg.web.cohort.view import CohortView
from locoreg.web.errors import NotFoundError
from locoreg.web.state import Kept, State
from locoreg.workflows.registry.exploring import (
    Base,
    Exploration,
    explore,
    open_base,
    registry_sha256,
)
from locoreg.workflows.uploads import registry_folders

# Patients and curves of a registry take megabytes: few are held at once.
BASES, EXPLORATIONS = 6, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A registry.

    Attributes
    ----------
    name : str
        How it is asked for.
    folder : Path
        Where it lies.
    sha256 : str
        Hash of its data as they are now.
    """

    name: str
    folder: Path
    sha256: str


def sources(state: State) -> dict[str, Path]:
    """Return the registries by name."""
    return registry_folders(state.settings.workspace, state.settings.registries)


def source_of(state: State, view: CohortView) -> Source:
    """Return the registry of a view.

    Parameters
    ----------
    state : State
        Of the application.
    view : CohortView
        Names it, or means the first.

    Returns
    -------
    Source
        With the hash of its data.

    Raises
    ------
    NotFoundError
        If there is no registry of that name, or none at all.
    """
    folders = sources(state)
    if not folders:
        raise NotFoundError("there is no registry here.", hint="start with --registry FOLDER.")
    name = view.registry or next(iter(folders))
    if name not in folders:
        raise NotFoundError(
            f"there is no registry {name!r} here.", hint=did_you_mean(name, list(folders))
        )
    return Source(name=name, folder=folders[name], sha256=registry_sha256(folders[name]))


def limit_of(state: State) -> int | None:
    """Return the largest count that is hidden; None where all are shown."""
    return state.settings.limits.small_cells or None


def explored(state: State, source: Source, view: CohortView) -> Exploration:
    """Return the cohort of a view.

    Parameters
    ----------
    state : State
        Of the application.
    source : Source
        The registry.
    view : CohortView
        The cohort.

    Returns
    -------
    Exploration
        Kept by the registry's hash and the view.
    """
    some = _few(state, "cohort explorations", EXPLORATIONS)
    return some.get(
        (source.sha256, str(source.folder), view.key()), lambda: _explore(state, source, view)
    )


def _explore(state: State, source: Source, view: CohortView) -> Exploration:
    base: Base = _few(state, "cohort bases", BASES).get(
        (source.sha256, str(source.folder), view.time_zero),
        lambda: open_base(source.folder, view.time_zero),
    )
    return explore(
        base,
        view.choices(),
        by=view.by,
        therapy=view.therapy,
        level=float(view.level),
        at=view.months,
        horizon=float(view.horizon),
        small_cells=limit_of(state),
    )


def _few(state: State, name: str, most: int) -> Kept:
    """Return a place that holds fewer results than the one for pages."""
    return state.kept.get((name,), lambda: Kept(most))
