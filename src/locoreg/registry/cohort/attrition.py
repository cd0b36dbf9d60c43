"""Counts of patients: who is in, and whose dates leave the order open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.cohort.question import CourseQuestion

if TYPE_CHECKING:
    import pyarrow as pa

DATES = {"entry": "entry", "death": "death", "last_contact": "last contact"}


def count(
    table: pa.Table, question: CourseQuestion, n_patients: int, n_unknown: int
) -> dict[str, int]:
    """Return counts in words.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of `patient_course`.
    question : CourseQuestion
        Its question.
    n_patients : int
        Patients of the registry.
    n_unknown : int
        Patients left out because the patient table lacks them.

    Returns
    -------
    dict
        Words and patients, in the order in which they are read.
    """
    import pyarrow.compute as pc

    out = {
        "in the registry": n_patients,
        "without a sign of distant metastasis": n_patients - table.num_rows,
        "with one, in the result": table.num_rows,
        "with one, left out: not in the patient table": n_unknown,
        "metastasis without any date": table.column("metastasis_date").null_count,
    }
    for precision in ("month", "year"):
        words = f"metastasis known to the {precision} only"
        out[words] = _true(pc.equal(table.column("metastasis_date_precision"), precision))
    dated = table.filter(pc.is_valid(table.column("metastasis_date")))
    window = question.therapy_within_days
    out |= _therapy(dated, window)
    out |= _order(dated)
    return out


def _therapy(dated: pa.Table, window: int) -> dict[str, int]:
    import pyarrow.compute as pc

    least, most = dated.column("therapy_days_min"), dated.column("therapy_days_max")
    inside = pc.and_(pc.greater_equal(least, 0), pc.less_equal(most, window))
    found = dated.num_rows - least.null_count
    certain = _true(inside)
    return {
        "first local therapy surely within the window": certain,
        "first local therapy perhaps within it (dates not exact)": found - certain,
        "no local therapy found within it": dated.num_rows - found,
        "no lesion recorded within the window for sites": dated.column("n_sites_max").null_count,
    }


def _order(dated: pa.Table) -> dict[str, int]:
    import pyarrow.compute as pc

    out = {}
    for name, words in DATES.items():
        least, most = dated.column(f"{name}_days_min"), dated.column(f"{name}_days_max")
        before, after = _true(pc.less(most, 0)), _true(pc.greater(least, 0))
        # Both may lie on one day or the other way round.
        open_order = pc.and_(pc.less(least, 0), pc.greater_equal(most, 0))
        if name == "entry":
            open_order = pc.and_(pc.less_equal(least, 0), pc.greater(most, 0))
            out["entry after metastasis (left truncation)"] = after
        else:
            out[f"{words} before metastasis (a contradiction)"] = before
        out[f"{words}: order against metastasis open (dates not exact)"] = _true(open_order)
        out[f"{words}: no date"] = least.null_count
    return out


def _true(condition: pa.ChunkedArray) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(condition).as_py() or 0)
