"""Write evidence tables to a folder, all of them or none."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from locoreg.core.errors import DataError
from locoreg.core.tables import guard_cell
from locoreg.evidence.catalog import RECORDS, dictionary, shipped_folder
from locoreg.evidence.records import Catalog


def export_tables(catalog: Catalog, folder: str | Path) -> tuple[Path, ...]:
    """Write every table of a catalogue as CSV, cells as printed.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    folder : str or Path
        New or empty folder.

    Returns
    -------
    tuple of Path
        The files, the data dictionary among them.
    """
    contents = {}
    for table in RECORDS:
        names = [column.name for column in dictionary()[table]]
        rows = [
            [guard_cell(record.row.printed.get(name, "")) for name in names]
            for record in getattr(catalog, table).values()
        ]
        contents[f"{table}.csv"] = _csv([names, *rows])
    return _write_all(folder, contents)


def export_template(folder: str | Path) -> tuple[Path, ...]:
    """Write tables that hold only their header, and the data dictionary.

    Parameters
    ----------
    folder : str or Path
        New or empty folder.

    Returns
    -------
    tuple of Path
        The files.
    """
    return _write_all(
        folder,
        {
            f"{table}.csv": _csv([[column.name for column in columns]])
            for table, columns in dictionary().items()
            if table in ("studies", "claims", "references")
        },
    )


def _csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _write_all(folder: str | Path, contents: Mapping[str, str]) -> tuple[Path, ...]:
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"{target} exists and is not an empty folder.", hint="name a new folder.")
    files = dict(contents)
    files["dictionary.csv"] = (shipped_folder() / "dictionary.csv").read_text(encoding="utf-8")
    write_files(target, {name: text.encode() for name, text in files.items()})
    return tuple(target / name for name in files)


def check_folder(folder: Path) -> None:
    """Raise DataError if no files can be written into a folder, which need not exist yet.

    Parameters
    ----------
    folder : Path
        The folder.

    Raises
    ------
    DataError
        If it, or a folder above it, is a file or may not be written to.
    """
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        raise DataError(f"{there} is a file, no folder.", hint="name a folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise DataError(f"{there} may not be written to.", hint="name a folder of your own.")


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files so that each is whole: to a temporary folder first, then moved.

    Parameters
    ----------
    folder : Path
        Target; made if missing.
    contents : mapping
        Bytes by relative path. Moved in this order, so name the file last
        that says the others are complete.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".locoreg-", dir=folder) as scratch:
        for name, data in contents.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name in contents:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(scratch) / name, path)
