"""Findings: what a check found, where it stands and what it would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Severity = Literal["blocking", "serious", "minor", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a number stands.

    Attributes
    ----------
    file : str
        Table, as a path relative to the folder that was read.
    row : int or None
        Row in that file as a spreadsheet counts it: the header is row 1.
    column : str or None
        Column of the table.
    printed : str or None
        The string as printed in the source.
    source : str or None
        Place in the publication, for example ``ueno2022, Table 1, line 86``.
    """

    file: str
    row: int | None = None
    column: str | None = None
    printed: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the location as JSON-ready values."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "printed": self.printed,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    rule : str
        Name of the check.
    severity : {"blocking", "serious", "minor", "note"}
        blocking: the number can't be right as read. serious: it is probably
        wrong or misleading. minor: a discrepancy that changes little. note:
        something that a reader must know.
    subject : str
        Study (or table) that the finding is about.
    message : str
        What was found, with the arithmetic.
    value : float, str or None
        The computed quantity that broke the rule.
    limit : float, str or None
        What it was compared with.
    location : Location
        Where the number stands.
    changes : str
        What the finding would change if it is right.
    claim_ids : tuple of str
        Rows involved, the doubtful one first.
    also : tuple of Location
        Where the other numbers of the comparison stand.
    reading : str or None
        The reading that the evidence supports for the first claim, as
        ``column=value`` (``reference_arm=intervention``, ``ci_level=90``) or
        ``exclude``. None where no single reading is supported.
    """

    rule: str
    severity: Severity
    subject: str
    message: str
    value: float | str | None
    limit: float | str | None
    location: Location
    changes: str
    claim_ids: tuple[str, ...] = ()
    also: tuple[Location, ...] = ()
    reading: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "subject": self.subject,
            "message": self.message,
            "value": self.value,
            "limit": self.limit,
            "location": self.location.to_dict(),
            "changes": self.changes,
            "claim_ids": list(self.claim_ids),
            "also": [place.to_dict() for place in self.also],
            "reading": self.reading,
        }


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings, worst first, ties by subject, rule and row."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                SEVERITIES.index(f.severity),
                f.subject,
                f.rule,
                f.location.file,
                f.location.row or 0,
            ),
        )
    )


def count_by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings of each severity, zero included."""
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts
