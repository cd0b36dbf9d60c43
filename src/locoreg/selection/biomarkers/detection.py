"""Assays with a limit of detection, such as ctDNA: two columns instead of one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import BoolArray, FloatArray, named_rows, numbers

_BELOW = re.compile(r"\s*<=?\s*(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """An assay with a limit of detection, as columns.

    A value below the limit is known to be below it and nothing more (it is left-censored). The
    first column says whether the assay was detected, the second how much there was if so.

    Attributes
    ----------
    detected : ndarray of float, shape (n,)
        1 at or above the limit, 0 below, NaN where there is no sample.
    log_value : ndarray of float, shape (n,)
        Natural log of the value less `centre` where it was detected, 0 below the limit, NaN where
        there is no sample. So the coefficient of `detected` is that of a typical detected value.
    centre : float
        Mean of the log of the detected values; 0 if none is.
    n_detected, n_below, n_missing : int
        Persons with a detected value, below the limit, and without a sample.
    n_raised : int
        Of those below, how many had a number instead of "<limit".
    """

    detected: FloatArray
    log_value: FloatArray
    centre: float
    n_detected: int
    n_below: int
    n_missing: int
    n_raised: int

    def columns(self, name: str) -> dict[str, FloatArray]:
        """Return the two columns by name: ``ctDNA: detected`` and ``ctDNA: log if detected``."""
        return {f"{name}: detected": self.detected, f"{name}: log if detected": self.log_value}

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; no person's value."""
        return {
            "centre": self.centre,
            "n_detected": self.n_detected,
            "n_below": self.n_below,
            "n_missing": self.n_missing,
            "n_raised": self.n_raised,
        }


def below_limit(
    values: Sequence[Any] | ArrayLike, limit: float | ArrayLike, *, centre: float | None = None
) -> Detection:
    """Code an assay that can be below its limit of detection.

    Parameters
    ----------
    values : sequence, n of them
        Numbers; texts such as ``"0.34"``, ``"<0.1"`` and ``"not detected"``; None or NaN where
        there is no sample. A number below the limit is taken as below the limit.
    limit : float or array_like of shape (n,)
        Limit of detection, of the assay, batch or sample. ``"<0.1"`` is below the limit, whatever
        the limit, since 0.1 was the limit of that sample.
    centre : float, optional
        Log value that is coded 0, for samples coded after a model was made. By default the mean of
        these samples.

    Returns
    -------
    Detection
        Two columns and the counts.

    Raises
    ------
    DataError
        If a value is neither a number nor below a limit, is negative, or a limit is not positive.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import below_limit
    >>> coded = below_limit([0.0, "<0.1", 1.0, 4.0, None], 0.1)
    >>> coded.detected.tolist()
    [0.0, 0.0, 1.0, 1.0, nan]
    >>> coded.log_value.round(3).tolist()
    [0.0, 0.0, -0.693, 0.693, nan]
    """
    read = [_read(one) for one in _listed(values)]
    n = len(read)
    value = np.array([one[0] for one in read], dtype=np.float64)
    said_below = np.array([one[1] for one in read], dtype=np.bool_)
    unreadable = np.array([one[2] for one in read], dtype=np.bool_)
    if unreadable.any():
        raise DataError(
            f"values can't be read in {named_rows(unreadable)}.",
            hint='write numbers, "<0.1" for below a limit of 0.1, and None for no sample.',
        )
    limits = _limits(limit, n)
    missing = np.isnan(value) & ~said_below
    bad = ~missing & ~said_below & ((value < 0.0) | ~np.isfinite(value))
    if bad.any():
        raise DataError(
            f"values are negative or not finite in {named_rows(bad)}.",
            hint="amounts are 0 or more; don't give logs.",
        )
    below = said_below | (~missing & (value < limits))
    return _coded(value, below, missing, said_below, centre)


def _coded(
    value: FloatArray,
    below: BoolArray,
    missing: BoolArray,
    said_below: BoolArray,
    centre: float | None,
) -> Detection:
    found = ~below & ~missing
    logs = np.log(value[found])
    middle = centre if centre is not None else float(logs.mean()) if logs.size else 0.0
    detected = np.where(missing, np.nan, found.astype(np.float64))
    log_value = np.where(missing, np.nan, 0.0)
    log_value[found] = logs - middle
    return Detection(
        detected=detected,
        log_value=log_value,
        centre=middle,
        n_detected=int(found.sum()),
        n_below=int(below.sum()),
        n_missing=int(missing.sum()),
        n_raised=int((below & ~said_below).sum()),
    )


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _read(one: Any) -> tuple[float, bool, bool]:
    """Return the number, whether it says "below", and whether it can't be read."""
    if one is None or type(one).__name__ == "NAType":
        return math.nan, False, False
    if isinstance(one, str):
        text = one.strip()
        if not text:
            return math.nan, False, False
        if _BELOW.match(text) or text.casefold() in _NOT_DETECTED:
            return math.nan, True, False
        one = text
    try:
        return float(one), False, False
    except (TypeError, ValueError):
        return math.nan, False, True


_NOT_DETECTED = ("not detected", "undetected", "undetectable", "below limit", "nd")


def _limits(limit: float | ArrayLike, n: int) -> FloatArray:
    limits = numbers("limit", np.atleast_1d(np.asarray(limit)))
    if limits.size not in (1, n):
        raise DataError(
            f"limit has {limits.size} values for {n} samples.", hint="give one, or one per sample."
        )
    bad = ~(np.isfinite(limits) & (limits > 0.0))
    if bad.any():
        raise DataError(
            f"limit is {limits[bad][0]:g} in {named_rows(bad)}.",
            hint="a limit of detection is a positive amount.",
        )
    return np.asarray(np.broadcast_to(limits, (n,)))
