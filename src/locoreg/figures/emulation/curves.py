"""Curves of the two strategies with numbers at risk, and the curve of their difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from locoreg.emulation.effect import ArmCurve, Effect
from locoreg.figures.columns import HEAD
from locoreg.figures.emulation.risktables import entered_late, event_words, risk_tables
from locoreg.figures.emulation.tracks import arm_track, difference_steps
from locoreg.figures.emulation.words import (
    alerts_of,
    arm_style,
    comparison,
    curve_words,
    failure_notes,
    headline,
    interval_note,
    is_incidence,
    is_weighted,
    marked_title,
    method_note,
    percent_interval,
)
from locoreg.figures.survival.content import ONE_PANEL, PERCENT_TICKS, Content
from locoreg.figures.survival.difference import ALONE, BELOW, REACHES, STYLE, points_text
from locoreg.figures.survival.sheet import Sheet
from locoreg.figures.survival.textblock import BlockRow, TextBlock
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.survival.tracks import Panel, Track
from locoreg.figures.textfit import ellipsise, one_line
from locoreg.stats.survivaldata import FloatArray
from locoreg.workflows.curves.smallcells import check_small_cells, count_text
from locoreg.workflows.curves.ticks import time_ticks
from locoreg.workflows.emulation.smallcells import shown_counts
from locoreg.workflows.emulation.smalleffects import hide_effect
from locoreg.workflows.emulation.smalltexts import rule_words

UNIT = "months"
# Two ticks closer than this part of the axis would have their numbers touch.
TICK_ROOM = 0.045
# Room for the treated strategy's name in the title of the lower axis, in points.
NAME_ROOM = 270.0


def weighted_curves(
    effect: Effect,
    *,
    title: str | None = None,
    origin: str = "time zero",
    difference: bool = True,
    bands: bool = True,
    table: bool = True,
    lines: Sequence[str] = (),
    notes: Sequence[str] = (),
    small_cells: int | None = None,
) -> Figure:
    """Draw the curves of both strategies, numbers at risk, and their difference.

    Parameters
    ----------
    effect : Effect
        What a method returned.
    title : str, optional
        Population, outcome and comparison; by default outcome and comparison. That curves are
        weighted, how, and that patients are made up is added.
    origin : str
        What time zero is, for the axis.
    difference : bool
        Whether the curve of the difference stands below, on the same axis of time.
    bands, table : bool
        Whether pointwise bands and numbers at risk are drawn.
    lines, notes : sequence of str
        Further lines above the plot, and paragraphs below the figure.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Failed diagnostics, and that a method is biased by design, stand in it.
    """
    check_small_cells(small_cells)
    effect = hide_effect(effect, small_cells)
    content = _content(effect, title, origin, table, lines, notes, small_cells)
    if difference:
        panel = _difference_panel(effect, BELOW)
        content = replace(content, panels=(*content.panels, panel))
    return Sheet(content, bands=bands, hatched=effect.biased is not None).draw()


def effect_difference(
    effect: Effect,
    *,
    title: str | None = None,
    origin: str = "time zero",
    notes: Sequence[str] = (),
    small_cells: int | None = None,
) -> Figure:
    """Draw the difference of the two curves with its band about a line at zero.

    Parameters
    ----------
    effect : Effect
        What a method returned.
    title : str, optional
        By default outcome and comparison.
    origin : str
        What time zero is, for the axis.
    notes : sequence of str
        Paragraphs below the figure.
    small_cells : int, optional
        No step stands for 1 to this many persons.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    check_small_cells(small_cells)
    effect = hide_effect(effect, small_cells)
    panel = _difference_panel(effect, ALONE)
    what = title or f"Difference, {_lower(curve_words(effect))}: {comparison(effect)}"
    content = _content(effect, what, origin, False, (), notes, small_cells)
    content = replace(content, panels=(panel,), block=None)
    return Sheet(content, bands=True, hatched=effect.biased is not None).draw()


def describe_effect(effect: Effect) -> str:
    """Return the effect at the horizon in words, with what failed."""
    alerts = [alert.rstrip(".") for alert in alerts_of(effect)]
    return ". ".join([*alerts, headline(effect)])


def _content(
    effect: Effect,
    title: str | None,
    origin: str,
    table: bool,
    lines: Sequence[str],
    notes: Sequence[str],
    small_cells: int | None,
) -> Content:
    horizon = effect.question.horizon_months
    ticks = _ticks(effect, horizon)
    tables = risk_tables(effect, ticks, small_cells) if table else ()
    origin = one_line(origin)
    said = [_sentence(effect, arm) for arm in (0, 1)]
    numbers = (headline(effect), *(one_line(line) for line in lines))
    return Content(
        title=_title(effect, title),
        x_title=f"Months since {origin}",
        description=". ".join([*(a.rstrip(".") for a in alerts_of(effect)), *said, *numbers]),
        notice=" ".join(alerts_of(effect)),
        lines=numbers,
        block=_block(effect, small_cells),
        tables=tables,
        panels=(_curves_panel(effect, said),),
        ticks=ticks,
        end=horizon,
        notes=(
            *_notes(effect, origin, bool(tables), small_cells),
            *([] if small_cells is None else [rule_words(small_cells)]),
            *failure_notes(effect),
            *effect.notes,
            *(one_line(note) for note in notes),
        ),
    )


def _title(effect: Effect, title: str | None) -> str:
    text = one_line(title) if title else f"{curve_words(effect)}: {comparison(effect)}"
    kind = {"per_protocol": "per protocol", "itt_like": "ITT-like"}[effect.question.contrast]
    how = one_line(effect.title)
    how = how[:1].lower() + how[1:]
    weighted = "weighted" if is_weighted(effect) else "not weighted"
    contrast = "" if effect.biased else f", {kind}"
    return marked_title(f"{text}; {weighted} ({how}{contrast})", synthetic=effect.synthetic)


