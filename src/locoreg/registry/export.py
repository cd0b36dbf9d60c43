"""Tables of a registry as CSV files that a spreadsheet does not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.csvtext import FORMULA_PATTERN
from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.rowfiles import make_folder
from locoreg.registry.store import Registry
from locoreg.registry.store.views import literal
from locoreg.registry.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Files that were written.

    Attributes
    ----------
    folder : str
        Where.
    rows : dict of str to int
        Rows by table.
    """

    folder: str
    rows: dict[str, int]

    def summary(self) -> str:
        """Return the files and their rows as text."""
        lines = [f"Wrote {len(self.rows)} tables to {self.folder}:"]
        return "\n".join(lines + [f"  {name}.csv: {n:,} rows" for name, n in self.rows.items()])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {"folder": self.folder, "rows": self.rows}


def export_tables(registry: Registry, folder: Path, *, tables: Sequence[str] = ()) -> ExportReport:
    """Write tables as CSV: UTF-8, commas, null as an empty cell.

    Parameters
    ----------
    registry : Registry
        The registry.
    folder : Path
        Where the files go; made if it is missing. Files that are there are not replaced.
    tables : sequence of str
        Canonical tables; all that have rows if none is named.

    Returns
    -------
    ExportReport
        What was written. A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line
        break gets a quote in front.

    Raises
    ------
    DesignError
        If there is no such table.
    DataError
        If a file is there already.
    """
    rows = registry.rows()
    for name in tables:
        if name not in rows:
            raise DesignError(f"there is no table {name!r}.", hint=did_you_mean(name, rows))
    wanted = tables or [name for name, n in rows.items() if n]
    make_folder(folder)
    mark = "SYNTHETIC-" if registry.synthetic else ""
    for name in wanted:
        if (path := folder / f"{mark}{name}.csv").exists():
            raise DataError(f"{path} is there already.", hint="name another folder.")
    with registry.connect() as con:
        for name in wanted:
            columns = ", ".join(_cell(c.name, c.type) for c in TABLES[name].columns)
            target = literal(str(folder / f"{mark}{name}.csv"))
            con.execute(f"COPY (SELECT {columns} FROM {name}) TO {target} (FORMAT csv, HEADER)")
    return ExportReport(folder=str(folder), rows={name: rows[name] for name in wanted})


def _cell(name: str, kind: str) -> str:
    if kind not in ("text", "code"):
        return f'"{name}"'
    runs = f'regexp_matches("{name}", {literal(FORMULA_PATTERN)})'
    return f'CASE WHEN {runs} THEN \'\'\'\' || "{name}" ELSE "{name}" END AS "{name}"'
