"""Whether a randomised trial would have taken a patient, criterion by criterion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.findings import SEVERITIES, Finding
from locoreg.core.numbertext import plural
from locoreg.evidence.eligibility import USUAL, Criterion, Status
from locoreg.evidence.records import Catalog, Claim, Study
from locoreg.workflows.patient.profile import Profile
from locoreg.workflows.patient.wording import months_text, of_100, whole

Verdict = Literal["no", "can't be told", "fits"]
VERDICT_WORDS: dict[Verdict, str] = {
    "no": "would not have been eligible",
    "can't be told": "can't be told",
    "fits": "fits what is recorded here",
}
# Words of a claim's outcome for those who do not have the event.
FREE = {"overall_survival": "alive", "progression_free_survival": "alive without progression"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """A criterion with the patient's status.

    Attributes
    ----------
    criterion : Criterion
        With its source.
    status : {"met", "not met", "unknown"}
        Of the patient.
    why : str
        Why it is unknown; else empty.
    """

    criterion: Criterion
    status: Status
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return the criterion as JSON-ready values."""
        one = self.criterion
        return {
            "criterion_id": one.criterion_id,
            "kind": one.kind,
            "criterion": one.criterion,
            "status": self.status,
            "why": self.why,
            "source": one.source,
            "address": one.address,
            "location": one.location,
            "verbatim": one.verbatim,
            "verification": one.verification,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMark:
    """What the audit says of a study.

    Attributes
    ----------
    findings : int
        How many.
    worst : str or None
        Severity of the worst.
    """

    findings: int
    worst: str | None

    @classmethod
    def of(cls, study: str, findings: Sequence[Finding]) -> AuditMark:
        """Return the mark of a study."""
        counts = Counter(one.severity for one in findings if one.subject == study)
        worst = next((severity for severity in SEVERITIES if counts[severity]), None)
        return cls(findings=sum(counts.values()), worst=worst)

    @property
    def text(self) -> str:
        """The mark in words."""
        if self.worst is None:
            return "audit: nothing found"
        return f"audit: {plural(self.findings, 'finding')}, worst {self.worst}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial beside a patient.

    Attributes
    ----------
    study_id, label, treatment, comparator : str
        The trial and what it compared.
    verdict : {"no", "can't be told", "fits"}
        Whether it would have taken the patient.
    sentence : str
        The verdict with its reasons.
    criteria : tuple of CriterionView
        Those on record.
    missing : tuple of str
        What is usually asked and is not recorded here.
    result : tuple of str
        What it found, of 100 people; sentences.
    details : tuple of str
        Relative effects, as printed.
    indirect : str or None
        How its patients differ from those asked about.
    source : str
        Report and year of the result.
    audit : AuditMark
        What the audit says of it.
    """

    study_id: str
    label: str
    treatment: str
    comparator: str
    verdict: Verdict
    sentence: str
    criteria: tuple[CriterionView, ...]
    missing: tuple[str, ...]
    result: tuple[str, ...]
    details: tuple[str, ...]
    indirect: str | None
    source: str
    audit: AuditMark

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "label": self.label,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "criteria": [one.to_dict() for one in self.criteria],
            "not_recorded": list(self.missing),
            "result": list(self.result),
            "details": list(self.details),
            "indirect": self.indirect,
            "source": self.source,
            "audit": {"findings": self.audit.findings, "worst": self.audit.worst},
        }


def trials_for(
    profile: Profile,
    criteria: Sequence[Criterion],
    catalog: Catalog,
    findings: Sequence[Finding],
) -> tuple[TrialView, ...]:
    """Return each trial whose criteria are on record, beside a patient.

    Parameters
    ----------
    profile : Profile
        The patient.
    criteria : sequence of Criterion
        Of all trials.
    catalog : Catalog
        Evidence tables; trials that they don't have are passed over.
    findings : sequence of Finding
        Of their audit.

    Returns
    -------
    tuple of TrialView
        In the order of the criteria.
    """
    studies = dict.fromkeys(one.study_id for one in criteria)
    return tuple(
        _trial(
            profile,
            catalog.studies[study],
            [one for one in criteria if one.study_id == study],
            catalog,
            findings,
        )
        for study in studies
        if study in catalog.studies
    )


def _trial(
    profile: Profile,
    study: Study,
    criteria: Sequence[Criterion],
    catalog: Catalog,
    findings: Sequence[Finding],
) -> TrialView:
    answers = profile.answers()
    views = tuple(_seen(one, one.status(answers)) for one in criteria)
    verdict, sentence = _verdict(views)
    result, details, source = _result(study, catalog)
    about = {one.about for one in criteria}
    return TrialView(
        study_id=study.study_id,
        label=study.label,
        treatment=study.intervention or "local therapy",
        comparator=study.comparator or "no local therapy",
        verdict=verdict,
        sentence=sentence,
        criteria=views,
        missing=tuple(words for name, words in USUAL.items() if name not in about),
        result=result,
        details=details,
        indirect=study.indirectness,
        source=source,
        audit=AuditMark.of(study.study_id, findings),
    )


def _seen(criterion: Criterion, status: Status) -> CriterionView:
    why = ""
    if criterion.operator is None:
        why = "the form does not ask for it in this detail"
    elif criterion.verification == "memory":
        why = "from memory, unchecked: it decides nothing"
        status = "unknown"
    elif status == "unknown":
        why = "not known of this patient"
    return CriterionView(criterion=criterion, status=status, why=why)


def _verdict(views: Sequence[CriterionView]) -> tuple[Verdict, str]:
    deciding = [one for one in views if one.criterion.decides]
    failed = [_short(one.criterion) for one in deciding if one.status == "not met"]
    if failed:
        return "no", f"Would not have been eligible: {'; '.join(failed)}."
    unknown = [one.criterion.criterion for one in deciding if one.status == "unknown"]
    if unknown:
        return "can't be told", f"Can't be told. Not known here: {'; '.join(unknown)}."
    rest = len(views) - len(deciding)
    more = f" {rest} more can't be told from the form." if rest else ""
    return "fits", (
        f"Fits {'each of ' if len(deciding) > 1 else ''}"
        f"{plural(len(deciding), 'criterion', 'criteria')} that the form can check.{more}"
    )


def _short(criterion: Criterion) -> str:
    if criterion.kind == "exclusion":
        return f"{criterion.criterion} (not taken)"
    return f"{criterion.criterion} (asked for)"


def _result(study: Study, catalog: Catalog) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    gone = {one.supersedes for one in catalog.claims.values() if one.supersedes}
    mine = [
        one
        for one in catalog.claims.values()
        if one.study_id == study.study_id and one.claim_id not in gone and not one.subgroup
    ]
    sentences, used = _absolute(study, mine)
    effects = [
        one
        for one in mine
        if one.kind == "effect" and one.outcome in FREE and one.estimate is not None
    ]
    effects = _best(effects, lambda one: (one.outcome, one.report_id))
    details = tuple(_printed(one) for one in effects)
    reports = dict.fromkeys(one.report_id or study.study_id for one in (*used, *effects))
    return sentences, details, "; ".join(_reference(catalog, report) for report in reports)


def _absolute(study: Study, mine: Sequence[Claim]) -> tuple[tuple[str, ...], list[Claim]]:
    for statistic in ("survival_proportion", "median_time"):
        for outcome in FREE:
            found = [
                one
                for one in mine
                if one.outcome == outcome
                and one.statistic == statistic
                and isinstance(one.value_intervention, float)
                and isinstance(one.value_control, float)
            ]
            found = _best(found, lambda one: (one.landmark_months, one.value_intervention))
            if found:
                if statistic == "median_time":
                    found = found[-1:]
                return tuple(_sentence(study, one) for one in found), found
    return ("No number of people alive is on record here.",), []


def _best(claims: Sequence[Claim], key: Any) -> list[Claim]:
    """Return one claim per key: that read in the source itself before others."""
    out: dict[Any, Claim] = {}
    for one in claims:
        first = out.get(key(one))
        if first is None or (first.verification != "seen" and one.verification == "seen"):
            out[key(one)] = one
    return list(out.values())


def _sentence(study: Study, claim: Claim) -> str:
    free = FREE[str(claim.outcome)]
    assert isinstance(claim.value_intervention, float)
    assert isinstance(claim.value_control, float)
    if claim.statistic == "median_time":
        return (
            f"Half of the people were {free} for {whole(claim.value_intervention)} months or "
            f"longer with {study.intervention or 'local therapy'}, and for "
            f"{whole(claim.value_control)} months or longer without."
        )
    some, other = of_100(claim.value_intervention / 100.0), of_100(claim.value_control / 100.0)
    return (
        f"Of 100 people in the trial, {some[0]} were {free} at "
        f"{months_text(float(claim.landmark_months or 0.0))} with "
        f"{study.intervention or 'local therapy'}, and {other[0]} without. "
        f"{some[1]} and {other[1]} were not."
    )


def _printed(claim: Claim) -> str:
    outcome = "survival" if claim.outcome == "overall_survival" else "progression-free survival"
    level = f"{claim.ci_level:g}% interval" if claim.ci_level is not None else "level not printed"
    arm = "without" if claim.reference_arm == "intervention" else "with"
    other = "with" if arm == "without" else "without"
    corrected = f" Corrected reading: {claim.reason}" if claim.supersedes and claim.reason else ""
    printed = claim.row.printed
    return (
        f"{claim.measure} for {outcome}, {arm} against {other} local therapy: "
        f"{printed.get('estimate')} ({printed.get('ci_low')} to {printed.get('ci_high')}), "
        f"{level}. "
        f"{claim.report_id or claim.study_id}, {claim.location_text or 'place not recorded'}."
        f"{corrected}"
    )


def _reference(catalog: Catalog, report: str) -> str:
    found = catalog.references.get(report)
    if found is None:
        return report
    place = ", ".join(str(part) for part in (found.journal, found.year) if part)
    return f"{report} ({place})" if place else report
