"""Repeated samples up to time zero: last value, slope, clearance, residual disease."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.numbertext import plural
from locoreg.selection.biomarkers.detection import Detection, below_limit
from locoreg.stats.survivaldata import FloatArray, IntArray, numbers

ResidualDisease = Literal["positive", "negative", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectoryOptions:
    """How samples become one row per person.

    Attributes
    ----------
    until_months : float
        Time zero is 0; a landmark is later. Later samples are refused.
    window_months : float
        Molecular residual disease is judged by the last sample if it is at most this old then.
    least_span_months : float
        A slope needs two samples at least this far apart.
    """

    until_months: float
    window_months: float
    least_span_months: float = 0.5

    def __post_init__(self) -> None:
        if not math.isfinite(self.until_months):
            raise DesignError(
                f"until_months is {self.until_months}.", hint="0 is time zero of the data."
            )
        for name in ("window_months", "least_span_months"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise DesignError(
                    f"{name} is {getattr(self, name)}.", hint="give a positive time in months."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {
            "until_months": self.until_months,
            "window_months": self.window_months,
            "least_span_months": self.least_span_months,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trajectories:
    """One row per person, from samples up to time zero.

    Attributes
    ----------
    person_id : tuple of str
        All persons asked for, n of them, in their order.
    samples : ndarray of int, shape (n,)
        Samples of each.
    detected, log_value : ndarray of float, shape (n,)
        The last sample as `below_limit` codes it; NaN without one.
    slope : ndarray of float, shape (n,)
        Change of the log per month by least squares; samples below the limit stand at half the
        limit. NaN with fewer than two samples, or samples too close together.
    ever_detected : ndarray of float, shape (n,)
        1 if any sample was detected; NaN without a sample.
    cleared : ndarray of float, shape (n,)
        1 if a detected sample came before and the last is not detected, 0 if the last is detected
        and came after another; NaN otherwise.
    months_since : ndarray of float, shape (n,)
        From the last sample to time zero or the landmark; NaN without one.
    residual_disease : tuple of {"positive", "negative", "unknown"}
        By the last sample within the window.
    detection : Detection
        Counts of all samples used.
    counts : dict of str to int
        Persons without a sample, without a slope, without a sample in the window.
    """

    person_id: tuple[str, ...]
    samples: IntArray
    detected: FloatArray
    log_value: FloatArray
    slope: FloatArray
    ever_detected: FloatArray
    cleared: FloatArray
    months_since: FloatArray
    residual_disease: tuple[ResidualDisease, ...]
    detection: Detection
    counts: dict[str, int]

    def columns(self, name: str) -> dict[str, FloatArray]:
        """Return the columns by name, ready for a panel.

        Parameters
        ----------
        name : str
            Name of the assay.

        Returns
        -------
        dict of str to ndarray of float, shape (n,)
            Residual disease is 1 if positive, 0 if negative, NaN if unknown.
        """
        coded = {"positive": 1.0, "negative": 0.0, "unknown": math.nan}
        return {
            f"{name}: detected": self.detected,
            f"{name}: log if detected": self.log_value,
            f"{name}: slope of log per month": self.slope,
            f"{name}: ever detected": self.ever_detected,
            f"{name}: cleared": self.cleared,
            f"{name}: months since": self.months_since,
            f"{name}: residual disease": np.array([coded[s] for s in self.residual_disease]),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; no person's row."""
        return {
            "persons": len(self.person_id),
            "samples": int(self.samples.sum()),
            "detection": self.detection.to_dict(),
            "counts": dict(self.counts),
            "residual_disease": {
                status: self.residual_disease.count(status)
                for status in ("positive", "negative", "unknown")
            },
        }


def trajectories(
    person_id: Sequence[Any],
    *,
    sampled: Sequence[Any],
    months: ArrayLike,
    values: Sequence[Any] | ArrayLike,
    limit: float | ArrayLike,
    options: TrajectoryOptions,
) -> Trajectories:
    """Summarise repeated samples of each person.

    Parameters
    ----------
    person_id : sequence, n of them
        Persons, each once.
    sampled : sequence, r of them
        Person of each sample.
    months : array_like, shape (r,)
        Months of each sample since time zero; before it negative.
    values, limit
        As in `below_limit`, r of them.
    options : TrajectoryOptions
        Up to when, and the window.

    Returns
    -------
    Trajectories
        One row per person; samples without a value take no part, and everybody without enough
        samples is counted.

    Raises
    ------
    DesignError
        If a sample is later than `until_months`; persons are named.
    DataError
        If a sample belongs to nobody, or two samples of a person have the same month.

    Examples
    --------
    >>> from locoreg.selection.biomarkers import TrajectoryOptions, trajectories
    >>> made = trajectories(
    ...     ["a", "b", "c"],
    ...     sampled=["a", "a", "b"],
    ...     months=[-3.0, -1.0, -8.0],
    ...     values=[4.0, "<0.1", 1.0],
    ...     limit=0.1,
    ...     options=TrajectoryOptions(until_months=0.0, window_months=3.0),
    ... )
    >>> made.residual_disease
    ('negative', 'unknown', 'unknown')
    >>> made.cleared.tolist()
    [1.0, nan, nan]
    """
    ids = tuple(str(one) for one in person_id)
    if len(set(ids)) != len(ids):
        raise DataError("a person is named twice.", hint="name each person once.")
    names = [str(one) for one in sampled]
    when = numbers("months", months)
    coded = below_limit(values, limit)
    if not len(names) == when.size == coded.detected.size:
        raise DataError(
            f"there are {len(names)} persons, {when.size} months and {coded.detected.size} values.",
            hint="give one of each per sample.",
        )
    rows = _rows(ids, names, when, options.until_months)
    limits = np.broadcast_to(np.atleast_1d(np.asarray(limit, dtype=np.float64)), when.shape)
    used = np.flatnonzero(~np.isnan(coded.detected))
    order = used[np.lexsort((when[used], rows[used]))]
    row, month, found = rows[order], when[order], coded.detected[order] == 1.0
    _refuse_same_month(ids, row, month)
    # Half the limit stands for "somewhere below" in slopes only.
    level = np.where(found, coded.log_value[order], np.log(limits[order] / 2.0) - coded.centre)
    return _summarised(ids, row, month, found, level, coded, options)


