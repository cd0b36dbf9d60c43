"""The same disease in several conditions: as a problem, and again at each encounter."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.registry.mcode.codes import label_of
from locoreg.registry.mcode.partialdates import read_date
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import Condition
from locoreg.registry.mcode.sites import breast_side, metastasis_place, site_place

REPEATED = "a diagnosis repeated at an encounter"


def merge_repeats(record: Record, kinds: Mapping[str, str]) -> None:
    """Let repeated diagnoses of encounters stand for the condition that they repeat.

    A condition of the category encounter-diagnosis repeats another one of the same kind, organ and
    side (a side that isn't stated fits both). Of several that are only diagnoses of encounters the
    first is kept. Conditions that are no diagnoses of encounters are never merged: where two are
    of one organ and side, that is a problem to look at.

    Parameters
    ----------
    record : Record
        The patient; repeats become aliases.
    kinds : mapping
        What each condition is, by its key.
    """
    groups: dict[tuple[str, str], list[Item[Condition]]] = {}
    for item in record.conditions:
        kind = kinds[item.key]
        if kind in ("breast", "secondary"):
            groups.setdefault((kind, _organ(item, kind)), []).append(item)
    for (kind, organ), members in groups.items():
        if len(members) > 1:
            _merge(record, kind, organ, members)


def _merge(record: Record, kind: str, organ: str, members: list[Item[Condition]]) -> None:
    kept: list[Item[Condition]] = []
    for item in sorted(members, key=_order):
        same = [other for other in kept if _fits(side_of(item, kind), side_of(other, kind))]
        if same and _at_encounter(item):
            record.aliases[item.key] = same[0]
            item.why = REPEATED
            continue
        if same and organ:
            what = "the breast on one side" if kind == "breast" else organ
            record.problem(
                "several-conditions-of-one-site",
                "minor" if kind == "secondary" else "serious",
                f"Several conditions are of {what}: they may be the same disease twice.",
                item,
                table="primary_tumour" if kind == "breast" else "lesion",
                value=f"{label_of(item.resource.code)} ({same[0].key})",
            )
        kept.append(item)


def _order(item: Item[Condition]) -> tuple[bool, str]:
    """Conditions before diagnoses of encounters, the earliest first."""
    condition = item.resource
    found = read_date(condition.onset_date_time or condition.recorded_date or "")
    return _at_encounter(item), found.day.isoformat() if found else "9999"


def _at_encounter(item: Item[Condition]) -> bool:
    return any(
        coding.code == "encounter-diagnosis"
        for category in item.resource.category
        for coding in category.coding
    )


def _organ(item: Item[Condition], kind: str) -> str:
    if kind == "breast":
        return "breast"
    place = metastasis_place(item.resource.code)
    sites = [site_place(site).organ for site in item.resource.body_site]
    return place.organ or next((organ for organ in sites if organ), "")


def side_of(item: Item[Condition], kind: str) -> str:
    """Return the side of a condition, empty if it isn't stated."""
    condition = item.resource
    sides = {site_place(site).side for site in condition.body_site}
    code = condition.code
    sides.add(breast_side(code) if kind == "breast" else metastasis_place(code).side)
    sides.discard("")
    return sides.pop() if len(sides) == 1 else ""


def _fits(one: str, other: str) -> bool:
    return one == other or not one or not other
