"""Append the rows of a folder to the shipped tables, each cell under its column.

Usage: python scripts/add_rows.py FOLDER

FOLDER holds any of references.csv, studies.csv and claims.csv, with the columns that are needed and
no others. The tables are checked with the new rows first; if anything is wrong, nothing is written.
Rows that stand there stay as they are.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import tempfile
from pathlib import Path

from locoreg.core.errors import DataError, LocoregError, did_you_mean
from locoreg.evidence.catalog import load_catalog, shipped_folder

TABLES = ("references", "studies", "claims")


def main(arguments: list[str]) -> int:
    """Append the rows and return the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for name, count in add_rows(Path(arguments[0]), shipped_folder()).items():
            print(f"{name}: {count} row{'' if count == 1 else 's'} added")
    except LocoregError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def add_rows(folder: Path, tables: Path) -> dict[str, int]:
    """Append each table of a folder to its namesake and return the number of rows of each."""
    sources = [folder / f"{t}.csv" for t in TABLES if (folder / f"{t}.csv").is_file()]
    if not sources:
        raise DataError(f"{folder} holds none of {', '.join(f'{t}.csv' for t in TABLES)}.")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "tables"
        shutil.copytree(tables, copy)
        counts = {source.name: _append(source, copy / source.name) for source in sources}
        load_catalog(copy)
        for name in counts:
            shutil.copyfile(copy / name, tables / name)
    return counts


def _append(source: Path, target: Path) -> int:
    with target.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    reader = csv.DictReader(io.StringIO(source.read_text(encoding="utf-8-sig"), newline=""))
    for name in reader.fieldnames or ():
        if name not in header:
            hint = did_you_mean(name, header)
            raise DataError(f"{source.name}: unknown column {name!r}.", hint=hint)
    rows = list(reader)
    with target.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, header, restval="", lineterminator="\n").writerows(rows)
    return len(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
