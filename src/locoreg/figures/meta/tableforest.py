"""The forest plot of a report: every number as it is read, subgroups apart."""

from __future__ import annotations

from matplotlib.figure import Figure

from locoreg.core.numbertext import p_text, percent_texts, plural
from locoreg.figures.forest import TableSheet
from locoreg.figures.layouts import layout_named
from locoreg.figures.meta.tableaxis import limits_of, name_of, scale_of
from locoreg.figures.table import (
    Entry,
    ForestTable,
    Group,
    Heading,
    PooledRow,
    PredictionRow,
    Remark,
    StudyRow,
)
from locoreg.figures.textfit import one_line
from locoreg.workflows.meta.poolrows import PoolRow, shown
from locoreg.workflows.meta.report import MetaReport
from locoreg.workflows.meta.reporttext import heterogeneity


def forest_of_report(
    report: MetaReport,
    *,
    title: str | None,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the forest plot of a report.

    Parameters
    ----------
    report : MetaReport
    title : str or None
        Outcome, population and comparison.
    layout : {"revman", "jama", "bmj"}
        Columns, wording and palette.
    axis_limits : tuple of float, optional
        Ends of the axis, as effects are read; intervals beyond end in arrow heads.

    Returns
    -------
    matplotlib.figure.Figure
        Area of the markers: weight.
    """
    table = forest_table(report, title=title)
    ends = [end for study in report.studies for end in study.natural[1:]]
    limits = axis_limits or limits_of(report.measure, ends)
    return TableSheet(table, layout_named(layout), limits).draw()


def forest_table(report: MetaReport, *, title: str | None) -> ForestTable:
    """Return everything that the forest plot of a report prints.

    Parameters
    ----------
    report : MetaReport
    title : str or None
        Title; a general one if not given.

    Returns
    -------
    ForestTable
    """
    measure = report.measure
    weights = percent_texts([study.weight for study in report.studies])
    lines = [_study(report, i, weights[i]) for i in range(len(report.studies))]
    entries: list[Entry] = []
    if report.subgroups is None:
        head = plural(len(lines), "study", "studies")
        entries += [Heading(key="g0-head", text=head, level=1), *lines]
    else:
        for number, row in enumerate(report.subgroups.rows):
            members = [
                line
                for line, study in zip(lines, report.studies, strict=True)
                if study.group == row.label
            ]
            name = f"{report.subgroups.by}: {row.label}"
            entries.append(Heading(key=f"s{number}-head", text=one_line(name), level=2))
            entries += [*members, _pooled(report, row, f"s{number}", len(members), main=False)]
        entries += _outside(report, lines)
    if len(lines) > 1:
        entries += _whole(report, len(entries))
    text = shown(measure, report.pooled.natural)
    return ForestTable(
        title=one_line(title or f"{name_of(measure)}, {plural(len(lines), 'study', 'studies')}"),
        subtitle="",
        summary=f"Meta-analysis of {plural(len(lines), 'study', 'studies')}: {measure.name} {text}",
        effect_header=f"{measure.name} ({report.options.level:g}% CI)",
        axis_title=name_of(measure),
        scale=scale_of(measure),
        favours=("", ""),
        arm_headers=("", ""),
        groups=(Group(key="g0", entries=tuple(entries)),),
        notes=_notes(report),
    )


def _study(report: MetaReport, i: int, weight: str) -> StudyRow:
    study = report.studies[i]
    text = shown(report.measure, study.natural)
    label = one_line(study.label)
    return StudyRow(
        key=f"g0-r{i}",
        label=label,
        marks="*" if study.corrected else "",
        cells={"effect": text, "weight": weight},
        interval=study.natural,
        weight=study.weight,
        audit=None,
        sentence=f"{label}: {report.measure.name} {text}; weight {weight}%",
    )


def _pooled(report: MetaReport, row: PoolRow, key: str, covers: int, *, main: bool) -> PooledRow:
    text = shown(report.measure, row.natural)
    label = "Pooled" if main else "Subgroup"
    return PooledRow(
        key=f"{key}-pooled",
        label=label,
        cells={"effect": text, "weight": "100.0" if main else ""},
        interval=row.natural,
        kind="main" if main else "subgroup",
        covers=covers,
        sentence=f"{label}: {report.measure.name} {text}; {plural(row.k, 'study', 'studies')}",
    )


def _outside(report: MetaReport, lines: list[StudyRow]) -> list[Entry]:
    """Return the studies without a subgroup, which are in the whole pool."""
    rest = [line for line, study in zip(lines, report.studies, strict=True) if study.group is None]
    if not rest:
        return []
    return [Heading(key="s-rest", text="In no subgroup", level=2), *rest]


def _whole(report: MetaReport, covers: int) -> list[Entry]:
    found: list[Entry] = [_pooled(report, report.pooled, "g0", covers, main=True)]
    if report.prediction is not None:
        low, high = report.prediction
        text = shown(report.measure, (report.pooled.natural[0], low, high)).partition("(")[2]
        label = f"{report.options.level:g}% prediction interval"
        found.append(
            PredictionRow(
                key="g0-prediction",
                label=label,
                cells={"effect": f"({text}"},
                low=low,
                high=high,
                sentence=f"{label}: {text.rstrip(')')}",
            )
        )
    found.append(Remark(key="g0-het", text=heterogeneity(report)))
    part = report.subgroups
    if part is not None and part.p_value == part.p_value:
        found.append(
            Remark(
                key="g0-between",
                text=f"Difference between subgroups: Q {part.q:.2f} on {part.df:g} df "
                f"({p_text(part.p_value)})",
            )
        )
    return found


def _notes(report: MetaReport) -> tuple[str, ...]:
    meta = report.meta
    notes = [
        f"{meta.method}, {meta.interval} interval. Studies in the order of the table. Area of the "
        "markers: weight in the pool of all."
    ]
    if any(study.corrected for study in report.studies):
        notes.append("* a constant was added to its counts.")
    notes += report.notes
    if report.left_out:
        names = "; ".join(f"{s.label}: {s.reason}" for s in report.left_out)
        notes.append(f"Left out: {names}.")
    return tuple(one_line(note) for note in (*notes, *meta.warnings))
