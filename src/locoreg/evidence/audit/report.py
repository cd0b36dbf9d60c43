"""Run the checks on a catalogue and collect what they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.findings import SEVERITIES, Finding, by_severity, count_by_severity
from locoreg.evidence.audit.checks import CHECKS
from locoreg.evidence.audit.view import build
from locoreg.evidence.records import Catalog

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCount:
    """What one check looked at, and how much it found.

    Attributes
    ----------
    rule, description : str
        Rule of the check and one line about it.
    examined : int
        Things it looked at.
    found : int
        Findings in the report that this check made. Several checks may share a
        rule, and a check may report under the rule of another one.
    """

    rule: str
    description: str
    examined: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the audit found.

    Attributes
    ----------
    findings : tuple of Finding
        Worst first.
    counts : mapping
        Findings of each severity, zero included.
    checks : tuple of CheckCount
        What each check examined and found. Cells that could not be read are
        findings of no check.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    checks: tuple[CheckCount, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "counts": dict(self.counts),
            "checks": [
                {
                    "rule": check.rule,
                    "description": check.description,
                    "examined": check.examined,
                    "found": check.found,
                }
                for check in self.checks
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a data frame, one a row."""
        import pandas as pd

        columns = [
            "severity",
            "rule",
            "subject",
            "file",
            "row",
            "column",
            "printed",
            "message",
            "value",
            "limit",
            "changes",
            "reading",
            "claim_ids",
        ]
        rows = []
        for finding in self.findings:
            record = finding.to_dict()
            record |= record.pop("location")
            record["claim_ids"] = ";".join(finding.claim_ids)
            rows.append({name: record[name] for name in columns})
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return the findings as plain text, worst first."""
        total = len(self.findings)
        counts = ", ".join(f"{self.counts[name]} {name}" for name in SEVERITIES)
        noun = "finding" if total == 1 else "findings"
        lines = [f"{total} {noun}: {counts}." if total else "No findings."]
        for severity in SEVERITIES:
            found = [finding for finding in self.findings if finding.severity == severity]
            if found:
                lines += ["", severity.upper()]
            for finding in found:
                lines.append(f"[{finding.rule}] {finding.subject} ({finding.location})")
                lines.append(f"    {finding.message}")
                lines.append(f"    {finding.changes}")
        return "\n".join(lines)


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the first of several findings with one rule about one cell."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        place = finding.location
        key: tuple[object, ...] = (finding.rule, finding.subject, place.file, place.row)
        key += (place.column, finding.value)
        if place.row is None or finding.rule == "invalid-cell":
            key = (finding,)
        seen.setdefault(key, finding)
    return tuple(seen.values())


def audit(
    catalog: Catalog, *, faults: Iterable[Finding] = (), without: Collection[str] = ()
) -> AuditReport:
    """Check the tables of a catalogue.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    faults : iterable of Finding, optional
        Cells that could not be read, from
        :func:`locoreg.evidence.catalog.read_catalog`; they stand in the report.
    without : collection of str
        Rules that are not looked at: ``pool-not-reproduced`` takes most of the time, and says
        nothing of rows that are pooled.

    Returns
    -------
    AuditReport
        Findings worst first, and what was examined.
    """
    view = build(catalog)
    checks = [check for check in CHECKS if check.rule not in without]
    findings = list(faults)
    examined = []
    maker: dict[int, int] = {}
    for number, check in enumerate(checks):
        things = check.things(view)
        made = [finding for thing in things for finding in check.look(view, thing)]
        maker |= {id(finding): number for finding in made}
        findings += made
        examined.append(len(things))
    unique = _once(by_severity(findings))
    counts = Counter(maker.get(id(finding)) for finding in unique)
    return AuditReport(
        findings=unique,
        counts=count_by_severity(unique),
        checks=tuple(
            CheckCount(
                rule=check.rule,
                description=check.description,
                examined=examined[number],
                found=counts[number],
            )
            for number, check in enumerate(checks)
        ),
    )
