"""Run the derivations over a registry."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from locoreg.core.errors import DataError
from locoreg.registry.classify import (
    course,
    intervals,
    lesions,
    metastasis,
    oligometastatic,
    subtype,
    therapy,
)
from locoreg.registry.classify.asof import AsOf, prepare
from locoreg.registry.classify.given import given_table
from locoreg.registry.classify.outputs import ALWAYS_SAID, OUTPUTS, Output
from locoreg.registry.classify.result import Derivation
from locoreg.registry.classify.rules import RULES
from locoreg.registry.store import Registry
from locoreg.registry.store.views import literal

if TYPE_CHECKING:
    import duckdb

Step = Callable[["duckdb.DuckDBPyConnection", Any], None]


STEPS: dict[str, tuple[tuple[str, ...], Step]] = {
    "metastasis": ((), lambda con, o: metastasis.make_first_metastasis(con, primary=o.primary)),
    "subtype": (("metastasis",), lambda con, o: subtype.build(con, o.subtype)),
    "intervals": (("metastasis",), lambda con, o: intervals.build_intervals(con, o.intervals)),
    "de_novo": (("metastasis",), lambda con, o: intervals.build_de_novo(con, o.de_novo)),
    "lesions": (("metastasis",), lambda con, o: lesions.build(con, o.lesions)),
    "oligometastatic": (
        ("lesions",),
        lambda con, o: oligometastatic.build(con, o.oligometastatic, o.lesions),
    ),
    "lines": ((), lambda con, o: therapy.build_lines(con)),
    "response": (("metastasis", "lines"), lambda con, o: course.build_response(con)),
    "sabr": ((), lambda con, o: therapy.build_sabr(con, o.sabr)),
    "local_therapy": (
        ("metastasis", "sabr"),
        lambda con, o: therapy.build_local_therapy(con),
    ),
    "resection": (("lesions",), lambda con, o: therapy.build_resection(con)),
    "ctdna": ((), lambda con, o: course.build_ctdna(con, o.ctdna)),
}
# Tables of evidence that each step reads itself.
READS: dict[str, tuple[str, ...]] = {
    "metastasis": metastasis.MET_TABLES,
    "subtype": ("receptor_assay",),
    "intervals": ("local_therapy", "receptor_assay", "systemic_line"),
    "lesions": ("local_therapy",),
    "oligometastatic": ("systemic_line",),
    "lines": ("systemic_line",),
    "sabr": ("local_therapy",),
    "ctdna": ("biomarker",),
}
# The step that makes an output, where the names differ.
_MADE_BY = {"receptors": "subtype", "current_line": "lines", "ctdna_status": "ctdna"}
NAMES = tuple(output.name for output in OUTPUTS)


def run(
    registry: Registry,
    *,
    as_of: Any,
    options: Any,
    names: tuple[str, ...],
    judgements: Any = None,
) -> tuple[AsOf, tuple[Derivation, ...], Any]:
    """Run derivations and what they need.

    Parameters
    ----------
    registry : Registry
        The registry.
    as_of : date, str or table
        See ``classify_registry``.
    options : ClassifyOptions or an object with the parts that the derivations use
        Options.
    names : tuple of str
        Derivations.
    judgements : table, optional
        See ``classify_registry``.

    Returns
    -------
    AsOf, tuple of Derivation, pyarrow.Table
        The dates, the derivations in order and one row per patient.
    """
    wanted = [output for output in OUTPUTS if output.name in names]
    with registry.connect() as con:
        # Every result is sorted at the end; keeping the order of files on the way costs memory.
        con.execute("SET preserve_insertion_order = false")
        steps = _steps([_MADE_BY.get(output.name, output.name) for output in wanted])
        tables = {table for step in steps for table in READS.get(step, ())}
        dates = prepare(con, as_of, tables=tables)
        _take_judgements(con, judgements)
        for step in steps:
            STEPS[step][1](con, options)
        made = tuple(
            _derivation(con, output, options, dates, registry.synthetic) for output in wanted
        )
        patients = _patients(con, wanted, made)
    return dates, made, patients


def _steps(wanted: list[str]) -> list[str]:
    """Return the steps in order, each after those that it needs."""
    order: list[str] = []
    for step in wanted:
        order += [need for need in _steps(list(STEPS[step][0])) if need not in order]
        order += [step] if step not in order else []
    return order


def _take_judgements(con: duckdb.DuckDBPyConnection, judgements: Any) -> None:
    con.execute("CREATE TEMP TABLE judgement (patient_id VARCHAR, date DATE, treatable BOOLEAN)")
    if judgements is None:
        return
    import duckdb

    columns = ("patient_id", "date", "treatable")
    table = given_table(judgements, what="judgements", columns=columns)
    con.register("given_judgements", table)
    try:
        con.execute(
            "INSERT INTO judgement SELECT CAST(patient_id AS VARCHAR), CAST(date AS DATE), "
            "CAST(treatable AS BOOLEAN) FROM given_judgements"
        )
    except duckdb.Error as error:
        raise DataError(
            f"the table of judgements can't be read: {str(error).splitlines()[0]}",
            hint="date is a date, treatable true or false.",
        ) from error


def _parameters(output: Output, options: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for part in output.options:
        value = getattr(options, part)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            out |= {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        else:
            out[part] = value
    return out


def _derivation(
    con: duckdb.DuckDBPyConnection, output: Output, options: Any, dates: AsOf, synthetic: bool
) -> Derivation:
    rule = RULES[output.rule]
    order = ", ".join(f"d.{name.strip()}" for name in output.order.split(","))
    table = _export(con, output.table, order=order, rule_version=rule.label)
    kinds = _kinds(con, output.table)
    counts, reasons = {}, {}
    for variable, reason in output.counted.items():
        counts[variable] = _counts(con, output.table, variable, kinds[variable])
        if reason:
            reasons[variable] = _reasons(con, output.table, reason)
    flags = {}
    issues = [_issues(rule.label, "", pa.chunked_array([[]], pa.string()))]
    for words, condition in output.flags.items():
        found = con.execute(
            f"SELECT a.pseudonym AS patient_id FROM {output.table} d "
            f"JOIN as_of a USING (patient_id) WHERE coalesce({condition}, false) "
            "ORDER BY a.patient_id"
        ).to_arrow_table()
        if found.num_rows or words in ALWAYS_SAID:
            flags[words] = found.num_rows
        if words not in ALWAYS_SAID:
            issues.append(_issues(rule.label, words, found.column("patient_id")))
    return Derivation(
        name=output.name,
        rule=rule,
        parameters=_parameters(output, options),
        as_of=dates,
        table=table,
        counts=counts,
        reasons=reasons,
        flags=flags,
        issues=pa.concat_tables(issues).unify_dictionaries(),
        synthetic=synthetic,
    )


def _issues(rule: str, message: str, patients: pa.ChunkedArray) -> pa.Table:
    n = len(patients)
    return pa.table(
        {"rule": _constant(rule, n), "patient_id": patients, "message": _constant(message, n)}
    )


def _counts(con: duckdb.DuckDBPyConnection, table: str, variable: str, kind: str) -> dict[str, int]:
    """Count values; of a measurement only whether it is known."""
    value = f"CAST({variable} AS VARCHAR)" if kind in ("VARCHAR", "BOOLEAN") else "'known'"
    if variable == "n_lesions":
        value = "CASE WHEN n_lesions > 10 THEN 'more than 10' ELSE CAST(n_lesions AS VARCHAR) END"
    if variable == "line_no":
        value = "CAST(line_no AS VARCHAR)"
    rows = con.execute(
        f"SELECT CASE WHEN {variable} IS NULL THEN 'unknown' ELSE {value} END AS v, count(*) "
        f"FROM {table} GROUP BY 1 ORDER BY v = 'unknown', len(v), v"
    ).fetchall()
    return {str(name): int(n) for name, n in rows}


def _reasons(con: duckdb.DuckDBPyConnection, table: str, reason: str) -> dict[str, int]:
    rows = con.execute(
        f"SELECT {reason}, count(*) AS n FROM {table} WHERE {reason} IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC, 1"
    ).fetchall()
    return {str(why): int(n) for why, n in rows}


def _patients(
    con: duckdb.DuckDBPyConnection, wanted: list[Output], made: tuple[Derivation, ...]
) -> pa.Table:
    """Lay the main columns of the tables with one row per patient side by side.

    They hold the same patients in the same order.
    """
    found = con.execute("""
        SELECT any_value(a.pseudonym) AS patient_id, any_value(a.as_of) AS as_of,
            coalesce(sum(n), 0) AS n_rows_dated_across
        FROM as_of a LEFT JOIN n_across USING (patient_id) GROUP BY a.patient_id
        ORDER BY a.patient_id""").to_arrow_table()
    columns = {name: found.column(name) for name in ("patient_id", "as_of")}
    for output, derivation in zip(wanted, made, strict=True):
        columns |= {name: derivation.table.column(name) for name in output.of_patient}
    columns["n_rows_dated_across"] = found.column("n_rows_dated_across").cast(pa.int64())
    versions = ";".join(dict.fromkeys(derivation.rule.label for derivation in made))
    return pa.table({**columns, "rule_versions": _constant(versions, found.num_rows)})


def _constant(text: str, rows: int) -> pa.DictionaryArray:
    places = pa.array(np.zeros(rows, dtype=np.int8))
    return pa.DictionaryArray.from_arrays(places, pa.array([text]))


def _kinds(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = con.execute(f"DESCRIBE {table}").fetchall()
    return {row[0]: row[1] for row in rows}


def _export(
    con: duckdb.DuckDBPyConnection, table: str, *, order: str, rule_version: str
) -> pa.Table:
    """Return a table with pseudonym, date and version of the rule, sorted.

    Words that recur are kept once, as Arrow dictionaries.
    """
    selected = []
    for name, kind in _kinds(con, table).items():
        if name == "patient_id":
            continue
        words = []
        if kind == "VARCHAR" and not name.endswith("_id"):
            words = con.execute(
                f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY 1"
            ).fetchall()
        listed = ", ".join(literal(word) for (word,) in words)
        selected.append(f"CAST(d.{name} AS ENUM ({listed})) AS {name}" if words else f"d.{name}")
    found = con.execute(
        f"SELECT a.pseudonym AS patient_id, a.as_of, {', '.join(selected)} "
        f"FROM {table} d JOIN as_of a ON a.patient_id = d.patient_id ORDER BY {order}"
    ).to_arrow_table()
    return found.append_column("rule_version", _constant(rule_version, found.num_rows))
