"""Drugs: the tables ``systemic_drug`` and, where orders are grouped, ``systemic_line``."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from locoreg.registry.mcode.codes import first_code, read_code, system_of, words_of
from locoreg.registry.mcode.conditions import Cancers, concept_kind
from locoreg.registry.mcode.datatypes import Concept, Quantity
from locoreg.registry.mcode.output import date_cells, earliest, usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import Item, Record, has_profile, intent_of
from locoreg.registry.mcode.resources import (
    Condition,
    Medication,
    MedicationAdministration,
    MedicationRequest,
    parse,
)

_UNUSED = {"not-done": "not given", "on-hold": "on hold"}
_ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
_SYSTEMS = ("RxNorm", "ATC", "SNOMED")


def write_drugs(record: Record, cancers: Cancers) -> None:
    """Write one row per order and per administration without an order; no line is inferred."""
    given: dict[str, list[Item[MedicationAdministration]]] = {}
    alone: list[Item[MedicationAdministration]] = []
    for item in record.administrations:
        if item.resource.status in _UNUSED:
            item.why = f"a drug that was {_UNUSED[item.resource.status]}"
            continue
        order = record.resolve(item.resource.request, item, "request")
        if order is not None and order in record.requests:
            given.setdefault(order.key, []).append(item)
        else:
            alone.append(item)
    groups: dict[str, list[tuple[Item[MedicationRequest], Partial | None]]] = {}
    for request in record.requests:
        start = _write_request(record, cancers, request, given.get(request.key, []))
        if request.used and (line := _line_id(record, request)) is not None:
            groups.setdefault(line, []).append((request, start))
    for item in alone:
        _write_administration(record, cancers, item)
    for line, members in groups.items():
        _write_line(record, line, members)


def _write_request(
    record: Record,
    cancers: Cancers,
    item: Item[MedicationRequest],
    given: list[Item[MedicationAdministration]],
) -> Partial | None:
    request = item.resource
    if request.intent not in _ORDERS:
        item.why = f"a drug that was not ordered ({request.intent[:20]})"
        return None
    concept = _drug(record, item, request)
    if not _against_cancer(record, cancers, item, concept):
        return None
    item.used = True
    start, end = _ordered_period(record, item)
    days = [d for one in given if (d := _given_on(record, one)) is not None]
    for one in given:
        one.used = True
    if days:
        start, end = earliest(days), end or max(days, key=lambda d: d.day)
    elif start is None:
        start = _read(record, item, request.authored_on, "authoredOn")
        if start is not None:
            record.problem(
                "order-date-as-start",
                "minor",
                "There is no first day of the drug: the day of the order was taken.",
                item,
                column="start_date",
                table="systemic_drug",
                value=request.authored_on,
            )
    ongoing = request.status == "active" and end is None
    quantity = next(
        (d.dose_quantity for dosage in request.dosage_instruction for d in dosage.dose_and_rate),
        None,
    )
    _write_row(record, item, concept, quantity, start, end, ongoing, _line_id(record, item))
    return start


def _write_administration(
    record: Record, cancers: Cancers, item: Item[MedicationAdministration]
) -> None:
    concept = _drug(record, item, item.resource)
    if not _against_cancer(record, cancers, item, concept):
        return
    item.used = True
    start = _given_on(record, item)
    period = item.resource.effective_period
    end = _read(record, item, period.end, "effectivePeriod.end") if period else start
    dose = item.resource.dosage.dose if item.resource.dosage else None
    _write_row(record, item, concept, dose, start, end, False, None)


def _write_row(
    record: Record,
    item: Item[Any],
    concept: Concept | None,
    quantity: Quantity | None,
    start: Partial | None,
    end: Partial | None,
    ongoing: bool,
    line: str | None,
) -> None:
    system, code, display = first_code(concept)
    name, drug_class = _ingredient(concept)
    usable = quantity is not None and quantity.value is not None and not quantity.comparator
    unit = (quantity.code or quantity.unit) if quantity else None
    record.output.row(
        "systemic_drug",
        item.origin,
        {
            "drug_id": item.key,
            "patient_id": record.patient_id,
            "line_id": line,
            "drug": name or display,
            "drug_code": code,
            "drug_system": system if system in _SYSTEMS else "local" if code else None,
            "drug_class": drug_class,
            "dose": quantity.value if usable and quantity and unit else None,
            "dose_unit": unit if usable else None,
            **date_cells("start_date", start),
            **date_cells("end_date", end, "not_applicable" if ongoing else None),
        },
    )


def _write_line(
    record: Record, line: str, members: list[tuple[Item[MedicationRequest], Partial | None]]
) -> None:
    starts = [start for _, start in members if start is not None]
    intents = {intent_of(item.resource.extension) for item, _ in members} - {"", "diagnostic"}
    stops = {
        reading.value
        for item, _ in members
        if (reading := read_code("stop", item.resource.status_reason)) is not None
    }
    record.output.row(
        "systemic_line",
        members[0][0].origin,
        {
            "line_id": line,
            "patient_id": record.patient_id,
            **date_cells("start_date", earliest(starts)),
            "end_reason": stops.pop() if len(stops) == 1 else None,
            "intent": intents.pop() if len(intents) == 1 else None,
        },
    )


def _line_id(record: Record, item: Item[MedicationRequest]) -> str | None:
    group = item.resource.group_identifier
    if group is None or not group.value:
        return None
    return f"{record.patient_id}/{group.system or ''}|{group.value}"


def _against_cancer(
    record: Record, cancers: Cancers, item: Item[Any], concept: Concept | None
) -> bool:
    """Whether a drug is given for the breast cancer; if not, the item says why."""
    resource = item.resource
    kinds = {concept_kind(code) for code in resource.reason_code}
    for reference in resource.reason_reference:
        found = record.resolve(reference, item, "reasonReference")
        if found is not None and isinstance(found.resource, Condition):
            kinds.add(cancers.kinds.get(found.key, "none"))
    if kinds & {"breast", "secondary", "cancer"}:
        return True
    if "other" in kinds:
        item.why = "a drug against another primary"
        return False
    stated = any(
        has_profile(resource, name)
        for name in (
            "cancer-related-medication-request",
            "cancer-related-medication-administration",
        )
    )
    # Bone drugs and old cytostatics have other uses: a reason that is no cancer counts.
    if stated or (not kinds and _ingredient(concept)[1] not in (None, "bone")):
        return True
    item.why = "a drug that is not said to be against cancer"
    return False


def _drug(record: Record, item: Item[Any], resource: Any) -> Concept | None:
    if resource.medication_codeable_concept is not None:
        found: Concept = resource.medication_codeable_concept
        return found
    reference = resource.medication_reference
    if reference is None:
        return None
    plain = (reference.reference or "").split("/_history/")[0]
    raw = record.medications.get(plain)
    raw = raw or record.medications.get("/".join(plain.split("/")[-2:]))
    if raw is None:
        inside = record.resolve(reference, item, "medicationReference")
        drug = inside.resource if inside is not None else None
        return drug.code if isinstance(drug, Medication) else None
    try:
        medication = parse("Medication", raw)
    except ValidationError:
        record.problem(
            "medication-not-valid",
            "serious",
            "The Medication that it refers to is not valid: the drug is unknown.",
            item,
            column="drug",
            table="systemic_drug",
            value=plain,
        )
        return None
    return medication.code if isinstance(medication, Medication) else None


def _ordered_period(
    record: Record, item: Item[MedicationRequest]
) -> tuple[Partial | None, Partial | None]:
    starts: list[Partial] = []
    ends: list[Partial] = []
    for dosage in item.resource.dosage_instruction:
        if dosage.timing is None:
            continue
        bounds = dosage.timing.repeat.bounds_period if dosage.timing.repeat else None
        texts = [bounds.start if bounds else None, *dosage.timing.event]
        starts += [d for text in texts if (d := _read(record, item, text, "timing")) is not None]
        end = _read(record, item, bounds.end, "timing") if bounds else None
        ends += [end] if end is not None else []
    return earliest(starts), max(ends, key=lambda d: d.day, default=None)


def _given_on(record: Record, item: Item[MedicationAdministration]) -> Partial | None:
    period = item.resource.effective_period
    text = item.resource.effective_date_time or (period.start if period else None)
    return _read(record, item, text, "effective")


def _read(record: Record, item: Item[Any], text: str | None, path: str) -> Partial | None:
    return usable_date(text, record.output, item.origin, patient_id=record.patient_id, path=path)


@cache
def _drugs() -> list[tuple[re.Pattern[str], str, str, str]]:
    text = files("locoreg.registry.mcode").joinpath("drugs.csv").read_text(encoding="utf-8")
    return [
        (re.compile(rf"\b{re.escape(row['drug'])}", re.I), row["drug"], row["class"], row["atc"])
        for row in csv.DictReader(text.splitlines())
    ]


def _ingredient(concept: Concept | None) -> tuple[str | None, str | None]:
    """Return name and class of a known drug: by its ATC code, else by its words."""
    codes = frozenset(
        coding.code
        for coding in (concept.coding if concept else ())
        if coding.code and system_of(coding.system) == "ATC"
    )
    return _known_drug(codes, tuple(words_of(concept)))


@lru_cache(maxsize=4096)
def _known_drug(codes: frozenset[str], shown: tuple[str, ...]) -> tuple[str | None, str | None]:
    for pattern, name, drug_class, atc in _drugs():
        if (atc and atc in codes) or any(pattern.search(words) for words in shown):
            return name, drug_class
    return None, None
