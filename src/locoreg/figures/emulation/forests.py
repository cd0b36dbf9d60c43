"""Estimates beside each other: specifications, the ladder of bias, trials and emulation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.numbertext import decimal_text, plural
from locoreg.emulation.effect.contrast import WORDS
from locoreg.figures.emulation.intervals import interval_figure
from locoreg.figures.emulation.intervaltable import (
    BIASED,
    NOT_ESTIMABLE,
    IntervalGroup,
    IntervalRow,
    IntervalTable,
)
from locoreg.figures.emulation.plate import Words
from locoreg.figures.emulation.words import marked_title, points, upper_first
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.textfit import one_line
from locoreg.workflows.emulation.ladder import Ladder
from locoreg.workflows.emulation.view import POOLED, BenchmarkView, EstimateRow

# Measures that are shown in percentage points.
IN_POINTS = ("survival_difference", "incidence_difference")


def specification_figure(
    rows: Sequence[EstimateRow],
    *,
    measure: str,
    at_months: float | None = None,
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    axis_limits: tuple[float, float] | None = None,
    rows_are: str = "specification",
) -> Figure:
    """Draw the estimate under each specification, those that failed among them.

    Parameters
    ----------
    rows : sequence of EstimateRow
        Specifications, in groups; one may be the primary analysis. They are kept in their order.
    measure : str
        One of the measures of an effect, or words for another.
    at_months : float, optional
        Time of the measure.
    title : str, optional
        What the figure is about.
    favours : tuple of str
        Words for the sides below and above no effect.
    synthetic : bool
        Whether the patients are made up.
    alerts, notes : tuple of str
        Warnings under the title; paragraphs below.
    axis_limits : tuple of float, optional
        Ends of the axis.
    rows_are : str
        What a row is, for the head of the column: ``specification``, ``subgroup``.

    Returns
    -------
    matplotlib.figure.Figure
        Rows with estimate, interval and verdict; "not estimable" with its reason.
    """
    table = specification_table(
        rows, measure=measure, at_months=at_months, title=title, favours=favours,
        synthetic=synthetic, alerts=alerts, notes=notes, rows_are=rows_are,
    )  # fmt: skip
    return interval_figure(table, axis_limits=axis_limits)


def specification_table(
    rows: Sequence[EstimateRow],
    *,
    measure: str,
    at_months: float | None = None,
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    rows_are: str = "specification",
) -> IntervalTable:
    """Return the rows and words of a figure of specifications; see there for the parameters."""
    if not rows:
        raise DesignError("there is no specification to draw.", hint="run one at least.")
    groups: dict[str, list[IntervalRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(interval_row(row, measure))
    known = [r for some in groups.values() for r in some if r.known]
    none = len(rows) - len(known)
    summary = plural(len(rows), rows_are)
    if known:
        low, high = (f(known, key=lambda r: r.estimate) for f in (min, max))
        summary += f"; estimates from {low.text} to {high.text}"
    summary += f"; {none} not estimable" if none else ""
    name = axis_words(measure, at_months)
    return IntervalTable(
        words=Words(
            title=marked_title(title or f"{name} by specification", synthetic=synthetic),
            subtitle="",
            alerts=alerts,
            description=summary,
            notes=(*_bold_note(rows), *(one_line(note) for note in notes)),
        ),
        label_head=upper_first(rows_are),
        effect_head=_effect_head(rows),
        axis_title=name,
        scale=_scale(rows),
        favours=favours,
        truth=None,
        groups=tuple(
            IntervalGroup(heading=_heading(g, some), rows=tuple(some)) for g, some in groups.items()
        ),
    )


def _heading(group: str, rows: Sequence[IntervalRow]) -> str:
    """Return the heading of a group; none where its only row says the same."""
    return "" if [row.label for row in rows] == [group] else group


def ladder_figure(
    ladder: Ladder,
    *,
    measure: str = "difference",
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the same patients under one method after the other, from naive to careful.

    Parameters
    ----------
    ladder : Ladder
        Methods in their order, with the truth where it is known.
    measure : {"difference", "hazard_ratio"}
        Which of the two numbers of a step is drawn.
    title, favours, synthetic, alerts, notes, axis_limits
        As for a figure of specifications.

    Returns
    -------
    matplotlib.figure.Figure
        One row per method, joined by a line; a dashed line at the truth.
    """
    table = ladder_table(
        ladder, measure=measure, title=title, favours=favours, synthetic=synthetic,
        alerts=alerts, notes=notes,
    )  # fmt: skip
    return interval_figure(table, axis_limits=axis_limits)


