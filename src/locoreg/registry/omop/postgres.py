"""A CDM on a PostgreSQL server, read in one read-only transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.sink import SetAside
from locoreg.registry.omop.local import first_line
from locoreg.registry.omop.model import CDM, match_columns
from locoreg.registry.omop.normal import quoted, select_list
from locoreg.registry.omop.reading import Count
from locoreg.registry.omop.rules import FIRST_LOCAL
from locoreg.registry.store.views import literal

if TYPE_CHECKING:
    import duckdb

SCHEMES = ("postgresql", "postgres")
# Ids sent with one query.
IDS_PER_QUERY = 20_000
WHOLE = ("smallint", "integer", "bigint")
DRIVER_MISSING = "reading from PostgreSQL needs the package adbc-driver-postgresql."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a CDM is on a server.

    Attributes
    ----------
    uri : str
        For the driver; it may hold a password.
    schema : str
        Schema of the tables.
    shown : str
        For messages: without password.
    secret : str or None
        The password, which no message may hold.
    """

    uri: str
    schema: str
    shown: str
    secret: str | None

    def safe(self, exc: Exception) -> str:
        """Return an error's first line without the password."""
        text = first_line(exc)
        for secret in (self.secret, unquote(self.secret or "")):
            text = text.replace(secret, "***") if secret else text
        return text


def parse_address(location: str) -> Address:
    """Return the parts of an address such as ``postgresql://host/database?schema=cdm``."""
    parts = urlsplit(location)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    schema = next((value for name, value in pairs if name == "schema"), "public")
    given = " ".join(value for name, value in pairs if name == "options")
    rest = [(name, value) for name, value in pairs if name not in ("schema", "options")]
    rest.append(("options", f"{given} -c default_transaction_read_only=on".strip()))
    query = urlencode(rest, quote_via=quote)
    host = parts.netloc.rpartition("@")[2]
    return Address(
        uri=urlunsplit(("postgresql", parts.netloc, parts.path, query, "")),
        schema=schema,
        shown=f"postgresql://{host}{parts.path} (schema {schema})",
        secret=parts.netloc.rpartition("@")[0].partition(":")[2] or None,
    )


