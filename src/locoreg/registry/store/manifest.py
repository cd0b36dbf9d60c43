"""The manifest of a registry: what its imports are and which files hold them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from locoreg.core.errors import DataError
from locoreg.registry.store.migrate import migrated
from locoreg.registry.tables import SCHEMA_VERSION

FILE_NAME = "manifest.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredFile(_Part):
    """A Parquet file: path relative to the registry, rows, size and SHA-256 of its bytes."""

    path: str
    rows: int
    bytes: int
    sha256: str


class SourceFile(_Part):
    """A file that was imported: its name, rows read and rows that belong in no table by reason."""

    name: str
    read: int = 0
    unused: dict[str, int] = {}


class TableCount(_Part):
    """Rows of one table in one import: accepted, already there, set aside."""

    accepted: int = 0
    already_there: int = 0
    set_aside: int = 0


class Batch(_Part):
    """One import."""

    import_id: str
    status: Literal["active", "superseded", "undone"]
    source: str
    source_system: str
    site: str | None
    fingerprint: str
    created: str
    locoreg_version: str
    schema_version: int = SCHEMA_VERSION
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None
    leans_on: tuple[str, ...] = ()
    synthetic: bool = False
    sources: tuple[SourceFile, ...] = ()
    counts: dict[str, TableCount] = {}
    set_aside: dict[str, int] = {}
    issues: dict[str, dict[str, int]] = {}
    tables: dict[str, tuple[StoredFile, ...]] = {}


class Manifest(_Part):
    """All imports of a registry, the schema version and the number of changes so far."""

    format: Literal["locoreg-registry"] = "locoreg-registry"
    schema_version: int = SCHEMA_VERSION
    revision: int = 0
    batches: tuple[Batch, ...] = ()

    @property
    def active(self) -> tuple[Batch, ...]:
        """Imports whose rows readers see."""
        return tuple(batch for batch in self.batches if batch.status == "active")

    @property
    def synthetic(self) -> bool:
        """Whether the patients are made up."""
        return any(batch.synthetic for batch in self.active)

    def batch(self, import_id: str) -> Batch:
        """Return an import by id; DataError if there is none."""
        for batch in self.batches:
            if batch.import_id == import_id:
                return batch
        known = ", ".join(b.import_id for b in self.batches) or "none"
        raise DataError(
            f"there is no import {import_id!r} in this registry.", hint=f"there is: {known}."
        )

    def files(self, table: str) -> Iterator[StoredFile]:
        """Yield the files that hold a table today."""
        for batch in self.active:
            yield from batch.tables.get(table, ())

    def rows(self, table: str) -> int:
        """Return the rows of a table today."""
        return sum(stored.rows for stored in self.files(table))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a registry.

    Parameters
    ----------
    folder : Path
        The registry.

    Returns
    -------
    Manifest
        Brought to today's schema version in memory if it is older.

    Raises
    ------
    DataError
        If the folder is no registry, or of a later version.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise DataError(
            f"{folder} is no registry: {FILE_NAME} is missing.",
            hint="make one with locoreg registry import or simulate.",
        )
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return Manifest.model_validate(migrated(document, path))
    except (ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise DataError(
            f"{path} can't be read: {first}.", hint="restore it from a backup."
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a new manifest in place in one step: readers see the old one or the new one."""
    text = manifest.model_dump_json(indent=1)
    draft = folder / f".{FILE_NAME}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(folder / FILE_NAME)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
