"""PostgreSQL, through its Arrow driver."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.engines.engine import Engine, check_version
from locoreg.registry.engines.target import ServerAddress, checked_schema, quoted

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

MANIFEST_TABLE = "registry_manifest"
_TELLING = re.compile("ERROR:|FATAL:")


class PostgresqlEngine(Engine):
    """Run expressions on a PostgreSQL server, to which a registry was pushed.

    All queries see one state: they run in one read-only transaction, which ends with `close`. A
    push that replaces the registry waits for that.

    Parameters
    ----------
    address : ServerAddress
        The server; must name the schema.
    """

    name = "postgresql"
    dialect = "postgres"

    def __init__(self, address: ServerAddress) -> None:
        if address.schema is None:
            raise DesignError(
                f"{address.shown} names no schema.", hint="add ?schema=NAME to the address."
            )
        self._address = address
        self._schema = checked_schema(address.schema)
        self._connection = open_server(address)
        try:
            run(self._connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # Short queries pay more for compiling than they gain.
            run(self._connection, "SET jit = off")
            version, revision, synthetic = self._manifest()
            check_version(version, f"{address.shown}, schema {self._schema},")
        except BaseException:
            self._connection.close()
            raise
        super().__init__(
            place=f"{address.shown} schema {self._schema}", revision=revision, synthetic=synthetic
        )

    def days_between(self, later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
        """Return whole days: ``later - earlier``, which ibis would write as seconds / 86,400."""
        import ibis

        # The function behind the operator.
        minus = ibis.udf.scalar.builtin(
            _date_mi, name="date_mi", signature=(("date", "date"), "int32")
        )
        return minus(later, earlier)

    def close(self) -> None:
        """End the transaction and close the connection."""
        self._connection.close()

    def _database(self) -> str:
        return self._schema

    def _run(self, sql: str) -> pa.Table:
        try:
            return run(self._connection, sql)
        except driver().Error as error:
            raise DataError(f"{self.place}: {said(self._address, error)}") from error

    def _manifest(self) -> tuple[int, int, bool]:
        found = read_manifest_row(self._connection, self._schema)
        if found is None:
            raise DataError(
                f"{self._address.shown} has no registry in schema {self._schema}.",
                hint="copy one there with locoreg registry push.",
            )
        return found["schema_version"], found["revision"], found["synthetic"]


def _date_mi(later: Any, earlier: Any) -> Any:
    """Stand for PostgreSQL's function of that name."""


def driver() -> Any:
    """Return the module of the Arrow driver; DesignError if it is missing."""
    try:
        import adbc_driver_postgresql.dbapi as found
    except ImportError as error:
        raise DesignError(
            "PostgreSQL needs the package adbc-driver-postgresql.",
            hint="pip install 'locoreg[postgres]'.",
        ) from error
    return found


def open_server(address: ServerAddress) -> Any:
    """Connect to a server.

    Parameters
    ----------
    address : ServerAddress
        The server.

    Returns
    -------
    adbc_driver_postgresql.dbapi.Connection
        In a transaction.

    Raises
    ------
    DataError
        If it can't be reached or refuses.
    DesignError
        If the driver is missing.
    """
    module = driver()
    try:
        return module.connect(address.uri)
    except module.Error as error:
        raise DataError(
            f"{address.shown} can't be reached: {said(address, error)}",
            hint="check host, port, user and password; a password may stand in PGPASSWORD or "
            "~/.pgpass.",
        ) from error


def said(address: ServerAddress, error: Exception) -> str:
    """Return what the server said: the line that tells most, without the password."""
    lines = [line.strip() for line in address.clean(str(error)).splitlines() if line.strip()]
    telling = [re.split("ERROR: +|FATAL: +", line)[-1] for line in lines if _TELLING.search(line)]
    text = (telling or lines or [type(error).__name__])[0]
    return text.removeprefix("IO: [libpq] ").rstrip(".") + "."


def run(connection: Any, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
    """Run a statement and return its rows as an Arrow table."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetch_arrow_table() if cursor.description else None


def read_manifest_row(connection: Any, schema: str) -> dict[str, Any] | None:
    """Return the row that a push leaves, None where there is none."""
    there = run(
        connection,
        "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        "ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'",
        (schema, MANIFEST_TABLE),
    )
    if there.num_rows == 0:
        return None
    rows = run(connection, f"SELECT * FROM {quoted(schema)}.{MANIFEST_TABLE}").to_pylist()
    return rows[0] if len(rows) == 1 else None
