"""Tumour markers: the table ``receptor_assay``, and markers in serum (``biomarker``)."""

from __future__ import annotations

import re
from typing import Any

from locoreg.registry.mcode.codes import Reading, absent_reason, read_code, words_of
from locoreg.registry.mcode.conditions import Cancers, disease_of, origin_of, related_references
from locoreg.registry.mcode.datatypes import Concept, Quantity
from locoreg.registry.mcode.lesions import Lesion
from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import BodyStructure, Observation, Specimen
from locoreg.registry.mcode.sizes import in_breast
from locoreg.registry.mcode.staging import date_of

_WORDS = {
    "positive": "pos",
    "negative": "neg",
    "pos": "pos",
    "neg": "neg",
    "present": "pos",
    "absent": "neg",
    "detected": "pos",
    "not detected": "neg",
    "equivocal": "equivocal",
    "indeterminate": "equivocal",
    "amplified": "pos",
    "not amplified": "neg",
    "non-amplified": "neg",
}
_SCORE = re.compile(r"(?:score |ihc |her2 )*(0-1\+|0|1\+|2\+|3\+)(?: \((?:\w| )+\))?", re.I)
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*(%|ratio)?", re.I)
_WORDED = (
    (re.compile(r"less than or equal to|at most"), "<="),
    (re.compile(r"(greater|more) than or equal to|at least"), ">="),
    (re.compile(r"less than|below"), "<"),
    (re.compile(r"(greater|more) than|above"), ">"),
)
_INTERPRETATION = {"pos": "positive", "neg": "negative", "equivocal": "equivocal"}
_OPERATORS = ("<", "<=", ">", ">=")


def write_markers(record: Record, cancers: Cancers, lesions: list[Lesion]) -> None:
    """Write all assays of receptors and all markers in serum."""
    for item, marker in record.having("marker"):
        _assay(record, cancers, lesions, item, marker)
    for item, marker in record.having("serum"):
        _serum(record, item, marker)


def _assay(
    record: Record,
    cancers: Cancers,
    lesions: list[Lesion],
    item: Item[Observation],
    marker: Reading,
) -> None:
    if origin_of(record, cancers, item) == "other":
        item.why = "a marker of another primary"
        return
    item.used = True
    record.output.code("receptor_assay", "marker", marker.value, marker)
    record.output.row(
        "receptor_assay",
        item.origin,
        {
            "assay_id": item.key,
            "patient_id": record.patient_id,
            **_context(record, cancers, lesions, item),
            **date_cells("sample_date", _sampled(record, item)),
            "marker": marker.value,
            **_value_cells(record, item, marker),
            "interpretation": _interpretation(item, marker),
            "method": _method(marker, item),
            "loinc": marker.code if marker.system == "LOINC" else None,
        },
    )


def _context(
    record: Record, cancers: Cancers, lesions: list[Lesion], item: Item[Observation]
) -> dict[str, Any]:
    """Return what was sampled, as far as it is stated; that it was the primary is never assumed."""
    targets: list[Item[Any]] = []
    for reference, path in related_references(item):
        found = record.resolve(reference, item, path)
        if found is None:
            continue
        targets.append(found)
        if isinstance(found.resource, BodyStructure | Specimen):
            disease = disease_of(record, found)
            targets += [disease] if disease is not None else []
    # What the sample is related to says more than the disease that the test was done for.
    for target in reversed(targets):
        lesion = next((one for one in lesions if target.key in one.members), None)
        if lesion is not None:
            return {"context": "metastasis", "lesion_id": lesion.lesion_id}
    for target in targets:
        if target in cancers.breast:
            return {"context": "primary", "tumour_id": target.key}
    samples = [t for t in targets if isinstance(t.resource, BodyStructure | Specimen)]
    if len(cancers.breast) == 1 and any(in_breast(sample) for sample in samples):
        return {"context": "primary", "tumour_id": cancers.breast[0].key}
    return {"context": None}


def _sampled(record: Record, item: Item[Observation]) -> Partial | None:
    """Return the day of sampling: of the sample, else of the observation."""
    sample = record.resolve(item.resource.specimen, item, "specimen")
    if sample is not None and isinstance(sample.resource, Specimen):
        collection = sample.resource.collection
        text = collection.collected_date_time if collection else None
        if text is None and collection is not None and collection.collected_period is not None:
            text = collection.collected_period.start
        found = usable_date(
            text,
            record.output,
            sample.origin,
            patient_id=record.patient_id,
            path="collection.collected",
        )
        if found is not None:
            return found
    return date_of(record, item)


def _value_cells(record: Record, item: Item[Observation], marker: Reading) -> dict[str, Any]:
    observation = item.resource
    if observation.value_quantity is not None:
        return _number(record, item, marker, observation.value_quantity)
    if observation.value_ratio is not None:
        return _ratio(record, item, marker)
    if observation.value_codeable_concept is not None:
        return _coded(record, item, observation.value_codeable_concept)
    if observation.value_string is not None:
        return _text(record, item, marker, observation.value_string)
    if observation.value_range is not None:
        _unread(record, item, "a range")
    reason = absent_reason(observation.data_absent_reason)
    return {"value_num_reason": reason, "value_code_reason": reason}


