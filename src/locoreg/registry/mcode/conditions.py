"""Conditions: which are breast primaries, other primaries, metastases; where each came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from locoreg.registry.mcode.codes import (
    icd10,
    label_of,
    read_code,
    system_of,
    words_of,
)
from locoreg.registry.mcode.datatypes import Concept, Reference
from locoreg.registry.mcode.diseasewords import kind_by_number, kind_by_words, origin_by_words
from locoreg.registry.mcode.record import Item, Record, extension, has_profile, verification
from locoreg.registry.mcode.repeats import merge_repeats
from locoreg.registry.mcode.resources import (
    BodyStructure,
    Condition,
    Observation,
    Resource,
    Specimen,
)
from locoreg.registry.mcode.sites import site_place

_UNSURE = ("unconfirmed", "provisional", "differential")
_MOST_STEPS = 4
# Extensions that name the disease of a resource.
_RELATED = (
    "condition-related",
    "mcode-related-primary-cancer-condition",
    "mcode-related-condition",
)


@dataclass(slots=True, eq=False)
class Cancers:
    """The conditions of a patient by what they are.

    Attributes
    ----------
    breast, others, secondaries : list
        Confirmed breast primaries, confirmed other primaries, metastases.
    unsure : list
        Breast primaries that aren't confirmed.
    unsure_secondaries : list
        Metastases that aren't confirmed.
    comorbid : list
        All other conditions.
    kinds : dict
        Kind of every condition by its key: breast, other, secondary or none.
    member_of : dict
        Stage groups of which an observation is a member, by its key.
    owners : dict
        Conditions whose stage rests on an observation, by its key.
    """

    breast: list[Item[Condition]] = field(default_factory=list)
    others: list[Item[Condition]] = field(default_factory=list)
    secondaries: list[Item[Condition]] = field(default_factory=list)
    unsure: list[Item[Condition]] = field(default_factory=list)
    unsure_secondaries: list[Item[Condition]] = field(default_factory=list)
    comorbid: list[Item[Condition]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    member_of: dict[str, list[Item[Observation]]] = field(default_factory=dict)
    owners: dict[str, list[Item[Condition]]] = field(default_factory=dict)


def sort_conditions(record: Record) -> Cancers:
    """Return the conditions of a patient sorted by what they are."""
    cancers = Cancers()
    for item in record.conditions:
        cancers.kinds[item.key] = _kind(record, item)
    merge_repeats(record, cancers.kinds)
    for item in record.conditions:
        if item.key in record.aliases:
            continue
        kind = cancers.kinds[item.key]
        unsure = verification(item.resource) in _UNSURE
        if kind == "breast":
            (cancers.unsure if unsure else cancers.breast).append(item)
        elif kind == "secondary":
            (cancers.unsure_secondaries if unsure else cancers.secondaries).append(item)
        elif kind == "other":
            if not unsure:
                cancers.others.append(item)
        else:
            cancers.comorbid.append(item)
    _link_stages(record, cancers)
    return cancers


def _link_stages(record: Record, cancers: Cancers) -> None:
    for item in record.observations:
        for reference in item.resource.has_member:
            member = record.resolve(reference, item, "hasMember")
            if member is not None:
                cancers.member_of.setdefault(member.key, []).append(item)
    for condition in record.conditions:
        for stage in condition.resource.stage:
            for reference in stage.assessment:
                found = record.resolve(reference, condition, "stage.assessment")
                if found is not None:
                    cancers.owners.setdefault(found.key, []).append(record.one(condition))


def _kind(record: Record, item: Item[Condition]) -> str:
    condition = item.resource
    kind = concept_kind(condition.code)
    primary = has_profile(condition, "primary-cancer-condition")
    if has_profile(condition, "secondary-cancer-condition"):
        if kind in {"none", "cancer"}:
            return "secondary"
        if kind in {"breast", "other"}:
            record.problem(
                "profile-and-code-disagree",
                "serious",
                "The condition has the profile of a metastasis and the code of a primary cancer: "
                "it was read as a primary.",
                item,
                column="code",
                value=label_of(condition.code),
            )
    if kind == "secondary" and primary:
        record.problem(
            "profile-and-code-disagree",
            "serious",
            "The condition has the profile of a primary cancer and the code of a metastasis: it "
            "was read as a metastasis.",
            item,
            column="code",
            value=label_of(condition.code),
        )
        return "secondary"
    if kind == "cancer" or (kind == "none" and primary):
        places = [site_place(site) for site in condition.body_site]
        return "breast" if any(place.organ == "breast" for place in places) else "other"
    return kind


def concept_kind(concept: Concept | None) -> str:
    """Return what a code is: breast, secondary, other, cancer (of no stated site) or none."""
    if concept is None:
        return "none"
    found = icd10(concept)
    if found is not None:
        return _icd_kind(found.plain)
    for kind, answer in (
        ("secondary", "secondary"),
        ("breast", "breast"),
        ("other_cancer", "other"),
        ("cancer", "cancer"),
    ):
        if read_code(kind, concept) is not None:
            return answer
    if any(system_of(c.system) == "ICD-O-3" and c.code for c in concept.coding):
        return _icd_o_kind(concept)
    return kind_by_words(concept) if words_of(concept) else kind_by_number(concept)


def _icd_kind(code: str) -> str:
    if code.startswith(("C50", "D05")):
        return "breast"
    if code.startswith(("C77", "C78", "C79", "C7B", "C800")):
        return "secondary"
    if code.startswith(("C80", "C76")):
        return "cancer"
    return "other" if re.match(r"C\d|D0", code) else "none"


def _icd_o_kind(concept: Concept) -> str:
    """Read a topography as the site of a primary; a morphology names none."""
    codes = [c.code for c in concept.coding if system_of(c.system) == "ICD-O-3" and c.code]
    sites = [code for code in codes if code.startswith("C")]
    if not sites:
        return "cancer"
    return "breast" if sites[0].startswith("C50") else "other"


def related_references(item: Item[Any]) -> list[tuple[Reference, str]]:
    """Return the references of a resource to the disease that it is about, with their paths."""
    resource = item.resource
    out: list[tuple[Reference, str]] = []
    for part in resource.extension:
        name = part.url.rsplit("/", 1)[-1]
        if name in _RELATED and part.value_reference is not None:
            out.append((part.value_reference, f"extension({name})"))
    if isinstance(resource, Observation):
        out += [(reference, "focus") for reference in resource.focus]
        if resource.specimen is not None:
            out.append((resource.specimen, "specimen"))
    return out


def origin_of(record: Record, cancers: Cancers, item: Item[Any], steps: int = 0) -> str:
    """Return which cancer a resource is about: breast, other or unknown.

    Parameters
    ----------
    record : Record
        The patient.
    cancers : Cancers
        The conditions.
    item : Item
        A metastasis, a stage, a category, a status.
    steps : int
        References followed so far.

    Returns
    -------
    str
        Where nothing is stated: breast if the patient has no other primary, else unknown.
    """
    stated = _stated_origins(record, cancers, item, steps)
    if len(stated) == 1:
        return stated.pop()
    if stated:
        return "unknown"
    return "unknown" if cancers.others else "breast"


def _stated_origins(record: Record, cancers: Cancers, item: Item[Any], steps: int) -> set[str]:
    if steps >= _MOST_STEPS:
        return set()
    stated: set[str] = set()
    for reference, path in related_references(item):
        found = record.resolve(reference, item, path)
        if found is not None:
            stated |= _origins_by_target(record, cancers, found, steps)
    for part in extension(item.resource.extension, "mcode-related-condition"):
        kind = concept_kind(part.value_codeable_concept)
        if part.value_codeable_concept is not None and kind in {"breast", "other"}:
            stated.add(kind)
    for owner in cancers.owners.get(item.key, []):
        stated |= _origins_by_target(record, cancers, owner, steps)
    if isinstance(item.resource, Condition) and not stated:
        stated |= {origin_by_words(item.resource.code)} - {""}
    if not stated:
        for group in cancers.member_of.get(item.key, []):
            stated |= _stated_origins(record, cancers, group, steps + 1)
    return stated


def _origins_by_target(record: Record, cancers: Cancers, target: Item[Any], steps: int) -> set[str]:
    resource: Resource = target.resource
    if isinstance(resource, Condition):
        return _by_disease(record, cancers, target, steps)
    if isinstance(resource, BodyStructure | Specimen):
        disease = disease_of(record, target)
        return set() if disease is None else _by_disease(record, cancers, disease, steps)
    return set()


def _by_disease(record: Record, cancers: Cancers, disease: Item[Any], steps: int) -> set[str]:
    kind = cancers.kinds.get(disease.key, "none")
    if kind == "secondary":
        return _stated_origins(record, cancers, disease, steps + 1)
    return {kind} if kind in {"breast", "other"} else set()


def tumours_of(record: Record, item: Item[Any]) -> list[Item[BodyStructure]]:
    """Return the body structures with an identifier of a specimen; a structure is its own."""
    if isinstance(item.resource, BodyStructure):
        return [item]
    marks = {(i.system, i.value) for i in item.resource.identifier if i.value}
    return [
        structure
        for structure in record.structures
        if marks & {(i.system, i.value) for i in structure.resource.identifier}
    ]


def disease_of(record: Record, item: Item[Any]) -> Item[Any] | None:
    """Return the condition that a body structure or a specimen is related to."""
    for holder in (item, *tumours_of(record, item)):
        for reference, path in related_references(holder):
            found = record.resolve(reference, holder, path)
            if found is not None and isinstance(found.resource, Condition):
                return found
    return None


def primary_of(
    record: Record, cancers: Cancers, item: Item[Any], steps: int = 0
) -> Item[Condition] | None:
    """Return the breast primary that a resource is about; None if it can't be told."""
    named = [owner for owner in cancers.owners.get(item.key, []) if owner in cancers.breast]
    for reference, path in related_references(item):
        found = record.resolve(reference, item, path)
        if found is None:
            continue
        if isinstance(found.resource, BodyStructure | Specimen):
            found = disease_of(record, found)
        if found is not None and found in cancers.breast:
            named.append(found)
    if not named and steps < _MOST_STEPS:
        for group in cancers.member_of.get(item.key, []):
            primary = primary_of(record, cancers, group, steps + 1)
            named += [primary] if primary is not None else []
    different = {primary.key: primary for primary in named}
    if len(different) == 1:
        return next(iter(different.values()))
    alone = not different and len(cancers.breast) == 1 and not cancers.others
    return cancers.breast[0] if alone else None
