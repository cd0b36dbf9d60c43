"""Table 1: patients' characteristics by group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from locoreg.core.csvtext import to_csv
from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.registry.describe.cells import Cell, count_cells, summary_cell
from locoreg.registry.describe.crossed import hide_crossed, pooled_levels
from locoreg.registry.describe.smd import categorical_smd, continuous_smd
from locoreg.registry.describe.suppression import SHOWN

if TYPE_CHECKING:
    import pandas as pd

OVERALL = "Overall"
UNKNOWN = "Unknown"
TOGETHER = "Together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A row (or rows) of Table 1.

    Attributes
    ----------
    key, label, unit : str
        Name, words and unit.
    kind : {"continuous", "categorical"}
        How it is summarised: median (Q1, Q3), or n (%).
    levels : tuple of str
        Levels of a categorical variable in clinical order; others follow by name.
    labels : tuple of (str, str)
        Words of the levels.
    plain : bool
        Whole numbers without decimals: calendar years.
    """

    key: str
    label: str
    kind: Literal["continuous", "categorical"]
    unit: str = ""
    levels: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    variable, label, level, unit, statistic : str
        What it shows; ``level`` is empty for a continuous variable's summary.
    cells : tuple of Cell
        One per column.
    smd : float or None
        Standardised mean difference of the variable, on its first line; the largest over pairs
        where there are more than two groups; None without groups or where a count is hidden.
    """

    variable: str
    label: str
    level: str
    unit: str
    statistic: str
    cells: tuple[Cell, ...]
    smd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOne:
    """Table 1.

    Attributes
    ----------
    columns : tuple of str
        Groups, then ``Overall``.
    sizes : tuple of int
        Patients of each column: the denominators.
    lines : tuple of Line
        The table.
    left_out : mapping of str to str
        Groups too small to be shown, with their size as shown.
    notes : tuple of str
        How to read it.
    synthetic : bool
        Whether the patients are made up.
    """

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    lines: tuple[Line, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    synthetic: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "columns": [
                {"name": name, "n": n} for name, n in zip(self.columns, self.sizes, strict=True)
            ],
            "lines": [
                {
                    "variable": line.variable,
                    "label": line.label,
                    "level": line.level,
                    "unit": line.unit,
                    "statistic": line.statistic,
                    "smd": line.smd,
                    "cells": [
                        {
                            name: value
                            for name in ("text", "n", "percent", "median", "q1", "q3")
                            if (value := getattr(cell, name)) is not None
                        }
                        for cell in line.cells
                    ],
                }
                for line in self.lines
            ],
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }

    def to_csv(self) -> str:
        """Return one row per line as CSV text: texts as printed and the SMD.

        Rows on made-up patients say so in a column of their own.
        """
        mark = ("data",) if self.synthetic else ()
        head = ("variable", "level", "unit", "statistic", *self.header(), "smd", *mark)
        rows = [
            (
                line.label,
                line.level,
                line.unit,
                line.statistic,
                *(cell.text for cell in line.cells),
                line.smd,
                *("SYNTHETIC" for _ in mark),
            )
            for line in self.lines
        ]
        return to_csv([head, *rows])

    def header(self) -> tuple[str, ...]:
        """Return the heads of the columns with their denominators."""
        return tuple(f"{c} (N = {n:,})" for c, n in zip(self.columns, self.sizes, strict=True))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per line, texts as printed and the SMD."""
        columns: dict[str, list[Any]] = {
            "variable": [line.label for line in self.lines],
            "level": [line.level for line in self.lines],
            "statistic": [line.statistic for line in self.lines],
        }
        for place, head in enumerate(self.header()):
            columns[head] = [line.cells[place].text for line in self.lines]
        columns["smd"] = [line.smd for line in self.lines]
        return frame(columns)


