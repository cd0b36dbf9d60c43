"""Stored runs as the application names them, read again only where their files changed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from locoreg.core.errors import did_you_mean
from locoreg.web.errors import NotFoundError
from locoreg.workflows.stored import RESULTS, STEP, StoredRun, find_runs

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRun(StoredRun):
    """A run under a name that no other run of the application has.

    Attributes
    ----------
    label : str
        The name.
    """

    label: str

    @property
    def name(self) -> str:
        """Name of its folder, with ``-2`` and so on where an earlier run has the same."""
        return self.label


class Runs:
    """The runs of some folders, each kept until one of its files changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Path, tuple[Stamp, tuple[StoredRun, ...]]] = {}

    def find(self, folders: Iterable[Path]) -> tuple[NamedRun, ...]:
        """Return the runs among folders and the folders directly in them, names told apart.

        Parameters
        ----------
        folders : iterable of Path
            As for :func:`locoreg.workflows.stored.find_runs`.

        Returns
        -------
        tuple of NamedRun
            In the order given; a folder that is reached twice is there once.
        """
        seen: dict[Path, tuple[Stamp, tuple[StoredRun, ...]]] = {}
        for place in _places(folders):
            real = place.resolve()
            if real not in seen:
                seen[real] = self._opened(real, place)
        with self._lock:
            self._kept = seen
        named: dict[str, NamedRun] = {}
        for _, found in seen.values():
            for run in found:
                name = _free(run.name, named)
                named[name] = NamedRun(
                    folder=run.folder, results=run.results, sha256=run.sha256, steps=run.steps,
                    label=name,
                )  # fmt: skip
        return tuple(named.values())

    def _opened(self, real: Path, place: Path) -> tuple[Stamp, tuple[StoredRun, ...]]:
        stamp = _stamp(place)
        with self._lock:
            kept = self._kept.get(real)
        if kept is not None and kept[0] == stamp:
            return kept
        return stamp, find_runs((place,))


def run_of(runs: Iterable[NamedRun], name: str) -> NamedRun:
    """Return a run by its name.

    Parameters
    ----------
    runs : iterable of NamedRun
        All runs.
    name : str
        As in the address.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    named = {run.name: run for run in runs}
    if name not in named:
        hint = did_you_mean(name, named) if named else "the page Reports lists all runs."
        raise NotFoundError(f"there is no run {name[:80]!r}.", hint=hint)
    return named[name]


def _places(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if (folder / RESULTS).is_file():
            yield folder
        elif folder.is_dir():
            yield from sorted(one for one in folder.iterdir() if (one / RESULTS).is_file())


def _stamp(place: Path) -> Stamp:
    """Return what differs once a run was made again; a run writes its results last."""
    found = []
    for path in (place / RESULTS, *sorted(place.glob(f"steps/*/{STEP}"))):
        try:
            told = path.stat()
        except FileNotFoundError:
            # It is being replaced; the next request looks again.
            continue
        found.append((str(path), told.st_mtime_ns, told.st_size, told.st_ino))
    return tuple(found)


def _free(name: str, taken: Iterable[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
