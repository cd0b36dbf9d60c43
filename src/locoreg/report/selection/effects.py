"""The average effect, and whether it differs between persons."""

from __future__ import annotations

import math

from locoreg.core.numbertext import p_text
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Details,
    Facts,
    Items,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
    text,
)
from locoreg.report.emulation.tables import with_figure
from locoreg.report.selection.parts import (
    Shown,
    behind,
    checks_table,
    groups_table,
    joint_text,
    number,
    plain_effect,
)
from locoreg.report.selection.study import average_sentence, difference_sentence
from locoreg.report.words import NONE


def average(shown: Shown) -> Section:
    """Return the average effect."""
    blocks: list[Block] = [
        Paragraph(text(average_sentence(shown)), "lead"),
        Facts((("Average effect", text(_marked(shown))),)),
        Paragraph(
            text(
                "Mean of doubly robust scores; the interval is that of their influence function. "
                "It covers chance alone, not hidden differences between persons."
            )
        ),
    ]
    return Section("average", "Average effect", behind(shown, blocks, "the average effect"))


def _marked(shown: Shown) -> Value:
    """Return the average effect as it is read, with the number itself."""
    found = shown.result.average
    number = None if math.isnan(found.estimate) else found.estimate
    return Value(f"{shown.effect(found)} {shown.unit.name}", number, "average")


def heterogeneity(shown: Shown) -> Section:
    """Return the test, targeting curve, calibration, groups and comparisons."""
    found = shown.result.assessment
    blocks: list[Block] = [
        Paragraph(text(difference_sentence(shown)), "lead"),
        checks_table(found.diagnostics, "Verdicts on the ranking of persons by predicted effect"),
        _folds(shown),
        *with_figure(
            shown.drawings["toc"],
            "What to look for: a curve above 0, whose band leaves 0 out.",
            _targeting(shown),
        ),
    ]
    groups = groups_table(
        shown, found.calibration.groups, "Effects by quantiles of the predicted effect"
    )
    if "calibration" in shown.drawings:
        blocks += with_figure(
            shown.drawings["calibration"],
            "What to look for: groups near the dashed line of identity.",
            _calibration(shown),
        )
    blocks += with_figure(
        shown.drawings["groups"], "Held-out effects of groups with joint limits.", groups
    )
    blocks += with_figure(
        shown.drawings["benefit"],
        "Predicted effects of persons that the model did not see.",
        _predicted(shown),
    )
    blocks.append(_comparisons(shown))
    blocks += [_secondary(shown), *_legacy(shown), *_learned(shown)]
    if found.notes:
        blocks.append(Items(tuple(text(note) for note in found.notes)))
    return Section(
        "heterogeneity",
        "Does the effect differ between persons?",
        behind(shown, blocks, "whether the effect differs"),
    )


def _folds(shown: Shown) -> Table:
    test = shown.result.assessment.test
    rows = [
        Row((text(f"{one.fold}"), text(f"{one.n:,}"), text(shown.effect(one.area)),
             text(f"{one.statistic:.2f}"), text(plain_effect(one.slope))))
        for one in test.folds
    ]  # fmt: skip
    tested = sum(one.n for one in test.folds)
    rows.append(
        Row((text("together"), text(f"{tested:,}"), text(shown.effect(test.area)),
             text(f"{test.statistic:.2f}"), text(NONE)), emphasis=True)
    )  # fmt: skip
    return Table(
        f"The primary test: {test.target.upper()} on {test.design} predictions, {p_text(test.p)}",
        (
            Column("Fold"),
            Column("Persons", numeric=True),
            Column(f"{test.target.upper()}, {shown.unit.name}", numeric=True),
            Column("Statistic", numeric=True),
            Column("Calibration slope", numeric=True),
        ),
        tuple(rows),
    )


def _targeting(shown: Shown) -> Table:
    curve = shown.result.assessment.curve
    rows = [
        Row(
            (
                text(f"{100 * curve.share[i]:g}%"),
                text(shown.unit.interval(curve.estimate[i], curve.ci_low[i], curve.ci_high[i])),
                text(joint_text(shown, curve.band_low[i], curve.band_high[i])),
            )
        )
        for i in range(len(curve.share))
    ]
    return Table(
        f"Effect among those ranked highest minus the average, {shown.unit.name}",
        (
            Column("Share ranked highest"),
            Column(f"Difference ({curve.level:g}% CI)", numeric=True),
            Column("Joint limits", numeric=True),
        ),
        tuple(rows),
    )


