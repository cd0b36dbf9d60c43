"""Survival of a cohort and its groups: curves, what is read off them, restricted means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.jsontext import json_ready
from locoreg.core.numbertext import decimal_text
from locoreg.core.provenance import Provenance
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.describe.followup import GroupSurvival
from locoreg.registry.describe.people import People
from locoreg.registry.describe.tableone import OVERALL
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.workflows.curves.counts import count_table
from locoreg.workflows.curves.landmarks import landmarks_of, median_of
from locoreg.workflows.curves.report import CurveReport
from locoreg.workflows.curves.shown import ShownCurve, shown_curves
from locoreg.workflows.curves.ticks import axis_end, time_ticks

UNIT = "months"
ALL = "all"
ALL_PATIENTS = "All patients"
# More curves can't be told apart.
MOST_GROUPS = 8
HIDDEN = "hidden: too few patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMean:
    """Restricted mean survival time of a group.

    Attributes
    ----------
    group : str
        The group.
    rmst : Estimate or None
        In months; None where there is none.
    text : str
        The estimate with its interval, or why there is none.
    """

    group: str
    rmst: Estimate | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortCurves:
    """Curves of a cohort.

    Attributes
    ----------
    report : CurveReport
        Curves with medians, counts and survival at chosen months.
    means : tuple of GroupMean
        Restricted means up to ``horizon``.
    horizon : float
        Months.
    not_drawn : tuple of str
        Groups with too few patients or deaths, or that would give such a group away.
    """

    report: CurveReport
    means: tuple[GroupMean, ...]
    horizon: float
    not_drawn: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return the restricted means in words, for the figure."""
        known = [m for m in self.means if m.rmst is not None]
        if not known:
            return ()
        one = len(self.means) == 1
        said = "; ".join(m.text if one else f"{m.group} {m.text}" for m in known)
        return (f"Restricted mean survival time to {self.horizon:g} months: {said}",)

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the steps of the curves as drawn, in percent; the header first."""
        report = self.report
        rows: list[tuple[Any, ...]] = [("Group", "Months", "Alive, %", "Lower", "Upper")]
        for curve in report.curves:
            name = ALL_PATIENTS if curve.stratum == ALL else curve.stratum
            for one in shown_curves(curve, report.small_cells):
                steps = zip(one.time, one.estimate, one.ci_low, one.ci_high, strict=True)
                rows += [
                    (name, *np.round((t, 100 * s, 100 * a, 100 * b), 2).tolist())
                    for t, s, a, b in steps
                ]
        return rows

    def readings(self) -> dict[str, Any]:
        """Return the curves as drawn, read off at each whole month, for the cursor.

        Returns
        -------
        dict
            ``end`` of the axis, ``months``, and per group ``survival``, ``low`` and ``high``: null
            after its end and where nothing is shown.
        """
        report = self.report
        last = max(float(curve.time[-1]) for curve in report.curves)
        end = axis_end(time_ticks(last, UNIT, report.until), last, report.until)
        months = np.arange(0, int(np.floor(end)) + 1)
        shown = [one for curve in report.curves for one in shown_curves(curve, report.small_cells)]
        found: dict[str, Any] = json_ready(
            {
                "end": end,
                "months": months.tolist(),
                "as_drawn": report.small_cells is not None,
                "groups": [_read_off(one, months.astype(np.float64)) for one in shown],
            }
        )
        return found


def _read_off(shown: ShownCurve, months: NDArray[np.float64]) -> dict[str, Any]:
    name = ALL_PATIENTS if shown.stratum == ALL else shown.stratum
    place = np.searchsorted(shown.time, months + 1e-8, side="right")
    out: dict[str, Any] = {"name": name}
    for key, values in (
        ("survival", shown.estimate),
        ("low", shown.ci_low),
        ("high", shown.ci_high),
    ):
        whole = np.concatenate(([shown.start], values))[place]
        gone = (months > shown.end + 1e-8) | shown.hidden
        out[key] = np.round(np.where(gone, np.nan, 100 * whole), 1).tolist()
    return out


def cohort_curves(
    people: People,
    followed: NDArray[np.bool_],
    group: NDArray[Any] | None,
    *,
    survival: Sequence[GroupSurvival],
    source: str,
    sha256: str,
    level: float,
    at: Sequence[float],
    horizon: float,
    origin: str,
    after_time_zero: bool,
    small_cells: int | None,
    options: Mapping[str, Any],
) -> CohortCurves | None:
    """Estimate the curves of a cohort.

    Parameters
    ----------
    people : dict
        One row per patient; ``zero`` is where times count from.
    followed : ndarray of bool, shape (n,)
        Patients of the curves.
    group : ndarray of object, shape (n,), or None
        Group of each patient.
    survival : sequence of GroupSurvival
        Of the description: groups that it hides in part are not drawn.
    source, sha256 : str
        Name and hash of the registry.
    level : float
        Level of the intervals in percent.
    at : sequence of float
        Months at which survival is given.
    horizon : float
        Months of the restricted mean.
    origin : str
        What times count from, in words.
    after_time_zero : bool
        Whether groups were defined later than that.
    small_cells : int or None
        Counts from 1 to this many patients are hidden.
    options : mapping
        What was asked, for the provenance.

    Returns
    -------
    CohortCurves or None
        None where no group can be drawn, or more than `MOST_GROUPS`.
    """
    named = [one for one in survival if group is None or one.group != OVERALL]
    drawn = [one.group for one in named if _drawable(one, small_cells)]
    not_drawn = tuple(one.group for one in named if one.group not in drawn)
    labels = np.full(followed.size, OVERALL, dtype=object) if group is None else group
    rows = followed & np.isin(labels, drawn)
    if not rows.any() or len(drawn) > MOST_GROUPS:
        return None
    time, entry, died = _times(people, rows)
    strata = None if group is None else labels[rows].astype(str)
    curves = kaplan_meier(
        time, died, level=level, strata=strata, entry=entry if entry.any() else None
    )
    shown_at = _shown_at(survival, drawn, at)
    last = max(float(curve.time[-1]) for curve in curves)
    report = CurveReport(
        file=source,
        columns={"time": "months", "event": "death", **({} if group is None else {"by": "group"})},
        rows=int(rows.sum()),
        left_out=(),
        curves=curves,
        medians=tuple(median_of(curve, small_cells) for curve in curves),
        landmarks=landmarks_of(curves, shown_at, small_cells),
        counts=tuple(
            count_table(
                curve,
                time_ticks(last, UNIT, None),
                delayed_entry=curves.delayed_entry,
                weighted=False,
                small_cells=small_cells,
            )
            for curve in curves
        ),
        rmst=None,
        difference=None,
        logrank=None,
        unit=UNIT,
        origin=origin,
        weighting="",
        after_time_zero=after_time_zero,
        small_cells=small_cells,
        until=None,
        provenance=Provenance(input_sha256=sha256, options=dict(options)),
    )
    means = tuple(_mean(name, time, died, entry, strata, horizon, level, report) for name in drawn)
    return CohortCurves(report=report, means=means, horizon=horizon, not_drawn=not_drawn)


def _drawable(one: GroupSurvival, small_cells: int | None) -> bool:
    """Whether the description shows how many patients of a group were followed and died."""
    if small_cells is None:
        return one.n.n != 0
    return None not in (one.n.n, one.deaths.n) and one.n.n != 0


def _shown_at(
    survival: Sequence[GroupSurvival], drawn: Sequence[str], at: Sequence[float]
) -> tuple[float, ...]:
    """Return the months at which the description hides no curve that is drawn."""
    hidden = {row[0] for one in survival if one.group in drawn for row in one.at if row[1] is None}
    return tuple(month for month in at if month not in hidden)


def _times(
    people: People, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return months of exit and entry, and who died, as the description counts them."""
    zero = people["zero"][rows]
    time, entry = (_months(people[name][rows], zero) for name in ("end_date", "entry_date"))
    entry = np.where(np.isnan(entry), 0.0, np.maximum(entry, 0.0))
    return time, entry, people["died"][rows].astype(bool)


