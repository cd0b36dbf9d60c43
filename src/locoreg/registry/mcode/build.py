"""Build the record of one patient: parse, leave out what is withdrawn, keep each once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from locoreg.registry.mcode.jsontext import decode
from locoreg.registry.mcode.output import Origin, Output
from locoreg.registry.mcode.record import Item, Record, verification
from locoreg.registry.mcode.resources import (
    KNOWN_TYPES,
    BodyStructure,
    Condition,
    MedicationRequest,
    Resource,
    fault,
    parse,
    parse_other,
)
from locoreg.registry.mcode.spool import Spooled

_STATUS = {
    "entered-in-error": "entered in error",
    "cancelled": "cancelled",
    "draft": "a draft",
    "registered": "registered, without a result",
}


def build_record(
    spooled: Sequence[Spooled],
    files: Sequence[str],
    output: Output,
    medications: dict[str, bytes],
    gone: set[str],
) -> Record | None:
    """Return one patient; None if there is no usable Patient resource.

    Parameters
    ----------
    spooled : sequence of Spooled
        All resources of the patient as received.
    files : sequence of str
        Names of the files.
    output : Output
        Where counts, resources set aside and problems go.
    medications : dict
        Medication resources of the import.
    gone : set of str
        Resources that were deleted.
    """
    withdrawn: dict[str, str] = {}
    kept: dict[str, Item[Any]] = {}
    faulty: list[tuple[Spooled, ValidationError]] = []
    for one in spooled:
        origin = Origin(files[one.file], one.row)
        try:
            resource = parse(one.kind, one.raw) if one.kind in KNOWN_TYPES else parse_other(one.raw)
        except ValidationError as error:
            faulty.append((one, error))
            continue
        item: Item[Any] = Item(
            one.kind, _key(one, resource), resource, one.raw, one.full_url, origin
        )
        why = "deleted by an entry of a bundle" if item.key in gone else _withdrawn(item)
        if why:
            withdrawn[item.key] = why
            output.unused(origin.file, f"{item.kind}: {why}")
            continue
        _keep_one(kept, item, output)
    patients = [item for item in kept.values() if item.kind == "Patient"]
    if not patients:
        _without_patient(spooled, files, faulty, kept, output)
        return None
    record = Record(patients[0], output, medications, withdrawn=withdrawn)
    for item in kept.values():
        if item.kind != "Patient":
            record.take(item)
    for bad, fault_of in faulty:
        set_faulty_aside(bad, fault_of, files, output)
        record.withdrawn[_key(bad, None)] = "it is not valid"
    return record


def set_faulty_aside(
    one: Spooled, error: ValidationError, files: Sequence[str], output: Output
) -> None:
    """Set a resource aside that is no valid FHIR R4, with the path of its first fault."""
    path, words = fault(error)
    general = ".".join(part for part in path.split(".") if not part.isdigit())
    output.aside(
        f"not valid FHIR R4: {one.kind}, {general}: {words[:120]}",
        Origin(files[one.file], one.row),
        path=path,
    )


def _without_patient(
    spooled: Sequence[Spooled],
    files: Sequence[str],
    faulty: list[tuple[Spooled, ValidationError]],
    kept: dict[str, Item[Any]],
    output: Output,
) -> None:
    for one, error in faulty:
        set_faulty_aside(one, error, files, output)
    for item in kept.values():
        output.aside("its Patient resource can't be used", item.origin, path="subject")


def _withdrawn(item: Item[Any]) -> str:
    """Return why a resource must never be used, an empty text if it may."""
    resource = item.resource
    if isinstance(resource, Condition):
        never = {"entered-in-error": "entered in error", "refuted": "refuted"}
        return never.get(verification(resource), "")
    if isinstance(resource, BodyStructure) and resource.active is False:
        return "not active"
    status = getattr(resource, "status", None)
    if isinstance(resource, MedicationRequest) and resource.do_not_perform:
        return "an order not to give the drug"
    return _STATUS.get(status, "") if isinstance(status, str) else ""


def _key(one: Spooled, resource: Resource | None) -> str:
    identity = resource.id if resource is not None else _identity(one.raw)
    if identity:
        return f"{one.kind}/{identity}"
    if one.full_url:
        return f"{one.kind}/{one.full_url.removeprefix('urn:uuid:')}"
    return f"{one.kind}/{hashlib.sha256(one.raw).hexdigest()[:16]}"


def _identity(raw: bytes) -> str | None:
    value = decode(raw).get("id")
    return value if isinstance(value, str) else None


def _keep_one(kept: dict[str, Item[Any]], item: Item[Any], output: Output) -> None:
    """Keep a resource unless it is there; of two versions the newer one."""
    earlier = kept.get(item.key)
    if earlier is None:
        kept[item.key] = item
        return
    if earlier.raw == item.raw or decode(earlier.raw) == decode(item.raw):
        output.unused(item.origin.file, f"{item.kind}: the same resource again")
        return
    before, after = _updated(earlier), _updated(item)
    if before is None or after is None or before == after:
        output.aside("another resource with this type and id came before", item.origin, path="id")
        output.problem(
            "resource-twice",
            "serious",
            f"{item.key} stands twice with different contents and no time of change: the first "
            "one was used.",
            item.origin,
            about=("", item.key, None),
        )
        return
    older = earlier if before < after else item
    output.unused(older.origin.file, f"{older.kind}: an older version of a resource")
    if before < after:
        kept[item.key] = item


def _updated(item: Item[Any]) -> datetime | None:
    text = item.resource.meta.last_updated if item.resource.meta else None
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
