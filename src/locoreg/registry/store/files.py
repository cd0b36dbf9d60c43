"""Files of a registry: into place, hashed, checked, cleaned up."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.manifest import Batch, Manifest, StoredFile, sync_folder

STAGING = ".staging"
TABLES_FOLDER = "tables"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def put_in_place(folder: Path, batch: ImportBatch) -> dict[str, tuple[StoredFile, ...]]:
    """Move the files of an import to their tables; no reader sees them before the manifest does.

    Parameters
    ----------
    folder : Path
        The registry.
    batch : ImportBatch
        The import, its files closed.

    Returns
    -------
    dict
        The files of each table.
    """
    placed: dict[str, tuple[StoredFile, ...]] = {}
    for name, writer in batch.writers.items():
        if not writer.rows:
            continue
        target = folder / TABLES_FOLDER / name / writer.path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with writer.path.open("rb") as stream:
            os.fsync(stream.fileno())
        stored = StoredFile(
            path=target.relative_to(folder).as_posix(),
            rows=writer.rows,
            bytes=writer.path.stat().st_size,
            sha256=sha256_of(writer.path),
        )
        writer.path.replace(target)
        sync_folder(target.parent)
        placed[name] = (stored,)
    return placed


def clean_up(folder: Path, manifest: Manifest) -> None:
    """Remove what an interrupted import left: staged files, and files that no import names."""
    shutil.rmtree(folder / STAGING, ignore_errors=True)
    named = {stored.path for batch in manifest.batches for stored in _files(batch)}
    for path in (folder / TABLES_FOLDER).glob("*/*.parquet"):
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()


def damaged_files(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Return the files whose bytes are not those that the manifest names, or that are missing."""
    return tuple(
        stored.path
        for batch in manifest.active
        for stored in _files(batch)
        if not (folder / stored.path).is_file() or sha256_of(folder / stored.path) != stored.sha256
    )


def _files(batch: Batch) -> Iterator[StoredFile]:
    for files in batch.tables.values():
        yield from files


def remove_files(folder: Path, batch: Batch) -> int:
    """Delete the files of an import; return how many there were."""
    count = 0
    for stored in _files(batch):
        path = folder / stored.path
        if path.is_file():
            path.unlink()
            count += 1
    return count
