"""The files of a run that may be handed on, one by one or as one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from locoreg.workflows.stored import STEP, StoredRun

# In this order they are listed; what is not named here stays where it is: models hold single
# patients, and so do simulated registries and checkpoints.
_TOP = ("report.html", "report.pdf", "results.json", "page.json")
_STEP = (STEP, "results.json", "page.json", "report.html")
_FOLDERS = {"tables": (".csv",), "figures": (".svg", ".png", ".pdf")}
# The same bytes for the same files.
_DATE = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 18


def run_files(folder: Path) -> tuple[str, ...]:
    """Return the files of a run that may be handed on.

    Parameters
    ----------
    folder : Path
        The run.

    Returns
    -------
    tuple of str
        Paths in it, always in the same order. Links to other places are left out.
    """
    found = [*_files(folder, _TOP)]
    steps = folder / "steps"
    if steps.is_dir() and not steps.is_symlink():
        for step in sorted(one for one in steps.iterdir() if _is_step(one)):
            found += [f"steps/{step.name}/{name}" for name in _files(step, _STEP)]
    return tuple(found)


def _is_step(folder: Path) -> bool:
    return not folder.name.startswith(".") and not folder.is_symlink() and folder.is_dir()


def _files(folder: Path, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if _is_file(folder / name):
            yield name
    for part, suffixes in _FOLDERS.items():
        inner = folder / part
        if inner.is_symlink() or not inner.is_dir():
            continue
        for path in sorted(inner.iterdir()):
            if path.suffix in suffixes and _is_file(path):
                yield f"{part}/{path.name}"


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def zip_run(folder: Path, name: str) -> Iterator[bytes]:
    """Return an archive of a run in pieces; it is never in memory as a whole.

    Parameters
    ----------
    folder : Path
        The run.
    name : str
        Folder that the files stand in within the archive.

    Returns
    -------
    iterator of bytes
        The pieces. The same files give the same bytes.
    """
    return zip_files(folder, run_files(folder), name)


def zip_files(folder: Path, paths: Sequence[str], name: str) -> Iterator[bytes]:
    """Yield an archive of some files piece by piece.

    Parameters
    ----------
    folder : Path
        Where they lie.
    paths : sequence of str
        Paths in it.
    name : str
        Folder that the files stand in within the archive.

    Yields
    ------
    bytes
        The next piece.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo(f"{name}/{path}", date_time=_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            with (folder / path).open("rb") as source, archive.open(entry, "w") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield from sink.taken()
            yield from sink.taken()
    yield from sink.taken()


class _Sink(io.RawIOBase):
    """A file that can only be written to, and is emptied while that goes on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        if pieces:
            yield b"".join(pieces)


def run_seeds(run: StoredRun) -> tuple[int, ...]:
    """Return the seeds that the steps of a run were drawn from, each once.

    Parameters
    ----------
    run : StoredRun
        The run.

    Returns
    -------
    tuple of int
        In the order of the steps.
    """
    found: dict[int, None] = {}
    for step in run.steps:
        found |= dict.fromkeys(_seeds(step.record.get("options")))
    return tuple(found)


def _seeds(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "seed" and isinstance(inner, int):
                yield inner
            else:
                yield from _seeds(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _seeds(inner)


def run_seconds(run: StoredRun) -> float | None:
    """Return how long the steps of a run took together; None where that was not written down.

    Parameters
    ----------
    run : StoredRun
        The run.

    Returns
    -------
    float or None
        Seconds.
    """
    times = [step.record.get("seconds") for step in run.steps]
    known = [float(one) for one in times if isinstance(one, int | float)]
    return sum(known) if known and len(known) == len(times) else None