def _calibration(shown: Shown) -> Table:
    made = shown.result.assessment.calibration
    rows = (
        Row((text("Slope; 1 where predictions are right"), text(plain_effect(made.slope)))),
        Row((text("That the slope is 0, one-sided"), text(p_text(made.p_heterogeneity)))),
        Row((text(f"Average effect, {shown.unit.name}"), text(shown.effect(made.average)))),
        Row(
            (
                text(f"Calibration error, {shown.unit.name}"),
                text(number(shown.unit.factor * made.error)),
            )
        ),
    )
    return Table(
        "Calibration in numbers; the groups are in the table of the next figure",
        (Column("Number", wide=True), Column("Value", numeric=True)),
        rows,
    )


def _predicted(shown: Shown) -> Table:
    values = shown.result.assessment.calibration.predicted
    places = [p for p in (1, 5, 10, 25, 50, 75, 90, 95, 99) if p <= len(values)]
    return Table(
        f"Quantiles of the predicted effect, {shown.unit.name}",
        (Column("Share of persons below"), Column("Predicted effect", numeric=True)),
        tuple(Row((text(f"{p}%"), text(shown.unit.signed(values[p - 1])))) for p in places),
    )


def _comparisons(shown: Shown) -> Table:
    found = shown.result.assessment
    primary = found.options.primary.upper()
    rows = [
        Row(
            (
                text(one.other),
                text(shown.effect(one.area)),
                text(shown.effect(one.difference)),
                text(NONE if one.p is None else p_text(one.p)),
                text(plain_effect(one.loss_gain)),
            )
        )
        for one in found.comparisons
    ]
    return Table(
        f"{found.learner} against simpler ways to rank persons, risk modelling first",
        (
            Column("Other"),
            Column(f"Its {primary}, {shown.unit.name}", numeric=True),
            Column(f"{primary} less its", numeric=True),
            Column("p, one-sided", numeric=True),
            Column("Gain of R-loss", numeric=True),
        ),
        tuple(rows),
        text(
            f"{primary} of {found.learner} over the folds together: "
            f"{shown.effect(found.autoc if primary == 'AUTOC' else found.qini)} "
            f"{shown.unit.name}. A learner that does not beat risk modelling tells nothing that "
            "the baseline risk does not."
        ),
        stacks=True,
    )


def _secondary(shown: Shown) -> Table:
    rows = [
        Row(
            (
                text(one.hypothesis),
                text(NONE if one.p is None else p_text(one.p)),
                text(NONE if one.p_adjusted is None else p_text(one.p_adjusted)),
            )
        )
        for one in shown.result.assessment.secondary
    ]
    return Table(
        "Secondary tests, adjusted together (Holm)",
        (
            Column("Hypothesis", wide=True),
            Column("p, one-sided", numeric=True),
            Column("Adjusted", numeric=True),
        ),
        tuple(rows) or (Row((text("None"), text(NONE), text(NONE))),),
    )


def _legacy(shown: Shown) -> list[Block]:
    found = shown.result.assessment.benefit
    if found is None:
        return []
    told = (
        f"c-for-benefit {plain_effect(found.estimate)}, {found.pairs:,} matched pairs; "
        f"{found.censored_pairs:,} pairs left out since an outcome is unknown, "
        f"{found.unmatched:,} persons without a partner."
    )
    inner: tuple[Block, ...] = (
        Callout("Not to be relied on", (Paragraph(text(found.warning)),), "serious"),
        Paragraph(text(told)),
    )
    return [Details(text("Legacy number: c-for-benefit"), inner)]


def _learned(shown: Shown) -> list[Block]:
    lines = shown.result.learned
    if not lines:
        return []
    lead = Paragraph(
        text("What the learner found on all persons; it describes, and was not tested.")
    )
    listed = Items(tuple(text(line) for line in lines))
    return [Details(text("What the learner found"), (lead, listed))]


def subgroups(shown: Shown) -> tuple[Section, ...]:
    """Return subgroups that were laid down before; none where there are none."""
    found = shown.result.subgroups
    if found is None or "subgroups" not in shown.drawings:
        return ()
    rows = [
        Row(
            (
                text(one.label),
                text(shown.effect(one.difference)),
                text(_p(one.p)),
                text(_p(one.p_adjusted)),
            )
        )
        for one in found.differences
    ]
    table = Table(
        "Effect in a subgroup less that of all other persons",
        (
            Column("Subgroup", wide=True),
            Column(f"Difference, {shown.unit.name}", numeric=True),
            Column("p, two-sided", numeric=True),
            Column("Adjusted for all", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )
    blocks = (
        *with_figure(
            shown.drawings["subgroups"],
            "Subgroups were laid down before; they may overlap.",
            groups_table(shown, found.groups, found.groups.title),
        ),
        table,
    )
    return (Section("subgroups", "Subgroups", behind(shown, blocks, "the subgroups")),)


def _p(value: float | None) -> str:
    return NONE if value is None or math.isnan(value) else p_text(value)
