"""Receptor subtype as of time zero, by the rules of the registry's classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.dates import code_of
from locoreg.emulation.cohort.registry.study import Rows, Study
from locoreg.emulation.cohort.registry.variables.columns import of_codes, yes_no
from locoreg.emulation.cohort.registry.variables.tumour import primaries
from locoreg.registry.classify import SubtypeOptions
from locoreg.registry.classify.subtype import build

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa

SUBTYPES = ("HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative")
MARKERS = ("ER", "PR", "HER2", "HER2_IHC", "HER2_ISH")
_COLUMNS = (
    "tumour_id",
    "context",
    "marker",
    "value_num",
    "value_unit",
    "value_code",
    "operator",
    "interpretation",
)


def subtype(study: Study) -> Column:
    """Return the subtype: of the metastasis if known, else of the primary."""
    return of_codes("subtype", _derived(study).column("subtype"), SUBTYPES)


def subtype_primary(study: Study) -> Column:
    """Return the subtype of the primary."""
    return of_codes("subtype_primary", _derived(study).column("subtype_primary"), SUBTYPES)


def hormone_receptor_lost(study: Study) -> Column:
    """Return whether the primary was hormone receptor positive and the metastasis is not."""
    change = code_of(_derived(study).column("hr_conversion"), ("unchanged", "gained", "lost"))
    return yes_no("hormone_receptor_lost", change == 2, unknown=change < 0)


def _derived(study: Study) -> pa.Table:
    return study.once("subtype", _derive)


def _derive(study: Study) -> pa.Table:
    """Return one row per person: the rules run on DuckDB, whatever engine holds the rows."""
    import duckdb
    import pyarrow as pa

    rows = study.rows("receptor_assay", _COLUMNS, date="sample_date", where=_of_subtype)
    known = study.known(rows)
    # An undated assay of the primary was made before the metastasis; others may be later.
    primary = code_of(rows.word("context"), ("primary",)) == 0
    undated = rows.take(~rows.when.known & primary)
    chosen = primaries(study).rows
    with duckdb.connect(":memory:") as con:
        con.execute("SET enable_progress_bar = false")
        _give(con, "as_of", pa.table({"patient_id": np.arange(study.n)}))
        _give(
            con,
            "chosen_primary",
            pa.table({"patient_id": chosen.person, "tumour_id": chosen.word("tumour_id")}),
        )
        _give(con, "known_receptor_assay", _assays(known))
        _give(con, "dated_receptor_assay", _assays(undated))
        # Undated ones are those given above and no others.
        build(con, SubtypeOptions(undated_assays="use"))
        return con.execute(
            "SELECT subtype, subtype_primary, hr_conversion FROM d_subtype ORDER BY patient_id"
        ).to_arrow_table()


def _of_subtype(assay: ir.Table) -> ir.BooleanValue:
    return assay.marker.isin(list(MARKERS)) & assay.context.notnull()


def _assays(rows: Rows) -> pa.Table:
    import pyarrow as pa

    table = rows.table.select(list(_COLUMNS)).append_column("patient_id", pa.array(rows.person))
    for name, days in (("d_min", rows.when.first), ("d_max", rows.when.last)):
        whole = pa.array(np.nan_to_num(days).astype(np.int32), mask=np.isnan(days))
        table = table.append_column(name, whole.cast(pa.date32()))
    return table


def _give(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register(f"given_{name}", table)
    con.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM given_{name}")