def _ticks(effect: Effect, horizon: float) -> tuple[float, ...]:
    """Return the times of the counts, without one whose number would touch the horizon's."""
    counted = [row.at_months for row in effect.arms[0].counts]
    if not counted:
        return time_ticks(horizon, UNIT, horizon)
    inner = [t for t in counted if t <= horizon * (1 - TICK_ROOM) or t == horizon]
    return tuple(inner)


def _curves_panel(effect: Effect, said: Sequence[str]) -> Panel:
    tracks = tuple(
        arm_track(effect, arm, key=f"arm{arm}", style=arm_style(arm), sentence=said[arm])
        for arm in (0, 1)
    )
    return Panel(
        key="curves",
        heading="",
        y_title=curve_words(effect),
        tracks=tracks,
        low=0.0,
        high=1.0,
        ticks=PERCENT_TICKS,
        height=ONE_PANEL,
        zero_line=False,
        rising=is_incidence(effect),
    )


def _difference_panel(effect: Effect, height: float) -> Panel:
    time, value, low, high = difference_steps(effect)
    track = Track(
        key="difference",
        label="",
        style=STYLE,
        time=time,
        value=value,
        low=low,
        high=high,
        few=np.zeros(time.size, dtype=np.bool_),
        end=effect.question.horizon_months,
        marks=np.empty(0),
        sentence=headline(effect),
    )
    reach = _reach((value, low, high))
    treated = ellipsise(one_line(effect.question.treated_label), NAME_ROOM, HEAD)
    name = "incidence" if is_incidence(effect) else _lower(curve_words(effect))
    return Panel(
        key="difference",
        heading="",
        y_title=f"Difference, percentage points (above 0: {name} higher when {treated})",
        tracks=(track,),
        low=-reach,
        high=reach,
        ticks=tuple((p * reach, points_text(p * reach)) for p in (-1.0, -0.5, 0.0, 0.5, 1.0)),
        height=height,
        zero_line=True,
        rising=False,
    )


def _reach(edges: Sequence[FloatArray]) -> float:
    farthest = max(float(np.nanmax(np.abs(e), initial=0.0)) for e in edges if np.isfinite(e).any())
    return next((reach for reach in REACHES if reach >= farthest - 1e-12), math.ceil(farthest))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _at(arm: ArmCurve, month: float) -> str:
    place = np.flatnonzero(arm.time == month)
    if place.size == 0:
        return "–"
    i = int(place[0])
    return percent_interval(float(arm.estimate[i]), float(arm.ci_low[i]), float(arm.ci_high[i]))


def _sentence(effect: Effect, arm: int) -> str:
    curve = effect.arms[arm]
    what = curve_words(effect)
    numbers = "; ".join(
        f"at {time_text(t)} months {_at(curve, t)}%" for t in effect.question.at_months
    )
    return one_line(f"{curve.label}: {_lower(what)} {numbers}")


def _block(effect: Effect, small_cells: int | None) -> TextBlock:
    q = effect.question
    interval = f"\n({q.level:g}% CI)" if effect.interval != "none" else "\n(no interval)"
    lost = "time lost" if is_incidence(effect) else "mean survival"
    heads = []
    counted = all(arm.counts for arm in effect.arms)
    if counted:
        heads += ["Followed", event_words(effect).replace("Events of", "Events\nof")]
    heads += [f"At {time_text(t)} months, %{interval}" for t in q.at_months]
    heads.append(f"Restricted {lost},\nmonths, to {time_text(q.horizon_months)}")
    rows = []
    for i, arm in enumerate(effect.arms):
        cells = []
        if counted:
            shown = shown_counts(arm, small_cells, effect.n)
            for last in (shown["entered"][-1], shown["events"][-1]):
                cells.append(last.text if last.n is None else count_text(last.n))
        cells += [_at(arm, t) for t in q.at_months]
        cells.append(f"{float(arm.restricted_mean[-1]):.2f}")
        rows.append(
            BlockRow(
                key=f"arm{i}",
                name=one_line(arm.label),
                style=arm_style(i),
                cells=tuple(cells),
                sentence=_sentence(effect, i),
            )
        )
    return TextBlock(heads=tuple(heads), rows=tuple(rows))


def _notes(effect: Effect, origin: str, table: bool, small_cells: int | None) -> tuple[str, ...]:
    first = [f"Time zero: {origin}." if origin != "time zero" else ""]
    first.append(method_note(effect, small_cells))
    drawing = []
    if effect.interval != "none":
        drawing.append(
            f"{interval_note(effect)} Bands are exact at {effect.arms[0].time.size} times and go "
            "along with the curve between them."
        )
    else:
        drawing.append(interval_note(effect))
    if effect.biased and effect.interval != "none":
        drawing.append("Hatched: the comparison is biased by design.")
    drawing.append("Censored persons are not marked. Thin and faded: few are at risk.")
    notes = [" ".join(part for part in first if part), " ".join(drawing)]
    if is_incidence(effect):
        notes.append("Aalen-Johansen: other events compete with the outcome.")
    if table:
        notes.append(_table_note(effect))
    return tuple(notes)


def _table_note(effect: Effect) -> str:
    text = "At risk: followed until that time or longer. Censored, events: before it."
    if entered_late(effect):
        text += (
            " Entered: under observation by then; some are so only from after time zero on. At "
            "each time the others add up to the entered."
        )
    else:
        text += " At each time they add up to the arm."
    if is_weighted(effect):
        text += (
            " These are persons (or clones) as they were; where it says weighted, sums of weights, "
            "which need not add up. Curves and percentages are weighted."
        )
    return text
