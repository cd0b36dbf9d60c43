"""Points read off a survival curve, made monotone, with every change counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError

FloatArray = NDArray[np.float64]
# Rises above this are no slip of the hand: the points belong to another curve or column.
LARGEST_RISE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPoints:
    """A step curve as read, from (0, 1) on.

    Attributes
    ----------
    time, survival : ndarray of float, shape (m + 1,)
        Ascending times, non-increasing proportions.
    read : int
        Points given.
    repeated, lowered : int
        Points left out because they repeat another; points lowered to the one before.
    largest_rise : float
        Largest upward error that was mended.
    origin_added : bool
        Whether (0, 1) had to be added.
    """

    time: FloatArray
    survival: FloatArray
    read: int
    repeated: int
    lowered: int
    largest_rise: float
    origin_added: bool


def clean_points(time: ArrayLike, survival: ArrayLike) -> ReadPoints:
    """Sort points, add the origin, drop repetitions and mend small upward errors.

    Parameters
    ----------
    time, survival : array_like, shape (k,)
        Times from 0 on, and proportions in [0, 1] (never percent).

    Returns
    -------
    ReadPoints
        The curve and what was changed.
    """
    t, s = np.asarray(time, dtype=float), np.asarray(survival, dtype=float)
    _refuse(t, s)
    order = np.lexsort((-s, t))
    t, s = t[order], s[order]
    added = bool(t[0] > 0 or s[0] < 1)
    if added:
        t, s = np.r_[0.0, t], np.r_[1.0, s]
    same = np.r_[False, (np.diff(t) == 0) & (np.diff(s) == 0)]
    t, s = t[~same], s[~same]
    lowest = np.minimum.accumulate(s)
    # Nobody is left after survival has come to 0.
    ended = int(np.argmax(lowest == 0)) + 1 if (lowest == 0).any() else lowest.size
    t, s, lowest = t[:ended], s[:ended], lowest[:ended]
    rise = s - lowest
    if rise.max() > LARGEST_RISE:
        k = int(np.argmax(rise))
        raise DataError(
            f"the curve rises by {rise[k]:.3f} up to time {t[k]:g}: survival can't rise.",
            hint="check whether points of two curves are mixed.",
        )
    if t.size < 2 or t[-1] <= 0:
        raise DataError("a curve needs at least one point after time 0.")
    return ReadPoints(
        time=t,
        survival=lowest,
        read=int(np.size(time)),
        repeated=int(same.sum()),
        lowered=int((rise > 0).sum()),
        largest_rise=float(rise.max()),
        origin_added=added,
    )


def _refuse(t: FloatArray, s: FloatArray) -> None:
    if t.ndim != 1 or t.shape != s.shape or not t.size:
        raise DataError("time and survival must be two equally long lists of read points.")
    bad = ~(np.isfinite(t) & np.isfinite(s)) | (t < 0)
    if bad.any():
        raise DataError(
            f"read point {int(np.argmax(bad)) + 1} has no usable time and survival.",
            hint="times are 0 or more; leave out points that were not read.",
        )
    outside = (s < 0) | (s > 1)
    if outside.any():
        k = int(np.argmax(outside))
        raise DataError(
            f"survival {s[k]:g} at time {t[k]:g} is no proportion.",
            hint="survival is between 0 and 1 here; say that the points are in percent.",
        )


def times_at_risk(
    at_risk_times: ArrayLike | None, at_risk: ArrayLike | None, n: int
) -> tuple[FloatArray, FloatArray]:
    """Check a table of numbers at risk; return its times after 0 and the numbers there."""
    if (at_risk_times is None) != (at_risk is None):
        raise DataError("numbers at risk need their times, and times need their numbers.")
    if at_risk_times is None or at_risk is None:
        return np.zeros(0), np.zeros(0)
    t, k = np.asarray(at_risk_times, dtype=float), np.asarray(at_risk, dtype=float)
    if t.ndim != 1 or t.shape != k.shape:
        raise DataError("there must be one number at risk per time.")
    if not (np.isfinite(t).all() and np.isfinite(k).all()) or (t < 0).any():
        raise DataError("numbers at risk and their times must be finite, and times 0 or more.")
    if (k != np.round(k)).any() or (k < 0).any():
        raise DataError("numbers at risk must be whole numbers, 0 or more.")
    if (np.diff(t) <= 0).any() or (np.diff(k) > 0).any():
        raise DataError(
            "numbers at risk must not rise, and their times must be distinct and in order.",
            hint="check whether two arms are mixed.",
        )
    if t.size and (k[0] > n or (t[0] == 0 and k[0] != n)):
        raise DataError(f"{k[0]:g} are at risk at time {t[0]:g}, but n is {n}.")
    return t[t > 0], k[t > 0]
