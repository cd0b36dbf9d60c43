"""The table of patients at risk below the curves: each column stands under its tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.figures.canvas import Canvas
from locoreg.figures.columns import MARGIN, SMALL, TEXT
from locoreg.figures.layouts import FAINT_INK
from locoreg.figures.survival.arms import ArmStyle
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.timeaxis import TimeAxis, time_text
from locoreg.figures.textfit import ellipsise, text_width
from locoreg.workflows.curves.counts import CountTable

ROW = 10.5
NAME = 12.0
LABEL_MAX = 150.0
LABEL_GAP = 8.0
COLUMN_GAP = 6.0
INDENT = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTable:
    """The counts of one arm with its name and style."""

    key: str
    name: str
    style: ArmStyle
    counts: CountTable


def label_width(tables: Sequence[ArmTable]) -> float:
    """Return the room that the rows' labels need, with the indent."""
    widths = [text_width(row.label, SMALL) for t in tables for row in t.counts.rows]
    return min(max(widths, default=0.0), LABEL_MAX) + INDENT


def column_width(tables: Sequence[ArmTable]) -> float:
    """Return the room that the widest number needs, with a gap."""
    widths = [text_width(x, SMALL) for t in tables for row in t.counts.rows for x in row.texts]
    return max(widths, default=0.0) + COLUMN_GAP


def draw_table(
    canvas: Canvas, tables: Sequence[ArmTable], axis: TimeAxis, width: float, top: float
) -> float:
    """Draw the tables of all arms; return where they end.

    Parameters
    ----------
    canvas : Canvas
        Sheet.
    tables : sequence of ArmTable
        Arms; their times include the axis' ticks.
    axis : TimeAxis
        Whose ticks the columns are centred on.
    width : float
        Width of the sheet.
    top : float
        Upper edge.

    Returns
    -------
    float
        The lower edge.
    """
    room = min(label_width(tables), LABEL_MAX + INDENT) - INDENT
    for table in tables:
        if len(tables) > 1 or table.name:
            pen = CurvePen(canvas, f"{table.key}-table-name", "", under=False)
            pen.text(
                MARGIN,
                top + NAME / 2,
                ellipsise(table.name, width - 2 * MARGIN, TEXT, "bold"),
                role="name",
                size=TEXT,
                bold=True,
                colour=table.style.line,
            )
            top += NAME
        places = [table.counts.time.index(tick) for tick in axis.ticks]
        for row in table.counts.rows:
            pairs = zip(axis.ticks, (row.texts[i] for i in places), strict=True)
            said = ", ".join(f"{text} at {time_text(tick)}" for tick, text in pairs)
            name = f"{table.name}, " if table.name else ""
            pen = CurvePen(
                canvas, f"{table.key}-table-{row.key}", f"{name}{row.label}: {said}", under=False
            )
            pen.text(
                MARGIN + INDENT,
                top + ROW / 2,
                ellipsise(row.label, room + 0.1, SMALL),
                role="label",
                size=SMALL,
                colour=FAINT_INK,
            )
            for tick, i in zip(axis.ticks, places, strict=True):
                pen.text(
                    axis.x(tick),
                    top + ROW / 2,
                    row.texts[i],
                    role="count",
                    size=SMALL,
                    align="center",
                )
            top += ROW
        top += 4
    return top
