"""Follow-up and survival from time zero, with delayed entry; who can't be followed is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.estimate import Estimate
from locoreg.registry.describe.counts import Count, shown_count, shown_flow
from locoreg.registry.describe.people import People
from locoreg.registry.describe.tableone import OVERALL
from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.survivalcurves import kaplan_meier, reverse_kaplan_meier

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the flow of patients.

    Attributes
    ----------
    label : str
        What was asked.
    left_out, remaining : Count
        Patients, as shown.
    """

    label: str
    left_out: Count
    remaining: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSurvival:
    """Follow-up and survival of one group.

    Attributes
    ----------
    group : str
        Group.
    n, deaths, late_entries : Count
        Patients followed, deaths, and patients who entered after time zero, as shown.
    follow_up, survival : tuple of float or None
        Median in months with its limits: reverse Kaplan-Meier, and Kaplan-Meier; None where it is
        not reached.
    at : tuple of (float, float, float, float)
        Month, survival and its limits.
    """

    group: str
    n: Count
    deaths: Count
    late_entries: Count
    follow_up: tuple[float | None, float | None, float | None]
    survival: tuple[float | None, float | None, float | None]
    at: tuple[tuple[float, float, float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the group as JSON-ready values."""
        names = ("median", "ci_low", "ci_high")
        return {
            "group": self.group,
            "n": self.n.n,
            "deaths": self.deaths.n,
            "late_entries": self.late_entries.n,
            "shown": {
                "n": self.n.text,
                "deaths": self.deaths.text,
                "late_entries": self.late_entries.text,
            },
            "follow_up_months": dict(zip(names, self.follow_up, strict=True)),
            "survival_months": dict(zip(names, self.survival, strict=True)),
            "at": [
                dict(zip(("month", "survival", "ci_low", "ci_high"), row, strict=True))
                for row in self.at
            ],
        }


def flow_of(
    people: People, *, first: str, small_cells: int | None
) -> tuple[tuple[Step, ...], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the flow of patients, who has a time zero, and who can be followed from it.

    Parameters
    ----------
    people : dict
        From ``people_at``.
    first : str
        Label of the first step.
    small_cells : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    steps : tuple of Step
        From all patients of the registry down to those followed.
    described, followed : ndarray of bool, shape (n,)
        Patients of Table 1, and of the curves.
    """
    end, zero = people["end_date"], people["zero"]
    with_zero = ~np.isnat(zero)
    entry = np.where(np.isnat(people["entry_date"]), zero, people["entry_date"])
    start = np.maximum(zero, entry)
    questions = (
        ("have a time zero", with_zero),
        ("vital status known", ~people["status_unknown"]),
        ("day of death known, if dead", ~people["death_undated"]),
        ("last contact or death known", ~np.isnat(end)),
        ("last contact after time zero", end > zero),
        ("entered before the end of follow-up", start < end),
    )
    remaining = np.ones(zero.size, dtype=bool)
    counts = [zero.size]
    for _, passed in questions:
        remaining = remaining & passed
        counts.append(int(remaining.sum()))
    shown = shown_flow(counts, small_cells)
    steps = tuple(
        Step(label=label, left_out=gone, remaining=left)
        for label, (gone, left) in zip(
            (first, *(label for label, _ in questions)), shown, strict=True
        )
    )
    return steps, with_zero, remaining


def survival_of(
    people: People,
    followed: NDArray[np.bool_],
    group: NDArray[Any],
    *,
    level: float,
    at: Sequence[float],
    sizes: Mapping[str, int],
    small_cells: int | None,
) -> tuple[GroupSurvival, ...]:
    """Return follow-up and survival of each group and of all.

    Parameters
    ----------
    people : dict
        From ``people_at``.
    followed : ndarray of bool, shape (n,)
        Patients to count.
    group : ndarray of object, shape (n,)
        Group of each patient.
    level : float
        Level of the intervals in percent.
    at : sequence of float
        Months at which survival is given.
    sizes : mapping of str to int
        Patients of each group in Table 1, which a reader knows, in the order of its columns.
    small_cells : int or None
        Counts from 1 to this many are hidden; groups of this size are left out.

    Returns
    -------
    tuple of GroupSurvival
        Groups by name, then ``Overall``.
    """
    zero = people["zero"][followed]
    time = _months(people["end_date"][followed], zero)
    entry = np.maximum(_months(people["entry_date"][followed], zero), 0.0)
    entry = np.where(np.isnan(entry), 0.0, entry)
    died = people["died"][followed].astype(bool)
    labels = group[followed]
    named = [(name, labels == name) for name in sizes if name != OVERALL]
    return tuple(
        _one(name, _Rows(time[mask], entry[mask], died[mask]), level, at, sizes[name], small_cells)
        for name, mask in [*named, (OVERALL, np.ones(time.size, dtype=bool))]
        if mask.sum() > (small_cells or 0)
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    time: NDArray[np.float64]
    entry: NDArray[np.float64]
    died: NDArray[np.bool_]


def _one(
    name: str, rows: _Rows, level: float, at: Sequence[float], size: int, small_cells: int | None
) -> GroupSurvival:
    late = rows.entry > 0
    entry = rows.entry if late.any() else None
    curve = kaplan_meier(rows.time, rows.died, level=level, entry=entry).curves[0]
    follow = reverse_kaplan_meier(rows.time, rows.died, level=level, entry=entry).curves[0]
    n = rows.time.size
    return GroupSurvival(
        group=name,
        n=shown_count(n, small_cells, within=size),
        deaths=shown_count(int(rows.died.sum()), small_cells, within=n),
        late_entries=shown_count(int(late.sum()), small_cells, within=n),
        follow_up=_limits(follow.median),
        survival=_limits(curve.median),
        at=tuple((float(month), *_survival_at(curve, float(month))) for month in at),
    )


def _months(end: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    days = (end - start).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.float64)) / DAYS_PER_MONTH


def _limits(found: Estimate) -> tuple[float | None, float | None, float | None]:
    mid, low, high = (
        None if math.isnan(v) else float(v) for v in (found.estimate, found.ci_low, found.ci_high)
    )
    return mid, low, high


def _survival_at(curve: SurvivalCurve, month: float) -> tuple[float, float, float]:
    found = curve.at(month)
    return float(found.estimate[0]), float(found.ci_low[0]), float(found.ci_high[0])
