"""The pool of a report without each study, and study by study."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import plural
from locoreg.figures.axis import trimmed
from locoreg.figures.layouts import INK
from locoreg.figures.meta.tableaxis import axis_of, name_of
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows
from locoreg.figures.textfit import one_line
from locoreg.workflows.meta.poolrows import PoolRow, shown
from locoreg.workflows.meta.report import MetaReport

BLUE = "#0072B2"


def leave_one_out_figure(report: MetaReport, *, title: str | None) -> Figure:
    """Draw the pool without each study.

    Parameters
    ----------
    report : MetaReport
        With `leave_one_out`.
    title : str or None
        Title; a general one if not given.

    Returns
    -------
    matplotlib.figure.Figure
        A row per study left out; a dashed line at the pool of all.

    Raises
    ------
    DesignError
        If the report has no such pools.
    """
    if not report.leave_one_out:
        raise DesignError("no pools without a study were computed.", hint="ask for them.")
    return _rows(report, report.leave_one_out, title, "without one study", "Study left out")


def cumulative_figure(report: MetaReport, *, title: str | None) -> Figure:
    """Draw the pool after each study.

    Parameters
    ----------
    report : MetaReport
        With `cumulative`.
    title : str or None
        Title; a general one if not given.

    Returns
    -------
    matplotlib.figure.Figure
        A row per study added; a dashed line at the pool of all.

    Raises
    ------
    DesignError
        If the report has no such pools.
    """
    if not report.cumulative:
        raise DesignError("no cumulative pools were computed.", hint="name the order.")
    return _rows(report, report.cumulative, title, f"cumulative by {report.order}", "Study added")


def _rows(
    report: MetaReport, pools: tuple[PoolRow, ...], title: str | None, what: str, head: str
) -> Figure:
    measure = report.measure
    rows = [_row(report, i, pool, head) for i, pool in enumerate(pools)]
    whole = shown(measure, report.pooled.natural)
    rows.append(
        PlotRow(
            key="all",
            label="All studies",
            marks=(
                Mark(role="pooled", interval=report.pooled.natural, shape="diamond", colour=INK),
            ),
            cells=(whole, f"{report.meta.i2:.0f}%", str(report.meta.k)),
            sentence=f"All studies: {measure.name} {whole}",
            bold=True,
        )
    )
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = trimmed(axis_of(measure, ends), ends)
    notes = [f"{head}: one per row. {report.meta.method}, {report.meta.interval} interval."]
    if beyond(axis, rows):
        notes.append("Arrow head: the interval goes beyond the axis.")
    return draw_rows(
        RowPlot(
            title=one_line(f"{title or name_of(measure)}: {what}"),
            subtitle="",
            summary=f"{plural(len(pools), 'pool')}; all studies {measure.name} {whole}.",
            axis=axis,
            axis_title=name_of(measure),
            favours=("", ""),
            heads=(f"{measure.name} ({report.options.level:g}% CI)", "I²", "Studies"),
            rows=tuple(rows),
            reference=report.pooled.natural[0],
            notes=tuple(notes),
        )
    )


def _row(report: MetaReport, i: int, pool: PoolRow, head: str) -> PlotRow:
    text = shown(report.measure, pool.natural)
    label = one_line(pool.label)
    return PlotRow(
        key=f"r{i}",
        label=label,
        marks=(Mark(role="pool", interval=pool.natural, shape="square", colour=BLUE),),
        cells=(text, f"{pool.i2:.0f}%", str(pool.k)),
        sentence=f"{head}, {label}: {report.measure.name} {text}",
    )
