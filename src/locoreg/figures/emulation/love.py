"""Balance before and after weighting: a love plot, one panel per time, all on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import MINUS, decimal_text
from locoreg.emulation.effect import BalanceRow, Effect
from locoreg.figures.axis import tick_text
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import Plate, Words, count_text
from locoreg.figures.emulation.words import (
    alerts_of,
    arm_style,
    comparison,
    failure_notes,
    marked_title,
    method_note,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.textfit import ellipsise, one_line, text_width, wrap
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.smalleffects import hide_effect

THRESHOLD = 0.1
ROW = 13.0
LABEL_MAX, LABEL_MAX_WIDE = 190.0, 250.0
PANELS_MAX = 3
GAP = 16.0
ENDS = (0.2, 0.3, 0.5, 0.8, 1.0)
# Pieces between the ticks of an axis with this end.
TICKS = {0.2: 4, 0.3: 3, 0.5: 5, 0.8: 4, 1.0: 5}
# Part of all values that the axis reaches to.
COVERED = 0.95
# No colour of an arm: these are both arms, before and after.
BEFORE, AFTER = "#6B6B6B", "#3B2A73"
ZONE = "#EEF3F7"
SIZE = 5.4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A row of one panel."""

    name: str
    before: float
    after: float


def love_plot(
    effect: Effect,
    *,
    title: str | None = None,
    threshold: float = THRESHOLD,
    standardised: str = "unweighted standard deviation, the same before and after weighting",
    small_cells: int | None = None,
) -> Figure:
    """Draw standardised mean differences before and after weighting.

    Parameters
    ----------
    effect : Effect
        What a method returned; its ``balance`` is drawn, all of it.
    title : str, optional
        By default the comparison.
    threshold : float
        Absolute differences up to it count as balanced.
    standardised : str
        What differences are divided by, for the note.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per time.

    Raises
    ------
    DesignError
        If the method tells no balance.
    """
    if not effect.balance:
        raise DesignError(
            f"{effect.title} tells no balance of variables.", hint="draw another kind of figure."
        )
    check_small_cells(small_cells)
    effect = hide_effect(effect, small_cells)
    panels = _panels(effect.balance)
    said = [_header(at, rows, threshold) for at, rows in panels]
    words = Words(
        title=marked_title(
            title or f"Balance of confounders: {comparison(effect)}", synthetic=effect.synthetic
        ),
        subtitle="",
        alerts=alerts_of(effect),
        description=". ".join(f"{a}: {b}" for a, b in said),
        notes=(
            f"Standardised mean differences, treated less comparator, all variables over the "
            f"{standardised}. Shaded: up to {threshold:g}. Ordered by the unweighted difference at "
            "the first time. Bold with an exclamation mark: beyond it after weighting.",
            method_note(effect, small_cells),
            *failure_notes(effect),
        ),
    )
    return _Love(words, effect, panels, threshold).draw()


def _panels(balance: Sequence[BalanceRow]) -> list[tuple[float, list[_Shown]]]:
    """Return the rows by time, in one order: by the unweighted difference at the first time."""
    by_time: dict[float, dict[str, _Shown]] = {}
    for row in balance:
        name = one_line(f"{row.variable}: {row.level}" if row.level else row.variable)
        shown = _Shown(name=name, before=row.before, after=row.after)
        by_time.setdefault(row.at_months, {})[name] = shown
    names = list(dict.fromkeys(name for rows in by_time.values() for name in rows))
    first = by_time[min(by_time)]
    missing = _Shown(name="", before=math.nan, after=math.nan)

    def size(name: str) -> float:
        value = abs(first.get(name, missing).before)
        return -1.0 if math.isnan(value) else value

    order = sorted(names, key=size, reverse=True)
    return [
        (at, [by_time[at].get(n, _Shown(name=n, before=math.nan, after=math.nan)) for n in order])
        for at in sorted(by_time)
    ]


def _header(at: float, rows: Sequence[_Shown], threshold: float) -> tuple[str, str]:
    """Return the heading of a panel, and how many differences exceed the threshold."""
    head = "Time zero" if at == 0 else f"Month {time_text(at)}"
    counts, largest = [], []
    for values in ([r.before for r in rows], [r.after for r in rows]):
        known = [abs(v) for v in values if not math.isnan(v)]
        counts.append(sum(v > threshold for v in known))
        largest.append(max(known, default=math.nan))
    sizes = " → ".join(_plain(v) for v in largest)
    return head, f"over {threshold:g}: {counts[0]} → {counts[1]} of {len(rows)}; largest {sizes}"


