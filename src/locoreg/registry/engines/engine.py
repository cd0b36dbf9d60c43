"""What an engine is: the canonical tables as ibis expressions, and results that are alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.tables import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

IMPORT_LOG = {
    "import_id": "string",
    "status": "string",
    "source": "string",
    "source_system": "string",
    "site": "string",
    "created": "string",
    "fingerprint": "string",
    "table_name": "string",
    "accepted": "int64",
    "already_there": "int64",
    "set_aside": "int64",
}
IBIS_TYPES = {"text": "string", "code": "string", "number": "float64", "bool": "boolean"}


class Engine(ABC):
    """One registry on one engine.

    Expressions are built on the tables that `table` gives and are not bound to a connection, so
    one expression runs on every engine; only `days_between` is written for each.

    Attributes
    ----------
    name : str
        ``duckdb``, ``postgresql`` or ``spark``.
    place : str
        Folder or address, without password.
    revision : int
        Changes of the registry so far.
    synthetic : bool
        Whether the patients are made up.
    """

    name: str
    # ibis' word for the language.
    dialect: str

    def __init__(self, *, place: str, revision: int, synthetic: bool) -> None:
        self.place = place
        self.revision = revision
        self.synthetic = synthetic

    def table(self, name: str) -> ir.Table:
        """Return a table as an ibis expression.

        Parameters
        ----------
        name : str
            Canonical table or ``import_log``.

        Returns
        -------
        ibis.Table
            With the canonical columns and types.

        Raises
        ------
        DesignError
            If there is no such table.
        """
        import ibis

        return ibis.table(table_schema(name), name=name, database=self._database())

    def sql(self, expr: ir.Expr) -> str:
        """Return an expression in the engine's language."""
        import ibis

        return str(ibis.to_sql(expr, dialect=self.dialect))

    def execute(self, expr: ir.Expr) -> pa.Table:
        """Run an expression.

        Parameters
        ----------
        expr : ibis expression
            Made of this package's tables. Rows come in no order unless it says ``order_by``.

        Returns
        -------
        pyarrow.Table
            With the same types on every engine: whole numbers are int64, other numbers float64,
            dates date32, words string.

        Raises
        ------
        DataError
            If the engine can't answer.
        """
        return alike(self._run(self.sql(expr)), expr)

    @abstractmethod
    def days_between(self, later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
        """Return whole days from one date to another, negative if the order is the other way."""

    @abstractmethod
    def close(self) -> None:
        """Free what the engine holds."""

    @abstractmethod
    def _run(self, sql: str) -> pa.Table:
        """Run a query."""

    def _database(self) -> str | None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def table_schema(name: str) -> dict[str, str]:
    """Return the ibis types of a table's columns; DesignError if there is no such table."""
    if name == "import_log":
        return IMPORT_LOG
    if name not in TABLES:
        known = (*TABLES, "import_log")
        raise DesignError(f"a registry has no table {name!r}.", hint=did_you_mean(name, known))
    return {c.name: IBIS_TYPES.get(c.type, c.type) for c in TABLES[name].columns}


def alike(result: pa.Table, expr: ir.Expr) -> pa.Table:
    """Return a result with the types of its expression, small ones widened.

    Parameters
    ----------
    result : pyarrow.Table
        As the engine gave it; columns in the order of the expression.
    expr : ibis expression
        What was asked.

    Returns
    -------
    pyarrow.Table
        Whole numbers int64, other numbers float64, text string; no metadata.
    """
    import pyarrow as pa

    wanted = expr.as_table().schema().to_pyarrow()
    fields = [pa.field(field.name, _widened(field.type)) for field in wanted]
    columns = [result.column(position).cast(field.type) for position, field in enumerate(fields)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _stored(values: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    if not isinstance(values.type, pa.BaseExtensionType):
        return values
    # PostgreSQL's numeric comes as text of a type of its own.
    chunks = [chunk.storage for chunk in values.chunks]
    return pa.chunked_array(chunks, type=values.type.storage_type)


def _widened(kind: pa.DataType) -> Any:
    import pyarrow as pa

    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else kind


def check_version(found: int, place: str) -> None:
    """Refuse tables of another schema version.

    Parameters
    ----------
    found : int
        Version that the tables were written with.
    place : str
        Where they are.

    Raises
    ------
    DataError
        If it is not today's.
    """
    if found != SCHEMA_VERSION:
        newer = found > SCHEMA_VERSION
        raise DataError(
            f"{place} holds tables of schema version {found}; this locoreg reads {SCHEMA_VERSION}.",
            hint="install a newer locoreg." if newer else "push the registry again.",
        )
