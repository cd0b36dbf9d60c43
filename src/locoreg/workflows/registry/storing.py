"""Tasks on a registry's store: draft a map, import, show, take back, export, push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from locoreg.registry.drafting import MapDraft, draft_map
from locoreg.registry.engines.target import ServerAddress
from locoreg.registry.export import ExportReport, export_tables
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.push import PushReport, push_registry
from locoreg.registry.store import read_registry
from locoreg.registry.store.files import damaged_files
from locoreg.registry.store.manifest import Batch
from locoreg.registry.store.transaction import purge, undo_import

DEFAULT_SCHEMA = "locoreg"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOverview:
    """What a registry holds.

    Attributes
    ----------
    path : str
        Folder.
    schema_version, revision : int
        Version of the tables, and changes so far.
    synthetic : bool
        Whether the patients are made up.
    rows : dict of str to int
        Rows of each table.
    imports : tuple of Batch
        Imports in order.
    damaged : tuple of str or None
        Files whose contents are not those that were written; None if that was not looked at.
    """

    path: str
    schema_version: int
    revision: int
    synthetic: bool
    rows: dict[str, int]
    imports: tuple[Batch, ...]
    damaged: tuple[str, ...] | None

    def summary(self) -> str:
        """Return the overview as text."""
        lines = [f"Registry {self.path}: schema version {self.schema_version}."]
        if self.synthetic:
            lines.append("SYNTHETIC: these patients are made up.")
        lines += ["", f"{'import':16} {'status':12} {'source':12} {'rows':>14}  made"]
        for batch in self.imports:
            rows = sum(count.accepted for count in batch.counts.values())
            lines.append(
                f"{batch.import_id:16} {batch.status:12} {batch.source:12} {rows:14,}  "
                f"{batch.created}"
            )
        lines += ["", f"{'table':24} {'rows':>14}"]
        lines += [f"{name:24} {n:14,}" for name, n in self.rows.items() if n]
        if self.damaged is not None:
            lines += ["", "Damaged files: " + (", ".join(self.damaged) or "none.")]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the overview as JSON-ready values."""
        return {
            "path": self.path,
            "schema_version": self.schema_version,
            "revision": self.revision,
            "synthetic": self.synthetic,
            "rows": self.rows,
            "imports": [batch.model_dump(mode="json") for batch in self.imports],
            "damaged": None if self.damaged is None else list(self.damaged),
        }


def import_files(
    folder: Path,
    locations: Sequence[str],
    *,
    source: str,
    map: Path | None = None,
    dictionary: Path | None = None,
    site: str | None = None,
    system: str | None = None,
    supersedes: Sequence[str] = (),
    id_prefix: str = "",
    wait_seconds: float = 60.0,
) -> ImportReport:
    """Import files, a folder or a database into a registry.

    Parameters
    ----------
    folder : Path
        The registry; made if it is missing.
    locations : sequence of str
        Files, folders or the address of a database.
    source : str
        Kind of source.
    map : Path, optional
        Column map.
    dictionary : Path, optional
        Data dictionary of the export.
    site : str, optional
        Site of all patients, where the data don't say.
    system : str, optional
        Name of the system, for the rows' provenance.
    supersedes : sequence of str
        Imports that this one takes the place of.
    id_prefix : str
        Put before every patient's id and every key.
    wait_seconds : float
        How long to wait for another process that changes the registry.

    Returns
    -------
    ImportReport
        What was read, accepted, set aside and noticed.
    """
    return import_into(
        folder,
        locations,
        source=source,
        options=SourceOptions(map=map, dictionary=dictionary, site=site, system=system),
        supersedes=supersedes,
        id_prefix=id_prefix,
        wait_seconds=wait_seconds,
    )


def overview(folder: Path, *, verify: bool = False) -> RegistryOverview:
    """Return what a registry holds.

    Parameters
    ----------
    folder : Path
        The registry.
    verify : bool
        Read every file and compare its hash with the manifest.

    Returns
    -------
    RegistryOverview
        Imports and rows.
    """
    registry = read_registry(folder)
    return RegistryOverview(
        path=str(folder),
        schema_version=registry.manifest.schema_version,
        revision=registry.manifest.revision,
        synthetic=registry.synthetic,
        rows=registry.rows(),
        imports=registry.batches,
        damaged=damaged_files(folder, registry.manifest) if verify else None,
    )


def undo(folder: Path, import_id: str, *, wait_seconds: float = 60.0) -> RegistryOverview:
    """Take an import back.

    Parameters
    ----------
    folder : Path
        The registry.
    import_id : str
        The import.
    wait_seconds : float
        How long to wait for another process that changes the registry.

    Returns
    -------
    RegistryOverview
        The registry afterwards.
    """
    undo_import(folder, import_id, wait_seconds=wait_seconds)
    return overview(folder)


def purge_files(folder: Path, *, wait_seconds: float = 60.0) -> int:
    """Delete the files of undone and superseded imports for good; return how many there were."""
    return purge(folder, wait_seconds=wait_seconds)


def export(folder: Path, out: Path, *, tables: Sequence[str] = ()) -> ExportReport:
    """Write tables of a registry as CSV files.

    Parameters
    ----------
    folder : Path
        The registry.
    out : Path
        Folder for the files.
    tables : sequence of str
        Tables; all that have rows if none is named.

    Returns
    -------
    ExportReport
        What was written.
    """
    return export_tables(read_registry(folder), out, tables=tables)


def draft(
    locations: Sequence[str],
    *,
    source: Literal["delimited", "redcap"],
    dictionary: Path | None = None,
) -> MapDraft:
    """Draft the column map of files, for a person to finish.

    Parameters
    ----------
    locations : sequence of str
        Files and folders.
    source : {"delimited", "redcap"}
        What the files are.
    dictionary : Path, optional
        Data dictionary of a REDCap project.

    Returns
    -------
    MapDraft
        The draft.
    """
    return draft_map(locations, source=source, dictionary=dictionary)


def push(
    folder: Path,
    *,
    to: str,
    schema: str | None = None,
    replace: bool = False,
    wait_seconds: float = 60.0,
) -> PushReport:
    """Copy a registry to a PostgreSQL server.

    Parameters
    ----------
    folder : Path
        The registry.
    to : str
        Address of the database.
    schema : str, optional
        Schema on the server; that of the address, or ``locoreg``, if not given.
    replace : bool
        Whether another state that stands there may be replaced.
    wait_seconds : float
        How long to wait for readers of the old state, or for another push.

    Returns
    -------
    PushReport
        What was copied.
    """
    return push_registry(
        read_registry(folder),
        to=to,
        schema=schema or ServerAddress.parse(to).schema or DEFAULT_SCHEMA,
        replace=replace,
        wait_seconds=wait_seconds,
    )
