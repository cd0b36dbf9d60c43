"""Figures of a meta-analysis of anyone's table."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.figures.meta.baujatplot import baujat_figure
from locoreg.figures.meta.tableforest import forest_of_report
from locoreg.figures.meta.tablefunnel import table_funnel
from locoreg.figures.meta.tablerows import cumulative_figure, leave_one_out_figure
from locoreg.workflows.meta.report import MetaReport

__all__ = [
    "baujat_figure",
    "cumulative_figure",
    "figures_of_report",
    "forest_of_report",
    "leave_one_out_figure",
    "table_funnel",
]


def figures_of_report(report: MetaReport, *, title: str | None) -> dict[str, Figure]:
    """Return the figures of what was asked for, by name.

    Parameters
    ----------
    report : MetaReport
    title : str or None
        Title of the figures; a general one if not given.

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        ``forest``, and those of the parts that the report has.
    """
    found = {"forest": forest_of_report(report, title=title)}
    if report.leave_one_out:
        found["leave_one_out"] = leave_one_out_figure(report, title=title)
    if report.cumulative:
        found["cumulative"] = cumulative_figure(report, title=title)
    if report.influence is not None and report.options.baujat:
        found["baujat"] = baujat_figure(report, title=title)
    if report.small_study is not None:
        found["funnel"] = table_funnel(report, title=title)
    return found
