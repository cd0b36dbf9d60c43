"""Draw multiverses: a specification curve over the readings of the doubtful inputs."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from locoreg.core.numbertext import decimal_text
from locoreg.evidence.multiverse import Multiverse
from locoreg.figures.axis import EffectAxis, choose_axis, tick_text, trimmed
from locoreg.figures.canvas import Canvas, Pen, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.curve import (
    BARRED,
    MOST_SHOWN,
    Shown,
    curve_summary,
    option_label,
    reading_in,
    shown_universes,
    universe_sentence,
)
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE, Layout, layout_named
from locoreg.figures.owntable import short_measure_of_scale
from locoreg.figures.textfit import ellipsise, one_line, text_width, wrap
from locoreg.figures.wording import method_name_of

WIDTH = 760.0
UPPER = 190.0
ROW = 12.5
LABELS = 236.0
STEP_MAX = 48.0
STEP_WITH_TEXT = 24.0
INCLUDES, EXCLUDES = "#0072B2", "#B34E00"
BAND = "#E6EDF3"
STRIPE = "#F4F4F4"


def specification_curve(
    result: Multiverse,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
    most: int = MOST_SHOWN,
) -> Figure:
    """Draw the pools under every admissible reading, and which reading each takes.

    Parameters
    ----------
    result : Multiverse
        The universes.
    layout : {"revman", "jama", "bmj"}
        Spelling and headings.
    axis_limits : tuple of float, optional
        Ends of the effect axis; intervals beyond end in arrow heads.
    title : str, optional
        Outcome, population and comparison.
    measure : str, optional
        Name of the measure, ``Hazard ratio for death`` say.
    favours : tuple of str
        Words for the side below and the side above no effect.
    most : int
        Universes drawn at most; above it ranks at even distances are picked,
        and the figure says so.

    Returns
    -------
    matplotlib.figure.Figure
        Estimates in rising order above, the readings below.
    """
    chosen = layout_named(layout)
    return _Curve(result, chosen, title, measure, favours, axis_limits, most).draw()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where the upper panel stands and how wide a universe is."""

    left: float
    top: float
    step: float
    count: int
    axis: EffectAxis

    @property
    def right(self) -> float:
        return self.left + self.step * self.count

    @property
    def bottom(self) -> float:
        return self.top + UPPER

    def x(self, i: int) -> float:
        return self.left + (i + 0.5) * self.step

    def y(self, value: float) -> float:
        fraction = min(max(self.axis.fraction(value), 0.0), 1.0)
        return self.bottom - fraction * UPPER

    @property
    def size(self) -> float:
        return min(7.0, 0.78 * self.step)


