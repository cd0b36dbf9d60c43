"""T, N and M categories, stage groups and the stages of conditions, as values that compare."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from locoreg.registry.mcode.codes import (
    BY_WORDS,
    Reading,
    absent_reason,
    first_code,
    label_of,
    read_code,
    system_of,
    words_of,
)
from locoreg.registry.mcode.conditions import Cancers, origin_of, primary_of
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.output import usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import Condition, Observation

_CATEGORY = re.compile(
    r"(?<![A-Za-z0-9])(yp|yc|c|p)?(T|N|M)(X|is|[0-4])((?:mi|[a-d]\d?)?(?:\([A-Za-z0-9+]{1,6}\))*)"
    r"(?![A-Za-z0-9])"
)
_STAGE = re.compile(r"\bstage(?: group)?:?\s*(0|IV|III|II|I|[1-4])\s*([A-D])?(?=\d?\b)", re.I)
# As a code, or as all that a text says; older guides put c or p before it.
_BARE_STAGE = re.compile(r"(?:yp|yc|c|p)?(0|IV|III|II|I|[1-4])([A-D])?", re.I)
# A number of these systems is no stage.
_NUMBERED = ("SNOMED", "LOINC", "NCIT", "ABSENT", "NULLFLAVOR")
_OTHER_SYSTEMS = re.compile(
    r"FIGO|Rai|Binet|Ann Arbor|Dukes|Lugano|neuroblastoma|INRG|Wilms|melanoma|myeloma|lymphoma"
    r"|leukemia|Masaoka|Walter Reed|Lymphoma"
)
_ROMAN = {"0": "0", "1": "I", "2": "II", "3": "III", "4": "IV"}
_LETTERS = {"t_code": "T", "n_code": "N", "m_code": "M"}


class Category(NamedTuple):
    """One T, N or M category.

    Attributes
    ----------
    item : Item
        The observation.
    letter, basis, value : str
        T, N or M; c, p, yp or empty; the category without its prefix such as ``T3``, empty if
        there is none.
    reason : str or None
        Why there is no value.
    edition : str
        Edition of the manual, empty if not stated.
    date : Partial or None
        When.
    origin : str
        breast, other or unknown.
    primary : Item or None
        The breast primary.
    """

    item: Item[Observation]
    letter: str
    basis: str
    value: str
    reason: str | None
    edition: str
    date: Partial | None
    origin: str
    primary: Item[Condition] | None


class Group(NamedTuple):
    """One stage group: as ``Category``, with the members it names."""

    item: Item[Observation]
    basis: str
    value: str
    reason: str | None
    edition: str
    date: Partial | None
    origin: str
    primary: Item[Condition] | None
    members: tuple[Item[Observation], ...]


class Summary(NamedTuple):
    """``Condition.stage``: the summary and the stage observations that it rests on.

    ``value`` is its stage, ``category`` its T, N or M category where it is one.
    """

    item: Item[Condition]
    value: str
    category: str
    edition: str
    label: str
    assessments: tuple[Item[Observation], ...]


@dataclass(slots=True, eq=False)
class Stages:
    """All that is said of a patient's stage.

    Attributes
    ----------
    categories, groups, summaries : list
        In the order of the resources.
    """

    categories: list[Category] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)


def read_category(concept: Concept | None, letter: str = "TNM") -> Reading | None:
    """Return a category such as ``cT3``: prefix, letter and rest; None if there is none.

    Parameters
    ----------
    concept : Concept or None
        The category; its text may name several, as in ``pT2 pN1 M0``.
    letter : str
        Which of several is meant; the first one if there is none of this letter.
    """
    known = read_code("tnm", concept)
    if known is not None or concept is None:
        return known
    for coding in concept.coding:
        system = system_of(coding.system)
        if coding.code and system not in _NUMBERED:
            found = _CATEGORY.fullmatch(coding.code.strip())
            if found is not None:
                version = BY_WORDS
                return Reading(found.group(), "", system, coding.code, coding.display, version)
    for words in words_of(concept):
        named = list(_CATEGORY.finditer(words))
        if named:
            found = next((one for one in named if one.group(2) in letter), named[0])
            system, code, display = first_code(concept)
            return Reading(found.group(), "", system, code, display, BY_WORDS)
    return None


def split_category(text: str) -> tuple[str, str]:
    """Return prefix and category of ``ypT2``."""
    found = _CATEGORY.fullmatch(text)
    if found is None:
        return "", text
    return found.group(1) or "", text.removeprefix(found.group(1) or "")


def read_stage(concept: Concept | None) -> Reading | None:
    """Return a stage such as ``IIIC``; None if there is none or it is of another system."""
    known = read_code("stage", concept)
    if known is not None or concept is None:
        return known
    for coding in concept.coding:
        if coding.code and system_of(coding.system) == "AJCC":
            found = _BARE_STAGE.fullmatch(coding.code.strip())
            if found is not None:
                value = _stage(found)
                return Reading(value, "", "AJCC", coding.code, coding.display, BY_WORDS)
    for words in words_of(concept):
        if _OTHER_SYSTEMS.search(words):
            continue
        found = _STAGE.search(words) or _BARE_STAGE.fullmatch(words.strip())
        if found is not None:
            system, code, display = first_code(concept)
            return Reading(_stage(found), "", system, code, display, BY_WORDS)
    return None


def _stage(found: re.Match[str]) -> str:
    number = found.group(1).upper()
    return _ROMAN.get(number, number) + (found.group(2) or "").upper()


def read_stages(record: Record, cancers: Cancers) -> Stages:
    """Return all categories, groups and summaries of a patient."""
    stages = Stages()
    for kind, letter in _LETTERS.items():
        for item, code in record.having(kind):
            stages.categories.append(_category(record, cancers, item, letter, code))
    for item, code in record.having("group_code"):
        stages.groups.append(_group(record, cancers, item, code))
    for condition in record.conditions:
        if cancers.kinds.get(condition.key) == "breast":
            stages.summaries += _summaries(record, condition)
    return stages


def _category(
    record: Record, cancers: Cancers, item: Item[Observation], letter: str, code: Reading
) -> Category:
    observation = item.resource
    reading = read_category(_value(observation), letter)
    prefix, value = split_category(reading.value) if reading else ("", "")
    if value and not value.startswith(letter):
        record.problem(
            "category-of-another-kind",
            "serious",
            f"The value of a {letter} category is {value}: it was not used.",
            item,
            column="valueCodeableConcept",
            value=value,
        )
        value = ""
    if reading is not None and prefix in ("c", "p") and code.value and prefix != code.value:
        record.problem(
            "category-basis-contradiction",
            "serious",
            f"The code says {code.value}{letter}, the value {reading.value}: code and value differ "
            "in clinical or pathological.",
            item,
            column="code",
            value=reading.value,
        )
    if reading is None:
        _unread(record, cancers, item, f"c{letter.lower()}")
    basis = prefix if prefix in ("yp", "yc") else code.value or prefix
    return Category(
        item,
        letter,
        basis,
        value,
        _reason(item) if not value else None,
        _edition(observation.method),
        date_of(record, item),
        origin_of(record, cancers, item),
        primary_of(record, cancers, item),
    )


def _group(record: Record, cancers: Cancers, item: Item[Observation], code: Reading) -> Group:
    observation = item.resource
    reading = read_stage(_value(observation))
    members = [record.resolve(ref, item, "hasMember") for ref in observation.has_member]
    if reading is None:
        _unread(record, cancers, item, "stage_group")
    return Group(
        item,
        code.value,
        reading.value if reading else "",
        None if reading else _reason(item),
        _edition(observation.method) or code.extra,
        date_of(record, item),
        origin_of(record, cancers, item),
        primary_of(record, cancers, item),
        tuple(m for m in members if m is not None and isinstance(m.resource, Observation)),
    )


def _unread(record: Record, cancers: Cancers, item: Item[Observation], what: str) -> None:
    """Raise a problem of a stage or category that is stated and can't be read."""
    value = _value(item.resource)
    if value is None or not cancers.breast or absent_reason(value) is not None:
        return
    if not any(coding.code for coding in value.coding) and not words_of(value):
        return
    record.output.unknown_code("primary_tumour", what, value)
    record.problem(
        "stage-not-read",
        "serious",
        "The stage or category can't be read: it was not used, also not for the enrolment.",
        item,
        column=what,
        table="primary_tumour",
        value=label_of(value),
    )