class PostgresCdm:
    """Read a CDM on a PostgreSQL server.

    Parameters
    ----------
    address : Address
        Where it is.

    Raises
    ------
    DesignError
        If the driver is not installed.
    DataError
        If the server can't be reached or holds no CDM there.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._con = _connect(address)
        self._columns: dict[str, dict[str, str]] = {}
        self._stands: dict[str, str] = {}
        try:
            self._begin()
            self._find_tables()
            self._names = {
                table: match_columns(table, list(columns), self._where(table))
                for table, columns in self._columns.items()
            }
        except BaseException:
            self.close()
            raise

    @property
    def tables(self) -> frozenset[str]:
        """Names of the CDM tables that are there."""
        return frozenset(self._columns)

    def count(self, table: str) -> Count:
        """Count the rows of a table on the server."""
        column = "person_id" if CDM[table].clinical else CDM[table].columns[0].name
        name = self._name(table, column)
        readable = f"{name} IS NOT NULL"
        if self._kind(table, column) not in WHOLE:
            readable = rf"trim({name}::text) ~ '^[+-]?\d{{1,19}}(\.0*)?$'"
        rows = self._rows(
            f"SELECT count(*)::bigint, (count(*) FILTER (WHERE {readable}))::bigint "
            f"FROM {self._from(table)}"
        )
        return Count(rows=rows[0][0], nobody=rows[0][0] - rows[0][1])

    def is_empty(self, table: str) -> bool:
        """Return whether a table has no rows."""
        return not self._rows(f"SELECT 1 FROM {self._from(table)} LIMIT 1")

    def fetch(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        target: str,
        *,
        column: str | None = None,
        ids: str | None = None,
    ) -> None:
        """Add rows of a CDM table to a local table: chosen on the server, in batches."""
        names = self._names[table]
        if column is not None and names[column] is None:
            return
        kept = [name for name in names.values() if name is not None]
        listed = ", ".join(self._sent(table, name) for name in kept)
        base = f"SELECT {listed} FROM {self._from(table)}"
        if column is None:
            self._pull(con, base, table, target)
            return
        wanted = [row[0] for row in con.execute(ids or "").fetchall() if row[0] is not None]
        for start in range(0, len(wanted), IDS_PER_QUERY):
            piece = wanted[start : start + IDS_PER_QUERY]
            self._pull(con, f"{base} WHERE {self._among(table, column, piece)}", table, target)

    def has_concept(self, *, name: str | None = None, vocabulary: str | None = None) -> bool:
        """Return whether CONCEPT holds a concept of a vocabulary, or a condition of a name."""
        parts = []
        if vocabulary is not None:
            parts.append(f"{self._name('concept', 'vocabulary_id')} = {literal(vocabulary)}")
        if name is not None:
            parts.append(f"lower({self._name('concept', 'concept_name')}) ~ {literal(name)}")
            if self._names["concept"]["domain_id"] is not None:
                parts.append(f"lower({self._name('concept', 'domain_id')}) = 'condition'")
        chosen = " AND ".join(parts)
        return bool(self._rows(f"SELECT 1 FROM {self._from('concept')} WHERE {chosen} LIMIT 1"))

    def has_strangers(self, table: str, column: str) -> bool:
        """Return whether a column holds concept ids that CONCEPT does not have."""
        if table not in self._columns or self._names[table][column] is None:
            return False
        value = f"t.{self._name(table, column)}"
        known = f"k.{self._name('concept', 'concept_id')}"
        plain = f"split_part(trim({value}::text), '.', 1)"
        return bool(
            self._rows(
                f"SELECT 1 FROM {self._from(table)} t LEFT JOIN {self._from('concept')} k "
                f"ON split_part(trim({known}::text), '.', 1) = {plain} WHERE {known} IS NULL "
                f"AND {plain} ~ '^[1-9][0-9]{{0,9}}$' AND {plain}::bigint < {FIRST_LOCAL} LIMIT 1"
            )
        )

    def checksums(self, ids: list[int]) -> list[tuple[str, int, str]]:
        """Return rows and a checksum of what stands in every table, computed on the server.

        Parameters
        ----------
        ids : list of int
            Concepts: of the vocabulary tables only their rows count.
        """
        out = []
        for table in sorted(self._columns):
            where = ""
            if table == "concept":
                where = f" WHERE {self._among(table, 'concept_id', ids)}"
            elif table == "concept_ancestor":
                where = f" WHERE {self._among(table, 'ancestor_concept_id', ids)}"
            elif table == "concept_relationship":
                where = f" WHERE {self._among(table, 'concept_id_1', ids)}"
            kept = [n for n in self._names[table].values() if n is not None]
            listed = ", ".join(f"{quoted(n)}::text" for n in kept)
            rows = self._rows(
                f"SELECT count(*)::bigint, "
                f"coalesce(sum(hashtextextended(row({listed})::text, 0)::numeric), 0)::text "
                f"FROM {self._from(table)}{where}"
            )
            out.append((table, *rows[0]))
        return out

    def unreadable_lines(self) -> Iterator[list[SetAside]]:
        """Return nothing: the tables of a server have no lines."""
        return iter(())

    def close(self) -> None:
        """End the transaction and the connection."""
        self._con.rollback()
        self._con.close()

    def _begin(self) -> None:
        with self._con.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL TimeZone = 'UTC'")

    def _find_tables(self) -> None:
        rows = self._rows(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)::text "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = {literal(self._address.schema)} AND a.attnum > 0 "
            "AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
            "ORDER BY c.relname, a.attnum"
        )
        for name, column, kind in rows:
            table = name.lower()
            if table not in CDM:
                continue
            if self._stands.setdefault(table, name) != name:
                raise DataError(
                    f"{self._address.shown} holds the table {table} twice: "
                    f"{self._stands[table]} and {name}."
                )
            self._columns.setdefault(table, {})[column] = kind
        if not self._columns:
            raise DataError(
                f"{self._address.shown} holds no table of a CDM.",
                hint="name the schema: postgresql://host/database?schema=cdm.",
            )

    def _sent(self, table: str, name: str) -> str:
        kind = self._columns[table][name]
        if kind in (*WHOLE, "date", "double precision"):
            return quoted(name)
        if kind == "timestamp without time zone":
            return f"{quoted(name)}::date AS {quoted(name)}"
        return f"{quoted(name)}::text AS {quoted(name)}"

    def _among(self, table: str, column: str, ids: list[Any]) -> str:
        if next(c for c in CDM[table].columns if c.name == column).kind == "text":
            listed = ", ".join(literal(str(one)) for one in ids)
            return f"trim({self._name(table, column)}) IN ({listed})"
        listed = ",".join(str(int(one)) for one in ids)
        if self._kind(table, column) in WHOLE:
            return f"{self._name(table, column)} = ANY ('{{{listed}}}'::bigint[])"
        text = f"split_part(trim({self._name(table, column)}::text), '.', 1)"
        return f"{text} = ANY ('{{{listed}}}'::text[])"

    def _pull(self, con: duckdb.DuckDBPyConnection, query: str, table: str, target: str) -> None:
        import pyarrow as pa

        with self._con.cursor() as cursor:
            self._execute(cursor, query)
            for batch in cursor.fetch_record_batch():
                piece = pa.Table.from_batches([batch])
                if not piece.num_rows:
                    continue
                con.register("pulled", piece)
                rows = con.execute("DESCRIBE SELECT * FROM pulled").fetchall()
                types = {row[0]: row[1] for row in rows}
                listed = select_list(table, self._names[table], types)
                con.execute(f"INSERT INTO {target} SELECT {listed} FROM pulled r")
                con.unregister("pulled")

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._con.cursor() as cursor:
            self._execute(cursor, query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _execute(self, cursor: Any, query: str) -> None:
        from adbc_driver_manager import Error

        try:
            cursor.execute(query)
        except Error as exc:
            raise DataError(
                f"{self._address.shown} can't be read: {self._address.safe(exc)}"
            ) from exc

    def _name(self, table: str, column: str) -> str:
        return quoted(self._names[table][column] or "")

    def _kind(self, table: str, column: str) -> str:
        return self._columns[table][self._names[table][column] or ""]

    def _from(self, table: str) -> str:
        return f"{quoted(self._address.schema)}.{quoted(self._stands[table])}"

    def _where(self, table: str) -> str:
        return f"{self._address.shown}: {self._stands[table]}"


def _connect(address: Address) -> Any:
    try:
        import adbc_driver_postgresql.dbapi as driver
        from adbc_driver_manager import Error
    except ImportError as exc:
        raise DesignError(DRIVER_MISSING, hint="pip install 'locoreg[postgres]'") from exc
    try:
        return driver.connect(address.uri)
    except Error as exc:
        raise DataError(
            f"{address.shown} can't be reached: {address.safe(exc)}",
            hint="check host, port, database, user and password.",
        ) from exc