def _plain(value: float) -> str:
    return "–" if math.isnan(value) else decimal_text(value)


def _signed(value: float) -> str:
    if math.isnan(value):
        return "–"
    text = f"{abs(value):.2f}"
    return text if text == "0.00" else f"{'+' if value > 0 else MINUS}{text}"


class _Love(Plate):
    def __init__(
        self,
        words: Words,
        effect: Effect,
        panels: list[tuple[float, list[_Shown]]],
        threshold: float,
    ) -> None:
        super().__init__(words)
        self.effect = effect
        self.panels = panels
        self.threshold = threshold
        values = sorted(
            abs(v) for _, rows in panels for r in rows for v in (r.before, r.after)
            if not math.isnan(v)
        )  # fmt: skip
        needed = values[math.ceil(COVERED * len(values)) - 1] if values else 0.0
        needed = max(needed, 1.5 * threshold)
        self.end = next((end for end in ENDS if end >= needed), ENDS[-1])
        names = [text_width(r.name, TEXT) for r in panels[0][1]]
        most = LABEL_MAX if len(panels) > 2 else LABEL_MAX_WIDE
        self.label_width = min(max([*names, text_width("Variable", HEAD, "bold")]), most)
        self.clipped = False

    def body(self) -> None:
        """Draw the panels, as many side by side as fit."""
        self._legend()
        bands = math.ceil(len(self.panels) / PANELS_MAX)
        across = math.ceil(len(self.panels) / bands)
        for start in range(0, len(self.panels), across):
            self._band(start, self.panels[start : start + across], across)

    def _legend(self) -> None:
        pen = self.pen("legend")
        y = self.y + 5
        self._circle(pen, MARGIN + 4, y)
        pen.text(MARGIN + 12, y, "before weighting", role="before", size=TEXT)
        x = MARGIN + 12 + text_width("before weighting", TEXT) + 16
        self._square(pen, x, y)
        pen.text(x + 8, y, "after weighting", role="after", size=TEXT)
        self.y += 17

    def _band(self, start: int, panels: Sequence[tuple[float, list[_Shown]]], across: int) -> None:
        left = MARGIN + self.label_width + GAP
        each = (WIDTH - MARGIN - left - GAP * (across - 1)) / across
        each = min(each, 330.0)
        lefts = [left + i * (each + GAP) for i in range(len(panels))]
        heads = [self._head(at, rows, each) for at, rows in panels]
        tallest = max(len(lines) for lines in heads)
        for i, (x, lines) in enumerate(zip(lefts, heads, strict=True)):
            pen = self.pen(f"panel{start + i}-head")
            for j, (text, bold, colour) in enumerate(lines):
                pen.text(
                    x, self.y + 5 + 10.5 * j, text, role="line",
                    size=TEXT if bold else SMALL, bold=bold, colour=colour,
                )  # fmt: skip
        self.y += 10.5 * tallest + 6
        numbers = text_width("+0.00!", SMALL, "bold") + 5
        plot = each - 2 * numbers - 6
        self._column_heads(start, lefts, plot, numbers)
        top = self.y
        bottom = top + ROW * len(panels[0][1])
        for i, x in enumerate(lefts):
            self._ground(start + i, x, plot, top, bottom)
        for r in range(len(panels[0][1])):
            self._row(start, r, panels, lefts, plot, numbers)
        for i, x in enumerate(lefts):
            self._axis(start + i, x, plot, bottom)
        self.y = bottom + 40

    def _head(self, at: float, rows: Sequence[_Shown], room: float) -> list[tuple[str, bool, str]]:
        head, counts = _header(at, rows, self.threshold)
        lines = [(head, True, INK)]
        lines += [(line, False, FAINT_INK) for line in wrap(counts, room, SMALL)]
        for i, arm in enumerate(self.effect.arms):
            for w in self.effect.weights:
                if w.arm == arm.label and w.at_months == at:
                    text = f"ESS {count_text(w.ess)} of {count_text(w.n)}: {one_line(arm.label)}"
                    lines.append((ellipsise(text, room, SMALL), False, arm_style(i).line))
        return lines

    def _column_heads(
        self, start: int, lefts: Sequence[float], plot: float, numbers: float
    ) -> None:
        pen = self.pen(f"band{start}-heads")
        pen.text(MARGIN, self.y + 5, "Variable", role="variable", size=HEAD, bold=True)
        for x in lefts:
            for place, text in ((1, "before"), (2, "after")):
                pen.text(
                    x + plot + 6 + place * numbers, self.y + 5, text, role="head", size=SMALL,
                    align="right", colour=FAINT_INK,
                )  # fmt: skip
        self.y += 13

    def _ground(self, i: int, left: float, plot: float, top: float, bottom: float) -> None:
        zone = plot * self.threshold / self.end
        pen = self.pen(f"panel{i}-zone", under=True)
        pen.box(left, top, zone, bottom - top, role="box", fill=ZONE)
        pen.line(
            (left + zone, top), (left + zone, bottom), role="line", colour=FAINT_INK, width=0.8,
            dashes=(3.0, 2.0),
        )  # fmt: skip
        pen.line((left, top), (left, bottom), role="zero", colour=INK, width=0.8)

    def _axis(self, i: int, left: float, plot: float, bottom: float) -> None:
        pen = self.pen(f"panel{i}-axis")
        pen.line((left, bottom), (left + plot, bottom), role="line", colour=INK, width=0.8)
        steps = 2 if plot < 120 else TICKS[self.end]
        for part in range(steps + 1):
            value = self.end * part / steps
            x = left + plot * part / steps
            pen.line((x, bottom), (x, bottom + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, bottom + 10, tick_text(value), role="label", size=SMALL, align="center")
        pen.text(
            left + plot / 2, bottom + 22, "|SMD|", role="title", size=HEAD, align="center",
            bold=True,
        )  # fmt: skip

    def _row(
        self,
        start: int,
        r: int,
        panels: Sequence[tuple[float, list[_Shown]]],
        lefts: Sequence[float],
        plot: float,
        numbers: float,
    ) -> None:
        middle = self.y + ROW / 2
        name = panels[0][1][r].name
        said = "; ".join(
            f"{_header(at, rows, self.threshold)[0].lower()}: {_signed(rows[r].before)} before, "
            f"{_signed(rows[r].after)} after weighting"
            for at, rows in panels
        )
        pen = self.pen(f"band{start}-row{r}", f"{name}: {said}")
        bad = any(abs(rows[r].after) > self.threshold for _, rows in panels)
        text = ellipsise(name, self.label_width + 0.1, TEXT, "bold" if bad else "normal")
        pen.text(MARGIN, middle, text, role="name", size=TEXT, bold=bad)
        for x, (_, rows) in zip(lefts, panels, strict=True):
            self._marks(pen, rows[r], x, plot, numbers, middle)
        self.y += ROW

    def _marks(
        self, pen: CurvePen, row: _Shown, left: float, plot: float, numbers: float, y: float
    ) -> None:
        values = [abs(v) for v in (row.before, row.after)]
        known = [left + plot * min(v / self.end, 1.0) for v in values if not math.isnan(v)]
        if len(known) == 2 and abs(known[0] - known[1]) > SIZE:
            pen.line((min(known), y), (max(known), y), role="join", colour=RULE, width=0.8)
        for value, draw, colour in (
            (values[0], self._circle, BEFORE),
            (values[1], self._square, AFTER),
        ):
            if math.isnan(value):
                continue
            if value <= self.end * (1 + 1e-9):
                draw(pen, left + plot * value / self.end, y)
            else:
                self.clipped = True
                tip = left + plot + 4
                pen.shape(
                    [(tip, y), (tip - 5, y - 2.8), (tip - 5, y + 2.8)], role="arrow", fill=colour
                )
        for place, value in ((1, row.before), (2, row.after)):
            bad = place == 2 and abs(value) > self.threshold
            text = _signed(value) + ("!" if bad else "")
            pen.text(
                left + plot + 6 + place * numbers, y, text, role="number", size=SMALL,
                align="right", bold=bad,
            )  # fmt: skip

    @staticmethod
    def _circle(pen: CurvePen, x: float, y: float) -> None:
        pen.disc(x, y, SIZE + 1.8, role="before-edge", fill=BEFORE)
        pen.disc(x, y, SIZE - 0.8, role="before-inside", fill=PAPER)

    @staticmethod
    def _square(pen: CurvePen, x: float, y: float) -> None:
        pen.box(x - SIZE / 2, y - SIZE / 2, SIZE, SIZE, role="after-mark", fill=AFTER)

    def drawn_notes(self) -> tuple[str, ...]:
        """Return the notes that depend on what was drawn."""
        if not self.clipped:
            return ()
        return ("Arrow head: beyond the axis; the number is in the row.",)
