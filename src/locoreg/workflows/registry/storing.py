"""Tasks on a registry: import, take back, describe."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.registry.describe import Description, describe_registry
from locoreg.registry.describe.people import TimeZero
from locoreg.registry.export import ExportReport, export_tables
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry
from locoreg.registry.store.files import damaged_files
from locoreg.registry.store.manifest import Batch
from locoreg.registry.store.transaction import purge, undo_import


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


def describe(
    folder: Path,
    *,
    time_zero: TimeZero,
    level: float,
    by: str | None = None,
    groups: Path | None = None,
    at: Sequence[float] = (),
    staging_days: int = 0,
    small_cells: int | None = None,
    after_time_zero: bool = False,
) -> Description:
    """Describe a registry: flow of patients, Table 1, follow-up and survival.

    Parameters
    ----------
    folder : Path
        The registry.
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is.
    level : float
        Level of the intervals in percent.
    by : str, optional
        Variable that makes the groups.
    groups : Path, optional
        CSV with the columns patient_id and group.
    at : sequence of float
        Months at which survival is given.
    staging_days : int
        Lesions first seen up to this many days after time zero count as present at it.
    small_cells : int, optional
        Counts of 1 to this many patients are hidden.
    after_time_zero : bool
        The groups of the file were made by what happened after time zero.

    Returns
    -------
    Description
        The description.
    """
    return describe_registry(
        read_registry(folder),
        time_zero=time_zero,
        level=level,
        by=by if groups is None else by or groups.stem,
        groups=None if groups is None else read_groups(groups),
        at=at,
        staging_days=staging_days,
        small_cells=small_cells,
        after_time_zero=after_time_zero,
    )


def read_groups(path: Path) -> dict[str, str]:
    """Read a CSV with the columns patient_id and group.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to str
        Group by patient.

    Raises
    ------
    DataError
        If the file is missing, lacks a column, or names a patient twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if not {"patient_id", "group"} <= set(reader.fieldnames or ()):
                raise DataError(f"{path} lacks the columns patient_id and group.")
            found: dict[str, str] = {}
            for row in reader:
                if row["patient_id"] in found:
                    raise DataError(
                        f"{path}, line {reader.line_num}: patient {row['patient_id']} stands there "
                        "twice."
                    )
                if row["group"]:
                    found[row["patient_id"]] = row["group"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} can't be read: {error}.") from error
    return found
