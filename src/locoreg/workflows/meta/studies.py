"""Effects of the studies in a table, and of each study left out the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.stats.effectmeasures.correlations import correlations
from locoreg.stats.effectmeasures.means import one_mean, paired_means, two_means
from locoreg.stats.effectmeasures.persontime import one_rate, two_rates
from locoreg.stats.effectmeasures.proportions import proportions
from locoreg.stats.effectmeasures.reported import (
    observed_minus_expected,
    ratio_with_interval,
    with_standard_error,
    with_variance,
)
from locoreg.stats.effectmeasures.result import (
    REASONS,
    UNDEFINED,
    EffectMeasures,
    FloatArray,
    ZeroCells,
)
from locoreg.stats.effectmeasures.twobytwo import two_by_two
from locoreg.workflows.curves.textcells import named_in_lines
from locoreg.workflows.meta.measures import LAYOUTS, Measure
from locoreg.workflows.meta.reading import StudyTable

MOST_NAMED = 6
# Share of half a printed interval; rounding to two digits moves estimates less.
OFF_MIDDLE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutStudy:
    """A row of the table that has no part in the pool.

    Attributes
    ----------
    label, line, reason
        Name, line in the file and why.
    """

    label: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEffects:
    """The effects that are pooled.

    Attributes
    ----------
    measure : Measure
    rows : ndarray of int, shape (k,)
        Places of the pooled rows in the table.
    labels : tuple of str
    line : tuple of int
    yi, vi : ndarray of float, shape (k,)
        On the scale on which they are pooled.
    sizes : ndarray of float, shape (k,)
        Group size or person-time for the way back, total sample size otherwise; NaN if unknown.
    corrected : tuple of bool
        Whether a constant was added to the counts.
    left_out : tuple of LeftOutStudy
    notes : tuple of str
        What a reader must know about the effects.
    """

    measure: Measure
    rows: np.ndarray
    labels: tuple[str, ...]
    line: tuple[int, ...]
    yi: FloatArray
    vi: FloatArray
    sizes: FloatArray
    corrected: tuple[bool, ...]
    left_out: tuple[LeftOutStudy, ...]
    notes: tuple[str, ...]


def study_effects(
    table: StudyTable, measure: Measure, *, zeros: ZeroCells, ci_level: float | None
) -> StudyEffects:
    """Compute the effects of a table.

    Parameters
    ----------
    table : StudyTable
        The rows.
    measure : Measure
        What is computed.
    zeros : ZeroCells
        What is done about counts of zero.
    ci_level : float or None
        Level of printed intervals in percent, for tables with ratios and their limits.

    Returns
    -------
    StudyEffects
        Rows with an effect, and those without.

    Raises
    ------
    DataError
        If a number is impossible; the message names the line of the file.
    """
    try:
        given = _with_cells(table)
        found = _compute(given, table.layout, measure, zeros, ci_level)
    except DataError as error:
        message = named_in_lines(error.message, np.asarray(table.line))
        raise DataError(f"{table.file}, {message}", hint=error.hint) from None
    omitted = found.omitted.copy()
    # A variance of 0 would have infinite weight: proportions of 0 or 1 without a constant.
    omitted[(omitted == 0) & ~(np.nan_to_num(found.vi) > 0)] = UNDEFINED
    kept = np.flatnonzero(omitted == 0)
    left_out = tuple(
        LeftOutStudy(
            label=table.labels[i], line=table.line[i], reason=_reason(table, i, int(omitted[i]))
        )
        for i in np.flatnonzero(omitted).tolist()
    )
    return StudyEffects(
        measure=measure,
        rows=kept,
        labels=tuple(table.labels[i] for i in kept),
        line=tuple(table.line[i] for i in kept),
        yi=found.yi[kept],
        vi=found.vi[kept],
        sizes=_sizes(given, measure, len(table.line))[kept],
        corrected=tuple(bool(found.corrected[i]) for i in kept),
        left_out=left_out,
        notes=_notes(table, measure, given, found, zeros),
    )


def cells_of(table: StudyTable) -> dict[str, FloatArray]:
    """Return the four cells of 2x2 tables."""
    return {role: _with_cells(table)[role] for role in ("ai", "bi", "ci", "di")}


def _with_cells(table: StudyTable) -> dict[str, FloatArray]:
    """Return the numbers with non-events computed from group sizes where they are not given."""
    given = dict(table.numbers)
    if not {"ai", "ci"} <= set(table.layout):
        return given
    for events, size, others in (("ai", "n1i", "bi"), ("ci", "n2i", "di")):
        if size not in given:
            continue
        rest = given[size] - given[events]
        below = rest < 0
        if below.any():
            row = int(np.argmax(below))
            raise DataError(
                f"row {row + 1}: {events} is {given[events][row]:g}, more than {size} "
                f"({given[size][row]:g}).",
                hint=f"{size} is the size of the group.",
            )
        if others not in given:
            given[others] = rest
            continue
        off = np.abs(rest - given[others]) > 1e-9 * np.maximum(given[size], 1.0)
        if off.any():
            row = int(np.argmax(off))
            raise DataError(
                f"row {row + 1}: {events} and {others} add up to "
                f"{given[events][row] + given[others][row]:g}, but {size} is "
                f"{given[size][row]:g}.",
                hint="mend the row, or leave one of the columns away.",
            )
    return given


def _compute(
    given: dict[str, FloatArray],
    layout: tuple[str, ...],
    measure: Measure,
    zeros: ZeroCells,
    ci_level: float | None,
) -> EffectMeasures:
    if layout not in LAYOUTS[measure.kind]:
        return _reported(given, layout, measure.name, ci_level)
    functions: dict[str, tuple[Callable[..., EffectMeasures], bool]] = {
        "two by two": (two_by_two, True),
        "two rates": (two_rates, True),
        "one rate": (one_rate, True),
        "proportion": (proportions, True),
        "two means": (two_means, False),
        "paired means": (paired_means, False),
        "one mean": (one_mean, False),
        "correlation": (correlations, False),
    }
    function, with_zeros = functions[measure.kind]
    names = ("ai", "bi", "ci", "di") if measure.kind == "two by two" else layout
    extra: dict[str, Any] = {"zeros": zeros} if with_zeros else {}
    return function(measure.name, **{name: given[name] for name in names}, **extra)


def _reported(
    given: dict[str, FloatArray], layout: tuple[str, ...], name: str, ci_level: float | None
) -> EffectMeasures:
    if layout == ("yi", "vi"):
        return with_variance(name, yi=given["yi"], vi=given["vi"])
    if layout == ("yi", "sei"):
        return with_standard_error(name, yi=given["yi"], sei=given["sei"])
    if layout == ("o_minus_e", "variance"):
        return observed_minus_expected(
            name, o_minus_e=given["o_minus_e"], variance=given["variance"]
        )
    if ci_level is None:
        raise DataError(
            "the level of the printed intervals is not known.", hint="say --ci-level 95."
        )
    limits = {role: given[role] for role in ("est", "ci_low", "ci_high")}
    return ratio_with_interval(name, **limits, ci_level=ci_level)


def _reason(table: StudyTable, row: int, code: int) -> str:
    if code != 1:
        return REASONS[code]
    missing = [
        table.named.get(role, role) for role in table.layout if np.isnan(table.numbers[role][row])
    ]
    return f"no number in {', '.join(missing)}"


def _sizes(given: dict[str, FloatArray], measure: Measure, rows: int) -> FloatArray:
    if measure.kind == "one rate" and "ti" in given:
        return given["ti"]
    if "ni" in given:
        return given["ni"]
    if {"ai", "bi", "ci", "di"} <= set(given):
        return np.asarray(given["ai"] + given["bi"] + given["ci"] + given["di"])
    if {"n1i", "n2i"} <= set(given):
        return np.asarray(given["n1i"] + given["n2i"])
    return np.full(rows, np.nan)


def _notes(
    table: StudyTable,
    measure: Measure,
    given: dict[str, FloatArray],
    found: EffectMeasures,
    zeros: ZeroCells,
) -> tuple[str, ...]:
    notes = []
    if found.corrected.any():
        names = [table.labels[i] for i in np.flatnonzero(found.corrected)]
        notes.append(
            f"{zeros.constant(measure.name):g} added to the counts of "
            f"{plural(len(names), 'study', 'studies')}: {few(names)}."
        )
    counts = [role for role in ("ai", "bi", "ci", "di", "xi", "x1i", "x2i") if role in table.layout]
    broken = np.zeros(len(table.line), dtype=np.bool_)
    for role in counts:
        values = given[role]
        broken |= np.isfinite(values) & (np.abs(values - np.round(values)) > 1e-9)
    if broken.any():
        names = [table.labels[i] for i in np.flatnonzero(broken)]
        notes.append(f"Counts that are not whole numbers: {few(names)}.")
    notes += _doubts(table, given)
    both = {"yi"} & table.has
    if both and "yi" not in table.layout:
        notes.append(f"Effects computed from {', '.join(table.layout)}; the column yi is not used.")
    if "yi" in table.layout and measure.transform != "identity":
        notes.append(f"yi is taken to be on the scale on which {measure.name} is pooled.")
    same = [label for label in dict.fromkeys(table.labels) if table.labels.count(label) > 1]
    if same:
        notes.append(f"Several rows have the same name: {few(same)}.")
    return tuple(notes)


def _doubts(table: StudyTable, given: dict[str, FloatArray]) -> list[str]:
    """Return what looks like a slip and is no error."""
    found = []
    if {"ai", "bi", "ci", "di"} <= set(given):
        nobody = (given["ai"] + given["bi"] == 0) | (given["ci"] + given["di"] == 0)
        if nobody.any():
            found.append(f"A group of nobody: {_named(table, nobody)}.")
    if table.layout[0] == "est":
        mid, low, high = (np.log(given[role]) for role in ("est", "ci_low", "ci_high"))
        off = np.abs(mid - (low + high) / 2) > OFF_MIDDLE * (high - low) / 2
        if off.any():
            found.append(
                "Estimate far from the middle of its printed interval on the log scale, so that "
                f"the interval shown is another one: {_named(table, off)}."
            )
    return found


def _named(table: StudyTable, which: np.ndarray) -> str:
    return few([table.labels[i] for i in np.flatnonzero(which)])


def few(names: list[str]) -> str:
    """Return names separated by commas, the first six if there are more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def left_out_dicts(studies: tuple[LeftOutStudy, ...]) -> list[dict[str, Any]]:
    """Return rows left out as JSON-ready values."""
    return [{"label": s.label, "line": s.line, "reason": s.reason} for s in studies]
