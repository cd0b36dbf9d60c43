"""Surgery, ablation and radiotherapy: the table ``local_therapy``."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from locoreg.registry.mcode.codes import Reading, first_code, has_code, read_code, words_of
from locoreg.registry.mcode.conditions import Cancers, concept_kind
from locoreg.registry.mcode.contradictions import concept_side, side_of_primary
from locoreg.registry.mcode.datatypes import Concept, Extension, Quantity
from locoreg.registry.mcode.lesions import Lesion, lesion_in
from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.partialdates import Partial
from locoreg.registry.mcode.procedurewords import is_breast_surgery, treatment_by_words
from locoreg.registry.mcode.record import (
    Item,
    Record,
    concept_extension,
    extension,
    has_profile,
)
from locoreg.registry.mcode.resources import BodyStructure, Condition, Procedure
from locoreg.registry.mcode.sites import (
    NOWHERE,
    Place,
    metastasis_place,
    qualifier_side,
    site_place,
)

_ABLATIONS = (
    (re.compile(r"radiofrequency|radio-frequency"), "rfa"),
    (re.compile(r"microwave"), "microwave"),
    (re.compile(r"cryo"), "cryo"),
)
_STEREOTACTIC = re.compile(
    r"stereotactic (body|ablative|radiosurgery|radiotherapy)|\bsbrt\b|\bsabr\b"
)
_NOT_DONE = {"not-done": "not done", "preparation": "planned only", "on-hold": "on hold"}
_INTENT = {"curative": "ablative", "palliative": "palliative", "diagnostic": "diagnostic"}
_MOST_FRACTIONS = 200


class Target(NamedTuple):
    """What was treated."""

    target: str | None
    organ: str | None
    side: str | None
    lesion_id: str | None
    tumour_id: str | None


class Volume(NamedTuple):
    """One volume that was irradiated."""

    place: Place
    dose_gy: float | None
    fractions: int | None


def write_local_therapies(record: Record, cancers: Cancers, lesions: list[Lesion]) -> None:
    """Write surgery, ablation and radiotherapy of the breast cancer; other procedures are left."""
    for item in record.procedures:
        procedure = item.resource
        kind = _kind(procedure) or _kind_by_words(record, cancers, item)
        if not kind:
            item.why = item.why or "no local treatment of cancer"
        elif procedure.status in _NOT_DONE:
            item.why = f"a treatment that is {_NOT_DONE[procedure.status]}"
        elif _of_another(record, cancers, item):
            item.why = "a treatment of another primary"
        else:
            _write(record, cancers, lesions, item, kind)


def _kind(procedure: Procedure) -> str:
    """Return the modality as coded, empty if it is no local treatment of cancer."""
    words = " ".join(words_of(procedure.code)).lower()
    radiotherapy = has_code("radiotherapy", procedure.code) or any(
        has_profile(procedure, name)
        for name in ("radiotherapy-course-summary", "cancer-related-radiation-procedure")
    )
    if _STEREOTACTIC.search(words) and "biopsy" not in words:
        return "sabr"
    if radiotherapy:
        return "rt_unspecified"
    for pattern, modality in _ABLATIONS:
        if pattern.search(words) and ("ablation" in words or modality == "cryo"):
            return modality
    return "surgery" if has_profile(procedure, "cancer-related-surgical-procedure") else ""


def _kind_by_words(record: Record, cancers: Cancers, item: Item[Procedure]) -> str:
    """Return surgery or radiotherapy by its words, where it is said to be of the breast cancer."""
    words = " ".join(words_of(item.resource.code)).lower()
    kind = treatment_by_words(words)
    if not kind:
        return ""
    kinds = {cancers.kinds.get(reason.key, "none") for reason in _reasons(record, item)}
    kinds |= {concept_kind(code) for code in item.resource.reason_code}
    ours = bool(kinds & {"breast", "secondary", "cancer"})
    if not kinds:
        ours = is_breast_surgery(words) if kind == "surgery" else not cancers.others
    if not ours:
        item.why = "a treatment that is not said to be of the breast cancer"
    return kind if ours else ""


def _reasons(record: Record, item: Item[Procedure]) -> list[Item[Condition]]:
    found = [
        record.resolve(reference, item, "reasonReference")
        for reference in item.resource.reason_reference
    ]
    return [f for f in found if f is not None and isinstance(f.resource, Condition)]


def _of_another(record: Record, cancers: Cancers, item: Item[Procedure]) -> bool:
    reasons = _reasons(record, item)
    kinds = {cancers.kinds.get(reason.key, "none") for reason in reasons}
    kinds |= {concept_kind(code) for code in item.resource.reason_code}
    return "other" in kinds and not kinds & {"breast", "secondary"}


def _write(
    record: Record,
    cancers: Cancers,
    lesions: list[Lesion],
    item: Item[Procedure],
    modality: str,
) -> None:
    item.used = True
    procedure = item.resource
    volumes = _volumes(record, item) if modality in ("rt_unspecified", "sabr") else []
    sites = [site_place(site) for site in procedure.body_site]
    sites = sites or [_place_by_words(record, item)]
    parts = volumes or [Volume(place, None, None) for place in sites]
    system, code, display = first_code(procedure.code)
    record.output.code(
        "local_therapy",
        "modality",
        modality,
        Reading("", "", system, code, display, "mcode-codes-1"),
    )
    start, end = _period(record, item)
    intent = _intent(record, procedure)
    if procedure.status in ("unknown", "stopped"):
        record.problem(
            f"treatment-{procedure.status}",
            "minor",
            f"The status of the treatment is {procedure.status}: it may not have been completed.",
            item,
            table="local_therapy",
        )
    for number, part in enumerate(parts, start=1):
        target = _target(record, cancers, lesions, item, part.place)
        record.output.row(
            "local_therapy",
            item.origin,
            {
                "lt_id": item.key if len(parts) == 1 else f"{item.key}/{number}",
                "patient_id": record.patient_id,
                **date_cells("start_date", start),
                **date_cells("end_date", end),
                "target": target.target,
                "lesion_id": target.lesion_id,
                "tumour_id": target.tumour_id,
                "organ": target.organ,
                "laterality": target.side,
                "modality": modality,
                "procedure_code": code,
                "procedure_system": system,
                "intent": intent,
                "approach": _approach(procedure),
                "dose_gy": part.dose_gy,
                "fractions": part.fractions,
                **_not_applicable(modality),
            },
        )


def _place_by_words(record: Record, item: Item[Procedure]) -> Place:
    """Return what the words of the code name, unless the reason names a metastasis."""
    kinds = {concept_kind(reason.resource.code) for reason in _reasons(record, item)}
    kinds |= {concept_kind(code) for code in item.resource.reason_code}
    return NOWHERE if "secondary" in kinds else site_place(item.resource.code)


def _intent(record: Record, procedure: Procedure) -> str | None:
    reading = read_code("intent", concept_extension(procedure.extension, "mcode-procedure-intent"))
    if reading is None:
        return None
    intent = _INTENT.get(reading.value)
    record.output.code("local_therapy", "intent", intent, reading)
    return intent


def _not_applicable(modality: str) -> dict[str, Any]:
    if modality in ("rt_unspecified", "sabr"):
        return {"margin_reason": "not_applicable", "closest_margin_mm_reason": "not_applicable"}
    return {"dose_gy_reason": "not_applicable", "fractions_reason": "not_applicable"}


def _period(record: Record, item: Item[Procedure]) -> tuple[Partial | None, Partial | None]:
    procedure = item.resource
    period = procedure.performed_period
    start = procedure.performed_date_time or (period.start if period else None)
    end = procedure.performed_date_time or (period.end if period else None)

    def read(text: str | None) -> Partial | None:
        return usable_date(
            text, record.output, item.origin, patient_id=record.patient_id, path="performed"
        )

    first = read(start)
    return first, first if start == end else read(end)


def _target(
    record: Record,
    cancers: Cancers,
    lesions: list[Lesion],
    item: Item[Procedure],
    place: Place,
) -> Target:
    """Return what was treated: by the site, else by the reason."""
    reasons = _reasons(record, item)
    primary = _primary(cancers, reasons, item, place)
    side = place.side or None
    if place.organ in ("breast", "chest_wall"):
        return Target("primary", "breast", side, None, primary)
    if place.organ in ("regional_ln", "supraclavicular_ln"):
        return Target("regional_nodes", "regional_ln", side, None, None)
    named = [lesion for lesion in lesions if any(r.key in lesion.members for r in reasons)]
    if place.organ in ("node", "distant_ln") and not _nodes_involved(lesions, item, named):
        return Target(None, place.canonical, side, None, None)
    if place.organ:
        here = [lesion for lesion in named if lesion.place.canonical == place.canonical]
        lesion = here[0] if len(here) == 1 else lesion_in(lesions, place.canonical)
        key = lesion.lesion_id if lesion else None
        return Target("lesion", place.canonical, side, key, None)
    if len(named) == 1:
        where = named[0].place
        return Target("lesion", where.canonical, where.side or None, named[0].lesion_id, None)
    organs = [
        metastasis_place(code)
        for code in item.resource.reason_code
        if concept_kind(code) == "secondary"
    ]
    if named or organs:
        organ = organs[0].canonical if len(organs) == 1 else None
        lesion = lesion_in(lesions, organ)
        return Target("lesion", organ, None, lesion.lesion_id if lesion else None, None)
    return Target(None, None, side, None, None)


def _nodes_involved(lesions: list[Lesion], item: Item[Procedure], named: list[Lesion]) -> bool:
    """Whether nodes beyond the regional ones are known to be a metastasis, or are the reason."""
    known = any(lesion.place.canonical == "distant_ln" for lesion in lesions)
    reasons = {concept_kind(code) for code in item.resource.reason_code}
    return known or bool(named) or "secondary" in reasons


def _primary(
    cancers: Cancers, reasons: list[Item[Condition]], item: Item[Procedure], place: Place
) -> str | None:
    """Return the key of the primary that was treated, if it can be told."""
    named = [reason.key for reason in reasons if reason in cancers.breast]
    if len(named) == 1:
        return named[0]
    sides = {concept_side(code) for code in item.resource.reason_code} | {place.side}
    sides = {side for side in sides if side}
    if len(sides) == 1:
        (side,) = sides
        here = [p.key for p in cancers.breast if side_of_primary(p) == side]
        return here[0] if len(here) == 1 else None
    return cancers.breast[0].key if not sides and len(cancers.breast) == 1 else None


def _volumes(record: Record, item: Item[Procedure]) -> list[Volume]:
    out = []
    for part in extension(item.resource.extension, "mcode-radiotherapy-dose-delivered-to-volume"):
        references = [e.value_reference for e in extension(part.extension, "volume")]
        found = record.resolve(references[0], item, "volume") if references else None
        doses = [e.value_quantity for e in extension(part.extension, "totalDoseDelivered")]
        fractions = [e.value_unsigned_int for e in extension(part.extension, "fractionsDelivered")]
        out.append(
            Volume(
                _volume_place(found),
                _gray(record, item, doses[0] if doses else None),
                _fractions(record, item, fractions[0] if fractions else None),
            )
        )
    return out


def _volume_place(volume: Item[Any] | None) -> Place:
    if volume is None or not isinstance(volume.resource, BodyStructure):
        return NOWHERE
    volume.used = True
    place = site_place(volume.resource.location)
    side = qualifier_side(volume.resource.location_qualifier)
    return place._replace(side=side or place.side)


def _gray(record: Record, item: Item[Procedure], quantity: Quantity | None) -> float | None:
    if quantity is None or quantity.value is None:
        return None
    unit = quantity.code or quantity.unit
    divisor = {"cGy": 100.0, "Gy": 1.0}.get(unit or "")
    if divisor is None or quantity.comparator or quantity.value < 0:
        record.problem(
            "dose-not-usable",
            "serious",
            "The dose is not in cGy or Gy, or is a limit: it was left empty.",
            item,
            column="dose_gy",
            table="local_therapy",
            value=f"{quantity.comparator or ''}{quantity.value:g} {unit or 'without unit'}",
        )
        return None
    return quantity.value / divisor


def _fractions(record: Record, item: Item[Procedure], count: int | None) -> int | None:
    if count is None or 0 < count <= _MOST_FRACTIONS:
        return count
    record.problem(
        "fractions-not-usable",
        "serious",
        f"The number of fractions is not from 1 to {_MOST_FRACTIONS}: it was left empty.",
        item,
        column="fractions",
        table="local_therapy",
        value=str(count)[:40],
    )
    return None


def _approach(procedure: Procedure) -> str | None:
    """Return external beam or brachytherapy, where all modalities agree."""
    concepts: list[Concept | None] = [
        concept_extension(part.extension, "mcode-radiotherapy-modality")
        for part in _modalities(procedure)
    ]
    readings = [read_code("approach", concept) for concept in concepts if concept is not None]
    found = {reading.value if reading else "" for reading in readings}
    return found.pop() if len(found) == 1 and "" not in found else None


def _modalities(procedure: Procedure) -> list[Extension]:
    return extension(procedure.extension, "mcode-radiotherapy-modality-and-technique")
