"""The tables ``lesion``, ``imaging_assessment`` and ``lesion_measurement``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from locoreg.registry.mcode.codes import read_code
from locoreg.registry.mcode.conditions import Cancers, disease_of, origin_of, tumours_of
from locoreg.registry.mcode.contradictions import side_of_primary
from locoreg.registry.mcode.enrolment import place_of
from locoreg.registry.mcode.output import date_cells
from locoreg.registry.mcode.record import Item, Record, has_profile
from locoreg.registry.mcode.resources import BodyStructure, Condition
from locoreg.registry.mcode.sites import Place, qualifier_side, site_place
from locoreg.registry.mcode.sizes import Size
from locoreg.registry.mcode.tumours import onset_cells

_MODALITIES = ("CT", "MRI", "US", "xray", "other")


@dataclass(slots=True, eq=False)
class Lesion:
    """One lesion, or all metastases of an organ where they have no identity of their own.

    Attributes
    ----------
    lesion_id : str
        Key.
    place : Place
        Where it is.
    condition : Item or None
        The metastasis as a condition.
    members : set of str
        Keys of the resources that mean it.
    """

    lesion_id: str
    place: Place
    condition: Item[Condition] | None
    members: set[str] = field(default_factory=set)


def find_lesions(record: Record, cancers: Cancers) -> list[Lesion]:
    """Return the lesions of a patient: body structures where there are any, else conditions."""
    lesions: list[Lesion] = []
    mine: dict[str, list[Item[BodyStructure]]] = {}
    for structure in record.structures:
        disease = disease_of(record, structure)
        if disease is not None:
            mine.setdefault(disease.key, []).append(structure)
        elif _is_metastasis(structure):
            mine.setdefault("", []).append(structure)
    for item in cancers.secondaries:
        if origin_of(record, cancers, item) == "other":
            item.why = "a metastasis of another primary"
            continue
        place = place_of(item.resource)
        structures = mine.get(item.key, [])
        if structures:
            lesions += _by_structures(record, structures, item, place)
        else:
            lesions.append(Lesion(item.key, place, item, {item.key}))
    lesions += _by_structures(record, mine.get("", []), None, None)
    return lesions


def _is_metastasis(structure: Item[BodyStructure]) -> bool:
    """Whether a structure that no condition explains is a tumour outside breast and chest wall."""
    resource = structure.resource
    if has_profile(resource, "radiotherapy-volume"):
        return False
    tumour = has_profile(resource, "tumor") or resource.morphology is not None
    place = site_place(resource.location)
    return tumour and place.organ not in ("", "breast", "chest_wall")


def _by_structures(
    record: Record,
    structures: list[Item[BodyStructure]],
    condition: Item[Condition] | None,
    place: Place | None,
) -> list[Lesion]:
    by_id: dict[str, Lesion] = {}
    for structure in structures:
        identity = _identity(record, structure)
        lesion = by_id.get(identity)
        if lesion is None:
            own = _place(structure)
            where = own if own.organ or place is None else place._replace(side=own.side)
            lesion = by_id[identity] = Lesion(identity, where, condition)
            if condition is not None:
                lesion.members.add(condition.key)
        lesion.members.add(structure.key)
        structure.used = True
        if condition is None:
            record.problem(
                "tumour-without-condition",
                "minor",
                "No condition says what this tumour is; it was read as a metastasis.",
                structure,
                table="lesion",
                value=lesion.place.organ,
            )
    return list(by_id.values())


def _identity(record: Record, structure: Item[BodyStructure]) -> str:
    """Return the identifier that stays with a tumour, else the id of the resource."""
    for identifier in structure.resource.identifier:
        if identifier.value:
            return f"{record.patient_id}/{identifier.system or ''}|{identifier.value}"
    return structure.key


def _place(structure: Item[BodyStructure]) -> Place:
    place = site_place(structure.resource.location)
    side = qualifier_side(structure.resource.location_qualifier)
    return place._replace(side=side or place.side)


def write_lesions(record: Record, cancers: Cancers, lesions: list[Lesion]) -> None:
    """Write one row per lesion."""
    sides = {side_of_primary(item) for item in cancers.breast}
    for lesion in lesions:
        holder: Item[Any] | None = lesion.condition
        if holder is None:
            holder = next(s for s in record.structures if s.key in lesion.members)
        holder.used = True
        organ = lesion.place.canonical
        side = lesion.place.side or None
        if organ == "breast" and side in ("left", "right") and sides == {_other(side)}:
            organ = "contralateral_breast"
            record.problem(
                "contralateral-breast",
                "serious",
                "The metastasis is in the other breast: it may be a second primary.",
                holder,
                column="organ",
                table="lesion",
            )
        _count_code(record, lesion, organ)
        onset = onset_cells(record, lesion.condition, "first_seen_date") if lesion.condition else {}
        record.output.row(
            "lesion",
            holder.origin,
            {
                "lesion_id": lesion.lesion_id,
                "patient_id": record.patient_id,
                "organ": organ,
                "snomed_body_site": _snomed(lesion),
                "laterality": side,
                **onset,
                "biopsied": _biopsied(lesion.condition),
                "is_regional": {"regional": True, "distant": False}.get(lesion.place.region)
                if organ != "contralateral_breast"
                else None,
            },
        )


def _other(side: str) -> str:
    return {"left": "right", "right": "left"}[side]


def _count_code(record: Record, lesion: Lesion, organ: str | None) -> None:
    if lesion.place.reading is not None:
        record.output.code("lesion", "organ", organ, lesion.place.reading)
    elif lesion.condition is not None:
        record.output.unknown_code("lesion", "organ", lesion.condition.resource.code)


def _snomed(lesion: Lesion) -> str | None:
    """Return the SNOMED CT code of the body site; the code of a disease is none."""
    reading = lesion.place.reading
    sites = lesion.condition.resource.body_site if lesion.condition else ()
    codes = [found for site in sites if (found := read_code("site", site)) is not None]
    if codes:
        return codes[0].code
    structure = len(lesion.members) > (lesion.condition is not None)
    return reading.code if structure and reading and reading.system == "SNOMED" else None


def _biopsied(condition: Item[Condition] | None) -> bool | None:
    """Return True where tissue or cells are named as evidence; else it isn't known."""
    if condition is None:
        return None
    readings = [
        read_code("evidence", code) for part in condition.resource.evidence for code in part.code
    ]
    return True if any(r is not None and r.value == "pathology" for r in readings) else None


