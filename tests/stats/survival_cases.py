"""Reference numbers of R's survival methods, read from JSON and CSV.

``LOCOREG_REFERENCE`` names another folder with ``cases`` and ``data``, such as the whole set that
``make_reference.R`` writes.
"""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(
    os.environ.get(
        "LOCOREG_REFERENCE", Path(__file__).resolve().parents[1] / "reference" / "survival"
    )
)


def _text(path: Path) -> str:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read()
    return path.read_text(encoding="utf-8")


@cache
def case(name: str) -> dict[str, Any]:
    """Return one case: ``id``, ``dataset``, ``method``, ``r_call``, ``args``, ``result``."""
    found = sorted((FOLDER / "cases").glob(f"{name}.json*"))
    return json.loads(_text(found[0]))


@cache
def names(method: str) -> tuple[str, ...]:
    """Return the ids of the cases of a method, such as ``coxph``."""
    all_names = (path.name.split(".json")[0] for path in (FOLDER / "cases").glob("*.json*"))
    return tuple(sorted(name for name in all_names if case(name)["method"] == method))


@cache
def data(name: str) -> dict[str, np.ndarray]:
    """Return the columns of a data set; an empty field is NaN."""
    path = sorted((FOLDER / "data").glob(f"{name}.csv*"))[0]
    lines = _text(path).splitlines()
    columns = lines[0].split(",")
    rows = [[float(x) if x else np.nan for x in line.split(",")] for line in lines[1:]]
    return dict(zip(columns, np.array(rows).T, strict=True))


def response(text: str, columns: dict[str, np.ndarray]) -> tuple[np.ndarray | None, ...]:
    """Return entry (or None), time and event of ``Surv(...)`` with column names and ``==``."""
    parts = [part.strip() for part in text.removeprefix("Surv(").removesuffix(")").split(",")]
    *times, event = parts
    if "==" in event:
        column, value = (part.strip() for part in event.split("=="))
        status = (columns[column] == float(value)).astype(float)
    else:
        status = columns[event]
    entry = columns[times[0]] if len(times) == 2 else None
    return entry, columns[times[-1]], status


def subset(text: str | None, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the rows that R's condition keeps: ``futime > 0``, ``etype == 2``, ``!is.na(x)``."""
    if not text:
        return columns
    if text.startswith("!is.na("):
        keep = ~np.isnan(columns[text[7:-1]])
    elif "==" in text:
        name, value = (part.strip() for part in text.split("=="))
        keep = columns[name] == float(value)
    else:
        name, value = (part.strip() for part in text.split(">"))
        keep = columns[name] > float(value)
    return {key: values[keep] for key, values in columns.items()}


def complete(columns: dict[str, np.ndarray], used: list[str]) -> dict[str, np.ndarray]:
    """Return the rows without a missing value in the columns named."""
    keep = ~np.any([np.isnan(columns[name]) for name in used], axis=0)
    return {key: values[keep] for key, values in columns.items()}
