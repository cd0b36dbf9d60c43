"""Where the trials so far stand against sequential boundaries, and the looks of the next trial."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text, interval_text
from locoreg.report.blocks import (
    Block,
    Column,
    Facts,
    Items,
    Paragraph,
    Row,
    Strong,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.words import NONE, plural
from locoreg.workflows.conclusion.sentences import finite, percent_number

_SPENDING = {"obrien-fleming": "O'Brien-Fleming type", "pocock": "Pocock type"}
_HETEROGENEITY = {
    "none": "without an allowance for heterogeneity",
    "diversity": "multiplied for the diversity D² of the trials",
    "inconsistency": "multiplied for the inconsistency I² of the trials",
    "tau2": "with trials that count by 1 / (v + τ²)",
}


def sequential_blocks(part: Mapping[str, Any]) -> Iterator[Block]:
    """Yield a trial sequential analysis: its verdict, the information, and each trial.

    Parameters
    ----------
    part : mapping
        ``sequential`` of a planning entry.

    Yields
    ------
    Block
        Verdict first.
    """
    yield Paragraph(text(Strong(part["verdict"]["sentence"])), role="lead")
    yield Facts(tuple(_size(part)))
    options = part["options"]
    sides = "two-sided" if options["sides"] == 2 else "one-sided"
    allowed = _HETEROGENEITY[options["adjustment"]["kind"]]
    rows = tuple(
        _row(row, i, part["key"], part["events_per_information"])
        for i, row in enumerate(part["rows"])
    )
    yield Table(
        "The trials in order of publication against the boundaries",
        (Column("Trial"), Column("Events, as information", numeric=True),
         Column("Share of the required", numeric=True), Column("Pooled hazard ratio so far"),
         Column("z", numeric=True), Column("Benefit below", numeric=True),
         Column("Harm above", numeric=True), Column("Futility between", numeric=True),
         Column("Interval adjusted for the looks")),
        rows,
        text(
            f"Boundaries: {_SPENDING[options['spending']['name']]} spending, {sides} "
            f"{100 * options['alpha']:g}%; information {allowed}. "
            f"Pools: {options['method']}, {options['interval']} interval of "
            f"{options['level']:g}%. z below 0 favours {part['favours_low']}, above 0 "
            f"{part['favours_high']}."
        ),
        stacks=True,
    )  # fmt: skip
    notes = [*part["flags"], *(f"Left out: {one['label']}: {one['reason']}."
                               for one in part["left_out"])]  # fmt: skip
    if notes:
        yield Items(tuple(text(one) for one in notes))


def _size(part: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    size, options, key = part["required"], part["options"], f"{part['key']}/required"
    share = percent_number(size["fraction"], f"{key}/fraction")
    yield (
        "Required information",
        text(
            _events(part["required_events"], f"{part['key']}/required_events"),
            f" events of one trial with equal arms, to find a hazard ratio of "
            f"{options['effect']:g} with {100 * options['power']:g}% power",
        ),
    )
    yield (
        "Information so far",
        text(
            _events(part["achieved_events"], f"{part['key']}/achieved_events"),
            " events (", Value(share.text, share.value, share.key), ")",
        ),
    )  # fmt: skip
    factor = size["factor"]
    if factor != 1:
        yield (
            "Allowance for heterogeneity",
            text(f"{factor:.2f} times what trials with one effect would need; D² "
                 f"{size['diversity']:.0%}, I² {size['inconsistency']:.0%}"),
        )  # fmt: skip
    if options["adjustment"]["kind"] in ("diversity", "inconsistency"):
        stated = "; ".join(
            f"{one['fraction']:.0%} were D² {one['diversity']:.0%}" for one in size["stated"]
        )
        yield "The share under other allowances", text(stated)
    trials = size["trials"]
    if trials is not None:
        yield (
            "Further trials",
            text("at least ", plural(int(trials["fewest"]), "trial"),
                 ", however large, under random effects with τ² held"),
        )  # fmt: skip


def _events(value: float | None, key: str) -> Value:
    return Value(NONE if value is None else f"{value:,.0f}", value, key)


def _row(row: Mapping[str, Any], i: int, key: str, per: float) -> Row:
    at = f"{key}/rows/{i}"
    limits = row["mu"]["natural"]
    share = percent_number(row["fraction"], f"{at}/fraction")
    date = f" ({row['date']})" if row["date"] else ""
    pooled = interval_text(*(finite(limits[name]) for name in ("estimate", "ci_low", "ci_high")))
    return Row(
        (
            text(f"{row['label']}{date}"),
            text(f"{per * row['information']:,.0f}"),
            text(Value(share.text, share.value, share.key)),
            text(Value(pooled, math.exp(row["mu"]["estimate"]), f"{at}/mu")),
            text(Value(decimal_text(row["z"]), row["z"], f"{at}/z")),
            _bound(row["benefit"]),
            _bound(row["harm"]),
            _between(row["futility_low"], row["futility_high"]),
            _adjusted(row["adjusted_low"], row["adjusted_high"]),
        )
    )


def _bound(value: float | None) -> Text:
    number = finite(value)
    return (NONE,) if math.isnan(number) else text(decimal_text(number))


def _between(low: float | None, high: float | None) -> Text:
    ends = finite(low), finite(high)
    if any(math.isnan(one) for one in ends):
        return (NONE,)
    return text(f"{decimal_text(ends[0])} and {decimal_text(ends[1])}")


def _adjusted(low: float | None, high: float | None) -> Text:
    ends = finite(low), finite(high)
    if any(math.isnan(one) for one in ends):
        return (NONE,)
    if max(abs(one) for one in ends) > math.log(1000):
        return text("wider than 0.001 to 1,000")
    return text(f"{decimal_text(math.exp(ends[0]))} to {decimal_text(math.exp(ends[1]))}")


def looks_blocks(part: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the looks of the next trial.

    Parameters
    ----------
    part : mapping
        ``looks`` of a planning entry.

    Yields
    ------
    Block
        Events and boundaries at each look.
    """
    yield Paragraph(
        text(
            f"To find a hazard ratio of {part['hazard_ratio']:g} with these looks takes ",
            Value(f"{part['events']:,}", float(part["events"]), f"{part['key']}/events"),
            " events and ",
            Value(f"{part['patients']:,}", float(part["patients"]), f"{part['key']}/patients"),
            f" patients; {math.ceil(part['events_single'] - 1e-9):,} events with a single look. "
            f"Expected events at the stop: {part['expected_events_null']:.0f} with a hazard ratio "
            f"of 1, {part['expected_events_effect']:.0f} with {part['hazard_ratio']:g}.",
        )
    )
    rows = tuple(
        Row(
            (
                text(f"{i}"),
                text(f"{one['events']:,}"),
                text(f"{one['month']:.0f}"),
                _bound(one["hr_benefit"]),
                _bound(one["hr_futility"]),
                _chance(one["stop_effect"], f"{part['key']}/looks/{i - 1}/stop_effect"),
                _chance(one["stop_null"], f"{part['key']}/looks/{i - 1}/stop_null"),
            )
        )
        for i, one in enumerate(part["looks"], 1)
    )
    futility = {
        "none": "no futility", "binding": "binding futility", "non-binding": "non-binding futility",
    }[part["futility"]]  # fmt: skip
    yield Table(
        "Interim looks of the next trial",
        (Column("Look"), Column("Events", numeric=True), Column("Month", numeric=True),
         Column("Benefit: hazard ratio below", numeric=True),
         Column("Futility: hazard ratio above", numeric=True),
         Column("Stops here, planned effect", numeric=True),
         Column("Stops here, no effect", numeric=True)),
        rows,
        text(f"{_SPENDING[part['spending']]} spending; {futility}."),
        stacks=True,
    )  # fmt: skip


def _chance(value: float, key: str) -> Text:
    found = percent_number(value, key)
    return (Value(found.text, found.value, found.key),)
