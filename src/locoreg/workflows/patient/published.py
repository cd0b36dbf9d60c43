"""Which published subgroup results are about patients like one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.findings import Finding
from locoreg.evidence.records import Catalog, Claim
from locoreg.workflows.patient.profile import VISCERAL, Profile
from locoreg.workflows.patient.trials import AuditMark

Test = Callable[[Profile], bool | None]
YOUNG, MANY = 55, 5
PLANNED = "planned"


def _subtype(*names: str) -> Test:
    return lambda p: None if p.subtype is None else p.subtype in names


def _count(test: Callable[[int], bool]) -> Test:
    return lambda p: None if p.metastases is None else test(p.metastases)


def _solitary_bone(p: Profile) -> bool | None:
    single = _count(lambda n: n == 1)(p)
    if p.bone_only is False or single is False:
        return False
    return None if None in (p.bone_only, single) else True


# Subgroups of the claims table that a profile can tell.
SUBGROUPS: dict[str, tuple[str, Test]] = {
    "subtype=triple-negative": ("triple-negative", _subtype("triple_negative")),
    "subtype=HER2-positive": ("HER2-positive", _subtype("HR+/HER2+", "HR-/HER2+")),
    "subtype=HR-positive HER2-negative": ("HR-positive, HER2-negative", _subtype("HR+/HER2-")),
    "hormone receptor=positive": ("hormone receptor positive", _subtype("HR+/HER2-", "HR+/HER2+")),
    "HER2=negative": ("HER2-negative", _subtype("HR+/HER2-", "triple_negative")),
    "age=under 55": ("younger than 55", lambda p: None if p.age is None else p.age < YOUNG),
    "site=bone only": ("metastases in bone only", lambda p: p.bone_only),
    "site=solitary bone": ("one metastasis, in bone", _solitary_bone),
    "site=visceral": ("visceral metastases", lambda p: p.has(VISCERAL)),
    "metastasis number=single": ("one metastasis", _count(lambda n: n == 1)),
    "metastasis number=multiple": ("several metastases", _count(lambda n: n > 1)),
    "metastasis number=more than 5": ("more than 5 metastases", _count(lambda n: n > MANY)),
    "disease=recurrent": (
        "recurrent disease",
        lambda p: None if p.disease is None else p.disease == "recurrent",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupView:
    """One published result in people like the patient.

    Attributes
    ----------
    claim_id, study_id, label : str
        Row and study.
    group : str
        Who, in words.
    design : str
        ``randomised``, ``not randomised``, ``published pool``.
    effect : str
        As printed, with the level of the interval.
    source : str
        Where it is printed.
    verification : str
        How far it was checked.
    planned : str
        Whether the subgroup was planned, as far as it is on record.
    audit : AuditMark
        What the audit says of the study.
    """

    claim_id: str
    study_id: str
    label: str
    group: str
    design: str
    effect: str
    source: str
    verification: str
    planned: str
    audit: AuditMark

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        out = {name: getattr(self, name) for name in self.__slots__ if name != "audit"}
        return {**out, "audit": {"findings": self.audit.findings, "worst": self.audit.worst}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedView:
    """Published subgroup results beside a patient.

    Attributes
    ----------
    rows : tuple of SubgroupView
        Those that fit.
    unknown : tuple of str
        Groups of whom it is not known whether the patient belongs to them.
    """

    rows: tuple[SubgroupView, ...]
    unknown: tuple[str, ...]

    @property
    def planned(self) -> int:
        """How many are about subgroups that were planned, as far as it is on record."""
        return sum(one.planned == PLANNED for one in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the results as JSON-ready values."""
        return {"rows": [one.to_dict() for one in self.rows], "unknown": list(self.unknown)}


def published_for(profile: Profile, catalog: Catalog, findings: Sequence[Finding]) -> PublishedView:
    """Return the published subgroup results that fit a patient.

    Parameters
    ----------
    profile : Profile
        The patient.
    catalog : Catalog
        Evidence tables.
    findings : sequence of Finding
        Of their audit.

    Returns
    -------
    PublishedView
        In the order of the tables. A printed passage that names one row twice counts once.
    """
    gone = {one.supersedes for one in catalog.claims.values() if one.supersedes}
    rows: list[SubgroupView] = []
    unknown: list[str] = []
    for claim in catalog.claims.values():
        known = SUBGROUPS.get(claim.subgroup or "")
        shown = claim.kind == "effect" and claim.outcome == "overall_survival"
        if known is None or not shown or claim.claim_id in gone or claim.estimate is None:
            continue
        words, test = known
        fits = test(profile)
        if fits:
            rows.append(_row(claim, words, catalog, findings))
        elif fits is None:
            unknown.append(words)
    return PublishedView(rows=tuple(rows), unknown=tuple(dict.fromkeys(unknown)))


def _row(claim: Claim, words: str, catalog: Catalog, findings: Sequence[Finding]) -> SubgroupView:
    study = catalog.studies[claim.study_id]
    printed = claim.row.printed
    level = f"{claim.ci_level:g}% interval" if claim.ci_level is not None else "level not printed"
    interval = (
        f" ({printed.get('ci_low')} to {printed.get('ci_high')}), {level}"
        if claim.ci_low is not None
        else ""
    )
    reference = catalog.references.get(claim.source_id or claim.report_id or claim.study_id)
    year = "" if reference is None or reference.year is None else f" {reference.year}"
    return SubgroupView(
        claim_id=claim.claim_id,
        study_id=claim.study_id,
        label=study.label,
        group=words,
        design=_design(study.design),
        effect=f"{claim.measure} {printed.get('estimate')}{interval}",
        source=f"{claim.source_id or claim.report_id}{year}, {claim.location_text or ''}".rstrip(
            ", "
        ),
        verification=claim.verification or "not recorded",
        planned=claim.subgroup_origin or "not recorded",
        audit=AuditMark.of(claim.study_id, findings),
    )


def _design(design: str) -> str:
    if design == "rct":
        return "randomised"
    return "published pool" if design in ("pooled", "review") else "not randomised"
