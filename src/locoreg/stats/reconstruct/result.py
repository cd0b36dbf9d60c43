"""Reconstruct individual times from the points of a published survival curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.core.frames import frame
from locoreg.stats.reconstruct.grid import (
    CURVE_ENDS,
    EVENT_PLACES,
    CurveEnd,
    EventPlaces,
    Grid,
    make_grid,
    usual_places,
)
from locoreg.stats.reconstruct.placing import place, whole_counts
from locoreg.stats.reconstruct.readpoints import ReadPoints, clean_points, times_at_risk
from locoreg.stats.reconstruct.smoothing import Expected, expected_counts
from locoreg.stats.studies import check_option

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
# More persons than this are no arm of a trial; memory and time would grow with them.
MOST_PERSONS = 200_000
# A mean of courses that leaves the curve by more than this fits none of them.
WORST_MEAN = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reconstruction:
    """Individual times of one arm.

    Attributes
    ----------
    time : ndarray of float, shape (n,)
        Ends of follow-up, ascending; events come before censorings at the same time.
    event : ndarray of bool, shape (n,)
        Whether each is an event.
    points : ReadPoints
        The curve as read.
    interval_start, interval_stop : ndarray of float, shape (m,)
        Intervals between read points.
    interval_at_risk, interval_events, interval_censored : ndarray of int, shape (m,)
        At risk after the start of each, events and censorings up to its end. Persons who are left
        after the last interval are censored at its end.
    at_risk_times, at_risk : ndarray of float, shape (r,)
        Reported numbers at risk after time 0.
    unused_at_risk : ndarray of float
        Times of reported numbers that lie after the last read point.
    n : int
        Persons.
    total_events : int or None
        Events as reported.
    curve_end : {"follow-up", "cut"}
        Whether the curve ends with follow-up or with the picture.
    events_at : {"between", "points"}
        Where events stand: evenly between read points, or the last of each interval at its point.
    reading_error : float
        Standard deviation of reading survival that explains the points best.
    log_likelihood : float
        Log marginal likelihood of the read points.
    notes : tuple of str
        What was changed, assumed or could not be met.
    """

    time: FloatArray
    event: BoolArray
    points: ReadPoints
    interval_start: FloatArray
    interval_stop: FloatArray
    interval_at_risk: IntArray
    interval_events: IntArray
    interval_censored: IntArray
    at_risk_times: FloatArray
    at_risk: FloatArray
    unused_at_risk: FloatArray
    n: int
    total_events: int | None
    curve_end: CurveEnd
    events_at: EventPlaces
    reading_error: float
    log_likelihood: float
    notes: tuple[str, ...]

    @property
    def events(self) -> int:
        """Reconstructed events."""
        return int(self.event.sum())

    def number_at_risk(self, times: ArrayLike) -> IntArray:
        """Return how many have a time at or after each of the times."""
        asked = np.asarray(times, dtype=float)
        return np.asarray(self.n - np.searchsorted(self.time, asked, side="left"), dtype=np.int64)

    def curve(self, times: ArrayLike) -> FloatArray:
        """Return the Kaplan-Meier estimate of the reconstructed times."""
        return kaplan_meier_at(self.time, self.event, np.asarray(times, dtype=float))

    def to_dict(self) -> dict[str, Any]:
        """Return the reconstruction as JSON-ready values."""
        return {
            "n": self.n,
            "events": self.events,
            "total_events_reported": self.total_events,
            "curve_end": self.curve_end,
            "events_at": self.events_at,
            "reading_error": self.reading_error,
            "log_likelihood": self.log_likelihood,
            "time": self.time.tolist(),
            "event": self.event.astype(int).tolist(),
            "points": {
                "time": self.points.time.tolist(),
                "survival": self.points.survival.tolist(),
                "read": self.points.read,
                "repeated": self.points.repeated,
                "lowered": self.points.lowered,
                "largest_rise": self.points.largest_rise,
                "origin_added": self.points.origin_added,
            },
            "intervals": {
                "start": self.interval_start.tolist(),
                "stop": self.interval_stop.tolist(),
                "at_risk": self.interval_at_risk.tolist(),
                "events": self.interval_events.tolist(),
                "censored": self.interval_censored.tolist(),
            },
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person: time, event."""
        return frame({"time": self.time, "event": self.event.astype(int)})

    def summary(self) -> str:
        """Return what was reconstructed, in lines."""
        lines = [
            f"{self.n} persons, {self.events} events from {self.points.read} read points;"
            f" reading error about {self.reading_error:.1g}."
        ]
        return "\n".join([*lines, *self.notes])


def kaplan_meier_at(time: FloatArray, event: BoolArray, times: FloatArray) -> FloatArray:
    """Kaplan-Meier estimate at chosen times, from times sorted with events first."""
    n = time.size
    factor = np.where(event, 1 - 1 / (n - np.arange(n)), 1.0)
    return np.asarray(np.r_[1.0, np.cumprod(factor)][np.searchsorted(time, times, side="right")])


