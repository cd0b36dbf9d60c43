"""Read FHIR files in two passes: whose each resource is, then one patient after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.openfiles import fingerprint_of, open_inputs
from locoreg.registry.intake.sink import Sink
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mcode.build import build_record
from locoreg.registry.mcode.codes import VERSION
from locoreg.registry.mcode.conditions import Cancers, sort_conditions
from locoreg.registry.mcode.contradictions import raise_contradictions
from locoreg.registry.mcode.documents import LINES, read_documents
from locoreg.registry.mcode.enrolment import RULE, Verdict, judge
from locoreg.registry.mcode.genes import germline_of, read_variants, write_variants
from locoreg.registry.mcode.intake import Intake
from locoreg.registry.mcode.lesions import find_lesions, write_lesions, write_measurements
from locoreg.registry.mcode.local import write_local_therapies
from locoreg.registry.mcode.markers import write_markers
from locoreg.registry.mcode.observations import write_comorbidities, write_observations
from locoreg.registry.mcode.output import Origin, Output
from locoreg.registry.mcode.patients import write_patient
from locoreg.registry.mcode.questionnaires import write_answers
from locoreg.registry.mcode.record import Item, Record, keep_raw
from locoreg.registry.mcode.sizes import read_sizes
from locoreg.registry.mcode.spool import Spool, Spooled
from locoreg.registry.mcode.staging import Stages, read_stages
from locoreg.registry.mcode.systemic import write_drugs
from locoreg.registry.mcode.tumours import write_tumours

SUFFIXES = (".json", *LINES)
# Observations and conditions that no mapper took, and resources that only others point to.
_LEFT = {
    "Observation": "an observation whose code no table takes",
    "Condition": "a cancer that isn't confirmed",
    "Specimen": "read for what was sampled",
    "BodyStructure": "read for where a tumour or volume is",
}


def fingerprint(locations: Sequence[str], options: SourceOptions) -> str:
    """Return a hash of the files, the site, and the versions of codes and enrolment rule."""
    _refuse(options)
    extra = f"{VERSION}|{RULE}|{options.site}|{options.system}"
    return fingerprint_of(locations, b"mcode", extra.encode())


def _refuse(options: SourceOptions) -> None:
    if options.map is not None or options.dictionary is not None:
        raise DesignError(
            "the source mcode takes no map and no dictionary.", hint="leave them out."
        )


def read(locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
    """Read bundles and newline-delimited resources and deliver the enrolled patients.

    Parameters
    ----------
    locations : sequence of str
        Files (``.json``, ``.ndjson``, ``.jsonl``, also ``.gz``), archives (``.zip``), folders.
    sink : Sink
        Where rows, problems and counts go.
    options : SourceOptions
        Site of the patients.

    Raises
    ------
    DataError
        If a file as a whole is no FHIR JSON, or there is no resource in any of them.
    DesignError
        If a map or a dictionary is given.
    """
    _refuse(options)
    output = Output(sink)
    spool = Spool()
    try:
        intake = Intake(output, spool)
        # Other files lie beside the data in folders and archives; a file that is named is read.
        many = [p for p in locations if Path(p).is_dir() or p.lower().endswith(".zip")]
        named = [place for place in locations if place not in many]
        for places, suffixes in ((named, None), (many, SUFFIXES)):
            for file in open_inputs(places, suffixes=suffixes):
                intake.begin(file.name)
                read_documents(file, intake)
        if not intake.total:
            raise DataError(
                "there is no FHIR resource in these files.",
                hint="give bundles or resources as .json, or one resource per line as .ndjson.",
            )
        intake.missing_pages()
        numbers = intake.patient_numbers()
        for patient, spooled in spool.by_patient(numbers):
            if patient < 0:
                _nobody(spooled, intake, output)
            else:
                _one_patient(spooled, intake, output, options.site)
        output.flush()
    finally:
        spool.close()


def _nobody(spooled: Sequence[Spooled], intake: Intake, output: Output) -> None:
    """Set resources aside whose patient isn't among the resources."""
    for one in spooled:
        origin = Origin(intake.files[one.file], one.row)
        output.aside("the patient that it names is not in these files", origin, path="subject")
        output.problem(
            "broken-reference",
            "serious",
            f"A {one.kind} names a patient that is not in these files: it was set aside. Import "
            "it together with the Patient resource.",
            origin,
            about=("", None, "subject"),
        )


def _one_patient(
    spooled: Sequence[Spooled], intake: Intake, output: Output, site: str | None
) -> None:
    record = build_record(spooled, intake.files, output, intake.medications, intake.gone)
    if record is None:
        return
    cancers = sort_conditions(record)
    stages = read_stages(record, cancers)
    verdict = judge(record, cancers, stages)
    if cancers.breast or cancers.unsure:
        raise_contradictions(record, cancers, stages)
    if verdict.enrolled:
        _write(record, cancers, stages, site)
    else:
        _leave(record, verdict)


def _leave(record: Record, verdict: Verdict) -> None:
    """Name a patient who is not enrolled, and count all that belongs to them."""
    files: Counter[str] = Counter(item.origin.file for item in record.items())
    files[record.patient.origin.file] += 1
    for file, count in files.items():
        record.output.unused(file, verdict.reason, count)
    seen = "; ".join(dict.fromkeys(verdict.seen)) or "nothing on metastasis"
    record.problem(
        "not-enrolled",
        "note",
        f"{verdict.reason[0].upper()}{verdict.reason[1:]}. Found: {seen}.",
        record.patient,
        table="patient",
        value=verdict.reason.partition(": ")[2],
    )


def _write(record: Record, cancers: Cancers, stages: Stages, site: str | None) -> None:
    variants = read_variants(record)
    sizes = read_sizes(record)
    lesions = find_lesions(record, cancers)
    write_patient(record, site, germline_of(record, variants))
    write_tumours(record, cancers, stages, sizes)
    write_lesions(record, cancers, lesions)
    write_measurements(record, lesions, sizes)
    if not lesions:
        record.problem(
            "metastasis-without-site",
            "minor",
            "Metastasis is only known from stage or history: there is no lesion and no site.",
            record.patient,
            table="lesion",
        )
    write_markers(record, cancers, lesions)
    write_variants(record, cancers, variants)
    write_local_therapies(record, cancers, lesions)
    write_drugs(record, cancers)
    write_observations(record, cancers)
    write_comorbidities(record, cancers)
    write_answers(record)
    _preliminary(record)
    keep_raw(record, record.patient)
    for item in record.items():
        keep_raw(record, item)
        _count_left(record, item)


def _preliminary(record: Record) -> None:
    for item in record.observations:
        if item.used and item.resource.status in ("preliminary", "unknown"):
            record.problem(
                "result-not-final",
                "minor",
                f"The status of the observation is {item.resource.status}: it was used, and may "
                "change.",
                item,
                column="status",
                value=item.resource.status,
            )


def _count_left(record: Record, item: Item[Any]) -> None:
    if item.used:
        return
    why = item.why or _LEFT.get(item.kind, "no table takes it")
    record.output.unused(item.origin.file, f"{item.kind}: {why}; kept as received")
