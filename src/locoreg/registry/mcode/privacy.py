"""What of a resource may be kept: nothing that names a person."""

from __future__ import annotations

import re
from typing import Any

from locoreg.registry.mcode.jsontext import TOO_DEEP, BadJsonError, decode, encode

# Resources that are not kept at all: they name people, or hold free text and scans.
NOT_KEPT = frozenset(
    {
        "Account",
        "Appointment",
        "AppointmentResponse",
        "AuditEvent",
        "Basic",
        "Binary",
        "Claim",
        "ClaimResponse",
        "Communication",
        "CommunicationRequest",
        "Composition",
        "Consent",
        "Contract",
        "Coverage",
        "DocumentManifest",
        "DocumentReference",
        "ExplanationOfBenefit",
        "Media",
        "Person",
        "Practitioner",
        "PractitionerRole",
        "Provenance",
        "RelatedPerson",
    }
)
# What of a Patient is kept; birthDate as its year.
_PATIENT = (
    "resourceType",
    "id",
    "active",
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
)
_PATIENT_EXTENSIONS = (
    "us-core-race",
    "us-core-ethnicity",
    "us-core-birthsex",
    "us-core-sex",
)
_PERSONS = ("Patient", "RelatedPerson", "Person", "Practitioner", "PractitionerRole")
_SUBJECTS = ("subject", "patient", "individual", "beneficiary")
# A text without any of these has nothing to remove.
_SUSPECT = re.compile(
    rb'"div"|"contained"|"contentType"|"FamilyMemberHistory"'
    rb'|"(?:subject|patient|individual|beneficiary)"\s*:\s*\{[^{}]*"(?:display|identifier)"'
    rb'|"reference"\s*:\s*"[^"]*(?:Patient|Person|Practitioner|PractitionerRole)/[^"]*"'
    rb'\s*,\s*"(?:type|display|identifier)"'
    rb'|"(?:display|type)"\s*:\s*"[^"]*"\s*,\s*"reference"\s*:\s*"[^"]*(?:Patient|Person|Practi)'
)


def keepable(raw: bytes, resource_type: str) -> str:
    """Return a resource as JSON without what identifies a person.

    Parameters
    ----------
    raw : bytes
        The resource, JSON that can be decoded.
    resource_type : str
        Its type.

    Returns
    -------
    str
        Of a Patient: id, sex, year of birth, death, race and ethnicity. Of any other resource
        everything but narratives, attachments, contained persons, names of relatives, and names
        and numbers in references to persons.

    Raises
    ------
    BadJsonError
        If it is nested too deep.
    """
    if resource_type == "Patient":
        return encode(_patient(decode(raw))).decode("utf-8")
    if not _SUSPECT.search(raw):
        return raw.decode("utf-8")
    try:
        return encode(_clean(decode(raw))).decode("utf-8")
    except RecursionError:
        raise BadJsonError(TOO_DEEP) from None


def _patient(resource: dict[str, Any]) -> dict[str, Any]:
    kept = {name: resource[name] for name in _PATIENT if name in resource}
    if "birthDate" in kept:
        kept["birthDate"] = str(kept["birthDate"])[:4]
    extensions = resource.get("extension")
    shown = [
        extension
        for extension in (extensions if isinstance(extensions, list) else [])
        if isinstance(extension, dict) and str(extension.get("url")).endswith(_PATIENT_EXTENSIONS)
    ]
    return {**kept, "extension": shown} if shown else kept


def _clean(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_clean(part, name) for part in value]
    if not isinstance(value, dict):
        return value
    if name == "contained":
        if value.get("resourceType") == "Patient":
            return _patient(value)
        if value.get("resourceType") in NOT_KEPT:
            return {key: value[key] for key in ("resourceType", "id") if key in value}
    hidden = _hidden(value, name)
    return {key: _clean(part, key) for key, part in value.items() if key not in hidden}


def _hidden(value: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return the elements of an object that are left out."""
    if "contentType" in value:
        # An attachment: a scan or a letter.
        return ("data", "url", "title")
    hidden: tuple[str, ...] = ()
    if value.get("resourceType") == "FamilyMemberHistory":
        hidden = ("name", "bornDate", "bornPeriod")
    narrative = value.get("text")
    if isinstance(narrative, dict) and "div" in narrative:
        return ("text", *hidden)
    reference = value.get("reference")
    target = reference if isinstance(reference, str) else ""
    person = any(f"{kind}/" in target for kind in _PERSONS) or value.get("type") in _PERSONS
    if person or name in _SUBJECTS:
        return ("display", "identifier")
    return hidden
