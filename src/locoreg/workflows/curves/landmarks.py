"""Medians, and survival or incidence at chosen times, read off the curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text
from locoreg.stats.curves import SurvivalCurve, SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidence, CumulativeIncidences
from locoreg.stats.survivaldata import IntArray
from locoreg.workflows.curves.counts import SAME_TIME, patients
from locoreg.workflows.curves.courses import courses

NOT_REACHED, HIDDEN = "not reached", "hidden"
State = Literal["estimated", "no event yet", "beyond follow-up", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """Median time of one group; NaN where the curve or its limit does not come down to a half.

    ``hidden`` says that the small-cell rule hides it.
    """

    stratum: str
    median: float
    ci_low: float
    ci_high: float
    hidden: bool = False

    @property
    def text(self) -> str:
        """``24.3 (18.1 to not reached)``."""
        if self.hidden:
            return HIDDEN
        size = self.ci_low if math.isnan(self.median) else self.median
        digits = 2 if size < 10 else 1
        mid, low, high = (
            time_words(value, digits) for value in (self.median, self.ci_low, self.ci_high)
        )
        if math.isnan(self.median) and math.isnan(self.ci_low):
            return NOT_REACHED
        return f"{mid} ({low} to {high})"

    def to_dict(self) -> dict[str, Any]:
        """Return the median as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "median": self.median,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "state": HIDDEN
            if self.hidden
            else NOT_REACHED
            if math.isnan(self.median)
            else "estimated",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """Survival, or incidence of a cause, of one group at one time.

    Attributes
    ----------
    stratum, cause : str
        Group; cause of the event, empty for survival.
    time : float
        The time.
    estimate, ci_low, ci_high : float
        Proportions; NaN where there are none.
    state : {"estimated", "no event yet", "beyond follow-up", "hidden"}
        Whether there is a number, and if not, why.
    """

    stratum: str
    cause: str
    time: float
    estimate: float
    ci_low: float
    ci_high: float
    state: State

    @property
    def text(self) -> str:
        """``84.3 (76.1 to 90.0)``, in percent."""
        if self.state in ("beyond follow-up", "hidden"):
            return self.state
        mid = percent_words(self.estimate)
        if math.isnan(self.ci_low) or math.isnan(self.ci_high) or self.state == "no event yet":
            return f"{mid} ({'no event yet' if self.state == 'no event yet' else 'no interval'})"
        return f"{mid} ({percent_words(self.ci_low)} to {percent_words(self.ci_high)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON-ready values."""
        out: dict[str, Any] = {"stratum": self.stratum}
        if self.cause:
            out["cause"] = self.cause
        return {
            **out,
            "time": self.time,
            "estimate": self.estimate,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "state": self.state,
        }


def time_words(value: float, digits: int) -> str:
    """Return a time with so many decimals, or ``not reached``."""
    return NOT_REACHED if math.isnan(value) else decimal_text(value, digits)


def percent_words(value: float) -> str:
    """Return a proportion in percent with one decimal; 100.0 and 0.0 only where they are exact."""
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<0.1"
    if 99.95 <= percent < 100 - 1e-9:
        return ">99.9"
    return f"{percent:.1f}"


def median_of(curve: SurvivalCurve, small_cells: int | None = None) -> Median:
    """Return the median time of a survival curve.

    Parameters
    ----------
    curve : SurvivalCurve
        The curve.
    small_cells : int, optional
        The median of this many patients or events, or fewer, is hidden.

    Returns
    -------
    Median
        Where the curve and its pointwise limits cross a half (Brookmeyer and Crowley 1982).
    """
    if small_cells is not None and is_few(curve, curve.time.size, curve.events, small_cells):
        nothing = math.nan
        return Median(
            stratum=curve.stratum, median=nothing, ci_low=nothing, ci_high=nothing, hidden=True
        )
    median = curve.median
    return Median(
        stratum=curve.stratum,
        median=median.estimate,
        ci_low=median.ci_low,
        ci_high=median.ci_high,
    )


def landmarks_of(
    curves: SurvivalCurves | CumulativeIncidences,
    times: Sequence[float],
    small_cells: int | None = None,
) -> tuple[Landmark, ...]:
    """Read curves off at chosen times.

    Parameters
    ----------
    curves : SurvivalCurves or CumulativeIncidences
        All groups.
    times : sequence of float
        Times from 0 on.
    small_cells : int, optional
        A number that rests on this many patients or fewer is hidden.

    Returns
    -------
    tuple of Landmark
        By group, cause and time.

    Raises
    ------
    DesignError
        If a time is negative or not a number.
    """
    for time in times:
        if not (math.isfinite(time) and time >= 0):
            raise DesignError(
                f"survival can't be read off at {time:g}.", hint="give times from 0 on."
            )
    return tuple(
        found
        for curve in curves
        for time in times
        for found in _at(curve, float(time), small_cells)
    )


def _at(
    curve: SurvivalCurve | CumulativeIncidence, time: float, small_cells: int | None
) -> Iterator[Landmark]:
    # Events at the time itself count.
    after = int(np.searchsorted(curve.time, time + SAME_TIME * max(1.0, time), side="right"))
    left = curve.estimate[-1] if isinstance(curve, SurvivalCurve) else curve.event_free[-1]
    beyond = time > curve.time[-1] * (1 + SAME_TIME) + SAME_TIME and left > 0
    for course in courses(curve):
        state: State = "estimated"
        values = (course.estimate, course.ci_low, course.ci_high)
        numbers = [float(v[after - 1]) if after else course.start for v in values]
        if beyond:
            numbers, state = [math.nan] * 3, "beyond follow-up"
        elif small_cells is not None and is_few(curve, after, course.events, small_cells):
            numbers, state = [math.nan] * 3, "hidden"
        elif not course.events[:after].any():
            state = "no event yet"
        yield Landmark(
            stratum=curve.stratum,
            cause=course.cause,
            time=time,
            estimate=numbers[0],
            ci_low=numbers[1],
            ci_high=numbers[2],
            state=state,
        )


def is_few(
    curve: SurvivalCurve | CumulativeIncidence, after: int, events: IntArray, limit: int
) -> bool:
    """Return whether a number read off after so many times rests on few patients.

    Parameters
    ----------
    curve : SurvivalCurve or CumulativeIncidence
        The group.
    after : int
        Times up to the one read off.
    events : ndarray of int
        Events of the cause at each time.
    limit : int
        What counts as few.

    Returns
    -------
    bool
        Whether the group, or the events so far, are 1 to ``limit``, or no more than ``limit`` are
        at risk at the last time before its last one.
    """
    so_far = int(events[:after].sum())
    last = min(after, curve.time.size - 1)
    at_risk = int(curve.at_risk[last]) if after < curve.time.size else limit + 1
    return patients(curve) <= limit or 0 < so_far <= limit or at_risk <= limit
