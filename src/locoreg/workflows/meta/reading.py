"""Read the table of a meta-analysis: columns by metafor's names or as the user names them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.tables import shorten
from locoreg.stats.effectmeasures.result import FloatArray
from locoreg.workflows.curves.readtable import SEPARATORS, read_columns
from locoreg.workflows.curves.textcells import MISSING
from locoreg.workflows.meta.measures import LAYOUTS, REPORTED, ROLES, Measure

# Columns that name a study, in the order in which they are looked for.
LABELS = ("label", "slab", "study", "trial", "source", "name", "author", "authors")
MOST_STUDIES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyTable:
    """A table with one row per effect.

    Attributes
    ----------
    file, sha256 : str
        Name and hash of the file.
    line : tuple of int
        Line of each row as a spreadsheet counts it.
    labels : tuple of str
        Names of the rows.
    label_columns : tuple of str
        Columns that they come from; empty if the rows are numbered.
    layout : tuple of str
        Roles that the effects are computed from: ``ai``, ``n1i``, ...
    named : dict of str to str
        Column of the file for each role that it has.
    numbers : dict of str to ndarray of float
        By role; NaN where missing.
    texts : dict of str to tuple of str or None
        Cells of other columns that were asked for, by name; None where missing.
    """

    file: str
    sha256: str
    line: tuple[int, ...]
    labels: tuple[str, ...]
    label_columns: tuple[str, ...]
    layout: tuple[str, ...]
    named: dict[str, str]
    numbers: dict[str, FloatArray]
    texts: dict[str, tuple[str | None, ...]]

    @property
    def has(self) -> frozenset[str]:
        """Roles that the file has a column for."""
        return frozenset(self.named)


def read_table(
    path: Path,
    measure: Measure,
    *,
    columns: Mapping[str, str],
    label: Sequence[str],
    others: Sequence[str],
    decimal: str | None,
) -> StudyTable:
    """Read what a measure needs from a delimited text file.

    Parameters
    ----------
    path : Path
        UTF-8 text; commas, semicolons, tabs or bars between the cells; names in the first row.
    measure : Measure
        What is to be computed.
    columns : mapping of str to str
        Column of the file for a role: ``{"ai": "tpos"}``. Roles that are not named are looked for
        under their own names.
    label : sequence of str
        Columns that name a study; found out if empty.
    others : sequence of str
        Further columns that the analysis needs.
    decimal : {"point", "comma"} or None
        Sign before the decimals.

    Returns
    -------
    StudyTable
        The rows.

    Raises
    ------
    DataError, DesignError
        If the file can't be read or has not what the measure needs.
    """
    found = read_columns(path, numbers=(), labels=(), decimal=decimal)
    if found.line.size > MOST_STUDIES:
        raise DataError(
            f"{found.file} has {found.line.size:,} rows; at most {MOST_STUDIES:,} can be pooled."
        )
    header = _header(path, SEPARATORS[found.separator])
    named = _roles(found.file, header, columns)
    layout = _layout(found.file, measure, named, header)
    _check_used(columns, (*layout, *_sizes(named, layout)), measure)
    by = tuple(label) or _label_columns(header)
    texts = tuple(dict.fromkeys((*by, *others)))
    numeric = tuple(dict.fromkeys(named[role] for role in (*layout, *_sizes(named, layout))))
    table = read_columns(path, numbers=numeric, labels=texts, decimal=decimal)
    cells = {
        name: tuple(
            None if code < 0 else table.labels[name].texts[code]
            for code in table.labels[name].codes.tolist()
        )
        for name in texts
    }
    lines = tuple(int(line) for line in table.line)
    return StudyTable(
        file=table.file,
        sha256=table.sha256,
        line=lines,
        labels=_names([cells[name] for name in by], lines),
        label_columns=by,
        layout=layout,
        named=named,
        numbers={role: table.numbers[named[role]] for role in (*layout, *_sizes(named, layout))},
        texts=cells,
    )


def _header(path: Path, separator: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        cells = next((row for row in reader if any(cell.strip() for cell in row)), [])
    return [cell.strip() for cell in cells]


def _roles(file: str, header: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each role."""
    for role, column in columns.items():
        if role not in ROLES:
            raise DesignError(
                f"--columns: there is no role {role!r}.",
                hint=did_you_mean(role, ROLES) or "write ai=tpos,n1i=ntreated.",
            )
        if column not in header:
            raise DataError(
                f"{file}, row 1: there is no column {shorten(column)!r}.",
                hint=did_you_mean(column, [cell for cell in header if cell]),
            )
    named = {role: role for role in ROLES if role in header}
    lower: dict[str, list[str]] = {}
    for cell in header:
        lower.setdefault(cell.casefold(), []).append(cell)
    for role in ROLES:
        same = lower.get(role, [])
        if role not in named and len(same) == 1:
            named[role] = same[0]
    named.update(columns)
    return named


