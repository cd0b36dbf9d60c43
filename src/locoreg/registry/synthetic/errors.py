"""Errors put into the tables on request, each of them recorded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.registry.synthetic.columns import Block, first_of_month
from locoreg.registry.synthetic.parameters import one
from locoreg.registry.synthetic.people import lock_day
from locoreg.registry.synthetic.workshop import (
    LOG_SCHEMA,
    Index,
    Workshop,
    dates,
    nulls,
    repeated,
)
from locoreg.registry.tables import PROVENANCE, TABLES

# Analytes whose values can't be negative.
AMOUNTS = ("ctDNA_fraction", "CA15-3")


def inject(rng: np.random.Generator, blocks: list[Block]) -> tuple[list[Block], pa.Table]:
    """Put errors into tables.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    blocks : list of (str, pyarrow.Table)
        Rows of the tables.

    Returns
    -------
    blocks : list of (str, pyarrow.Table)
        One block per table; some may be empty.
    errors : pyarrow.Table
        One row per error: kind, table, key, patient, column, value before and after.
    """
    tables = _merged(blocks)
    ids = pc.utf8_slice_codeunits(tables["patient"]["patient_id"].combine_chunks(), 4)
    numbers = np.asarray(ids.cast(pa.int64()))
    draw = rng.random(numbers.size) / one("error_rate")
    kinds = np.where(draw < len(ERRORS), draw.astype(np.int64), -1)
    shop = Workshop(rng=rng, tables=tables, kind_of=kinds, first=int(numbers[0]), log=[])
    for number, (name, error) in enumerate(ERRORS.items()):
        error(shop, name, number)
    return list(shop.tables.items()), pa.concat_tables([LOG_SCHEMA.empty_table(), *shop.log])


def _merged(blocks: list[Block]) -> dict[str, pa.Table]:
    grouped: dict[str, list[pa.Table]] = {}
    for name, rows in blocks:
        plain = pa.schema(
            [pa.field(f.name, TABLES[name].arrow_schema().field(f.name).type) for f in rows.schema]
        )
        grouped.setdefault(name, []).append(rows.cast(plain))
    return {name: _joined(name, parts) for name, parts in grouped.items()}


def _joined(name: str, parts: list[pa.Table]) -> pa.Table:
    """Return all rows of a table with all its columns, but for provenance."""
    whole = pa.concat_tables(parts, promote_options="default").combine_chunks()
    for field in TABLES[name].arrow_schema():
        if field.name not in whole.column_names and field.name not in PROVENANCE:
            whole = whole.append_column(field, pa.nulls(whole.num_rows, field.type))
    return whole


def _death_before_diagnosis(shop: Workshop, name: str, kind: int) -> None:
    dead = shop.is_word("patient", "vital_status", "dead")
    rows = shop.rows(kind, "patient", dead)
    diagnosis = shop.by_patient("primary_tumour", "dx_date")[shop.place("patient")[rows]]
    days = diagnosis - shop.rng.integers(40, 400, rows.size)
    shop.put(name, "patient", rows, "death_date", dates(days))


def _therapy_before_diagnosis(shop: Workshop, name: str, kind: int) -> None:
    surgery = shop.is_word("local_therapy", "modality", "surgery")
    surgery &= shop.is_word("local_therapy", "target", "primary")
    rows = shop.rows(kind, "local_therapy", surgery)
    diagnosis = shop.by_patient("primary_tumour", "dx_date")[shop.place("local_therapy")[rows]]
    days = dates(diagnosis - shop.rng.integers(40, 400, rows.size))
    shop.put(name, "local_therapy", rows, "start_date", days)
    shop.quietly("local_therapy", rows, "end_date", days)


def _therapy_after_death(shop: Workshop, name: str, kind: int) -> None:
    death = shop.by_patient("patient", "death_date")[shop.place("local_therapy")]
    rows = shop.rows(kind, "local_therapy", ~np.isnan(death))
    days = dates(death[rows] + shop.rng.integers(20, 300, rows.size))
    shop.put(name, "local_therapy", rows, "start_date", days)
    shop.quietly("local_therapy", rows, "end_date", days)


def _therapy_after_contact(shop: Workshop, name: str, kind: int) -> None:
    place = shop.place("systemic_line")
    last = shop.by_patient("patient", "last_contact_date")[place]
    alive = np.isnan(shop.by_patient("patient", "death_date")[place])
    rows = shop.rows(
        kind, "systemic_line", alive & shop.is_word("systemic_line", "setting", "metastatic")
    )
    days = dates(last[rows] + shop.rng.integers(40, 400, rows.size))
    shop.put(name, "systemic_line", rows, "start_date", days)


def _scaled(table: str, column: str, factor: float) -> Callable[[Workshop, str, int], None]:
    def error(shop: Workshop, name: str, kind: int) -> None:
        value = shop.numbers(table, column)
        rows = shop.rows(kind, table, value > 0)
        shop.put(name, table, rows, column, pa.array(np.round(value[rows] * factor, 4)))

    return error


def _negative_amount(shop: Workshop, name: str, kind: int) -> None:
    value = shop.numbers("biomarker", "value")
    # A miRNA is given relative to others, on a log scale: it may be negative.
    rows = shop.rows(
        kind, "biomarker", (value > 0) & shop.is_word("biomarker", "analyte", *AMOUNTS)
    )
    shop.put(name, "biomarker", rows, "value", pa.array(-value[rows]))


def _month_only(shop: Workshop, name: str, kind: int) -> None:
    death = shop.numbers("patient", "death_date")
    rows = shop.rows(kind, "patient", ~np.isnan(death))
    shop.put(name, "patient", rows, "death_date", dates(first_of_month(death[rows].astype(int))))
    shop.quietly("patient", rows, "death_date_precision", repeated("month", rows.size))


def _receptor(marker: str) -> Callable[[Workshop, str, int], None]:
    def error(shop: Workshop, name: str, kind: int) -> None:
        right = shop.is_word("receptor_assay", "marker", marker)
        if marker == "ER":
            right &= shop.numbers("receptor_assay", "value_num") >= 10
        else:
            right &= shop.is_word("receptor_assay", "value_code", "3+")
        rows = shop.rows(kind, "receptor_assay", right)
        shop.put(name, "receptor_assay", rows, "interpretation", repeated("negative", rows.size))

    return error


def _overlapping_lines(shop: Workshop, name: str, kind: int) -> None:
    table = "systemic_line"
    place, start = shop.place(table), shop.numbers(table, "start_date")
    number = shop.numbers(table, "line_no")
    metastatic = shop.is_word(table, "setting", "metastatic")
    first = np.full(shop.kind_of.size, np.nan)
    which = metastatic & (number == 1)
    first[place[which]] = start[which]
    # The second line begins in the first one's early days: at least 90 days lie between them.
    rows = shop.rows(kind, table, metastatic & (number == 2) & (start - first[place] > 60))
    days = first[place[rows]] + shop.rng.integers(5, 30, rows.size)
    shop.put(name, table, rows, "start_date", dates(days))


def _contact_after_death(shop: Workshop, name: str, kind: int) -> None:
    death = shop.numbers("patient", "death_date")
    rows = shop.rows(kind, "patient", ~np.isnan(death))
    days = death[rows] + shop.rng.integers(30, 300, rows.size)
    shop.put(name, "patient", rows, "last_contact_date", dates(days))


def _birth_year(shop: Workshop, name: str, kind: int) -> None:
    rows = shop.rows(kind, "patient", np.ones(shop.kind_of.size, bool))
    years = shop.rng.choice([1869, 1880, 2018, 2024], rows.size)
    shop.put(name, "patient", rows, "birth_year", pa.array(years))


def _missing_death(shop: Workshop, name: str, kind: int) -> None:
    rows = shop.rows(kind, "patient", shop.is_word("patient", "vital_status", "dead"))
    n = rows.size
    shop.put(name, "patient", rows, "death_date", nulls(n))
    shop.quietly("patient", rows, "vital_status", repeated("alive", n))
    for column in ("death_date_precision", "death_cause"):
        shop.quietly("patient", rows, column, nulls(n))
    for column in ("death_date_reason", "death_cause_reason"):
        shop.quietly("patient", rows, column, repeated("not_applicable", n))


def _stage(shop: Workshop, name: str, kind: int) -> None:
    rows = shop.rows(kind, "primary_tumour", shop.is_word("primary_tumour", "cm", "M1"))
    shop.put(name, "primary_tumour", rows, "cm", repeated("M0", rows.size))


def _too_few_lesions(shop: Workshop, name: str, kind: int) -> None:
    listed = np.bincount(shop.place("lesion"), minlength=shop.kind_of.size)
    regional = shop.is_word("lesion", "organ", "regional_ln")
    listed -= np.bincount(shop.place("lesion")[regional], minlength=shop.kind_of.size)
    count = shop.numbers("imaging_assessment", "n_lesions")
    # A lower bound below the lesions listed is no error.
    exact = shop.numbers("imaging_assessment", "n_lesions_is_lower_bound") == 0
    several = exact & (listed[shop.place("imaging_assessment")] >= 2)
    rows = shop.rows(kind, "imaging_assessment", several & (count >= 2))
    shop.put(name, "imaging_assessment", rows, "n_lesions", pa.array(np.ones(rows.size)))


def _future_date(shop: Workshop, name: str, kind: int) -> None:
    rows = shop.rows(kind, "biomarker", np.ones(shop.tables["biomarker"].num_rows, bool))
    days = lock_day() + shop.rng.integers(3_000, 20_000, rows.size)
    shop.put(name, "biomarker", rows, "date", dates(days))


def _orphan(shop: Workshop, name: str, kind: int) -> None:
    rows = shop.rows(
        kind, "lesion_measurement", np.ones(shop.tables["lesion_measurement"].num_rows, bool)
    )
    ids = shop.tables["lesion_measurement"]["lesion_id"].combine_chunks().take(pa.array(rows))
    shop.put(name, "lesion_measurement", rows, "lesion_id", pc.replace_substring(ids, "-L", "-K"))


def _duplicate_assay(shop: Workshop, name: str, kind: int) -> None:
    table = "receptor_assay"
    rows = shop.rows(kind, table, shop.is_word(table, "context", "primary"))
    copies = shop.tables[table].take(pa.array(rows))
    _add_copies(shop, name, table, rows, copies, "assay_id", ("-R", "-V"))


def _duplicate_patient(shop: Workshop, name: str, kind: int) -> None:
    for table in ("observation_window", "primary_tumour", "patient"):
        rows = shop.rows(kind, table, np.ones(shop.tables[table].num_rows, bool))
        copies = shop.tables[table].take(pa.array(rows))
        key = TABLES[table].key or ""
        if key != "patient_id":
            ids = pc.replace_substring(copies["patient_id"], "SYN-0", "SYN-D")
            copies = copies.set_column(copies.column_names.index("patient_id"), "patient_id", ids)
        record = name if table == "patient" else None
        _add_copies(shop, record, table, rows, copies, key, ("SYN-0", "SYN-D"))


def _add_copies(
    shop: Workshop,
    name: str | None,
    table: str,
    rows: Index,
    copies: pa.Table,
    key: str,
    change: tuple[str, str],
) -> None:
    old = copies[key].combine_chunks()
    new = pc.replace_substring(old, *change)
    copies = copies.set_column(copies.column_names.index(key), key, new)
    if name is not None:
        n = rows.size
        shop.log.append(
            pa.table(
                [
                    repeated(name, n),
                    repeated(table, n),
                    new,
                    copies["patient_id"].combine_chunks(),
                    repeated(None, n),
                    repeated(None, n),
                    repeated(None, n),
                    old,
                ],
                schema=LOG_SCHEMA,
            )
        )
    shop.tables[table] = pa.concat_tables([shop.tables[table], copies]).combine_chunks()


# Copies change the number of rows: they come last.
ERRORS: dict[str, Callable[[Workshop, str, int], None]] = {
    "death-before-diagnosis": _death_before_diagnosis,
    "therapy-before-diagnosis": _therapy_before_diagnosis,
    "therapy-after-death": _therapy_after_death,
    "therapy-after-last-contact": _therapy_after_contact,
    "tumour-size-in-cm": _scaled("primary_tumour", "size_mm", 0.1),
    "dose-in-cgy": _scaled("local_therapy", "dose_gy", 100.0),
    "lesion-size-impossible": _scaled("lesion_measurement", "longest_mm", 100.0),
    "negative-value": _negative_amount,
    "death-date-month-only": _month_only,
    "er-contradiction": _receptor("ER"),
    "her2-contradiction": _receptor("HER2_IHC"),
    "overlapping-lines": _overlapping_lines,
    "contact-after-death": _contact_after_death,
    "impossible-birth-year": _birth_year,
    "missing-death": _missing_death,
    "stage-contradiction": _stage,
    "too-few-lesions": _too_few_lesions,
    "future-date": _future_date,
    "orphan-measurement": _orphan,
    "duplicate-assay": _duplicate_assay,
    "duplicate-patient": _duplicate_patient,
}
