"""The subset of FHIR R4 resources that the importer understands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from locoreg.registry.mcode.datatypes import (
    Coding,
    Companion,
    Concept,
    Extension,
    Identifier,
    Meta,
    Number,
    Part,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Site,
    Timing,
)


class Resource(BaseModel):
    """What all resources share."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)

    id: str | None = None
    meta: Meta | None = None
    extension: tuple[Extension, ...] = ()


class PatientLink(Part):
    """A link to another record of the same person."""

    type: str
    other: Reference | None = None


class Patient(Resource):
    """CancerPatient. Name, address and numbers are not even read."""

    resource_type: Literal["Patient"]
    active: bool | None = None
    gender: Literal["male", "female", "other", "unknown"] | None = None
    birth_date: str | None = None
    birth_date_note: Annotated[Companion | None, Field(alias="_birthDate")] = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    link: tuple[PatientLink, ...] = ()


class Stage(Part):
    """One stage of a condition."""

    summary: Concept | None = None
    assessment: tuple[Reference, ...] = ()
    type: Concept | None = None


class Evidence(Part):
    """What a condition rests on."""

    code: tuple[Concept, ...] = ()


class Condition(Resource):
    """Primary or secondary cancer, or any other condition."""

    resource_type: Literal["Condition"]
    identifier: tuple[Identifier, ...] = ()
    subject: Reference
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    category: tuple[Concept, ...] = ()
    code: Concept | None = None
    body_site: tuple[Site, ...] = ()
    onset_date_time: str | None = None
    onset_note: Annotated[Companion | None, Field(alias="_onsetDateTime")] = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_string: str | None = None
    onset_range: Range | None = None
    recorded_date: str | None = None
    stage: tuple[Stage, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Component(Part):
    """One part of an observation."""

    code: Concept
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    data_absent_reason: Concept | None = None


class Observation(Resource):
    """Any observation: stage, marker, size, status, performance, variant."""

    resource_type: Literal["Observation"]
    identifier: tuple[Identifier, ...] = ()
    status: Literal[
        "registered",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "cancelled",
        "entered-in-error",
        "unknown",
    ]
    code: Concept
    subject: Reference | None = None
    focus: tuple[Reference, ...] = ()
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    effective_timing: Timing | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    data_absent_reason: Concept | None = None
    interpretation: tuple[Concept, ...] = ()
    method: Concept | None = None
    specimen: Reference | None = None
    has_member: tuple[Reference, ...] = ()
    component: tuple[Component, ...] = ()


class Procedure(Resource):
    """Surgery, radiotherapy course or any other procedure."""

    resource_type: Literal["Procedure"]
    identifier: tuple[Identifier, ...] = ()
    status: Literal[
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    ]
    subject: Reference
    code: Concept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    body_site: tuple[Site, ...] = ()


class DoseAndRate(Part):
    """A dose."""

    dose_quantity: Quantity | None = None


class Dosage(Part):
    """How a drug is taken."""

    timing: Timing | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()


class MedicationRequest(Resource):
    """An order for a drug."""

    resource_type: Literal["MedicationRequest"]
    status: Literal[
        "active",
        "on-hold",
        "cancelled",
        "completed",
        "entered-in-error",
        "stopped",
        "draft",
        "unknown",
    ]
    intent: str
    do_not_perform: bool | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    subject: Reference
    authored_on: str | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    group_identifier: Identifier | None = None
    dosage_instruction: tuple[Dosage, ...] = ()
    status_reason: Concept | None = None


class GivenDose(Part):
    """The dose given."""

    dose: Quantity | None = None


class MedicationAdministration(Resource):
    """A drug that was given."""

    resource_type: Literal["MedicationAdministration"]
    status: Literal[
        "in-progress",
        "not-done",
        "on-hold",
        "completed",
        "entered-in-error",
        "stopped",
        "unknown",
    ]
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    subject: Reference
    effective_date_time: str | None = None
    effective_period: Period | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    request: Reference | None = None
    dosage: GivenDose | None = None


class Medication(Resource):
    """A drug named by a request or administration."""

    resource_type: Literal["Medication"]
    code: Concept | None = None


class BodyStructure(Resource):
    """A tumour with an identity of its own, or a volume that was irradiated."""

    resource_type: Literal["BodyStructure"]
    patient: Reference
    active: bool | None = None
    identifier: tuple[Identifier, ...] = ()
    morphology: Concept | None = None
    location: Concept | None = None
    location_qualifier: tuple[Concept, ...] = ()


class Collection(Part):
    """How a sample was taken."""

    collected_date_time: str | None = None
    collected_period: Period | None = None
    body_site: Site | None = None


class Specimen(Resource):
    """A sample."""

    resource_type: Literal["Specimen"]
    status: Literal["available", "unavailable", "unsatisfactory", "entered-in-error"] | None = None
    subject: Reference | None = None
    identifier: tuple[Identifier, ...] = ()
    collection: Collection | None = None


class Answer(Part):
    """One answer."""

    value_integer: int | None = None
    value_decimal: Number | None = None
    value_string: str | None = None
    value_coding: Coding | None = None


class Item(Part):
    """One item of a questionnaire, or a group of items."""

    link_id: str
    item: tuple[Item, ...] = ()
    answer: tuple[Answer, ...] = ()


class QuestionnaireResponse(Resource):
    """Answers to a questionnaire."""

    resource_type: Literal["QuestionnaireResponse"]
    status: Literal["in-progress", "completed", "amended", "entered-in-error", "stopped"]
    questionnaire: str | None = None
    language: str | None = None
    subject: Reference | None = None
    authored: str | None = None
    item: tuple[Item, ...] = ()


class Other(Resource):
    """A resource that no table takes."""


Known = (
    Patient
    | Condition
    | Observation
    | Procedure
    | MedicationRequest
    | MedicationAdministration
    | Medication
    | BodyStructure
    | Specimen
    | QuestionnaireResponse
)

_ADAPTERS: dict[str, TypeAdapter[Known]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        Patient,
        Condition,
        Observation,
        Procedure,
        MedicationRequest,
        MedicationAdministration,
        Medication,
        BodyStructure,
        Specimen,
        QuestionnaireResponse,
    )
}
KNOWN_TYPES = frozenset(_ADAPTERS)
_OTHER: TypeAdapter[Other] = TypeAdapter(Other)


def parse(resource_type: str, raw: bytes) -> Known:
    """Return a resource of a known type.

    Parameters
    ----------
    resource_type : str
        One of ``KNOWN_TYPES``.
    raw : bytes
        The resource as JSON.

    Raises
    ------
    pydantic.ValidationError
        If it is no valid FHIR R4 as far as it is read: see ``fault``.
    """
    # The validator itself: the adapter's method around it costs as much as a small resource.
    found: Known = _ADAPTERS[resource_type].validator.validate_json(raw)
    return found


def parse_other(raw: bytes) -> Other:
    """Return what is needed of a resource of any other type; see ``parse``."""
    return _OTHER.validate_json(raw)


def fault(error: ValidationError) -> tuple[str, str]:
    """Return path and words of the first fault of a resource."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = ".".join(str(part) for part in first["loc"]) or "the resource"
    return path, first["msg"]
