"""One import while it is being made: the sink that sources write to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from locoreg.core.findings import Severity
from locoreg.registry.intake.sink import CodeUse, Problem, SetAside
from locoreg.registry.store.conform import conform
from locoreg.registry.store.manifest import SourceFile, TableCount
from locoreg.registry.store.tablewriter import TableWriter

if TYPE_CHECKING:
    import pyarrow as pa

# Rows kept of one problem with one column of one file; the rest is counted.
KEPT_PER_PROBLEM = 1000
RAW_CHARACTERS = 20_000


class ImportBatch:
    """Collect what a source delivers in a folder that no reader looks into.

    Parameters
    ----------
    folder : Path
        Where the files of the import are written.
    import_id, source_system : str
        Provenance of every row.
    synthetic : bool
        Whether the patients are made up.
    id_prefix : str
        Put before every patient's id and every key.
    """

    def __init__(
        self,
        folder: Path,
        *,
        import_id: str,
        source_system: str,
        synthetic: bool = False,
        id_prefix: str = "",
    ) -> None:
        self.folder = folder
        self.import_id = import_id
        self.source_system = source_system
        self.synthetic = synthetic
        self.id_prefix = id_prefix
        self.writers: dict[str, TableWriter] = {}
        self._read: Counter[str] = Counter()
        self._unused: Counter[tuple[str, str]] = Counter()
        self._aside: Counter[str] = Counter()
        self._aside_tables: Counter[str] = Counter()
        self._issues: Counter[tuple[str, Severity]] = Counter()
        self._kept: Counter[tuple[str, str, str | None]] = Counter()
        self._codes: Counter[CodeUse] = Counter()

    def count_read(self, source_file: str, rows: int) -> None:
        """Count rows read from a file."""
        self._read[source_file] += rows

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        """Count rows that belong in no table."""
        self._unused[source_file, reason] += rows
        self._read[source_file] += 0

    def add(self, table: str, rows: pa.Table) -> None:
        """Take rows of a canonical table; those without a required value are set aside."""
        whole, aside = conform(
            table,
            rows,
            import_id=self.import_id,
            source_system=self.source_system,
            id_prefix=self.id_prefix,
        )
        self._writer(table).add(whole)
        self.set_aside(aside)

    def set_aside(self, items: Iterable[SetAside]) -> None:
        """Take rows that could not enter."""
        rows = []
        for item in items:
            self._aside[item.reason] += 1
            if item.table_name is not None:
                self._aside_tables[item.table_name] += 1
            raw = item.raw if item.raw is None else item.raw[:RAW_CHARACTERS]
            rows.append(
                {
                    "reason": item.reason,
                    "table_name": item.table_name,
                    "column_name": item.column_name,
                    "raw": raw,
                    **self._origin(item.source_file, item.source_row),
                }
            )
        if rows:
            self._writer("set_aside").add_rows(rows)

    def problem(self, items: Iterable[Problem]) -> None:
        """Take problems: all are counted, the first of each kind are kept row by row."""
        rows = []
        for item in items:
            self._issues[item.rule, item.severity] += 1
            kind = (item.rule, item.source_file, item.column_name)
            self._kept[kind] += 1
            if self._kept[kind] <= KEPT_PER_PROBLEM:
                rows.append(self._issue_row(item, item.message))
        if rows:
            self._writer("issue").add_rows(rows)

    def code(self, items: Iterable[CodeUse]) -> None:
        """Take how codes were read; equal ones are added up."""
        for item in items:
            self._codes[_without_count(item)] += item.n_rows

    def close(self) -> None:
        """Write what is left; only rows set aside can still be taken."""
        self._note_unkept()
        rows = [
            {
                "vocabulary": use.vocabulary,
                "source_code": use.source_code,
                "source_label": use.source_label,
                "table_name": use.table_name,
                "column_name": use.column_name,
                "canonical_code": use.canonical_code,
                "version": use.version,
                "n_rows": count,
                **self._origin(use.vocabulary or use.column_name, None),
            }
            for use, count in self._codes.items()
        ]
        if rows:
            self._writer("code_map").add_rows(rows)
        for name, writer in self.writers.items():
            # Rows whose key is taken are still to come.
            if name != "set_aside":
                writer.close()

    def abandon(self) -> None:
        """Close all files, whatever they hold."""
        for writer in self.writers.values():
            writer.close()

    def sources(self) -> tuple[SourceFile, ...]:
        """Return what was read from each file."""
        return tuple(
            SourceFile(
                name=name,
                read=read,
                unused={why: n for (file, why), n in self._unused.items() if file == name},
            )
            for name, read in self._read.items()
        )

    def counts(self, already_there: Counter[str]) -> dict[str, TableCount]:
        """Return rows accepted, already there and set aside of every table that was written to."""
        names = [*self.writers, *(name for name in self._aside_tables if name not in self.writers)]
        return {
            name: TableCount(
                accepted=self.writers[name].rows if name in self.writers else 0,
                already_there=already_there[name],
                set_aside=self._aside_tables[name],
            )
            for name in names
        }

    def set_aside_by_reason(self) -> dict[str, int]:
        """Return the number of rows set aside for each reason."""
        return dict(self._aside)

    def issues_by_rule(self) -> dict[str, dict[str, int]]:
        """Return the number of problems by rule and severity."""
        out: dict[str, dict[str, int]] = {}
        for (rule, severity), count in self._issues.items():
            out.setdefault(rule, {})[severity] = count
        return out

    def _note_unkept(self) -> None:
        rows = []
        for (rule, file, column), count in self._kept.items():
            if count > KEPT_PER_PROBLEM:
                text = f"{count - KEPT_PER_PROBLEM} more rows with this problem are not listed."
                item = Problem(
                    rule=rule, severity="note", message=text, source_file=file, column_name=column
                )
                rows.append(self._issue_row(item, text))
        if rows:
            self._writer("issue").add_rows(rows)

    def _writer(self, table: str) -> TableWriter:
        if table not in self.writers:
            self.writers[table] = TableWriter(
                self.folder, table, import_id=self.import_id, synthetic=self.synthetic
            )
        return self.writers[table]

    def _origin(self, file: str, row: int | None) -> dict[str, str | int | None]:
        return {
            "source_system": self.source_system,
            "source_file": file,
            "source_row": row,
            "import_id": self.import_id,
        }

    def _prefixed(self, name: str | None) -> str | None:
        return None if name is None else self.id_prefix + name

    def _issue_row(self, item: Problem, message: str) -> dict[str, str | int | None]:
        return {
            "rule": item.rule,
            "severity": item.severity,
            "table_name": item.table_name,
            "row_key": self._prefixed(item.row_key),
            "patient_id": self._prefixed(item.patient_id),
            "column_name": item.column_name,
            "value": item.value,
            "message": message,
            **self._origin(item.source_file, item.source_row),
        }


def _without_count(use: CodeUse) -> CodeUse:
    return CodeUse(
        source_code=use.source_code,
        table_name=use.table_name,
        column_name=use.column_name,
        canonical_code=use.canonical_code,
        n_rows=0,
        vocabulary=use.vocabulary,
        source_label=use.source_label,
        version=use.version,
    )