def _rows(ids: Sequence[str], names: Sequence[str], when: FloatArray, until: float) -> IntArray:
    place = {name: i for i, name in enumerate(ids)}
    strangers = sorted({name for name in names if name not in place})
    if strangers:
        raise DataError(
            f"samples belong to {plural(len(strangers), 'unknown person')} "
            f"(such as {', '.join(map(repr, strangers[:3]))}).",
            hint="give samples of the persons asked for only.",
        )
    if not np.isfinite(when).all():
        raise DataError("months of a sample is missing.", hint="leave out samples without a date.")
    late = sorted({name for name, month in zip(names, when.tolist(), strict=True) if month > until})
    if late:
        more = f" and {len(late) - 5} more" if len(late) > 5 else ""
        raise DesignError(
            f"samples of {', '.join(map(repr, late[:5]))}{more} are later than month {until:g}: "
            "what comes after time zero may be a consequence of treatment.",
            hint="leave later samples out, or start at a landmark.",
        )
    return np.array([place[name] for name in names], dtype=np.int64)


def _refuse_same_month(ids: Sequence[str], row: IntArray, month: FloatArray) -> None:
    same = np.flatnonzero((np.diff(row) == 0) & (np.diff(month) == 0.0))
    if same.size:
        i = int(same[0])
        raise DataError(
            f"two samples of {ids[row[i]]!r} have the same time, month {month[i]:g}.",
            hint="keep one, or give dates instead of months.",
        )


def _summarised(
    ids: tuple[str, ...],
    row: IntArray,
    month: FloatArray,
    found: FloatArray,
    level: FloatArray,
    coded: Detection,
    options: TrajectoryOptions,
) -> Trajectories:
    n = len(ids)
    samples = np.bincount(row, minlength=n)
    some = samples > 0
    last = np.full(n, -1, dtype=np.int64)
    last[row] = np.arange(row.size)
    at = last[some]
    positives = np.bincount(row, weights=found, minlength=n)

    def per_person(values: Any) -> FloatArray:
        out = np.full(n, np.nan)
        out[some] = values
        return out

    detected = per_person(found[at])
    earlier = (samples > 1) & (positives - np.where(some, detected, 0.0) > 0)
    slope = _slopes(row, month, level, n, options.least_span_months)
    since = per_person(options.until_months - month[at])
    current = some & (np.where(some, since, np.inf) <= options.window_months)
    status: list[ResidualDisease] = [
        "unknown" if not now else "positive" if hit == 1.0 else "negative"
        for now, hit in zip(current.tolist(), detected.tolist(), strict=True)
    ]
    cleared = np.where(earlier, 1.0 - detected, np.nan)
    return Trajectories(
        person_id=ids,
        samples=np.asarray(samples, dtype=np.int64),
        detected=detected,
        log_value=per_person(np.where(found[at], level[at], 0.0)),
        slope=slope,
        ever_detected=np.where(some, (positives > 0).astype(np.float64), np.nan),
        cleared=cleared,
        months_since=since,
        residual_disease=tuple(status),
        detection=coded,
        counts={
            "no_sample": int((~some).sum()),
            "one_sample": int((samples == 1).sum()),
            "no_slope": int(np.isnan(slope).sum()),
            "never_detected_before_the_last": int((some & ~earlier).sum()),
            "no_sample_in_the_window": int((~current).sum()),
        },
    )


def _slopes(
    row: IntArray, month: FloatArray, level: FloatArray, n: int, least_span: float
) -> FloatArray:
    count = np.maximum(np.bincount(row, minlength=n), 1)
    centred = month - (np.bincount(row, weights=month, minlength=n) / count)[row]
    spread = np.bincount(row, weights=centred**2, minlength=n)
    together = np.bincount(row, weights=centred * level, minlength=n)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, row, month)
    np.maximum.at(high, row, month)
    enough = (high - low) >= least_span
    return np.where(enough, together / np.where(enough, spread, 1.0), np.nan)
