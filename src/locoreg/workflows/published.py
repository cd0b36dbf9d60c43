"""Published pools of a question: shown beside the studies, never pooled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.evidence.records import Catalog, Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPool:
    """One printed pooled number.

    Attributes
    ----------
    study_id, label : str
        The publication that pooled.
    claim_id : str
        Its row.
    outcome : str
        Name of the outcome for readers.
    whom : str
        Studies or patients that it covers, as printed; empty for all.
    k : int or None
        Studies pooled, where printed.
    verification : str
        How the number was verified.
    """

    study_id: str
    label: str
    claim_id: str
    outcome: str
    whom: str
    k: int | None
    verification: str


def published_pools(
    catalog: Catalog, question: str, outcomes: Sequence[str]
) -> tuple[PublishedPool, ...]:
    """Return the pooled numbers that publications print on a question.

    A number that two rows print, rounded in one of them, is listed once, with
    the row that has more digits.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    question : str
        Question id.
    outcomes : sequence of str
        Outcome ids.

    Returns
    -------
    tuple of PublishedPool
        In the order of the tables.
    """
    found: list[Claim] = []
    for study in catalog.studies.values():
        if study.question_id != question or study.design != "pooled" or study.version_of:
            continue
        rows = [c for c in catalog.claims_of(study.study_id) if _shown(catalog, c, outcomes)]
        rows.sort(key=lambda c: (c.half_unit("estimate"), c.claim_id))
        kept: list[Claim] = []
        for claim in rows:
            if not any(_same(claim, other) for other in kept):
                kept.append(claim)
        found += sorted(kept, key=lambda c: c.row.number)
    return tuple(
        PublishedPool(
            study_id=c.study_id,
            label=catalog.studies[c.study_id].label,
            claim_id=c.claim_id,
            outcome=_outcome(catalog, c),
            whom=(c.subgroup or "").partition("=")[2] or (c.subgroup or ""),
            k=c.k_studies,
            verification=c.verification or "",
        )
        for c in found
    )


def _shown(catalog: Catalog, claim: Claim, outcomes: Sequence[str]) -> bool:
    return (
        claim.kind == "effect"
        and claim.claim_id not in catalog.superseded()
        and catalog.outcome_id(claim.outcome) in outcomes
    )


def _same(claim: Claim, finer: Claim) -> bool:
    """Whether a row prints the number of another row, rounded."""
    if claim.outcome != finer.outcome or None in (claim.estimate, finer.estimate):
        return False
    return all(
        abs((getattr(claim, c) or 0.0) - (getattr(finer, c) or 0.0))
        <= claim.half_unit(c) * (1 + 1e-9)
        for c in ("estimate", "ci_low", "ci_high")
    )


def _outcome(catalog: Catalog, claim: Claim) -> str:
    outcome = catalog.outcomes.get(catalog.outcome_id(claim.outcome) or "")
    return outcome.label if outcome else claim.outcome or ""
