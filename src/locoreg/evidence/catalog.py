"""The evidence tables, read, checked against each other and frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import Finding
from locoreg.core.provenance import sha256_of_files
from locoreg.core.tables import Row, invalid_cell, raise_faults, read_dictionary, read_table
from locoreg.evidence.integrity import cross_checks, dangling
from locoreg.evidence.records import (
    Catalog,
    Claim,
    Outcome,
    Pool,
    Question,
    Reference,
    Statement,
    Study,
)

RECORDS: dict[str, type[Any]] = {
    "questions": Question,
    "outcomes": Outcome,
    "studies": Study,
    "references": Reference,
    "claims": Claim,
    "pools": Pool,
    "statements": Statement,
}
KEYS = {
    "questions": "question_id",
    "outcomes": "outcome_id",
    "studies": "study_id",
    "references": "reference_id",
    "claims": "claim_id",
    "pools": "pool_id",
    "statements": "statement_id",
}
# A user's folder needs these two; questions and outcomes fall back on the shipped ones.
REQUIRED_TABLES = ("studies", "claims")
SHARED_TABLES = ("questions", "outcomes")
SHIPPED = "shipped"


def shipped_folder() -> Path:
    """Return the folder of the curated tables that come with the package."""
    return Path(str(files("locoreg.evidence") / "data"))


def dictionary() -> dict[str, Any]:
    """Return the data dictionary: the columns of each table."""
    return dict(read_dictionary(shipped_folder() / "dictionary.csv"))


Folders = str | Path | Sequence[str | Path]


def read_catalog(folders: Folders = SHIPPED) -> tuple[Catalog, tuple[Finding, ...]]:
    """Read evidence tables and check them against each other.

    Parameters
    ----------
    folders : str, Path, or sequence of them
        ``shipped`` for the curated tables of the package, or a folder with
        ``studies.csv`` and ``claims.csv`` and, if wanted, ``references.csv``,
        ``questions.csv``, ``outcomes.csv``, ``pools.csv`` and
        ``statements.csv``. Several add up: a later folder may hold any of the
        tables, and its rows may point to those of earlier ones, to correct
        them for instance.

    Returns
    -------
    catalog : Catalog
        What could be read. Rows with a fault are not in it.
    faults : tuple of Finding
        One ``invalid-cell`` finding per fault, each with file, row and column.

    Raises
    ------
    DataError
        If a file as a whole can't be read.
    """
    given = [folders] if isinstance(folders, str | Path) else list(folders)
    if not given:
        raise DataError("no tables are given.", hint="name a folder, or shipped.")
    columns = read_dictionary(shipped_folder() / "dictionary.csv")
    tables: dict[str, dict[str, Any]] = {name: {} for name in RECORDS}
    faults: list[Finding] = []
    paths: list[Path] = []
    for number, folder in enumerate(given):
        root = _root(folder, columns, needed=REQUIRED_TABLES if number == 0 else ())
        for name in RECORDS:
            path = root / f"{name}.csv"
            if not path.exists():
                continue
            label = path.name if len(given) == 1 else f"{folder}/{path.name}"
            rows, found = read_table(path, columns[name], label=label)
            if number == 0 and name in REQUIRED_TABLES and not rows and not found:
                raise DataError(f"{path.name} has no rows.", hint="add at least one study.")
            paths.append(path)
            faults += [*found, *_add(tables[name], rows, name)]
    for name in SHARED_TABLES:
        if not tables[name]:
            path = shipped_folder() / f"{name}.csv"
            paths.append(path)
            _add(tables[name], read_table(path, columns[name])[0], name)
    catalog = Catalog(**tables, source=" + ".join(map(str, given)), sha256=sha256_of_files(paths))
    faults.extend(cross_checks(catalog))
    usable = without(catalog, faults)
    # A row that points to a row left out can't be used either, and so on down the chain.
    while orphans := tuple(dangling(usable)):
        faults.extend(orphans)
        usable = without(usable, orphans)
    return usable, tuple(faults)


def load_catalog(folders: Folders = SHIPPED) -> Catalog:
    """Read evidence tables; refuse them if any cell has a fault.

    Parameters
    ----------
    folders : str, Path, or sequence of them
        As for :func:`read_catalog`.

    Returns
    -------
    Catalog
        The tables, checked and frozen.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    catalog, faults = read_catalog(folders)
    raise_faults(faults, catalog.source)
    return catalog


def _root(folder: str | Path, columns: Mapping[str, Any], *, needed: tuple[str, ...]) -> Path:
    """Return a folder of tables, refused if a table is missing or is none of ours."""
    root = shipped_folder() if str(folder) == SHIPPED else Path(folder)
    if not root.is_dir():
        raise DataError(
            f"{root} is not a folder.", hint="give a folder that holds studies.csv and claims.csv."
        )
    names = [path.stem for path in sorted(root.glob("*.csv"))]
    for name in names:
        # Of the dictionary are also tables that other tasks read: eligibility, harms.
        if name not in columns and name != "dictionary":
            raise DataError(
                f"{root}: {name}.csv is not one of the tables.", hint=did_you_mean(name, columns)
            )
    for name in needed:
        if name not in names:
            raise DataError(f"{name}.csv is missing in {root}.")
    if not set(names) & set(RECORDS):
        raise DataError(f"{root} holds none of the tables.")
    return root


def without(catalog: Catalog, faults: Iterable[Finding]) -> Catalog:
    """Return the catalogue without the rows that have a fault."""
    bad = {(fault.location.file, fault.location.row) for fault in faults}
    tables = {
        name: {
            key: record
            for key, record in getattr(catalog, name).items()
            if (record.row.file, record.row.number) not in bad
        }
        for name in RECORDS
    }
    return Catalog(**tables, source=catalog.source, sha256=catalog.sha256)


def _add(records: dict[str, Any], rows: tuple[Row, ...], table: str) -> list[Finding]:
    """Add rows to a table; a question or an outcome replaces an earlier folder's of that id."""
    faults: list[Finding] = []
    for row in rows:
        key = str(row.values[KEYS[table]])
        first = records.get(key)
        if first is not None and (table not in SHARED_TABLES or first.row.file == row.file):
            place = f"row {first.row.number}"
            if first.row.file != row.file:
                place += f" of {first.row.file}"
            what = f"{key!r} already stands in {place}; ids must be unique"
            faults.append(invalid_cell(row.file, row.number, KEYS[table], what, printed=key))
            continue
        values = {k: v for k, v in row.values.items() if v is not None}
        if table == "claims" and "location" in values:
            values["location_text"] = values.pop("location")
        records[key] = RECORDS[table](**values, row=row)
    return faults