def _number(
    record: Record, item: Item[Observation], marker: Reading, quantity: Quantity
) -> dict[str, Any]:
    unit = (quantity.code or quantity.unit or "").strip()
    value = quantity.value
    if value is None:
        return {}
    text = f"{quantity.comparator or ''}{value:g} {unit}".strip()
    if quantity.comparator not in (None, *_OPERATORS):
        _unread(record, item, text)
        return {}
    operator = quantity.comparator or "="
    if marker.extra == "percent" or (unit == "%" and marker.value in ("ER", "PR", "KI67", "PDL1")):
        if unit == "%" and 0 <= value <= 100:
            return {"value_num": value, "value_unit": "%", "operator": operator}
    elif marker.value == "HER2_ISH" and unit in ("1", "{ratio}", "ratio") and 0 <= value < 1000:
        return {"value_num": value, "value_unit": "ratio", "operator": operator}
    _unread(record, item, text)
    return {}


def _ratio(record: Record, item: Item[Observation], marker: Reading) -> dict[str, Any]:
    ratio = item.resource.value_ratio
    top = ratio.numerator.value if ratio and ratio.numerator else None
    bottom = ratio.denominator.value if ratio and ratio.denominator else None
    if marker.value != "HER2_ISH" or top is None or not bottom or top < 0 or bottom < 0:
        _unread(record, item, f"{top}:{bottom}")
        return {}
    return {"value_num": top / bottom, "value_unit": "ratio", "operator": "="}


def _coded(record: Record, item: Item[Observation], concept: Concept) -> dict[str, Any]:
    reading = read_code("result", concept)
    if reading is not None:
        record.output.code("receptor_assay", "value_code", reading.value, reading)
        return {"value_code": reading.value}
    reason = absent_reason(concept)
    if reason is not None:
        return {"value_code_reason": reason, "value_num_reason": reason}
    for words in words_of(concept):
        value = _word(words)
        if value is not None:
            return {"value_code": value}
    record.output.unknown_code("receptor_assay", "value_code", concept)
    _unread(record, item, "; ".join(words_of(concept)) or "a code")
    return {}


def _word(text: str) -> str | None:
    folded = " ".join(text.lower().split())
    folded = re.sub(r" \((?:qualifier value|finding)\)$", "", folded)
    if folded in _WORDS:
        return _WORDS[folded]
    score = _SCORE.fullmatch(folded)
    return score.group(1) if score else None


def _text(record: Record, item: Item[Observation], marker: Reading, text: str) -> dict[str, Any]:
    value = _word(text)
    if value is not None:
        return {"value_code": value}
    number = _NUMBER.fullmatch(_with_signs(text))
    if number is not None:
        unit = number.group(3) or ("1" if marker.value == "HER2_ISH" else "")
        quantity = Quantity(
            value=float(number.group(2)), comparator=number.group(1), unit=unit, code=unit
        )
        return _number(record, item, marker, quantity)
    _unread(record, item, text)
    return {}


def _with_signs(text: str) -> str:
    """Return a text with the signs that its words mean: ``less than 1.8`` is ``< 1.8``."""
    folded = " ".join(text.lower().split())
    for pattern, sign in _WORDED:
        folded = pattern.sub(sign, folded, count=1)
    return folded


def _unread(record: Record, item: Item[Observation], text: str) -> None:
    record.problem(
        "result-not-read",
        "serious",
        "The result can't be read as a percentage, ratio, score, positive or negative: it was "
        "left empty.",
        item,
        column="value_code",
        table="receptor_assay",
        value=text,
    )


def _interpretation(item: Item[Observation], marker: Reading) -> str | None:
    for concept in item.resource.interpretation:
        reading = read_code("result", concept)
        if reading is not None:
            return _INTERPRETATION[reading.value]
    if marker.extra != "interpretation":
        return None
    reading = read_code("result", item.resource.value_codeable_concept)
    return _INTERPRETATION[reading.value] if reading else None


def _method(marker: Reading, item: Item[Observation]) -> str | None:
    words = words_of(item.resource.method)
    if words:
        return words[0]
    by_marker = {"HER2_IHC": "IHC", "HER2_ISH": "ISH"}
    return by_marker.get(marker.value) or (
        "IHC" if marker.extra in ("presence", "percent") else None
    )


def _serum(record: Record, item: Item[Observation], marker: Reading) -> None:
    item.used = True
    observation = item.resource
    quantity = observation.value_quantity
    value = quantity.value if quantity else None
    comparator = quantity.comparator if quantity else None
    result = read_code("result", observation.value_codeable_concept)
    detected = {"pos": True, "neg": False}.get(result.value) if result else None
    below = comparator in ("<", "<=") and value is not None
    if comparator and not below:
        record.problem(
            "value-is-a-limit",
            "minor",
            "The value is a limit, not a number: it was left empty.",
            item,
            column="value",
            table="biomarker",
            value=f"{comparator}{value}",
        )
    record.output.code("biomarker", "analyte", marker.value, marker)
    record.output.row(
        "biomarker",
        item.origin,
        {
            "biomarker_id": item.key,
            "patient_id": record.patient_id,
            **date_cells("date", date_of(record, item)),
            "fluid": marker.extra,
            "analyte": marker.value,
            "value": None if comparator else value,
            "value_reason": absent_reason(observation.data_absent_reason),
            "unit": (quantity.code or quantity.unit) if quantity else None,
            "lod": value if below else None,
            "detected": False if below else detected,
        },
    )
