"""Findings of each severity: the view shows of an audit how many and the worst, no more."""

from __future__ import annotations

from locoreg.core.findings import SEVERITIES, Finding, Location

STUDIES = ("badwe2015", "soran2018", "fitzal2019", "khan2022")


def marked() -> tuple[Finding, ...]:
    """Return one finding of each severity, each in another trial."""
    return tuple(
        Finding(
            rule="rule", severity=severity, subject=study, message="Found.", value=None,
            limit=None, location=Location(file="claims.csv"), changes="Nothing.",
        )
        for severity, study in zip(SEVERITIES, STUDIES, strict=True)
    )  # fmt: skip
