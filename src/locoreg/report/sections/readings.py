"""The studies of a pool: their numbers, and how each number was read."""

from __future__ import annotations

from locoreg.core.numbertext import percent_texts
from locoreg.figures.wording import narrow_notes
from locoreg.report.blocks import (
    Badge,
    Break,
    Column,
    Details,
    Inline,
    Row,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.sections.audit import finding_summary
from locoreg.report.words import (
    NONE,
    effect,
    marked,
    number,
    pooled_name,
    verification,
    whole,
    words,
)
from locoreg.workflows.run import PoolResult


def studies_table(context: Context, item: PoolResult) -> Table:
    """Return the studies of a pool with the numbers that are pooled."""
    pool = item.pool
    level = pool.meta.mu.level
    rows = []
    for study, weight in zip(pool.studies, percent_texts(pool.meta.weights), strict=True):
        n = study.counts
        mark: tuple[Inline, ...] = ()
        if study.effect.approximate:
            mark = (" ", Badge("approximate", "≈"))
        sample = f", {study.matched_set}" if study.matched_set else ""
        rows.append(
            Row(
                (
                    context.anchors.study(study.label, study.claim_ids),
                    text(words(study.design) + sample),
                    context.anchors.reference(study.report_id),
                    text(
                        _arms(study.counts.n, study.counts.n_intervention, study.counts.n_control)
                    ),
                    text(_arms(n.events, n.events_intervention, n.events_control)),
                    text(effect(study.effect.estimate(level)), *mark),
                    text(weight),
                    text(verification(study.verification)),
                    finding_summary(study.findings, context),
                )
            )
        )
    rows.append(_pooled_row(item))
    return Table(
        f"Studies pooled: {pool.design_label.lower()}, {pool.outcome.label.lower()}",
        (
            Column("Study"),
            Column("Design"),
            Column("Report used"),
            Column("Patients", numeric=True),
            Column("Events", numeric=True),
            Column(f"{pool.question.measure} ({level:g}% interval)", numeric=True),
            Column("Weight %", numeric=True),
            Column("Verified"),
            Column("Findings"),
        ),
        tuple(rows),
        text(
            "Patients and events: all (intervention, control) where both are printed. "
            "Each study links to the row and the printed string it rests on.",
            *(f" {note}" for note in narrow_notes([("", pool.meta.floor)])),
        ),
    )


def _pooled_row(item: PoolResult) -> Row:
    pool = item.pool
    return Row(
        (
            text(pooled_name(pool.meta.k)),
            (),
            (),
            (),
            (),
            text(marked(pool.meta.mu, pool.meta.floor)),
            text("100.0"),
            (),
            (),
        ),
        emphasis=True,
    )


def _arms(total: int | None, intervention: int | None, control: int | None) -> str:
    if intervention is None or control is None:
        return whole(total)
    return f"{whole(total)} ({whole(intervention)}, {whole(control)})"


def readings_tables(context: Context, item: PoolResult) -> Details:
    """Return how each number was read, and every route to it."""
    return Details(
        text("How each number was read, and every route to it"),
        (_readings(context, item), _routes(context, item)),
    )


def _readings(context: Context, item: PoolResult) -> Table:
    pool = item.pool
    rows = []
    for study in pool.studies:
        printed = tuple(context.anchors.printed(claim) for claim in study.claim_ids)
        level = study.printed_level
        rows.append(
            Row(
                (
                    context.anchors.study(study.label, study.claim_ids),
                    joined(printed, Break()) or (NONE,),
                    text(NONE if level is None else f"{level:g}%"),
                    joined(tuple((one,) for one in study.applied), Break()) or ("as printed",),
                    text(study.report_id, Break(), study.report_rule),
                )
            )
        )
    return Table(
        f"How each number was read: {pool.design_label.lower()}, {pool.outcome.label.lower()}",
        (
            Column("Study"),
            Column("Printed", wide=True),
            Column("Level printed", numeric=True),
            Column("Readings applied", wide=True),
            Column("Report and why", wide=True),
        ),
        tuple(rows),
    )


def _routes(context: Context, item: PoolResult) -> Table:
    pool = item.pool
    level = pool.meta.mu.level
    rows = []
    for study in pool.studies:
        for position, route in enumerate(study.routes):
            used: Text = text(Badge("used", "●")) if position == 0 else ()
            rows.append(
                Row(
                    (
                        context.anchors.study(study.label, study.claim_ids),
                        text(route.route, " ") + used,
                        text(effect(route.estimate(level))),
                        text(number(route.se, 3)),
                        text("≈ " if route.approximate else "", route.note),
                    )
                )
            )
    return Table(
        f"Every route to each number: {pool.design_label.lower()}, {pool.outcome.label.lower()}",
        (
            Column("Study"),
            Column("Route"),
            Column(f"{pool.question.measure} ({level:g}% interval)", numeric=True),
            Column("SE", numeric=True),
            Column("Assumption", wide=True),
        ),
        tuple(rows),
        text(
            "SE: standard error on the analysis scale (logarithm for ratios). "
            "≈ rests on more than the printed interval does."
        ),
    )
