"""A registry opened for exploring: one row per patient, with all that choices ask about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import in_months, spans
from locoreg.emulation.cohort.registry.study import Study
from locoreg.emulation.cohort.registry.treatment import treatments
from locoreg.emulation.cohort.registry.variables import variable
from locoreg.registry.describe.people import People, TimeZero, add_subtypes, people_at
from locoreg.registry.engines import connect_engine
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.tables import TABLES
from locoreg.workflows.registry.exploring.choices import (
    EVENTS,
    OPERATED,
    OPERATED_VARIABLE,
    Therapy,
    whole_protocol,
)

JUDGED = (
    "de_novo",
    "year",
    "sex",
    "age",
    "subtype",
    "lesion_class",
    "bone_only",
    "visceral",
    "organ_bone",
    "organ_liver",
    "organ_lung",
    "brain",
    OPERATED,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TherapyTimes:
    """First local therapy of one kind of each patient.

    Attributes
    ----------
    months : ndarray of float, shape (n,)
        Months from time zero to the first one on or after it; infinite for none.
    before : ndarray of bool, shape (n,)
        Who had one before time zero.
    undated : ndarray of bool, shape (n,)
        Who had one without a date.
    """

    months: NDArray[np.float64]
    before: NDArray[np.bool_]
    undated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Base:
    """A registry's patients as of a time zero.

    Attributes
    ----------
    registry : Registry
        As it stood when it was opened.
    sha256 : str
        Hash of its data.
    time_zero : str
        What time zero is.
    people : dict of str to ndarray
        One row per patient of the registry.
    dated : ndarray of int
        Rows of patients with a time zero: those of ``columns``.
    columns : dict of str to Column
        Variables that cohorts are chosen by.
    therapy : dict of str to TherapyTimes
        By kind, of all patients.
    """

    registry: Registry
    sha256: str
    time_zero: TimeZero
    people: People
    dated: NDArray[np.int64]
    columns: dict[str, Column]
    therapy: dict[str, TherapyTimes]

    def everyone(self, values: NDArray[Any], other: Any) -> NDArray[Any]:
        """Return values of patients with a time zero for all, with another value for the rest."""
        out = np.full(self.people["zero"].size, other, dtype=values.dtype)
        out[self.dated] = values
        return out

    def labels(self, name: str) -> NDArray[Any]:
        """Return a category's words for all patients, None where unknown."""
        column = self.columns[name]
        words = np.array([*column.levels, None], dtype=object)
        codes = np.where(column.missing, len(column.levels), column.values).astype(np.int64)
        return self.everyone(words[codes], None)


def registry_sha256(folder: Path) -> str:
    """Return a hash of a registry's data: of its tables' files, not of when they came.

    Parameters
    ----------
    folder : Path
        The registry.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.

    Raises
    ------
    DataError
        If the folder is no registry.
    """
    return _sha256(read_registry(folder))


def _sha256(registry: Registry) -> str:
    digest = hashlib.sha256(f"schema {registry.manifest.schema_version}\n".encode())
    for table in TABLES:
        for stored in sorted(one.sha256 for one in registry.manifest.files(table)):
            digest.update(f"{table} {stored}\n".encode())
    return digest.hexdigest()


def open_base(folder: Path, time_zero: TimeZero) -> Base:
    """Open a registry, to read only.

    Parameters
    ----------
    folder : Path
        The registry.
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is.

    Returns
    -------
    Base
        Everything that cohorts of it are made from.

    Raises
    ------
    DataError
        If the folder is no registry.
    """
    registry = read_registry(folder)
    with registry.connect() as con:
        people = people_at(con, time_zero=time_zero, staging_days=0)
    add_subtypes(registry, people)
    dated = np.flatnonzero(~np.isnat(people["zero"]))
    columns, therapy = _judged(folder, time_zero, people, dated)
    return Base(
        registry=registry,
        sha256=_sha256(registry),
        time_zero=time_zero,
        people=people,
        dated=dated,
        columns=columns,
        therapy=therapy,
    )


def _judged(
    folder: Path, time_zero: TimeZero, people: People, dated: NDArray[np.int64]
) -> tuple[dict[str, Column], dict[str, TherapyTimes]]:
    import pyarrow as pa

    parts = {
        "time_zero": dict(EVENTS[time_zero]),
        # A protocol refuses variables that nothing uses; nobody is judged by this one here.
        "eligibility": [
            {"name": OPERATED, "variable": OPERATED, "equals": True, "unknown": "include"}
        ],
        "variables": {OPERATED: dict(OPERATED_VARIABLE)},
    }
    ids = pa.array(people["patient_id"][dated], type=pa.string())
    zero = spans(
        pa.chunked_array([pa.array(people["zero"][dated], type=pa.date32())]),
        pa.chunked_array([pa.array(people["zero_precision"][dated], type=pa.string())]),
    )
    kinds: Sequence[Therapy] = get_args(Therapy)
    columns: dict[str, Column] = {}
    found: dict[str, TherapyTimes] = {}
    with connect_engine(folder) as engine:
        for kind in kinds:
            study = Study(
                engine=engine,
                protocol=whole_protocol(parts, kind).protocol,
                person_id=ids,
                zero=zero,
            )
            columns = columns or {name: variable(study, name) for name in JUDGED}
            found[kind] = _times(study, people["zero"].size, dated)
    return columns, found


def _times(study: Study, n: int, dated: NDArray[np.int64]) -> TherapyTimes:
    given = treatments(study)
    months = np.full(n, np.inf)
    before, undated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    months[dated] = in_months(given.day - study.zero.day)
    before[dated], undated[dated] = given.before, given.undated
    return TherapyTimes(months=months, before=before, undated=undated)
