"""The orders in which a forest plot shows the studies of a group."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.riskofbias import Assessment
from locoreg.figures.marks import severity_rank, worst
from locoreg.figures.riskofbias import bias_marks, bias_rank

ORDERS = {
    "year": "Studies in order of publication. ",
    "weight": "Studies by weight, the largest first. ",
    "effect": "Studies by effect, the smallest first. ",
    "audit": "Studies by their worst audit finding, the worst first. ",
    "bias": "Studies by risk of bias, the greatest first. ",
}


def order_of(pool: EvidencePool, by: str, bias: Sequence[Assessment] = ()) -> list[int]:
    """Return the places of a pool's studies in an order of :data:`ORDERS`."""
    years = sorted(range(len(pool.studies)), key=lambda i: pool.studies[i].year or 0)
    if by == "weight":
        return sorted(years, key=lambda i: -pool.meta.weights[i])
    if by == "effect":
        return sorted(years, key=lambda i: pool.meta.yi[i])
    if by == "bias":
        outcome = pool.outcome.outcome_id
        return sorted(
            years, key=lambda i: bias_rank(bias_marks(bias, pool.studies[i].study_id, outcome))
        )
    if by == "audit":
        return sorted(years, key=lambda i: severity_rank(worst(pool.studies[i])))
    return years
