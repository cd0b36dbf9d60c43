"""Draw forest plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.riskofbias import Assessment
from locoreg.figures.axis import EffectAxis, choose_axis, tick_text
from locoreg.figures.canvas import Align, Canvas, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE, Places, place_columns
from locoreg.figures.entries import SMALL_LINE, Scene, draw_entry, reason_fits
from locoreg.figures.glyphs import SIDE_MAX, Glyphs
from locoreg.figures.layouts import AUDIT_SIGNS, FAINT_INK, INK, RULE, Layout, layout_named
from locoreg.figures.owntable import own_table
from locoreg.figures.pooltable import pool_table
from locoreg.figures.riskofbias import bias_notes, draw_bias_heads
from locoreg.figures.table import (
    Entry,
    ForestTable,
    Group,
    MissingRow,
    PooledRow,
    PredictionRow,
    StudyRow,
)
from locoreg.figures.textfit import wrap

WIDTH = 760.0
LINE = 10.5


def forest_of_pools(
    pools: Sequence[EvidencePool],
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    exclusions: bool = True,
    order: str = "year",
    risk_of_bias: Sequence[Assessment] = (),
) -> Figure:
    """Draw one or several pools of a question, each design in a group of its own.

    Parameters
    ----------
    pools : sequence of EvidencePool
        Pools of one question and outcome. Groups are never pooled together.
    layout : {"revman", "jama", "bmj"}
        Columns, wording and palette; the numbers are the same in all.
    axis_limits : tuple of float, optional
        Ends of the effect axis. By default symmetric about no effect,
        covering 95% of the interval ends, at most 0.1 to 10 for ratios.
        Intervals beyond them end in arrow heads.
    exclusions : bool
        Whether studies without a number in the pool have a row, with the
        reason. If not, a note names them.
    order : {"year", "weight", "effect", "audit", "bias"}
        Of the studies of a group: publication, weight, effect, worst finding or risk of bias.
    risk_of_bias : sequence of Assessment
        Shown beside the studies; without any there is no column.

    Returns
    -------
    matplotlib.figure.Figure
        One axes in points; each artist's ``gid`` says what it is.
    """
    chosen = layout_named(layout)
    table = pool_table(pools, chosen.words, exclusions=exclusions, order=order, bias=risk_of_bias)
    return TableSheet(table, chosen, axis_limits).draw()


def forest_of_meta(
    meta: MetaAnalysis,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
) -> Figure:
    """Draw a meta-analysis.

    Parameters
    ----------
    meta : MetaAnalysis
        The pool.
    layout, axis_limits
        As for pools of evidence.
    title : str, optional
        Outcome, population and comparison.
    measure : str, optional
        Name of the measure, ``Hazard ratio for death`` say: the axis title.
    favours : tuple of str
        Words for the left and the right side.

    Returns
    -------
    matplotlib.figure.Figure
        As for pools of evidence.
    """
    chosen = layout_named(layout)
    table = own_table(meta, title=title, measure=measure, favours=favours)
    return TableSheet(table, chosen, axis_limits).draw()


class TableSheet:
    """Draws a table from top to bottom; ``y`` is where the next line begins."""

    def __init__(
        self, table: ForestTable, layout: Layout, axis_limits: tuple[float, float] | None
    ) -> None:
        self.table = table
        self.layout = layout
        self.axis: EffectAxis = choose_axis(_ends(table), scale=table.scale, limits=axis_limits)
        self.places: Places = place_columns(table, layout, WIDTH)
        self.glyphs = Glyphs(axis=self.axis, plot=self.places.plot, layout=layout)
        self.y = MARGIN

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._title()
            self._heads()
            top = self.y
            for group in self.table.groups:
                self._group(group)
            self._axis(top)
            self._notes()
            title = ". ".join(part for part in (self.table.title, self.table.subtitle) if part)
            return self.canvas.finish(self.y + MARGIN, title=title, description=self.table.summary)

    def _title(self) -> None:
        pen = self.canvas.pen("title")
        colour = self.layout.palette.heading
        for line in wrap(self.table.title, WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True, colour=colour)
            self.y += 14
        pen = self.canvas.pen("subtitle")
        for line in wrap(self.table.subtitle, WIDTH - 2 * MARGIN, TEXT):
            pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT, colour=FAINT_INK)
            self.y += 11
        self.y += 8

    def _heads(self) -> None:
        pen = self.canvas.pen("heads")
        lines = max(len(place.head) for place in self.places.columns.values())
        bottom = self.y + LINE * lines
        for column, place in self.places.columns.items():
            start = bottom - LINE * len(place.head)
            for i, text in enumerate(place.head):
                pen.text(
                    place.anchor,
                    start + LINE * (i + 0.5),
                    text,
                    role=column,
                    size=HEAD,
                    align=place.align,
                    bold=True,
                    colour=self.layout.palette.heading,
                )
        bias = self.places.columns.get("bias")
        if bias is not None:
            draw_bias_heads(
                pen, bias.left, self.places.bias_slots, bottom - LINE / 2,
                self.layout.palette.heading,
            )  # fmt: skip
        self.y = bottom + 4
        self._rule("heads-rule")
        self.y += 3

    def _rule(self, part: str) -> None:
        self.canvas.pen(part).line(
            (MARGIN, self.y), (WIDTH - MARGIN, self.y), role="rule", colour=RULE, width=0.6
        )

    def _group(self, group: Group) -> None:
        largest = max((row.weight for row in group.studies), default=0.0)
        unit = SIDE_MAX / largest**0.5 if largest > 0 else 0.0
        scene = Scene(
            canvas=self.canvas,
            places=self.places,
            glyphs=replace(self.glyphs, unit=unit),
            layout=self.layout,
        )
        tops: list[float] = []
        for entry in group.entries:
            tops.append(self.y)
            self.y += draw_entry(entry, scene, self.y, tops)
        self.y += 8

    def _axis(self, top: float) -> None:
        left, right = self.places.plot
        pen = self.canvas.pen("scale")
        no_effect = self.axis.no_effect
        if self.glyphs.is_inside(no_effect):
            x = self.glyphs.x(no_effect)
            self.canvas.pen("no-effect", under=True).line(
                (x, top), (x, self.y), role="solid", colour=INK, width=0.8
            )
        pen.line((left, self.y), (right, self.y), role="line", colour=INK, width=0.8)
        for tick in self.axis.ticks:
            x = self.glyphs.x(tick)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, self.y + 9.5, tick_text(tick), role="label", size=HEAD, align="center")
        self.y += 17
        self._favours()
        middle = (left + right) / 2
        pen = self.canvas.pen("axis-title")
        for line in wrap(self.table.axis_title, right - left, HEAD, "bold"):
            pen.text(
                middle, self.y + LINE / 2, line, role="line", size=HEAD, align="center", bold=True
            )
            self.y += LINE
        self.y += 8

    def _favours(self) -> None:
        """Write the sides' words to the left and right of no effect, arrows outwards."""
        if not self.glyphs.is_inside(self.axis.no_effect) or not any(self.table.favours):
            return
        pen = self.canvas.pen("favours")
        left, right = self.places.plot
        middle = self.glyphs.x(self.axis.no_effect)
        sides: tuple[tuple[str, float, float, Align], ...] = (
            (f"← {self.table.favours[0]}", middle - left, middle - 5, "right"),
            (f"{self.table.favours[1]} →", right - middle, middle + 5, "left"),
        )
        deepest = 0
        for (text, room, x, align), role in zip(sides, ("left", "right"), strict=True):
            lines = wrap(text, max(room - 5, 40), SMALL) if text.strip("←→ ") else ()
            for i, line in enumerate(lines):
                pen.text(
                    x, self.y + (i + 0.5) * SMALL_LINE, line, role=role, size=SMALL, align=align
                )
            deepest = max(deepest, len(lines))
        self.y += deepest * SMALL_LINE + 3

    def _notes(self) -> None:
        self._rule("notes-rule")
        self.y += 4
        pen = self.canvas.pen("notes")
        for note in (*self.table.notes, *self._drawn_notes()):
            for i, line in enumerate(wrap(note, WIDTH - 2 * MARGIN - 8, SMALL)):
                pen.text(
                    MARGIN + (8 if i else 0),
                    self.y + SMALL_LINE / 2,
                    line,
                    role="line",
                    size=SMALL,
                    colour=FAINT_INK,
                )
                self.y += SMALL_LINE
            self.y += 1.5

    def _drawn_notes(self) -> list[str]:
        """Return the notes that depend on what was drawn and where."""
        entries = [entry for group in self.table.groups for entry in group.entries]
        notes = []
        if any(self.glyphs.goes_beyond(low, high) for low, high in _intervals(entries)):
            notes.append(
                "Arrow head: the interval goes beyond the axis; its limits are in the row."
            )
        if "audit" in self.places.columns:
            signs = ", ".join(
                f"{sign} {letter} {severity}" for severity, (sign, letter, _) in AUDIT_SIGNS.items()
            )
            notes.append(f"Audit: worst severity ({signs}) and number of findings.")
        notes += bias_notes(
            (entry.bias for entry in entries if isinstance(entry, StudyRow)), self.layout.words
        )
        for entry in entries:
            if isinstance(entry, MissingRow) and not reason_fits(entry, self.places):
                notes.append(f"{entry.label}, {entry.what}: {entry.reason}.")
        return notes


def _ends(table: ForestTable) -> list[float]:
    """Return the interval ends that the axis shall cover: studies and pooled results."""
    return [
        end
        for group in table.groups
        for entry in group.entries
        if isinstance(entry, StudyRow | PooledRow)
        for end in entry.interval[1:]
    ]


def _intervals(entries: Sequence[Entry]) -> list[tuple[float, float]]:
    """Return all intervals that are drawn."""
    found = [e.interval[1:] for e in entries if isinstance(e, StudyRow | PooledRow)]
    return found + [(e.low, e.high) for e in entries if isinstance(e, PredictionRow)]
