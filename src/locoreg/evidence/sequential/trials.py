"""The trials of a sequential analysis: checked, and in the order in which they came out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.studies import FloatArray

Date = str | int | float
_ISO = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Information counted in events or participants in place of 1 / variance.

    Attributes
    ----------
    unit : {"events", "participants"}
        What is counted.
    per_trial : tuple of float
        One count per trial, in the order of the effects given.
    single : float
        What a single test without heterogeneity needs, see
        :func:`locoreg.evidence.sequential.size.required_participants`.
    """

    unit: Literal["events", "participants"]
    per_trial: tuple[float, ...]
    single: float

    def __post_init__(self) -> None:
        if self.unit not in ("events", "participants"):
            raise DesignError(f"{self.unit!r} are not counted.", hint="events or participants.")
        if not all(math.isfinite(one) and one > 0 for one in (*self.per_trial, self.single)):
            raise DesignError(f"{self.unit} of each trial, and required, are numbers above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A trial that can't be used.

    Attributes
    ----------
    label : str
    reason : str
    """

    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Trials in order.

    Attributes
    ----------
    yi, vi : ndarray of float, shape (k,)
        Effects and variances.
    labels, ids, dates : tuple of str
        Names; an empty date where none is given.
    tied : tuple of tuple of str
        Labels of trials that share a date.
    left_out : tuple of LeftOut
        Trials without a usable number.
    order : ndarray of int, shape (k,)
        Place of each among the trials given.
    """

    yi: FloatArray
    vi: FloatArray
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    dates: tuple[str, ...]
    tied: tuple[tuple[str, ...], ...]
    left_out: tuple[LeftOut, ...]
    order: NDArray[np.intp]


def order_trials(
    yi: Sequence[float],
    se: Sequence[float],
    *,
    labels: Sequence[str],
    ids: Sequence[str] | None = None,
    dates: Sequence[Date] | None = None,
) -> Trials:
    """Check the trials and put them in the order of their dates.

    Parameters
    ----------
    yi, se : sequence of float
        Effects on the analysis scale and standard errors. A trial with one missing (NaN) is left
        out and named.
    labels : sequence of str
        Names.
    ids : sequence of str, optional
        Identifiers; the labels if not given.
    dates : sequence of str or number, optional
        Years, or ISO dates of one precision; without them the order given stands. Trials of one
        date keep the order given.

    Returns
    -------
    Trials
        In order.

    Raises
    ------
    DataError
        If lengths differ, a standard error is not above 0, a date can't be read or none is left.
    """
    count = len(yi)
    lists = [("se", se), ("labels", labels), ("ids", ids), ("dates", dates)]
    for what, given in lists:
        if given is not None and len(given) != count:
            raise DataError(f"{len(given)} {what} for {count} effects: give one each.")
    names = tuple(str(one) for one in labels)
    keys = names if ids is None else tuple(str(one) for one in ids)
    texts = (
        ("",) * count
        if dates is None
        else tuple(_date(d, n) for d, n in zip(dates, names, strict=True))
    )
    _one_precision(texts)
    kept, out = _usable(yi, se, names)
    kept.sort(key=lambda i: texts[i])
    chosen = np.array(kept, dtype=np.intp)
    stamps = tuple(texts[i] for i in kept)
    found = tuple(names[i] for i in kept)
    return Trials(
        yi=np.asarray(yi, dtype=np.float64)[chosen],
        vi=np.asarray(se, dtype=np.float64)[chosen] ** 2,
        labels=found,
        ids=tuple(keys[i] for i in kept),
        dates=stamps,
        tied=_tied(found, stamps),
        left_out=tuple(out),
        order=chosen,
    )


def _usable(
    yi: Sequence[float], se: Sequence[float], names: tuple[str, ...]
) -> tuple[list[int], list[LeftOut]]:
    kept, out = [], []
    for i, (effect, error) in enumerate(zip(yi, se, strict=True)):
        if math.isnan(effect) or math.isnan(error):
            out.append(LeftOut(label=names[i], reason="no effect or no standard error"))
            continue
        if not (math.isfinite(effect) and math.isfinite(error) and error > 0):
            raise DataError(
                f"{names[i]}: an effect is a number and its standard error above 0.",
                hint="a missing number is NaN.",
            )
        kept.append(i)
    if not kept:
        raise DataError("no trial has an effect and a standard error.")
    return kept, out


def _date(given: Date, name: str) -> str:
    text = f"{given:g}" if isinstance(given, float) else str(given).strip()
    if not _ISO.fullmatch(text):
        raise DataError(
            f"{name}: {given!r} is no date to order trials by.",
            hint="a year, or YYYY-MM or YYYY-MM-DD for all of them.",
        )
    return text


def _one_precision(texts: tuple[str, ...]) -> None:
    if len({len(text) for text in texts}) > 1:
        raise DataError(
            "some dates are years and some are more exact, which leaves their order open.",
            hint="give all to the year, or all to the month or day.",
        )


def _tied(labels: tuple[str, ...], dates: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    groups: dict[str, list[str]] = {}
    for label, date in zip(labels, dates, strict=True):
        if date:
            groups.setdefault(date, []).append(label)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
