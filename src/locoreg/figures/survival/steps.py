"""Step curves as points on the sheet, without the steps that nobody could see."""

from __future__ import annotations

import numpy as np

from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Largest distance in points (pixels at scale 1) between a curve and what is drawn of it.
TOLERANCE = 0.25
# Coordinates are written with two decimals.
DECIMALS = 2
_FIRST_LOOK = 64


def thinned(level: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the steps to draw of a step curve.

    Steps are passed over as long as the levels since the last one drawn lie within twice the
    tolerance; what is drawn is the middle of these levels. The first level is kept as it is.

    Parameters
    ----------
    level : ndarray of float, shape (m,)
        Height in points of each step of the curve.

    Returns
    -------
    kept : ndarray of int
        Positions of the steps at which the drawn curve changes; the first is 0.
    drawn : ndarray of float
        Heights to draw from there on, nowhere further than the tolerance from the curve.
    """
    kept, drawn = [], []
    start = 0
    # The first level is exact, so that its run may stray to one side only by half as much.
    while start < level.size:
        room = TOLERANCE if start == 0 else 2 * TOLERANCE
        stop, low, high = _run(level, start, room)
        kept.append(start)
        drawn.append(level[0] if start == 0 else (low + high) / 2)
        start = stop
    return np.array(kept, dtype=np.int64), np.array(drawn)


def _run(level: FloatArray, start: int, room: float) -> tuple[int, float, float]:
    """Return where the levels from the start on first span more than the room, and the span."""
    low = high = float(level[start])
    look, here = _FIRST_LOOK, start
    while here < level.size:
        part = level[here : here + look]
        lows = np.minimum(np.minimum.accumulate(part), low)
        highs = np.maximum(np.maximum.accumulate(part), high)
        over = highs - lows > room
        first = int(np.argmax(over)) if over.any() else part.size
        if first > 0:
            low, high = float(lows[first - 1]), float(highs[first - 1])
        if first < part.size:
            return here + first, low, high
        here, look = here + part.size, 2 * look
    return level.size, low, high


def stairs(x: FloatArray, y: FloatArray, end: float) -> FloatArray:
    """Return the corners of a right-continuous step curve.

    Parameters
    ----------
    x, y : ndarray of float, shape (m,)
        Where each step begins, and its height, in points.
    end : float
        Where the last step ends.

    Returns
    -------
    ndarray of float, shape (p, 2)
        Corners from the first step to the end, thinned and rounded.
    """
    kept, drawn = thinned(y)
    begins, ends = x[kept], np.append(x[kept][1:], end)
    corners = np.empty((2 * kept.size, 2))
    corners[0::2, 0], corners[1::2, 0] = begins, ends
    corners[0::2, 1] = corners[1::2, 1] = drawn
    return np.round(corners, DECIMALS)


def band(x: FloatArray, low: FloatArray, high: FloatArray, end: float) -> list[FloatArray]:
    """Return the outlines of a stepped band, one for each stretch in which both limits exist.

    Parameters
    ----------
    x : ndarray of float, shape (m,)
        Where each step begins, in points.
    low, high : ndarray of float, shape (m,)
        Height of the limits in points; NaN where there are none.
    end : float
        Where the last step ends.

    Returns
    -------
    list of ndarray, each of shape (p, 2)
        Closed outlines.
    """
    outlines = []
    known = np.isfinite(low) & np.isfinite(high)
    for first, last in runs(known):
        stop = end if last == x.size else x[last]
        part = slice(first, last)
        upper, lower = (stairs(x[part], edge[part], stop) for edge in (high, low))
        outlines.append(np.vstack((upper, lower[::-1])))
    return outlines


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return the stretches of True as (first, one after the last)."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
