"""A small table of texts: one row per curve, with as many columns side by side as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from locoreg.figures.canvas import Canvas
from locoreg.figures.columns import HEAD, TEXT
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.survival.arms import ArmStyle
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.textfit import ellipsise, text_width, wrap

LINE = 12.0
HEAD_LINE = 9.5
GAP, LEAST_GAP = 16.0, 9.0
SAMPLE = 26.0
NAME_MAX = 230.0
NAME_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """A row: the curve's name and style, its cells, and the sentence that says them."""

    key: str
    name: str
    style: ArmStyle
    cells: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Heads and rows.

    Attributes
    ----------
    heads : tuple of str
        One per column; broken into lines at newlines.
    rows : tuple of BlockRow
        Rows.
    """

    heads: tuple[str, ...]
    rows: tuple[BlockRow, ...]


def draw_block(
    canvas: Canvas, block: TextBlock, left: float, right: float, top: float, *, samples: bool
) -> float:
    """Draw a block; return where it ends.

    Parameters
    ----------
    canvas : Canvas
        Sheet.
    block : TextBlock
        Texts.
    left, right, top : float
        Room in points.
    samples : bool
        Whether a piece of the curve's line stands before its name: the legend.

    Returns
    -------
    float
        The lower edge.
    """
    indent = SAMPLE if samples else 0.0
    widest = max((text_width(row.name, TEXT, "bold") for row in block.rows), default=0.0)
    name_width = min(widest, NAME_MAX)
    first = left + indent + name_width + GAP
    widths = [_width(block, column) for column in range(len(block.heads))]
    gap = (right - first - sum(widths)) / max(len(widths) - 1, 1)
    gap = min(gap, GAP) if gap >= LEAST_GAP else GAP
    for part, columns in enumerate(_parts(widths, right - first, gap)):
        ends = list(accumulate((widths[c] + gap for c in columns), initial=first - gap))[1:]
        lines = max((len(block.heads[c].split("\n")) for c in columns), default=0)
        _draw_heads(canvas, block, columns, ends, top + HEAD_LINE * lines, part)
        top += HEAD_LINE * lines + 3
        pen = CurvePen(canvas, f"block{part}-rule", "", under=False)
        pen.line((left, top), (right, top), role="rule", colour=RULE, width=0.6)
        top += 2
        for row in block.rows:
            pen = CurvePen(canvas, f"{row.key}-numbers{part or ''}", row.sentence, under=False)
            middle = top + LINE / 2
            names = _name_lines(row.name, name_width)
            for line in names:
                pen.text(
                    left + indent,
                    top + LINE / 2,
                    line,
                    role="name",
                    size=TEXT,
                    bold=True,
                    colour=row.style.line,
                )
                top += LINE
            top += 3 if len(names) > 1 else 0
            if samples:
                draw_sample(pen, left, middle, row.style)
            for c, end in zip(columns, ends, strict=True):
                pen.text(end, middle, row.cells[c], role="cell", size=TEXT, align="right")
        top += 4
    return top


def _name_lines(name: str, width: float) -> list[str]:
    lines = list(wrap(name, width + 0.1, TEXT, "bold"))
    if len(lines) > NAME_LINES:
        rest = " ".join(lines[NAME_LINES - 1 :])
        lines = [*lines[: NAME_LINES - 1], ellipsise(rest, width, TEXT, "bold")]
    return lines


def draw_sample(pen: CurvePen, left: float, middle: float, style: ArmStyle) -> None:
    """Draw a piece of a curve's line."""
    points = np.array([[left, middle], [left + SAMPLE - 5, middle]])
    pen.trace(points, role="sample", colour=style.line, width=1.7, dashes=style.dashes)


def _width(block: TextBlock, column: int) -> float:
    heads = [text_width(line, HEAD, "bold") for line in block.heads[column].split("\n")]
    return max(*heads, *(text_width(row.cells[column], TEXT) for row in block.rows), 0.0)


def _parts(widths: Sequence[float], room: float, gap: float) -> list[list[int]]:
    """Share columns out among blocks below each other."""
    parts: list[list[int]] = [[]]
    used = 0.0
    for column, width in enumerate(widths):
        if parts[-1] and used + width > room + 0.1:
            parts.append([])
            used = 0.0
        parts[-1].append(column)
        used += width + gap
    return parts


def _draw_heads(
    canvas: Canvas,
    block: TextBlock,
    columns: Sequence[int],
    ends: Sequence[float],
    bottom: float,
    part: int,
) -> None:
    pen = CurvePen(canvas, f"block{part}-heads", "", under=False)
    for column, end in zip(columns, ends, strict=True):
        lines = block.heads[column].split("\n")
        for i, line in enumerate(lines):
            y = bottom - HEAD_LINE * (len(lines) - i - 0.5)
            pen.text(
                end,
                y,
                line,
                role="head",
                size=HEAD,
                align="right",
                bold=i == 0,
                colour=INK if i == 0 else FAINT_INK,
            )
