"""Give the content of a figure of curves its places, and draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from locoreg.figures.canvas import Canvas, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, RULE
from locoreg.figures.survival.content import Content
from locoreg.figures.survival.labels import Room, Spot, Wanted, place_labels
from locoreg.figures.survival.panel import (
    LABEL_LINE,
    Frame,
    draw_axes,
    draw_bands,
    draw_lines,
    draw_outer_edges,
    draw_spots,
    draw_y_title,
)
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.risktable import (
    LABEL_GAP,
    column_width,
    draw_table,
    label_width,
)
from locoreg.figures.survival.textblock import draw_block
from locoreg.figures.survival.timeaxis import TimeAxis, time_text
from locoreg.figures.survival.tracks import Panel
from locoreg.figures.textfit import ellipsise, text_width, wrap

Y_LABELS = 34.0
LABEL_ROOM = 128.0
SMALL_LINE = 10.0
ALERT = "#9E1B1B"
ALERT_PAPER = "#FDF1F0"


class Sheet:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(self, content: Content, *, bands: bool, hatched: bool) -> None:
        self.content = content
        self.bands = bands
        self.hatched = hatched
        self.y = MARGIN

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._title()
            self._notice()
            named = [t for panel in self.content.panels for t in panel.tracks if t.label]
            direct = self._layout(labelled=bool(named))
            spots = self._spots(direct)
            if spots is None:
                direct = self._layout(labelled=False)
            self._block(legend=spots is None)
            self._panels(direct, spots or [{} for _ in self.content.panels])
            if self.content.tables:
                self.y += 6
                self.y = draw_table(self.canvas, self.content.tables, direct, WIDTH, self.y)
            self._notes()
            return self.canvas.finish(
                round(self.y + MARGIN, 1),
                title=self.content.title,
                description=self.content.description,
            )

    def _layout(self, *, labelled: bool) -> TimeAxis:
        """Return the time axis: as wide as labels left and right of it allow."""
        content = self.content
        numbers = column_width(content.tables)
        labels = label_width(content.tables) + LABEL_GAP + numbers / 2 if content.tables else 0.0
        left = MARGIN + max(Y_LABELS, labels)
        right = WIDTH - MARGIN - max(numbers / 2, 14.0)
        if labelled:
            widest = max(
                text_width(line, TEXT, "bold")
                for panel in content.panels
                for track in panel.tracks
                for line in _label_lines(track.label)
            )
            right = min(right, WIDTH - MARGIN - widest - 6)
        width = right - left
        texts = [time_text(tick) for tick in content.ticks]
        needed = max(numbers, max(text_width(text, HEAD) for text in texts) + 6)
        every = 1
        while len(content.ticks[::every]) > 1 and (
            width * content.ticks[every] / content.end < needed
        ):
            every += 1
        return TimeAxis(end=content.end, ticks=content.ticks[::every], left=left, width=width)

    def _spots(self, axis: TimeAxis) -> list[dict[str, Spot]] | None:
        """Return a place for each label of each panel, or None if one does not find any."""
        found = []
        for panel in self.content.panels:
            spots = _panel_spots(panel, axis)
            if spots is None:
                return None
            found.append(spots)
        return found

    def _title(self) -> None:
        pen = CurvePen(self.canvas, "title", "", under=False)
        for line in wrap(self.content.title, WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
            self.y += 14
        self.y += 4

    def _notice(self) -> None:
        if not self.content.notice:
            return
        lines = wrap(self.content.notice, WIDTH - 2 * MARGIN - 30, TEXT, "bold")
        height = 11.5 * len(lines) + 8
        pen = CurvePen(self.canvas, "notice", self.content.notice, under=False)
        pen.box(
            MARGIN + 0.5,
            self.y,
            WIDTH - 2 * MARGIN - 1,
            height,
            role="box",
            fill=ALERT_PAPER,
            edge=ALERT,
        )
        pen.text(MARGIN + 9, self.y + height / 2, "✖", role="sign", size=TITLE, colour=ALERT)
        for i, line in enumerate(lines):
            y = self.y + 4 + 11.5 * (i + 0.5)
            pen.text(MARGIN + 24, y, line, role="line", size=TEXT, bold=True, colour=ALERT)
        self.y += height + 8

    def _block(self, *, legend: bool) -> None:
        block = self.content.block
        if block is not None:
            # Where labels stand on the curves, their names here need no piece of line.
            self.y = draw_block(self.canvas, block, MARGIN, WIDTH - MARGIN, self.y, samples=legend)
        pen = CurvePen(self.canvas, "lines", "", under=False)
        for text in self.content.lines:
            for line in wrap(text, WIDTH - 2 * MARGIN, TEXT):
                pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT)
                self.y += 12
        self.y += 8

    def _panels(self, axis: TimeAxis, spots: Sequence[dict[str, Spot]]) -> None:
        panels = self.content.panels
        frames = []
        for panel in panels:
            self.y += 18
            frames.append(Frame(panel=panel, axis=axis, top=self.y))
            self.y += panel.height + 8
        for frame in frames:
            if self.bands:
                draw_bands(self.canvas, frame, hatched=self.hatched)
                draw_outer_edges(self.canvas, frame)
        for i, frame in enumerate(frames):
            draw_axes(self.canvas, frame, labelled=i == len(frames) - 1)
            draw_y_title(self.canvas, frame)
            draw_lines(self.canvas, frame)
            draw_spots(self.canvas, frame, _moved(spots[i], frame.top))
        self.y += 10
        pen = CurvePen(self.canvas, "x-title", "", under=False)
        middle = axis.left + axis.width / 2
        text = ellipsise(self.content.x_title, WIDTH - 2 * MARGIN, HEAD, "bold")
        half = text_width(text, HEAD, "bold") / 2
        x = min(max(middle, MARGIN + half), WIDTH - MARGIN - half)
        pen.text(x, self.y + 5, text, role="text", size=HEAD, align="center", bold=True)
        self.y += 14

    def _notes(self) -> None:
        self.y += 4
        CurvePen(self.canvas, "notes-rule", "", under=False).line(
            (MARGIN, self.y), (WIDTH - MARGIN, self.y), role="rule", colour=RULE, width=0.6
        )
        self.y += 4
        pen = CurvePen(self.canvas, "notes", "", under=False)
        for note in self.content.notes:
            for i, line in enumerate(wrap(note, WIDTH - 2 * MARGIN - 8, SMALL)):
                x = MARGIN + (8 if i else 0)
                pen.text(
                    x, self.y + SMALL_LINE / 2, line, role="line", size=SMALL, colour=FAINT_INK
                )
                self.y += SMALL_LINE
            self.y += 1.5


def _label_lines(label: str) -> tuple[str, ...]:
    """Return a label in at most two lines of limited width."""
    lines = wrap(label, LABEL_ROOM, TEXT, "bold")
    if len(lines) > 2:
        lines = (lines[0], ellipsise(f"{lines[1]} {lines[2]}", LABEL_ROOM, TEXT, "bold"))
        if not lines[1].endswith("…"):
            lines = (lines[0], ellipsise(lines[1] + " …", LABEL_ROOM, TEXT, "bold"))
    return lines


def _panel_spots(panel: Panel, axis: TimeAxis) -> dict[str, Spot] | None:
    frame = Frame(panel=panel, axis=axis, top=0.0)
    wanted = []
    for track in panel.tracks:
        if not track.label:
            continue
        lines = _label_lines(track.label)
        wanted.append(
            Wanted(
                key=track.key,
                lines=lines,
                width=max(text_width(line, TEXT, "bold") for line in lines),
                height=LABEL_LINE * len(lines),
                corners=frame.corners(track),
            )
        )
    room = Room(
        left=axis.left + 3,
        right=WIDTH - MARGIN + 1,
        top=-4.0,
        bottom=panel.height - 1,
        rising=panel.rising,
    )
    return place_labels(wanted, room)


def _moved(spots: dict[str, Spot], top: float) -> dict[str, Spot]:
    """Return the spots on the sheet: they were found for a panel at the top of it."""
    return {key: replace(spot, top=spot.top + top) for key, spot in spots.items()}
