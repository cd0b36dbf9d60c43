"""The report in plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.evidence.estimators import METHOD_LABELS
from locoreg.workflows.meta.poolrows import PoolRow, shown

if TYPE_CHECKING:
    from locoreg.workflows.meta.report import MetaReport


def summary_of(report: MetaReport) -> str:
    """Return everything that was asked for in plain lines.

    Parameters
    ----------
    report : MetaReport

    Returns
    -------
    str
        Studies, pool, heterogeneity, then each part.
    """
    measure = report.measure
    lines = [f"{measure.name}: {measure.words}, {_read(report)}"]
    width = max(len(study.label) for study in report.studies)
    for study in report.studies:
        mark = " *" if study.corrected else ""
        lines.append(
            f"  {study.label:<{width}}  {shown(measure, study.natural)}, weight "
            f"{study.weight:.1f}%{mark}"
        )
    lines += _pool(report)
    lines += [f"Note: {note}" for note in report.notes]
    lines += [f"Left out: {s.label}, row {s.line}: {s.reason}." for s in report.left_out]
    return "\n".join([*lines, *_parts(report), *_moved(report)])


def _parts(report: MetaReport) -> list[str]:
    """Return subgroups, models and pools of counts."""
    lines = [] if report.subgroups is None else _subgroups(report)
    for part in (report.regression, report.permutation, report.clustered):
        if part is not None:
            lines += part.lines()
    if report.bayesian is not None:
        lines += report.bayesian.lines(report.measure)
    for pool in report.count_pools:
        lines += pool.lines()
    return lines


def _moved(report: MetaReport) -> list[str]:
    """Return what happens without studies, in their order, and without small ones."""
    lines = []
    if report.leave_one_out:
        lines.append("Leaving one study out:")
        lines += _rows(report, report.leave_one_out)
    if report.cumulative:
        lines.append(f"Cumulative, in the order of {report.order}:")
        lines += _rows(report, report.cumulative)
    if report.influence is not None:
        lines += report.influence.lines()
    if report.small_study is not None:
        lines += report.small_study.lines()
    return lines


def _read(report: MetaReport) -> str:
    transform = report.measure.transform
    if transform == "identity":
        return f"pooled as it is; {plural(len(report.studies), 'study', 'studies')}"
    if transform == "exponential":
        how = "pooled as a logarithm"
    else:
        how = f"pooled transformed, read through the {transform}"
        if transform == "inverse Freeman-Tukey":
            how += " (pools at the harmonic mean of the sizes, studies at their own)"
    return f"{how}; {plural(len(report.studies), 'study', 'studies')}"


def _pool(report: MetaReport) -> list[str]:
    meta, measure = report.meta, report.measure
    # A single group's proportion, rate or mean has no value that means no effect.
    test = "" if measure.one_group else f", {p_text(meta.p_value)}"
    found = [
        f"Pooled {shown(measure, report.pooled.natural)}, {meta.mu.level:g}% interval{test}; "
        f"{METHOD_LABELS[meta.method]}, {meta.interval} interval"
    ]
    if meta.k > 1:
        found.append(f"  {heterogeneity(report)}")
    if report.prediction is not None:
        low, high = report.prediction
        text = shown(measure, (report.pooled.natural[0], low, high)).partition("(")[2]
        found.append(
            f"  {meta.mu.level:g}% prediction interval {text.rstrip(')')} "
            f"({meta.prediction_formula})"
        )
    return [*found, *(f"  {warning}" for warning in meta.warnings)]


def heterogeneity(report: MetaReport) -> str:
    """Return the heterogeneity of the pool in one line."""
    meta = report.meta
    text = f"Q {meta.q:.2f} on {meta.q_df} df ({p_text(meta.q_p)}); I2 {meta.i2:.0f}%"
    if meta.method == "CE":
        return text
    return (
        f"{text} ({meta.i2_ci[0]:.0f} to {meta.i2_ci[1]:.0f}); tau2 {decimal_text(meta.tau2, 4)} "
        f"({decimal_text(meta.tau2_ci[0], 4)} to {decimal_text(meta.tau2_ci[1], 4)})"
    )


def _subgroups(report: MetaReport) -> list[str]:
    part = report.subgroups
    assert part is not None
    tau2 = "each" if part.tau2 == "separate" else "for all"
    variance = "" if report.meta.method == "CE" else f" (one between-study variance {tau2})"
    found = [f"Subgroups by {part.by}{variance}:", *_rows(report, part.rows)]
    if part.p_value == part.p_value:
        found.append(f"  Difference: Q {part.q:.2f} on {part.df:g} df ({p_text(part.p_value)})")
    else:
        found.append("  One subgroup: no test of differences.")
    return found + [f"  In no subgroup: {s.label} ({s.reason})." for s in part.left_out]


def _rows(report: MetaReport, rows: tuple[PoolRow, ...]) -> list[str]:
    width = max(len(row.label) for row in rows)
    return [
        f"  {row.label:<{width}}  {shown(report.measure, row.natural)}, "
        f"{plural(row.k, 'study', 'studies')}, I2 {row.i2:.0f}%"
        for row in rows
    ]