class _Curve:
    """Draws a multiverse from top to bottom; ``y`` is where the next line begins."""

    def __init__(
        self,
        result: Multiverse,
        layout: Layout,
        title: str | None,
        measure: str | None,
        favours: tuple[str, str],
        axis_limits: tuple[float, float] | None,
        most: int,
    ) -> None:
        self.result = result
        self.layout = layout
        self.title = layout.words(one_line(title or "Pooled result under each admissible reading"))
        self.measure = short_measure_of_scale(result.scale, measure)
        name = measure or {"log": "Ratio", "identity": "Effect"}[result.scale]
        self.axis_title = layout.words(f"{one_line(name)} ({result.level:g}% CI)")
        self.favours = tuple(layout.words(one_line(words)) for words in favours)
        self.shown = shown_universes(result, most)
        ends = [end for s in self.shown for end in s.universe.counted.natural[1:]]
        axis = choose_axis(ends, scale=result.scale, limits=axis_limits)
        self.axis = axis if axis_limits else trimmed(axis, ends)
        self.y = MARGIN

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._head()
            left = MARGIN + LABELS
            step = min(STEP_MAX, (WIDTH - MARGIN - left) / len(self.shown))
            frame = _Frame(left=left, top=self.y, step=step, count=len(self.shown), axis=self.axis)
            self._axis(frame)
            self.y = frame.bottom + 6
            if step >= STEP_WITH_TEXT:
                self.y += ROW
            rows = self._readings(frame)
            self._marks(frame)
            for i, shown in enumerate(self.shown):
                self._universe(frame, i, shown, rows)
            self._notes()
            return self.canvas.finish(
                self.y + MARGIN, title=self.title, description=curve_summary(self.result)
            )

    def _head(self) -> None:
        width = WIDTH - 2 * MARGIN
        colour = self.layout.palette.heading
        pen = self.canvas.pen("title")
        for line in wrap(self.title, width, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True, colour=colour)
            self.y += 14
        self.y += 2
        pen = self.canvas.pen("summary")
        for line in wrap(curve_summary(self.result), width, TEXT):
            pen.text(MARGIN, self.y + 5.5, line, role="line", size=TEXT)
            self.y += 11.5
        self.y += 7
        self._legend()
        self.y += 30

    def _legend(self) -> None:
        null = "1" if self.result.scale == "log" else "0"
        pen = self.canvas.pen("legend")
        x = MARGIN + LABELS
        middle = self.y + 5
        kinds = {shown.universe.significant for shown in self.shown}
        for words, excludes in (
            (f"interval includes {null}", False),
            (f"interval excludes {null}", True),
        ):
            if excludes not in kinds:
                continue
            _marker(pen, x + 4, middle, 7.0, excludes=excludes)
            pen.text(x + 12, middle, words, role="text", size=SMALL)
            x += 12 + text_width(words, SMALL) + 16
        self.y += 12

    def _axis(self, frame: _Frame) -> None:
        pen = self.canvas.pen("scale")
        edge = frame.left - 4
        pen.text(
            edge, frame.top - 12, self.axis_title, role="title", size=HEAD, align="right", bold=True
        )
        pen.line((edge, frame.top), (edge, frame.bottom), role="line", colour=INK, width=0.8)
        for tick in self.axis.ticks:
            y = frame.y(tick)
            pen.line((edge - 3.5, y), (edge, y), role="tick", colour=INK, width=0.8)
            pen.text(edge - 6, y, tick_text(tick), role="label", size=HEAD, align="right")
        null = self.axis.no_effect
        if self.axis.low < null < self.axis.high:
            self.canvas.pen("no-effect").line(
                (edge, frame.y(null)),
                (frame.right, frame.y(null)),
                role="solid",
                colour=INK,
                width=0.8,
            )
            self._favours(frame, frame.y(null))

    def _favours(self, frame: _Frame, middle: float) -> None:
        pen = self.canvas.pen("favours")
        below, above = self.favours
        sides = (
            ("above", "↑", above, (frame.top + middle) / 2),
            ("below", "↓", below, (frame.bottom + middle) / 2),
        )
        for role, arrow, words, y in sides:
            lines = wrap(f"{arrow} {words}", LABELS - 60, SMALL) if words else ()
            for i, line in enumerate(lines):
                place = y + (i - (len(lines) - 1) / 2) * 10
                pen.text(
                    frame.left - 44,
                    place,
                    line,
                    role=role,
                    size=SMALL,
                    align="right",
                    colour=FAINT_INK,
                )

    def _readings(self, frame: _Frame) -> dict[tuple[int, int], float]:
        """Write the readings as rows; return the middle of each."""
        rows: dict[tuple[int, int], float] = {}
        for d, doubt in enumerate(self.result.doubts):
            self.y += 3
            self.canvas.pen(f"doubt{d}", doubt.label).text(
                MARGIN,
                self.y + ROW / 2,
                ellipsise(one_line(doubt.label), LABELS - 16, TEXT, "bold"),
                role="label",
                size=TEXT,
                bold=True,
                colour=self.layout.palette.heading,
            )
            self.y += ROW
            for o, effect in enumerate(doubt.options):
                label = one_line(option_label(effect.option))
                middle = self.y + ROW / 2
                self.canvas.pen(f"doubt{d}-stripe{o}", under=True).box(
                    frame.left,
                    self.y + 1,
                    frame.right - frame.left,
                    ROW - 2,
                    role="box",
                    fill=STRIPE,
                )
                pen = self.canvas.pen(f"doubt{d}-o{o}", f"{doubt.label}: {label}")
                text = _cut_before_bar(label, LABELS - 20)
                pen.text(MARGIN + 8, middle, text, role="label", size=SMALL)
                rows[d, o] = middle
                self.y += ROW
        return rows

    def _marks(self, frame: _Frame) -> None:
        """Mark the main universe with a band and the one as printed with dashed lines."""
        bottom = self.y + 1
        for i, shown in enumerate(self.shown):
            x, half = frame.x(i), frame.step / 2
            if shown.universe.is_main:
                pen = self.canvas.pen("main", under=True)
                pen.box(
                    x - half,
                    frame.top - 8,
                    2 * half,
                    bottom - frame.top + 8,
                    role="band",
                    fill=BAND,
                )
                both = "Main result, as printed" if shown.is_printed else "Main result"
                for role, edge in (("left", x - half), ("right", x + half)):
                    start = (edge, frame.top - 8)
                    pen.line(start, (edge, bottom), role=role, colour=RULE, width=0.8)
                self._flag(frame, x, both, frame.top - 14)
            elif shown.is_printed:
                pen = self.canvas.pen("printed", under=True)
                for role, edge in (("left", x - half), ("right", x + half)):
                    pen.line(
                        (edge, frame.top - 18),
                        (edge, bottom),
                        role=role,
                        colour=RULE,
                        width=0.8,
                        dashes=(3, 2),
                    )
                self._flag(frame, x, "As printed", frame.top - 25)

    def _flag(self, frame: _Frame, x: float, words: str, y: float) -> None:
        half = text_width(words, SMALL, "bold") / 2
        x = min(max(x, frame.left + half + 4), WIDTH - MARGIN - half)
        role = words.lower().replace(",", "").replace(" ", "-")
        self.canvas.pen(f"flag-{role}").text(
            x, y, words, role="text", size=SMALL, align="center", bold=True
        )

    def _universe(
        self, frame: _Frame, i: int, shown: Shown, rows: dict[tuple[int, int], float]
    ) -> None:
        universe = shown.universe
        sentence = universe_sentence(self.result, shown, self.measure)
        pen = self.canvas.pen(f"u{shown.rank}", sentence)
        mid, low, high = universe.counted.natural
        colour = EXCLUDES if universe.significant else INCLUDES
        x = frame.x(i)
        pen.line((x, frame.y(low)), (x, frame.y(high)), role="interval", colour=colour, width=1.1)
        self._arrows(frame, pen, x, low, high, colour)
        if 0 <= self.axis.fraction(mid) <= 1:
            _marker(pen, x, frame.y(mid), frame.size, excludes=universe.significant)
        if frame.step >= STEP_WITH_TEXT:
            pen.text(
                x, frame.bottom + 8, decimal_text(mid), role="estimate", size=SMALL, align="center"
            )
        for d, doubt in enumerate(self.result.doubts):
            middle = rows[d, reading_in(self.result, universe, doubt)]
            _marker(pen, x, middle, min(frame.size, 6.0), excludes=universe.significant)

    def _arrows(
        self, frame: _Frame, pen: Pen, x: float, low: float, high: float, colour: str
    ) -> None:
        half = min(2.8, 0.4 * frame.step)
        if self.axis.fraction(high) > 1 + 1e-9:
            tip = frame.top - 1
            points = [(x, tip), (x - half, tip + 5), (x + half, tip + 5)]
            pen.shape(points, role="arrow-high", fill=colour)
        if self.axis.fraction(low) < -1e-9:
            tip = frame.bottom + 1
            points = [(x, tip), (x - half, tip - 5), (x + half, tip - 5)]
            pen.shape(points, role="arrow-low", fill=colour)

    def _notes(self) -> None:
        self.y += 10
        pen = self.canvas.pen("notes")
        for note in self._note_texts():
            for line in wrap(note, WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
                self.y += 10
            self.y += 1.5

    def _note_texts(self) -> list[str]:
        result, n = self.result, len(self.result.universes)
        method = method_name_of(result.method, result.interval)
        notes = [
            "Each column is one combination of readings, in order of the estimate; "
            f"the marks below show the readings it takes. {method}."
        ]
        if len(self.shown) < n:
            notes.append(
                f"Shown are {len(self.shown)} of {n} combinations: ranks at even distances, "
                "with the smallest and the largest estimate, the main result and the one as "
                "printed. The numbers above count all."
            )
        intervals = [s.universe.counted.natural[1:] for s in self.shown]
        if any(low < self.axis.low or high > self.axis.high for low, high in intervals):
            notes.append("Arrow head: the interval goes beyond the axis.")
        if result.no_universe:
            notes.append(f"{result.no_universe} combinations leave no study and have no result.")
        return notes


def _cut_before_bar(label: str, room: float) -> str:
    """Return a reading cut to the room; that the audit bars it is never cut off."""
    bar = BARRED if label.endswith(BARRED) else ""
    return ellipsise(label.removesuffix(bar), room - text_width(bar, SMALL), SMALL) + bar


def _marker(pen: Pen, x: float, y: float, size: float, *, excludes: bool) -> None:
    """Draw a diamond where the interval excludes no effect, else a ring."""
    if excludes:
        half = size * 0.62
        points = [(x - half, y), (x, y - half), (x + half, y), (x, y + half)]
        pen.shape(points, role="marker", fill=EXCLUDES)
        return
    pen.disc(x, y, size * 0.9, role="marker", fill=INCLUDES)
    pen.disc(x, y, size * 0.42, role="hole", fill=PAPER)
