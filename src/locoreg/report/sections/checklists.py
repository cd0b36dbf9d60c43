"""Reporting checklists: where each item of PRISMA 2020 and TARGET 2025 stands in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Badge,
    Block,
    Column,
    Link,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    text,
)
from locoreg.report.sections.prisma import ITEMS, PrismaItem
from locoreg.report.words import doi_link

ANCHOR = "checklists"
AUTHORS = "to be written by the authors"
# In two, because a badge does not break: on narrow screens the whole would overflow.
_LEFT: Text = (Badge("to be written", "✎", "minor"), " by the authors")
# Where each item of TARGET lies in an emulation's part of the report, by the item's number.
_TARGET_PLACES: dict[str, tuple[str, ...]] = {
    "1": ("protocol",), "3": ("protocol",), "6": ("protocol",), "7": ("protocol",),
    "7g.ii": ("cohort",), "7h.ii": ("sensitivity", "protocol"), "8": ("cohort",),
    "9": ("cohort",), "10": ("cohort",), "11": ("cohort",), "12": ("cohort",),
    "13": ("estimates",), "14": ("sensitivity",),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the report has: anchors with their titles, in order."""

    found: Mapping[str, str]

    def first(self, wanted: Sequence[str], under: str = "") -> tuple[str, str] | None:
        """Return the first of the anchors wanted that the report has, with its title.

        An anchor is met by itself, or with a dash and more after it; ``under`` goes before it.
        """
        for name in wanted:
            whole = f"{under}-{name}" if under else name
            for anchor, title in self.found.items():
                if anchor == whole or anchor.startswith(f"{whole}-"):
                    return anchor, title
        return None


def checklists(results: Mapping[str, Any], sections: tuple[Section, ...]) -> Section:
    """Return where each item of the reporting checklists stands.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.
    sections : tuple of Section
        Everything else on the page. An item is named as reported only if its place is there.

    Returns
    -------
    Section
        PRISMA 2020 for the evidence part, TARGET 2025 for each emulation.
    """
    places = Places(found=dict(_anchors(sections)))
    blocks: list[Block] = [
        Paragraph(
            text(
                "Items in our own short words; the numbers are those of the statements. A place "
                "is named only where this report has it. What software can't write is left to "
                "the authors."
            )
        ),
        _prisma(results, places),
    ]
    blocks += [_target(one, places) for one in results.get("emulation") or ()]
    return Section(ANCHOR, "Reporting checklists", tuple(blocks))


def _anchors(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the anchors of sections, records and figures with their titles, in order."""
    if isinstance(value, tuple):
        for one in value:
            yield from _anchors(one)
    elif is_dataclass(value) and not isinstance(value, type):
        anchor = getattr(value, "anchor", "")
        if anchor and not isinstance(value, Row):
            yield anchor, _title(value)
        for field in fields(value):
            yield from _anchors(getattr(value, field.name))


def _title(value: Any) -> str:
    title = value.title
    if isinstance(title, str):
        return title
    return "".join(part if isinstance(part, str) else getattr(part, "text", "") for part in title)


def _prisma(results: Mapping[str, Any], places: Places) -> Section:
    title = "PRISMA 2020: the evidence part"
    anchor = slug(ANCHOR, "prisma")
    if not results.get("questions"):
        told = "Not applicable: the study has no evidence part."
        return Section(anchor, title, (Paragraph(text(told)),))
    return Section(
        anchor,
        title,
        (
            Paragraph(text("Page et al. 2021, ", *doi_link("10.1136/bmj.n71"), ".")),
            Table(
                "PRISMA 2020, item by item",
                (Column("Item"), Column("Topic", wide=True), Column("Where", wide=True)),
                tuple(
                    Row(
                        (
                            text(item.number),
                            text(f"{item.section}: {item.topic}"),
                            _prisma_place(item, results, places),
                        )
                    )
                    for item in ITEMS
                ),
                stacks=True,
            ),
        ),
    )


def _prisma_place(item: PrismaItem, results: Mapping[str, Any], places: Places) -> Text:
    found = places.first(item.places) or places.first(item.places, "evidence")
    if item.needs and not _has(results, item.needs):
        mark: Text = (Badge("not applicable", "○", "note"),)
        if item.needs == "judged":
            mark = _LEFT
        return text(*mark, f": {item.unless}")
    if found is None:
        if item.places:
            told = f": this report has no such part; {AUTHORS}"
            return text(Badge("not in this report", "✖", "serious"), told)
        return text(*_LEFT, f": {item.left}" if item.left else "")
    rest = f". Left to the authors: {item.left}" if item.left else ""
    sign = Badge("in part" if item.left else "reported", "◐" if item.left else "●", "good")
    return text(sign, ": ", Link(f"#{found[0]}", found[1]), rest)


def _has(results: Mapping[str, Any], needs: str) -> bool:
    pools = [item["pool"] for q in results["questions"] for item in q["pools"]]
    if needs == "pools":
        return bool(pools)
    if needs == "several studies":
        return any(pool["k"] > 1 for pool in pools)
    if needs == "subgroups":
        return any(pool["subgroups"] for pool in pools)
    tables = (results.get("findings") or {}).get("tables") or ()
    return any(row["certainty"] is not None for table in tables for row in table["rows"])


def _target(emulation: Mapping[str, Any], places: Places) -> Section:
    name, found = emulation["name"], emulation["results"]
    under = f"emulation-{name}"
    target = found["target"]
    rows = tuple(
        Row(
            (
                text(one["number"]),
                text(_topic(one)),
                _target_place(one, under, places),
            )
        )
        for one in target["rows"]
    )
    mark = "Made-up patients. " if found["synthetic"] else ""
    return Section(
        slug(ANCHOR, "target", name),
        f"TARGET 2025: {found['title']}",
        (
            Paragraph(text(f"{mark}{target['statement']}.")),
            Table(
                f"TARGET 2025, item by item: {found['title']}",
                (Column("Item"), Column("Topic", wide=True), Column("Where", wide=True)),
                rows,
                stacks=True,
            ),
        ),
    )


def _topic(item: Mapping[str, Any]) -> str:
    """Return the topic under its section's name, which some topics begin with already."""
    section, topic = str(item["section"]), str(item["topic"])
    whole = topic if topic.startswith(f"{section}:") else f"{section}: {topic}"
    return whole[:1].upper() + whole[1:]


def _target_place(item: Mapping[str, Any], under: str, places: Places) -> Text:
    if item["status"] == "to_write":
        return _LEFT
    if item["status"] == "not_applicable":
        return text(Badge("not applicable", "○", "note"), f": {item['emulation']}")
    number = item["number"]
    digits = "".join(c for c in number.split(".")[0] if c.isdigit())
    wanted = _TARGET_PLACES.get(number, _TARGET_PLACES.get(digits, ()))
    found = places.first(wanted or ("checklist",), under)
    if found is None:
        told = f": this report has no such part; {AUTHORS}"
        return text(Badge("not in this report", "✖", "serious"), told)
    return text(Badge("reported", "●", "good"), ": ", Link(f"#{found[0]}", found[1]))
