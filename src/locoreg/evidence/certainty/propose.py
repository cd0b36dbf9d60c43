"""All rules of certainty on one pool."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.errors import DesignError
from locoreg.evidence.certainty.facts import BaselineRisk, PoolFacts, Threshold
from locoreg.evidence.certainty.imprecision import InformationRule, imprecision
from locoreg.evidence.certainty.inconsistency import inconsistency
from locoreg.evidence.certainty.levels import Level
from locoreg.evidence.certainty.otherdomains import (
    AsymmetryTest,
    UnpublishedTrial,
    indirectness,
    publication_bias,
)
from locoreg.evidence.certainty.proposals import Proposal
from locoreg.evidence.certainty.upgrades import upgrades
from locoreg.evidence.certainty.weightatrisk import risk_of_bias


def propose(
    facts: PoolFacts,
    *,
    baselines: Sequence[BaselineRisk],
    important: Threshold,
    information: InformationRule | None,
    asymmetry: Sequence[AsymmetryTest],
    unpublished: Sequence[UnpublishedTrial],
    start: Level,
) -> tuple[Proposal, ...]:
    """Propose how far each GRADE domain moves certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    baselines : sequence of BaselineRisk
        At least one.
    important : Threshold
        From where on a difference matters.
    information : InformationRule or None
        The trial of the optimal information size; None: it is not looked at.
    asymmetry : sequence of AsymmetryTest
        Tests of small-study effects of this pool.
    unpublished : sequence of UnpublishedTrial
        Registered trials of the question without a result on record.
    start : str
        Level that certainty starts at.

    Returns
    -------
    tuple of Proposal
        One per domain, in GRADE's order.
    """
    if not baselines:
        raise DesignError(
            "certainty needs an outcome without the intervention to be read against.",
            hint="state at least one baseline.",
        )
    if not facts.studies:
        raise DesignError("there is no study to judge.")
    downs = (
        risk_of_bias(facts, baselines=baselines, important=important, start=start),
        inconsistency(facts, baselines=baselines, important=important),
        indirectness(facts),
        imprecision(facts, baselines=baselines, important=important, information=information),
        publication_bias(facts, asymmetry=asymmetry, unpublished=unpublished),
    )
    return (*downs, *upgrades(facts, downs))
