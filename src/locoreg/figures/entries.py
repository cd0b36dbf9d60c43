"""Draw the lines of a forest plot: one function per kind of line, each returns its height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from locoreg.figures.canvas import Canvas, Pen
from locoreg.figures.columns import GAP, INDENT, MARGIN, SMALL, TEXT, Places
from locoreg.figures.glyphs import Glyphs
from locoreg.figures.layouts import AUDIT_SIGNS, FAINT_INK, INK, Column, Layout
from locoreg.figures.riskofbias import draw_bias
from locoreg.figures.table import (
    Cells,
    Entry,
    Heading,
    MissingRow,
    PooledRow,
    PredictionRow,
    Remark,
    StudyRow,
)
from locoreg.figures.textfit import ellipsise, text_width, wrap

ROW = 15.0
SMALL_LINE = 10.0
DASHES = (3.0, 2.0)
CELL_COLUMNS: tuple[Column, ...] = ("arm_a", "arm_b", "total", "weight", "effect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all lines of a group are drawn with."""

    canvas: Canvas
    places: Places
    glyphs: Glyphs
    layout: Layout


@singledispatch
def draw_entry(entry: Entry, scene: Scene, y: float, tops: Sequence[float]) -> float:
    """Draw one line at y and return its height.

    Parameters
    ----------
    entry : Entry
        The line.
    scene : Scene
        Canvas, places and marks.
    y : float
        Upper edge in points.
    tops : sequence of float
        Upper edges of the group's lines up to this one.

    Returns
    -------
    float
        Height in points.
    """
    raise TypeError(f"a forest plot has no line of kind {type(entry).__name__}")


@draw_entry.register
def _heading(entry: Heading, scene: Scene, y: float, tops: Sequence[float]) -> float:
    size = TEXT + 0.5 if entry.level == 1 else TEXT
    pen = scene.canvas.pen(entry.key)
    lines = wrap(entry.text, scene.places.left_block, size, "bold")
    for i, line in enumerate(lines):
        pen.text(
            MARGIN,
            y + (i + 0.5) * (ROW - 2),
            line,
            role="text",
            size=size,
            bold=entry.level == 1,
            italic=entry.level == 2,
            colour=scene.layout.palette.heading,
        )
    return len(lines) * (ROW - 2) + 2


@draw_entry.register
def _study(row: StudyRow, scene: Scene, y: float, tops: Sequence[float]) -> float:
    middle = y + ROW / 2
    pen = scene.canvas.pen(row.key, row.sentence)
    _label(pen, row.label, f" {row.marks}" if row.marks else "", scene, middle)
    _cells(pen, row.cells, scene, middle, bold=False)
    place = scene.places.columns.get("audit")
    if place is not None:
        text, colour = "–", FAINT_INK
        if row.audit is not None:
            sign, letter, colour = AUDIT_SIGNS[row.audit[0]]
            text = f"{sign} {letter} {row.audit[1]}"
        pen.text(place.anchor, middle, text, role="audit", size=TEXT, colour=colour)
    place = scene.places.columns.get("bias")
    if place is not None:
        draw_bias(pen, place.left, scene.places.bias_slots, row.bias, middle)
    scene.glyphs.study(pen, row.interval, row.weight, middle)
    return ROW


def _label(pen: Pen, label: str, marks: str, scene: Scene, middle: float) -> None:
    place = scene.places.columns["study"]
    room = place.right - place.left - INDENT - text_width(marks, TEXT)
    text = ellipsise(label, room, TEXT) + marks
    pen.text(place.left + INDENT, middle, text, role="label", size=TEXT)


def _cells(pen: Pen, cells: Cells, scene: Scene, middle: float, *, bold: bool) -> None:
    for column in CELL_COLUMNS:
        place = scene.places.columns.get(column)
        text = cells.get(column, "")
        if place is not None and text:
            pen.text(
                place.anchor, middle, text, role=column, size=TEXT, align=place.align, bold=bold
            )


@draw_entry.register
def _missing(row: MissingRow, scene: Scene, y: float, tops: Sequence[float]) -> float:
    middle = y + ROW / 2
    pen = scene.canvas.pen(row.key, row.sentence)
    _label(pen, row.label, "", scene, middle)
    place = scene.places.columns["effect"]
    pen.text(
        place.anchor,
        middle,
        row.what,
        role="effect",
        size=TEXT,
        align=place.align,
        italic=True,
        colour=FAINT_INK,
    )
    if reason_fits(row, scene.places):
        left, _ = _reason_space(row, scene.places)
        pen.text(left, middle, row.reason, role="reason", size=SMALL, italic=True, colour=FAINT_INK)
    return ROW


def reason_fits(row: MissingRow, places: Places) -> bool:
    """Return whether the reason can stand in the row; else it goes to the notes."""
    left, right = _reason_space(row, places)
    return text_width(row.reason, SMALL) <= right - left


def _reason_space(row: MissingRow, places: Places) -> tuple[float, float]:
    """Return the room between the study's name and its result, left of the plot."""
    effect = places.columns["effect"]
    end = effect.right - text_width(row.what, TEXT)
    if effect.left > places.plot[0]:
        end = MARGIN + places.left_block + GAP
    return places.columns["study"].right + GAP, end - GAP


@draw_entry.register
def _pooled(row: PooledRow, scene: Scene, y: float, tops: Sequence[float]) -> float:
    middle = y + ROW / 2
    main = row.kind in ("main", "subgroup")
    glyphs = scene.glyphs
    if row.kind == "main" and glyphs.is_inside(row.interval[0]):
        x = glyphs.x(row.interval[0])
        first = tops[len(tops) - 1 - row.covers]
        scene.canvas.pen(f"{row.key}-guide", under=True).line(
            (x, first),
            (x, middle),
            role="dashed",
            colour=scene.layout.palette.diamond,
            width=0.8,
            dashes=DASHES,
        )
    pen = scene.canvas.pen(row.key, row.sentence)
    indent = 0.0 if row.kind == "main" else INDENT
    place = scene.places.columns["study"]
    colour = INK if main else FAINT_INK
    pen.text(
        place.left + indent, middle, row.label, role="label", size=TEXT, bold=main, colour=colour
    )
    _cells(pen, row.cells, scene, middle, bold=main)
    glyphs.pooled(pen, row, middle)
    return ROW


@draw_entry.register
def _prediction(row: PredictionRow, scene: Scene, y: float, tops: Sequence[float]) -> float:
    middle = y + ROW / 2
    pen = scene.canvas.pen(row.key, row.sentence)
    place = scene.places.columns["study"]
    pen.text(place.left + INDENT, middle, row.label, role="label", size=TEXT)
    _cells(pen, row.cells, scene, middle, bold=False)
    scene.glyphs.prediction(pen, row.low, row.high, middle)
    return ROW


@draw_entry.register
def _remark(row: Remark, scene: Scene, y: float, tops: Sequence[float]) -> float:
    pen = scene.canvas.pen(row.key)
    lines = wrap(row.text, scene.places.left_block, SMALL)
    for i, line in enumerate(lines):
        middle = y + 1 + (i + 0.5) * SMALL_LINE
        pen.text(MARGIN, middle, line, role="text", size=SMALL, colour=FAINT_INK)
    return len(lines) * SMALL_LINE + 3
