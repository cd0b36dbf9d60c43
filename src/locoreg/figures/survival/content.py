"""What a figure of curves says and shows, before anything has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.figures.survival.arms import ArmStyle, arm_styles
from locoreg.figures.survival.risktable import ArmTable
from locoreg.figures.survival.textblock import BlockRow, TextBlock
from locoreg.figures.survival.tracks import Panel, Track, clipped, track_of
from locoreg.figures.survival.wishes import Wishes
from locoreg.figures.survival.words import (
    complement,
    curve_sentence,
    notes_of,
    outcome_words,
    time_and_unit,
    title_words,
    x_title,
)
from locoreg.figures.textfit import one_line
from locoreg.stats.curves import SurvivalCurve, SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidence, CumulativeIncidences
from locoreg.workflows.curves.counts import CountTable, count_table
from locoreg.workflows.curves.landmarks import Landmark, Median, landmarks_of, median_of
from locoreg.workflows.curves.report import IMMORTAL
from locoreg.workflows.curves.shown import ShownCurve, shown_curves
from locoreg.workflows.curves.smallcells import counted_noun
from locoreg.workflows.curves.ticks import axis_end, time_ticks

ONE_PANEL, OF_SEVERAL = 300.0, 190.0
# Up to this many patients each censored one is marked.
MOST_MARKED = 500
PERCENT_TICKS = tuple((part / 100, f"{part}%") for part in (0, 20, 40, 60, 80, 100))
# The name that estimators give the only group of ungrouped data.
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A figure without places.

    Attributes
    ----------
    title, x_title, description : str
        Words.
    notice : str
        A warning that travels with the figure; empty for none.
    lines : tuple of str
        Further lines of numbers.
    block : TextBlock or None
        Numbers per curve.
    tables : tuple of ArmTable
        Patients at risk; empty for none.
    panels : tuple of Panel
        Plots below each other that share the axis of time.
    ticks : tuple of float
        Ticks of that axis.
    end : float
        Its end.
    notes : tuple of str
        Paragraphs below.
    """

    title: str
    x_title: str
    description: str
    notice: str
    lines: tuple[str, ...]
    block: TextBlock | None
    tables: tuple[ArmTable, ...]
    panels: tuple[Panel, ...]
    ticks: tuple[float, ...]
    end: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One curve with all that belongs to it."""

    key: str
    name: str
    cause: str
    style: ArmStyle
    shown: ShownCurve
    counts: CountTable
    median: Median | None
    landmarks: tuple[Landmark, ...]
    sentence: str


def curves_content(curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes) -> Content:
    """Return the content of a figure of survival or incidence curves.

    Parameters
    ----------
    curves : SurvivalCurves or CumulativeIncidences
        Curves of all groups.
    wishes : Wishes
        Words and choices.

    Returns
    -------
    Content
        Title, numbers, plots, table and notes.
    """
    last = max(float(curve.time[-1]) for curve in curves)
    ticks = time_ticks(last, wishes.unit, wishes.until)
    end = axis_end(ticks, last, wishes.until)
    entries = _entries(curves, wishes, ticks)
    total = sum(int(curve.entered.sum()) for curve in curves)
    marks = wishes.small_cells is None and (
        total <= MOST_MARKED if wishes.marks is None else wishes.marks
    )
    tracks = {entry.key: _track(entry, wishes, marks, end) for entry in entries}
    cut = wishes.cut and any(
        tracks[e.key].end < min(e.shown.end, end) for e in entries if not e.shown.hidden
    )
    title = title_words(curves, wishes)
    lines = tuple(one_line(line) for line in wishes.lines)
    notice = IMMORTAL if wishes.after_time_zero and len(curves) > 1 else ""
    sentences = [entry.sentence for entry in entries]
    return Content(
        title=title,
        x_title=x_title(wishes),
        description=". ".join([*([notice.rstrip(".")] if notice else []), *sentences, *lines]),
        notice=notice,
        lines=lines,
        block=_block(curves, entries, wishes),
        tables=_tables(curves, entries, wishes) if wishes.table else (),
        panels=_panels(curves, entries, tracks, wishes),
        ticks=ticks,
        end=end,
        notes=notes_of(
            curves,
            wishes,
            marks=marks,
            few=any(track.few.any() for track in tracks.values()),
            cut=cut,
            beyond=last > end * (1 + 1e-9),
            hidden=[_full_name(e) or "all patients" for e in entries if e.shown.hidden],
        ),
    )


def _entries(
    curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes, ticks: tuple[float, ...]
) -> list[_Entry]:
    by_cause = isinstance(curves, CumulativeIncidences) and len(curves) == 1
    strata = [curve.stratum for curve in curves]
    styles = arm_styles(strata, None if by_cause else wishes.arms)
    causes: Sequence[str] = curves.causes if isinstance(curves, CumulativeIncidences) else ("",)
    listed = wishes.arms if wishes.arms and set(causes) <= set(wishes.arms) else None
    cause_styles = arm_styles(causes, listed) if by_cause else {}
    entries = []
    for place, curve in enumerate(_in_order(curves, wishes)):
        counts = count_table(
            curve,
            ticks,
            delayed_entry=curves.delayed_entry,
            weighted=curves.weighted,
            small_cells=wishes.small_cells,
        )
        median = median_of(curve, wishes.small_cells) if isinstance(curve, SurvivalCurve) else None
        for i, shown in enumerate(shown_curves(curve, wishes.small_cells)):
            name = "" if curve.stratum == ALL and len(curves) == 1 else wishes.name(curve.stratum)
            landmarks = _landmarks(curves, curve, shown.cause, wishes)
            suffix = f"-cause{i + 1}" if shown.cause else ""
            entry = _Entry(
                key=f"arm{place}{suffix}",
                name=name,
                cause=wishes.name(shown.cause) if shown.cause else "",
                style=cause_styles[shown.cause] if by_cause else styles[curve.stratum],
                shown=shown,
                counts=counts,
                median=median,
                landmarks=landmarks,
                sentence="",
            )
            entries.append(_with_sentence(entry, i, curves.level, wishes))
    return sorted(entries, key=lambda entry: causes.index(entry.shown.cause))


def _in_order(
    curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes
) -> list[SurvivalCurve | CumulativeIncidence]:
    """Return the curves in the order of the arms given, else as they come."""
    found: list[SurvivalCurve | CumulativeIncidence] = list(curves)
    if wishes.arms is None:
        return found
    places = {arm: i for i, arm in enumerate(wishes.arms)}
    return sorted(found, key=lambda curve: places.get(curve.stratum, len(places)))


def _landmarks(
    curves: SurvivalCurves | CumulativeIncidences,
    curve: SurvivalCurve | CumulativeIncidence,
    cause: str,
    wishes: Wishes,
) -> tuple[Landmark, ...]:
    found = landmarks_of(curves, wishes.at, wishes.small_cells)
    own = tuple(x for x in found if x.stratum == curve.stratum and x.cause == cause)
    turned = isinstance(curves, SurvivalCurves) and wishes.direction == "incidence"
    return tuple(complement(x) for x in own) if turned else own


def _with_sentence(entry: _Entry, cause: int, level: float, wishes: Wishes) -> _Entry:
    events = counted_noun(_events_text(entry, cause), "event")
    counts = f"{counted_noun(entry.counts.n_text, 'patient')}, {events}"
    sentence = curve_sentence(
        _full_name(entry), counts, entry.median, entry.landmarks, level, one_line(wishes.unit)
    )
    return _Entry(
        key=entry.key,
        name=entry.name,
        cause=entry.cause,
        style=entry.style,
        shown=entry.shown,
        counts=entry.counts,
        median=entry.median,
        landmarks=entry.landmarks,
        sentence=sentence,
    )


def _events_text(entry: _Entry, cause: int) -> str:
    return entry.counts.row(f"events_{cause + 1}" if entry.cause else "events").total_text


def _full_name(entry: _Entry) -> str:
    return ", ".join(part for part in (entry.name, entry.cause) if part)


def _track(entry: _Entry, wishes: Wishes, marks: bool, end: float) -> Track:
    turned = not entry.cause and wishes.direction == "incidence"
    track = track_of(
        entry.shown,
        key=entry.key,
        label=entry.name or entry.cause,
        style=entry.style,
        turned=turned,
        cut=wishes.cut,
        marks=marks,
        sentence=entry.sentence,
    )
    return clipped(track, end)


def _panels(
    curves: SurvivalCurves | CumulativeIncidences,
    entries: Sequence[_Entry],
    tracks: dict[str, Track],
    wishes: Wishes,
) -> tuple[Panel, ...]:
    """Return one panel; with several groups and causes, one per cause."""
    rising = isinstance(curves, CumulativeIncidences) or wishes.direction == "incidence"
    groups: dict[str, list[_Entry]] = {}
    several = isinstance(curves, CumulativeIncidences) and len(curves) > 1
    for entry in entries:
        groups.setdefault(entry.cause if several else "", []).append(entry)
    return tuple(
        Panel(
            key=f"cause{i + 1}" if several else "curves",
            heading=cause,
            y_title=outcome_words(curves, wishes),
            tracks=tuple(tracks[e.key] for e in group if not e.shown.hidden),
            low=0.0,
            high=1.0,
            ticks=PERCENT_TICKS,
            height=ONE_PANEL if len(groups) == 1 else OF_SEVERAL,
            zero_line=False,
            rising=rising,
        )
        for i, (cause, group) in enumerate(groups.items())
    )


def _tables(
    curves: SurvivalCurves | CumulativeIncidences, entries: Sequence[_Entry], wishes: Wishes
) -> tuple[ArmTable, ...]:
    """Return one table per group."""
    own = {entry.shown.stratum: entry for entry in reversed(entries)}
    one_style = arm_styles([ALL], None)[ALL]
    by_cause = isinstance(curves, CumulativeIncidences) and len(curves) == 1
    return tuple(
        ArmTable(
            key=own[curve.stratum].key.partition("-")[0],
            name=own[curve.stratum].name,
            style=one_style if by_cause else own[curve.stratum].style,
            counts=own[curve.stratum].counts,
        )
        for curve in _in_order(curves, wishes)
    )


def _block(
    curves: SurvivalCurves | CumulativeIncidences, entries: Sequence[_Entry], wishes: Wishes
) -> TextBlock:
    interval = f"\n({curves.level:g}% CI)"
    unit = one_line(wishes.unit)
    heads = ["Patients", "Events"]
    if isinstance(curves, SurvivalCurves):
        heads.append(f"Median, {unit}{interval}")
    heads += [f"At {time_and_unit(time, unit)}, %{interval}" for time in wishes.at]
    causes = curves.causes if isinstance(curves, CumulativeIncidences) else ("",)
    rows = []
    for entry in entries:
        cells = [entry.counts.n_text, _events_text(entry, causes.index(entry.shown.cause))]
        if entry.median is not None:
            cells.append(entry.median.text)
        cells += [landmark.text for landmark in entry.landmarks]
        rows.append(
            BlockRow(
                key=entry.key,
                name=_full_name(entry) or "All patients",
                style=entry.style,
                cells=tuple(cells),
                sentence="",
            )
        )
    return TextBlock(heads=tuple(heads), rows=tuple(rows))
