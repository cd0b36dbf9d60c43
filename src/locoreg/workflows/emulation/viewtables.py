"""Tables of the page of an emulation: cohort, unmeasured confounding, negative controls."""

from __future__ import annotations

import math
from collections.abc import Sequence

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text, range_text
from locoreg.emulation.effect import BalanceRow
from locoreg.emulation.sensitivity import BiasAnalysis
from locoreg.registry.describe.counts import Count, shown_count
from locoreg.workflows.emulation.extras import Extras
from locoreg.workflows.emulation.hiding import (
    ENDED,
    shown_baseline,
    shown_groups,
    shown_missing,
)
from locoreg.workflows.emulation.smalltexts import redacted
from locoreg.workflows.emulation.summaries import CohortSummary
from locoreg.workflows.emulation.view import PlainTable

NONE = "–"


def cohort_tables(cohort: CohortSummary, small_cells: int | None = None) -> tuple[PlainTable, ...]:
    """Return the cohort as tables: strategies, baseline, missing values.

    Parameters
    ----------
    cohort : CohortSummary
        The cohort.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden.

    Returns
    -------
    tuple of PlainTable
        Tables of texts.
    """
    groups = shown_groups(cohort, small_cells)
    kinds = [name for name in groups[0].ends if name != ENDED]
    late, later = (
        shown_count(value, small_cells, within=cohort.n).text
        for value in (cohort.entered_late, cohort.treated_later)
    )
    tables = [
        PlainTable(
            caption="Persons by what they did within the grace period",
            columns=(
                "Group",
                "Persons",
                *(sentence(name) for name in kinds),
                "Median follow-up, months",
            ),
            rows=tuple(
                (
                    sentence(one.label),
                    one.n.text,
                    *(one.ends[name].text for name in kinds),
                    _number(one.median_follow_up_months, 1, "not reached"),
                )
                for one in groups
            ),
            note=(
                f"{cohort.note} Of {cohort.n:,} persons, {late} came under observation after time "
                f"zero, and {later} were treated after the grace period."
            ),
        )
    ]
    if cohort.baseline:
        names = (cohort.strategies[1].label, cohort.strategies[0].label)
        tables.append(_baseline(shown_baseline(cohort, small_cells), names, small_cells))
    tables.append(_missing(cohort, small_cells))
    return tuple(tables)


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def _baseline(
    rows: Sequence[BalanceRow], names: tuple[str, str], small_cells: int | None
) -> PlainTable:
    note = "SMD: standardised mean difference, treated less not treated."
    if small_cells is not None:
        note += f" A dash: the share stands for 1 to {small_cells} persons, or gives one away."
    return PlainTable(
        caption="Confounders at time zero: means, or shares of levels",
        columns=("Variable", *(sentence(name) for name in names), "Difference (SMD)"),
        rows=tuple(
            (
                f"{row.variable}: {row.level}" if row.level else row.variable,
                _number(row.raw_treated),
                _number(row.raw_comparator),
                _number(row.before),
            )
            for row in rows
        ),
        note=note,
    )


def _missing(cohort: CohortSummary, small_cells: int | None) -> PlainTable:
    groups = (cohort.strategies[0], cohort.strategies[1])

    def cell(part: Count, whole: int) -> str:
        if part.n is None or not whole:
            return part.text
        return f"{part.text} ({100 * part.n / whole:.1f}%)"

    return PlainTable(
        caption="Missing values of confounders",
        columns=("Confounder", *(sentence(g.label) for g in groups)),
        rows=tuple(
            (name, cell(a, groups[0].n), cell(b, groups[1].n))
            for name, a, b in shown_missing(cohort, small_cells)
        ),
        note="" if cohort.missing else "No value of a confounder is missing.",
    )


