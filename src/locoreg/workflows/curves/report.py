"""Curves of a table with all that is read off them: one result for text, JSON and figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text
from locoreg.core.provenance import Provenance
from locoreg.stats.curves import SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidences
from locoreg.stats.logrank import LogRank
from locoreg.stats.restrictedmeanresult import RestrictedMeans
from locoreg.stats.survivaldifference import SurvivalDifference
from locoreg.workflows.curves.counts import CountTable
from locoreg.workflows.curves.differences import difference_words
from locoreg.workflows.curves.landmarks import Landmark, Median
from locoreg.workflows.curves.rows import LeftOut, rows_sentence
from locoreg.workflows.curves.shown import ROUNDED, shown_curves
from locoreg.workflows.curves.smallcells import counted_noun

IMMORTAL = (
    "Immortal time: the groups were defined after time zero. Patients had to live long enough to "
    "come into their group, so do not read the difference between the curves as an effect."
)
_METHODS = {
    "kaplan-meier": "Kaplan-Meier",
    "greenwood": "Greenwood's variance",
    "robust": "robust variance",
    "aalen": "Aalen's variance",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveReport:
    """Curves of a table.

    Attributes
    ----------
    file : str
        Name of the file.
    columns : dict of str to str
        Columns by what they are.
    rows : int
        Rows of the file; the small-cell rule hides them where a group is hidden.
    left_out : tuple of LeftOut
        Rows that are not used.
    curves : SurvivalCurves or CumulativeIncidences
        The curves.
    medians : tuple of Median
        One per group; empty with causes.
    landmarks : tuple of Landmark
        Survival or incidence at the times asked for.
    counts : tuple of CountTable
        Patients at risk, censored and with events.
    rmst : RestrictedMeans or None
        Restricted means up to the horizon.
    difference : SurvivalDifference or None
        Difference of survival from the reference.
    logrank : LogRank or None
        Test, if asked for.
    unit, origin, weighting : str
        Words: unit of time, time zero, how weights were made.
    after_time_zero : bool
        Whether the groups were defined after time zero.
    small_cells : int or None
        Counts of 1 to this many patients are hidden.
    until : float or None
        End of the axis of time.
    provenance : Provenance
        Hash of the file and options.
    """

    file: str
    columns: dict[str, str]
    rows: int
    left_out: tuple[LeftOut, ...]
    curves: SurvivalCurves | CumulativeIncidences
    medians: tuple[Median, ...]
    landmarks: tuple[Landmark, ...]
    counts: tuple[CountTable, ...]
    rmst: RestrictedMeans | None
    difference: SurvivalDifference | None
    logrank: LogRank | None
    unit: str
    origin: str
    weighting: str
    after_time_zero: bool
    small_cells: int | None
    until: float | None
    provenance: Provenance

    @property
    def notices(self) -> tuple[str, ...]:
        """Warnings that must be read with the curves."""
        return (IMMORTAL,) if self.after_time_zero and len(self.curves) > 1 else ()

    @property
    def rows_text(self) -> str:
        """What became of the rows of the file."""
        if self._total_hidden:
            left = ", ".join(f"{item.text} without {item.column}" for item in self.left_out)
            return "number of rows hidden" + (f"; left out: {left}." if left else ".")
        return rows_sentence(self.rows, self.left_out)

    @property
    def _total_hidden(self) -> bool:
        return any(table.n is None for table in self.counts) or any(
            item.count is None for item in self.left_out
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Restricted means, their differences and the test in words."""
        return (*self._rmst_lines(), *self._logrank_lines())

    def _rmst_lines(self) -> Iterator[str]:
        if self.rmst is None:
            return
        unit, digits = self.unit, 1 if self.rmst.horizon >= 10 else 2
        means = "; ".join(
            f"{'' if mean.stratum == 'all' and len(self.rmst) == 1 else mean.stratum + ' '}"
            f"{_interval(mean.rmst, digits)}"
            for mean in self.rmst
        )
        yield f"Restricted mean survival time to {self.rmst.horizon:g} {unit}: {means}"
        for contrast in self.rmst.contrasts:
            yield (
                f"Difference in restricted mean, {contrast.stratum} minus {contrast.reference}: "
                f"{_interval(contrast.difference, digits)} {unit}"
            )

    def _logrank_lines(self) -> Iterator[str]:
        test = self.logrank
        if test is None:
            return
        if test.df == 0:
            yield "Log-rank test: nothing to compare"
        else:
            yield f"Log-rank test: chi2 = {test.chi2:.2f}, df = {test.df}, {p_text(test.p_value)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values; the small-cell rule holds in it too."""
        return {
            "file": self.file,
            "columns": dict(self.columns),
            "rows": None if self._total_hidden else self.rows,
            "left_out": [item.to_dict() for item in self.left_out],
            "unit": self.unit,
            "origin": self.origin,
            "weighting": self.weighting,
            "notices": list(self.notices),
            "small_cells": self.small_cells,
            "curves": self._curves_dict(),
            "medians": [median.to_dict() for median in self.medians],
            "at": [self._rounded(landmark.to_dict()) for landmark in self.landmarks],
            "counts": [table.to_dict() for table in self.counts],
            "rmst": self._without_counts(self.rmst),
            "difference": None if self.difference is None else self.difference.to_dict(),
            "logrank": self._without_counts(self.logrank),
            "provenance": self.provenance.to_dict(),
        }

    def _curves_dict(self) -> dict[str, Any]:
        whole = self.curves.to_dict()
        if self.small_cells is None:
            return whole
        shown = [c for curve in self.curves for c in shown_curves(curve, self.small_cells)]
        return {**whole, "curves": [c.to_dict() for c in shown if not c.hidden]}

    def _rounded(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return a record of numbers; under the small-cell rule with few decimals."""
        if self.small_cells is None:
            return values
        return {k: round(v, ROUNDED) if isinstance(v, float) else v for k, v in values.items()}

    def _without_counts(self, result: RestrictedMeans | LogRank | None) -> dict[str, Any] | None:
        """Return a result; under the small-cell rule without numbers of patients."""
        if result is None:
            return None
        out = result.to_dict()
        if self.small_cells is None:
            return out
        if isinstance(result, LogRank):
            return {name: out[name] for name in ("groups", "chi2", "df", "p_value", "variance")}
        for mean in out["means"]:
            del mean["n"], mean["events"]
        return out

    def summary(self) -> str:
        """Return the numbers in plain lines."""
        return "\n".join(
            [
                f"{self.file}: {self.rows_text}",
                self._method(),
                *self.notices,
                *self._groups(),
                *self.lines,
                *self._difference_lines(),
                *self._table(),
            ]
        )

    def _method(self) -> str:
        curves = self.curves
        if isinstance(curves, SurvivalCurves):
            name = _METHODS[curves.estimator]
        else:
            name = "Cumulative incidence (Aalen-Johansen)"
        weighted = (
            f", weighted ({self.weighting or 'how is not stated'})" if curves.weighted else ""
        )
        origin = self.origin or "time zero (not stated)"
        clusters = "" if curves.clusters is None else f", {curves.clusters:,} clusters"
        return (
            f"{name}{weighted}; {curves.level:g}% intervals ({curves.interval}, "
            f"{_METHODS[curves.variance]}{clusters}); {self.unit} since {origin}"
        )

    def _groups(self) -> Iterator[str]:
        medians = {median.stratum: median for median in self.medians}
        for table in self.counts:
            name = "All patients" if self._ungrouped else table.stratum
            persons = counted_noun(table.n_text, "patient")
            if table.stratum in medians:
                events = counted_noun(table.row("events").total_text, "event")
                median = medians[table.stratum]
                unit = "" if median.text in ("not reached", "hidden") else f" {self.unit}"
                yield f"{name}: {persons}, {events}; median {median.text}{unit}"
            else:
                yield f"{name}: {persons}"
                for row in table.rows:
                    if row.key.startswith("events_"):
                        yield f"  {row.label}: {counted_noun(row.total_text, 'event')}"
            for landmark in self.landmarks:
                if landmark.stratum == table.stratum:
                    cause = f"{landmark.cause}, " if landmark.cause else ""
                    percent = "" if landmark.state in ("beyond follow-up", "hidden") else "% "
                    text = landmark.text.replace(" (", "% (", 1) if percent else landmark.text
                    yield f"  {cause}at {landmark.time:g} {self.unit}: {text}"

    @property
    def _ungrouped(self) -> bool:
        return "by" not in self.columns

    def _difference_lines(self) -> Iterator[str]:
        found = self.difference
        if found is None:
            return
        yield f"Survival of {found.stratum} minus that of {found.reference}, percentage points:"
        for time in dict.fromkeys(landmark.time for landmark in self.landmarks):
            yield f"  at {time:g} {self.unit}: {difference_words(found, time)}"

    def _table(self) -> Iterator[str]:
        times = [f"{time:g}" for time in self.counts[0].time]
        rows = [(table, row) for table in self.counts for row in table.rows]
        first = max(len(row.label) for _, row in rows)
        widths = [
            max(len(time), *(len(row.texts[i]) for _, row in rows)) for i, time in enumerate(times)
        ]
        yield f"Patients, by {self.unit} since time zero:"
        yield _cells("", first, times, widths)
        for table in self.counts:
            if not self._ungrouped:
                yield f"  {table.stratum}"
            for row in table.rows:
                yield _cells(row.label, first, row.texts, widths)


def _cells(label: str, first: int, texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = "  ".join(text.rjust(width) for text, width in zip(texts, widths, strict=True))
    return f"    {label.ljust(first)}  {cells}"


def _interval(estimate: Estimate, digits: int) -> str:
    mid, low, high = (
        decimal_text(v, digits) for v in (estimate.estimate, estimate.ci_low, estimate.ci_high)
    )
    return f"{mid} ({estimate.level:g}% CI {low} to {high})"
