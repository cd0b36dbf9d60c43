"""What the resources of a patient say against each other: kept, and raised; never decided."""

from __future__ import annotations

from typing import Any

from locoreg.registry.mcode.conditions import Cancers, concept_kind, origin_of
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.enrolment import place_of
from locoreg.registry.mcode.output import latest_day
from locoreg.registry.mcode.partialdates import Partial, read_date
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import Condition, Procedure
from locoreg.registry.mcode.sites import breast_side, metastasis_place, site_place, words_disagree
from locoreg.registry.mcode.staging import Group, Stages

_BASES = {"c": "clinical", "p": "pathological", "yp": "pathological", "yc": "clinical"}


def raise_contradictions(record: Record, cancers: Cancers, stages: Stages) -> None:
    """Raise everything that contradicts itself in the data of a patient with a breast primary.

    Parameters
    ----------
    record : Record
        The patient.
    cancers : Cancers
        The conditions.
    stages : Stages
        The stages.
    """
    _summaries(record, stages)
    for group in stages.groups:
        _members(record, group, stages)
    _stage_and_metastases(record, cancers, stages)
    _sides(record, cancers)
    _metastases(record, cancers)


def _summaries(record: Record, stages: Stages) -> None:
    values = {group.item.key: group for group in stages.groups}
    for summary in stages.summaries:
        for assessment in summary.assessments:
            group = values.get(assessment.key)
            if group is None or not group.value or not summary.value:
                continue
            if group.value != summary.value:
                record.problem(
                    "stage-summary-contradicts-assessment",
                    "serious",
                    f"Condition.stage says {summary.value}; the stage group that it rests on says "
                    f"{group.value}. Ask which is right.",
                    summary.item,
                    column="stage_group",
                    table="primary_tumour",
                    value=f"{summary.value} ({summary.item.key}); {group.value} ({group.item.key})",
                )


def _members(record: Record, group: Group, stages: Stages) -> None:
    by_key = {category.item.key: category for category in stages.categories}
    members = [by_key[member.key] for member in group.members if member.key in by_key]
    own = _BASES.get(group.basis)
    others = [m for m in members if own and m.basis and _BASES[m.basis] != own]
    if others:
        listed = ", ".join(f"{m.basis}{m.value or m.letter}" for m in others)
        record.problem(
            "stage-group-of-other-basis",
            "serious",
            f"A {own} stage group has members of the other kind: {listed}. Ask which stage it is.",
            group.item,
            column="stage_prefix",
            table="primary_tumour",
            value=f"{group.basis}: {group.value}; members: {listed}",
        )
    distant = [m for m in members if m.letter == "M" and m.value]
    for member in distant:
        if not group.value or member.value == "MX":
            continue
        if member.value.startswith("M1") != group.value.startswith("IV"):
            record.problem(
                "stage-group-contradicts-members",
                "serious",
                f"The stage group is {group.value}, its member {member.basis}{member.value}. Ask "
                "which is right.",
                group.item,
                column="stage_group",
                table="primary_tumour",
                value=f"{group.value}; {member.basis}{member.value} ({member.item.key})",
            )


def _stage_and_metastases(record: Record, cancers: Cancers, stages: Stages) -> None:
    """Compare M0 and stages below IV with metastases that were there by then."""
    said: list[tuple[str, Item[Any], Partial | None]] = [
        (f"{c.basis}{c.value}", c.item, c.date)
        for c in stages.categories
        if c.letter == "M" and c.value.startswith("M0") and c.origin != "other"
    ]
    said += [
        (f"stage {g.value}", g.item, g.date)
        for g in stages.groups
        if g.value and not g.value.startswith("IV") and g.origin != "other"
    ]
    for metastasis in cancers.secondaries:
        onset = read_date(metastasis.resource.onset_date_time or "")
        place = place_of(metastasis.resource)
        if onset is None or place.region == "regional":
            continue
        if origin_of(record, cancers, metastasis) == "other":
            continue
        for text, item, date in said:
            if date is not None and latest_day(onset) < date.day:
                record.problem(
                    "stage-contradicts-metastasis",
                    "serious",
                    f"{text} is dated {date.day}, after a metastasis that began before that day. "
                    "Ask whether the stage is that at diagnosis.",
                    item,
                    column="stage_group",
                    table="primary_tumour",
                    value=f"{text} ({date.day}); {metastasis.key} ({onset.day})",
                )


