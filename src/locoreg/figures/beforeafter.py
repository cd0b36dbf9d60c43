"""Draw a pool before and after hypothetical trials."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from locoreg.core.numbertext import interval_text
from locoreg.evidence.effectsize import z_value
from locoreg.figures.axis import choose_axis
from locoreg.figures.layouts import INK
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows
from locoreg.workflows.planning.prospects import PoolWith

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"


def before_after_figure(result: PoolWith) -> Figure:
    """Draw a pool before and after hypothetical trials.

    Parameters
    ----------
    result : PoolWith
        The pool with them.

    Returns
    -------
    matplotlib.figure.Figure
        A row per trial, the hypothetical ones marked, and both pools.
    """
    pool, found = result.pool, result.found
    z = z_value(pool.model.level)
    rows = [
        _study_row(f"s{i}", label, y, math.sqrt(v), z, GREY)
        for i, (label, y, v) in enumerate(zip(pool.labels, pool.yi, pool.vi, strict=True))
    ]
    for i, trial in enumerate(found.trials):
        label = f"Hypothetical, {trial.events:g} events"
        y, se = math.log(trial.hazard_ratio), math.sqrt(trial.variance)
        rows.append(_study_row(f"h{i}", label, y, se, z, ORANGE))
    for key, label, once, colour in (
        ("before", f"Pool of {found.before.k}", found.before, INK),
        ("after", f"Pool of {found.after.k}, with it", found.after, BLUE),
    ):
        text = interval_text(*once.mu.natural)
        rows.append(
            PlotRow(
                key=key,
                label=label,
                marks=(
                    Mark(role="pooled", interval=once.mu.natural, shape="diamond", colour=colour),
                ),
                cells=(text, f"{once.tau2:.3f}"),
                sentence=f"{label}: hazard ratio {text}, tau2 {once.tau2:.3f}",
                bold=True,
            )
        )
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = choose_axis(ends, scale="log")
    notes = [
        result.summary().splitlines()[-1],
        f"Intervals of single trials: {pool.model.level:g}%, normal.",
    ]
    if beyond(axis, rows):
        notes.append("Arrow head: the interval goes beyond the axis.")
    return draw_rows(
        RowPlot(
            title="The pool with a hypothetical trial",
            subtitle=pool.title,
            summary=" ".join(result.summary().splitlines()[1:3]),
            axis=axis,
            axis_title="Hazard ratio, intervention relative to control",
            favours=("intervention", "control"),
            heads=(f"HR ({pool.model.level:g}% CI)", "τ²"),
            rows=tuple(rows),
            reference=found.before.mu.natural[0],
            notes=tuple(notes),
        )
    )


def _study_row(key: str, label: str, y: float, se: float, z: float, colour: str) -> PlotRow:
    interval = (math.exp(y), math.exp(y - z * se), math.exp(y + z * se))
    text = interval_text(*interval)
    return PlotRow(
        key=key,
        label=label,
        marks=(Mark(role="study", interval=interval, shape="square", colour=colour),),
        cells=(text, ""),
        sentence=f"{label}: hazard ratio {text}",
    )
