"""What a panel shows: step curves with their bands, styles and sentences, in data coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.figures.survival.arms import ArmStyle
from locoreg.stats.survivaldata import BoolArray, FloatArray
from locoreg.workflows.curves.shown import ShownCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One step curve to draw.

    Attributes
    ----------
    key : str
        Name of the part: ``arm0``.
    label : str
        Words on the curve; empty for none.
    style : ArmStyle
        Colours and dashes.
    time, value, low, high : ndarray of float, shape (m,)
        Beginning of each step, from time 0 on, its height and limits (NaN where there are none).
    few : ndarray of bool, shape (m,)
        Whether few are at risk in each step, so that it is thin and faded.
    end : float
        Where the last step ends.
    marks : ndarray of float
        Times with a tick for censored patients.
    outer_low, outer_high : ndarray of float, shape (m,), or None
        Limits of a simultaneous band.
    sentence : str
        What the curve says.
    """

    key: str
    label: str
    style: ArmStyle
    time: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    few: BoolArray
    end: float
    marks: FloatArray
    outer_low: FloatArray | None = None
    outer_high: FloatArray | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One plot.

    Attributes
    ----------
    key : str
        Name of the part: ``curves``, ``cause1``, ``difference``.
    heading : str
        Words above the plot where there are several; may be empty.
    y_title : str
        What the upright axis shows.
    tracks : tuple of Track
        Curves, drawn in this order.
    low, high : float
        Ends of the upright axis.
    ticks : tuple of (float, str)
        Its ticks and their labels.
    height : float
        Height of the plot in points.
    zero_line : bool
        Whether a line marks 0.
    rising : bool
        Whether curves rise, so that labels stand clear of them on the other side.
    """

    key: str
    heading: str
    y_title: str
    tracks: tuple[Track, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    height: float
    zero_line: bool
    rising: bool


def track_of(
    shown: ShownCurve,
    *,
    key: str,
    label: str,
    style: ArmStyle,
    turned: bool,
    cut: bool,
    marks: bool,
    sentence: str,
) -> Track:
    """Return a curve from time 0 on.

    Parameters
    ----------
    shown : ShownCurve
        Steps.
    key, label, style, sentence
        As in Track.
    turned : bool
        Whether to draw 1 less the value.
    cut : bool
        Whether to end the curve where few remain.
    marks : bool
        Whether to mark censored patients.

    Returns
    -------
    Track
        The curve.
    """
    time = np.concatenate(([0.0], shown.time))
    value = np.concatenate(([shown.start], shown.estimate))
    low, high = (np.concatenate(([shown.start], limit)) for limit in (shown.ci_low, shown.ci_high))
    few = np.append(shown.few, shown.few[-1] if shown.few.size else False)
    end = shown.end
    if cut and few.any() and few[-1]:
        first = int(np.flatnonzero(~few)[-1]) + 1 if not few.all() else 0
        end = float(time[first])
    if turned:
        value, low, high = 1.0 - value, 1.0 - high, 1.0 - low
    shown_marks = shown.censored[shown.censored <= end] if marks else np.empty(0)
    return Track(
        key=key,
        label=label,
        style=style,
        time=time,
        value=value,
        low=low,
        high=high,
        few=few,
        end=end,
        marks=shown_marks,
        sentence=sentence,
    )


def clipped(track: Track, end: float) -> Track:
    """Return a curve without what lies beyond the end of the axis or of the curve itself."""
    stop = min(track.end, end)
    size = max(1, int(np.searchsorted(track.time, stop, side="right")))
    part = slice(0, size)
    return Track(
        key=track.key,
        label=track.label,
        style=track.style,
        time=track.time[part],
        value=track.value[part],
        low=track.low[part],
        high=track.high[part],
        few=track.few[part],
        end=stop,
        marks=track.marks[track.marks <= stop],
        outer_low=None if track.outer_low is None else track.outer_low[part],
        outer_high=None if track.outer_high is None else track.outer_high[part],
        sentence=track.sentence,
    )