def reconstruct(
    time: ArrayLike,
    survival: ArrayLike,
    *,
    n: int,
    at_risk_times: ArrayLike | None = None,
    at_risk: ArrayLike | None = None,
    total_events: int | None = None,
    curve_end: CurveEnd = "follow-up",
    events_at: EventPlaces | None = None,
) -> Reconstruction:
    """Reconstruct individual times from points of a Kaplan-Meier curve.

    Parameters
    ----------
    time, survival : array_like, shape (k,)
        Points read off the curve: times from 0 on, and proportions (not percent). Two points with
        one time are the upper and lower end of a step.
    n : int
        Persons at time 0.
    at_risk_times, at_risk : array_like, shape (r,), optional
        The numbers at risk below the curve (just before each time).
    total_events : int, optional
        Events of the arm, where they are reported.
    curve_end : {"follow-up", "cut"}
        Where no number at risk follows: whether the curve ends with follow-up, so that censoring
        gets more likely towards the end, or is cut by the picture, so that it does not.
    events_at : {"between", "points"}, optional
        Where the events of an interval stand: evenly inside it, or with the last one at the second
        point, as it is if points were read at the steps. If not given, ``points`` for unevenly
        spaced points of which each is lower than the one before; the result says which.

    Returns
    -------
    Reconstruction
        Times, events, counts per interval, notes.

    Raises
    ------
    DataError
        If points or numbers can't be used, or no course of n persons gives them.

    Notes
    -----
    As in Guyot et al. [1]_, numbers of events and censorings are sought between read points that
    give back the curve and the numbers at risk. Instead of iterating on one number of censorings
    per interval of the risk table, with no censoring where there is none, the numbers are the
    posterior means of a hidden Markov model: whole numbers of events leave marks in the heights of
    steps, d / N, and these tell the number at risk even without a risk table as long as the curve
    is read precisely. The error of reading is estimated from the points.

    References
    ----------
    .. [1] Guyot P, Ades AE, Ouwens MJNM, Welton NJ (2012). BMC Medical Research Methodology 12:9.
       doi:10.1186/1471-2288-12-9

    Examples
    --------
    >>> made = reconstruct([2, 4, 7], [0.75, 0.5, 0.5], n=4)
    >>> made.n, made.events
    (4, 2)
    """
    check_option("curve_end", curve_end, CURVE_ENDS)
    persons = _whole("n", n, 1, MOST_PERSONS)
    events = None if total_events is None else _whole("total_events", total_events, 0, persons)
    points = clean_points(time, survival)
    taus, numbers = times_at_risk(at_risk_times, at_risk, persons)
    grid = make_grid(points.time, points.survival, taus, numbers, curve_end)
    expected = expected_counts(grid, persons, events, curve_end)
    places = usual_places(points.time, points.survival)
    if events_at is not None:
        check_option("events_at", events_at, EVENT_PLACES)
        places = events_at
    d, c, times, marks = _placed(grid, persons, expected, events, places)
    return Reconstruction(
        time=times,
        event=marks,
        points=points,
        interval_start=grid.time[:-1],
        interval_stop=grid.time[1:],
        interval_at_risk=np.asarray(persons - np.r_[0, np.cumsum(d + c)[:-1]], dtype=np.int64),
        interval_events=d,
        interval_censored=c,
        at_risk_times=taus,
        at_risk=numbers,
        unused_at_risk=taus[taus > points.time[-1]],
        n=persons,
        total_events=events,
        curve_end=curve_end,
        events_at=places,
        reading_error=expected.error,
        log_likelihood=expected.log_likelihood,
        notes=_notes(grid, points, expected, taus, events, int(d.sum())),
    )


def _placed(
    grid: Grid, n: int, expected: Expected, total_events: int | None, places: EventPlaces
) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Place expected counts, or the likeliest ones where the mean of several courses fits none."""
    d, c = whole_counts(expected.events, expected.censored, n, total_events, grid.survival[1:])
    times, marks = place(grid, n, d, c, places)
    miss = _miss(grid, times, marks)
    off = 0 if total_events is None else abs(int(d.sum()) - total_events)
    if miss <= WORST_MEAN and not off:
        return d, c, times, marks
    other = expected.likeliest_events, expected.likeliest_censored
    d2, c2 = (np.asarray(count, dtype=np.int64) for count in other)
    times2, marks2 = place(grid, n, d2, c2, places)
    off2 = 0 if total_events is None else abs(int(d2.sum()) - total_events)
    if off2 < off or (off2 == off and _miss(grid, times2, marks2) < miss):
        return d2, c2, times2, marks2
    return d, c, times, marks


def _miss(grid: Grid, time: FloatArray, event: BoolArray) -> float:
    last = np.r_[np.diff(grid.time) > 0, True]
    fitted = kaplan_meier_at(time, event, grid.time[last])
    return float(np.abs(fitted - grid.survival[last]).max())


def _whole(name: str, value: int, least: int, most: int) -> int:
    if isinstance(value, bool) or value != int(value) or not least <= value <= most:
        raise DataError(f"{name} must be a whole number from {least} to {most}, not {value}.")
    return int(value)


def _notes(
    grid: Grid,
    points: ReadPoints,
    expected: Expected,
    taus: FloatArray,
    reported: int | None,
    made: int,
) -> tuple[str, ...]:
    notes = []
    if points.origin_added:
        notes.append("The point (0, 1) was added.")
    if points.repeated:
        notes.append(f"{points.repeated} repeated points were left out.")
    if points.lowered:
        notes.append(
            f"{points.lowered} points that rose, by {points.largest_rise:.3g} at most, were"
            " lowered to the point before."
        )
    split = grid.m + 1 - points.time.size
    if split:
        notes.append(f"{split} points were interpolated: numbers at risk lie closer than points.")
    late = int((taus > points.time[-1]).sum())
    if late:
        notes.append(f"{late} numbers at risk after the last read point were not used.")
    if not taus.size or taus.size == late:
        notes.append(
            "There are no numbers at risk: censoring follows from the heights of the steps"
            " and from an assumption on when persons leave."
        )
    if reported is not None and made != reported:
        notes.append(f"{made} events were reconstructed, but {reported} are reported.")
    if expected.error >= 5e-3:
        notes.append(f"The points are read with an error of about {expected.error:.2g}.")
    return tuple(notes)
