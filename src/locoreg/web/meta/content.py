"""The results of the page, in sections."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.core.numbertext import p_text, plural
from locoreg.report.blocks import (
    Block,
    Callout,
    Details,
    Figure,
    Items,
    Paragraph,
    Section,
    Value,
    text,
)
from locoreg.web.meta import tables
from locoreg.workflows.meta import MetaReport
from locoreg.workflows.meta.poolrows import shown
from locoreg.workflows.meta.reporttext import heterogeneity

TITLES = {
    "forest": "Forest plot",
    "leave_one_out": "Pools without each study",
    "cumulative": "Cumulative pools",
    "baujat": "Baujat plot",
    "funnel": "Funnel plot",
}
LEFT_TO_FILES = "{title}: too large for a page; it is among the files."


def sections(report: MetaReport, figures: Mapping[str, str]) -> tuple[Section, ...]:
    """Return a report as sections of a page.

    Parameters
    ----------
    report : MetaReport
        The answer.
    figures : mapping of str to str
        Figures by name as SVG; empty where one is too large for the page.

    Returns
    -------
    tuple of Section
        The pool first, then what else was asked for.
    """
    found = [
        Section("pooled", "Pooled effect", (*_pooled(report), *_figure(figures, "forest"))),
        Section("effects", "Effects", _effects(report)),
    ]
    parts = (
        ("subgroups", "Subgroups", _subgroups(report)),
        ("moderators", "Moderators", _moderators(report)),
        ("clusters", "Effects that are not independent", _clusters(report)),
        ("counts", "Pools of counts", _counts(report)),
        ("leave-one-out", "Without each study", _leave_one_out(report, figures)),
        ("cumulative", "Cumulative", _cumulative(report, figures)),
        ("influence", "Influence", _influence(report, figures)),
        ("small-study", "Small-study effects", _small_study(report, figures)),
        ("bayesian", "Bayesian pool", _bayesian(report)),
    )
    found += [Section(anchor, title, blocks) for anchor, title, blocks in parts if blocks]
    return tuple(found)


def _pooled(report: MetaReport) -> tuple[Block, ...]:
    meta, measure = report.meta, report.measure
    level = f"{report.options.level:g}%"
    number = Value(shown(measure, report.pooled.natural), report.pooled.natural[0], "meta/pool")
    test = () if measure.one_group else (f"; {p_text(meta.p_value)}",)
    whole = plural(meta.k, "effect")
    blocks: list[Block] = [
        Paragraph(
            text(f"{measure.words[:1].upper()}{measure.words[1:]} ", number,
                 f", {level} interval, {whole}", *test, "."),
            role="lead",
        ),
    ]  # fmt: skip
    if meta.k > 1:
        blocks.append(Paragraph(text(f"{heterogeneity(report)}.")))
    if report.prediction is not None:
        low, high = report.prediction
        triple = (report.pooled.natural[0], low, high)
        limits = shown(measure, triple).partition("(")[2].rstrip(")")
        blocks.append(
            Paragraph(text(f"{level} prediction interval {limits} ({meta.prediction_formula})."))
        )
    said = (*report.notes, *meta.warnings)
    if report.left_out:
        count = plural(len(report.left_out), "row")
        said = (f"{count} left out; the reasons stand below.", *said)
    if said:
        items = Items(tuple(text(one) for one in said))
        blocks.append(Callout("About these numbers", (items,), tone="minor"))
    return tuple(blocks)


def _effects(report: MetaReport) -> tuple[Block, ...]:
    left = (tables.left_out_table(report),) if report.left_out else ()
    return (*left, tables.effects_table(report))


def _subgroups(report: MetaReport) -> tuple[Block, ...]:
    part = report.subgroups
    if part is None:
        return ()
    table = tables.pools_table(
        report, part.rows, caption=f"Subgroups by {part.by}", first=part.by,
        key="meta/subgroups/groups",
    )  # fmt: skip
    said = "One subgroup: no test of differences."
    if part.p_value == part.p_value:
        said = f"Difference: Q {part.q:.2f} on {part.df:g} df ({p_text(part.p_value)})."
    outside = tuple(text(f"In no subgroup: {one.label}, {one.reason}.") for one in part.left_out)
    return (table, Paragraph(text(said)), *((Items(outside),) if outside else ()))


def _moderators(report: MetaReport) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if report.regression is not None:
        blocks.append(tables.coefficients_table(report))
        count = len(report.regression.fit.names)
        # The table has the coefficients, which are the lines between the head and the tests.
        lines = report.regression.lines()
        blocks.append(_lines(lines[:1] + lines[1 + count :]))
    if report.permutation is not None:
        blocks.append(_lines(report.permutation.lines()))
    return tuple(blocks)


def _clusters(report: MetaReport) -> tuple[Block, ...]:
    return () if report.clustered is None else (_lines(report.clustered.lines()),)


def _counts(report: MetaReport) -> tuple[Block, ...]:
    return tuple(_lines(part.lines()) for part in report.count_pools)


def _bayesian(report: MetaReport) -> tuple[Block, ...]:
    if report.bayesian is None:
        return ()
    return (_lines(report.bayesian.lines(report.measure)),)


def _leave_one_out(report: MetaReport, figures: Mapping[str, str]) -> tuple[Block, ...]:
    if not report.leave_one_out:
        return ()
    table = tables.pools_table(
        report, report.leave_one_out, caption="Pools without each study", first="Without",
        key="meta/leave_one_out",
    )  # fmt: skip
    return (*_figure(figures, "leave_one_out"), _folded(table.caption, table))


def _cumulative(report: MetaReport, figures: Mapping[str, str]) -> tuple[Block, ...]:
    if not report.cumulative:
        return ()
    table = tables.pools_table(
        report, report.cumulative, caption=f"Pools in the order of {report.order}", first="Up to",
        key="meta/cumulative",
    )  # fmt: skip
    return (*_figure(figures, "cumulative"), _folded(table.caption, table))


def _influence(report: MetaReport, figures: Mapping[str, str]) -> tuple[Block, ...]:
    if report.influence is None:
        return ()
    return (*_figure(figures, "baujat"), tables.influence_table(report))


def _small_study(report: MetaReport, figures: Mapping[str, str]) -> tuple[Block, ...]:
    part = report.small_study
    if part is None:
        return ()
    few = (Callout(part.effects.too_few, (), tone="serious"),) if part.effects.too_few else ()
    conclusion = Paragraph(text(part.effects.conclusion))
    return (
        *few, conclusion, *_figure(figures, "funnel"), tables.small_study_table(report)
    )  # fmt: skip


def _figure(figures: Mapping[str, str], name: str) -> tuple[Block, ...]:
    if name not in figures:
        return ()
    title = TITLES[name]
    if not figures[name]:
        return (Paragraph(text(LEFT_TO_FILES.format(title=title)), role="note"),)
    caption = text("The numbers stand in the tables of this page.")
    return (Figure(f"figure-{name.replace('_', '-')}", title, figures[name], caption),)


def _folded(summary: str, block: Block) -> Details:
    return Details(text(summary), (block,))


def _lines(lines: list[str]) -> Items:
    return Items(tuple(text(line.strip()) for line in lines if line.strip()))