def _value(observation: Observation) -> Concept | None:
    """Return the value of a stage; some systems send it as a text."""
    if observation.value_codeable_concept is None and observation.value_string is not None:
        return Concept(text=observation.value_string)
    return observation.value_codeable_concept


def _summaries(record: Record, item: Item[Condition]) -> list[Summary]:
    out = []
    for stage in item.resource.stage:
        reading = read_stage(stage.summary)
        category = None if reading else read_category(stage.summary)
        found = [record.resolve(ref, item, "stage.assessment") for ref in stage.assessment]
        assessments = [a for a in found if a is not None and isinstance(a.resource, Observation)]
        out.append(
            Summary(
                record.one(item),
                reading.value if reading else "",
                category.value if category else "",
                _edition(stage.type),
                label_of(stage.summary),
                tuple(assessments),
            )
        )
    return out


def _reason(item: Item[Observation]) -> str | None:
    observation = item.resource
    stated = absent_reason(observation.data_absent_reason)
    return stated or absent_reason(observation.value_codeable_concept)


def _edition(method: Concept | None) -> str:
    found = read_code("edition", method)
    return found.value if found else ""


def date_of(record: Record, item: Item[Observation]) -> Partial | None:
    """Return the day that an observation is about."""
    observation = item.resource
    text = observation.effective_date_time or observation.effective_instant
    if text is None and observation.effective_period is not None:
        text = observation.effective_period.start
    if text is None and observation.effective_timing is not None:
        text = next(iter(observation.effective_timing.event), None)
    return usable_date(
        text, record.output, item.origin, patient_id=record.patient_id, path="effective"
    )
