"""Draw survival curves, cumulative incidences and differences of survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.figures.survival.content import curves_content
from locoreg.figures.survival.difference import (
    BELOW,
    difference_content,
    difference_note,
    difference_panel,
    difference_sentence,
)
from locoreg.figures.survival.sheet import Sheet
from locoreg.figures.survival.wishes import Direction, Wishes
from locoreg.stats.curves import SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidences
from locoreg.stats.survivaldifference import SurvivalDifference
from locoreg.workflows.curves.report import CurveReport


def survival_figure(
    curves: SurvivalCurves,
    *,
    title: str | None = None,
    outcome: str | None = None,
    unit: str = "months",
    origin: str = "",
    arms: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    direction: Direction = "survival",
    at: Sequence[float] = (),
    difference: SurvivalDifference | None = None,
    lines: Sequence[str] = (),
    weighting: str = "",
    after_time_zero: bool = False,
    bands: bool = True,
    marks: bool | None = None,
    cut: bool = False,
    table: bool = True,
    until: float | None = None,
    small_cells: int | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw survival curves with bands and the table of patients at risk, censored and events.

    Parameters
    ----------
    curves : SurvivalCurves
        One curve per group.
    title, outcome : str, optional
        What the figure is about, and what the upright axis shows; ``Survival`` if not given.
    unit : str
        Unit of time. Months have ticks each 12, or 6.
    origin : str
        Time zero, ``diagnosis of metastasis`` say. The title and the axis name it; if it is not
        given, the figure says that time zero is not stated.
    arms : sequence of str, optional
        All groups of the project in a fixed order. Each has the colour and dash of its place in
        it, in every figure, and groups are listed in this order. Without it a group's name
        chooses its colour and dash.
    names : mapping of str to str, optional
        Words to show for groups.
    direction : {"survival", "incidence"}
        Whether curves fall from 100% or, as 1 less survival, rise from 0.
    at : sequence of float
        Times at which survival is given in numbers.
    difference : SurvivalDifference, optional
        Drawn in a panel below, on the same axis of time.
    lines : sequence of str
        Further lines of numbers: a hazard ratio and what it is adjusted for, a difference of
        restricted means.
    weighting : str
        Method and estimand of the weights of weighted curves; the title says them.
    after_time_zero : bool
        Whether the groups were defined after time zero: the figure then carries a notice on
        immortal time, and its bands are hatched.
    bands : bool
        Whether to draw the pointwise intervals.
    marks : bool, optional
        Whether to mark censored patients. By default if there are at most 500 patients.
    cut : bool
        Whether curves end where fewer than 10 patients or 10% of the group are at risk; by default
        they are thin and faded from there on.
    table : bool
        Whether to draw the table.
    until : float, optional
        End of the axis of time; the last follow-up if not given.
    small_cells : int, optional
        Counts of 1 to this many patients are hidden, with what would give them away, and steps
        are joined until each stands for more events.
    notes : sequence of str
        Further paragraphs below the figure.

    Returns
    -------
    matplotlib.figure.Figure
        One axes in points; each artist's ``gid`` says what it is.

    Raises
    ------
    DesignError
        If there are too many groups, one is not among ``arms``, or a choice has no such value.
    """
    wishes = Wishes(
        title=title,
        outcome=outcome,
        unit=unit,
        origin=origin,
        arms=arms,
        names=names or {},
        direction=direction,
        at=at,
        lines=lines,
        weighting=weighting,
        after_time_zero=after_time_zero,
        bands=bands,
        marks=marks,
        cut=cut,
        table=table,
        until=until,
        small_cells=small_cells,
        notes=notes,
    )
    return draw_curves(curves, wishes, difference)