def write_measurements(record: Record, lesions: list[Lesion], sizes: list[Size]) -> None:
    """Write measurements of lesions, and one assessment per day and modality."""
    seen: set[str] = set()
    for size in sizes:
        lesion = _measured(record, size, lesions)
        if lesion is None:
            continue
        if size.method in ("pathology", "clinical"):
            size.item.why = "the size of a metastasis that was not measured on an image"
            continue
        size.item.used = True
        modality = size.method if size.method in _MODALITIES else None
        day = f"{size.date.day}/{size.date.precision}" if size.date else size.item.key
        assess_id = f"{record.patient_id}/{day}/{modality or 'unstated'}"
        if assess_id not in seen:
            seen.add(assess_id)
            record.output.row(
                "imaging_assessment",
                size.item.origin,
                {
                    "assess_id": assess_id,
                    "patient_id": record.patient_id,
                    **date_cells("date", size.date),
                    "modality": modality,
                },
            )
        record.output.row(
            "lesion_measurement",
            size.item.origin,
            {
                "measurement_id": size.item.key,
                "patient_id": record.patient_id,
                "assess_id": assess_id,
                "lesion_id": lesion.lesion_id,
                "longest_mm": size.longest_mm,
                "longest_mm_reason": size.reason,
            },
        )


def _measured(record: Record, size: Size, lesions: list[Lesion]) -> Lesion | None:
    if size.target is None:
        return None
    keys = {size.target.key, *(s.key for s in tumours_of(record, size.target))}
    return next((lesion for lesion in lesions if lesion.members & keys), None)


def lesion_in(lesions: list[Lesion], organ: str | None) -> Lesion | None:
    """Return the only lesion of an organ, None if there are none or several."""
    found = [lesion for lesion in lesions if organ and lesion.place.canonical == organ]
    return found[0] if len(found) == 1 else None
