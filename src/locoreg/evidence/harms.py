"""Harms of local therapy, each number with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from locoreg.core.tables import Row
from locoreg.evidence.catalog import SHIPPED
from locoreg.evidence.extratables import read_extra

# Treatments in the order in which they are shown; for one without a row nothing is known here.
TREATMENTS = (
    "primary surgery",
    "axillary dissection",
    "breast radiotherapy",
    "stereotactic radiotherapy",
    "resection of lung metastases",
    "resection of liver metastases",
    "delay of systemic therapy",
)
# Of the share of the events against the printed one, for the last digit of a float.
SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """How many of 100 patients had a harm.

    Attributes
    ----------
    harm_id, treatment, harm, measured : str
        Key, treatment, what happened, when it was counted.
    value : float
        Patients with it, of 100.
    low, high, level : float or None
        Interval, where one is printed.
    events, n : int or None
        Patients with it, and all.
    comparison : str or None
        With whom the source compares.
    comparison_value : float or None
        The same of those.
    population, reference, address, location, verbatim, verification : str
        Who the patients were, and where it was read.
    years, doi, note : str or None
        When they were treated, DOI, remark.
    year : int
        Year of the publication.
    """

    harm_id: str
    treatment: str
    harm: str
    measured: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    events: int | None = None
    n: int | None = None
    comparison: str | None = None
    comparison_value: float | None = None
    population: str
    years: str | None = None
    reference: str
    doi: str | None = None
    address: str
    year: int
    location: str
    verbatim: str
    verification: str
    note: str | None = None


def load_harms(folders: Sequence[str | Path] = (SHIPPED,)) -> tuple[tuple[Harm, ...], str]:
    """Read the harms of local therapy.

    Parameters
    ----------
    folders : sequence of str or Path
        ``shipped``, or folders that hold ``harms.csv``; one without it is passed over.

    Returns
    -------
    harms : tuple of Harm
        In the order of the tables.
    sha256 : str
        Hash of the files.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    return read_extra("harms", "harm_id", folders, _harm, _check)


def _half_unit(value: float) -> float:
    """Return half a unit of the last digit of a number."""
    digits = len(f"{value:g}".partition(".")[2])
    return float(0.5 * 10.0**-digits)


def _harm(row: Row) -> Harm:
    return Harm(**{k: v for k, v in row.values.items() if v is not None})  # type: ignore[arg-type]


def _check(row: Row) -> tuple[str, str] | None:
    def number(name: str) -> float | None:
        found = row.values[name]
        return None if found is None else float(str(found))

    value, low, high = (number(name) for name in ("value", "low", "high"))
    if (
        value is None
        or (low is None) != (high is None)
        or (low is None) != (number("level") is None)
    ):
        return "low", "an interval needs both limits and its level"
    if low is not None and high is not None and not low <= value <= high:
        return "value", "does not lie within its interval"
    events, n = number("events"), number("n")
    if events is not None:
        if not n or events > n:
            return "events", "needs a number of patients that is not smaller"
        if abs(100.0 * events / n - value) > _half_unit(value) + SLACK:
            return "value", "is not the share of the events"
    if (row.values["comparison"] is None) != (row.values["comparison_value"] is None):
        return "comparison", "a comparison needs a value, and a value a comparison"
    return None
