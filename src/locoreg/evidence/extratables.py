"""Read tables of the data dictionary that are no part of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from locoreg.core.findings import Finding
from locoreg.core.provenance import sha256_of_files
from locoreg.core.tables import Row, invalid_cell, raise_faults, read_dictionary, read_table
from locoreg.evidence.catalog import SHIPPED, shipped_folder

Record = TypeVar("Record")
Check = Callable[[Row], tuple[str, str] | None]


def read_extra(
    table: str, key: str, folders: Sequence[str | Path], make: Callable[[Row], Record], check: Check
) -> tuple[tuple[Record, ...], str]:
    """Read one table from folders that hold it.

    Parameters
    ----------
    table : str
        Its name, as in the dictionary.
    key : str
        Its key column.
    folders : sequence of str or Path
        ``shipped``, or folders; one without the table is passed over.
    make : callable
        From a row to the record.
    check : callable
        What is wrong with a row: the column, and what; None for nothing.

    Returns
    -------
    records : tuple
        In the order of the rows.
    sha256 : str
        Hash of the files.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    columns = read_dictionary(shipped_folder() / "dictionary.csv")[table]
    records: list[Record] = []
    seen: set[str] = set()
    faults: list[Finding] = []
    paths: list[Path] = []
    for folder in folders:
        root = shipped_folder() if str(folder) == SHIPPED else Path(folder)
        path = root / f"{table}.csv"
        if not path.exists():
            continue
        paths.append(path)
        rows, found = read_table(path, columns)
        faults += found
        for row in rows:
            name = str(row.values[key])
            wrong = (key, f"{name!r} stands there twice") if name in seen else check(row)
            if wrong is not None:
                faults.append(invalid_cell(row.file, row.number, *wrong))
                continue
            seen.add(name)
            records.append(make(row))
    raise_faults(tuple(faults), f"{table}.csv")
    return tuple(records), sha256_of_files(paths)
