"""Draw a planned trial: chances by number of patients, accrual, and the pool before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.figures.beforeafter import before_after_figure
from locoreg.figures.canvas import Canvas, Pen, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.textfit import one_line, wrap
from locoreg.workflows.planning.accrualforecast import PlannedAccrual
from locoreg.workflows.planning.prospects import PoolAssurance, PoolWith
from locoreg.workflows.planning.sizing import SizedTrial, assumed_words

WIDTH, PLOT = 760.0, 250.0
LEFT, RIGHT = 64.0, 604.0
BLUE, ORANGE, GREY, BAND = "#0072B2", "#D55E00", "#555555", "#CFE3F1"
# Words at the ends of lines keep this distance.
APART = 11.0
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A curve with the words that stand at its end."""

    key: str
    words: str
    points: tuple[Pair, ...]
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chart:
    """Everything that a chart of this module shows; y from 0 to ``top``."""

    title: str
    summary: str
    across: str
    up: str
    lines: tuple[_Line, ...]
    top: float
    percent: bool
    band: tuple[tuple[float, float, float], ...] = ()
    marked: tuple[tuple[str, float, float], ...] = ()
    notes: tuple[str, ...] = ()


def planning_figure(result: object) -> Figure:
    """Draw a result of planning.

    Parameters
    ----------
    result : SizedTrial, PoolAssurance, PlannedAccrual or PoolWith
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        The figure of its kind.

    Raises
    ------
    DesignError
        If there is no figure of it.
    """
    if isinstance(result, SizedTrial):
        return power_figure(result)
    if isinstance(result, PoolAssurance):
        return assurance_figure(result)
    if isinstance(result, PlannedAccrual):
        return accrual_figure(result)
    if isinstance(result, PoolWith):
        return before_after_figure(result)
    raise DesignError(f"there is no figure of a {type(result).__name__}.")


def power_figure(result: SizedTrial) -> Figure:
    """Draw the power of a trial by its number of patients.

    Parameters
    ----------
    result : SizedTrial
        From a size or a power.

    Returns
    -------
    matplotlib.figure.Figure
        One curve; the trial itself is marked.
    """
    size = result.size
    return _draw(
        _Chart(
            title="Power by number of patients",
            summary=result.summary().splitlines()[0],
            across="Patients in both arms",
            up="Power",
            lines=(
                _Line(
                    key="power",
                    words=f"hazard ratio {result.hazard_ratio}",
                    points=tuple((float(n), p) for n, p in result.curve),
                    colour=BLUE,
                ),
            ),
            top=1.0,
            percent=True,
            marked=((f"{size.patients:,}", float(size.patients), size.power),),
            notes=(assumed_words(result.asked, result.hazard_ratio),),
        )
    )


def assurance_figure(result: PoolAssurance) -> Figure:
    """Draw the chances of a trial by its number of patients.

    Parameters
    ----------
    result : PoolAssurance
        Of two numbers of patients or more.

    Returns
    -------
    matplotlib.figure.Figure
        Benefit and harm if the new trial's effect varies, and benefit if it is the mean.

    Raises
    ------
    DesignError
        If there is only one number of patients.
    """
    if len(result.new_trial) < 2:
        raise DesignError("a curve needs two numbers of patients or more.")
    rows = list(zip(result.new_trial, result.mean_effect, strict=True))
    rows.sort(key=lambda pair: pair[0].patients)
    lines = (
        _Line(
            key="benefit", words="benefit, a new trial's effect", colour=BLUE,
            points=tuple((float(a.patients), a.benefit) for a, _ in rows),
        ),
        _Line(
            key="mean", words="benefit, the mean effect", colour=BLUE, dashed=True,
            points=tuple((float(b.patients), b.benefit) for _, b in rows),
        ),
        _Line(
            key="harm", words="harm, a new trial's effect", colour=ORANGE,
            points=tuple((float(a.patients), a.harm) for a, _ in rows),
        ),
    )  # fmt: skip
    last = rows[-1][0]
    return _draw(
        _Chart(
            title="Chance of a significant result by number of patients",
            summary=(
                f"With {last.patients:,} patients: significant benefit {100 * last.benefit:.0f}%, "
                f"harm {100 * last.harm:.0f}%, neither {100 * last.neither:.0f}%. The probability "
                f"of a true hazard ratio below 1 is {100 * last.chance_below:.0f}%, which no "
                "number of patients goes far beyond."
            ),
            across="Patients in both arms",
            up="Chance",
            lines=lines,
            top=1.0,
            percent=True,
            notes=(f"Prior: {result.believed.prior}.", result.summary().splitlines()[-1]),
        )
    )


def accrual_figure(result: PlannedAccrual) -> Figure:
    """Draw the patients that a trial is expected to have by month.

    Parameters
    ----------
    result : PlannedAccrual
        A forecast.

    Returns
    -------
    matplotlib.figure.Figure
        Median and central 90%, and where the plan stands.
    """
    found = result.found
    curve = ((0.0, 0, 0, 0), *found.curve)
    top = 1.1 * max(found.patients, *(row[2] for row in curve))
    cut = tuple((m, float(low), min(float(high), top)) for m, low, _, high in curve)
    return _draw(
        _Chart(
            title="Patients by month of accrual",
            summary=result.summary().splitlines()[0],
            across="Months since the first entry",
            up="Patients",
            lines=(
                _Line(
                    key="median", words="median", colour=BLUE,
                    points=tuple((m, float(mid)) for m, _, mid, _ in curve),
                ),
            ),
            top=top,
            percent=False,
            band=cut,
            marked=((f"plan: {found.patients:,}", found.months, float(found.patients)),),
            notes=(
                "Band: central 90%, were the trial not stopped; it is cut where it leaves the "
                "chart.",
                result.summary().splitlines()[-1],
            ),
        )
    )  # fmt: skip


