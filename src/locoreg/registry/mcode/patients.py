"""The table ``patient``."""

from __future__ import annotations

from locoreg.registry.mcode.datatypes import Companion
from locoreg.registry.mcode.genes import Germline
from locoreg.registry.mcode.output import date_cells, usable_date
from locoreg.registry.mcode.partialdates import read_date
from locoreg.registry.mcode.record import Record, absent_extension, extension
from locoreg.registry.mcode.resources import Patient


def write_patient(record: Record, site: str | None, germline: Germline) -> None:
    """Write the row of the patient."""
    item = record.patient
    patient = item.resource
    sex, sex_reason = _sex(record, patient)
    birth = read_date(patient.birth_date or "")
    if birth is None and patient.birth_date is not None:
        # The text is not repeated: a day of birth never enters the registry.
        record.problem(
            "unusable-date",
            "serious",
            "birthDate is no date of FHIR (1970, 1970-05 or 1970-05-30); it was left empty.",
            item,
            column="birth_year",
            table="patient",
        )
    dead = patient.deceased_date_time is not None or patient.deceased_boolean is True
    death = usable_date(
        patient.deceased_date_time,
        record.output,
        item.origin,
        patient_id=record.patient_id,
        path="deceasedDateTime",
    )
    alive = patient.deceased_boolean is False
    record.output.row(
        "patient",
        item.origin,
        {
            "patient_id": record.patient_id,
            "site_id": site,
            "sex": sex,
            "sex_reason": sex_reason,
            "birth_year": birth.day.year if birth else None,
            "birth_year_reason": _note_reason(patient.birth_date_note),
            "brca1_germline": germline.get("BRCA1"),
            "brca2_germline": germline.get("BRCA2"),
            "vital_status": "dead" if dead else "alive" if alive else None,
            **date_cells("death_date", death, None if dead else "not_applicable"),
            "death_cause": None,
            "death_cause_reason": None if dead else "not_applicable",
        },
    )
    _notes(record, patient)


def _sex(record: Record, patient: Patient) -> tuple[str | None, str | None]:
    if patient.gender in ("male", "female", "other"):
        return patient.gender, None
    stated = [part.value_code for part in extension(patient.extension, "us-core-birthsex")]
    read = {"F": "female", "M": "male"}.get(str(stated[0])) if stated else None
    if read is not None:
        record.problem(
            "sex-at-birth-used",
            "minor",
            "There is no gender; the sex at birth was taken.",
            record.patient,
            column="sex",
            table="patient",
            value=read,
        )
    return read, None if read else "not_recorded"


def _note_reason(note: Companion | None) -> str | None:
    return absent_extension(note.extension) if note is not None else None


def _notes(record: Record, patient: Patient) -> None:
    if patient.active is False or any(link.type == "replaced-by" for link in patient.link):
        record.problem(
            "patient-replaced",
            "serious",
            "The patient's record is inactive or was replaced by another: the same person may be "
            "in the registry twice.",
            record.patient,
        )
    labels = [*(patient.meta.security if patient.meta else ())]
    labels += [*(patient.meta.tag if patient.meta else ())]
    if any(label.code == "HTEST" for label in labels):
        record.problem(
            "test-patient",
            "serious",
            "The patient is marked as test data (HTEST).",
            record.patient,
        )