def ladder_table(
    ladder: Ladder,
    *,
    measure: str = "difference",
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> IntervalTable:
    """Return the rows and words of a ladder of bias; see there for the parameters."""
    if measure not in ("difference", "hazard_ratio"):
        raise DesignError(
            f"a ladder has no measure {measure!r}.", hint="it has difference and hazard_ratio."
        )
    kind = ladder.measure if measure == "difference" else "hazard_ratio"
    rows = [
        EstimateRow(
            label=row.label,
            estimate=row.difference if measure == "difference" else row.hazard_ratio,
            verdict=row.verdict,
            note=row.note,
        )
        for row in ladder.rows
    ]
    shown = tuple(interval_row(row, kind) for row in rows)
    reasons = tuple(
        f"{row.label}: {upper_first(row.reason)}"
        for row in shown
        if row.reason and row.verdict == BIASED
    )
    truth = _truth(ladder, kind)
    name = axis_words(kind, ladder.at_months)
    described = "; ".join(row.sentence for row in shown)
    return IntervalTable(
        words=Words(
            title=marked_title(title or f"{name}, by method", synthetic=synthetic),
            subtitle="The same patients, one method after the other.",
            alerts=alerts,
            description=f"{described}. {truth[1]}" if truth else described,
            notes=(
                *reasons,
                *([one_line(ladder.truth_note)] if ladder.truth_note else []),
                *(one_line(note) for note in notes),
            ),
        ),
        label_head="Method",
        effect_head=_effect_head(rows),
        axis_title=name,
        scale=_scale(rows),
        favours=favours,
        truth=truth,
        groups=(IntervalGroup(heading="", rows=shown),),
        linked=True,
    )


def _truth(ladder: Ladder, kind: str) -> tuple[float, str] | None:
    truth = ladder.truth
    if truth is None:
        return None
    if kind == "hazard_ratio":
        if truth.log_hazard_ratio is None:
            return None
        value = math.exp(truth.log_hazard_ratio)
        return value, f"Truth {decimal_text(value)}"
    if ladder.at_months not in truth.at_months or kind != "survival_difference":
        return None
    value = truth.survival_difference[truth.at_months.index(ladder.at_months)]
    return 100.0 * value, f"Truth {points(value)}"


def benchmark_figure(
    benchmark: BenchmarkView,
    *,
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the emulation beside the randomised trials, in groups that nothing joins.

    Parameters
    ----------
    benchmark : BenchmarkView
        Trials, emulations, and the agreements between them.
    title, favours, synthetic, alerts, notes, axis_limits
        As for a figure of specifications.

    Returns
    -------
    matplotlib.figure.Figure
        Two groups of rows; there is no pooled result over both.
    """
    table = benchmark_table(
        benchmark, title=title, favours=favours, synthetic=synthetic, alerts=alerts, notes=notes
    )
    return interval_figure(table, axis_limits=axis_limits)


def benchmark_table(
    benchmark: BenchmarkView,
    *,
    title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> IntervalTable:
    """Return the rows and words of a benchmark; see there for the parameters."""
    rows = (*benchmark.trials, *benchmark.emulations)
    if not rows:
        raise DesignError("there is no trial and no emulation to draw.")
    pooled = tuple(
        interval_row(row, benchmark.measure) for row in benchmark.trials if row.group == POOLED
    )
    groups = (
        IntervalGroup(
            heading="Randomised trials",
            rows=tuple(
                interval_row(row, benchmark.measure)
                for row in benchmark.trials
                if row.group != POOLED
            ),
            remarks=() if benchmark.trials else ("No trial has a number for this question.",),
        ),
        *((IntervalGroup(heading=POOLED, rows=pooled),) if pooled else ()),
        IntervalGroup(
            heading="Emulation",
            rows=tuple(interval_row(row, benchmark.measure) for row in benchmark.emulations),
            remarks=tuple(one_line(text) for text in benchmark.agreements),
        ),
    )
    said = "; ".join(row.sentence for group in groups for row in group.rows)
    return IntervalTable(
        words=Words(
            title=marked_title(
                title or "The emulation beside randomised trials", synthetic=synthetic
            ),
            subtitle="",
            alerts=alerts,
            description=". ".join([said, *(text.rstrip(".") for text in benchmark.agreements)]),
            notes=(
                "Trials and the emulation are not pooled.",
                *([one_line(benchmark.note)] if benchmark.note else []),
                *(one_line(note) for note in notes),
            ),
        ),
        label_head="Study",
        effect_head=_effect_head(rows),
        axis_title=axis_words(benchmark.measure, None),
        scale=_scale(rows),
        favours=favours,
        truth=None,
        groups=groups,
    )


def interval_row(row: EstimateRow, measure: str) -> IntervalRow:
    """Return a row as it is drawn: differences of proportions in percentage points."""
    mid, low, high = row.natural
    if row.estimate is None or math.isnan(mid):
        return IntervalRow(
            label=one_line(row.label), estimate=math.nan, low=math.nan, high=math.nan, text="",
            verdict=NOT_ESTIMABLE, reason=one_line(row.note), main=row.main,
        )  # fmt: skip
    factor = 100.0 if measure in IN_POINTS else 1.0
    return IntervalRow(
        label=one_line(row.label),
        estimate=factor * mid,
        low=factor * low,
        high=factor * high,
        text=estimate_text(row.estimate, measure),
        verdict=row.verdict,
        reason=one_line(row.note),
        main=row.main,
    )


def estimate_text(estimate: Estimate, measure: str) -> str:
    """Return ``0.94 (0.63 to 1.40)``; differences of proportions in percentage points."""
    numbers = estimate.natural
    if measure in IN_POINTS:
        texts = [points(value) for value in numbers]
    else:
        texts = [decimal_text(value) for value in numbers]
    if math.isnan(numbers[1]) or math.isnan(numbers[2]):
        return texts[0]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def axis_words(measure: str, at_months: float | None) -> str:
    """Return the measure in words with unit and time."""
    words = WORDS.get(measure, measure)
    if measure in IN_POINTS:
        words += " (percentage points)"
    if at_months is None:
        return words
    joint = "at" if measure.startswith(("survival", "incidence")) else "over"
    return f"{words} {joint} {time_text(at_months)} months"


def sides(measure: str, treated: str, comparator: str) -> tuple[str, str]:
    """Return the words for the sides below and above no effect, for an adverse outcome."""
    high_is_good = measure.startswith(("survival", "rmst"))
    return (comparator, treated) if high_is_good else (treated, comparator)


def _effect_head(rows: Sequence[EstimateRow]) -> str:
    levels = {row.estimate.level for row in rows if row.estimate is not None}
    return f"Estimate ({levels.pop():g}% CI)" if len(levels) == 1 else "Estimate (CI)"


def _scale(rows: Sequence[EstimateRow]) -> Scale:
    scales: set[Scale] = {row.estimate.scale for row in rows if row.estimate is not None}
    if len(scales) > 1:
        raise DesignError("ratios and differences can't share an axis.", hint="draw two figures.")
    return scales.pop() if scales else "identity"


def _bold_note(rows: Sequence[EstimateRow]) -> tuple[str, ...]:
    return ("Bold: the primary analysis.",) if any(row.main for row in rows) else ()
