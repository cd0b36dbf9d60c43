"""A table that is given as text and kept nowhere, and what can be asked of it."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError
from locoreg.evidence.estimators import METHOD_LABELS
from locoreg.stats.randomeffects import INTERVALS
from locoreg.workflows.meta.measures import MEASURES
from locoreg.workflows.meta.report import MetaReport
from locoreg.workflows.meta.task import meta_table

NAME = "table.csv"
# GENQ needs weights, which a table has no place for.
METHODS = {name: label for name, label in METHOD_LABELS.items() if name != "GENQ"}
INTERVAL_NAMES = INTERVALS
MEASURE_WORDS = {name: measure.words for name, measure in MEASURES.items()}
_STRANGE = re.compile(r"[^A-Za-z0-9_. -]")
# The same bytes for the same files.
_DATE = (1980, 1, 1, 0, 0, 0)


def file_name(given: str) -> str:
    """Return a name for a table that is safe in a folder and in a message.

    Parameters
    ----------
    given : str
        Name of an uploaded file; empty for text without one.

    Returns
    -------
    str
        Its last part, at most 60 characters, strange ones replaced; ``table.csv`` if nothing is
        left.
    """
    name = _STRANGE.sub("_", re.split(r"[\\/]", given)[-1]).strip(" .")[-60:]
    return name.strip(" .") or NAME


def meta_of_text(
    content: bytes, *, name: str, most_rows: int, asked: Mapping[str, Any]
) -> MetaReport:
    """Pool the studies of a table that is given as text.

    Parameters
    ----------
    content : bytes
        The table. It lies in a folder of its own while it is read, and is deleted then.
    name : str
        What messages and results call it.
    most_rows : int
        Tables with more rows are refused.
    asked : mapping of str to Any
        Arguments of `meta_table` by name.

    Returns
    -------
    MetaReport
        Everything asked for.

    Raises
    ------
    DataError, DesignError, ConvergenceError
        As `meta_table`, and if there are more rows than allowed.
    """
    rows = sum(1 for line in content.splitlines() if line.strip()) - 1
    if rows > most_rows:
        raise DataError(
            f"{file_name(name)} has {rows:,} rows; at most {most_rows:,} are pooled here.",
            hint="use the command line: locoreg meta takes longer tables.",
        )
    with tempfile.TemporaryDirectory(prefix="locoreg-meta-") as folder:
        path = Path(folder) / file_name(name)
        path.write_bytes(content)
        return meta_table(path, **asked)


def archive(files: Mapping[str, bytes], folder: str) -> bytes:
    """Return files as one ZIP archive.

    Parameters
    ----------
    files : mapping of str to bytes
        By name.
    folder : str
        Folder that they stand in within the archive.

    Returns
    -------
    bytes
        The same for the same files.
    """
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            packed.writestr(entry, content)
    return sink.getvalue()


def table_files(report: MetaReport) -> dict[str, bytes]:
    """Return results.json and one CSV file per part.

    Parameters
    ----------
    report : MetaReport

    Returns
    -------
    dict of str to bytes
        By name.
    """
    from locoreg.workflows.meta.files import write_tables

    with tempfile.TemporaryDirectory(prefix="locoreg-meta-") as folder:
        return {
            name: (Path(folder) / name).read_bytes() for name in write_tables(report, Path(folder))
        }
