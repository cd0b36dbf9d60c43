"""The pool under each admissible reading of its doubtful inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.figures.curve import option_label, reading_label
from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Column,
    Details,
    Figure,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.drawings import multiverse_name
from locoreg.report.words import NONE, effect, plural, share
from locoreg.workflows.run import PoolResult

if TYPE_CHECKING:
    from locoreg.workflows.run import Multiverse

# All of them are in tables/multiverse.csv and in results.json.
UNIVERSES_SHOWN = 40


def multiverse(context: Context, item: PoolResult) -> tuple[Section, ...]:
    """Return the plot and the tables of a pool's multiverse; nothing without a doubt."""
    worlds = item.multiverse
    if worlds is None:
        return ()
    drawing = context.drawings[multiverse_name(item)]
    blocks: list[Block] = [
        Paragraph(text(_lead(worlds))),
        _doubts(worlds),
        Figure(
            f"figure-{slug(drawing.name)}",
            drawing.title,
            drawing.svg,
            text("The pool under every combination of readings, the main one marked."),
        ),
        Details(text("Data of the figure"), (_universes(worlds),)),
    ]
    return (Section(f"multiverse-{slug(item.key)}", "What hangs on which doubt", tuple(blocks)),)


def _lead(worlds: Multiverse) -> str:
    low, high = worlds.range
    null = "1" if worlds.scale == "log" else "0"
    sentence = (
        f"{plural(len(worlds.universes), 'combination')} of admissible readings. Main result "
        f"{effect(worlds.main.counted)}; estimates run from "
        f"{effect(low.counted)} to {effect(high.counted)}. "
        f"The {worlds.level:g}% interval excludes {null} in {share(worlds.share_significant)} of "
        f"them; the estimate is below {null} in {share(worlds.share_below)}."
    )
    if worlds.no_universe:
        sentence += f" {plural(worlds.no_universe, 'combination')} would leave no study."
    return sentence


def _doubts(worlds: Multiverse) -> Table:
    rows = []
    for doubt in worlds.doubts:
        for one in doubt.options:
            option = text(option_label(one.option))
            if one.option.is_main:
                option = text(Strong(one.option.label), " (main)")
            rows.append(
                Row(
                    (
                        text(doubt.label),
                        option,
                        text(NONE if one.alone is None else effect(one.alone.counted)),
                        _changes(one.alone is None, one.changes_conclusion, one.changes_side),
                        text(share(one.share_significant)),
                    )
                )
            )
    return Table(
        "Each doubtful reading: the pool if only this one changes",
        (
            Column("Study"),
            Column("Reading", wide=True),
            Column("Pool", numeric=True),
            Column("What changes", wide=True),
            Column("Interval excludes no effect", numeric=True),
        ),
        tuple(rows),
        text("Last column: share of all combinations with this reading."),
    )


def _changes(no_pool: bool, conclusion: bool, side: bool) -> Text:
    if no_pool:
        return text("leaves no study")
    found: list[Text] = []
    if conclusion:
        found.append((Strong("whether the interval excludes no effect"),))
    if side:
        found.append((Strong("side of the estimate"),))
    return joined(tuple(found)) or ("nothing",)


def _universes(worlds: Multiverse) -> Table:
    shown = worlds.universes[:UNIVERSES_SHOWN]
    main = worlds.main.choices
    rows = []
    for universe in shown:
        changed = [
            (f"{label}: {reading_label(worlds, label, choice)}",)
            for label, choice, usual in zip(worlds.studies, universe.choices, main, strict=True)
            if choice != usual
        ]
        rows.append(
            Row(
                (
                    joined(tuple(changed)) or ("main result",),
                    text(str(universe.k)),
                    text(effect(universe.counted)),
                    text(universe.conclusion),
                ),
                emphasis=universe.is_main,
            )
        )
    total = len(worlds.universes)
    caption = "Combinations of readings"
    if total > len(shown):
        caption += f", the first {len(shown)} of {total}; tables/multiverse.csv holds all"
    return Table(
        caption,
        (
            Column("Read otherwise than in the main result", wide=True),
            Column("Studies", numeric=True),
            Column("Pool", numeric=True),
            Column("Interval lies"),
        ),
        tuple(rows),
        text("Interval lies: below or above no effect; unclear where it contains it."),
    )
