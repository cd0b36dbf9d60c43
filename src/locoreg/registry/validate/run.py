"""One run of rules over a connection: counts of everything, rows up to a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from locoreg.core.findings import Severity
from locoreg.registry.store.views import literal
from locoreg.registry.validate.relations import relation
from locoreg.registry.validate.report import RuleCount
from locoreg.registry.validate.rule import Found, Part, Rule, bind, parameters
from locoreg.registry.validate.thresholds import Thresholds

if TYPE_CHECKING:
    import duckdb

# Rows listed of one rule; all are counted.
LISTED_PER_RULE = 1000
# If no more rows of a table break any rule, they are kept whole from the first scan.
KEPT_ROWS = 20_000
_FIELDS = ("row_key", "patient_id", "value", "message", "source_file", "source_row")
_ORDER = "h.source_file, h.source_row, h.row_key, h.column_name"
Rows = list[dict[str, Any]]
Pairs = Sequence[tuple[Rule, Part]]


class Run:
    """One run over a prepared connection: counts and rows as they come."""

    def __init__(self, con: duckdb.DuckDBPyConnection, limits: Thresholds) -> None:
        self.con = con
        self.limits = limits
        self.listed: Rows = []
        self.found: list[tuple[str, Found]] = []
        self.imported: Counter[tuple[str, Severity]] = Counter()
        self.counts: Counter[tuple[str, str | None, str | None]] = Counter()
        self._taken: Counter[str] = Counter()

    def fetch(self, sql: str) -> Rows:
        """Return the rows of a query as mappings."""
        done = self.con.execute(sql, parameters(sql, self.limits))
        names = [column[0] for column in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def take(self, found_by: str, rows: Rows) -> None:
        """List rows."""
        self.listed += [{"found_by": found_by, **row} for row in rows]

    def rows(self, rules: Sequence[Rule], tables: Collection[str]) -> None:
        """Run the rules on rows of the tables that have any."""
        by_table: dict[str, list[tuple[Rule, Part]]] = {}
        for rule in rules:
            for part in (part for part in rule.parts if part.table in tables):
                by_table.setdefault(part.table, []).append((rule, part))
        for table, pairs in by_table.items():
            if not self._in_one_scan(table, pairs):
                self._in_two_scans(table, pairs)

    def _in_one_scan(self, table: str, pairs: Pairs) -> bool:
        """Keep the rows that break any rule, count and list them; False if they are too many."""
        self._keep(table, pairs, KEPT_ROWS + 1)
        (kept,) = self.con.execute("SELECT count(*) FROM kept").fetchall()[0]
        if kept <= KEPT_ROWS:
            for row in self.fetch(
                "SELECT h.rule, h.column_name, count(*) AS n "
                "FROM (SELECT unnest(hits) AS h FROM kept) WHERE h IS NOT NULL GROUP BY ALL"
            ):
                self.counts[row["rule"], table, row["column_name"]] += row["n"]
            self._list_kept()
        self.con.execute("DROP TABLE kept")
        return bool(kept <= KEPT_ROWS)

    def _in_two_scans(self, table: str, pairs: Pairs) -> None:
        """Count all; then list what few rows break together, what many rows break one by one."""
        counted = self._count(table, pairs)
        for (rule, part), n in zip(pairs, counted, strict=True):
            if n:
                self.counts[rule.id, table, part.column] += n
        few = [p for p, n in zip(pairs, counted, strict=True) if 0 < n <= LISTED_PER_RULE]
        if few:
            self._keep(table, few, LISTED_PER_RULE * len(few))
            self._list_kept()
            self.con.execute("DROP TABLE kept")
        for (rule, part), n in zip(pairs, counted, strict=True):
            if n > LISTED_PER_RULE:
                self._list_many(rule, part)

    def _count(self, table: str, pairs: Pairs) -> tuple[int, ...]:
        filters = ", ".join(
            f"count(*) FILTER (WHERE {bind(rule.id, part.where)})" for rule, part in pairs
        )
        sql = f"SELECT {filters} FROM {relation(table, filters)}"
        return tuple(self.con.execute(sql, parameters(sql, self.limits)).fetchall()[0])

    def _keep(self, table: str, pairs: Pairs, limit: int) -> None:
        """Make the table ``kept``: of each row that breaks a rule, its issues as a list."""
        cases = ", ".join(
            f"CASE WHEN {bind(rule.id, part.where)} THEN {_struct(rule, part)} END"
            for rule, part in pairs
        )
        any_of = " OR ".join(f"({bind(rule.id, part.where)})" for rule, part in pairs)
        sql = (
            f"CREATE TEMP TABLE kept AS SELECT [{cases}] AS hits FROM {relation(table, cases)} "
            f"WHERE {any_of} LIMIT {limit}"
        )
        self.con.execute(sql, parameters(sql, self.limits))

    def _list_kept(self) -> None:
        rows = self.fetch(
            "SELECT h.* FROM (SELECT unnest(hits) AS h FROM kept) WHERE h IS NOT NULL "
            f"QUALIFY row_number() OVER (PARTITION BY h.rule ORDER BY {_ORDER}) "
            f"<= {LISTED_PER_RULE} ORDER BY h.rule, {_ORDER}"
        )
        self.take("check", [row for row in rows if self._has_room(row["rule"])])

    def _has_room(self, rule: str) -> bool:
        self._taken[rule] += 1
        return self._taken[rule] <= LISTED_PER_RULE

    def _list_many(self, rule: Rule, part: Part) -> None:
        room = LISTED_PER_RULE - self._taken[rule.id]
        if room <= 0:
            return
        self._taken[rule.id] += room
        struct, where = _struct(rule, part), bind(rule.id, part.where)
        source = relation(part.table, struct + where)
        self.take(
            "check",
            self.fetch(
                f"SELECT h.* FROM (SELECT {struct} AS h FROM {source} "
                f"WHERE {where} ORDER BY t.source_file, t.source_row LIMIT {room})"
            ),
        )

    def query(self, rule: Rule) -> None:
        """Run a rule between rows."""
        sql = bind(rule.id, rule.query)
        for row in self.fetch(
            f"SELECT table_name, column_name, count(*) AS n FROM ({sql}) GROUP BY ALL"
        ):
            self.counts[rule.id, row["table_name"], row["column_name"]] += row["n"]
        if not any(name == rule.id for name, _, _ in self.counts):
            return
        head = f"{literal(rule.id)} AS rule, {literal(rule.severity)} AS severity"
        self.take(
            "check",
            self.fetch(
                f"SELECT {head}, table_name, column_name, {', '.join(_FIELDS)} FROM ({sql}) "
                f"ORDER BY source_file, source_row, row_key LIMIT {LISTED_PER_RULE}"
            ),
        )

    def registry(self, rule: Rule) -> None:
        """Run a rule on the registry as a whole."""
        if rule.compute is not None:
            found = rule.compute(self.con, self.limits[rule.id])
        else:
            found = [Found(**row) for row in self.fetch(bind(rule.id, rule.whole))]
        for one in sorted(
            found, key=lambda f: (f.subject, f.table_name or "", f.column_name or "")
        ):
            self.found.append((rule.id, one))
            self.counts[rule.id, one.table_name, one.column_name] += 1
            self.take("check", [_issue(rule, one)])

    def counted(self, rules: Sequence[Rule]) -> Iterator[RuleCount]:
        """Yield the counts of the imports' rules, then of all rules that were run."""
        for (name, severity), count in sorted(self.imported.items()):
            listed = sum(
                r["rule"] == name and r["severity"] == severity and r["found_by"] == "import"
                for r in self.listed
            )
            yield RuleCount(
                rule=name,
                family="import",
                severity=severity,
                count=count,
                listed=min(listed, count),
            )
        shown = Counter(row["rule"] for row in self.listed if row["found_by"] == "check")
        for rule in rules:
            where = {(t, c): n for (name, t, c), n in self.counts.items() if name == rule.id}
            yield RuleCount(
                rule=rule.id,
                family=rule.family,
                severity=rule.severity,
                count=sum(where.values()),
                listed=shown[rule.id],
                columns=tuple(
                    (f"{table}.{column}" if column else str(table), n)
                    for (table, column), n in sorted(where.items(), key=str)
                ),
            )


def _struct(rule: Rule, part: Part) -> str:
    column = "CAST(NULL AS VARCHAR)" if part.column is None else literal(part.column)
    fields = {
        "rule": literal(rule.id),
        "severity": literal(rule.severity),
        "table_name": literal(part.table),
        "column_name": column,
        **part.fields(),
    }
    return "{" + ", ".join(f"'{name}': {sql}" for name, sql in fields.items()) + "}"


def _issue(rule: Rule, one: Found) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "table_name": one.table_name,
        "column_name": one.column_name,
        "row_key": None,
        "patient_id": None,
        "value": one.value,
        "message": one.text(),
        "source_file": None,
        "source_row": None,
    }
