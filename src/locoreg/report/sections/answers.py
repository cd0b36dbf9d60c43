"""The answers."""

from __future__ import annotations

from locoreg.core.estimate import Estimate
from locoreg.figures.wording import narrow_notes, warnings_of
from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Items,
    Link,
    Paragraph,
    Record,
    Row,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    Value,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import NONE, marked, span, studies, words
from locoreg.workflows.run import PoolResult, QuestionResult


def answers(context: Context) -> Section:
    """Return the answers, a table of all of them first."""
    questions = context.result.questions
    blocks: list[Block] = [
        Paragraph(
            text(
                "Designs are never pooled together. The main number reads each row as the audit "
                "supports it; the number beside it takes the same studies and reports as printed."
            )
        )
    ]
    if any(q.pools for q in questions):
        blocks.append(_overview(questions))
    blocks += [_question(context, q) for q in questions]
    return Section("answers", "Answers", tuple(blocks), lists_parts=False)


def _overview(questions: tuple[QuestionResult, ...]) -> Table:
    """Return all results; what and how much stand first, in view on a narrow screen."""
    rows = []
    floors: list[tuple[str, Estimate | None]] = []
    for question in questions:
        for item in question.pools:
            pool = item.pool
            name = f"{words(question.question.question_id)}: {pool.outcome.label.lower()}"
            result = marked(pool.meta.mu, pool.meta.floor)
            floors += [
                (f"{name}, {pool.design_label.lower()}, {which}", floor)
                for which, floor in _floors(item)
            ]
            rows.append(
                Row(
                    (
                        text(Link(f"#answer-{slug(item.key)}", name), f". {pool.design_label}"),
                        text(
                            Value(
                                f"{pool.question.measure} {result}",
                                pool.meta.mu.natural[0],
                                f"evidence/{item.key}",
                            )
                        ),
                        text(str(pool.meta.k)),
                        text(_naive(item)),
                        text(str(len(pool.differs)) if pool.differs else "none"),
                    )
                )
            )
    return Table(
        "All pooled results",
        (
            Column("Question, outcome and design"),
            Column("Main result", numeric=True),
            Column("Studies", numeric=True),
            Column("As printed", numeric=True),
            Column("Read differently", numeric=True),
        ),
        tuple(rows),
        narrow_notes(floors),
        stacks=True,
    )


def _question(context: Context, question: QuestionResult) -> Section:
    blocks: list[Block] = [_answer(context, item) for item in question.pools]
    if question.empty:
        blocks.append(Items(tuple(text(_sentence(reason)) for _, _, reason in question.empty)))
    if not blocks:
        blocks.append(Paragraph(text("No outcome was asked for.")))
    asked = question.question
    return Section(f"answers-{asked.question_id}", asked.title, tuple(blocks))


def _answer(context: Context, item: PoolResult) -> Record:
    pool = item.pool
    tiles = [
        Tile(
            f"{pool.question.measure}, {pool.meta.mu.level:g}% interval",
            marked(pool.meta.mu, pool.meta.floor),
            text(studies(pool.meta.k)),
            main=True,
        )
    ]
    if pool.as_printed is not None:
        remark = "same studies and reports" if pool.differs else "no study is read differently"
        tiles.append(Tile("As printed (naive)", _naive(item), text(remark)))
    if pool.meta.prediction is not None:
        prediction = pool.meta.to_dict()["prediction"]
        limits = prediction.get("natural", prediction)
        tiles.append(
            Tile(
                f"{pool.meta.mu.level:g}% prediction interval",
                span(limits["low"], limits["high"]),
                text("effect in a new study"),
            )
        )
    links = [
        context.anchors.study(study.label, study.claim_ids)
        for study in pool.studies
        if study.claim_ids
    ]
    blocks: list[Block] = [
        Paragraph(text(item.answer), "lead"),
        Tiles(tuple(tiles)),
        Paragraph(("Studies: ", *joined(tuple(links), ", "), "."), "note"),
    ]
    blocks += [Paragraph(text(n), "note") for n in narrow_notes(_floors(item))]
    if pool.barred:
        blocks.append(
            Callout(
                "Pooled in spite of a blocking finding",
                (Items(tuple(text(one) for one in pool.barred)),),
            )
        )
    if pool.differs:
        blocks.append(
            Callout(
                "Read differently from the printed row",
                (Items(tuple(text(one) for one in pool.differs)),),
            )
        )
    blocks += [Paragraph(text(warning), "note") for warning in warnings_of(pool.meta)]
    return Record(
        f"answer-{slug(item.key)}",
        _title(item),
        tuple(blocks),
    )


def _title(item: PoolResult) -> Text:
    pool = item.pool
    subgroup = f", {pool.selection.subgroup}" if pool.selection.subgroup else ""
    return text(f"{pool.outcome.label}{subgroup}. {pool.design_label}")


def _naive(item: PoolResult) -> str:
    naive = item.pool.as_printed
    return NONE if naive is None else marked(naive.mu, naive.floor)


def _floors(item: PoolResult) -> tuple[tuple[str, Estimate | None], ...]:
    """Return the floored results of a pool and of the same as printed, with their names."""
    naive = item.pool.as_printed
    return (
        ("main result", item.pool.meta.floor),
        ("as printed", naive.floor if naive is not None and item.pool.differs else None),
    )


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:] if reason else reason
