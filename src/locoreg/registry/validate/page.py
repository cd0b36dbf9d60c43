"""The page of a quality report: self-contained HTML in which small counts are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from locoreg.core.findings import SEVERITIES
from locoreg.registry.validate.completeness import PATIENTS_WITH, Completeness, place_of
from locoreg.registry.validate.rules import BY_ID
from locoreg.registry.validate.smallcells import Hider
from locoreg.registry.validate.thresholds import default_thresholds, threshold_table

if TYPE_CHECKING:
    from locoreg.registry.validate.report import QualityReport, RuleCount

# No script at all; styles only from the page itself; nothing is fetched.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Shades of a cell by the share that is missing: up to each limit in percent.
SHADES = ((5, "full"), (20, "some"), (50, "half"), (80, "poor"), (100, "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table of completeness: text and shade."""

    text: str
    shade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A variable in a table of completeness."""

    name: str
    rows: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Completeness of the variables of one table by group."""

    title: str
    groups: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule that was broken, as the page shows it."""

    rule: str
    severity: str
    family: str
    title: str
    action: str
    count: str
    columns: tuple[str, ...]
    messages: tuple[str, ...]


def render(report: QualityReport, small_cells: int | None) -> str:
    """Return the page of a report.

    Parameters
    ----------
    report : QualityReport
        What was found.
    small_cells : int or None
        Counts from 1 to this number are hidden.

    Returns
    -------
    str
        One document that asks for nothing outside itself.
    """
    hider = Hider(small_cells)
    environment = Environment(
        loader=PackageLoader("locoreg.registry.validate", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    entries = _entries(report, hider)
    run = [one for one in report.counts if one.family != "import"]
    return environment.get_template("quality.html").render(
        policy=POLICY,
        report=report,
        name=PurePath(report.registry).name,
        small_cells=small_cells,
        patients=hider.count(report.patients),
        severities=_severities(report, hider),
        traps=[e for e in entries if e.messages],
        entries=[e for e in entries if not e.messages and e.family != "import"],
        imported=[e for e in entries if e.family == "import"],
        quiet=[BY_ID[one.rule] for one in run if not one.count],
        tables=[(n, hider.count(k)) for n, k in report.table_rows.items() if k],
        heats=(
            ("year", "Completeness by year", _heats(report.completeness, "year", hider)),
            ("site", "Completeness by site", _heats(report.completeness, "site", hider)),
        ),
        thresholds=_thresholds(report),
    )


def _severities(report: QualityReport, hider: Hider) -> list[tuple[str, str]]:
    # Findings on the registry as a whole count neither rows nor patients.
    whole = {name for name, _ in report.found}
    out: list[tuple[str, str]] = []
    for severity in SEVERITIES:
        own = [one for one in report.counts if one.severity == severity]
        rows = [one.count for one in own if one.rule not in whole]
        out.append((severity, hider.total(rows, sum(o.count for o in own if o.rule in whole))))
    return out


def _entries(report: QualityReport, hider: Hider) -> list[Entry]:
    broken = sorted(
        (one for one in report.counts if one.count),
        key=lambda one: (SEVERITIES.index(one.severity), -one.count, one.rule),
    )
    return [_entry(one, report, hider) for one in broken]


def _entry(one: RuleCount, report: QualityReport, hider: Hider) -> Entry:
    rule = None if one.family == "import" else BY_ID[one.rule]
    found = [f for name, f in report.found if rule is not None and name == one.rule]
    messages = []
    for each in found:
        place = place_of(each.table_name, each.column_name)
        lead = f"{place}, {each.subject}" if each.subject else place
        messages.append(f"{lead}: {hider.message(each)}")
    counts = [n for _, n in one.columns]
    hidden = hider.hides(one.count)
    return Entry(
        rule=one.rule,
        severity=one.severity,
        family=one.family,
        title="Noticed by an import." if rule is None else rule.title,
        action="" if rule is None else rule.action,
        count=hider.total(counts) if counts and not hidden else hider.count(one.count),
        columns=()
        if found
        else tuple(n if hidden else f"{n} {hider.count(k)}" for n, k in one.columns),
        messages=tuple(messages),
    )


def _heats(rows: Sequence[Completeness], by: str, hider: Hider) -> tuple[Heat, ...]:
    tables: dict[str, dict[str, dict[tuple[str, str], Completeness]]] = {}
    for row in rows:
        if row.by in ("all", by):
            column = tables.setdefault(row.table, {}).setdefault(row.column, {})
            column[row.by, row.group] = row
    return tuple(_heat(table, columns, by, hider) for table, columns in tables.items())


def _heat(
    table: str,
    columns: Mapping[str, Mapping[tuple[str, str], Completeness]],
    by: str,
    hider: Hider,
) -> Heat:
    groups = sorted({group for one in columns.values() for kind, group in one if kind == by})
    lines = []
    for name, cells in columns.items():
        wanted = [("all", ""), *((by, group) for group in groups)]
        lines.append(
            Line(
                name=name,
                rows=hider.count(cells["all", ""].rows),
                cells=tuple(_cell(cells.get(key), hider) for key in wanted),
            )
        )
    title = "Patients with" if table == PATIENTS_WITH else table
    return Heat(title=title, groups=tuple(groups), lines=tuple(lines))


def _cell(one: Completeness | None, hider: Hider) -> Cell:
    if one is None or one.share is None:
        return Cell(text="–", shade="no-rows")
    if hider.hides(one.rows):
        return Cell(text=hider.count(one.rows), shade="no-rows")
    missing = 100 * (1 - one.share)
    shade = next(name for limit, name in SHADES if missing <= limit)
    return Cell(text=hider.percent(one.values, one.rows), shade=shade)


def _thresholds(report: QualityReport) -> list[dict[str, Any]]:
    shipped = default_thresholds()
    run: Iterable[str] = {one.rule for one in report.counts}
    return [
        {
            "rule": one.rule,
            "name": one.name,
            "value": f"{report.thresholds[one.rule][one.name]:g}",
            "unit": "" if one.unit == "1" else one.unit,
            "changed": report.thresholds[one.rule][one.name] != shipped[one.rule][one.name],
            "shipped": f"{one.value:g}",
            "reason": one.reason,
        }
        for one in threshold_table()
        if one.rule in run
    ]
