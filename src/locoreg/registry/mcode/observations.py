"""Disease status, performance status, comorbidity, history of metastasis."""

from __future__ import annotations

from typing import Any

from locoreg.registry.mcode.codes import (
    Reading,
    absent_reason,
    first_code,
    label_of,
    organ_by_words,
    read_code,
)
from locoreg.registry.mcode.conditions import Cancers, origin_of
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.record import Item, Record, concept_extension, extension
from locoreg.registry.mcode.resources import Condition, Observation
from locoreg.registry.mcode.staging import date_of

_OVER = ("resolved", "inactive", "remission")
_SYSTEMS = ("SNOMED", "ICD-10", "ICD-10-CM")


def write_observations(record: Record, cancers: Cancers) -> None:
    """Write all observations of a patient that aren't stages, markers, sizes or variants."""
    for item, _ in record.having("status_code"):
        _status(record, cancers, item)
    for item, kind in record.having("performance_code"):
        _performance(record, item, kind)
    for item, _ in record.having("comorbidity_code"):
        _comorbidities(record, item)
    for item, reading in record.having("history"):
        if not item.why:
            _history(record, item, reading)


def _status(record: Record, cancers: Cancers, item: Item[Observation]) -> None:
    """Write a disease status: an assessment if it rests on images, an event if it got worse."""
    observation = item.resource
    if origin_of(record, cancers, item) == "other":
        item.why = "the status of another primary"
        return
    date = date_of(record, item)
    reading = read_code("status", observation.value_codeable_concept)
    evidence = read_code(
        "evidence",
        concept_extension(observation.extension, "mcode-cancer-disease-status-evidence-type"),
    )
    basis = evidence.value if evidence else None
    if reading is None and absent_reason(observation.data_absent_reason) is None:
        record.output.unknown_code(
            "imaging_assessment", "response", observation.value_codeable_concept
        )
    if basis == "imaging":
        item.used = True
        if reading is not None:
            record.output.code("imaging_assessment", "response", reading.value, reading)
        record.output.row(
            "imaging_assessment",
            item.origin,
            {
                "assess_id": item.key,
                "patient_id": record.patient_id,
                **date_cells("date", date),
                "criteria": "clinical",
                "response": reading.value if reading else None,
                "response_reason": absent_reason(observation.data_absent_reason),
            },
        )
    if reading is not None and reading.value == "PD":
        item.used = True
        record.output.code("disease_event", "type", "progression", reading)
        record.output.row(
            "disease_event",
            item.origin,
            {
                "event_id": item.key,
                "patient_id": record.patient_id,
                **date_cells("date", date),
                "type": "progression",
                "basis": basis,
            },
        )
    if not item.used:
        item.why = "a disease status without progression that does not rest on images"


def _performance(record: Record, item: Item[Observation], kind: Reading) -> None:
    observation = item.resource
    value = _score(observation)
    allowed = range(6) if kind.value == "ecog" else range(101)
    if value is not None and value not in allowed:
        record.problem(
            "score-out-of-range",
            "serious",
            f"The {kind.value.upper()} score is outside {allowed.start} to {allowed.stop - 1}: it "
            "was left empty.",
            item,
            column=kind.value,
            table="performance",
            value=str(value)[:40],
        )
        value = None
    item.used = True
    other = "karnofsky" if kind.value == "ecog" else "ecog"
    record.output.row(
        "performance",
        item.origin,
        {
            "performance_id": item.key,
            "patient_id": record.patient_id,
            **date_cells("date", date_of(record, item)),
            kind.value: value,
            f"{kind.value}_reason": absent_reason(observation.data_absent_reason),
            f"{other}_reason": "not_done",
        },
    )


def _score(observation: Observation) -> int | None:
    if observation.value_integer is not None:
        return observation.value_integer
    quantity = observation.value_quantity
    if quantity is not None and quantity.value is not None and not quantity.comparator:
        return int(quantity.value) if quantity.value == int(quantity.value) else None
    concepts = [observation.value_codeable_concept, *observation.interpretation]
    for concept in concepts:
        reading = read_code("ecog", concept)
        if reading is not None:
            return int(reading.value)
    return None


def _history(record: Record, item: Item[Observation], reading: Reading) -> None:
    """Write past metastatic cancer; the day on which it was told is not its day."""
    code = item.resource.code
    words = organ_by_words(code)
    organ = reading.value or (words.value if words else "")
    organ = "" if organ in ("node", "supraclavicular_ln", "chest_wall") else organ
    item.used = True
    record.output.code("disease_event", "organs", organ, reading)
    record.output.row(
        "disease_event",
        item.origin,
        {
            "event_id": item.key,
            "patient_id": record.patient_id,
            "type": "distant_recurrence",
            "basis": "history",
            "organs": organ or None,
        },
    )
    record.problem(
        "history-without-date",
        "minor",
        "A history of metastatic cancer says not when: the event has no date.",
        item,
        column="date",
        table="disease_event",
        value=label_of(code),
    )


def _comorbidities(record: Record, item: Item[Observation]) -> None:
    """Write what an overview of comorbidities names itself; referenced conditions stand alone."""
    observation = item.resource
    date = date_of(record, item)
    number = 0
    for name, present in (
        ("mcode-related-condition", True),
        ("mcode-related-condition-absent", False),
    ):
        for part in extension(observation.extension, name):
            if part.value_reference is not None:
                record.resolve(part.value_reference, item, f"extension({name})")
                item.used = True
            if part.value_codeable_concept is None:
                continue
            number += 1
            item.used = True
            _comorbidity(
                record, item, f"{item.key}/{number}", part.value_codeable_concept, date, present
            )


def write_comorbidities(record: Record, cancers: Cancers) -> None:
    """Write the conditions of a patient that are no cancer and aren't over."""
    for item in cancers.comorbid:
        condition = item.resource
        states = {coding.code for coding in _codings(condition.clinical_status)}
        if states & set(_OVER):
            item.why = "a condition that is over"
            continue
        if condition.code is None or first_code(condition.code) == (None, None, None):
            item.why = "a condition without a code"
            continue
        item.used = True
        _comorbidity(record, item, item.key, condition.code, _recorded(record, item), present=True)


def _codings(concept: Concept | None) -> Any:
    return concept.coding if concept is not None else ()


def _recorded(record: Record, item: Item[Condition]) -> Partial | None:
    """Return the day on which a condition was recorded, else when it began."""
    condition = item.resource
    stated = extension(condition.extension, "condition-assertedDate")
    asserted = stated[0].value_date_time if stated else None
    period = condition.onset_period
    onset = condition.onset_date_time or (period.start if period else None)
    for text in (condition.recorded_date, asserted, onset):
        found = usable_date(
            text, record.output, item.origin, patient_id=record.patient_id, path="recordedDate"
        )
        if found is not None:
            return found
    return None


def _comorbidity(
    record: Record,
    item: Item[Any],
    key: str,
    concept: Concept,
    date: Partial | None,
    present: bool,
) -> None:
    system, code, display = first_code(concept)
    record.output.row(
        "comorbidity",
        item.origin,
        {
            "comorbidity_id": key,
            "patient_id": record.patient_id,
            **date_cells("date", date),
            "code": code,
            "system": system if system in _SYSTEMS else "local" if code else None,
            "display": display,
            "present": present,
        },
    )
