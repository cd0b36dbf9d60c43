"""All derivations of a registry in one call."""

from __future__ import annotations

from typing import Any

from locoreg.core.errors import DesignError
from locoreg.registry.classify.functions import check_judgements
from locoreg.registry.classify.options import ClassifyOptions
from locoreg.registry.classify.result import Classification
from locoreg.registry.classify.run import NAMES, run
from locoreg.registry.store import Registry


def classify_registry(
    registry: Registry, *, as_of: Any, options: ClassifyOptions, judgements: Any = None
) -> Classification:
    """Derive all variables of all patients as of a date.

    No row of evidence dated after it influences any of them. Rows of a month or year that holds
    the date are not used either, and counted.

    Parameters
    ----------
    registry : Registry
        The registry.
    as_of : date, str or table
        A date; ``patient.entry_date`` or another date column of the patient table; or a table
        (pyarrow, pandas, polars) with patient_id and as_of. ``first_metastasis_dates`` makes one.
    options : ClassifyOptions
        Options. What defines an analysis has no default.
    judgements : table, optional
        patient_id, date, treatable: whether all lesions can be treated locally with the aim of
        complete remission. Used with ``treatability="judgements"``.

    Returns
    -------
    Classification
        A table per rule and one row per patient.

    Raises
    ------
    DataError, DesignError
        If the dates, the options or the judgements can't be used.
    """
    if not isinstance(options, ClassifyOptions):
        raise DesignError("options must be ClassifyOptions.", hint="see ClassifyOptions.from_dict.")
    check_judgements(options.oligometastatic, judgements)
    dates, made, patients = run(
        registry, as_of=as_of, options=options, names=NAMES, judgements=judgements
    )
    return Classification(
        as_of=dates,
        options=options.to_dict(),
        derivations=made,
        patients=patients,
        synthetic=registry.synthetic,
    )
