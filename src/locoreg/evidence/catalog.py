"""The evidence tables, read, checked against each other and frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import Finding
from locoreg.core.provenance import sha256_of_files
from locoreg.core.tables import Row, invalid_cell, raise_faults, read_dictionary, read_table
from locoreg.evidence.integrity import cross_checks
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


def shipped_folder() -> Path:
    """Return the folder of the curated tables that come with the package."""
    return Path(str(files("locoreg.evidence") / "data"))


def dictionary() -> dict[str, Any]:
    """Return the data dictionary: the columns of each table."""
    return dict(read_dictionary(shipped_folder() / "dictionary.csv"))


def read_catalog(folder: str | Path | None = None) -> tuple[Catalog, tuple[Finding, ...]]:
    """Read the tables of a folder and check them against each other.

    Parameters
    ----------
    folder : str or Path, optional
        Folder with ``studies.csv`` and ``claims.csv`` and, if wanted,
        ``references.csv``, ``questions.csv``, ``outcomes.csv``, ``pools.csv``
        and ``statements.csv``. Default: the curated tables of the package.

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
    shipped = shipped_folder()
    root = shipped if folder is None else Path(folder)
    if not root.is_dir():
        raise DataError(
            f"{root} is not a folder.", hint="give a folder that holds studies.csv and claims.csv."
        )
    columns = read_dictionary(shipped / "dictionary.csv")
    _refuse_strangers(root, columns)
    faults: list[Finding] = []
    tables: dict[str, dict[str, Any]] = {}
    paths: list[Path] = []
    for name in RECORDS:
        path = root / f"{name}.csv"
        if not path.exists() and name in SHARED_TABLES:
            path = shipped / f"{name}.csv"
        if not path.exists() and name not in REQUIRED_TABLES:
            tables[name] = {}
            continue
        rows, found = read_table(path, columns[name])
        paths.append(path)
        faults.extend(found)
        if name in REQUIRED_TABLES and not rows and not found:
            raise DataError(f"{path.name} has no rows.", hint="add at least one study.")
        tables[name], repeated = _by_key(rows, name)
        faults.extend(repeated)
    catalog = Catalog(
        **tables,
        source="shipped" if root == shipped else str(folder),
        sha256=sha256_of_files(paths),
    )
    faults.extend(cross_checks(catalog))
    return without(catalog, faults), tuple(faults)


def load_catalog(folder: str | Path | None = None) -> Catalog:
    """Read the tables of a folder; refuse them if any cell has a fault.

    Parameters
    ----------
    folder : str or Path, optional
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
    catalog, faults = read_catalog(folder)
    raise_faults(faults, catalog.source)
    return catalog


def merge_catalogs(first: Catalog, second: Catalog) -> Catalog:
    """Return the tables of two catalogues together.

    Parameters
    ----------
    first, second : Catalog
        For example the shipped tables and a user's own.

    Returns
    -------
    Catalog
        All rows. Questions and outcomes of ``second`` replace those of ``first``.

    Raises
    ------
    DataError
        If a study, reference, claim, pool or statement id stands in both.
    """
    merged: dict[str, dict[str, Any]] = {}
    for name in RECORDS:
        left, right = getattr(first, name), getattr(second, name)
        both = sorted(set(left) & set(right)) if name not in SHARED_TABLES else []
        if both:
            raise DataError(
                f"{name}: {', '.join(both[:5])} stands in {first.source} and in {second.source}.",
                hint="give the row an id of its own, or correct the printed row with supersedes.",
            )
        merged[name] = {**left, **right}
    return Catalog(
        **merged,
        source=f"{first.source} + {second.source}",
        sha256=f"{first.sha256}+{second.sha256}",
    )


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


def _refuse_strangers(root: Path, columns: Mapping[str, Any]) -> None:
    for path in sorted(root.glob("*.csv")):
        if path.stem not in RECORDS and path.stem != "dictionary":
            raise DataError(
                f"{root}: {path.name} is not one of the tables.",
                hint=did_you_mean(path.stem, columns) or "",
            )


def _by_key(rows: tuple[Row, ...], table: str) -> tuple[dict[str, Any], list[Finding]]:
    record_type = RECORDS[table]
    records: dict[str, Any] = {}
    faults: list[Finding] = []
    for row in rows:
        key = str(row.values[KEYS[table]])
        if key in records:
            first = records[key].row.number
            what = f"{key!r} already stands in row {first}; ids must be unique"
            faults.append(invalid_cell(row.file, row.number, KEYS[table], what, printed=key))
            continue
        values = {k: v for k, v in row.values.items() if v is not None}
        if table == "claims" and "location" in values:
            values["location_text"] = values.pop("location")
        records[key] = record_type(**values, row=row)
    return records, faults
