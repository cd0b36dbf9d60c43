"""Survival of a cohort, and where on the sheet its months lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from locoreg.core.errors import DesignError
from locoreg.figures.canvas import PART_MARK
from locoreg.figures.emulation.words import marked_title
from locoreg.figures.forest import WIDTH
from locoreg.figures.survival import report_figure
from locoreg.figures.survival.arms import MOST_ARMS
from locoreg.workflows.registry.exploring import CohortCurves

ALL_GROUPS = "Not drawn, too few patients or deaths, or they would give such a group away: "


def cohort_survival_figure(
    curves: CohortCurves,
    *,
    order: Sequence[str],
    by: str,
    synthetic: bool,
    title: str | None = None,
    table: bool = True,
) -> Figure:
    """Draw survival of a cohort with the table of patients at risk.

    Parameters
    ----------
    curves : CohortCurves
        Curves with what is read off them.
    order : sequence of str
        Groups in their order; empty without groups.
    by : str
        What the groups are made of.
    synthetic : bool
        Whether the patients are made up.
    title : str, optional
        By default overall survival, and by what.
    table : bool
        Whether to draw the table of patients at risk.

    Returns
    -------
    matplotlib.figure.Figure
        With the notice on immortal time where groups were defined later than time zero.
    """
    drawn = {curve.stratum for curve in curves.report.curves}
    listed = [name for name in order if name in drawn] if len(order) > MOST_ARMS else list(order)
    words = title or (f"Overall survival by {by[:1].lower()}{by[1:]}" if by else "Overall survival")
    notes = [f"{ALL_GROUPS}{'; '.join(curves.not_drawn)}."] if curves.not_drawn else []
    return report_figure(
        curves.report,
        title=marked_title(words, synthetic=synthetic),
        outcome="Alive",
        arms=tuple(listed) or None,
        lines=curves.lines(),
        table=table,
        notes=("Unadjusted: nothing is done about differences between patients.", *notes),
    )


def read_out(figure: Figure) -> dict[str, Any]:
    """Return where the time axis of a figure of curves lies, for a cursor.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From `cohort_survival_figure`.

    Returns
    -------
    dict
        ``left`` and ``right`` end of the axis, ``top`` and ``bottom`` of the plot, in the units of
        the drawing's ``viewBox``.

    Raises
    ------
    DesignError
        If the figure has no such axis.
    """
    found = {
        (artist.get_gid() or "").partition(PART_MARK)[2]: artist
        for artist in figure.findobj(Line2D)
        if (artist.get_gid() or "").startswith(f"curves-axes{PART_MARK}")
    }
    if not {"x-line", "y-line"} <= found.keys():
        raise DesignError("this figure has no axis of time.")
    across, up = found["x-line"], found["y-line"]
    if not isinstance(across, Line2D) or not isinstance(up, Line2D):
        raise DesignError("this figure has no axis of time.")
    left, right = np.asarray(across.get_xdata(), dtype=float).tolist()
    top, bottom = np.asarray(up.get_ydata(), dtype=float).tolist()
    return {"left": left, "right": right, "top": top, "bottom": bottom, "width": WIDTH}
