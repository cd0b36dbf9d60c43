"""The ladder from trials alone to all designs, each with the bias that is stated for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import range_text
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Items,
    Paragraph,
    Row,
    Strong,
    Table,
    Text,
    Value,
    joined,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.prospectdrawings import figure_block
from locoreg.report.words import NONE
from locoreg.workflows.conclusion.sentences import interval_number, percent_number

_CAPTION = (
    "Each step adds a design with the bias that is stated for it; biases and their sources stand "
    "below the figure. Its numbers stand in the table above."
)


def ladder_blocks(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    """Yield the ladder of designs of a pool.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure`` in the results.
    part : mapping
        Its ``designs``.
    drawn : mapping
        Figures by the key of their part.

    Yields
    ------
    Block
        The table first, then what was left out and what is assumed.
    """
    pool, level = entry["pool"], f"{part['level']:g}%"
    side = pool["favours_below"] if pool["benefit"] == "below" else pool["favours_above"]
    yield Table(
        "Step by step",
        (
            Column("Step"), Column("Studies", numeric=True),
            Column(f"{pool['measure']}, median ({level} interval)"),
            Column(f"Favours {side}, probability", numeric=True),
            Column("Effect in a new trial"), Column("Share of the information"),
            Column("How far the stated mean bias must move", wide=True),
        ),
        tuple(_row(row, f"{part['key']}/steps/{i}") for i, row in enumerate(part["steps"])),
        text(
            f"Prior on τ {part['tau_prior']['prior']}, on the mean {part['mu_prior']}. A shift is "
            "of the mean bias of all designs that are not randomised, on the scale of the "
            f"analysis, looked for up to {part['reach']:g}. Intervention relative to control."
        ),
        stacks=True,
    )  # fmt: skip
    yield Items(
        tuple(text(Strong(f"{one['design']}: "), f"{one['words']}.") for one in part["bias_words"])
    )
    if part["left_out"]:
        named = tuple(text(Strong(f"{one['label']}: "), one["reason"]) for one in part["left_out"])
        yield Callout("Asked for and left out", (Items(named),), "serious")
    if part["shared_cohorts"]:
        shared = tuple(
            text(f"Patients of {one['cohort']} are in {', '.join(one['studies'])}: they are "
                 "counted as if they were others.")
            for one in part["shared_cohorts"]
        )  # fmt: skip
        yield Callout("The same patients in several designs", (Items(shared),), "serious")
    mixed = interval_number(part["mixture"]["mu"], f"{part['key']}/mixture/mu")
    yield Paragraph(
        text(
            "Not an answer: mixed as if all were randomised, the studies would give ",
            Value(mixed.text, mixed.value, mixed.key), ".",
        ),
        role="note",
    )  # fmt: skip
    yield from figure_block(drawn, part["key"], _CAPTION)


def _row(row: Mapping[str, Any], key: str) -> Row:
    mu = interval_number(row["mu"], f"{key}/mu")
    chance = percent_number(row["benefit"], f"{key}/benefit")
    shares: list[Text] = []
    for i, one in enumerate(row["shares"]):
        share = Value(f"{one['percent']:.0f}%", one["percent"], f"{key}/shares/{i}/percent")
        shares.append(text(f"{one['design']} ", share))
    return Row(
        (
            text(row["label"]),
            text(f"{row['k']:,}"),
            text(Value(mu.text, mu.value, mu.key)),
            text(Value(chance.text, chance.value, chance.key)),
            text(range_text(row["new_read"]["low"], row["new_read"]["high"])),
            joined(tuple(shares)),
            text(row["tipping_words"]) or (NONE,),
        )
    )
