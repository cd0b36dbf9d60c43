"""What could make a finding wrong: hidden confounding, negative controls, sites, halves."""

from __future__ import annotations

from locoreg.figures.axis import tick_text
from locoreg.report.blocks import Block, Column, Items, Paragraph, Row, Section, Table, text
from locoreg.report.emulation.tables import verdict, with_figure
from locoreg.report.selection.hiding import CONTROLS
from locoreg.report.selection.parts import Shown, behind, number, plain_effect, share
from locoreg.report.words import NONE


def doubts(shown: Shown) -> Section:
    """Return every check that was made, check by check."""
    parts = (
        ("hidden-odds", "Wrong odds of treatment", _marginal(shown)),
        ("hidden-strength", "A hidden variable", _omitted(shown)),
        ("hidden-tipping", "A hidden confounder that would explain it", _tipping(shown)),
        ("hidden-given", "Hidden confounders of a given size", _explained(shown)),
        ("controls", "Negative controls", _controls(shown)),
        ("sites", "Each site by the others", _sites(shown)),
        ("halves", "The rule on halves of the persons", _halves(shown)),
    )
    blocks: list[Block] = []
    for anchor, title, inner in parts:
        if inner:
            blocks.append(Section(anchor, title, behind(shown, inner, title.lower())))
    if not blocks:
        blocks.append(Paragraph(text("No check was made.")))
    return Section("doubts", "What could make it wrong", tuple(blocks))


def _marginal(shown: Shown) -> list[Block]:
    blocks: list[Block] = []
    for i, found in enumerate(shown.result.doubts.marginal, 1):
        rows = [
            Row(
                (
                    text(tick_text(b.factor)),
                    text(shown.effect(b.lower)),
                    text(shown.effect(b.upper)),
                )
            )
            for b in found.bounds
        ]
        table = Table(
            f"Bounds of the gain per person, {shown.unit.name}: {found.label}",
            (
                Column("Odds wrong by a factor of"),
                Column("Lower bound", numeric=True),
                Column("Upper bound", numeric=True),
            ),
            tuple(rows),
        )
        blocks += [Paragraph(text(found.reading))]
        blocks += with_figure(
            shown.drawings[f"sensitivity_{i}"],
            "What to look for: bounds that leave 0 out at factors that are plausible.",
            table,
        )
    return blocks


def _omitted(shown: Shown) -> list[Block]:
    blocks: list[Block] = []
    for i, found in enumerate(shown.result.doubts.omitted, 1):
        rows = [
            Row(
                (
                    text(b.strength.label),
                    text(share(b.strength.treatment)),
                    text(share(b.strength.outcome)),
                    text(shown.effect(b.lower)),
                    text(shown.effect(b.upper)),
                )
            )
            for b in found.bounds
        ]
        rows.append(
            Row((text("would explain the effect"), *(text(share(found.robustness)),) * 2,
                 text(NONE), text(NONE)), emphasis=True)
        )  # fmt: skip
        rows.append(
            Row((text("would bring its interval there"),
                 *(text(share(found.robustness_limit)),) * 2, text(NONE), text(NONE)))
        )  # fmt: skip
        table = Table(
            f"A hidden variable: {found.label}, {found.n:,} persons",
            (
                Column("Hidden variable", wide=True),
                Column("Explains of treatment", numeric=True),
                Column("Of the outcome", numeric=True),
                Column(f"Lower bound of the effect, {shown.unit.name}", numeric=True),
                Column("Upper bound", numeric=True),
            ),
            tuple(rows),
        )
        blocks.append(Paragraph(text(found.reading)))
        blocks += with_figure(
            shown.drawings[f"strength_{i}"],
            "What to look for: known covariates far from the lines.",
            table,
        )
    return [*blocks, *_strengths(shown)]


def _strengths(shown: Shown) -> list[Block]:
    found = shown.result.doubts.strengths
    if not found:
        return []
    rows = [
        Row(
            (
                text(one.name),
                text(share(one.strength.treatment)),
                text(share(one.strength.outcome)),
                text(number(one.odds_factor)),
                text(shown.effect(one.without)),
                text(shown.unit.signed(one.change)),
            )
        )
        for one in found
    ]
    return [
        Table(
            f"Known covariates, to compare with: effect in {found[0].label}",
            (
                Column("Covariate"),
                Column("Explains of treatment", numeric=True),
                Column("Of the outcome", numeric=True),
                Column("Changes odds of treatment by", numeric=True),
                Column(f"Effect without it, {shown.unit.name}", numeric=True),
                Column("Change", numeric=True),
            ),
            tuple(rows),
            stacks=True,
        )
    ]


