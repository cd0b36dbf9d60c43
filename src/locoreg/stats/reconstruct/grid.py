"""Intervals between read points: what is known about each before any person is placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CurveEnd = Literal["follow-up", "cut"]
CURVE_ENDS: tuple[CurveEnd, ...] = ("follow-up", "cut")
EventPlaces = Literal["between", "points"]
EVENT_PLACES: tuple[EventPlaces, ...] = ("between", "points")
# Widths that vary less than this are a grid that somebody chose, not the steps of the curve.
EVEN_WIDTHS = 0.05
# The hazard of the event is smoothed over this part of the time axis.
BANDWIDTH = 0.08
# Share of an average hazard mixed in, so that no interval has hazard 0.
MIXED_IN = 0.05
# Exits at the very time of a reported number at risk still count as at risk there.
MOST_BEFORE = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reported number at risk that lies in, or after, an interval.

    Attributes
    ----------
    interval : int
        Interval (from 0) in which the time lies.
    time, number : float
        The time and the number at risk there.
    share : float
        Part of that interval before the time.
    survival : float
        Survival there, interpolated between read points.
    """

    interval: int
    time: float
    number: float
    share: float
    survival: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The m intervals between read points.

    Attributes
    ----------
    time, survival : ndarray of float, shape (m + 1,)
        Points that bound the intervals.
    blur : ndarray of float, shape (m,)
        Standard deviation of survival at the end of an interval beyond the error of reading: not 0
        where the point was interpolated.
    exposure : ndarray of float, shape (m,)
        Integral of the assumed shape of the hazard of censoring.
    hazard : ndarray of float, shape (m,)
        Smoothed cumulative hazard of the event in the interval.
    targets : tuple of Target or None, length m
        The next reported number at risk from each interval on.
    """

    time: FloatArray
    survival: FloatArray
    blur: FloatArray
    exposure: FloatArray
    hazard: FloatArray
    targets: tuple[Target | None, ...]

    @property
    def m(self) -> int:
        """Number of intervals."""
        return int(self.time.size) - 1


def make_grid(
    time: FloatArray,
    survival: FloatArray,
    at_risk_times: FloatArray,
    at_risk: FloatArray,
    end: CurveEnd,
) -> Grid:
    """Return the intervals between read points, split where two numbers at risk share one."""
    inside = at_risk_times <= time[-1]
    taus, numbers = at_risk_times[inside], at_risk[inside]
    t, s, blur = _split(time, survival, taus)
    targets: list[Target | None] = [None] * (t.size - 1)
    for tau, number in zip(taus, numbers, strict=True):
        j = int(np.searchsorted(t, tau, side="left")) - 1
        share = (tau - t[j]) / (t[j + 1] - t[j])
        targets[j] = Target(
            interval=j,
            time=float(tau),
            number=float(number),
            share=min(float(share), MOST_BEFORE),
            survival=float(s[j] + share * (s[j + 1] - s[j])),
        )
    following: Target | None = None
    for j in range(t.size - 2, -1, -1):
        following = targets[j] or following
        targets[j] = following
    return Grid(
        time=t,
        survival=s,
        blur=blur,
        exposure=_exposure(t, end),
        hazard=_hazard(t, s),
        targets=tuple(targets),
    )


def _split(
    t: FloatArray, s: FloatArray, taus: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add a point at all but the last of the numbers at risk that share an interval."""
    home = np.searchsorted(t, taus, side="left")
    extra = taus[:-1][home[:-1] == home[1:]] if taus.size else taus
    blur = np.zeros(t.size - 1)
    if not extra.size:
        return t, s, blur
    place = np.searchsorted(t, extra, side="left")
    width = (s[place - 1] - s[place]) / 2
    blur = np.insert(blur, place - 1, width)
    return np.insert(t, place, extra), np.insert(s, place, np.interp(extra, t, s)), blur


def _exposure(t: FloatArray, end: CurveEnd) -> FloatArray:
    """Hazard of censoring 1 / (T - t) if follow-up ends with the curve (uniform), else constant."""
    last = t[-1]
    if end == "cut":
        return np.asarray(np.diff(t) / last)
    left = np.maximum(last - t, 0.0)
    # The last interval's hazard is infinite: whoever is left there leaves at its end.
    left = np.maximum(left, 0.05 * max(float(left[left > 0].min()), 1e-12 * last))
    return np.asarray(np.log(left[:-1] / left[1:]))


def _hazard(t: FloatArray, s: FloatArray) -> FloatArray:
    lower = np.maximum(s, 1e-3)
    jumps = np.log(lower[:-1] / lower[1:])
    width = np.diff(t)
    middle = (t[1:] + t[:-1]) / 2
    kernel = np.exp(-0.5 * ((middle[:, None] - middle[None, :]) / (BANDWIDTH * t[-1])) ** 2)
    total = max(float(jumps.sum()), 1e-6)
    rate = (kernel @ jumps + MIXED_IN * total) / (kernel @ width + MIXED_IN * t[-1])
    return np.asarray(rate * np.maximum(width, 1e-6 * t[-1]))


def usual_places(time: FloatArray, survival: FloatArray) -> EventPlaces:
    """Return ``points`` if points were read at the steps of a curve, else ``between``.

    At the steps means that the curve falls at every point but the first and last, and that the
    points are not evenly spaced.
    """
    width, falls = np.diff(time), np.diff(survival) < 0
    if not falls[:-1].all():
        return "between"
    if width.size > 2 and np.std(width) <= EVEN_WIDTHS * np.mean(width):
        return "between"
    return "points"