def table_one(
    data: Mapping[str, NDArray[Any]],
    variables: Sequence[Variable],
    *,
    group: NDArray[Any] | None,
    small_cells: int | None,
    order: Sequence[str] = (),
) -> TableOne:
    """Summarise patients by group.

    Parameters
    ----------
    data : mapping of str to ndarray, each of shape (n,)
        Values by variable: float with NaN for unknown, or object (text) with None for unknown.
    variables : sequence of Variable
        Rows of the table, in order.
    group : ndarray of object, shape (n,), or None
        Group of each patient; None is a group of its own, ``Unknown``.
    small_cells : int or None
        Counts from 1 to this many patients are hidden, and what would give them away. Groups of
        this size are told together, as one group that names them: see `pool_groups`. Where all
        groups together are so few, they are left out of the table.
    order : sequence of str
        Order of the groups; others follow by name, ``Unknown`` comes last.

    Returns
    -------
    TableOne
        The table.

    Raises
    ------
    DesignError
        If ``small_cells`` is below 1.
    """
    if small_cells is not None and small_cells < 1:
        raise DesignError("small_cells must be 1 or more.", hint="10 is usual.")
    n = len(next(iter(data.values()))) if data else 0
    labels = _group_labels(group, n)
    if group is not None:
        labels = pool_groups(labels, np.ones(n, dtype=np.bool_), order, small_cells)[0]
    names, counts = np.unique(labels, return_counts=True)
    small = small_cells or 0
    left_out = {
        str(name): f"≤{small_cells}"
        for name, size in zip(names, counts, strict=True)
        if 0 < size <= small
    }
    shown = [name for name in in_order(names, order) if name not in left_out]
    keep = np.isin(labels, shown) if left_out else np.ones(n, dtype=bool)
    members = [labels == name for name in shown] if group is not None else []
    members.append(keep)
    late = shown.index(UNKNOWN) if group is not None and UNKNOWN in shown else None
    lines: list[Line] = []
    for variable in variables:
        make = _continuous if variable.kind == "continuous" else _categorical
        lines += make(variable, data[variable.key], members, small_cells, late)
    return TableOne(
        columns=(*(shown if group is not None else ()), OVERALL),
        sizes=tuple(int(m.sum()) for m in members),
        lines=tuple(lines),
        left_out=left_out,
        notes=_notes(small_cells, len(members) - 1),
    )


