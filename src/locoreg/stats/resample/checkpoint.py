"""Replicates on disk, so that an interrupted bootstrap goes on where it stopped."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.survivaldata import BoolArray, FloatArray

FORMAT = 1
# The estimate that stands in the file must be that of the data at hand, up to the rounding of
# sums on another machine.
SAME = 1e-8


@dataclass(slots=True)
class Progress:
    """Replicates so far.

    Attributes
    ----------
    values : ndarray of float, shape (B, q)
        Values of each replicate; NaN where it is not done or has failed.
    done : ndarray of bool, shape (B,)
        Which replicates were computed.
    reasons : dict of int to str
        Why replicates (from 0) have failed.
    """

    values: FloatArray
    done: BoolArray
    reasons: dict[int, str]

    @classmethod
    def empty(cls, replicates: int, size: int) -> Progress:
        """Return the state before the first replicate."""
        return cls(np.full((replicates, size), np.nan), np.zeros(replicates, dtype=np.bool_), {})


def read_checkpoint(path: Path, settings: dict[str, Any], estimate: FloatArray) -> Progress | None:
    """Read the replicates of an earlier run.

    Parameters
    ----------
    path : Path
        The file.
    settings : dict
        What decides the replicates.
    estimate : ndarray of float, shape (q,)
        The statistic of the data at hand.

    Returns
    -------
    Progress or None
        None if there is no file.

    Raises
    ------
    DataError
        If it is no checkpoint.
    DesignError
        If it was made with other settings, other data or another statistic.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            told = json.loads(str(stored["settings"]))
            before = np.asarray(stored["estimate"])
            reasons = {int(k): str(v) for k, v in json.loads(str(stored["reasons"])).items()}
            found = Progress(stored["values"], stored["done"], reasons)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as fault:
        raise DataError(
            f"{path} can't be read as a checkpoint of a bootstrap.",
            hint="name another file, or delete this one.",
        ) from fault
    wanted = {"format": FORMAT, **settings}
    differing = [key for key in wanted if told.get(key) != wanted[key]]
    if differing:
        listed = ", ".join(f"{key} {told.get(key)} (now {wanted[key]})" for key in differing)
        raise DesignError(
            f"The checkpoint {path} was made with other settings: {listed}.",
            hint="name another file, delete this one, or run with its settings.",
        )
    same = before.shape == estimate.shape and np.allclose(before, estimate, rtol=SAME, atol=SAME)
    if not same:
        raise DesignError(
            f"The checkpoint {path} belongs to other data or another statistic: the estimate in "
            "it is not that of the data at hand.",
            hint="name another file, or delete this one.",
        )
    return found


def write_checkpoint(
    path: Path, settings: dict[str, Any], estimate: FloatArray, progress: Progress
) -> None:
    """Write the replicates so far; at any moment the file is the old one or the new one, whole.

    Parameters
    ----------
    path : Path
        The file.
    settings : dict
        What decides the replicates.
    estimate : ndarray of float, shape (q,)
        The statistic of the data.
    progress : Progress
        The replicates.

    Raises
    ------
    DataError
        If the file can't be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = part.open("wb")
    except OSError as fault:
        raise DataError(
            f"The checkpoint {path} can't be written: {fault.strerror}.",
            hint="name a file in a folder that exists and can be written to.",
        ) from fault
    try:
        with file:
            np.savez(
                file,
                settings=json.dumps({"format": FORMAT, **settings}),
                estimate=estimate,
                values=progress.values,
                done=progress.done,
                reasons=json.dumps(progress.reasons),
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
