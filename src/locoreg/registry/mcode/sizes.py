"""Sizes of tumours: millimetres, or none where the unit is not stated."""

from __future__ import annotations

from typing import Any, NamedTuple

from locoreg.registry.mcode.codes import absent_reason, read_code
from locoreg.registry.mcode.conditions import Cancers, disease_of
from locoreg.registry.mcode.datatypes import Quantity
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import Item, Record
from locoreg.registry.mcode.resources import BodyStructure, Observation, Specimen
from locoreg.registry.mcode.sites import site_place
from locoreg.registry.mcode.staging import date_of

_MM = {
    "mm": 1.0,
    "millimeter": 1.0,
    "millimeters": 1.0,
    "millimetre": 1.0,
    "millimetres": 1.0,
    "cm": 10.0,
    "centimeter": 10.0,
    "centimeters": 10.0,
    "centimetre": 10.0,
    "centimetres": 10.0,
}
_UCUM = "http://unitsofmeasure.org"


class Size(NamedTuple):
    """One measurement of one tumour.

    Attributes
    ----------
    item : Item
        The observation.
    longest_mm : float or None
        Longest diameter.
    reason : str or None
        Why there is none, where that is stated.
    target : Item or None
        The body structure or specimen that was measured.
    date : Partial or None
        When.
    method : str
        CT, MRI, pathology and so on; empty if not stated.
    """

    item: Item[Observation]
    longest_mm: float | None
    reason: str | None
    target: Item[Any] | None
    date: Partial | None
    method: str


def read_sizes(record: Record) -> list[Size]:
    """Return all measurements of tumours of a patient."""
    return [_size(record, item) for item, _ in record.having("size_code")]


def _size(record: Record, item: Item[Observation]) -> Size:
    observation = item.resource
    focus = [record.resolve(reference, item, "focus") for reference in observation.focus]
    specimen = record.resolve(observation.specimen, item, "specimen")
    tumours = [f for f in focus if f is not None and isinstance(f.resource, BodyStructure)]
    longest = _longest(record, item)
    if observation.focus and observation.specimen is not None:
        record.problem(
            "size-with-focus-and-specimen",
            "serious",
            "The size names a tumour in the body and a removed one: it was left empty.",
            item,
            column="size_mm",
        )
        longest = None
    reading = read_code("method", observation.method)
    return Size(
        item,
        longest,
        _reason(observation) if longest is None else None,
        tumours[0] if tumours else specimen,
        date_of(record, item),
        reading.value if reading else "",
    )


def _reason(observation: Observation) -> str | None:
    parts = [part.data_absent_reason for part in observation.component]
    reasons = [absent_reason(part) for part in (observation.data_absent_reason, *parts)]
    return next((reason for reason in reasons if reason), None)


def _longest(record: Record, item: Item[Observation]) -> float | None:
    observation = item.resource
    for component in observation.component:
        part = read_code("size_part", component.code)
        if part is not None and part.value == "longest":
            return millimetres(record, item, component.value_quantity)
    return millimetres(record, item, observation.value_quantity)


def millimetres(record: Record, item: Item[Any], quantity: Quantity | None) -> float | None:
    """Return a length in mm; a problem where the unit is missing or another one.

    Parameters
    ----------
    record : Record
        The patient.
    item : Item
        The resource.
    quantity : Quantity or None
        The length.
    """
    if quantity is None or quantity.value is None:
        return None
    code = quantity.code if quantity.system in (None, _UCUM) else None
    factors = {_MM.get((text or "").strip().lower()) for text in (code, quantity.unit) if text}
    value = quantity.value
    why = ""
    if len(factors) != 1 or None in factors:
        why = "has no unit that is mm or cm"
    elif quantity.comparator:
        why = f"is a limit ({quantity.comparator})"
    elif not 0 <= value < 10_000:
        why = "is no length of a tumour"
    if why:
        record.problem(
            "size-not-usable",
            "serious",
            f"The size {why}: it was left empty.",
            item,
            column="size_mm",
            value=f"{quantity.comparator or ''}{value:g} {quantity.unit or quantity.code or ''}",
        )
        return None
    (factor,) = factors
    return round(value * (factor or 1.0), 6)


def sizes_of_primaries(
    record: Record, cancers: Cancers, sizes: list[Size]
) -> dict[str, dict[str, Any]]:
    """Return the cells of the size of each breast primary by its key."""
    found: dict[str, list[Size]] = {}
    for size in sizes:
        key = _primary_key(record, cancers, size)
        if key is not None:
            size.item.used = True
            found.setdefault(key, []).append(size)
    out: dict[str, dict[str, Any]] = {}
    for key, mine in found.items():
        values = {size.longest_mm for size in mine if size.longest_mm is not None}
        if len(values) > 1:
            record.problem(
                "several-sizes",
                "minor",
                "Several sizes are given for the primary: none was used.",
                mine[0].item,
                column="size_mm",
                table="primary_tumour",
                value="; ".join(
                    f"{s.longest_mm} mm ({s.method or 'no method'})" for s in mine if s.longest_mm
                ),
            )
        out[key] = {
            "size_mm": values.pop() if len(values) == 1 else None,
            "size_mm_reason": next((size.reason for size in mine if size.reason), None),
        }
    return out


def _primary_key(record: Record, cancers: Cancers, size: Size) -> str | None:
    if size.target is None:
        return None
    disease = disease_of(record, size.target)
    if disease is not None:
        return disease.key if disease in cancers.breast else None
    alone = len(cancers.breast) == 1
    return cancers.breast[0].key if alone and in_breast(size.target) else None


def in_breast(target: Item[Any]) -> bool:
    """Whether a body structure or a sample is of the breast."""
    resource = target.resource
    if isinstance(resource, BodyStructure):
        return site_place(resource.location).organ == "breast"
    if isinstance(resource, Specimen) and resource.collection is not None:
        return site_place(resource.collection.body_site).organ == "breast"
    return False