def pool_groups(
    group: NDArray[Any], members: NDArray[np.bool_], order: Sequence[str], small_cells: int | None
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Put groups together that would give few patients away, alone or if they were left out.

    Parameters
    ----------
    group : ndarray of object, shape (n,)
        Group of each patient.
    members : ndarray of bool, shape (n,)
        The patients who are described.
    order : sequence of str
        Order of the groups.
    small_cells : int or None
        Groups of 1 to this many members are small.

    Returns
    -------
    group : ndarray of object, shape (n,)
        With one group that names those in it; the same where none is small.
    pooled : tuple of str
        Their names.
    """
    found, sizes = np.unique(group[members].astype(str), return_counts=True)
    size = dict(zip(found.tolist(), sizes.tolist(), strict=True))
    names = in_order(found, order)
    counts = np.array([size[name] for name in names], dtype=np.int64)
    flags = pooled_levels(counts, small_cells, unknown=UNKNOWN in size)
    pooled = tuple(name for name, flag in zip(names, flags, strict=True) if flag)
    if len(pooled) < 2:
        return group, ()
    words = f"{TOGETHER}: {', '.join(pooled)}"
    changed = np.where(np.isin(group.astype(str), pooled), words, group)
    return changed.astype(object), pooled


def in_order(names: Iterable[Any], order: Sequence[str]) -> list[str]:
    """Return names of groups: first those of ``order``, then others by name, Unknown last."""
    found = {str(name) for name in names}
    rest = sorted(
        found - set(order) - {UNKNOWN}, key=lambda name: (name.startswith(f"{TOGETHER}: "), name)
    )
    last = [UNKNOWN] if UNKNOWN in found else []
    return [*(name for name in order if name in found), *rest, *last]


def _group_labels(group: NDArray[Any] | None, n: int) -> NDArray[Any]:
    if group is None:
        return np.full(n, OVERALL, dtype=object)
    return np.array([UNKNOWN if g is None else str(g) for g in group], dtype=object)


def _notes(small_cells: int | None, groups: int) -> tuple[str, ...]:
    notes = ["Percentages are of all patients of the column, those with unknown values included."]
    if groups >= 2:
        pairs = ", the largest over all pairs of groups" if groups > 2 else ""
        notes.append(f"SMD: standardised mean difference of known values{pairs}; no weights.")
    if small_cells is not None:
        notes.append(
            f"Counts of 1 to {small_cells} are shown as ≤{small_cells}; counts that would give "
            "them away, and summaries of so few values, are hidden."
        )
    return tuple(notes)


def _continuous(
    variable: Variable,
    values: NDArray[Any],
    members: Sequence[NDArray[np.bool_]],
    small_cells: int | None,
    late: int | None,
) -> list[Line]:
    numbers = values.astype(np.float64)
    known = [numbers[m & np.isfinite(numbers)] for m in members]
    cells = tuple(summary_cell(part, small_cells, plain=variable.plain) for part in known)
    line = Line(
        variable=variable.key,
        label=variable.label,
        level="",
        unit=variable.unit,
        statistic="median (Q1, Q3)",
        cells=cells,
        smd=_largest([continuous_smd(a, b) for a, b in combinations(known[:-1], 2)])
        if all(cell.n is not None for cell in cells)
        else None,
    )
    missing = np.array([[int(m.sum()) - part.size for m, part in zip(members, known, strict=True)]])
    if not missing.any():
        return [line]
    counts = np.vstack([np.array([[part.size for part in known]]), missing])
    state = hide_crossed(counts, small_cells, unknown=True, unknown_group=late)
    # Known and unknown add up to the column: the one would give the other away.
    cells = tuple(
        cell if state[0, place] == SHOWN else replace(cell, n=None)
        for place, cell in enumerate(cells)
    )
    unknown = count_cells(counts, state, members, small_cells)[1]
    return [replace(line, cells=cells), _unknown(variable, unknown)]


def _categorical(
    variable: Variable,
    values: NDArray[Any],
    members: Sequence[NDArray[np.bool_]],
    small_cells: int | None,
    late: int | None,
) -> list[Line]:
    found = {str(v) for v in values if v is not None}
    levels = [level for level in variable.levels if level in found]
    levels += sorted(found - set(levels))
    rows = [np.array([v is not None and str(v) == level for v in values]) for level in levels]
    unknown = np.array([v is None for v in values], dtype=bool)
    # A line that is not printed can't protect another.
    masks = [*rows, unknown] if unknown.any() or not levels else rows
    counts = np.array([[int((mask & m).sum()) for m in members] for mask in masks], dtype=np.int64)
    listed = len(masks) > len(levels)
    state = hide_crossed(counts, small_cells, unknown=listed, unknown_group=late)
    cells = count_cells(counts, state, members, small_cells)
    words = dict(variable.labels)
    whole = not state.any()
    known = counts[: len(levels)]
    smd = _largest(
        [
            categorical_smd(known[:, a].astype(float), known[:, b].astype(float))
            for a, b in combinations(range(len(members) - 1), 2)
        ]
    )
    lines = [
        Line(
            variable=variable.key,
            label=variable.label,
            level=words.get(level, level),
            unit="",
            statistic="n (%)",
            cells=row,
            smd=smd if place == 0 and whole else None,
        )
        for place, (level, row) in enumerate(zip(levels, cells, strict=False))
    ]
    return [*lines, _unknown(variable, cells[-1])] if listed else lines


def _unknown(variable: Variable, cells: tuple[Cell, ...]) -> Line:
    return Line(
        variable=variable.key,
        label=variable.label,
        level=UNKNOWN,
        unit="",
        statistic="n (%)",
        cells=cells,
    )


def _largest(values: Sequence[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return None
    return known[0] if len(values) == 1 else max(abs(value) for value in known)
