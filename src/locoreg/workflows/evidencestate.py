"""The state of the evidence tables in a few numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.findings import SEVERITIES, Finding

if TYPE_CHECKING:
    from locoreg.evidence.records import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceState:
    """How much is in the tables, and what the audit found in them.

    Attributes
    ----------
    sha256 : str
        Hash of the tables.
    studies, trials, references, claims : int
        Studies, those of them that are randomised, publications, printed passages with numbers.
    newest_year : int or None
        Year of the newest publication; None where no publication has one.
    findings : dict of str to int
        Findings by severity, worst first; severities without one are 0.
    subjects : dict of str to int
        Studies and tables with a finding, by their worst severity.
    """

    sha256: str
    studies: int
    trials: int
    references: int
    claims: int
    newest_year: int | None
    findings: dict[str, int]
    subjects: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON-ready values."""
        return {
            "sha256": self.sha256,
            "studies": self.studies,
            "trials": self.trials,
            "references": self.references,
            "claims": self.claims,
            "newest_year": self.newest_year,
            "findings": dict(self.findings),
            "subjects": dict(self.subjects),
        }


def evidence_state(catalog: Catalog, findings: Iterable[Finding]) -> EvidenceState:
    """Return the state of evidence tables.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        What the audit found in them.

    Returns
    -------
    EvidenceState
        Counts.
    """
    found = tuple(findings)
    counts = Counter(one.severity for one in found)
    worst: dict[str, str] = {}
    for one in sorted(found, key=lambda f: SEVERITIES.index(f.severity)):
        worst.setdefault(one.subject, one.severity)
    subjects = Counter(worst.values())
    years = [one.year for one in catalog.references.values() if one.year is not None]
    return EvidenceState(
        sha256=catalog.sha256,
        studies=len(catalog.studies),
        trials=sum(one.design == "rct" for one in catalog.studies.values()),
        references=len(catalog.references),
        claims=len(catalog.claims),
        newest_year=max(years, default=None),
        findings={name: counts[name] for name in SEVERITIES},
        subjects={name: subjects[name] for name in SEVERITIES},
    )
