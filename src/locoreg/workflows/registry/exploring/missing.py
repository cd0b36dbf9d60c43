"""What is unknown, by variable and year of time zero."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.numbertext import decimal_text
from locoreg.registry.describe.people import VARIABLES, People
from locoreg.registry.describe.suppression import SHOWN, SMALL, hide_small
from locoreg.registry.describe.tableone import OVERALL, Variable

# More columns than these can't be read.
MOST_COLUMNS = 10
NO_YEAR = "Year unknown"
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCell:
    """Patients of a column whose value is unknown.

    Attributes
    ----------
    text : str
        As shown: ``12.3%``, ``≤10`` patients, or ``hidden``.
    n : int or None
        Their number; None where it is hidden.
    percent : float or None
        Their share of the column in percent.
    """

    text: str
    n: int | None
    percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missingness:
    """Unknown values by variable and period.

    Attributes
    ----------
    columns : tuple of str
        Periods of time zero, then all of them together.
    sizes : tuple of int
        Patients of each column.
    lines : tuple of (str, tuple of MissingCell)
        By variable; those that are known for every patient are named in ``complete``.
    complete : tuple of str
        Variables without unknown values.
    left_out : tuple of str
        Periods with too few patients to be shown; they count in no column.
    synthetic : bool
        Whether the patients are made up.
    """

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    lines: tuple[tuple[str, tuple[MissingCell, ...]], ...]
    complete: tuple[str, ...]
    left_out: tuple[str, ...]
    synthetic: bool

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as texts, the header first."""
        heads = [f"{c} (N = {n:,})" for c, n in zip(self.columns, self.sizes, strict=True)]
        return [
            ("Variable", *heads),
            *((name, *(cell.text for cell in cells)) for name, cells in self.lines),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values; null where a number is hidden."""
        return {
            "columns": [
                {"period": c, "n": n} for c, n in zip(self.columns, self.sizes, strict=True)
            ],
            "lines": [
                {
                    "variable": name,
                    "cells": [
                        {"unknown": c.n, "percent": c.percent, "shown": c.text} for c in cells
                    ],
                }
                for name, cells in self.lines
            ],
            "complete": list(self.complete),
            "left_out": list(self.left_out),
        }


def missingness_of(
    people: People,
    members: NDArray[np.bool_],
    further: Sequence[tuple[Variable, NDArray[Any]]],
    *,
    synthetic: bool,
    small_cells: int | None,
    secret: Collection[str] = (),
) -> Missingness:
    """Count unknown values.

    Parameters
    ----------
    people : dict
        One row per patient.
    members : ndarray of bool, shape (n,)
        The cohort.
    further : sequence of (Variable, ndarray)
        More variables, with a value for each patient.
    synthetic : bool
        Whether the patients are made up.
    small_cells : int or None
        Counts from 1 to this many patients are hidden, and what would give them away.
    secret : collection of str
        Variables whose unknown values Table 1 hides: all of their line is hidden here too.

    Returns
    -------
    Missingness
        One column per year of time zero, or per some years where there are many.
    """
    period, names = _periods(people["zero_year"][members].astype(np.float64))
    limit = small_cells or 0
    sizes = [int(np.sum(period == place)) for place in range(len(names))]
    kept = [place for place, size in enumerate(sizes) if size > limit]
    left_out = tuple(names[p] for p, size in enumerate(sizes) if 0 < size <= limit)
    inside = [period == place for place in kept]
    inside.append(np.isin(period, kept))
    known = [(v, people[v.key]) for v in VARIABLES if v.key not in ("site_id", "zero_year")]
    unknown = [(variable, _unknown(values[members])) for variable, values in (*further, *known)]
    return Missingness(
        columns=(*(names[place] for place in kept), OVERALL),
        sizes=tuple(int(mask.sum()) for mask in inside),
        lines=tuple(
            (
                variable.label,
                _hidden(len(inside))
                if variable.key in secret
                else _cells(mask, inside, small_cells),
            )
            for variable, mask in unknown
            if mask.any()
        ),
        complete=tuple(variable.label for variable, mask in unknown if not mask.any()),
        left_out=left_out,
        synthetic=synthetic,
    )


def _hidden(cells: int) -> tuple[MissingCell, ...]:
    return (MissingCell(text=HIDDEN, n=None, percent=None),) * cells


def _unknown(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.array([one is None for one in values], dtype=np.bool_)
    return np.asarray(np.isnan(values.astype(np.float64)))


def _periods(years: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the period of each patient, and the names of the periods."""
    known = years[np.isfinite(years)].astype(np.int64)
    names: list[str] = []
    place = np.full(years.size, -1, dtype=np.int64)
    if known.size:
        low, high = int(known.min()), int(known.max())
        step = -(-(high - low + 1) // MOST_COLUMNS)
        starts = range(low, high + 1, step)
        names = [str(s) if step == 1 else f"{s}–{min(s + step - 1, high)}" for s in starts]
        place[np.isfinite(years)] = (known - low) // step
    if known.size < years.size:
        place[place < 0] = len(names)
        names.append(NO_YEAR)
    return place, names


def _cells(
    unknown: NDArray[np.bool_], inside: Sequence[NDArray[np.bool_]], limit: int | None
) -> tuple[MissingCell, ...]:
    sizes = np.array([int(mask.sum()) for mask in inside], dtype=np.int64)
    counts = np.array([int(np.sum(unknown & mask)) for mask in inside], dtype=np.int64)
    state = hide_small(np.vstack([counts, sizes - counts]), limit, margin=len(inside) > 2)
    out = []
    for place, (count, size) in enumerate(zip(counts, sizes, strict=True)):
        if state[0, place] == SMALL:
            out.append(MissingCell(text=f"≤{limit}", n=None, percent=None))
        elif state[0, place] != SHOWN or not size:
            out.append(MissingCell(text=HIDDEN if size else "–", n=None, percent=None))
        else:
            share = 100 * float(count) / float(size)
            out.append(MissingCell(text=f"{decimal_text(share, 1)}%", n=int(count), percent=share))
    return tuple(out)
