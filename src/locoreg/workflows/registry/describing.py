"""Describe a registry."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from locoreg.core.errors import DataError
from locoreg.registry.describe import Description, describe_registry
from locoreg.registry.describe.people import TimeZero
from locoreg.registry.describe.task import Decided
from locoreg.registry.store import read_registry


def describe(
    folder: Path,
    *,
    time_zero: TimeZero,
    level: float,
    by: str | None = None,
    groups: Path | None = None,
    at: Sequence[float] = (),
    staging_days: int = 0,
    small_cells: int | None = None,
    groups_decided: Decided | None = None,
) -> Description:
    """Describe a registry: flow of patients, Table 1, follow-up and survival.

    Parameters
    ----------
    folder : Path
        The registry.
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is.
    level : float
        Level of the intervals in percent.
    by : str, optional
        Variable that makes the groups.
    groups : Path, optional
        CSV with the columns patient_id and group.
    at : sequence of float
        Months at which survival is given.
    staging_days : int
        Lesions first seen up to this many days after time zero count as present at it.
    small_cells : int, optional
        Counts of 1 to this many patients are hidden.
    groups_decided : {"at_time_zero", "later"}, optional
        When it was decided to which group of the file a patient belongs; required with it.

    Returns
    -------
    Description
        The description.
    """
    return describe_registry(
        read_registry(folder),
        time_zero=time_zero,
        level=level,
        by=by if groups is None else by or groups.stem,
        groups=None if groups is None else read_groups(groups),
        at=at,
        staging_days=staging_days,
        small_cells=small_cells,
        groups_decided=groups_decided,
    )


def read_groups(path: Path) -> dict[str, str]:
    """Read a CSV with the columns patient_id and group.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to str
        Group by patient.

    Raises
    ------
    DataError
        If the file is missing, lacks a column, or names a patient twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if not {"patient_id", "group"} <= set(reader.fieldnames or ()):
                raise DataError(f"{path} lacks the columns patient_id and group.")
            found: dict[str, str] = {}
            for row in reader:
                if row["patient_id"] in found:
                    raise DataError(
                        f"{path}, line {reader.line_num}: patient {row['patient_id']} stands there "
                        "twice."
                    )
                if row["group"]:
                    found[row["patient_id"]] = row["group"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} can't be read: {error}.") from error
    return found
