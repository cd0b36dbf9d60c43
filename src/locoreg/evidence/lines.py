"""The lines of a pool: a study with its number, or a study left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from locoreg.core.findings import Finding
from locoreg.evidence.comparisons import Counts
from locoreg.evidence.effectsize import EffectSize

Missing = Literal["not reported", "not estimable", "not pooled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledStudy:
    """One line of a pool.

    Attributes
    ----------
    study_id, label, design, report_id : str
        Identity. ``report_id`` is the report whose number is used.
    year : int or None
        Year of that report.
    claim_ids : tuple of str
        Rows that the effect rests on.
    printed : str
        The printed string.
    source : str
        Where it was read.
    effect : EffectSize
        The effect used, with the question's reference arm.
    routes : tuple of EffectSize
        Every route that the study's rows give, the one used first.
    printed_level : float or None
        Level of the printed interval in percent.
    counts : Counts
        Patients and events.
    matched_set : str
        Sample of the study, empty if it has one only.
    verification : str
        How the number was verified.
    applied : tuple of str
        Readings that differ from the printed row, in words.
    report_rule : str
        Why this report.
    indirectness : str
        How its patients differ from those of the question; empty if they don't.
    findings : tuple of Finding
        What the audit says of the rows used.
    """

    study_id: str
    label: str
    design: str
    report_id: str
    year: int | None
    claim_ids: tuple[str, ...]
    printed: str
    source: str
    effect: EffectSize
    routes: tuple[EffectSize, ...]
    printed_level: float | None
    counts: Counts
    matched_set: str
    verification: str
    applied: tuple[str, ...]
    report_rule: str
    indirectness: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A study of the question that is not in the pool, and why.

    Attributes
    ----------
    study_id, label : str
        Identity.
    kind : {"not reported", "not estimable", "not pooled"}
        No result on the outcome; numbers that give no effect; or an effect
        that may not enter.
    reason : str
        In words.
    """

    study_id: str
    label: str
    kind: Missing
    reason: str


def is_firm(finding: Finding) -> bool:
    """Whether a finding supports its reading enough to change a pool without being asked.

    Minor doubts are shown, and the multiverse pools under them.
    """
    return finding.reading is not None and finding.severity in ("blocking", "serious")
