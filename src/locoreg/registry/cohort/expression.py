"""The patient-level query: first metastasis, first local therapy after it, sites, death."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.cohort.dates import days_apart, latest, rank
from locoreg.registry.cohort.question import CourseQuestion
from locoreg.registry.definitions import NOT_DISTANT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from locoreg.registry.engines.engine import Engine

BASES = ("lesion", "distant_recurrence", "m1_at_diagnosis", "imaging")
# A key orders by date, then precision, then basis: min() of one number per patient finds the
# first of all three, which is cheaper on every engine than sorting each patient's rows.
KEY_STEP = 16
KEY_PRECISION = 4
DAY_ZERO = (1, 1, 1)
PATIENT_DATES = {
    "entry": "entry_date",
    "death": "death_date",
    "last_contact": "last_contact_date",
}


def course_expression(engine: Engine, question: CourseQuestion) -> ir.Table:
    """Return the query, one row per patient with a sign of distant metastasis.

    Parameters
    ----------
    engine : Engine
        Gives the tables.
    question : CourseQuestion
        Windows.

    Returns
    -------
    ibis.Table
        In order of ``patient_id``. ``in_patient_table`` is null for patients whom the patient
        table lacks.
    """
    first = first_metastasis(engine)
    patient = engine.table("patient")
    dates = [part for name in PATIENT_DATES.values() for part in (name, f"{name}_precision")]
    patient = patient.select("patient_id", "site_id", "vital_status", *dates, in_patient_table=True)
    sites = _sites(engine, first, question)
    therapy = _first_therapy(engine, first, question)
    joined = (
        first.left_join(patient, "patient_id")
        .left_join(sites, "patient_id", rname="sites_{name}")
        .left_join(therapy, "patient_id", rname="therapy_{name}")
    )
    columns = {
        "patient_id": joined.patient_id,
        "site_id": joined.site_id,
        "metastasis_date": joined.metastasis_date,
        "metastasis_date_precision": joined.metastasis_date_precision,
        "metastasis_basis": joined.metastasis_basis,
        "n_sites_min": joined.n_sites_min,
        "n_sites_max": joined.n_sites_max,
        **{name: joined[name] for name in THERAPY_COLUMNS},
    }
    for name, column in PATIENT_DATES.items():
        date, precision = joined[column], joined[f"{column}_precision"]
        least, most = days_apart(engine, date, precision, joined)
        columns |= {
            column: date,
            f"{column}_precision": precision,
            f"{name}_days_min": least,
            f"{name}_days_max": most,
        }
    columns |= {"vital_status": joined.vital_status, "in_patient_table": joined.in_patient_table}
    return joined.select(**columns).order_by("patient_id")


_THERAPY_WORDS = ("target", "modality", "organ")
THERAPY_COLUMNS = (
    "therapy_id",
    "therapy_date",
    "therapy_date_precision",
    "therapy_target",
    "therapy_modality",
    "therapy_organ",
    "therapy_days_min",
    "therapy_days_max",
)


def distant(lesion: ir.Table) -> ir.BooleanValue:
    """Whether a lesion is a distant metastasis: never null.

    A lesion whose organ is unknown is one if it is said not to be regional.
    """
    elsewhere = lesion.organ.notin(NOT_DISTANT).fill_null(~lesion.is_regional).fill_null(False)
    return elsewhere & ~lesion.is_regional.fill_null(False)


def metastatic_at_diagnosis(tumour: ir.Table) -> ir.BooleanValue:
    """Whether a breast primary was metastatic when it was found (M1 or stage IV): never null."""
    breast = tumour.topography.startswith("C50").fill_null(True)
    return breast & (
        tumour.cm.startswith("M1").fill_null(False)
        | tumour.pm.startswith("M1").fill_null(False)
        | tumour.stage_group.startswith("IV").fill_null(False)
    )


def signs_of_metastasis(engine: Engine) -> ir.Table:
    """Return every sign of distant metastasis: patient, date, precision, place in BASES."""
    import ibis

    lesion = engine.table("lesion")
    event = engine.table("disease_event")
    tumour = engine.table("primary_tumour")
    imaging = engine.table("imaging_assessment")
    parts = (
        (lesion.filter(distant(lesion)), "first_seen_date"),
        (event.filter(event.type == "distant_recurrence"), "date"),
        (tumour.filter(metastatic_at_diagnosis(tumour)), "dx_date"),
        (imaging.filter(imaging.n_lesions > 0), "date"),
    )
    return ibis.union(
        *(
            rows.select(
                patient_id=rows.patient_id,
                date=rows[date],
                precision=rank(rows[f"{date}_precision"]),
                basis=ibis.literal(place, "int32"),
            )
            for place, (rows, date) in enumerate(parts)
        )
    )


def first_metastasis(engine: Engine) -> ir.Table:
    """Return each patient's first distant metastasis; its date is null if no sign has one."""
    import ibis

    signs = signs_of_metastasis(engine)
    days = engine.days_between(signs.date, ibis.date(*DAY_ZERO))
    keyed = signs.mutate(key=days * KEY_STEP + signs.precision * KEY_PRECISION + signs.basis)
    first = keyed.group_by("patient_id").agg(metastasis_date=keyed.date.min(), key=keyed.key.min())
    coded = first.mutate(
        basis=first.key % KEY_PRECISION, precision=(first.key % KEY_STEP) // KEY_PRECISION
    )
    date = coded.metastasis_date
    words = coded.precision.cases((0, "day"), (1, "month"), (2, "year"))
    return coded.select(
        patient_id=coded.patient_id,
        metastasis_date=date,
        metastasis_latest=latest(date, words),
        metastasis_date_precision=words,
        metastasis_basis=coded.basis.cases(*enumerate(BASES)),
    )


