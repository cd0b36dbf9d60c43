"""One section per question: what was asked, the figure, the studies, what was left out."""

from __future__ import annotations

from locoreg.core.numbertext import percent_texts
from locoreg.figures.wording import MISSING, narrow_notes
from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Card,
    Column,
    Details,
    Facts,
    Figure,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context, by_outcome
from locoreg.report.drawings import forest_name
from locoreg.report.sections.published import published, unpooled
from locoreg.report.sections.readings import readings_tables, studies_table
from locoreg.report.sections.sensitivity import heterogeneity, sensitivity, subgroups
from locoreg.report.sections.worlds import multiverse
from locoreg.report.words import (
    INTERVALS,
    METHODS,
    design_name,
    effect,
    marked,
    pooled_name,
    verification,
    whole,
    words,
)
from locoreg.workflows.run import PoolResult, QuestionResult


def questions(context: Context) -> tuple[Section, ...]:
    """Return one section per question."""
    return tuple(_question(context, q) for q in context.result.questions)


def _question(context: Context, question: QuestionResult) -> Section:
    asked = question.question
    blocks: list[Block] = [_pico(context, question)]
    if asked.note:
        blocks.append(Paragraph(text(asked.note)))
    blocks += [
        _outcome(context, question, outcome, items)
        for outcome, items in by_outcome(question).items()
    ]
    if question.empty:
        blocks.append(_empty(context, question))
    blocks.append(published(context, question))
    blocks += unpooled(question)
    return Section(f"question-{asked.question_id}", asked.title, tuple(blocks))


def _pico(context: Context, question: QuestionResult) -> Facts:
    asked = question.question
    outcomes = context.result.catalog.outcomes
    labels = tuple((outcomes[o].label if o in outcomes else words(o),) for o in asked.outcomes)
    return Facts(
        (
            ("Population", text(asked.population)),
            ("Intervention", text(asked.intervention)),
            ("Comparator", text(asked.comparator)),
            ("Outcomes", joined(labels)),
            (
                "Effect",
                text(f"{asked.measure}, {words(asked.reference_arm)} arm as reference"),
            ),
        )
    )


def _outcome(
    context: Context, question: QuestionResult, outcome: str, items: tuple[PoolResult, ...]
) -> Section:
    question_id = question.question.question_id
    blocks: list[Block] = [
        _figure(context, question_id, outcome, items),
        Details(text("Data of the figure"), (_figure_data(items),)),
    ]
    blocks += [_design(context, item) for item in items]
    label = items[0].pool.outcome.label
    return Section(f"outcome-{slug(question_id, outcome)}", label, tuple(blocks))


def _figure(
    context: Context, question_id: str, outcome: str, items: tuple[PoolResult, ...]
) -> Figure:
    drawing = context.drawings[forest_name(question_id, outcome)]
    designs = " and ".join(item.pool.design_label.lower() for item in items)
    meta = items[0].pool.meta
    apart = ", each pooled by itself" if len(items) > 1 else ""
    return Figure(
        f"figure-{slug(drawing.name)}",
        drawing.title,
        drawing.svg,
        text(
            f"{items[0].pool.outcome.label}: {designs}{apart}. "
            f"{METHODS[meta.method].capitalize()}; {INTERVALS[meta.interval]}. "
            "Its numbers stand in the table that follows."
        ),
        tuple(card for item in items for card in _cards(context, item)),
    )


def _cards(context: Context, item: PoolResult) -> list[Card]:
    pool = item.pool
    level = pool.meta.mu.level
    cards = [
        Card(
            context.anchors.study(_with_year(study.label, study.year), study.claim_ids),
            (
                (pool.question.measure, text(effect(study.effect.estimate(level)))),
                ("Patients", text(whole(study.counts.n))),
                ("Weight", text(f"{weight}%")),
                ("Verified", text(verification(study.verification))),
            ),
        )
        for study, weight in zip(pool.studies, percent_texts(pool.meta.weights), strict=True)
    ]
    pooled: list[tuple[str, Text]] = [
        (pool.question.measure, text(marked(pool.meta.mu, pool.meta.floor)))
    ]
    if pool.as_printed is not None and pool.differs:
        naive = marked(pool.as_printed.mu, pool.as_printed.floor)
        pooled.append(("As printed", text(naive)))
    if pool.indirect:
        pooled.append(("Patients differ", text("; ".join(pool.indirect))))
    cards.append(
        Card(text(f"{pool.design_label}: {pooled_name(pool.meta.k).lower()}"), tuple(pooled))
    )
    return cards


def _figure_data(items: tuple[PoolResult, ...]) -> Table:
    rows = []
    for item in items:
        pool = item.pool
        level = pool.meta.mu.level
        for study, weight in zip(pool.studies, percent_texts(pool.meta.weights), strict=True):
            shown = effect(study.effect.estimate(level))
            cells = (_with_year(study.label, study.year), pool.design_label)
            rows.append(Row(tuple(text(c) for c in (*cells, whole(study.counts.n), shown, weight))))
        result = marked(pool.meta.mu, pool.meta.floor)
        pooled = (pooled_name(pool.meta.k), pool.design_label, "", result, "100.0")
        rows.append(Row(tuple(text(c) for c in pooled), emphasis=True))
    pool = items[0].pool
    return Table(
        f"Data of the figure: {pool.outcome.label.lower()}",
        (
            Column("Study"),
            Column("Design"),
            Column("Patients", numeric=True),
            Column(f"{pool.question.measure} ({pool.meta.mu.level:g}% interval)", numeric=True),
            Column("Weight %", numeric=True),
        ),
        tuple(rows),
        narrow_notes((item.pool.design_label, item.pool.meta.floor) for item in items),
    )


def _with_year(label: str, year: int | None) -> str:
    return label if year is None or str(year) in label else f"{label} ({year})"


def _design(context: Context, item: PoolResult) -> Section:
    pool = item.pool
    blocks: list[Block] = [
        Paragraph(text(item.answer)),
        studies_table(context, item),
        readings_tables(context, item),
        heterogeneity(item),
        *subgroups(item),
        *sensitivity(item),
    ]
    if pool.excluded:
        blocks.append(_excluded(item))
    blocks += multiverse(context, item)
    return Section(f"pool-{slug(item.key)}", pool.design_label, tuple(blocks))


def _excluded(item: PoolResult) -> Details:
    pool = item.pool
    table = Table(
        f"Not in the pool of {pool.design_label.lower()}",
        (Column("Study"), Column("Number"), Column("Reason", wide=True)),
        tuple(Row((text(e.label), text(MISSING[e.kind]), text(e.reason))) for e in pool.excluded),
    )
    return Details(text(f"Studies of this design left out ({len(pool.excluded)})"), (table,), True)


def _empty(context: Context, question: QuestionResult) -> Section:
    outcomes = context.result.catalog.outcomes
    table = Table(
        "Designs and outcomes without a usable number",
        (Column("Outcome"), Column("Design"), Column("Reason", wide=True)),
        tuple(
            Row(
                (
                    text(outcomes[outcome].label if outcome in outcomes else outcome),
                    text(design_name(design)),
                    text(reason),
                )
            )
            for outcome, design, reason in question.empty
        ),
    )
    return Section(f"empty-{question.question.question_id}", "Nothing to pool", (table,))