def _layout(
    file: str, measure: Measure, named: Mapping[str, str], header: list[str]
) -> tuple[str, ...]:
    sets = (*LAYOUTS[measure.kind], *REPORTED)
    if measure.transform != "exponential":
        sets = (*LAYOUTS[measure.kind], *REPORTED[:2])
    for columns in sets:
        if all(role in named for role in columns):
            return columns
    asked = " or ".join(", ".join(columns) for columns in sets)
    nearest = max(sets, key=lambda columns: sum(role in named for role in columns))
    lacking = [role for role in nearest if role not in named]
    hint = f"name them with --columns {lacking[0]}=COLUMN"
    shown = ", ".join(shorten(cell) for cell in header[:12] if cell)
    raise DataError(
        f"{file} has not the columns for {measure.name}: it needs {asked}.",
        hint=f"{hint}; the file has {shown}{' and more' if len(header) > 12 else ''}.",
    )


def _check_used(columns: Mapping[str, str], used: tuple[str, ...], measure: Measure) -> None:
    """Refuse roles that nothing is computed from."""
    idle = [role for role in columns if role not in used]
    if idle:
        raise DesignError(
            f"--columns: {', '.join(idle)} has no part in {measure.name}, which is computed from "
            f"{', '.join(used)}.",
            hint="leave it away.",
        )


def _sizes(named: Mapping[str, str], layout: tuple[str, ...]) -> tuple[str, ...]:
    """Return roles that are read beside the layout: sizes of the study and of its groups."""
    beside = [role for role in ("ni", "n1i", "n2i") if role in named and role not in layout]
    counts = {"ai", "ci"} <= set(layout)
    return tuple(role for role in beside if role == "ni" or counts)


def _label_columns(header: list[str]) -> tuple[str, ...]:
    by_name = {cell.casefold(): cell for cell in reversed(header)}
    found = next((by_name[name] for name in LABELS if name in by_name), None)
    if found is None:
        return ()
    if found.casefold() in ("author", "authors") and "year" in by_name:
        return (found, by_name["year"])
    return (found,)


def _names(columns: list[tuple[str | None, ...]], lines: tuple[int, ...]) -> tuple[str, ...]:
    names = []
    for i, line in enumerate(lines):
        # A line break in a cell would break every list that names the study.
        parts = [" ".join(str(cells[i]).split()) for cells in columns if cells[i] is not None]
        names.append(" ".join(parts) or f"row {line}")
    return tuple(names)


def as_numbers(cells: Sequence[str | None], decimal: str | None) -> FloatArray | None:
    """Return cells as numbers, or None if one is a word.

    Parameters
    ----------
    cells : sequence of str or None
        Cells; None where missing.
    decimal : {"point", "comma"} or None
        Sign before the decimals.

    Returns
    -------
    ndarray of float or None
        NaN where missing.
    """
    found = []
    for cell in cells:
        if cell is None or cell.strip().casefold() in MISSING:
            found.append(np.nan)
            continue
        text = cell.strip()
        if decimal == "comma" or ("," in text and "." not in text and decimal is None):
            text = text.replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            return None
        if not np.isfinite(value):
            return None
        found.append(value)
    return np.array(found, dtype=np.float64)
