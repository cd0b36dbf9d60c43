"""Which readings and settings give the published pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Break,
    Column,
    Details,
    Facts,
    Items,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Tile,
    Tiles,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import VERDICT_MEANS, general, number, verdict, whole

if TYPE_CHECKING:
    from locoreg.workflows.run import Reproduction

MATCHES_SHOWN = 20


def reproductions(context: Context) -> Section:
    """Return the reproduction of every published pool that was asked for."""
    found = context.result.reproductions
    title = "Reproduction of published pools"
    if not found:
        return Section("reproductions", title, (Paragraph(text("None was asked for.")),))
    blocks: list[Block] = [
        Paragraph(
            text(
                "For each published pool, estimators, intervals, standard-error rules and the "
                "admissible readings of its inputs were searched for settings that give every "
                "printed digit."
            )
        ),
        Items(
            tuple(text(verdict(name), f": {meaning}.") for name, meaning in VERDICT_MEANS.items())
        ),
    ]
    blocks += [_reproduction(context, r) for r in found]
    return Section("reproductions", title, tuple(blocks), lists_parts=False)


def _reproduction(context: Context, found: Reproduction) -> Section:
    catalog = context.result.catalog
    study = catalog.studies.get(found.study_id)
    tiles = [
        Tile("Published", found.published.text, context.anchors.claim(found.claim_id), main=True)
    ]
    if found.minimal is not None:
        tiles.append(
            Tile("Simplest match, unrounded", found.minimal.text(), text(found.minimal.method))
        )
    if found.supported is not None:
        tiles.append(
            Tile(
                "Same method, inputs as supported",
                found.supported.text(),
                text(found.supported.method),
            )
        )
    if found.closest is not None:
        tiles.append(Tile("Nearest miss", found.closest.text(), text(found.closest.method)))
    blocks: list[Block] = [
        Paragraph(
            text(
                "Verdict: ",
                verdict(found.verdict),
                "" if found.testable else " (can't be tested: fewer than two inputs have a number)",
            )
        ),
        Tiles(tuple(tiles)),
        Paragraph(text(found.explanation)),
    ]
    if found.readings:
        blocks.append(_readings(found))
    blocks.append(_details(found))
    label = study.label if study else found.study_id
    title = f"{label}: {found.pool_id}"
    return Section(slug("reproduction", found.pool_id), title, tuple(blocks))


def _readings(found: Reproduction) -> Table:
    return Table(
        "Matching settings with and without each reading",
        (
            Column("Reading", wide=True),
            Column("Kind"),
            Column("With it", numeric=True),
            Column("Without it", numeric=True),
            Column("In the simplest explanation"),
        ),
        tuple(
            Row(
                (
                    text(reading.departure.text),
                    text(reading.departure.kind),
                    text(whole(reading.matches_with)),
                    text(whole(reading.matches_without)),
                    text(Strong("yes")) if reading.in_minimal else text("no"),
                )
            )
            for reading in found.readings
        ),
    )


def _details(found: Reproduction) -> Details:
    searched = found.searched
    pairs: list[tuple[str, Text]] = [
        ("Settings tried", text(whole(searched.settings))),
        ("Settings that match", text(whole(searched.matches))),
    ]
    if found.chance is not None:
        share = found.chance
        pairs.append(
            (
                "By chance",
                text(
                    f"of {whole(share.pools)} made-up pools near the published one, a share of "
                    f"{general(share.share_explained)} is explained with as many departures",
                    ", counting the methods in common use only" if share.common_only else "",
                ),
            )
        )
    if found.further_digits:
        pairs.append(("Further printed numbers", text(found.further_digits)))
    if searched.without_further:
        what = "settings give estimate and limits, and not the printed I² or p-value"
        pairs.append(("Without them", text(f"{whole(searched.without_further)} {what}")))
    if searched.dismissed:
        pairs.append(("Dismissed as chance", text(searched.dismissed)))
    if searched.stopped:
        pairs.append(("Search ended early", text(searched.stopped)))
    if searched.space:
        pairs.append(("Searched over", joined(tuple((one,) for one in searched.space), Break())))
    if searched.not_searched:
        not_tried = joined(tuple((one,) for one in searched.not_searched), Break())
        pairs.append(("Not tried", not_tried))
    blocks: list[Block] = [Facts(tuple(pairs)), _levels(found)]
    if found.minimal is not None:
        blocks.append(_inputs(found))
    if found.matches:
        blocks.append(_matches(found))
    return Details(text("What was searched, and the settings that match"), tuple(blocks))


def _levels(found: Reproduction) -> Table:
    return Table(
        "Searched, by the number of readings that depart from the supported inputs",
        (
            Column("Departures"),
            Column("Sets of inputs", numeric=True),
            Column("Settings", numeric=True),
            Column("Match", numeric=True),
            Column("Different readings among them", numeric=True),
        ),
        tuple(
            Row(
                (
                    text(str(level.departures)),
                    text(whole(level.inputs)),
                    text(whole(level.settings)),
                    text(whole(level.matches)),
                    text(whole(level.matching_readings)),
                )
            )
            for level in found.searched.levels
        ),
    )


def _inputs(found: Reproduction) -> Table:
    inputs = found.minimal.inputs if found.minimal else ()
    return Table(
        "Inputs of the simplest match",
        (
            Column("Study"),
            Column("Report"),
            Column("Read as", wide=True),
            Column("Effect, analysis scale", numeric=True),
            Column("SE", numeric=True),
        ),
        tuple(
            Row(
                (
                    text(one.label),
                    text(one.report_id or "left out"),
                    text(one.used),
                    text(number(one.yi, 4)),
                    text(number(one.se, 4)),
                )
            )
            for one in inputs
        ),
    )


def _matches(found: Reproduction) -> Table:
    shown = found.matches[:MATCHES_SHOWN]
    return Table(
        f"First {len(shown)} of {whole(found.searched.matches)} matching settings",
        (
            Column("Method", wide=True),
            Column("Departures", wide=True),
            Column("Result, unrounded", numeric=True),
        ),
        tuple(
            Row(
                (
                    text(match.method),
                    joined(tuple((d.text,) for d in match.departures)) or ("none",),
                    text(match.text()),
                )
            )
            for match in shown
        ),
        text("tables/reproduction_matches.csv holds all that are listed in results.json."),
    )
