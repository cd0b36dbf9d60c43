"""How sure one can be of a pool: certainty, posterior, small studies, designs with their bias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Details,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.captions import named
from locoreg.report.sections.certaintytable import certainty_blocks
from locoreg.report.sections.conclusion import sentence_text
from locoreg.report.sections.posteriortable import posterior_blocks
from locoreg.report.sections.rungtable import ladder_blocks
from locoreg.report.words import NONE
from locoreg.workflows.conclusion.suresentences import (
    bayes_sentence,
    certainty_sentence,
    designs_sentence,
    has,
)

ANCHOR = "how-sure"
Maker = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Drawing]], Iterator[Block]]


def how_sure(results: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section | None:
    """Return how sure one can be of each pool that the study file asks about.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.
    drawn : mapping
        Figures by the key of their part.

    Returns
    -------
    Section or None
        None where the study file asks for none.
    """
    entries = results.get("how_sure")
    if not entries:
        return None
    return Section(ANCHOR, "How sure are we", tuple(_entry(one, drawn) for one in entries))


def _entry(entry: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section:
    anchor = slug(ANCHOR, entry["question"], entry["outcome"], entry["design"])
    title = f"{entry['label']}. {entry['design_label']}"
    if entry["refused"]:
        return Section(anchor, title, (_refusal(entry["refused"]),))
    words = f"{entry['label']}, {entry['design_label'].lower()}"
    blocks: list[Block] = []
    if has(entry, "certainty"):
        told = sentence_text(certainty_sentence(entry).to_dict())
        blocks.append(Paragraph(told, role="lead"))
    made: tuple[tuple[str, str, Maker], ...] = (
        ("certainty", "Certainty: what the rules propose and what was judged", _certainty),
        ("bayes", "Under several priors", _bayes),
        ("small_study", "Small-study effects", _small_study),
        ("designs", "From trials alone to all designs", _designs),
    )
    for name, heading, make in made:
        part = entry[name]
        if part is None:
            continue
        inner = (
            (_refusal(part["refused"]),)
            if part["refused"]
            else named(make(entry, part, drawn), words)
        )
        blocks.append(Section(slug(anchor, name), heading, inner, lists_parts=False))
    return Section(anchor, title, tuple(blocks), lists_parts=False)


def _refusal(reason: str) -> Block:
    return Callout("Not computed", (Paragraph(text(reason)),), "serious")


def _certainty(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    del drawn
    yield from certainty_blocks(entry, part)


def _bayes(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    yield Paragraph(sentence_text(bayes_sentence(entry).to_dict()))
    yield from posterior_blocks(entry, part, drawn)


def _designs(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    yield Paragraph(sentence_text(designs_sentence(entry).to_dict()))
    yield from ladder_blocks(entry, part, drawn)


def _small_study(
    entry: Mapping[str, Any], part: Mapping[str, Any], drawn: Mapping[str, Drawing]
) -> Iterator[Block]:
    del entry, drawn
    yield Paragraph(text(part["conclusion"]))
    effects = part["effects"]
    if effects is None:
        return
    rows = tuple(
        Row((text(one["label"]), _method(one, f"{part['key']}/effects/parts/{name}")))
        for name, one in effects["parts"].items()
    )
    table = Table(
        "Tests and corrections for small-study effects",
        (Column("Method"), Column("Result", wide=True)),
        rows,
        text(
            f"Tests are read at {part['alpha']:g}%; intervals of {effects['level']:g}%. The "
            f"selection model has steps at one-sided p "
            f"{', '.join(f'{one:g}' for one in part['steps'])} and takes results that are "
            f"{_SIDES[part['alternative']]} as those published more easily. Effects are of the "
            "intervention relative to control."
        ),
        stacks=True,
    )
    label = "Each method" if not part["too_few"] else "Each method, under ten studies: numbers only"
    yield Details(text(label), (table,))


_SIDES = {
    "less": "below no effect",
    "greater": "above no effect",
    "two-sided": "far from no effect on either side",
}


def _method(one: Mapping[str, Any], key: str) -> Text:
    if one["refused"]:
        return text(f"Not given: {one['refused']}")
    if not one["sentence"]:
        return (NONE,)
    found = one["result"]
    name = next(name for name in _HEADLINES if name in found)
    return (Value(one["sentence"], found[name], f"{key}/result/{name}"),)


# Number of a method that its sentence begins with, whichever it has.
_HEADLINES = ("p_value", "k0", "estimate", "n")
