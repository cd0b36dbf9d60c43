"""Follow-up and survival from time zero, with delayed entry; who can't be followed is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.estimate import Estimate
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.describe.counts import Count, shown_flow
from locoreg.registry.describe.crossed import hide_crossed
from locoreg.registry.describe.people import People
from locoreg.registry.describe.suppression import SHOWN, SMALL
from locoreg.registry.describe.tableone import OVERALL
from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.survivalcurves import kaplan_meier, reverse_kaplan_meier

Limits = tuple[float | None, float | None, float | None]
_NOTHING: Limits = (None, None, None)


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
        not reached, and where it is hidden.
    at : tuple of (float, float or None, float or None, float or None)
        Month, survival and its limits; None where they are hidden.
    hidden : tuple of str
        What is hidden because few patients make it: ``follow_up``, ``survival``.
    """

    group: str
    n: Count
    deaths: Count
    late_entries: Count
    follow_up: Limits
    survival: Limits
    at: tuple[tuple[float, float | None, float | None, float | None], ...]
    hidden: tuple[str, ...] = ()

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
            "hidden": list(self.hidden),
            "at": [
                {
                    **dict(zip(("month", "survival", "ci_low", "ci_high"), row, strict=True)),
                    "hidden": row[1] is None,
                }
                for row in self.at
            ],
        }


