"""The difference of two survival curves: a panel below them, or a figure of its own."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.numbertext import MINUS
from locoreg.figures.layouts import INK
from locoreg.figures.survival.arms import ArmStyle
from locoreg.figures.survival.content import Content
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.survival.tracks import Panel, Track, clipped
from locoreg.figures.survival.wishes import Wishes
from locoreg.figures.survival.words import time_and_unit, x_title
from locoreg.figures.textfit import one_line
from locoreg.stats.survivaldata import FloatArray
from locoreg.stats.survivaldifference import SurvivalDifference
from locoreg.workflows.curves.differences import difference_words
from locoreg.workflows.curves.report import IMMORTAL
from locoreg.workflows.curves.ticks import axis_end, time_ticks

ALONE, BELOW = 240.0, 150.0
STYLE = ArmStyle(band="#5B7083", line=INK, faded="#6E7F8D", dashes=None)
# Ends of the axis, as differences of proportions.
REACHES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def difference_content(difference: SurvivalDifference, wishes: Wishes) -> Content:
    """Return the content of a figure of a difference alone.

    Parameters
    ----------
    difference : SurvivalDifference
        The difference.
    wishes : Wishes
        Words and choices; those of tables and groups have no effect.

    Returns
    -------
    Content
        One panel.
    """
    last = float(difference.time[-1])
    ticks = time_ticks(last, wishes.unit, wishes.until)
    end = axis_end(ticks, last, wishes.until)
    title = one_line(wishes.title) if wishes.title else "Difference in survival"
    origin = one_line(wishes.origin)
    if origin and "since" not in title.casefold():
        title += f" since {origin}"
    if difference.weighted:
        title += f"; weighted ({one_line(wishes.weighting) or 'how is not stated'})"
    panel = difference_panel(difference, wishes, end, ALONE)
    notice = IMMORTAL if wishes.after_time_zero else ""
    zero = f"Time zero: {origin}." if origin else "Time zero is not stated."
    sentence = panel.tracks[0].sentence
    lines = tuple(one_line(line) for line in wishes.lines)
    return Content(
        title=title,
        x_title=x_title(wishes),
        description=". ".join([*([notice.rstrip(".")] if notice else []), sentence, *lines]),
        notice=notice,
        lines=(sentence, *lines),
        block=None,
        tables=(),
        panels=(panel,),
        ticks=ticks,
        end=end,
        notes=(f"{zero} {difference_note(difference)}", *map(one_line, wishes.notes)),
    )


def difference_panel(
    difference: SurvivalDifference, wishes: Wishes, end: float, height: float
) -> Panel:
    """Return the panel of a difference with a line at zero.

    Parameters
    ----------
    difference : SurvivalDifference
        The difference.
    wishes : Wishes
        Names of the arms, times to read off.
    end : float
        End of the axis of time.
    height : float
        Height of the plot.

    Returns
    -------
    Panel
        In percentage points, symmetric about 0.
    """
    track = clipped(_track(difference, wishes), end)
    reach = _reach(track)
    higher = wishes.name(difference.stratum)
    return Panel(
        key="difference",
        heading="",
        y_title=f"Difference in survival, percentage points: {_names(difference, wishes)}"
        f" (above 0: higher with {higher})",
        tracks=(track,),
        low=-reach,
        high=reach,
        ticks=tuple(
            (part * reach, points_text(part * reach)) for part in (-1.0, -0.5, 0.0, 0.5, 1.0)
        ),
        height=height,
        zero_line=True,
        rising=False,
    )


def difference_note(difference: SurvivalDifference) -> str:
    """Return what the bands of a difference are."""
    variance = {"greenwood": "Greenwood's variance", "robust": "robust variance"}
    text = (
        f"Difference: pointwise {difference.level:g}% intervals (plain), "
        f"{variance[difference.variance]}"
    )
    if difference.time_range is not None:
        start, end = difference.time_range
        text += (
            f"; dotted: simultaneous {difference.level:g}% band from {time_text(start)} to "
            f"{time_text(end)}, which holds the whole curve at once"
        )
    return text + "; drawn while both groups have patients at risk."


def points_text(value: float) -> str:
    """Return a difference of proportions in percentage points with its sign."""
    points = round(100 * value, 6)
    text = f"{abs(points):.3g}"
    return text if points == 0 else f"{'+' if points > 0 else MINUS}{text}"


def difference_sentence(difference: SurvivalDifference, wishes: Wishes) -> str:
    """Return the difference at the times asked for, else at the last time with an interval."""
    times = [float(t) for t in wishes.at] or [_last(difference)]
    unit = one_line(wishes.unit)
    said = "; ".join(
        f"at {time_and_unit(time, unit)} {difference_words(difference, time)}" for time in times
    )
    return f"Difference in survival, percentage points, {_names(difference, wishes)}: {said}"


def _names(difference: SurvivalDifference, wishes: Wishes) -> str:
    return f"{wishes.name(difference.stratum)} minus {wishes.name(difference.reference)}"


def _last(difference: SurvivalDifference) -> float:
    known = np.flatnonzero(np.isfinite(difference.ci_low))
    return float(difference.time[known[-1] if known.size else -1])


def _track(difference: SurvivalDifference, wishes: Wishes) -> Track:
    def from_zero(values: FloatArray, first: float) -> FloatArray:
        return np.concatenate(([first], values))

    outer = (difference.band_low, difference.band_high)
    low, high = (None if edge is None else from_zero(edge, math.nan) for edge in outer)
    return Track(
        key="difference",
        label="",
        style=STYLE,
        time=from_zero(difference.time, 0.0),
        value=from_zero(difference.estimate, 0.0),
        low=from_zero(difference.ci_low, 0.0),
        high=from_zero(difference.ci_high, 0.0),
        few=np.zeros(difference.time.size + 1, dtype=np.bool_),
        end=float(difference.time[-1]),
        marks=np.empty(0),
        outer_low=low,
        outer_high=high,
        sentence=difference_sentence(difference, wishes),
    )


def _reach(track: Track) -> float:
    """Return how far the axis goes on either side of zero: all that is drawn fits."""
    edges = [track.value, track.low, track.high]
    edges += [edge for edge in (track.outer_low, track.outer_high) if edge is not None]
    farthest = max(float(np.nanmax(np.abs(edge), initial=0.0)) for edge in edges)
    return next((reach for reach in REACHES if reach >= farthest - 1e-12), math.ceil(farthest))
