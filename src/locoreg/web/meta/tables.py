"""Tables of a report on one's own table."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.numbertext import decimal_text, p_text, percent_texts
from locoreg.report.blocks import Column, Row, Table, Text, Value, text
from locoreg.workflows.meta import MetaReport
from locoreg.workflows.meta.poolrows import PoolRow, shown

# Rows of a table on the page; the files have all.
MOST = 100
MORE = "The first {most} of {rows}; the files have all."


def effects_table(report: MetaReport) -> Table:
    """Return the effects that are pooled, then the pool."""
    weights = percent_texts([study.weight for study in report.studies])
    grouped = report.subgroups is not None
    rows = [
        Row(
            (
                text(study.label),
                text(str(study.line)),
                *((text(study.group or "none"),) if grouped else ()),
                text(f"{shown(report.measure, study.natural)}{' *' if study.corrected else ''}"),
                text(decimal_text(study.yi, 4)),
                text(decimal_text(study.vi, 4)),
                text(weight),
            )
        )
        for study, weight in zip(report.studies, weights, strict=True)
    ]
    columns = (
        Column("Study"),
        Column("Row", numeric=True),
        *((Column(report.options.by),) if grouped else ()),
        Column(f"{report.measure.name} ({report.options.level:g}% interval)", numeric=True),
        Column("yi", numeric=True),
        Column("vi", numeric=True),
        Column("Weight %", numeric=True),
    )
    note = "yi and vi are effect and variance on the scale of the pool."
    if any(study.corrected for study in report.studies):
        note += " * A constant was added to the counts."
    return _cut("Effects that are pooled", columns, rows, note)


def left_out_table(report: MetaReport) -> Table:
    """Return the rows without an effect, each with the reason."""
    rows = [
        Row((text(one.label), text(str(one.line)), text(one.reason))) for one in report.left_out
    ]
    columns = (Column("Study"), Column("Row", numeric=True), Column("Why", wide=True))
    return _cut("Rows left out", columns, rows, "")


def pools_table(
    report: MetaReport, rows: Sequence[PoolRow], *, caption: str, first: str, key: str
) -> Table:
    """Return pools, one a row.

    Parameters
    ----------
    report : MetaReport
    rows : sequence of PoolRow
    caption, first : str
        Caption, and title of the first column.
    key : str
        Where the pools stand in the results.

    Returns
    -------
    Table
    """
    lines = [
        Row(
            (
                text(row.label),
                text(str(row.k)),
                text(Value(shown(report.measure, row.natural), row.natural[0], f"{key}/{i}")),
                text(p_text(row.p_value)),
                text(decimal_text(row.tau2, 4)),
                text(decimal_text(row.i2, 0)),
            )
        )
        for i, row in enumerate(rows)
    ]
    columns = (
        Column(first),
        Column("Effects", numeric=True),
        Column(f"{report.measure.name} ({report.options.level:g}% interval)", numeric=True),
        Column("p", numeric=True),
        Column("tau2", numeric=True),
        Column("I2 %", numeric=True),
    )
    return _cut(caption, columns, lines, "")


def coefficients_table(report: MetaReport) -> Table:
    """Return the coefficients of the meta-regression, with those of the permutation test."""
    part, test = report.regression, report.permutation
    assert part is not None
    fit = part.fit
    rows = [
        Row(
            (
                text(name),
                _number(f"regression/coefficients/{i}/b", fit.b[i]),
                text(decimal_text(float(fit.se[i]), 4)),
                text(f"{decimal_text(fit.ci_low[i], 4)} to {decimal_text(fit.ci_high[i], 4)}"),
                text(p_text(float(fit.p_value[i]))),
                *((text(p_text(float(test.test.p_value[i]))),) if test is not None else ()),
            )
        )
        for i, name in enumerate(fit.names)
    ]
    columns = (
        Column("Coefficient"),
        Column("Estimate", numeric=True),
        Column("SE", numeric=True),
        Column(f"{fit.level:g}% interval", numeric=True),
        Column("p", numeric=True),
        *((Column("p by permutation", numeric=True),) if test is not None else ()),
    )
    return _cut("Meta-regression, on the scale of the pool", columns, rows, "")


def influence_table(report: MetaReport) -> Table:
    """Return the deletion diagnostics of each study."""
    part = report.influence
    assert part is not None
    found = part.found
    rows = [
        Row(
            (
                text(label),
                text(decimal_text(float(found.residual[i]), 3)),
                text(decimal_text(float(found.cook[i]), 3)),
                text(decimal_text(float(found.dfbetas[i]), 3)),
                text(decimal_text(float(found.hat[i]), 3)),
                text(decimal_text(part.contribution[i], 3)),
                text(decimal_text(part.shift[i], 3)),
                text("yes" if found.flagged[i] else "no"),
            )
        )
        for i, label in enumerate(part.labels)
    ]
    columns = (
        Column("Study"),
        Column("Studentised residual", numeric=True),
        Column("Cook's distance", numeric=True),
        Column("DFBETAS", numeric=True),
        Column("Hat", numeric=True),
        Column("Baujat: contribution", numeric=True),
        Column("Baujat: influence", numeric=True),
        Column("Flagged"),
    )
    return _cut("Influence of each study", columns, rows, "")


def small_study_table(report: MetaReport) -> Table:
    """Return the tests and adjustments for small-study effects."""
    part = report.small_study
    assert part is not None
    rows = [
        Row((text(one.label), text(one.sentence or f"Not given: {one.refused}")))
        for one in part.effects.parts
    ]
    return _cut("Small-study effects", (Column("Method"), Column("Result", wide=True)), rows, "")


def _number(key: str, value: float) -> Text:
    return text(Value(decimal_text(float(value), 4), float(value), f"meta/{key}"))


def _cut(caption: str, columns: tuple[Column, ...], rows: Sequence[Row], note: str) -> Table:
    more = MORE.format(most=MOST, rows=f"{len(rows):,}") if len(rows) > MOST else ""
    said = " ".join(one for one in (note, more) if one)
    return Table(caption, columns, tuple(rows[:MOST]), note=text(said), stacks=len(rows) <= 40)
