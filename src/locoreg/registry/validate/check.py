"""Check a registry against the rules."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.findings import SEVERITIES, Severity
from locoreg.core.version import __version__
from locoreg.registry.store.registry import Registry
from locoreg.registry.validate.completeness import count_completeness
from locoreg.registry.validate.relations import prepare
from locoreg.registry.validate.report import ISSUE_COLUMNS, QualityReport, issue_table
from locoreg.registry.validate.rule import FAMILIES, Rule
from locoreg.registry.validate.rules import BY_ID, RULES
from locoreg.registry.validate.run import LISTED_PER_RULE, Run
from locoreg.registry.validate.thresholds import Thresholds, with_defaults

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "2GB"


def check_registry(
    registry: Registry,
    *,
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
    rules: Sequence[str] | None = None,
) -> QualityReport:
    """Check a registry against the rules.

    Parameters
    ----------
    registry : Registry
        The registry, which is not changed.
    thresholds : mapping, optional
        Thresholds by rule and name that take the place of the shipped ones, see
        ``read_thresholds``.
    rules : sequence of str, optional
        Ids of rules, or of families: all if not given. With rules given, issues of the imports are
        left out, and completeness is counted only if a rule of that family is among them.

    Returns
    -------
    QualityReport
        Exact counts of all issues; rows listed up to 1,000 per rule; completeness.

    Raises
    ------
    DesignError
        If a rule or a threshold is unknown.
    """
    chosen = _chosen(rules)
    limits = with_defaults(thresholds)
    with (
        tempfile.TemporaryDirectory(prefix="locoreg-check-") as spill,
        registry.connect(memory_limit=MEMORY_LIMIT) as con,
    ):
        con.execute("SET temp_directory = ?", [spill])
        filled = {name for name, n in registry.rows().items() if n}
        counts_values = any(rule.family == "completeness" for rule in chosen)
        prepare(con, needed_sql(chosen, counts_values))
        complete = count_completeness(con, filled) if counts_values else ()
        _make_wanted(con, limits)
        run = Run(con, limits)
        if rules is None:
            _imported(run, registry)
        run.rows(chosen, filled)
        for rule in chosen:
            if rule.query:
                run.query(rule)
            elif rule.whole or rule.compute:
                run.registry(rule)
        patients = con.execute("SELECT count(*) FROM patient").fetchall()[0][0]
    return QualityReport(
        registry=str(registry.path),
        revision=registry.manifest.revision,
        synthetic=registry.synthetic,
        version=__version__,
        patients=patients,
        table_rows=registry.rows(),
        issues=issue_table(run.listed),
        counts=tuple(run.counted(chosen)),
        found=tuple(run.found),
        thresholds=limits,
        completeness=complete,
    )


def _chosen(names: Sequence[str] | None) -> tuple[Rule, ...]:
    if names is None:
        return RULES
    for name in names:
        if name not in BY_ID and name not in FAMILIES:
            raise DesignError(
                f"there is no rule {name!r}.", hint=did_you_mean(name, (*BY_ID, *FAMILIES))
            )
    return tuple(rule for rule in RULES if rule.id in names or rule.family in names)


def needed_sql(rules: Sequence[Rule], counts_values: bool) -> str:
    """Return all SQL that will be run; rules that use an estimator need what treatment needs."""
    texts = [rule.sql if rule.compute is None else "treated" for rule in rules]
    return " ".join(texts) + (" met_lo" if counts_values else "")


def _make_wanted(con: duckdb.DuckDBPyConnection, limits: Thresholds) -> None:
    con.execute("CREATE TEMP TABLE wanted (variable VARCHAR, limit_value DOUBLE)")
    con.executemany("INSERT INTO wanted VALUES (?, ?)", list(limits["completeness-low"].items()))


def _imported(run: Run, registry: Registry) -> None:
    """List what the imports noticed; their exact counts stand in the manifest."""
    for batch in registry.manifest.active:
        for rule, by_severity in batch.issues.items():
            for severity, count in by_severity.items():
                run.imported[rule, _severity(severity)] += count
    columns = ", ".join(c for c in ISSUE_COLUMNS if c != "found_by")
    run.take(
        "import",
        run.fetch(
            f"""SELECT {columns} FROM issue
            QUALIFY row_number() OVER (PARTITION BY rule ORDER BY source_file, source_row)
                <= {LISTED_PER_RULE}
            ORDER BY rule, source_file, source_row"""
        ),
    )


def _severity(text: str) -> Severity:
    return next(one for one in SEVERITIES if one == text)