def incidence_figure(
    curves: CumulativeIncidences,
    *,
    title: str | None = None,
    outcome: str | None = None,
    unit: str = "months",
    origin: str = "",
    arms: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    at: Sequence[float] = (),
    lines: Sequence[str] = (),
    weighting: str = "",
    after_time_zero: bool = False,
    bands: bool = True,
    marks: bool | None = None,
    cut: bool = False,
    table: bool = True,
    until: float | None = None,
    small_cells: int | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw cumulative incidences of competing events.

    Parameters
    ----------
    curves : CumulativeIncidences
        Curves per group and cause. One group has its causes in one panel, several groups have a
        panel per cause; there a group has the same colour and dash in all of them.
    title, outcome, unit, origin, at, lines, weighting, after_time_zero, bands, marks, cut, table
        As for survival.
    arms : sequence of str, optional
        As for survival: groups, or with one group the causes.
    names : mapping of str to str, optional
        Words to show for groups and causes.
    until, small_cells, notes
        As for survival.

    Returns
    -------
    matplotlib.figure.Figure
        As for survival.
    """
    wishes = Wishes(
        title=title,
        outcome=outcome,
        unit=unit,
        origin=origin,
        arms=arms,
        names=names or {},
        at=at,
        lines=lines,
        weighting=weighting,
        after_time_zero=after_time_zero,
        bands=bands,
        marks=marks,
        cut=cut,
        table=table,
        until=until,
        small_cells=small_cells,
        notes=notes,
    )
    return draw_curves(curves, wishes)


def difference_figure(
    difference: SurvivalDifference,
    *,
    title: str | None = None,
    unit: str = "months",
    origin: str = "",
    names: Mapping[str, str] | None = None,
    at: Sequence[float] = (),
    lines: Sequence[str] = (),
    weighting: str = "",
    after_time_zero: bool = False,
    bands: bool = True,
    until: float | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw the difference of two survival curves with a line at zero.

    Parameters
    ----------
    difference : SurvivalDifference
        With pointwise limits, and perhaps a simultaneous band.
    title, unit, origin, names, at, lines, weighting, after_time_zero, bands, until, notes
        As for survival.

    Returns
    -------
    matplotlib.figure.Figure
        As for survival.
    """
    wishes = Wishes(
        title=title,
        unit=unit,
        origin=origin,
        names=names or {},
        at=at,
        lines=lines,
        weighting=weighting,
        after_time_zero=after_time_zero,
        bands=bands,
        until=until,
        notes=notes,
    )
    content = difference_content(difference, wishes)
    return Sheet(content, bands=bands, hatched=bool(content.notice)).draw()


def report_figure(
    report: CurveReport,
    *,
    title: str | None = None,
    outcome: str | None = None,
    arms: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    direction: Direction = "survival",
    lines: Sequence[str] = (),
    bands: bool = True,
    marks: bool | None = None,
    cut: bool = False,
    table: bool = True,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw the curves of a table with what was read off them.

    Parameters
    ----------
    report : CurveReport
        Curves with times, words and rules: what is not set here comes from it.
    title, outcome, arms, names, direction, lines, bands, marks, cut, table, notes
        As for survival; ``lines`` and ``notes`` are added to those of the report.

    Returns
    -------
    matplotlib.figure.Figure
        As for survival.

    """
    times = tuple(dict.fromkeys(landmark.time for landmark in report.landmarks))
    left_out = (f"{report.file}: {report.rows_text}",) if report.left_out else ()
    wishes = Wishes(
        title=title,
        outcome=outcome,
        unit=report.unit,
        origin=report.origin,
        arms=arms,
        names=names or {},
        direction=direction,
        at=times,
        lines=(*report.lines, *lines),
        weighting=report.weighting,
        after_time_zero=report.after_time_zero,
        bands=bands,
        marks=marks,
        cut=cut,
        table=table,
        until=report.until,
        small_cells=report.small_cells,
        notes=(*left_out, *notes),
    )
    return draw_curves(report.curves, wishes, report.difference)


def draw_curves(
    curves: SurvivalCurves | CumulativeIncidences,
    wishes: Wishes,
    difference: SurvivalDifference | None = None,
) -> Figure:
    """Draw curves, with a difference below them if there is one.

    Parameters
    ----------
    curves : SurvivalCurves or CumulativeIncidences
        Curves.
    wishes : Wishes
        Words and choices.
    difference : SurvivalDifference, optional
        Difference of two of the curves.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DesignError
        If a difference is asked for under the small-cell rule.
    """
    content = curves_content(curves, wishes)
    if difference is not None:
        if wishes.small_cells is not None:
            raise DesignError(
                "a curve of differences has a step for each event and can't be drawn under the "
                "small-cell rule.",
                hint="leave the difference or the rule out.",
            )
        sentence = difference_sentence(difference, wishes)
        panel = difference_panel(difference, wishes, content.end, BELOW)
        content = replace(
            content,
            panels=(*content.panels, panel),
            lines=(*content.lines, sentence),
            description=f"{content.description}. {sentence}",
            notes=(*content.notes, difference_note(difference)),
        )
    return Sheet(content, bands=wishes.bands, hatched=bool(content.notice)).draw()


def describe_curves(curves: SurvivalCurves | CumulativeIncidences) -> str:
    """Return the sentences of curves: patients, events and the median of each group."""
    return curves_content(curves, Wishes()).description


def describe_difference(difference: SurvivalDifference) -> str:
    """Return the difference at its last time with an interval."""
    return difference_sentence(difference, Wishes())


def describe_report(report: CurveReport) -> str:
    """Return the sentences of a table's curves."""
    return str(report_figure(report, table=False).axes[0].get_label())
