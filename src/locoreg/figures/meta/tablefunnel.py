"""The funnel plot of a report, with studies that trim and fill puts in."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.figures.funnel import funnel_figure
from locoreg.figures.meta.tableaxis import name_of
from locoreg.figures.textfit import one_line
from locoreg.workflows.explore.funnel import funnel_of_effects
from locoreg.workflows.meta.report import MetaReport


def table_funnel(report: MetaReport, *, title: str | None) -> Figure:
    """Draw effects against their standard errors, on the scale on which they are pooled.

    Parameters
    ----------
    report : MetaReport
        With `small_study`.
    title : str or None
        Title; a general one if not given.

    Returns
    -------
    matplotlib.figure.Figure
        Hollow points are mirror images from trim and fill (L0).

    Raises
    ------
    DesignError
        If the report has no small-study effects.
    """
    part = report.small_study
    if part is None:
        raise DesignError("no small-study effects were computed.", hint="ask for them.")
    trimmed = part.effects.part("trim_and_fill_L0").result
    filled = []
    if trimmed is not None:
        filled = [
            (f"filled {i + 1}", float(y), float(v) ** 0.5)
            for i, (y, v) in enumerate(zip(trimmed.filled_yi, trimmed.filled_vi, strict=True))
        ]
    measure = report.measure
    as_read = ("identity",) if measure.one_group else ("identity", "exponential")
    scaled = "" if measure.transform in as_read else ", scale of the pool"
    return funnel_figure(
        funnel_of_effects(
            [one_line(study.label) for study in report.studies],
            [study.yi for study in report.studies],
            [study.se for study in report.studies],
            scale="identity" if measure.one_group else measure.scale,
            centre=report.pooled.estimate,
            level=report.options.level,
            title=one_line(f"{title or name_of(measure)}: funnel plot"),
            measure=measure.name,
            axis_title=f"{name_of(measure)}{scaled}",
            centre_interval=(report.pooled.ci_low, report.pooled.ci_high),
            filled=filled,
            one_group=measure.one_group,
            tested=True,
        )
    )
