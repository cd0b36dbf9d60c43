"""Published pools, and studies of a question that are not pooled."""

from __future__ import annotations

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Break,
    Column,
    Details,
    Link,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import NONE, registry_link, verdict, verification, words
from locoreg.workflows.run import QuestionResult


def published(context: Context, question: QuestionResult) -> Section:
    """Return the published pools of a question with the verdict on each."""
    asked = question.question
    anchor, title = f"published-{asked.question_id}", "Published pools"
    if not question.published:
        return Section(anchor, title, (Paragraph(text("None is recorded.")),))
    verdicts = _verdicts(context)
    rows = tuple(
        Row(
            (
                context.anchors.study(pool.label, (pool.claim_id,)),
                text(", ".join(part for part in (pool.outcome, pool.whom) if part)),
                text("" if pool.k is None else str(pool.k)),
                text(context.anchors.cells(pool.claim_id)),
                context.anchors.printed(pool.claim_id),
                verdicts.get(pool.claim_id, text("not examined")),
                text(verification(pool.verification)),
            )
        )
        for pool in question.published
    )
    table = Table(
        "Published pools, never pooled again",
        (
            Column("Publication"),
            Column("Outcome and patients"),
            Column("Studies", numeric=True),
            Column("Number", numeric=True),
            Column("Printed", wide=True),
            Column("Rebuilt from its inputs", wide=True),
            Column("Verified"),
        ),
        rows,
    )
    return Section(anchor, title, (table,))


def _verdicts(context: Context) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for r in context.result.reproductions:
        mark = verdict(r.verdict) if r.testable else "can't be tested"
        link = Link(reproduction_anchor(r.pool_id), r.pool_id)
        one = text(link, ": ", mark)
        found[r.claim_id] = joined((found.get(r.claim_id, ()), one), Break())
    return found


def reproduction_anchor(pool_id: str) -> str:
    """Return the link to the reproduction of a pool."""
    return "#" + slug("reproduction", pool_id)


def _registration(registry_id: str | None, status: str | None) -> Text:
    link = registry_link(registry_id) or (NONE,)
    return (*link, " ", verification("memory")) if registry_id and status == "memory" else link


def unpooled(question: QuestionResult) -> tuple[Block, ...]:
    """Return the studies without a comparison; nothing where there are none."""
    if not question.not_pooled:
        return ()
    table = Table(
        "Studies of this question that hold no comparison",
        (
            Column("Study"),
            Column("Design"),
            Column("Patients", wide=True),
            Column("Registration"),
            Column("Verified"),
        ),
        tuple(
            Row(
                (
                    text(study.label),
                    text(words(study.design)),
                    text(study.population or NONE),
                    _registration(study.registry_id, study.registry_id_status),
                    text(verification(study.verification)),
                )
            )
            for study in question.not_pooled
        ),
    )
    count = len(question.not_pooled)
    return (Details(text(f"Studies without a comparison, not pooled ({count})"), (table,)),)
