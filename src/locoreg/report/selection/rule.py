"""The rule, where one is shown, and its value; else the reason in full size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from locoreg.core.numbertext import p_text
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Details,
    Listing,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
    text,
)
from locoreg.report.emulation.tables import with_figure
from locoreg.report.selection.parts import Shown, behind, groups_table, joint_text, share
from locoreg.report.words import NONE

if TYPE_CHECKING:
    from locoreg.selection.assess import PolicyValue


def rule(shown: Shown) -> Section:
    """Return the rule with its leaves, value and harm, or why there is none."""
    result = shown.result
    if not result.shows_rule:
        return Section("rule", "A rule", _none(shown))
    blocks: list[Block] = [
        *(Paragraph(text(line)) for line in result.rule_reading.splitlines()),
        *with_figure(
            shown.drawings["rule"],
            "Questions from the left; each leaf says the option, and the effect in other persons.",
            _leaves(shown),
        ),
        Details(text("The rule in words"), (Listing("Rule", result.rule.rule.text()),)),
    ]
    if "sides" in shown.drawings and result.worth.sides is not None:
        blocks += with_figure(
            shown.drawings["sides"],
            "Effects in the persons whom rules of the other folds treat, and in the others.",
            groups_table(shown, result.worth.sides, result.worth.sides.title),
        )
    blocks += [
        _values(shown),
        _harm(shown),
        _fold_rules(shown),
        *_near(shown),
        Details(
            text("The rule as a Python function, which needs the standard library only"),
            (Listing("Python", result.rule.rule.python()),),
        ),
    ]
    return Section("rule", "A rule", behind(shown, blocks, "the rule"))


def _none(shown: Shown) -> tuple[Block, ...]:
    """Return the reason in full size; behind it the numbers, unless trials contradict the data."""
    result = shown.result
    lines = result.rule_reading.splitlines()
    reason = tuple(Paragraph(text(line), "lead") for line in lines[:1])
    tone: Tone = "blocking" if shown.contradicted else "serious"
    blocks: list[Block] = [Callout("No rule is shown", reason, tone)]
    if not shown.contradicted:
        told: tuple[Block, ...] = (
            *(Paragraph(text(line)) for line in lines[1:]),
            _values(shown),
            _fold_rules(shown),
        )
        blocks += behind(shown, told, "what rules would gain")
    return tuple(blocks)


def _leaves(shown: Shown) -> Table:
    rule_, table = shown.result.rule.rule, shown.result.rule.leaves
    q = shown.result.question
    rows = [
        Row(
            (
                text(f"{leaf.leaf}: {leaf.text}"),
                text(rule_.option(leaf.treats)),
                text(f"{leaf.n:,}"),
                text(f"{leaf.treated:,}"),
                text(f"{leaf.effective:,.0f}"),
                text(shown.effect(leaf.effect)),
                text(joint_text(shown, leaf.band_low, leaf.band_high)),
                text(_mean(shown, leaf.treated_mean.estimate)),
                text(_mean(shown, leaf.comparator_mean.estimate)),
            )
        )
        for leaf in table.leaves
    ]
    return Table(
        f"Leaves of the rule, in {table.persons:,} persons that it was not learnt from",
        (
            Column("Leaf", wide=True),
            Column("Option"),
            Column("Persons", numeric=True),
            Column("Of them treated", numeric=True),
            Column("Effective", numeric=True),
            Column(f"Effect, {shown.unit.name} ({table.level:g}% CI)", numeric=True),
            Column("Joint limits", numeric=True),
            Column(f"Outcome with {q.treated_label}", numeric=True),
            Column(f"Outcome with {q.comparator_label}", numeric=True),
        ),
        tuple(rows),
        text(
            " ".join(
                (f"Learnt on {table.learnt_on:,} other persons. Outcomes: mean "
                 f"{'months' if q.unit == 'months' else 'percent'} free of {q.outcome}.",
                 *table.notes)
            )
        ),
        stacks=True,
    )  # fmt: skip


def _mean(shown: Shown, value: float) -> str:
    return NONE if math.isnan(value) else f"{shown.unit.factor * value:.1f}"


def _value_rows(shown: Shown) -> list[tuple[str, PolicyValue]]:
    result = shown.result
    rows = [("Rules found in this way (each person by the rule of the other folds)",
             result.worth.value)]  # fmt: skip
    if result.shows_rule:
        rows.append(("The rule shown, on persons it was not learnt from", result.rule.value))
    return rows


def _values(shown: Shown) -> Table:
    rows = [
        Row(
            (
                text(label),
                text(share(value.share_treated)),
                text(shown.effect(value.against_none)),
                text(shown.effect(value.against_all)),
            )
        )
        for label, value in _value_rows(shown)
    ]
    worth = shown.result.worth
    rows.append(
        Row((text("Over the better of everybody and nobody"), text(NONE),
             text(shown.effect(worth.gain)), text(NONE)), emphasis=True)
    )  # fmt: skip
    return Table(
        f"Gain per person of the whole population, {shown.unit.name}, cost "
        f"{shown.unit.signed(worth.value.cost)} taken off",
        (
            Column("What", wide=True),
            Column("Treated", numeric=True),
            Column("Over treating nobody", numeric=True),
            Column("Over treating everybody", numeric=True),
        ),
        tuple(rows),
        text(
            f"That it beats both: {p_text(worth.p_better)}, one-sided. That effects differ "
            f"between those whom rules treat and the others: {p_text(worth.heterogeneity_p)}."
        ),
        stacks=True,
    )


def _harm(shown: Shown) -> Table:
    rows = []
    for label, value in _value_rows(shown):
        for one in value.harm:
            rows.append(
                Row(
                    (
                        text(label),
                        text(one.moved_from),
                        text(f"{one.n:,}"),
                        text(share(one.share)),
                        text(shown.effect(one.gain)),
                    )
                )
            )
    return Table(
        "Harm: persons whom the rule moves away from what everybody would have had",
        (
            Column("Rule", wide=True),
            Column("Moved from"),
            Column("Persons", numeric=True),
            Column("Share", numeric=True),
            Column(f"Their mean gain by moving, {shown.unit.name}; below 0: harmed", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )


def _fold_rules(shown: Shown) -> Table:
    rows = [
        Row(
            (
                text(f"without fold {one.fold}"),
                text(f"{one.persons:,}"),
                text(", ".join(one.variables) or NONE),
                text(one.treats),
                text(share(one.share)),
            )
        )
        for one in shown.result.worth.folds
    ]
    return Table(
        "Rules of the folds: what is found again, and what is not",
        (
            Column("Learnt"),
            Column("Persons in the fold", numeric=True),
            Column("Asks for"),
            Column("Treats", wide=True),
            Column("Share", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )


def _near(shown: Shown) -> list[Block]:
    near = shown.result.rule.rule.near
    if not near:
        return []
    rows = [
        Row(
            (
                text(one.text),
                text(shown.unit.signed(-one.below)),
                text(f"{shown.unit.factor * one.se:.2f}"),
                text(share(one.agreement)),
                text(share(one.share)),
            )
        )
        for one in near
    ]
    table = Table(
        "Other rules within one standard error of the best, on the persons of the training",
        (
            Column("Treats", wide=True),
            Column(f"Below the best, {shown.unit.name}", numeric=True),
            Column("Standard error", numeric=True),
            Column("Decides as the best", numeric=True),
            Column("Treated", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )
    lead = text("The data do not tell these rules apart; another may be easier to apply.")
    return [Details(text(f"{len(near)} near-optimal rules"), (Paragraph(lead), table))]


def value(shown: Shown) -> Section:
    """Return what treating by predicted effect gains, by cost."""
    values = shown.result.assessment.values.values
    rows = [
        Row(
            (
                text(shown.unit.signed(one.cost)),
                text(share(one.share_treated)),
                text(shown.effect(one.against_none)),
                text(shown.effect(one.against_all)),
                *(text(_moved(shown, one, i)) for i in (0, 1)),
            )
        )
        for one in values
    ]
    table = Table(
        f"Gain per person by cost, {shown.unit.name}",
        (
            Column("Cost"),
            Column("Treated", numeric=True),
            Column("Over treating nobody", numeric=True),
            Column("Over treating everybody", numeric=True),
            Column("Gain of those moved from nobody treated", numeric=True),
            Column("Gain of those moved from everybody treated", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )
    blocks = (
        Paragraph(
            text(
                "Treated are those whose predicted effect exceeds the cost. This is a description "
                "of the model of effects; the rule above is judged by its own numbers."
            )
        ),
        *with_figure(
            shown.drawings["value"],
            "What to look for: the rule above treating everybody and above 0, with its band.",
            table,
        ),
    )
    return Section("value", "Value against cost", behind(shown, blocks, "the value"))


def _moved(shown: Shown, one: PolicyValue, place: int) -> str:
    if place >= len(one.harm):
        return NONE
    found = one.harm[place]
    return f"{shown.effect(found.gain)}, {share(found.share)}"