def _draw(chart: _Chart) -> Figure:
    with own_settings():
        canvas = Canvas(WIDTH)
        y = _head(canvas, chart)
        end = max(x for line in chart.lines for x, _ in line.points)
        frame = _Frame(top=y, end=end, high=chart.top)
        _axes(canvas, chart, frame)
        _band(canvas, chart, frame)
        for line in chart.lines:
            _line(canvas, line, frame)
        _words(canvas, chart, frame)
        for words, x, value in chart.marked:
            pen = canvas.pen("marked", f"{words} at {x:g}")
            pen.disc(frame.x(x), frame.y(value), 7, role="point", fill=INK)
            pen.text(
                frame.x(x) - 7, frame.y(value) - 7, words, role="words", size=SMALL, align="right"
            )
        y = frame.bottom + 40
        pen = canvas.pen("notes")
        for note in chart.notes:
            for text in wrap(one_line(note), WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, y, text, role="line", size=SMALL, colour=FAINT_INK)
                y += 10
        return canvas.finish(y + MARGIN, title=chart.title, description=chart.summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where numbers lie."""

    top: float
    end: float
    high: float

    @property
    def bottom(self) -> float:
        return self.top + PLOT

    def x(self, value: float) -> float:
        return LEFT + (RIGHT - LEFT) * value / self.end

    def y(self, value: float) -> float:
        return self.bottom - PLOT * min(value, self.high) / self.high


def _head(canvas: Canvas, chart: _Chart) -> float:
    y = MARGIN
    pen = canvas.pen("title")
    pen.text(MARGIN, y + 7, chart.title, role="line", size=TITLE, bold=True)
    y += 16
    pen = canvas.pen("summary")
    for text in wrap(one_line(chart.summary), WIDTH - 2 * MARGIN, TEXT):
        pen.text(MARGIN, y + 6, text, role="line", size=TEXT, colour=FAINT_INK)
        y += 11
    pen.text(MARGIN, y + 12, chart.up, role="up", size=HEAD, bold=True)
    return y + 24


def _axes(canvas: Canvas, chart: _Chart, frame: _Frame) -> None:
    pen = canvas.pen("grid", under=True)
    for value in _ticks(frame.high, 5):
        y = frame.y(value)
        pen.line((LEFT, y), (RIGHT, y), role="rule", colour=RULE, width=0.5)
        words = f"{100 * value:.0f}%" if chart.percent else f"{value:,.0f}"
        pen.text(LEFT - 6, y, words, role="label", size=HEAD, align="right")
    pen = canvas.pen("scale")
    pen.line((LEFT, frame.bottom), (RIGHT, frame.bottom), role="line", colour=INK, width=0.8)
    for value in _ticks(frame.end, 6):
        x = frame.x(value)
        pen.line((x, frame.bottom), (x, frame.bottom + 3.5), role="tick", colour=INK, width=0.8)
        pen.text(x, frame.bottom + 9, f"{value:,.0f}", role="label", size=HEAD, align="center")
    middle = (LEFT + RIGHT) / 2
    canvas.pen("axis-title").text(
        middle, frame.bottom + 23, chart.across, role="title", size=HEAD, align="center", bold=True
    )


def _band(canvas: Canvas, chart: _Chart, frame: _Frame) -> None:
    if not chart.band:
        return
    lower = [(frame.x(x), frame.y(low)) for x, low, _ in chart.band]
    upper = [(frame.x(x), frame.y(high)) for x, _, high in chart.band]
    last = chart.band[-1]
    sentence = f"central 90% at {last[0]:g} months: {last[1]:g} to {last[2]:g} or more"
    pen = canvas.pen("band", sentence, under=True)
    pen.shape([*lower, *reversed(upper)], role="area", fill=BAND)


def _line(canvas: Canvas, line: _Line, frame: _Frame) -> None:
    first, last = line.points[0], line.points[-1]
    sentence = f"{line.words}: {first[1]:.3g} at {first[0]:g}, {last[1]:.3g} at {last[0]:g}"
    pen = canvas.pen(line.key, sentence)
    placed = [(frame.x(x), frame.y(v)) for x, v in line.points]
    for start, end in pairwise(placed):
        pen.line(
            start, end, role="piece", colour=line.colour, width=1.8,
            dashes=(4.0, 3.0) if line.dashed else None,
        )  # fmt: skip


def _words(canvas: Canvas, chart: _Chart, frame: _Frame) -> None:
    """Write each line's words at its end, moved apart where lines end close to each other."""
    wanted = [(frame.y(line.points[-1][1]), line) for line in chart.lines]
    wanted.sort(key=lambda pair: pair[0])
    free = -math.inf
    for y, line in wanted:
        at = max(y, free)
        _label(canvas.pen(f"{line.key}-words"), at, line)
        free = at + APART * len(_wrapped(line.words))


def _label(pen: Pen, y: float, line: _Line) -> None:
    for i, text in enumerate(_wrapped(line.words)):
        pen.text(RIGHT + 6, y + APART * i, text, role="line", size=SMALL, colour=line.colour)


def _wrapped(words: str) -> Sequence[str]:
    return wrap(words, WIDTH - MARGIN - RIGHT - 6, SMALL)


def _ticks(high: float, count: int) -> list[float]:
    step = high / count
    power = 10.0 ** math.floor(math.log10(step))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= step * 0.999)
    return [step * i for i in range(int(high / step * 1.0000001) + 1)]
