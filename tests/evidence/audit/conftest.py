"""Tables for the audit tests: rows as dictionaries, written and read like a user's folder."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.findings import Finding
from locoreg.evidence.audit import AuditReport, audit
from locoreg.evidence.catalog import dictionary, read_catalog

Rows = list[dict[str, Any]]
EFFECT = {
    "study_id": "one",
    "kind": "effect",
    "outcome": "os",
    "measure": "HR",
    "reference_arm": "control",
}
OUTCOMES: Rows = [
    {
        "outcome_id": "os",
        "label": "Overall survival",
        "event": "death",
        "event_is": "adverse",
        "aliases": "OS",
    },
    {
        "outcome_id": "pfs",
        "label": "Progression-free survival",
        "event": "progression or death",
        "event_is": "adverse",
    },
]


def effect(estimate: str, low: str, high: str, level: int = 95, **more: Any) -> dict[str, Any]:
    """Return an effect row with the numbers as printed."""
    row = EFFECT | {"estimate": estimate, "ci_low": low, "ci_high": high, "ci_level": level}
    if "p_value" in more:
        row["p_op"] = "="
    return row | more


def arms(statistic: str, intervention: Any, control: Any, **more: Any) -> dict[str, Any]:
    """Return an arms row."""
    row = {
        "study_id": "one",
        "kind": "arms",
        "outcome": "os",
        "statistic": statistic,
        "value_intervention": intervention,
        "value_control": control,
        "unit": "months" if "time" in statistic else "percent",
    }
    return row | more


def write(folder: Path, name: str, rows: Rows) -> None:
    columns = [column.name for column in dictionary()[name]]
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


Run = Callable[..., AuditReport]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that writes tables, reads them without a fault and audits them."""

    def go(claims: Rows, **tables: Rows) -> AuditReport:
        ids = list(dict.fromkeys(row["study_id"] for row in claims))
        tables.setdefault(
            "studies", [{"study_id": x, "label": x.title(), "design": "rct"} for x in ids]
        )
        tables.setdefault("outcomes", OUTCOMES)
        numbered = [{"claim_id": f"c{i}"} | row for i, row in enumerate(claims, start=1)]
        for name, rows in {"claims": numbered, **tables}.items():
            write(tmp_path, name, rows)
        catalog, faults = read_catalog(tmp_path)
        assert faults == ()
        return audit(catalog)

    return go


def of(report: AuditReport, rule: str) -> list[Finding]:
    """Return the findings of one rule."""
    return [finding for finding in report.findings if finding.rule == rule]


@pytest.fixture
def tools() -> Any:
    """Return the row makers, so that tests need no import between test files."""

    class Tools:
        effect = staticmethod(effect)
        arms = staticmethod(arms)
        of = staticmethod(of)

    return Tools
