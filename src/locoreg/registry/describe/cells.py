"""Cells of Table 1: summaries and counts, as printed and as numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.core.numbertext import decimal_text
from locoreg.registry.describe.suppression import HIDDEN, SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: its text, and its numbers where they are shown.

    Attributes
    ----------
    text : str
        As printed.
    n : int or None
        Count, for a continuous summary that of the known values; None where hidden.
    percent : float or None
        Percent of the column's patients.
    median, q1, q3 : float or None
        Of a continuous variable.
    """

    text: str
    n: int | None = None
    percent: float | None = None
    median: float | None = None
    q1: float | None = None
    q3: float | None = None


def summary_cell(values: NDArray[np.float64], small_cells: int | None, *, plain: bool) -> Cell:
    """Return median and quartiles of known values; hidden where they are few.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Known values.
    small_cells : int or None
        Summaries of 1 to this many values are hidden.
    plain : bool
        Whole numbers without decimals.
    """
    if values.size == 0:
        return Cell(text="–", n=0)
    if small_cells is not None and values.size <= small_cells:
        return Cell(text="hidden")
    q1, median, q3 = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    m, low, high = (f"{v:.0f}" if plain else _short(v) for v in (median, q1, q3))
    text = f"{m} ({low}, {high})"
    return Cell(text=text, n=values.size, median=median, q1=q1, q3=q3)


def _short(value: float) -> str:
    return decimal_text(value, 1 if abs(value) < 100 else 0)


def count_cells(
    counts: NDArray[np.int64],
    state: NDArray[np.int8],
    members: Sequence[NDArray[np.bool_]],
    small_cells: int | None,
) -> list[tuple[Cell, ...]]:
    """Return the cells of counts, with percentages of their columns.

    Parameters
    ----------
    counts, state : ndarray of int, shape (levels, columns)
        Counts, and from ``hide_small`` which of them are shown.
    members : sequence of ndarray of bool
        Patients of each column.
    small_cells : int or None
        Largest count that is hidden.
    """
    sizes = [int(m.sum()) for m in members]
    return [
        tuple(
            _count_cell(
                int(counts[row, column]), int(state[row, column]), sizes[column], small_cells
            )
            for column in range(counts.shape[1])
        )
        for row in range(counts.shape[0])
    ]


def _count_cell(count: int, state: int, size: int, small_cells: int | None) -> Cell:
    if state == SMALL:
        return Cell(text=f"≤{small_cells}")
    if state == HIDDEN:
        return Cell(text="hidden")
    percent = 100 * count / size if size else math.nan
    return Cell(text=f"{count:,} ({percent:.1f}%)" if size else "–", n=count, percent=percent)
