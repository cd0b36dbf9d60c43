"""Everything on one study: reports, rows, checks, findings with their state, relatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from locoreg.core.findings import Finding
from locoreg.evidence.lines import is_firm
from locoreg.evidence.records import Catalog, Claim, Reference, Study
from locoreg.workflows.explore.checked import EffectCheck, check_effect, printed_values
from locoreg.workflows.explore.family import Family, family_of, years_of
from locoreg.workflows.explore.rules import RuleNote, rule_note
from locoreg.workflows.explore.studytable import findings_by_study


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRow:
    """One printed passage.

    Attributes
    ----------
    claim : Claim
        The row.
    outcome : str
        Name of the outcome for readers.
    values : str
        Its numbers with the digits of the cells.
    corrected_by : str
        Id of the row that corrects it; empty if none.
    rules : tuple of str
        Rules whose findings concern it first of all.
    """

    claim: Claim
    outcome: str
    values: str
    corrected_by: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingState:
    """A finding with what became of it.

    Attributes
    ----------
    number : int
        Place in the study's list, from 1.
    finding : Finding
    note : RuleNote
        What the rule is about.
    state : str
        ``corrected by a curator`` where a row corrects the doubtful one, else ``open``.
    how : str
        The correction with its reason, or what pools do meanwhile.
    """

    number: int
    finding: Finding
    note: RuleNote
    state: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage:
    """Everything on one study.

    Attributes
    ----------
    study : Study
    question : str
        Title of its question; empty if it has none.
    reports : tuple of Reference
    years : str
        Years of recruitment as printed; empty where not recorded.
    patients : int or None
        Patients of its largest row.
    rows : tuple of ReportedRow
    checks : tuple of EffectCheck
    findings : tuple of FindingState
        Worst first.
    family : Family
    previous, following : str
        Ids of the studies before and after it in its question; empty at the ends.
    """

    study: Study
    question: str
    reports: tuple[Reference, ...]
    years: str
    patients: int | None
    rows: tuple[ReportedRow, ...]
    checks: tuple[EffectCheck, ...]
    findings: tuple[FindingState, ...]
    family: Family
    previous: str
    following: str

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON-ready values."""
        return {
            "study": _filled(self.study),
            "reports": [_filled(report) for report in self.reports],
            "years": self.years or None,
            "rows": [
                {
                    **_filled(row.claim),
                    "row": row.claim.row.number,
                    "corrected_by": row.corrected_by or None,
                }
                for row in self.rows
            ],
            "checks": [check.to_dict() for check in self.checks],
            "findings": [
                {**one.finding.to_dict(), "state": one.state, "how": one.how}
                for one in self.findings
            ],
            "family": self.family.to_dict(),
        }


def study_page(catalog: Catalog, findings: Iterable[Finding], study_id: str) -> StudyPage:
    """Gather everything on a study.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        The audit's findings on them.
    study_id : str
        Its id, or that of a version or a report of it.

    Returns
    -------
    StudyPage
        The study.

    Raises
    ------
    DataError
        If there is no such study.
    """
    study = resolve_study(catalog, study_id)
    claims = catalog.claims_of(study.study_id)
    mine = findings_by_study(catalog, findings).get(study.study_id, ())
    correcting = {c.supersedes: c for c in catalog.claims.values() if c.supersedes}
    rules: dict[str, list[str]] = {}
    for finding in mine:
        for claim_id in finding.claim_ids[:1]:
            rules.setdefault(claim_id, []).append(finding.rule)
    question = catalog.questions.get(study.question_id or "")
    before, after = _neighbours(catalog, study)
    return StudyPage(
        study=study,
        question=question.title if question else "",
        reports=catalog.reports_of(study.study_id),
        years=years_of(catalog, study)[2],
        patients=max((c.n for c in claims if c.n is not None), default=None),
        rows=tuple(
            ReportedRow(
                claim=claim,
                outcome=_outcome(catalog, claim),
                values=printed_values(claim),
                corrected_by=correcting[claim.claim_id].claim_id
                if claim.claim_id in correcting
                else "",
                rules=tuple(dict.fromkeys(rules.get(claim.claim_id, ()))),
            )
            for claim in claims
        ),
        checks=tuple(check for claim in claims if (check := check_effect(claim))),
        findings=tuple(
            _state(number, finding, correcting) for number, finding in enumerate(mine, start=1)
        ),
        family=family_of(catalog, study),
        previous=before,
        following=after,
    )


def resolve_study(catalog: Catalog, study_id: str) -> Study:
    """Return a study by its id, or by that of a version or a report of it."""
    reference = catalog.references.get(study_id)
    key = study_id
    if study_id not in catalog.studies and reference is not None and reference.study_id:
        key = reference.study_id
    study = catalog.study(key)
    return catalog.study(study.version_of) if study.version_of else study


def _neighbours(catalog: Catalog, study: Study) -> tuple[str, str]:
    ids = [
        s.study_id
        for s in catalog.studies.values()
        if s.question_id == study.question_id and not s.version_of
    ]
    place = ids.index(study.study_id)
    before = ids[place - 1] if place > 0 else ""
    return before, ids[place + 1] if place + 1 < len(ids) else ""


def _outcome(catalog: Catalog, claim: Claim) -> str:
    outcome = catalog.outcomes.get(catalog.outcome_id(claim.outcome) or "")
    return outcome.label if outcome else claim.outcome or ""


def _state(number: int, finding: Finding, correcting: dict[str, Claim]) -> FindingState:
    row = correcting.get(finding.claim_ids[0]) if finding.claim_ids else None
    state, how = "open", ""
    if row is not None:
        state = "corrected by a curator"
        how = f"Row {row.claim_id} corrects row {row.supersedes}: {row.reason}"
    elif is_firm(finding):
        how = (
            "Pools leave the number out unless its report is asked for."
            if finding.reading == "exclude"
            else "Pools take the reading that the audit supports; the row stays as printed."
        )
    return FindingState(
        number=number, finding=finding, note=rule_note(finding.rule), state=state, how=how
    )


def _filled(record: Any) -> dict[str, Any]:
    return {k: v for k, v in record.row.printed.items() if v}
