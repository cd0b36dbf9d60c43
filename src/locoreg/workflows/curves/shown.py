"""The steps of a curve that are drawn and handed out, after the small-cell rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.incidence import CumulativeIncidence
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray
from locoreg.workflows.curves.counts import patients
from locoreg.workflows.curves.courses import courses
from locoreg.workflows.curves.smallcells import joined_steps

# A curve is thin where fewer than this many patients, or this part of the group, remain.
FEW_PATIENTS = 10
FEW_PART = 0.10
# Digits of a curve that is handed out under the small-cell rule: more would give counts away.
ROUNDED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCurve:
    """One step curve as it is shown.

    Attributes
    ----------
    stratum : str
        Group.
    cause : str
        Cause of the event; empty for survival.
    time, estimate, ci_low, ci_high : ndarray of float, shape (m,)
        Steps and pointwise limits, NaN where there are none. All times of follow-up; under the
        small-cell rule only those where a step stands for enough events.
    few : ndarray of bool, shape (m,)
        Whether fewer than 10 patients, or than 10% of the largest number at risk, are at risk in
        the stretch that ends at each time.
    start : float
        Value at time 0: 1 for survival, 0 for incidence.
    end : float
        Where the curve ends: at the last follow-up, or the last step shown.
    censored : ndarray of float
        Times at which patients were censored; none under the small-cell rule.
    hidden : bool
        Whether the rule leaves nothing of the curve.
    """

    stratum: str
    cause: str
    time: FloatArray
    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    few: BoolArray
    start: float
    end: float
    censored: FloatArray
    hidden: bool

    def at(self, time: float) -> float:
        """Return the value at a time, carried on after the end."""
        i = int(np.searchsorted(self.time, time, side="right"))
        return self.start if i == 0 else float(self.estimate[i - 1])

    def to_dict(self) -> dict[str, Any]:
        """Return the steps as JSON-ready values, rounded."""
        out: dict[str, Any] = {"stratum": self.stratum}
        if self.cause:
            out["cause"] = self.cause
        for name in ("time", "estimate", "ci_low", "ci_high"):
            out[name] = np.round(getattr(self, name), ROUNDED).tolist()
        return out


def shown_curves(
    curve: SurvivalCurve | CumulativeIncidence, small_cells: int | None
) -> Iterator[ShownCurve]:
    """Yield the curves of a group: one for survival, one per cause for incidence.

    Parameters
    ----------
    curve : SurvivalCurve or CumulativeIncidence
        The group.
    small_cells : int, optional
        No step stands for this many patients or fewer.

    Yields
    ------
    ShownCurve
        What may be seen.
    """
    few = _few(curve.at_risk)
    marks = curve.time[curve.censored > 0] if small_cells is None else np.empty(0)
    for course in courses(curve):
        kept, end, hidden = _kept(curve, course.events, small_cells)
        yield ShownCurve(
            stratum=curve.stratum,
            cause=course.cause,
            time=curve.time[kept],
            estimate=course.estimate[kept],
            ci_low=course.ci_low[kept],
            ci_high=course.ci_high[kept],
            few=few[kept],
            start=course.start,
            end=end,
            censored=marks,
            hidden=hidden,
        )


def _few(at_risk: IntArray) -> BoolArray:
    largest = int(at_risk.max(initial=0))
    return (at_risk < FEW_PATIENTS) | (at_risk < FEW_PART * largest)


def _kept(
    curve: SurvivalCurve | CumulativeIncidence, events: IntArray, limit: int | None
) -> tuple[IntArray, float, bool]:
    """Return the positions that are shown, where the curve ends, and whether it is hidden."""
    if limit is None:
        return np.arange(curve.time.size), float(curve.time[-1]), False
    if patients(curve) <= limit:
        return np.empty(0, dtype=np.int64), 0.0, True
    kept, last, hidden = joined_steps(events, curve.at_risk, limit)
    return kept, float(curve.time[last]) if last >= 0 else 0.0, hidden
