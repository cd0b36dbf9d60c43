"""The answer to a question about patients' courses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.frames import frame
from locoreg.core.version import __version__
from locoreg.registry.cohort.question import CourseQuestion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortResult:
    """Courses of patients with a distant metastasis.

    Attributes
    ----------
    table : pyarrow.Table
        One row per patient, in order of ``patient_id``.
    question : CourseQuestion
        What was asked.
    engine, place : str
        Engine and folder or address, without password.
    revision : int
        State of the registry.
    synthetic : bool
        Whether the patients are made up.
    n_patients : int
        Patients of the registry.
    n_unknown_patients : int
        Patients with a sign of metastasis whom the patient table lacks: left out.
    rows_not_used : mapping of str to int
        Rows of the registry that could not take part, by reason.
    """

    table: pa.Table
    question: CourseQuestion
    engine: str
    place: str
    revision: int
    synthetic: bool
    n_patients: int
    n_unknown_patients: int
    rows_not_used: Mapping[str, int]

    def attrition(self) -> dict[str, int]:
        """Return counts of patients, from all of the registry to those with each difficulty."""
        from locoreg.registry.cohort.attrition import count

        return count(self.table, self.question, self.n_patients, self.n_unknown_patients)

    def content_hash(self) -> str:
        """Return a SHA-256 of the rows, the same on every engine that gives the same answer."""
        return table_hash(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a data frame.

        Dates are dates of the standard library, unknown ones None; whole numbers with unknown
        values are pandas' ``Int64``.
        """
        return frame({name: _column(self.table.column(name)) for name in self.table.column_names})

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the patients' rows as JSON-ready values."""
        return {
            "question": self.question.to_dict(),
            "attrition": self.attrition(),
            "rows_not_used": dict(self.rows_not_used),
            "columns": list(self.table.column_names),
            "rows": self.table.num_rows,
            "content_sha256": self.content_hash(),
            "synthetic": self.synthetic,
            "provenance": {
                "engine": self.engine,
                "place": self.place,
                "revision": self.revision,
                "locoreg": __version__,
            },
        }

    def summary(self) -> str:
        """Return the counts as text."""
        asked = self.question
        lines = [
            f"Courses after the first distant metastasis: {self.place} (revision {self.revision})."
        ]
        if self.synthetic:
            lines.append("SYNTHETIC: these patients are made up.")
        lines += [
            f"Local therapy within {asked.therapy_within_days} days, sites within "
            f"{asked.sites_within_days} days."
        ]
        for name in ("targets", "modalities"):
            if getattr(asked, name) is not None:
                lines.append(f"Only these {name}: {', '.join(getattr(asked, name))}.")
        lines += ["", "Patients"]
        lines += [f"    {n:12,}  {words}" for words, n in self.attrition().items()]
        lines += ["", "Rows not used"]
        lines += [
            f"    {n:12,}  {reason.replace('_', ' ')}" for reason, n in self.rows_not_used.items()
        ]
        return "\n".join(lines)

    def write(self, path: Path) -> Path:
        """Write the rows to a file.

        Parameters
        ----------
        path : Path
            Ends with ``.parquet`` or ``.csv``. A file that is there is replaced in one step.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DesignError
            If the name ends otherwise.
        """
        from locoreg.registry.rowfiles import write_rows

        return write_rows(self.table, path, synthetic=self.synthetic)


def table_hash(table: pa.Table) -> str:
    """Return a SHA-256 of the values of a table, in the order of its rows and columns."""
    from pyarrow import csv

    digest = hashlib.sha256()
    # Null is an empty cell, an empty text is a quoted one.
    csv.write_csv(table, _Hashing(digest))
    return digest.hexdigest()


class _Hashing:
    """A file that only feeds a hash."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self._digest = digest

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def close(self) -> None:
        """Do nothing: there is no file."""


def _column(values: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    if pa.types.is_int64(values.type):
        import pandas

        return pandas.array(values.to_pylist(), dtype="Int64")
    return values.to_pylist()
