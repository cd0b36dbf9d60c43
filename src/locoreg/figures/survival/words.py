"""Titles, sentences and notes of figures of curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.survival.wishes import Wishes
from locoreg.figures.textfit import one_line
from locoreg.stats.curves import SurvivalCurves
from locoreg.stats.incidence import CumulativeIncidences
from locoreg.workflows.curves.landmarks import Landmark, Median
from locoreg.workflows.curves.shown import FEW_PART, FEW_PATIENTS

_ESTIMATORS = {
    "kaplan-meier": "Kaplan-Meier",
    "nelson-aalen": "Survival from the Nelson-Aalen cumulative hazard",
    "fleming-harrington": "Survival from the Fleming-Harrington cumulative hazard",
    "reverse-kaplan-meier": "Reverse Kaplan-Meier: the curve of follow-up, censoring as event",
}
_VARIANCES = {
    "greenwood": "Greenwood's variance",
    "robust": "robust variance",
    "aalen": "Aalen's variance",
}


def outcome_words(curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes) -> str:
    """Return what the curves show."""
    if wishes.outcome:
        return one_line(wishes.outcome)
    if isinstance(curves, CumulativeIncidences) or wishes.direction == "incidence":
        return "Cumulative incidence"
    if curves.estimator == "reverse-kaplan-meier":
        return "Still under follow-up"
    return "Survival"


def title_words(curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes) -> str:
    """Return the title with the origin of time, and that curves are weighted."""
    title = one_line(wishes.title) if wishes.title else outcome_words(curves, wishes)
    origin = one_line(wishes.origin)
    if origin and "since" not in title.casefold():
        title += f" since {origin}"
    if curves.weighted:
        how = one_line(wishes.weighting) or "how is not stated"
        title += f"; weighted ({how})"
    return title


def time_and_unit(time: float, unit: str) -> str:
    """Return ``12 months`` or ``1 month``."""
    return f"{time_text(time)} {unit.removesuffix('s') if time == 1 else unit}"


def x_title(wishes: Wishes) -> str:
    """Return ``Months since diagnosis``."""
    unit, origin = one_line(wishes.unit), one_line(wishes.origin)
    unit = unit[:1].upper() + unit[1:]
    return f"{unit} since {origin}" if origin else f"{unit} since time zero"


def complement(landmark: Landmark) -> Landmark:
    """Return incidence for survival: 1 less the number."""
    return replace(
        landmark,
        estimate=1.0 - landmark.estimate,
        ci_low=1.0 - landmark.ci_high,
        ci_high=1.0 - landmark.ci_low,
    )


def curve_sentence(
    name: str,
    counts: str,
    median: Median | None,
    landmarks: Sequence[Landmark],
    level: float,
    unit: str,
) -> str:
    """Return the sentence of one curve.

    Parameters
    ----------
    name, counts : str
        The curve; ``120 patients, 54 events``.
    median : Median or None
        Its median.
    landmarks : sequence of Landmark
        Its numbers at chosen times.
    level : float
        Level of the intervals in percent.
    unit : str
        Unit of time.

    Returns
    -------
    str
        ``Surgery: 120 patients, 54 events; median 24.3 (95% CI 18.1 to 31.0) months; ...``
    """
    parts = [counts]
    if median is not None:
        text = median.text.replace("(", f"({level:g}% CI ", 1)
        parts.append(f"median {text}{'' if text.endswith('reached') else f' {unit}'}")
    for landmark in landmarks:
        text = landmark.text
        if landmark.state == "estimated":
            mid, _, interval = text.partition(" (")
            low, _, high = interval.removesuffix(")").partition(" to ")
            text = f"{mid}% ({level:g}% CI {low}% to {high}%)" if high else f"{mid}% ({interval}"
        elif landmark.state == "no event yet":
            text = text.replace(" (", "% (")
        parts.append(f"at {time_and_unit(landmark.time, unit)} {text}")
    return f"{name}: {'; '.join(parts)}" if name else "; ".join(parts)


def notes_of(
    curves: SurvivalCurves | CumulativeIncidences,
    wishes: Wishes,
    *,
    marks: bool,
    few: bool,
    cut: bool,
    beyond: bool,
    hidden: Sequence[str],
) -> tuple[str, ...]:
    """Return the notes below a figure.

    Parameters
    ----------
    curves : SurvivalCurves or CumulativeIncidences
        What is drawn.
    wishes : Wishes
        Choices.
    marks, few, cut, beyond : bool
        Whether censored patients are marked, parts are thin, curves are cut short, and follow-up
        goes beyond the axis.
    hidden : sequence of str
        Curves that the small-cell rule hides.

    Returns
    -------
    tuple of str
        Paragraphs.
    """
    return (
        *_time_and_method(curves, wishes),
        *_drawing_notes(wishes, marks=marks, few=few, cut=cut, beyond=beyond),
        *_table_notes(curves, wishes),
        *_small_cell_notes(wishes, hidden),
        *(one_line(note) for note in wishes.notes),
    )


def _time_and_method(
    curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes
) -> Iterator[str]:
    origin = one_line(wishes.origin)
    zero = f"Time zero: {origin}." if origin else "Time zero is not stated."
    if isinstance(curves, CumulativeIncidences):
        method = "Aalen-Johansen: each cause with the others as competing events"
    else:
        method = _ESTIMATORS[curves.estimator]
        if wishes.direction == "incidence":
            method = f"1 − survival ({method}), which is an incidence only without competing events"
    if curves.weighted:
        method += ", weighted"
    clusters = "" if curves.clusters is None else f", {curves.clusters:,} clusters"
    variance = f"{_VARIANCES[curves.variance]}{clusters}"
    what = "Bands and intervals" if wishes.bands else "Intervals"
    yield (
        f"{zero} {method}. {what}: pointwise, {curves.level:g}%, {curves.interval} scale, "
        f"{variance}."
    )
    if curves.merged_times:
        yield (
            f"{curves.merged_times:,} distinct times differed from another by rounding only and "
            "were merged with it."
        )


def _drawing_notes(
    wishes: Wishes, *, marks: bool, few: bool, cut: bool, beyond: bool
) -> Iterator[str]:
    rule = f"fewer than {FEW_PATIENTS} patients or {100 * FEW_PART:g}% of the group are at risk"
    parts = [
        "Ticks on the curves: censored patients." if marks else "Censored patients are not marked."
    ]
    if wishes.after_time_zero and wishes.bands:
        parts.append("Hatched: the groups were defined after time zero.")
    if cut:
        parts.append(f"Curves are cut where {rule}.")
    elif few:
        parts.append(f"Thin and faded: {rule}.")
    if beyond:
        parts.append("Follow-up goes on beyond the end of the axis.")
    yield " ".join(parts)


def _table_notes(curves: SurvivalCurves | CumulativeIncidences, wishes: Wishes) -> Iterator[str]:
    if not wishes.table:
        return
    if curves.delayed_entry:
        yield (
            "Patients enter after time zero. At risk: entered before that time and followed until "
            "then or longer. Censored, events: before it. Together they are those entered."
            + (
                " At risk and entered are those at the first end of a follow-up from that time on."
                if isinstance(curves, CumulativeIncidences)
                else ""
            )
        )
    else:
        yield (
            "At risk: followed until that time or longer. Censored, events: before it. At each "
            "time they add up to the group."
        )
    if curves.weighted:
        yield (
            "Curves and percentages are weighted. Numbers are patients as they were, and sums of "
            "weights where it says weighted."
        )


def _small_cell_notes(wishes: Wishes, hidden: Sequence[str]) -> Iterator[str]:
    limit = wishes.small_cells
    if limit is None:
        return
    yield (
        f"Small cells: counts of 1 to {limit} patients, and what would give them away, are shown "
        f"as limits. Each step of a curve stands for more than {limit} events, and falls at the "
        f"last of them; curves end where no more than {limit} are at risk."
    )
    if hidden:
        yield f"Not drawn, with too few patients or events: {'; '.join(hidden)}."