def bias_tables(extras: Extras) -> tuple[PlainTable, ...]:
    """Return what unmeasured confounding would have to be, as tables."""
    tables = []
    if extras.e_values:
        tables.append(
            PlainTable(
                caption="E-values",
                columns=("Measure", "Estimate", "E-value", "E-value of the limit"),
                rows=tuple(
                    (
                        f"{one.measure} ({one.outcome} outcome)" if one.outcome else one.measure,
                        _number(one.estimate),
                        _number(one.e_value),
                        _number(one.e_value_limit),
                    )
                    for one in extras.e_values
                ),
                note=(
                    "The smallest risk ratio that an unmeasured confounder must have with both "
                    "treatment and outcome, beyond the measured ones, to explain the estimate, or "
                    "its limit, away."
                ),
            )
        )
    if extras.tipping is not None:
        tables.append(
            PlainTable(
                caption="Tipping points for an unmeasured binary confounder",
                columns=(
                    "Share of the treated with it",
                    "Share of the others",
                    "Ratio that moves the estimate to 1",
                    "Ratio that moves the limit to 1",
                ),
                rows=tuple(
                    (
                        f"{point.prevalence_treated:.0%}",
                        f"{point.prevalence_comparator:.0%}",
                        _maybe(point.for_estimate),
                        _maybe(point.for_limit),
                    )
                    for point in extras.tipping.points
                ),
                note="A dash: no ratio of the outcome does it.",
            )
        )
    return (*tables, *(_bias_table(analysis) for analysis in extras.bias))


def _bias_table(analysis: BiasAnalysis) -> PlainTable:
    what = "hazard ratio" if analysis.scale == "ratio" else "difference of survival"
    rows = (
        ("Random error alone", analysis.observed),
        ("Unmeasured confounding alone", analysis.systematic),
        ("Both", analysis.total),
    )
    return PlainTable(
        caption=f"Bias analysis of the {what}",
        columns=("Error", "Median", f"{analysis.level:g}% of the draws"),
        rows=tuple((name, _number(v[0]), range_text(v[1], v[2])) for name, v in rows),
        note=(
            f"{analysis.draws:,} draws, seed {analysis.seed}; {analysis.beyond:.1%} of them stay "
            "on the observed side of no effect."
        ),
    )


def control_tables(
    extras: Extras, small_cells: int | None = None, n: int = 0
) -> tuple[PlainTable, ...]:
    """Return negative controls, and what they make of the estimate, as tables.

    Parameters
    ----------
    extras : Extras
        What was run beside the primary analysis.
    small_cells : int, optional
        Counts from 1 to this many are hidden.
    n : int
        Persons of the cohort.

    Returns
    -------
    tuple of PlainTable
        Tables of texts.
    """
    tables = []
    if extras.controls:
        tables.append(
            PlainTable(
                caption="Negative controls: outcomes that the treatment can't change",
                columns=("Outcome", "Events", "Difference", "Hazard ratio", "Holds no effect"),
                rows=tuple(
                    (
                        row.name,
                        shown_count(row.events, small_cells).text,
                        _estimate(row.difference, redacted(row.note, small_cells, n)),
                        _estimate(row.log_hr, redacted(row.note, small_cells, n)),
                        {True: "yes", False: "no", None: NONE}[row.holds_null],
                    )
                    for row in extras.controls
                ),
                note="An effect here is confounding or selection at work.",
            )
        )
    if extras.control_verdicts:
        tables.append(
            PlainTable(
                caption="Verdicts on the negative controls, corrected for their number",
                columns=("Control", "Verdict", "What was found"),
                rows=tuple(
                    (
                        d.title,
                        d.verdict,
                        redacted(f"{d.message} {d.advice}", small_cells, n).strip(),
                    )
                    for d in extras.control_verdicts
                ),
            )
        )
    if extras.calibrated is not None:
        one = extras.calibrated
        tables.append(
            PlainTable(
                caption="Empirical calibration of the hazard ratio",
                columns=("", "Hazard ratio", "p"),
                rows=(
                    ("Observed", one.observed.text(), p_text(one.p_observed)),
                    ("Calibrated", one.calibrated.text(), p_text(one.p_calibrated)),
                ),
                note=one.null.summary(),
            )
        )
    return tuple(tables)


def _estimate(estimate: Estimate | None, note: str) -> str:
    if estimate is None:
        return note or NONE
    mid, low, _ = estimate.natural
    return decimal_text(mid) if math.isnan(low) else estimate.text()


def _number(value: float, digits: int = 2, unknown: str = NONE) -> str:
    return unknown if math.isnan(value) else decimal_text(value, digits)


def _maybe(value: float | None) -> str:
    return NONE if value is None else _number(value)
