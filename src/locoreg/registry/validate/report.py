"""What a check found."""

from __future__ import annotations

import csv
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.csvtext import csv_cell
from locoreg.core.findings import SEVERITIES, Severity
from locoreg.core.frames import frame
from locoreg.core.numbertext import plural
from locoreg.registry.rowfiles import make_folder
from locoreg.registry.validate.completeness import Completeness, place_of
from locoreg.registry.validate.page import render
from locoreg.registry.validate.rule import Found
from locoreg.registry.validate.rules import BY_ID
from locoreg.registry.validate.smallcells import DEFAULT_SMALL_CELLS, check_small_cells
from locoreg.registry.validate.thresholds import Thresholds

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ISSUE_COLUMNS = (
    "rule",
    "severity",
    "table_name",
    "row_key",
    "patient_id",
    "column_name",
    "value",
    "message",
    "source_file",
    "source_row",
    "found_by",
)
SYNTHETIC = "SYNTHETIC: these patients are made up."
# Findings of one rule that a summary shows.
SHOWN_PER_RULE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How often a rule was broken.

    Attributes
    ----------
    rule, family, severity : str
        The rule; family ``import`` for what an import noticed.
    count : int
        Issues, all of them.
    listed : int
        Issues that stand in the table row by row.
    columns : tuple of (str, int)
        Issues by column; empty for those of imports.
    """

    rule: str
    family: str
    severity: Severity
    count: int
    listed: int
    columns: tuple[tuple[str, int], ...] = ()

    @property
    def not_listed(self) -> int:
        """Issues that are counted only."""
        return self.count - self.listed

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "rule": self.rule,
            "family": self.family,
            "severity": self.severity,
            "count": self.count,
            "listed": self.listed,
            "not_listed": self.not_listed,
            "columns": dict(self.columns),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QualityReport:
    """The quality of a registry.

    Attributes
    ----------
    registry : str
        Folder of the registry.
    revision : int
        Its state: the number of changes so far.
    synthetic : bool
        Whether the patients are made up.
    version : str
        Version of locoreg, which is that of the rules.
    patients : int
        Patients in the registry.
    table_rows : mapping of str to int
        Rows of each table.
    issues : pyarrow.Table
        One row per issue listed, columns ``ISSUE_COLUMNS``: worst first.
    counts : tuple of RuleCount
        One per rule that was run, and per rule of the imports that noticed something.
    found : tuple of (str, Found)
        What rules on the registry as a whole found, with the counts apart.
    thresholds : mapping
        Thresholds used, by rule and name.
    completeness : tuple of Completeness
        Values per variable: in all, by year, by site.
    """

    registry: str
    revision: int
    synthetic: bool
    version: str
    patients: int
    table_rows: Mapping[str, int]
    issues: pa.Table
    counts: tuple[RuleCount, ...]
    found: tuple[tuple[str, Found], ...]
    thresholds: Thresholds
    completeness: tuple[Completeness, ...]

    @property
    def by_severity(self) -> dict[str, int]:
        """Issues of each severity, zero included."""
        out: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
        for one in self.counts:
            out[one.severity] += one.count
        return out

    @property
    def by_rule(self) -> dict[str, int]:
        """Issues of each rule that was broken."""
        out: Counter[str] = Counter()
        for one in self.counts:
            if one.count:
                out[one.rule] += one.count
        return dict(out)

    def count(self, rule: str) -> int:
        """Return the issues of a rule; 0 if it was not broken or not run."""
        return self.by_rule.get(rule, 0)

    def summary(self) -> str:
        """Return counts and the worst findings as text for a terminal."""
        total = self.by_severity
        lines = [SYNTHETIC] if self.synthetic else []
        lines.append(
            f"{self.registry}, revision {self.revision}: {self.patients:,} "
            f"{'patient' if self.patients == 1 else 'patients'}, "
            f"{plural(sum(one.family != 'import' for one in self.counts), 'rule')} run."
        )
        lines.append(", ".join(f"{total[severity]:,} {severity}" for severity in SEVERITIES) + ".")
        broken = sorted(
            (one for one in self.counts if one.count),
            key=lambda one: (SEVERITIES.index(one.severity), -one.count, one.rule),
        )
        names, messages = (self.issues.column(n).to_pylist() for n in ("rule", "message"))
        # Of several rows of a rule the first one is kept.
        examples = dict(reversed(list(zip(names, messages, strict=True))))
        if broken:
            lines += ["", f"{'issues':>10}  {'severity':9} rule"]
        for one in broken:
            lines += self._lines_of(one, examples)
        return "\n".join(lines)

    def _lines_of(self, one: RuleCount, examples: Mapping[str, str]) -> list[str]:
        lines = [f"{one.count:10,}  {one.severity:9} {one.rule}"]
        if one.family == "import":
            example = examples.get(one.rule)
            return lines + ([] if example is None else _wrapped(f"For example: {example}"))
        own = [found for name, found in self.found if name == one.rule]
        for found in own[:SHOWN_PER_RULE]:
            lead = f"{found.subject}: " if found.subject else ""
            name = place_of(found.table_name, found.column_name)
            lines += _wrapped(f"{name}: {lead}{found.text()}")
        if len(own) > SHOWN_PER_RULE:
            lines += _wrapped(f"{len(own) - SHOWN_PER_RULE} more like these.")
        if not own:
            lines += _wrapped(", ".join(f"{name} {n:,}" for name, n in one.columns))
        if one.severity in ("blocking", "serious"):
            lines += _wrapped(f"To do: {BY_ID[one.rule].action}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        return {
            "registry": self.registry,
            "revision": self.revision,
            "synthetic": self.synthetic,
            "version": self.version,
            "patients": self.patients,
            "table_rows": dict(self.table_rows),
            "by_severity": self.by_severity,
            "rules": [{**one.to_dict(), **_words(one)} for one in self.counts if one.count],
            "rules_run": [one.rule for one in self.counts if one.family != "import"],
            "issues": self.issues.to_pylist(),
            "thresholds": self.thresholds,
            "completeness": [one.to_dict() for one in self.completeness],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the issues listed.

        Returns
        -------
        pandas.DataFrame
            Columns rule, severity, table_name, row_key, patient_id, column_name, value, message,
            source_file, source_row, found_by (check or import).
        """
        return frame({name: self.issues.column(name).to_pylist() for name in ISSUE_COLUMNS})

    def page(self, *, small_cells: int | None = DEFAULT_SMALL_CELLS) -> str:
        """Return the HTML page: self-contained, without scripts, without patients' ids.

        Parameters
        ----------
        small_cells : int or None
            Counts from 1 to this number are hidden; None shows all.
        """
        check_small_cells(small_cells)
        return render(self, small_cells)

    def write(
        self, folder: Path | str, *, small_cells: int | None = DEFAULT_SMALL_CELLS
    ) -> tuple[Path, ...]:
        """Write issues.csv, issues.parquet and quality.html.

        Parameters
        ----------
        folder : Path or str
            Where to; made if it is missing.
        small_cells : int or None
            Counts from 1 to this number are hidden on the page; None shows all. The tables of
            issues name patients by their pseudonym and belong where the registry is.

        Returns
        -------
        tuple of Path
            The files. A cell of the CSV that a spreadsheet would run as a formula begins with an
            apostrophe.
        """
        import pyarrow.parquet as pq

        text = self.page(small_cells=small_cells)
        folder = Path(folder)
        make_folder(folder)
        paths = tuple(folder / name for name in ("issues.csv", "issues.parquet", "quality.html"))
        # A column of that name says it even where no issue is listed.
        mark = ("SYNTHETIC",) if self.synthetic else ()
        rows = zip(*(self.issues.column(n).to_pylist() for n in ISSUE_COLUMNS), strict=True)
        with paths[0].open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow((*ISSUE_COLUMNS, *mark))
            writer.writerows([csv_cell(v) for v in row] + ["yes" for _ in mark] for row in rows)
        nature = {"locoreg.data": "SYNTHETIC" if self.synthetic else "registry"}
        pq.write_table(self.issues.replace_schema_metadata(nature), paths[1], compression="zstd")
        paths[2].write_text(text, encoding="utf-8")
        return paths


def issue_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return issues as an Arrow table, worst first, else in the order in which they came."""
    import pyarrow as pa

    types = {"source_row": pa.int64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in ISSUE_COLUMNS])
    ordered = sorted(rows, key=lambda row: SEVERITIES.index(row["severity"]))
    return pa.Table.from_pylist([dict(row) for row in ordered], schema=schema)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width=100, initial_indent=" " * 12, subsequent_indent=" " * 14)


def _words(one: RuleCount) -> dict[str, str]:
    if one.family == "import":
        return {}
    return {"title": BY_ID[one.rule].title, "action": BY_ID[one.rule].action}
