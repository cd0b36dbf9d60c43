"""Tables behind figures and of results, and how estimates are kept behind a line to open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from locoreg.core.numbertext import MINUS, decimal_text
from locoreg.figures.emulation.forests import axis_words, estimate_text
from locoreg.figures.emulation.words import contrast_text, percent_interval, points
from locoreg.report.blocks import (
    Badge,
    Block,
    Card,
    Column,
    Details,
    Figure,
    Row,
    Table,
    Text,
    Tone,
    Value,
    text,
)
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.words import NONE
from locoreg.workflows.emulation.smallcells import shown_attrition, shown_flow
from locoreg.workflows.emulation.view import EmulationView, EstimateRow, PlainTable

if TYPE_CHECKING:
    from locoreg.emulation.effect import ArmCurve, Contrast

_VERDICTS: dict[str, tuple[str, Tone]] = {
    "pass": ("✔", "good"),
    "warn": ("▲", "serious"),
    "fail": ("✖", "blocking"),
    "note": ("○", "note"),
    "biased": ("✖", "blocking"),
    "not estimable": ("○", "note"),
}
# Cards stand in for a figure on narrow screens, but for so many rows only.
MOST_CARDS = 60


def verdict(name: str) -> Text:
    """Return the mark of a verdict: sign, word and colour; nothing for none."""
    if not name:
        return text(NONE)
    sign, tone = _VERDICTS[name]
    return text(Badge(name, sign, tone))


def plain(table: PlainTable) -> tuple[Block, ...]:
    """Return a table of texts; its note alone where it has no rows."""
    columns = tuple(
        Column(name, numeric=i > 0 and _is_numeric(table, i))
        for i, name in enumerate(table.columns)
    )
    rows = tuple(Row(tuple(text(cell or NONE) for cell in row)) for row in table.rows)
    if not rows:
        columns = columns[:1]
        rows = (Row((text(table.note or NONE),)),)
        return (Table(table.caption, columns, rows),)
    return (Table(table.caption, columns, rows, text(table.note), stacks=True),)


def _is_numeric(table: PlainTable, i: int) -> bool:
    return all(len(row[i]) < 40 for row in table.rows)


def with_figure(
    drawing: Drawing, caption: str, table: Table, cards: tuple[Card, ...] = ()
) -> tuple[Block, ...]:
    """Return a figure, and the table of its numbers behind a line to open."""
    return (
        Figure(
            f"figure-{drawing.name.replace('_', '-')}", drawing.title, drawing.svg, text(caption),
            cards,
        ),
        Details(text(f"Numbers of the figure: {drawing.title}"), (table,)),
    )  # fmt: skip


def behind(view: EmulationView, blocks: Sequence[Block], what: str) -> tuple[Block, ...]:
    """Return blocks, behind a line to open where anything failed; they are printed all the same."""
    if not view.blocked or not blocks:
        return tuple(blocks)
    line = f"Show {what} anyway. Failed: {'; '.join(view.failures.names)}"
    return (Details(text(Badge("fail", "✖", "blocking"), f" {line}"), tuple(blocks)),)


def contrasts_table(view: EmulationView) -> Table:
    """Return every contrast of the primary analysis, the hazard ratio last."""
    effect = view.shown
    rows = []
    for c in effect.contrasts:
        proportion = c.measure.startswith(("survival", "incidence"))
        arms = [
            NONE if math.isnan(v) or c.measure == "hazard_ratio"
            else f"{100 * v:.1f}%" if proportion else decimal_text(v)
            for v in (c.treated, c.comparator)
        ]  # fmt: skip
        unit = (
            " (percentage points)" if c.measure.endswith(("al_difference", "ce_difference")) else ""
        )
        rows.append(
            Row(
                (
                    text(f"{c.words}{unit}"),
                    text(f"{c.at_months:g}"),
                    *(text(arm) for arm in arms),
                    text(_marked(c)),
                )
            )
        )
    q = effect.question
    note = _failed_note(view)
    return Table(
        f"Contrasts: {q.treated_label} against {q.comparator_label}",
        (
            Column("Measure", wide=True),
            Column("Month", numeric=True),
            Column(q.treated_label, numeric=True),
            Column(q.comparator_label, numeric=True),
            Column(f"Estimate ({q.level:g}% CI)", numeric=True),
        ),
        tuple(rows),
        note,
        stacks=True,
    )


def _marked(contrast: Contrast) -> Value:
    """Return a contrast as it is read, with the number on the natural scale."""
    number = contrast.estimate.natural[0]
    return Value(
        contrast_text(contrast, level=False),
        None if math.isnan(number) else number,
        f"{contrast.measure}@{contrast.at_months:g}",
    )


def _failed_note(view: EmulationView) -> Text:
    names = view.failures.names
    return text(f"Failed: {'; '.join(names)}.") if names else ()


def curves_table(view: EmulationView) -> Table:
    """Return the curves and their difference at the times at which they were computed."""
    no, yes = view.shown.arms
    difference = view.shown.difference
    rows = []
    # Under the small-cell rule the arms may keep different times: the difference has those of both.
    for i, month in enumerate(difference.time.tolist()):
        cells = [_at(a, month) for a in (yes, no)]
        gap = [float(v[i]) for v in (difference.estimate, difference.ci_low, difference.ci_high)]
        shown = points(gap[0])
        if not math.isnan(gap[1]):
            shown += f" ({points(gap[1])} to {points(gap[2])})"
        rows.append(Row((text(f"{month:g}"), *(text(c) for c in cells), text(shown))))
    return Table(
        "Curves in percent with intervals, and their difference in percentage points",
        (
            Column("Month"),
            Column(yes.label, numeric=True),
            Column(no.label, numeric=True),
            Column("Difference", numeric=True),
        ),
        tuple(rows),
        _failed_note(view),
    )


def _at(arm: ArmCurve, month: float) -> str:
    i = arm.time.tolist().index(month)
    return percent_interval(float(arm.estimate[i]), float(arm.ci_low[i]), float(arm.ci_high[i]))


def balance_table(view: EmulationView) -> Table:
    """Return balance before and after weighting."""
    rows = []
    for b in view.shown.balance:
        name = f"{b.variable}: {b.level}" if b.level else b.variable
        numbers = (b.raw_treated, b.raw_comparator, b.before, b.mean_treated, b.mean_comparator)
        cells = [text(f"{b.at_months:g}"), *(text(_number(v)) for v in (*numbers, b.after))]
        rows.append(Row((text(name), *cells)))
    return Table(
        "Means (or shares) and standardised differences, unweighted and weighted",
        (
            Column("Variable"),
            Column("Month", numeric=True),
            Column("Treated", numeric=True),
            Column("Comparator", numeric=True),
            Column("SMD", numeric=True),
            Column("Treated, weighted", numeric=True),
            Column("Comparator, weighted", numeric=True),
            Column("SMD, weighted", numeric=True),
        ),
        tuple(rows),
    )


def weights_table(view: EmulationView) -> Table:
    """Return the weights over time."""
    rows = []
    for w in view.shown.weights:
        numbers = (w.total, w.mean, w.median, w.p99, w.largest)
        cells = [f"{w.at_months:g}", f"{w.n:,}", *(_number(v) for v in numbers)]
        cells += [f"{w.ess:,.0f}", f"{w.top_share:.1%}"]
        rows.append(Row((text(w.arm), *(text(c) for c in cells))))
    heads = ("Month", "Followed", "Sum", "Mean", "Median", "p99", "Largest", "ESS", "Top 1%")
    return Table(
        "Weights of those followed",
        (Column("Strategy"), *(Column(head, numeric=True) for head in heads)),
        tuple(rows),
    )


def flow_table(view: EmulationView) -> Table:
    """Return the flow of persons or clones."""
    rows = [
        Row((text(step.name), text(step.arm or "both"), text(count.text)))
        for step, count in zip(
            view.primary.flow, shown_flow(view.primary, view.small_cells), strict=True
        )
    ]
    return Table(
        "Persons, or clones",
        (Column("Step", wide=True), Column("Strategy"), Column("Number", numeric=True)),
        tuple(rows),
    )


def attrition_table(view: EmulationView) -> Table:
    """Return who was left out at which criterion."""
    started, steps = shown_attrition(view.attrition, view.small_cells)
    first = Row((text(view.attrition.source), text(NONE), text(NONE), text(started.text)))
    rows = [
        Row((text(s.name), text(s.excluded.text), text(s.unknown.text), text(s.left.text)))
        for s in steps
    ]
    return Table(
        "Persons by criterion",
        (
            Column("Criterion", wide=True),
            Column("Excluded", numeric=True),
            Column("Of them not known", numeric=True),
            Column("Left", numeric=True),
        ),
        (first, *rows),
    )


def estimates_table(
    rows: Sequence[EstimateRow], *, measure: str, at_months: float | None, caption: str, group: str
) -> Table:
    """Return estimates beside each other, those that are not estimable with the reason."""
    shown = []
    for row in rows:
        what = _estimate(row, measure)
        cells = (text(row.group or NONE), text(what), verdict(row.verdict), text(row.note or NONE))
        shown.append(Row((text(row.label), *cells), emphasis=row.main))
    return Table(
        caption,
        (
            Column("Row", wide=True),
            Column(group),
            Column(axis_words(measure, at_months), numeric=True),
            Column("Verdict"),
            Column("Remark", wide=True),
        ),
        tuple(shown),
        stacks=True,
    )


def estimate_cards(rows: Sequence[EstimateRow], measure: str) -> tuple[Card, ...]:
    """Return rows as cards for narrow screens."""
    if len(rows) > MOST_CARDS:
        return ()
    return tuple(
        Card(
            text(row.label),
            (
                ("Estimate", text(_estimate(row, measure))),
                *((("Verdict", verdict(row.verdict)),) if row.verdict else ()),
                *((("Remark", text(row.note)),) if row.note else ()),
            ),
        )
        for row in rows
    )


def _estimate(row: EstimateRow, measure: str) -> str:
    if row.estimate is None or math.isnan(row.estimate.estimate):
        return "not estimable"
    return estimate_text(row.estimate, measure)


def _number(value: float) -> str:
    if math.isnan(value):
        return NONE
    shown = decimal_text(value)
    return shown if shown.strip(f"0.{MINUS}") else "0.00"
