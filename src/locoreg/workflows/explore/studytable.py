"""All studies of a question as a table that can be sorted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.core.findings import SEVERITIES, Finding, Severity
from locoreg.evidence.records import Catalog, Study
from locoreg.workflows.explore.explorer import Explored


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyLine:
    """One study of a question.

    Attributes
    ----------
    study_id, label, design : str
        Identity.
    year : int or None
        Of the report used, else of its latest report.
    region, timing : str
        As the table states them; empty where it does not.
    patients : int or None
        Of the comparison pooled.
    estimate : Estimate or None
        Its number in the pool; None where it is in none.
    weight : float or None
        In its pool, in percent.
    status : str
        ``pooled``, or why not.
    worst : str or None
        Worst severity of the findings about it.
    findings : int
        How many.
    """

    study_id: str
    label: str
    design: str
    year: int | None
    region: str
    timing: str
    patients: int | None
    estimate: Estimate | None
    weight: float | None
    status: str
    worst: Severity | None
    findings: int


def study_lines(
    catalog: Catalog, findings: Iterable[Finding], found: Explored, *, by: str, down: bool
) -> tuple[StudyLine, ...]:
    """Return every study of the question, pooled or not.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        The audit's findings on them.
    found : Explored
        What is pooled.
    by : {"study", "year", "patients", "effect", "weight", "findings"}
        Column to sort by; studies without a value come last both ways.
    down : bool
        Largest first; for findings the worst first is the upward order.

    Returns
    -------
    tuple of StudyLine
        Ties stay in the order of the tables.
    """
    about = findings_by_study(catalog, findings)
    pooled = {
        study.study_id: (study, weight, item.pool.meta.mu.level)
        for item in found.pools
        for study, weight in zip(item.pool.studies, item.pool.meta.weights, strict=True)
    }
    reasons = {
        e.study_id: e.reason for item in found.pools for e in (*item.left_out, *item.pool.excluded)
    }
    lines = []
    for study in catalog.studies.values():
        if study.question_id != found.question.question_id or study.version_of:
            continue
        mine = about.get(study.study_id, ())
        used = pooled.get(study.study_id)
        lines.append(
            StudyLine(
                study_id=study.study_id,
                label=study.label,
                design=study.design,
                year=used[0].year if used else latest_year(catalog, study),
                region=study.region or "",
                timing=study.randomisation_timing or "",
                patients=used[0].counts.n if used else None,
                estimate=used[0].effect.estimate(used[2]) if used else None,
                weight=used[1] if used else None,
                status="pooled" if used else reasons.get(study.study_id, "not of a pooled design"),
                worst=worst_of(mine),
                findings=len(mine),
            )
        )
    known = [line for line in lines if _value(line, by) is not None]
    unknown = [line for line in lines if _value(line, by) is None]
    known.sort(key=lambda line: _value(line, by), reverse=down)
    return (*known, *unknown)


def findings_by_study(
    catalog: Catalog, findings: Iterable[Finding]
) -> dict[str, tuple[Finding, ...]]:
    """Return the findings about each study: about it, or about a row of it.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        Of the audit.

    Returns
    -------
    dict
        By study id, versions counted with their study; worst first.
    """
    owner = {s.study_id: s.version_of or s.study_id for s in catalog.studies.values()}
    found: dict[str, dict[Finding, None]] = {}
    for finding in findings:
        whose = {finding.subject} if finding.subject in owner else set()
        whose |= {catalog.claims[c].study_id for c in finding.claim_ids if c in catalog.claims}
        for study_id in sorted(whose):
            found.setdefault(owner.get(study_id, study_id), {})[finding] = None
    return {
        study_id: tuple(sorted(mine, key=lambda f: SEVERITIES.index(f.severity)))
        for study_id, mine in found.items()
    }


def worst_of(findings: Iterable[Finding]) -> Severity | None:
    """Return the worst severity; None without findings."""
    return min((f.severity for f in findings), key=SEVERITIES.index, default=None)


def latest_year(catalog: Catalog, study: Study) -> int | None:
    """Return the year of a study's latest report."""
    return max((r.year for r in catalog.reports_of(study.study_id) if r.year), default=None)


def table_rows(lines: Iterable[StudyLine]) -> list[list[Any]]:
    """Return the table for CSV, the header first; effects on the natural scale."""
    head = [
        "study_id", "label", "design", "year", "region", "randomisation_timing", "patients",
        "estimate", "ci_low", "ci_high", "level", "weight", "status", "worst_severity", "findings",
    ]  # fmt: skip
    rows: list[list[Any]] = [head]
    for line in lines:
        three = (None, None, None) if line.estimate is None else line.estimate.natural
        rows.append(
            [
                line.study_id, line.label, line.design, line.year, line.region, line.timing,
                line.patients, *three, None if line.estimate is None else line.estimate.level,
                line.weight, line.status, line.worst, line.findings,
            ]
        )  # fmt: skip
    return rows


def severity_counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many findings of each severity there are, none left out."""
    counts = Counter(f.severity for f in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def _value(line: StudyLine, by: str) -> Any:
    if by == "study":
        return line.label.casefold()
    if by == "effect":
        return None if line.estimate is None else line.estimate.estimate
    if by == "findings":
        return None if line.worst is None else (SEVERITIES.index(line.worst), -line.findings)
    return getattr(line, by)