def _sites(engine: Engine, first: ir.Table, question: CourseQuestion) -> ir.Table:
    lesion = engine.table("lesion")
    seen = (
        lesion.filter(distant(lesion))
        .select("patient_id", "organ", "first_seen_date", "first_seen_date_precision")
        .inner_join(first, "patient_id")
    )
    least, most = days_apart(engine, seen.first_seen_date, seen.first_seen_date_precision, seen)
    window = question.sites_within_days
    counted = seen.group_by("patient_id").agg(
        least=seen.organ.nunique(where=most <= window),
        most=seen.organ.nunique(where=least <= window),
    )
    # No lesion recorded is not the same as no site.
    return counted.filter(counted.most > 0).select(
        "patient_id", n_sites_min=counted.least, n_sites_max=counted.most
    )


def _first_therapy(engine: Engine, first: ir.Table, question: CourseQuestion) -> ir.Table:
    import ibis

    therapy = engine.table("local_therapy")
    given = (
        therapy.filter(counts_as_therapy(therapy, question))
        .select("patient_id", "lt_id", "start_date", "start_date_precision", *_THERAPY_WORDS)
        .inner_join(first, "patient_id")
    )
    least, most = days_apart(engine, given.start_date, given.start_date_precision, given)
    near = given.mutate(therapy_days_min=least, therapy_days_max=most)
    near = near.filter(
        near.therapy_days_max >= 0, near.therapy_days_min <= question.therapy_within_days
    )
    order = [near.start_date, rank(near.start_date_precision), near.lt_id]
    near = near.filter(ibis.row_number().over(group_by=near.patient_id, order_by=order) == 0)
    return near.select(
        patient_id=near.patient_id,
        therapy_id=near.lt_id,
        therapy_date=near.start_date,
        therapy_date_precision=near.start_date_precision,
        therapy_target=near.target,
        therapy_modality=near.modality,
        therapy_organ=near.organ,
        therapy_days_min=near.therapy_days_min,
        therapy_days_max=near.therapy_days_max,
    )


def counts_as_therapy(therapy: ir.Table, question: CourseQuestion) -> ir.BooleanValue:
    """Whether a local treatment is one that is asked for; a biopsy is none. Never null."""
    counts = (therapy.intent != "diagnostic").fill_null(True)
    if question.targets is not None:
        counts = counts & therapy.target.isin(question.targets).fill_null(False)
    if question.modalities is not None:
        counts = counts & therapy.modality.isin(question.modalities).fill_null(False)
    return counts
