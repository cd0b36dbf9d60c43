"""Findings about the persons of a cohort."""

from __future__ import annotations

from locoreg.core.findings import Finding, Location, Severity


def finding(
    rule: str,
    message: str,
    *,
    n: int,
    source: str,
    changes: str,
    severity: Severity = "note",
    of: int | None = None,
) -> Finding:
    """Return a finding that counts persons.

    Parameters
    ----------
    rule : str
        Name of the check.
    message : str
        What was found; ``{n}`` stands for the number.
    n : int
        Persons.
    source : str
        Where the data come from.
    changes : str
        What it changes.
    severity : {"blocking", "serious", "minor", "note"}
        How bad it is.
    of : int, optional
        Persons among whom they were counted.

    Returns
    -------
    Finding
        With the number as its value.
    """
    return Finding(
        rule=rule,
        severity=severity,
        subject=source,
        message=message.format(n=f"{n:,}", of="" if of is None else f"{of:,}"),
        value=float(n),
        limit=None if of is None else float(of),
        location=Location(file=source),
        changes=changes,
    )
