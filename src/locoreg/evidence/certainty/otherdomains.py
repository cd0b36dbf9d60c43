"""Indirectness and publication bias: what is on record, and what is left to a person.

Guyatt et al. 2011 (GRADE guidelines 8), doi:10.1016/j.jclinepi.2011.04.014, and (5),
doi:10.1016/j.jclinepi.2011.01.011.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.certainty.facts import PoolFacts
from locoreg.evidence.certainty.proposals import Proposal

MOST = 50.0
# Sterne et al. 2011, doi:10.1136/bmj.d4002.
FEWEST_STUDIES = 10
TEST_LEVEL = 0.10
INDIRECT_RULE = (
    "Down one level where the record says of studies with more than half of the weight that their "
    "patients differ from those of the question. What is not on record is for a person to judge."
)
INDIRECT_SOURCE = "GRADE guidelines 8 (doi:10.1016/j.jclinepi.2011.04.014)"
UNPUBLISHED_RULE = (
    "Under ten studies asymmetry can't be judged. From ten on: down one level where a stated test "
    "of asymmetry has p below 0.10 and small studies favour the intervention."
)
UNPUBLISHED_SOURCE = (
    "GRADE guidelines 5 (doi:10.1016/j.jclinepi.2011.01.011); Sterne 2011 (doi:10.1136/bmj.d4002)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsymmetryTest:
    """A test of small-study effects, as it came out.

    Attributes
    ----------
    name : str
        Egger, say.
    p_value : float
        Two-sided.
    favours : {"intervention", "control"}
        Whom small studies favour.
    """

    name: str
    p_value: float
    favours: str

    def to_dict(self) -> dict[str, Any]:
        """Return the test."""
        return {"name": self.name, "p_value": self.p_value, "favours": self.favours}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpublishedTrial:
    """A trial of the question that is registered and has no result on record."""

    study_id: str
    label: str
    registry_id: str


def indirectness(facts: PoolFacts) -> Proposal:
    """Propose how far indirectness lowers certainty, from what is on record alone.

    Parameters
    ----------
    facts : PoolFacts
        The pool.

    Returns
    -------
    Proposal
        No move is proposed where nothing is on record.
    """
    told = [one for one in facts.studies if one.indirectness]
    share = facts.weight_of(told)
    words: dict[str, list[str]] = {}
    for one in told:
        words.setdefault(one.indirectness, []).append(one.label)
    listed = "; ".join(f"{', '.join(who)}: {what}" for what, who in words.items())
    if not told:
        by: int | None = None
        reason = (
            "Nothing on record says that patients, comparators or outcomes differ from those of "
            "the question; whether they do is for a person to say."
        )
    elif share > MOST:
        by, reason = -1, f"{listed} ({share:.1f}% of the weight)."
    else:
        by, reason = 0, f"{listed} ({share:.1f}% of the weight, not most of it)."
    return Proposal(
        domain="indirectness",
        by=by,
        reason=reason,
        numbers={
            "weight_percent": share,
            "on_record": [
                {"study_id": one.study_id, "indirectness": one.indirectness} for one in told
            ],
        },
        needs_person=True,
        rule=INDIRECT_RULE,
        source=INDIRECT_SOURCE,
    )


def publication_bias(
    facts: PoolFacts,
    *,
    asymmetry: Sequence[AsymmetryTest],
    unpublished: Sequence[UnpublishedTrial],
) -> Proposal:
    """Propose how far results that nobody saw lower certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    asymmetry : sequence of AsymmetryTest
        Of this pool; empty where none was done.
    unpublished : sequence of UnpublishedTrial
        Registered trials of the question without a result on record.

    Returns
    -------
    Proposal
        Never a move on the ground of fewer than ten studies.
    """
    k = len(facts.studies)
    by, reason = _asymmetry(k, asymmetry)
    if unpublished:
        named = ", ".join(one.label for one in unpublished)
        reason += (
            f" Without a result on record, whether still under way or not: {named} "
            f"({len(unpublished)})."
        )
    return Proposal(
        domain="publication bias",
        by=by,
        reason=reason,
        numbers={
            "k": k,
            "tests": [one.to_dict() for one in asymmetry],
            "unpublished": [
                {"study_id": one.study_id, "label": one.label, "registry_id": one.registry_id}
                for one in unpublished
            ],
        },
        needs_person=by is None or bool(unpublished),
        rule=UNPUBLISHED_RULE,
        source=UNPUBLISHED_SOURCE,
    )


def _asymmetry(k: int, tests: Sequence[AsymmetryTest]) -> tuple[int | None, str]:
    if k < FEWEST_STUDIES:
        studies = "1 study" if k == 1 else f"{k} studies"
        return None, (
            f"{studies}: under ten, publication bias can't be judged by asymmetry; a person must "
            "judge."
        )
    known = [one for one in tests if not math.isnan(one.p_value)]
    if not known:
        return None, f"{k} studies: no test of asymmetry was done."
    shown = ", ".join(f"{one.name} p = {one.p_value:.3f}" for one in known)
    low = [one for one in known if one.p_value < TEST_LEVEL and one.favours == "intervention"]
    if low:
        return -1, f"{k} studies, small ones favour the intervention: {shown}."
    return 0, f"{k} studies, no asymmetry that favours the intervention: {shown}."
