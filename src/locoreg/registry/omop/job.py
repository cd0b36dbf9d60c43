"""One import of a CDM: the working database and the sink, and how rows go from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from locoreg.core.findings import Severity
from locoreg.registry.intake.sink import CodeUse, Problem, Sink
from locoreg.registry.omop.model import CDM

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 50_000
# Problems are read in pieces of this many.
PIECE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the steps of an import share.

    Attributes
    ----------
    con : duckdb.DuckDBPyConnection
        The working database.
    sink : Sink
        Where rows, problems and codes go.
    site : str or None
        Site of all patients, where the user names one.
    source_icd10 : bool
        Whether diagnoses without a standard concept are read by the ICD-10 code of their source.
    empty : set of str
        CDM tables without a row of an enrolled person: nothing is asked of them.
    """

    con: duckdb.DuckDBPyConnection
    sink: Sink
    site: str | None
    source_icd10: bool = False
    empty: set[str] = field(default_factory=set)

    def run(self, sql: str) -> None:
        """Run a statement in the working database."""
        self.con.execute(sql)

    def number(self, sql: str) -> int:
        """Return the one number that a query gives."""
        return int(self.con.execute(sql).fetchall()[0][0] or 0)

    def deliver(self, table: str, sql: str) -> None:
        """Send the rows of a query, whose columns are those of a canonical table, to the sink."""
        import pyarrow as pa

        with self.con.cursor() as cursor:
            # Sorted, so that the same CDM gives the same file.
            ordered = f"SELECT * FROM ({sql}) ORDER BY source_file, source_row"
            for batch in cursor.execute(ordered).to_arrow_reader(BATCH_ROWS):
                if batch.num_rows:
                    self.sink.add(table, pa.Table.from_batches([batch]))

    def use(self, table: str, sql: str) -> None:
        """Note rows of a CDM table as used; ``sql`` gives their ids."""
        if table in self.empty:
            return
        self.con.execute(
            f"INSERT INTO used SELECT DISTINCT '{table}', q.id FROM ({sql}) q(id) "
            "WHERE q.id IS NOT NULL"
        )

    def leave(self, table: str, reason: str, sql: str) -> None:
        """Count rows of a CDM table that were understood and belong in no table.

        Parameters
        ----------
        table : str
            CDM table.
        reason : str
            Why they belong in no table.
        sql : str
            Query that gives their ids.
        """
        if table in self.empty:
            return
        count = self.number(
            f"INSERT INTO used SELECT DISTINCT '{table}', q.id FROM ({sql}) q(id) "
            f"WHERE q.id IS NOT NULL AND NOT EXISTS (FROM used u WHERE u.cdm_table = '{table}' "
            "AND u.row_id = q.id)"
        )
        if count:
            self.sink.count_unused(table, reason, count)

    def problems(
        self,
        rule: str,
        severity: Severity,
        message: str,
        sql: str,
        *,
        file: str,
        table: str | None = None,
        column: str | None = None,
    ) -> None:
        """Raise one problem per row of a query.

        Parameters
        ----------
        rule, severity : str
            Rule and severity.
        message : str
            What was found; ``{value}`` stands for the row's value.
        sql : str
            Query with the columns row_id, person_id, row_key and value.
        file : str
            CDM table.
        table, column : str, optional
            Canonical table, and column of it or of the CDM.
        """
        if file in self.empty:
            return
        with self.con.cursor() as cursor:
            cursor.execute(f"SELECT row_id, person_id, row_key, value FROM ({sql}) ORDER BY ALL")
            while rows := cursor.fetchmany(PIECE):
                self.sink.problem(
                    Problem(
                        rule=rule,
                        severity=severity,
                        message=message.replace("{value}", "" if value is None else str(value)),
                        source_file=file,
                        source_row=row_id,
                        table_name=table,
                        row_key=None if key is None else str(key),
                        patient_id=None if person is None else str(person),
                        column_name=column,
                        value=None if value is None else str(value),
                    )
                    for row_id, person, key, value in rows
                )

    def codes(self, table: str, column: str, sql: str) -> None:
        """Note how concepts were read; ``sql`` gives concept_id and canonical, one per cell."""
        self.con.execute(
            f"INSERT INTO code_use SELECT '{table}', '{column}', q.concept_id, "
            f"CAST(q.canonical AS VARCHAR), count(*) FROM ({sql}) q(concept_id, canonical) "
            "WHERE q.concept_id IS NOT NULL GROUP BY ALL"
        )

    def deliver_codes(self) -> None:
        """Send how concepts were read, with their names and the version of their vocabulary."""
        with self.con.cursor() as cursor:
            cursor.execute(
                """SELECT u.*, c.vocabulary_id, c.concept_name, coalesce(v.version, w.version)
                FROM code_use u LEFT JOIN concept c ON c.concept_id = u.concept_id
                LEFT JOIN vocabulary_version v ON v.vocabulary_id = c.vocabulary_id
                LEFT JOIN vocabulary_version w ON w.vocabulary_id = '*'
                ORDER BY ALL"""
            )
            while rows := cursor.fetchmany(PIECE):
                self.sink.code(
                    CodeUse(
                        source_code=str(concept),
                        table_name=table,
                        column_name=column,
                        canonical_code=canonical,
                        n_rows=n,
                        vocabulary=vocabulary,
                        source_label=label,
                        version=version,
                    )
                    for table, column, concept, canonical, n, vocabulary, label, version in rows
                )


def role(name: str) -> str:
    """Return the query of the concepts of a role."""
    return f"SELECT concept_id FROM role_concept WHERE role = '{name}'"


def origin(table: str, row_id: str) -> str:
    """Return the SELECT items of a row's provenance: the CDM table and the row's own id in it."""
    return f"'{table}' AS source_file, CAST({row_id} AS BIGINT) AS source_row"


def day(value: str, precision: str, name: str, *, reason: str = "not_recorded") -> str:
    """Return the SELECT items of a date with its precision and the reason of its absence."""
    return (
        f"{value} AS {name}, CASE WHEN {value} IS NOT NULL THEN {precision} END "
        f"AS {name}_precision, CASE WHEN {value} IS NULL THEN '{reason}' END AS {name}_reason"
    )


def known(value: str, name: str, *, reason: str = "not_recorded") -> str:
    """Return the SELECT items of a value and the reason of its absence."""
    return f"{value} AS {name}, CASE WHEN {value} IS NULL THEN '{reason}' END AS {name}_reason"


def text_id(value: str) -> str:
    """Return the SQL expression of an id as text."""
    return f"CAST({value} AS VARCHAR)"


def key_of(table: str) -> str:
    """Return the name of the own id of a CDM table."""
    return CDM[table].key or "person_id"
