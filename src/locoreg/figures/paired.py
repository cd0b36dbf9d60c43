"""Draw each study as printed and as the audit supports it."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.numbertext import interval_text, plural
from locoreg.figures.axis import choose_axis, trimmed
from locoreg.figures.marks import label_with_year
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows
from locoreg.figures.wording import axis_title, favours_labels, narrow_notes
from locoreg.workflows.explore.shift import BiasShift, ShiftRow

PRINTED, SUPPORTED = "#B34E00", "#0072B2"


def shift_figure(result: BiasShift, *, axis_limits: tuple[float, float] | None = None) -> Figure:
    """Draw the two readings of each study of a pool, and of the pool.

    Parameters
    ----------
    result : BiasShift
        Both readings of the same studies and reports.
    axis_limits : tuple of float, optional
        Ends of the effect axis; intervals beyond end in arrow heads.

    Returns
    -------
    matplotlib.figure.Figure
        Two intervals per row: rings as printed, squares as supported.
    """
    pool = result.pool
    measure, level = pool.question.measure, pool.meta.mu.level
    years = {s.study_id: s.year for s in pool.studies}
    rows = [
        _row(f"r{i}", row, label_with_year(row.label, years[row.study_id]), measure)
        for i, row in enumerate(result.rows)
    ]
    rows.append(_row("pooled", result.pooled, result.pooled.label, measure, bold=True))
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = choose_axis(ends, scale=pool.meta.mu.scale, limits=axis_limits)
    axis = axis if axis_limits else trimmed(axis, ends)
    return draw_rows(
        RowPlot(
            title=f"{pool.outcome.label}, {pool.design_label.lower()}: as printed, and as the "
            "audit supports it",
            subtitle=pool.question.population,
            summary=shift_summary(result),
            axis=axis,
            axis_title=axis_title(measure, pool.outcome),
            favours=favours_labels(pool.question, pool.outcome),
            heads=(
                f"{measure} as printed ({level:g}% CI)",
                f"{measure} as supported ({level:g}% CI)",
                "Moves",
            ),
            rows=tuple(rows),
            legend=(
                ("ring", PRINTED, "as printed"),
                ("square", SUPPORTED, "as the audit supports it"),
            ),
            height=24.0,
            notes=_notes(result, is_cut=beyond(axis, rows)),
        )
    )


def shift_summary(result: BiasShift) -> str:
    """Return both pooled results and how many studies are read differently."""
    moved = sum(row.moves for row in result.rows)
    measure = result.pool.question.measure
    printed = result.pooled.printed
    naive = "no number" if printed is None else interval_text(*printed.natural)
    return (
        f"{_moved(moved)} read differently, of {len(result.rows)}. "
        f"As printed {measure} {naive}; as supported "
        f"{interval_text(*result.pooled.supported.natural)}."
    )


def _moved(count: int) -> str:
    return "No study is" if count == 0 else plural(count, "study is", "studies are")


def _row(key: str, row: ShiftRow, label: str, measure: str, *, bold: bool = False) -> PlotRow:
    supported = interval_text(*row.supported.natural)
    printed = "no number" if row.printed is None else interval_text(*row.printed.natural)
    marks = [
        Mark(
            role="supported", interval=row.supported.natural, shape="square", colour=SUPPORTED,
            offset=5.0,
        )
    ]  # fmt: skip
    if row.printed is not None:
        first = Mark(
            role="printed", interval=row.printed.natural, shape="ring", colour=PRINTED, offset=-5.0
        )
        marks.insert(0, first)
    moves = "yes" if row.moves else "no"
    return PlotRow(
        key=key,
        label=label,
        marks=tuple(marks),
        cells=(printed, supported, moves),
        sentence=(
            f"{label}: {measure} as printed {printed}, as supported {supported}"
            + (f" ({'; '.join(row.reading)})" if row.reading else "")
        ),
        bold=bold,
    )


def _notes(result: BiasShift, *, is_cut: bool) -> tuple[str, ...]:
    notes = ["Both take the same studies and reports; intervals are shown at one level."]
    notes += [
        f"{row.label}: {'; '.join(row.reading).rstrip('.')}." for row in result.rows if row.reading
    ]
    naive = result.pool.as_printed
    notes += narrow_notes(
        [
            ("as supported", result.pool.meta.floor),
            ("as printed", None if naive is None else naive.floor),
        ]
    )
    if is_cut:
        notes.append("Arrow head: the interval goes beyond the axis.")
    return tuple(notes)