def _months(end: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    days = (end - start).astype("timedelta64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.float64)) / DAYS_PER_MONTH


def _mean(
    name: str,
    time: NDArray[np.float64],
    died: NDArray[np.bool_],
    entry: NDArray[np.float64],
    strata: NDArray[Any] | None,
    horizon: float,
    level: float,
    report: CurveReport,
) -> GroupMean:
    mine = np.ones(time.size, dtype=bool) if strata is None else strata == name
    curve = next(c for c in report.curves if c.stratum == (ALL if strata is None else name))
    read = landmarks_of([curve], [horizon], report.small_cells)[0]  # type: ignore[arg-type]
    if read.state == "hidden":
        return GroupMean(group=name, rmst=None, text=HIDDEN)
    try:
        found = rmst(
            time[mine],
            died[mine],
            horizon=horizon,
            level=level,
            entry=entry[mine] if entry[mine].any() else None,
        ).means[0]
    except DesignError as error:
        return GroupMean(group=name, rmst=None, text=f"none: {error.message}")
    mid, low, high = (
        decimal_text(v, 1) for v in (found.rmst.estimate, found.rmst.ci_low, found.rmst.ci_high)
    )
    gap = "" if not found.unobserved else f"; nobody at risk in {found.unobserved:.1f} of them"
    return GroupMean(group=name, rmst=found.rmst, text=f"{mid} ({low} to {high}){gap}")
