"""Ask a registry for its patients' courses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from locoreg.registry.cohort.expression import (
    counts_as_therapy,
    course_expression,
    distant,
    signs_of_metastasis,
)
from locoreg.registry.cohort.question import CourseQuestion
from locoreg.registry.cohort.result import CohortResult

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from locoreg.registry.engines.engine import Engine


def patient_course(
    engine: Engine,
    *,
    therapy_within_days: int,
    sites_within_days: int,
    targets: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
) -> CohortResult:
    """Return the course of every patient with a distant metastasis.

    One row per patient: first metastasis, first local therapy on or after it, number of sites,
    entry, death and last contact, each as a date with its precision and as the fewest and most
    days that can lie between. No patient is labelled as treated: a label that is given for
    something that happens later is immortal time.

    Parameters
    ----------
    engine : Engine
        Of `connect_engine`.
    therapy_within_days : int
        Days after the first metastasis within which local therapy is looked for.
    sites_within_days : int
        Days after the first metastasis within which lesions count as sites.
    targets, modalities : sequence of str, optional
        Local therapies that count; all if not given.

    Returns
    -------
    CohortResult
        The rows, and how many patients and rows were left out, why.

    Raises
    ------
    DesignError
        If a window or a word is not possible.
    DataError
        If the engine can't answer.
    """
    question = CourseQuestion(
        therapy_within_days=therapy_within_days,
        sites_within_days=sites_within_days,
        targets=None if targets is None else tuple(targets),
        modalities=None if modalities is None else tuple(modalities),
    )
    rows = engine.execute(course_expression(engine, question))
    counted = {
        name: int(value)
        for name, value in engine.execute(left_out_expression(engine, question))
        .to_pylist()[0]
        .items()
    }
    known = rows.filter(rows.column("in_patient_table")).drop_columns("in_patient_table")
    return CohortResult(
        table=known,
        question=question,
        engine=engine.name,
        place=engine.place,
        revision=engine.revision,
        synthetic=engine.synthetic,
        n_patients=counted.pop("patients"),
        n_unknown_patients=rows.num_rows - known.num_rows,
        rows_not_used=counted,
    )


def left_out_expression(engine: Engine, question: CourseQuestion) -> ir.Table:
    """Return the query that counts patients, and rows that can't take part, in one row.

    Parameters
    ----------
    engine : Engine
        Gives the tables.
    question : CourseQuestion
        Which local therapies count.

    Returns
    -------
    ibis.Table
        One row.
    """
    import ibis

    lesion = engine.table("lesion")
    therapy = engine.table("local_therapy")
    signs = signs_of_metastasis(engine)
    place = lesion.organ.isnull() & lesion.is_regional.isnull()
    counts = counts_as_therapy(therapy, question)
    # Coalesced: a sum over no rows is null.
    lesions = lesion.agg(
        lesions_not_distant=_n(~distant(lesion) & ~place),
        lesions_of_unknown_place=_n(place),
    )
    therapies = therapy.agg(
        local_therapies_not_asked_for=_n(~counts),
        local_therapies_without_date=_n(counts & therapy.start_date.isnull()),
    )
    undated = signs.agg(signs_of_metastasis_without_date=_n(signs.date.isnull()))
    patients = engine.table("patient").agg(patients=ibis._.count())
    return patients.cross_join(undated).cross_join(lesions).cross_join(therapies)


def _n(condition: ir.BooleanValue) -> ir.IntegerValue:
    import ibis

    return ibis.ifelse(condition, 1, 0).sum().fill_null(0)


def course_table(engine: Engine, question: CourseQuestion) -> pa.Table:
    """Return only the rows of `patient_course`, those of unknown patients included."""
    return engine.execute(course_expression(engine, question))
