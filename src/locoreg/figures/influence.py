"""Draw what each study does to a pool: the pool without it, and measures of its influence."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text, interval_text, plural
from locoreg.figures.axis import choose_axis, trimmed
from locoreg.figures.layouts import INK
from locoreg.figures.marks import label_with_year
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows
from locoreg.figures.wording import NARROW, axis_title, favours_labels, narrow_notes
from locoreg.workflows.explore.spread import Influence, InfluenceRow

BLUE = "#0072B2"
FAR = "▲"


def influence_figure(
    result: Influence, *, axis_limits: tuple[float, float] | None = None
) -> Figure:
    """Draw a pool without each of its studies.

    Parameters
    ----------
    result : Influence
        Deletion diagnostics of three studies or more.
    axis_limits : tuple of float, optional
        Ends of the effect axis; intervals beyond end in arrow heads.

    Returns
    -------
    matplotlib.figure.Figure
        One row per study left out; a dashed line at the pool of all.

    Raises
    ------
    DesignError
        If there are fewer than three studies.
    """
    if not result.rows:
        raise DesignError(
            "influence needs three studies or more.", hint="read the studies themselves."
        )
    pool = result.pool
    measure, level = pool.question.measure, pool.meta.mu.level
    years = {s.study_id: s.year for s in pool.studies}
    rows = [
        _row(i, row, label_with_year(row.label, years[row.study_id]), measure)
        for i, row in enumerate(result.rows)
    ]
    whole = interval_text(*pool.meta.mu.natural)
    floor = pool.meta.floor
    rows.append(
        PlotRow(
            key="all",
            label="All studies",
            marks=(
                Mark(role="pooled", interval=pool.meta.mu.natural, shape="diamond", colour=INK),
            ),
            cells=(f"{whole} {NARROW}" if floor else whole, f"{pool.meta.i2:.0f}%", "", "", ""),
            sentence=f"All studies: {measure} {whole}",
            bold=True,
        )
    )
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = choose_axis(ends, scale=pool.meta.mu.scale, limits=axis_limits)
    axis = axis if axis_limits else trimmed(axis, ends)
    return draw_rows(
        RowPlot(
            title=f"{pool.outcome.label}, {pool.design_label.lower()}: the pool without each study",
            subtitle=pool.question.population,
            summary=influence_summary(result),
            axis=axis,
            axis_title=f"{axis_title(measure, pool.outcome)}, the study left out",
            favours=favours_labels(pool.question, pool.outcome),
            heads=(
                f"{measure} without it ({level:g}% CI)",
                "I² without",
                "Residual",
                "DFBETAS",
                "Cook's distance",
            ),
            rows=tuple(rows),
            reference=pool.meta.mu.natural[0],
            notes=_notes(result, is_cut=beyond(axis, rows)),
        )
    )


def influence_summary(result: Influence) -> str:
    """Return the range of the pool without a study, and the study that moves it most."""
    pool = result.pool
    values = [row.without.natural[0] for row in result.rows]
    most = max(result.rows, key=lambda row: row.cook)
    return (
        f"Without one of {plural(len(result.rows), 'study', 'studies')} the pooled "
        f"{pool.question.measure} of {decimal_text(pool.meta.mu.natural[0])} runs from "
        f"{decimal_text(min(values))} to {decimal_text(max(values))}. The largest Cook's distance "
        f"is that of {most.label}, {decimal_text(most.cook)}: without it "
        f"{interval_text(*most.without.natural)}."
    )


def _row(i: int, row: InfluenceRow, label: str, measure: str) -> PlotRow:
    text = interval_text(*row.without.natural)
    return PlotRow(
        key=f"r{i}",
        label=label + (f" {FAR}" if row.far else ""),
        marks=(Mark(role="without", interval=row.without.natural, shape="square", colour=BLUE),),
        cells=(
            f"{text} {NARROW}" if row.floor else text,
            f"{row.i2:.0f}%",
            decimal_text(row.residual),
            decimal_text(row.dfbetas),
            decimal_text(row.cook),
        ),
        sentence=(
            f"Without {label}: {measure} {text}; residual {decimal_text(row.residual)}, "
            f"DFBETAS {decimal_text(row.dfbetas)}, Cook's distance {decimal_text(row.cook)}"
            + (f"; {', '.join(row.far)}" if row.far else "")
        ),
    )


def _notes(result: Influence, *, is_cut: bool) -> tuple[str, ...]:
    pool = result.pool
    notes = [
        "Residual: distance of the study from the pool of the others, in standard errors of that "
        "distance. DFBETAS: change of the pool by the study, in standard errors under the τ² of "
        "the others. Cook's distance: the square of the change, in standard errors of the pool. "
        "All three use the inverse-variance standard error, whatever interval is shown.",
        f"{FAR} beyond a usual guide (residual 1.96, DFBETAS 1, Cook's distance 0.45): a guide to "
        "the eye, no test. With few studies a far study is as likely right as the others.",
    ]
    floors = [(f"without {row.label}", row.floor) for row in result.rows]
    notes += narrow_notes([("all studies", pool.meta.floor), *floors])
    if is_cut:
        notes.append("Arrow head: the interval goes beyond the axis.")
    return tuple(notes)
