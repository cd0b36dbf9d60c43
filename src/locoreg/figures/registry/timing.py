"""When first local therapies came, as a histogram."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from locoreg.figures.columns import HEAD, MARGIN, TEXT
from locoreg.figures.emulation.plate import Plate, Words
from locoreg.figures.emulation.words import marked_title
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.workflows.registry.exploring import Timing

HEIGHT = 190.0
LEFT = 52.0
BAR, HIDDEN = "#6C8FB0", "#8A8A8A"
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000)


def timing_figure(timing: Timing, *, origin: str, small_cells: int | None = None) -> Figure:
    """Draw when patients had their first local therapy.

    Parameters
    ----------
    timing : Timing
        Counts as shown.
    origin : str
        What months count from.
    small_cells : int, optional
        The rule by which counts are hidden, for the note.

    Returns
    -------
    matplotlib.figure.Figure
        Bars of equal width; patients in none of them stand in the note.
    """
    apart = "; ".join(f"{words.lower()} {count.text}" for words, count in timing.apart)
    known = [bar for bar in timing.bars if bar.count.n]
    most = max(known, key=lambda bar: bar.count.n or 0, default=None)
    said = f"First {timing.words} by month since {origin}"
    if most is not None:
        said += (
            f"; most, {most.count.text} patients, from month {most.start:g} to before {most.end:g}"
        )
    notes = [f"Patients in none of the bars: {apart}."]
    if small_cells is not None:
        notes.append(
            f"A question mark stands for a count that is hidden: 1 to {small_cells} patients, or "
            "what would give such a count away."
        )
    words = Words(
        title=marked_title(f"First {timing.words} since {origin}", synthetic=timing.synthetic),
        subtitle="",
        alerts=(),
        description=f"{said}. Others: {apart}",
        notes=tuple(notes),
    )
    return _Histogram(words, timing, origin).draw()


class _Histogram(Plate):
    def __init__(self, words: Words, timing: Timing, origin: str) -> None:
        super().__init__(words)
        self.timing = timing
        self.origin = origin
        largest = max([1, *(bar.count.n or 0 for bar in timing.bars)])
        step = next((s for s in STEPS if largest / s <= 6), math.ceil(largest / 6))
        self.ticks = [step * i for i in range(math.ceil(largest / step) + 1)]
        self.left = MARGIN + LEFT
        self.width = WIDTH - MARGIN - self.left
        self.last = timing.bars[-1].end

    def body(self) -> None:
        """Draw axes and bars."""
        pen = self.pen("y-title")
        pen.text(MARGIN, self.y + 6, "Patients", role="text", size=HEAD)
        self.y += 20
        self.bottom = self.y + HEIGHT
        self._axes()
        for place in range(len(self.timing.bars)):
            self._bar(place)
        pen = self.pen("x-title")
        middle = self.left + self.width / 2
        pen.text(
            middle, self.bottom + 26, f"Months since {self.origin}", role="text", size=HEAD,
            align="center",
        )  # fmt: skip
        self.y = self.bottom + 36

    def _x(self, month: float) -> float:
        return self.left + self.width * month / self.last

    def _y(self, count: float) -> float:
        return self.bottom - HEIGHT * count / self.ticks[-1]

    def _axes(self) -> None:
        pen = self.pen("axes")
        for tick in self.ticks:
            y = self._y(tick)
            pen.line(
                (self.left, y), (self.left + self.width, y), role="grid",
                colour=INK if tick == 0 else RULE, width=0.8 if tick == 0 else 0.3,
            )  # fmt: skip
            pen.text(self.left - 6, y, f"{tick:,}", role="y-label", size=HEAD, align="right")
        for month in [*(bar.start for bar in self.timing.bars), self.last]:
            x = self._x(month)
            pen.line((x, self.bottom), (x, self.bottom + 3.5), role="x-tick", colour=INK, width=0.8)
            pen.text(x, self.bottom + 11, f"{month:g}", role="x-label", size=HEAD, align="center")

    def _bar(self, place: int) -> None:
        bar = self.timing.bars[place]
        said = f"Month {bar.start:g} to before {bar.end:g}: {bar.count.text} patients"
        pen = self.pen(f"bar{place}", said)
        left, right = self._x(bar.start), self._x(bar.end)
        middle = (left + right) / 2
        if bar.count.n is None:
            pen.text(
                middle, self.bottom - 8, "?", role="hidden", size=TEXT, align="center", bold=True,
                colour=FAINT_INK,
            )  # fmt: skip
            return
        top = self._y(bar.count.n)
        pen.box(left + 2, top, right - left - 4, self.bottom - top, role="bar", fill=BAR)
        if bar.count.n:
            pen.text(middle, top - 7, bar.count.text, role="count", size=TEXT, align="center")
