"""Numbers at risk, censored, with an event and entered at given times: they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.incidence import CumulativeIncidence
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.workflows.curves.smallcells import Count, Hider, count_text

# A time this close to another is the same time: differences of rounding.
SAME_TIME = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """One kind of count at each time.

    Attributes
    ----------
    key, label : str
        ``at_risk``, ``censored``, ``events``, ``events_2`` (of the second cause), ``entered``,
        or one of these with ``weighted_`` before it; and its words.
    counts : tuple of float or None
        The numbers; None where the small-cell rule hides one.
    texts : tuple of str
        The numbers as shown: ``12``, ``<=10``, ``15-25``.
    total : float or None
        The number over all follow-up.
    total_text : str
        The same as shown.
    """

    key: str
    label: str
    counts: tuple[float | None, ...]
    texts: tuple[str, ...]
    total: float | None
    total_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """Counts of one group.

    Attributes
    ----------
    stratum : str
        The group.
    n : int or None
        Its patients (rows); None where the small-cell rule hides them.
    n_text : str
        The same as shown.
    time : tuple of float
        Times.
    rows : tuple of CountRow
        At risk, censored and events add up to ``n`` at each time; with delayed entry, to the
        number entered.
    """

    stratum: str
    n: int | None
    n_text: str
    time: tuple[float, ...]
    rows: tuple[CountRow, ...]

    def row(self, key: str) -> CountRow:
        """Return the row of a kind of count."""
        return next(row for row in self.rows if row.key == key)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values: the numbers, and the texts where any is hidden."""
        hidden = self.n is None or any(None in (*row.counts, row.total) for row in self.rows)
        out: dict[str, Any] = {
            "stratum": self.stratum,
            "n": self.n,
            "time": list(self.time),
            **{row.key: list(row.counts) for row in self.rows},
        }
        out["totals"] = {row.key: row.total for row in self.rows if row.key != "at_risk"}
        if hidden:
            out["shown"] = {"n": self.n_text, **{row.key: list(row.texts) for row in self.rows}}
        return out


def count_table(
    curve: SurvivalCurve | CumulativeIncidence,
    times: Sequence[float],
    *,
    delayed_entry: bool,
    weighted: bool,
    small_cells: int | None = None,
) -> CountTable:
    """Count a group at given times.

    Parameters
    ----------
    curve : SurvivalCurve or CumulativeIncidence
        The group.
    times : sequence of float
        Times from 0 on, ascending.
    delayed_entry, weighted : bool
        Whether to count those who entered, and to add sums of weights.
    small_cells : int, optional
        Counts from 1 to this many patients are hidden, and what would give them away.

    Returns
    -------
    CountTable
        At risk at t: follow-up of t or longer. Censored, events and entered: before t. Who enters
        at time 0 is at risk at it.
    """
    # The last position counts all follow-up.
    asked = np.append(np.asarray(times, dtype=np.float64), 2.0 * curve.time[-1] + 1.0)
    asked = np.maximum(asked - SAME_TIME * np.maximum(1.0, asked), 0.0)
    before = np.searchsorted(curve.time, asked, side="left")
    n = patients(curve)
    raw = _until(curve, before, "")
    if delayed_entry:
        at_risk = _at_risk(curve, asked, before, "")
        raw["entered"] = at_risk + _total(raw)
    else:
        at_risk = n - _total(raw)
    shown = Hider(small_cells).table(at_risk, raw, n, follows="entered")
    labels = _labels(curve)
    rows = [
        CountRow(
            key=key,
            label=labels[key],
            counts=tuple(cell.exact for cell in shown[key][:-1]),
            texts=tuple(cell.text for cell in shown[key][:-1]),
            total=shown[key][-1].exact,
            total_text=shown[key][-1].text,
        )
        for key in _order(shown)
    ]
    if weighted:
        rows += _weighted_rows(curve, asked, before, delayed_entry, rows, labels)
    hidden = small_cells is not None and n <= small_cells
    return CountTable(
        stratum=curve.stratum,
        n=None if hidden else n,
        n_text=f"≤{small_cells}" if hidden else count_text(n),
        time=tuple(float(t) for t in times),
        rows=tuple(rows),
    )


def patients(curve: SurvivalCurve | CumulativeIncidence) -> int:
    """Return the patients of a group: rows, but one row where a patient has several in a row."""
    return int(curve.entered.sum())


def _labels(curve: SurvivalCurve | CumulativeIncidence) -> dict[str, str]:
    labels = {"at_risk": "At risk", "censored": "Censored", "entered": "Entered"}
    if isinstance(curve, SurvivalCurve):
        return {**labels, "events": "Events"}
    return {**labels, **{f"events_{i}": name for i, name in enumerate(curve.causes, 1)}}


def _order(rows: dict[str, list[Count]]) -> list[str]:
    keys = list(rows)
    return (["entered"] if "entered" in keys else []) + [k for k in keys if k != "entered"]


def _until(
    curve: SurvivalCurve | CumulativeIncidence, before: IntArray, prefix: str
) -> dict[str, FloatArray]:
    """Return counts censored and with events of each cause before each time."""
    censored, events = getattr(curve, f"{prefix}censored"), getattr(curve, f"{prefix}events")
    columns = events.reshape(curve.time.size, -1)
    found = {"censored": _sum_before(censored, before)}
    if isinstance(curve, SurvivalCurve):
        return {**found, "events": _sum_before(columns[:, 0], before)}
    for i in range(columns.shape[1]):
        found[f"events_{i + 1}"] = _sum_before(columns[:, i], before)
    return found


def _total(rows: dict[str, FloatArray]) -> FloatArray:
    return np.asarray(np.sum(list(rows.values()), axis=0))


def _sum_before(values: FloatArray, before: IntArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))[before]


def _at_risk(
    curve: SurvivalCurve | CumulativeIncidence, asked: FloatArray, before: IntArray, prefix: str
) -> FloatArray:
    """Return numbers at risk with delayed entry."""
    if isinstance(curve, SurvivalCurve):
        return np.asarray(getattr(curve.at(asked), f"{prefix}at_risk"), dtype=np.float64)
    # Incidences keep no times of entry: those at risk at the first end of follow-up from then on.
    return np.append(getattr(curve, f"{prefix}at_risk"), 0.0)[before]


def _weighted_rows(
    curve: SurvivalCurve | CumulativeIncidence,
    asked: FloatArray,
    before: IntArray,
    delayed_entry: bool,
    rows: Sequence[CountRow],
    labels: dict[str, str],
) -> list[CountRow]:
    """Return sums of weights, hidden wherever the count beside them is."""
    sums = _until(curve, before, "weighted_")
    if delayed_entry:
        at_risk = _at_risk(curve, asked, before, "weighted_")
        sums |= {"at_risk": at_risk, "entered": at_risk + _total(sums)}
    else:
        sums["at_risk"] = np.maximum(curve.weight - _total(sums), 0.0)
    digits = 0 if curve.weight >= 1000 else 1
    found = []
    for row in rows:
        known = [count is not None for count in (*row.counts, row.total)]
        values = [
            float(value) if yes else None
            for value, yes in zip(sums[row.key].tolist(), known, strict=True)
        ]
        texts = ["–" if value is None else count_text(value, digits) for value in values]
        found.append(
            CountRow(
                key=f"weighted_{row.key}",
                label=f"{labels[row.key]}, weighted",
                counts=tuple(values[:-1]),
                texts=tuple(texts[:-1]),
                total=values[-1],
                total_text=texts[-1],
            )
        )
    return found