def _tipping(shown: Shown) -> list[Block]:
    blocks: list[Block] = []
    for found in shown.result.doubts.tipping:
        rows = [
            Row(
                (
                    text(f"{p.prevalence_treated:.0%} of the treated, "
                         f"{p.prevalence_comparator:.0%} of the others"),
                    text(_ratio(p.for_estimate)),
                    text(_ratio(p.for_limit)),
                )
            )
            for p in found.points
        ]  # fmt: skip
        blocks += [
            Paragraph(text(found.reading)),
            Table(
                f"Hazard ratio that a hidden confounder would need: {found.label}",
                (
                    Column("Who has it", wide=True),
                    Column("To explain the effect", numeric=True),
                    Column("To bring its interval there", numeric=True),
                ),
                tuple(rows),
            ),
        ]
    return blocks


def _ratio(value: float | None) -> str:
    return "none from 0.01 to 100" if value is None else number(value)


def _explained(shown: Shown) -> list[Block]:
    found = shown.result.doubts.explained
    if not found:
        return []
    rows = [
        Row(
            (
                text(one.label),
                text(shown.effect(one.effect)),
                text(shown.unit.signed(one.bias)),
                text(shown.effect(one.adjusted)),
                text(one.verdict),
                text(one.reading),
            ),
            emphasis=one.verdict == "explains",
        )
        for one in found
    ]
    return [
        Table(
            f"Effects less the bias of a hidden confounder, {shown.unit.name}",
            (
                Column("Whose effect"),
                Column("Found", numeric=True),
                Column("Bias", numeric=True),
                Column("Less the bias", numeric=True),
                Column("Verdict"),
                Column("In words", wide=True),
            ),
            tuple(rows),
            stacks=True,
        )
    ]


def _controls(shown: Shown) -> list[Block]:
    found = shown.result.doubts.controls
    if found is None:
        return []
    rows = [
        Row(
            (
                text(f"{one.name}, {one.label}"),
                text(f"{one.n:,}"),
                text(f"{one.events:,}"),
                text(f"{one.left_out:,}"),
                text(shown.effect(one.effect)),
                verdict(one.diagnostic.verdict),
            )
        )
        for one in found.controls
    ]
    return [
        Paragraph(text(found.reading)),
        Table(
            CONTROLS,
            (
                Column("Outcome", wide=True),
                Column("Persons", numeric=True),
                Column("Events", numeric=True),
                Column("Left out", numeric=True),
                Column(f"Effect, {shown.unit.name}", numeric=True),
                Column("Verdict"),
            ),
            tuple(rows),
            stacks=True,
        ),
    ]


def _sites(shown: Shown) -> list[Block]:
    found = shown.result.doubts.transport
    if found is None:
        return []
    rows = [
        Row(
            (
                text(one.site),
                text(f"{one.n:,}"),
                text(f"{one.treated:,}"),
                text(shown.effect(one.average)),
                text(shown.effect(one.autoc)),
                text(plain_effect(one.slope)),
                text(shown.effect(one.value.against_none)),
            )
        )
        for one in found.sites
    ]
    rows += [Row((text(name), text(f"{n:,}"), *(text("too small"),) * 5))
             for name, n in found.too_small]  # fmt: skip
    notes = tuple(text(note) for note in found.notes)
    return [
        Paragraph(text(found.reading)),
        Table(
            f"Each site, by models of the other sites ({found.learner}); {shown.unit.name}",
            (
                Column("Site"),
                Column("Persons", numeric=True),
                Column("Treated", numeric=True),
                Column("Average effect", numeric=True),
                Column("AUTOC", numeric=True),
                Column("Calibration slope", numeric=True),
                Column("Gain over treating nobody", numeric=True),
            ),
            tuple(rows),
            stacks=True,
        ),
        *((Items(notes),) if notes else ()),
    ]


def _halves(shown: Shown) -> list[Block]:
    found = shown.result.doubts.stability
    if found is None or shown.contradicted:
        return []
    rows = [
        Row((text(one.name), text(what), text(f"{one.count:,}"), text(share(one.share))))
        for what, ones in (("variable", found.variables), ("question", found.cuts))
        for one in ones
    ]
    failed = tuple(text(f"No rule: {why}") for why in dict.fromkeys(found.failed))
    return [
        Paragraph(text(found.reading)),
        Table(
            f"What rules ask for, on {found.halves} halves of the persons",
            (
                Column("Variable or question", wide=True),
                Column("Kind"),
                Column("Halves", numeric=True),
                Column("Share", numeric=True),
            ),
            tuple(rows),
        ),
        *((Items(failed),) if failed else ()),
    ]