def _sides(record: Record, cancers: Cancers) -> None:
    sides = {item.key: side_of_primary(item) for item in cancers.breast}
    for item in cancers.breast:
        found = _stated_sides(item)
        if len(found) > 1:
            record.problem(
                "laterality-contradiction",
                "serious",
                f"The condition says {' and '.join(sorted(found))}: the side was left empty.",
                item,
                column="laterality",
                table="primary_tumour",
                value="; ".join(sorted(found)),
            )
    known = set(sides.values())
    if not known or "" in known or "bilateral" in known:
        return
    holders: list[Item[Any]] = [*record.procedures, *record.requests]
    for holder in holders:
        stated = {concept_side(reason) for reason in holder.resource.reason_code}
        wrong = sorted(stated & {"left", "right"} - known)
        if wrong:
            _report_side(record, holder, f"The reason is a cancer of the {wrong[0]} breast", known)
            continue
        wrong = sorted(_breast_sites(holder) - known)
        if wrong:
            _report_side(record, holder, f"The body site is the {wrong[0]} breast", known)


def _breast_sites(holder: Item[Any]) -> set[str]:
    """Return the sides of the breast on which something was done."""
    resource = holder.resource
    places = [site_place(s) for s in resource.body_site] if isinstance(resource, Procedure) else []
    return {p.side for p in places if p.organ == "breast" and p.side in ("left", "right")}


def _report_side(record: Record, holder: Item[Any], what: str, known: set[str]) -> None:
    sides = " and ".join(sorted(known))
    procedure = isinstance(holder.resource, Procedure)
    record.problem(
        "laterality-contradicts-primary",
        "serious",
        f"{what}; the primary is {sides}. Ask which is right.",
        holder,
        column="laterality",
        table="local_therapy" if procedure else "systemic_drug",
        value=f"{what.lower()}; primary: {sides}",
    )


def side_of_primary(item: Item[Condition]) -> str:
    """Return the side of a breast primary, empty where it is unknown or contradictory."""
    sides = _stated_sides(item)
    return sides.pop() if len(sides) == 1 else ""


def _stated_sides(item: Item[Condition]) -> set[str]:
    condition = item.resource
    sides = {breast_side(condition.code)}
    sides |= {site_place(site).side for site in condition.body_site}
    return {side for side in sides if side}


def _metastases(record: Record, cancers: Cancers) -> None:
    for item in cancers.secondaries:
        place = metastasis_place(item.resource.code)
        other = words_disagree(place)
        if other is not None and place.reading is not None:
            record.problem(
                "code-and-words-disagree",
                "serious",
                f"The code means {place.organ}, its words say {other}: the code was used. Ask "
                "which is right.",
                item,
                column="organ",
                table="lesion",
                value=f"{place.reading.code} {place.reading.display}",
            )
        sites = {p.organ for site in item.resource.body_site if (p := site_place(site)).organ}
        if place.organ and sites and not _agree(place.organ, sites):
            record.problem(
                "site-contradicts-code",
                "serious",
                f"The code says {place.organ}, the body site {', '.join(sorted(sites))}: the code "
                "was used. Ask which is right.",
                item,
                column="organ",
                table="lesion",
                value=f"{place.organ}; {', '.join(sorted(sites))}",
            )


def _agree(organ: str, sites: set[str]) -> bool:
    nodes = {"node", "regional_ln", "distant_ln", "supraclavicular_ln"}
    skin = {"chest_wall", "skin_soft_tissue"}
    if organ == "other" or organ in sites:
        return True
    return any(organ in family and sites & family for family in (nodes, skin))


def concept_side(concept: Concept | None) -> str:
    """Return the side that a reason names, empty if it is no breast cancer."""
    return breast_side(concept) if concept_kind(concept) == "breast" else ""
