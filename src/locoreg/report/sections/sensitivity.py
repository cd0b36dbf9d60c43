"""Heterogeneity, subgroups, leave-one-out and cumulative tables of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.figures.wording import NARROW_MEANS, narrow_notes
from locoreg.report.blocks import (
    Block,
    Column,
    Details,
    Facts,
    Paragraph,
    Row,
    Table,
    Text,
    text,
)
from locoreg.report.words import (
    INTERVALS,
    METHODS,
    effect,
    marked,
    number,
    p_text,
    span,
    studies,
    words,
)
from locoreg.workflows.run import PoolResult

if TYPE_CHECKING:
    from locoreg.workflows.run import MetaAnalysis


def heterogeneity(item: PoolResult) -> Facts:
    """Return method, test of no effect, heterogeneity and prediction interval."""
    return Facts(tuple(_facts(item.pool.meta)))


def _facts(meta: MetaAnalysis) -> list[tuple[str, Text]]:
    pairs: list[tuple[str, Text]] = [
        ("Method", text(f"{METHODS[meta.method]}; {INTERVALS[meta.interval]}")),
        ("Test of no effect", text(f"p = {p_text(meta.p_value)}")),
    ]
    if meta.k == 1:
        pairs.append(("Heterogeneity", text("not defined for one study")))
        return pairs
    level = f"{meta.mu.level:g}%"
    if meta.floor is not None:
        floor = f"{effect(meta.floor)} (the interval above is {NARROW_MEANS.partition(';')[0]})"
        pairs.append(("With the floor", text(floor)))
    if meta.interval != "normal":
        pairs.append(("With a normal interval", text(effect(meta.normal_interval))))
    if meta.method != "CE":
        pairs.append(("Common effect", text(effect(meta.common_effect), " (normal interval)")))
    pairs += [
        ("τ²", text(f"{number(meta.tau2, 3)} ({level} interval {span(*meta.tau2_ci, digits=3)})")),
        ("I²", text(f"{number(meta.i2, 0)}% ({level} interval {span(*meta.i2_ci, digits=0)}%)")),
        ("Q", text(f"{number(meta.q)} on {meta.q_df} df, p = {p_text(meta.q_p)}")),
    ]
    shown = meta.to_dict()["prediction"]
    if shown is None:
        pairs.append(("Prediction interval", text("not given under three studies")))
    else:
        limits = shown.get("natural", shown)
        pairs.append(
            (
                "Prediction interval",
                text(f"{span(limits['low'], limits['high'])} ({level}; {shown['formula']})"),
            )
        )
    return pairs


def subgroups(item: PoolResult) -> tuple[Block, ...]:
    """Return the pools of subgroups of studies and the test between them, if asked for."""
    pool = item.pool
    if not pool.subgroups:
        return ()
    table = Table(
        "Subgroups of studies",
        (
            Column("Subgroup"),
            Column("Studies", numeric=True),
            Column(pool.question.measure, numeric=True),
            Column("I² %", numeric=True),
        ),
        tuple(
            Row(
                (
                    text(words(group.name)),
                    text(studies(group.meta.k)),
                    text(marked(group.meta.mu, group.meta.floor)),
                    text(number(group.meta.i2, 0)),
                )
            )
            for group in pool.subgroups
        ),
        narrow_notes((words(group.name), group.meta.floor) for group in pool.subgroups),
    )
    test = pool.subgroup_test
    if test is None:
        return (table,)
    return (
        table,
        Paragraph(
            text(
                f"Test that the subgroups by {words(test.by)} share one effect: "
                f"Q {number(test.q)} on {test.df} df, p = {p_text(test.p_value)}."
            )
        ),
    )


def sensitivity(item: PoolResult) -> tuple[Block, ...]:
    """Return the leave-one-out and the cumulative table; nothing for one study."""
    pool = item.pool
    blocks: list[Block] = []
    for rows, summary, first in (
        (pool.leave_one_out, "Leave-one-out", "Without"),
        (pool.cumulative, "Cumulative, by year of publication", "Up to"),
    ):
        if not rows:
            continue
        table = Table(
            f"{summary}: {pool.design_label.lower()}, {pool.outcome.label.lower()}",
            (
                Column(first),
                Column(pool.question.measure, numeric=True),
                Column("τ²", numeric=True),
                Column("I² %", numeric=True),
            ),
            tuple(
                Row(
                    (
                        text(row.label),
                        text(marked(row.mu, row.floor)),
                        text(number(row.tau2, 3)),
                        text(number(row.i2, 0)),
                    )
                )
                for row in rows
            ),
            narrow_notes((f"{first.lower()} {row.label}", row.floor) for row in rows),
        )
        blocks.append(Details(text(summary), (table,)))
    return tuple(blocks)
