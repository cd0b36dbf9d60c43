"""Whole numbers and times of events and censorings between read points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.reconstruct.grid import EventPlaces, Grid

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RARE = 0.05
# Early, even and late censorings that are tried, as powers of even positions.
POWERS = (16.0, 6.0, 3.0, 2.0, 1.4, 1.0, 0.7, 0.5, 0.33, 0.16, 0.06)
# All at the end, after an event that stands there.
LAST = 0.0


def whole_counts(
    events: FloatArray,
    censored: FloatArray,
    n: int,
    total_events: int | None,
    survival: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Round expected counts: running totals nearest to the expected ones.

    Without reported events one event more or fewer is taken where that leads the curve closer to
    the read point.
    """
    wanted = float(events.sum())
    if total_events is not None and 0 < abs(wanted - total_events) < 1:
        events = events * (total_events / wanted)
    leaving = np.round(np.cumsum(events + censored)).astype(np.int64)
    leaving = np.diff(np.minimum(leaving, n), prepend=0)
    d = np.zeros(leaving.size, dtype=np.int64)
    done, running, left, curve = 0, np.cumsum(events), n, 1.0
    for i in range(leaving.size):
        # Where next to no event is expected the curve is flat: a rounding must not end up there.
        due = round(float(running[i])) - done if events[i] > RARE else 0
        out = int(leaving[i])
        tried = [min(max(due, 0), out)]
        if total_events is None and events[i] > RARE:
            tried += [min(max(due + step, 0), out) for step in (-1, 1)]
        falls = [_even_fall(left, k, out - k) for k in tried]
        misses = [abs(curve * fall - float(survival[i])) for fall in falls]
        best = int(np.argmin(misses))
        d[i], curve, left = tried[best], curve * falls[best], left - out
        done += int(d[i])
    return d, leaving - d


def _even_fall(left: int, d: int, c: int) -> float:
    """Return the factor by which the curve falls if censorings lie evenly between events."""
    return max(1 - d / (left - c / 2), 0.0) if d else 1.0


def place(
    grid: Grid, n: int, events: IntArray, censored: IntArray, places: EventPlaces
) -> tuple[FloatArray, BoolArray]:
    """Return the times of all n persons, and whether each is an event.

    Events stand evenly between two read points; with ``points`` the last of them stands at the
    second point. Censorings stand early, evenly or late, or after the event at the second point,
    whichever leads the curve closest to it; a number at risk inside the interval is kept.
    """
    times: list[FloatArray] = []
    marks: list[BoolArray] = []
    left, curve = n, 1.0
    for i in range(grid.m):
        d, c = int(events[i]), int(censored[i])
        if d + c:
            t, e, curve = _interval(grid, i, left, (d, c), curve, places)
            times.append(t)
            marks.append(e)
        left -= d + c
    times.append(np.full(left, grid.time[-1]))
    marks.append(np.zeros(left, dtype=bool))
    time, event = np.concatenate(times), np.concatenate(marks)
    order = np.lexsort((~event, time))
    time, event = time[order], event[order]
    told = [target.time for target in grid.targets if target is not None]
    if not event[-1] and not (told and max(told) > time[-1]):
        # A curve above 0 is drawn up to its last person.
        time[-1] = grid.time[-1]
    return time, event


def _interval(
    grid: Grid, i: int, left: int, counts: tuple[int, int], curve: float, places: EventPlaces
) -> tuple[FloatArray, BoolArray, float]:
    (d, c), start, stop = counts, float(grid.time[i]), float(grid.time[i + 1])
    shift = 0.5 if places == "between" else 1.0
    target = grid.targets[i]
    parts = [(start, stop, d, c)]
    if target is not None and target.interval == i:
        before = min(max(left - int(target.number), 0), d + c)
        early = min(max(round(d * before / (d + c)), before - c), d, before)
        parts = [
            (start, target.time, early, before - early),
            (target.time, stop, d - early, c - before + early),
        ]
    best: tuple[float, FloatArray, BoolArray, float] | None = None
    powers = (*POWERS, LAST) if places == "points" else POWERS
    for power in powers if c and d else (1.0,):
        t, e = _spread(parts, power, shift)
        fall = _fall(left, t, e)
        miss = abs(curve * fall - float(grid.survival[i + 1])) + 1e-9 * abs(np.log(power or 0.01))
        if best is None or miss < best[0]:
            best = (miss, t, e, curve * fall)
    assert best is not None
    return best[1], best[2], best[3]


def _spread(
    parts: list[tuple[float, float, int, int]], power: float, shift: float
) -> tuple[FloatArray, BoolArray]:
    times, marks = [], []
    for k, (start, stop, d, c) in enumerate(parts):
        # An event at the very time of a number at risk would still count there.
        free = k == len(parts) - 1 and start < stop
        late_by = shift if free else 0.5
        even = (np.arange(d) + late_by) / max(d, 1)
        late = ((np.arange(c) + 0.5) / max(c, 1)) ** (power if free else power or POWERS[-1])
        times.append(start + (stop - start) * np.concatenate([even, late]))
        marks.append(np.r_[np.ones(d, dtype=bool), np.zeros(c, dtype=bool)])
    return np.concatenate(times), np.concatenate(marks)


def _fall(left: int, time: FloatArray, event: BoolArray) -> float:
    """Kaplan-Meier factor of one interval."""
    order = np.lexsort((~event, time))
    at_risk = left - np.arange(time.size)
    return float(np.prod(np.where(event[order], 1 - 1 / at_risk, 1.0)))
