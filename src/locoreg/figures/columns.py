"""Widths and places of a forest plot's text columns, and the texts of their heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from locoreg.figures.canvas import Align
from locoreg.figures.layouts import Column, Layout
from locoreg.figures.riskofbias import HEAD as BIAS_HEAD
from locoreg.figures.riskofbias import bias_slots, bias_width
from locoreg.figures.table import Entry, ForestTable, MissingRow, PooledRow, PredictionRow, StudyRow
from locoreg.figures.textfit import ellipsise, longest_piece, text_width, wrap

TEXT = 8.5
SMALL = 7.5
HEAD = 8.0
TITLE = 10.5
GAP = 11.0
MARGIN = 10.0
INDENT = 7.0
LABEL_MAX = 168.0
ARM_MIN = 59.0
ARM_MAX = 112.0
HEAD_LINES = 4
PLOT_MIN = 170.0

_HEADS = {
    "study": "Study",
    "total": "Both arms",
    "weight": "Weight, %",
    "audit": "Audit",
    "bias": BIAS_HEAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A column on the sheet.

    Attributes
    ----------
    left, right : float
        Edges in points.
    align : {"left", "center", "right"}
        Alignment of its texts.
    head : tuple of str
        Lines of its head.
    """

    left: float
    right: float
    align: Align
    head: tuple[str, ...]

    @property
    def anchor(self) -> float:
        """Where its texts are anchored."""
        return {
            "left": self.left,
            "center": (self.left + self.right) / 2,
            "right": self.right,
        }[self.align]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All columns and the plot between them.

    Attributes
    ----------
    columns : mapping
        Place of each column that is shown.
    plot : tuple of float
        Left and right edge of the plot.
    left_block : float
        Width from the left margin to the plot's side.
    bias_slots : int
        Domains of risk of bias that have room.
    """

    columns: Mapping[Column, Place]
    plot: tuple[float, float]
    left_block: float
    bias_slots: int


def place_columns(table: ForestTable, layout: Layout, width: float) -> Places:
    """Measure the texts and share the width out; the plot takes what is left.

    Parameters
    ----------
    table : ForestTable
        Rows.
    layout : Layout
        Which columns stand where.
    width : float
        Width of the sheet in points.

    Returns
    -------
    Places
        Edges of the columns and of the plot.
    """
    entries = [entry for group in table.groups for entry in group.entries]
    shown = {column: _shown(column, entries) for column in (*layout.left, *layout.right)}
    heads = {c: _head(c, table, entries) for c, yes in shown.items() if yes}
    widths = {c: _width(c, entries, heads[c]) for c in heads}
    spare = width - 2 * MARGIN - PLOT_MIN - sum(widths.values()) - GAP * (len(widths) + 1)
    if spare < 0 and "study" in widths:
        widths["study"] = max(90.0, widths["study"] + spare)
    places: dict[Column, Place] = {}
    x = MARGIN
    for column in (c for c in layout.left if c in widths):
        places[column] = _place(column, x, widths[column], heads[column])
        x += widths[column] + GAP
    plot_left = x + 3
    x = width - MARGIN
    for column in reversed([c for c in layout.right if c in widths]):
        places[column] = _place(column, x - widths[column], widths[column], heads[column])
        x -= widths[column] + GAP
    return Places(
        columns=places,
        plot=(plot_left, x - 3),
        left_block=plot_left - GAP - MARGIN,
        bias_slots=slots_of(entries),
    )


def _place(column: Column, left: float, width: float, head: tuple[str, ...]) -> Place:
    align: Align = "left" if column in ("study", "audit", "bias") else "right"
    return Place(left=left, right=left + width, align=align, head=head)


def _shown(column: Column, entries: list[Entry]) -> bool:
    studies = [entry for entry in entries if isinstance(entry, StudyRow)]
    if column == "audit":
        return any(row.audit is not None for row in studies)
    if column == "bias":
        return any(row.bias is not None for row in studies)
    if column == "total":
        return any(
            row.cells.get("total") and not (row.cells.get("arm_a") and row.cells.get("arm_b"))
            for row in studies
        )
    if column in ("arm_a", "arm_b"):
        return any(row.cells.get(column) for row in studies)
    return True


def _head(column: Column, table: ForestTable, entries: list[Entry]) -> tuple[str, ...]:
    if column == "effect":
        return (table.effect_header,)
    if column == "bias":
        # The second line is left to the numbers of the domains.
        return (_HEADS[column], "")
    if column not in ("arm_a", "arm_b", "total"):
        return (_HEADS[column],)
    texts = [e.cells.get(column, "") for e in entries if isinstance(e, StudyRow)]
    unit = "events/n" if any("/" in text for text in texts) else "n"
    if column == "total":
        return (_HEADS[column], unit)
    name = table.arm_headers[0 if column == "arm_a" else 1]
    whole_words = min(ARM_MAX, longest_piece(name, HEAD, "bold"))
    room = max(ARM_MIN, whole_words, *(text_width(text, TEXT, "bold") for text in texts))
    lines = wrap(name, room, HEAD, "bold")
    if len(lines) > HEAD_LINES:
        last = ellipsise(lines[HEAD_LINES - 1] + " …", room, HEAD, "bold")
        lines = (*lines[: HEAD_LINES - 1], last)
    return (*lines, unit)


def _width(column: Column, entries: list[Entry], head: tuple[str, ...]) -> float:
    needed = [text_width(line, HEAD, "bold") for line in head]
    if column == "study":
        needed += [_label_width(entry) for entry in entries]
    elif column == "audit":
        needed.append(text_width("✖ B 00", TEXT))
    elif column == "bias":
        needed.append(bias_width(slots_of(entries)))
    else:
        for entry in entries:
            if isinstance(entry, StudyRow | PooledRow | PredictionRow):
                weight = "bold" if isinstance(entry, PooledRow) else "normal"
                needed.append(text_width(entry.cells.get(column, ""), TEXT, weight))
    return max(needed)


def slots_of(entries: Iterable[Entry]) -> int:
    """Return how many domains of risk of bias need room."""
    return bias_slots(entry.bias for entry in entries if isinstance(entry, StudyRow))


def _label_width(entry: Entry) -> float:
    if isinstance(entry, StudyRow):
        name = min(LABEL_MAX, INDENT + text_width(entry.label, TEXT))
        return name + text_width(f" {entry.marks}" if entry.marks else "", TEXT)
    if isinstance(entry, MissingRow):
        return min(LABEL_MAX, INDENT + text_width(entry.label, TEXT))
    if isinstance(entry, PooledRow):
        return text_width(entry.label, TEXT, "bold")
    if isinstance(entry, PredictionRow):
        return text_width(entry.label, TEXT)
    return 0.0