def steps_of(
    people: People,
    criteria: Sequence[tuple[str, NDArray[np.bool_]]] = (),
    landmark_months: float = 0.0,
) -> tuple[tuple[tuple[str, int], ...], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the steps of the flow, whom Table 1 describes, and who can be followed.

    Parameters
    ----------
    people : dict
        From ``people_at``.
    criteria : sequence of (str, ndarray of bool)
        Further steps after time zero, in order: words, and who passes.
    landmark_months : float
        Where above 0: patients are alive and followed so long after time zero.

    Returns
    -------
    steps : tuple of (str, int)
        What is asked and the patients left: from all of them down to those followed.
    described, followed : ndarray of bool, shape (n,)
        Patients of Table 1, and of the curves; with a landmark the same.
    """
    end, zero = people["end_date"], people["zero"]
    with_zero = ~np.isnat(zero)
    entry = np.where(np.isnat(people["entry_date"]), zero, people["entry_date"])
    start = np.maximum(zero, entry)
    questions = [
        ("have a time zero", with_zero),
        *criteria,
        ("vital status known", ~people["status_unknown"]),
        ("day of death known, if dead", ~people["death_undated"]),
        ("last contact or death known", ~np.isnat(end)),
        ("last contact or death not before time zero", people["end_latest"] > zero),
        ("order of the two known", end > zero),
        ("entered before the end of follow-up", start < end),
    ]
    if landmark_months > 0:
        beyond = end > from_landmark(people, landmark_months)["zero"]
        months = f"{landmark_months:g} {'month' if landmark_months == 1 else 'months'}"
        questions.append((f"alive and followed {months} after time zero", beyond))
    remaining = np.ones(zero.size, dtype=bool)
    steps = [("in the registry", zero.size)]
    described = remaining
    for place, (label, passed) in enumerate(questions):
        remaining = remaining & passed
        steps.append((label, int(remaining.sum())))
        described = remaining if place <= len(criteria) else described
    return tuple(steps), remaining if landmark_months > 0 else described, remaining


def from_landmark(people: People, months: float) -> People:
    """Return patients with time zero moved to a landmark, whole days after it.

    Parameters
    ----------
    people : dict
        From ``people_at``.
    months : float
        Months of 30.4375 days from time zero to the landmark; 0 changes nothing.

    Returns
    -------
    dict of str to ndarray
        The same with another ``zero``.
    """
    if not months:
        return people
    days = np.timedelta64(round(months * DAYS_PER_MONTH), "D")
    return people | {"zero": people["zero"] + days}


def flow_of(
    steps: Sequence[tuple[str, int]], *, last: Count, small_cells: int | None
) -> tuple[Step, ...]:
    """Return the flow of patients as shown.

    Parameters
    ----------
    steps : sequence of (str, int)
        From ``steps_of``.
    last : Count
        The patients followed, as the curves show them.
    small_cells : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    tuple of Step
        From all patients of the registry down to those followed.
    """
    shown = shown_flow([n for _, n in steps], small_cells, last=last)
    return tuple(
        Step(label=label, left_out=gone, remaining=left)
        for (label, _), (gone, left) in zip(steps, shown, strict=True)
    )


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
        Counts from 1 to this many are hidden, and what would give them away: medians and survival
        that rest on so few deaths (or survivors) included.

    Returns
    -------
    tuple of GroupSurvival
        Groups in the order of ``sizes``.
    """
    zero = people["zero"][followed]
    time = _months(people["end_date"][followed], zero)
    entry = np.maximum(_months(people["entry_date"][followed], zero), 0.0)
    entry = np.where(np.isnan(entry), 0.0, entry)
    died = people["died"][followed].astype(bool)
    labels = group[followed]
    rows = [
        _Rows(time[mask], entry[mask], died[mask])
        for name in sizes
        for mask in [labels == name if name != OVERALL else np.ones(time.size, dtype=bool)]
    ]
    numbers = [one.time.size for one in rows]
    deaths = [int(one.died.sum()) for one in rows]
    late = [int((one.entry > 0).sum()) for one in rows]
    shown = [
        _parts(*pair, small_cells)
        for pair in ((numbers, list(sizes.values())), (deaths, numbers), (late, numbers))
    ]
    hidden_at = _hidden_at(rows, at, small_cells)
    return tuple(
        _one(name, rows[g], level, at, [part[g] for part in shown], hidden_at[g], small_cells)
        for g, name in enumerate(sizes)
    )


def _parts(counts: Sequence[int], wholes: Sequence[int], limit: int | None) -> list[Count]:
    """Return parts of groups as shown; the last group is all others together."""
    table = np.array([counts, np.subtract(wholes, counts)], dtype=np.int64)
    state = hide_crossed(table, limit)
    out = []
    for place, (count, whole) in enumerate(zip(counts, wholes, strict=True)):
        if state[0, place] == SHOWN:
            out.append(Count(f"{count:,}", count))
        elif state[0, place] == SMALL:
            out.append(Count(f"≤{limit}", None))
        elif state[1, place] == SMALL and limit is not None:
            out.append(Count(f"≥{max(whole - limit, 0):,}", None))
        else:
            out.append(Count("hidden", None))
    return out


def _hidden_at(rows: Sequence[_Rows], at: Sequence[float], limit: int | None) -> list[list[bool]]:
    """Say for each group, the last being all together, at which months survival is hidden.

    It is where few died up to the month, few were left at it, or few died since the last month
    that is shown or until the end. A group that is hidden alone takes another one with it. All
    together are hidden by that rule alone: a description without groups shows them the same way.
    """
    out = [[False] * len(at) for _ in rows]
    if limit is None:
        return out
    for g, one in enumerate(rows):
        last, total = 0, int(one.died.sum())
        for place in np.argsort(np.asarray(at, dtype=float), kind="stable"):
            dead = one.dead_by(at[place])
            steps = (dead, dead - last, total - dead, one.time.size - dead)
            if any(1 <= step <= limit for step in steps):
                out[g][place] = True
            else:
                last = dead
    if len(rows) > 2:
        for place, month in enumerate(at):
            _hide_with(rows, out, place, month, limit)
    return out


def _hide_with(
    rows: Sequence[_Rows], out: list[list[bool]], place: int, month: float, limit: int
) -> None:
    """Hide further curves at a month where all together, less the others, give one away."""
    groups = range(len(rows) - 1)
    hidden = [g for g in groups if out[g][place]]
    if not hidden or out[-1][place]:
        return
    for g in sorted((g for g in groups if not out[g][place]), key=lambda g: rows[g].time.size):
        deaths = sum(rows[one].dead_by(month) for one in hidden)
        if len(hidden) > 1 and not 1 <= deaths <= limit:
            return
        out[g][place] = True
        hidden.append(g)


@dataclass(frozen=True, slots=True)
class _Rows:
    time: NDArray[np.float64]
    entry: NDArray[np.float64]
    died: NDArray[np.bool_]

    def dead_by(self, month: float) -> int:
        return int(np.sum(self.died & (self.time <= month)))


def _one(
    name: str,
    rows: _Rows,
    level: float,
    at: Sequence[float],
    shown: Sequence[Count],
    hidden_at: Sequence[bool],
    limit: int | None,
) -> GroupSurvival:
    n, deaths = rows.time.size, int(rows.died.sum())
    few_dead, few_left = (limit is not None and 1 <= k <= limit for k in (deaths, n - deaths))
    if n == 0 or (limit is not None and n <= limit):
        few_dead = few_left = True
        hidden_at = [True] * len(at)
    if n == 0:
        return GroupSurvival(
            group=name,
            n=shown[0],
            deaths=shown[1],
            late_entries=shown[2],
            follow_up=_NOTHING,
            survival=_NOTHING,
            at=(),
        )
    entry = rows.entry if (rows.entry > 0).any() else None
    curve = kaplan_meier(rows.time, rows.died, level=level, entry=entry).curves[0]
    follow = reverse_kaplan_meier(rows.time, rows.died, level=level, entry=entry).curves[0]
    return GroupSurvival(
        group=name,
        n=shown[0],
        deaths=shown[1],
        late_entries=shown[2],
        follow_up=_NOTHING if few_left else _limits(follow.median),
        survival=_NOTHING if few_dead else _limits(curve.median),
        at=tuple(
            (float(month), None, None, None)
            if hide
            else (float(month), *_survival_at(curve, float(month)))
            for month, hide in zip(at, hidden_at, strict=True)
        ),
        hidden=tuple(
            what for what, hide in (("follow_up", few_left), ("survival", few_dead)) if hide
        ),
    )


def _months(end: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    days = (end - start).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.float64)) / DAYS_PER_MONTH


def _limits(found: Estimate) -> Limits:
    mid, low, high = (
        None if math.isnan(v) else float(v) for v in (found.estimate, found.ci_low, found.ci_high)
    )
    return mid, low, high


def _survival_at(curve: SurvivalCurve, month: float) -> tuple[float, float, float]:
    found = curve.at(month)
    return float(found.estimate[0]), float(found.ci_low[0]), float(found.ci_high[0])
