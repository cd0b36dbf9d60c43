"""Codes of mCODE and their meaning here: one table, and words where a code is not in it."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.rolewords import role_by_words

# Version of the table, for the code map of each import.
VERSION = "mcode-codes-1"
BY_WORDS = "mcode-words-1"

_SYSTEMS = {
    "http://snomed.info/sct": "SNOMED",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED",
    "http://loinc.org": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "urn:oid:2.16.840.1.113883.6.90": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "urn:oid:2.16.840.1.113883.6.3": "ICD-10",
    "http://fhir.de/codesystem/bfarm/icd-10-gm": "ICD-10",
    "http://hl7.org/fhir/sid/icd-10-gm": "ICD-10",
    "http://mimic.mit.edu/fhir/mimic/codesystem/mimic-diagnosis-icd10": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM",
    "http://hl7.org/fhir/sid/icd-9-cm/diagnosis": "ICD-9-CM",
    "urn:oid:2.16.840.1.113883.6.103": "ICD-9-CM",
    "http://mimic.mit.edu/fhir/mimic/codesystem/mimic-diagnosis-icd9": "ICD-9-CM",
    "http://hl7.org/fhir/sid/icd-o-3": "ICD-O-3",
    "http://terminology.hl7.org/codesystem/icd-o-3": "ICD-O-3",
    "urn:oid:2.16.840.1.113883.6.43.1": "ICD-O-3",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.88": "RxNorm",
    "http://www.whocc.no/atc": "ATC",
    "http://cancerstaging.org": "AJCC",
    "http://ncicb.nci.nih.gov/xml/owl/evs/thesaurus.owl": "NCIT",
    "http://terminology.hl7.org/codesystem/data-absent-reason": "ABSENT",
    "http://terminology.hl7.org/codesystem/v3-nullflavor": "NULLFLAVOR",
    "http://terminology.hl7.org/codesystem/v3-observationinterpretation": "INTERPRETATION",
    "http://terminology.hl7.org/codesystem/condition-ver-status": "VERIFICATION",
    "http://terminology.hl7.org/codesystem/condition-clinical": "CLINICAL",
    "http://www.genenames.org": "HGNC",
    "http://www.genenames.org/geneid": "HGNC",
}


class Reading(NamedTuple):
    """What a concept means.

    Attributes
    ----------
    value : str
        Meaning; empty where the code is known and means nothing here.
    extra : str
        A second part of the meaning such as the side.
    system, code, display : str or None
        The code that was read.
    version : str
        How: by the table of codes or by its words.
    """

    value: str
    extra: str
    system: str | None
    code: str | None
    display: str | None
    version: str


@lru_cache(maxsize=1024)
def system_of(uri: str | None) -> str | None:
    """Return the short name of a code system, the address itself where it has none."""
    if uri is None:
        return None
    folded = uri.strip().lower().split("|")[0].rstrip("/")
    # A version of SNOMED CT is part of its address.
    if folded.startswith("http://snomed.info/sct/"):
        return "SNOMED"
    return _SYSTEMS.get(folded, uri)


@cache
def _table() -> dict[str, dict[tuple[str, str], tuple[str, str]]]:
    text = files("locoreg.registry.mcode").joinpath("codes.csv").read_text(encoding="utf-8")
    out: dict[str, dict[tuple[str, str], tuple[str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        by_code = out.setdefault(row["kind"], {})
        by_code[row["system"], row["code"]] = (row["value"], row["extra"])
    return out


def read_code(kind: str, concept: Concept | None) -> Reading | None:
    """Return the meaning of a concept by the table of codes, None if no code of it is there.

    Parameters
    ----------
    kind : str
        Part of the table such as ``marker``.
    concept : Concept or None
        The concept; the first of its codings that is in the table counts.
    """
    if concept is None:
        return None
    by_code = _table()[kind]
    for coding in concept.coding:
        if coding.code is None:
            continue
        system = system_of(coding.system)
        found = by_code.get((system or "", coding.code))
        if found is not None:
            return Reading(*found, system, coding.code, coding.display, VERSION)
    return None


# Kinds of codes that say what an observation is.
ROLES = (
    "t_code",
    "n_code",
    "m_code",
    "group_code",
    "grade_code",
    "marker",
    "serum",
    "size_code",
    "status_code",
    "performance_code",
    "comorbidity_code",
    "variant_code",
    "history",
)


def roles_of(concept: Concept) -> dict[str, Reading]:
    """Return all that an observation is by its code: meaning by kind of the table."""
    found: dict[str, Reading] = {}
    for coding in concept.coding:
        if coding.code is None:
            continue
        for kind, reading in _roles(coding.system, coding.code):
            found.setdefault(kind, reading._replace(display=coding.display))
    if "history" not in found and any(_is_history(words) for words in words_of(concept)):
        system, code, display = first_code(concept)
        found["history"] = Reading("", "", system, code, display, BY_WORDS)
    return found or _roles_by_words(concept)


def _roles_by_words(concept: Concept) -> dict[str, Reading]:
    for words in words_of(concept):
        role = role_by_words(words)
        if role is not None:
            kind, value, extra = role
            system, code, display = first_code(concept)
            return {kind: Reading(value, extra, system, code, display or words, BY_WORDS)}
    return {}


@lru_cache(maxsize=4096)
def _roles(uri: str | None, code: str) -> tuple[tuple[str, Reading], ...]:
    system = system_of(uri)
    table = _table()
    return tuple(
        (kind, Reading(*table[kind][system or "", code], system, code, None, VERSION))
        for kind in ROLES
        if (system or "", code) in table[kind]
    )


@lru_cache(maxsize=4096)
def _is_history(words: str) -> bool:
    folded = words.lower()
    return "history of" in folded and "metasta" in folded and "family" not in folded


def has_code(kind: str, concept: Concept | None) -> bool:
    """Whether a concept has a code of a part of the table."""
    return read_code(kind, concept) is not None


def words_of(concept: Concept | None) -> list[str]:
    """Return the displays of a concept and its text."""
    if concept is None:
        return []
    shown = [coding.display for coding in concept.coding if coding.display]
    return [*shown, concept.text] if concept.text else shown


def label_of(concept: Concept | None) -> str:
    """Return code and words of a concept for a message."""
    if concept is None:
        return "no code"
    words = words_of(concept)
    codes = [coding.code for coding in concept.coding if coding.code]
    return " ".join([*codes[:1], *words[:1]])[:200] or "no code"


def first_code(concept: Concept | None) -> tuple[str | None, str | None, str | None]:
    """Return system, code and words of the first code of a concept that has one."""
    if concept is None:
        return None, None, None
    for coding in concept.coding:
        if coding.code:
            return system_of(coding.system), coding.code, coding.display or concept.text
    words = words_of(concept)
    return None, None, words[0] if words else None


def absent_reason(concept: Concept | None) -> str | None:
    """Return why there is no value, None if the concept is no such reason."""
    if concept is None:
        return None
    found = read_code("absent", concept)
    if found is not None:
        return found.value
    # The other codes of the vocabulary all say that it is not known.
    unknown = any(system_of(c.system) == "ABSENT" for c in concept.coding)
    return "not_recorded" if unknown else None


class Icd(NamedTuple):
    """An ICD-10 code without its dot; the code as it stands; its system and its words."""

    plain: str
    system: str
    written: str
    display: str | None


def icd10(concept: Concept | None) -> Icd | None:
    """Return the first ICD-10 code of a concept, None if there is none.

    A code of ICD-9-CM for a malignant neoplasm counts as the code of ICD-10 for the same.
    """
    if concept is None:
        return None
    for coding in concept.coding:
        system = system_of(coding.system)
        if not coding.code or system not in {"ICD-10", "ICD-10-CM", "ICD-9-CM"}:
            continue
        plain = coding.code.replace(".", "").strip().upper()
        if system == "ICD-9-CM":
            plain = _icd9_as_10(plain)
        if plain:
            return Icd(plain, system, coding.code, coding.display)
    return None


# ICD-9-CM for secondary neoplasms (196-198) has the sites of ICD-10 in the same order, shifted in
# the first block. All other codes only need to be told from each other as cancer or none.
_NODES_9 = dict(zip("01235689", "01234589", strict=True))


@lru_cache(maxsize=4096)
def _icd9_as_10(plain: str) -> str:
    """Return the ICD-10 category that a code of ICD-9-CM means; empty if it is no cancer."""
    if not re.fullmatch(r"\d{3,5}", plain):
        return ""
    block, rest = plain[:3], plain[3:]
    if block in ("174", "175"):
        return f"C50{rest[:1] if block == '174' else '9'}"
    if plain.startswith("2330"):
        return "D059"
    if block == "196":
        return f"C77{_NODES_9.get(rest[:1], '9')}"
    if block in ("197", "198"):
        return f"C7{int(block) - 189}{rest}"
    if block == "199":
        return "C800" if rest.startswith("0") else "C809"
    number = int(block)
    return "C269" if 140 <= number <= 195 else "C969" if 200 <= number <= 208 else ""


# Words of organs, the more special ones first. They are read only where no code is known.
_ORGANS = tuple(
    (re.compile(pattern), organ)
    for pattern, organ in (
        (r"(axilla|internal mammary|intramammary|infraclavicular).*(node|lymph)", "regional_ln"),
        (r"(node|lymph).*(axilla|internal mammary|intramammary)", "regional_ln"),
        (r"axilla", "regional_ln"),
        (r"supraclavicular", "supraclavicular_ln"),
        (
            r"(mediastin|cervical|neck|abdom|pelvi|inguin|retroperit|hilar|thorac|iliac|aort)"
            r".*(node|lymph)",
            "distant_ln",
        ),
        (r"(node|lymph).*(mediastin|cervical|neck|abdom|pelvi|inguin|hilar|thora)", "distant_ln"),
        (r"lymph node|nodal", "node"),
        (r"spinal cord|nerv", "other"),
        (r"\bbones?\b|bony|osseous|vertebra|spine|\brib|femur|skull|sternum|humerus", "bone"),
        (r"liver|hepat", "liver"),
        (r"pleura", "pleura"),
        (r"\blung|pulmon|bronch", "lung"),
        (r"mening", "leptomeninges"),
        (r"brain|cerebr|cerebell|intracranial", "brain"),
        (r"adrenal", "adrenal"),
        (r"ovar", "ovary"),
        (r"periton|oment", "peritoneum"),
        (r"chest wall", "chest_wall"),
        (r"\bskin|cutaneous|soft tissue|muscle", "skin_soft_tissue"),
        (r"breast|mamma|mastectom|lumpectom", "breast"),
        (
            r"kidney|renal|stomach|gastr|intestin|colon|rect|bladder|pancrea|spleen|uter|cervix"
            r"|thyroid|pericard|heart|orbit|eye|mediastin|esophag|oesophag|prostat|testi|gland",
            "other",
        ),
    )
)


def organ_by_words(concept: Concept | None) -> Reading | None:
    """Return the organ that the words of a concept name, None if they name none."""
    for words in words_of(concept):
        organ = _organ(words)
        if organ is not None:
            system, code, display = first_code(concept)
            return Reading(organ, side_by_words(words), system, code, display, BY_WORDS)
    return None


@lru_cache(maxsize=4096)
def _organ(words: str) -> str | None:
    folded = words.lower()
    return next((organ for pattern, organ in _ORGANS if pattern.search(folded)), None)


@lru_cache(maxsize=4096)
def side_by_words(words: str) -> str:
    """Return the side that words name: left, right, bilateral or nothing."""
    folded = words.lower()
    sides = {side for side in ("left", "right") if re.search(rf"\b{side}\b", folded)}
    if re.search(r"\b(bilateral|both)\b", folded) or len(sides) == 2:
        return "bilateral"
    return sides.pop() if sides else ""
