"""The published pool that is to be reproduced."""

from __future__ import annotations

import math

from locoreg.core.errors import DataError, did_you_mean
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Catalog, Claim, Pool
from locoreg.evidence.reproduce.rows import printed_half_unit
from locoreg.evidence.reproduce.settings import Published


def is_testable(claim: Claim) -> bool:
    """Return whether a pool's row has what a search compares: an estimate with its interval."""
    return None not in (claim.estimate, claim.ci_low, claim.ci_high, claim.ci_level)


def find_pool(catalog: Catalog, pool_id: str) -> Pool:
    """Return a pool by its id, or by the id of the study that published it.

    Of several pools of one study the one of all patients on the question's
    main outcome is meant.

    Raises
    ------
    DataError
        If there is none, or the study has several.
    """
    if pool_id in catalog.pools:
        return catalog.pools[pool_id]
    own = [p for p in catalog.pools.values() if catalog.claims[p.claim_id].study_id == pool_id]
    if len(own) > 1:
        own = [p for p in own if _is_main(catalog, catalog.claims[p.claim_id])] or own
    if len(own) == 1:
        return own[0]
    if own:
        raise DataError(
            f"{pool_id} published {len(own)} pools.",
            hint=f"name one: {', '.join(p.pool_id for p in own)}.",
        )
    raise DataError(f"there is no pool {pool_id!r}.", hint=did_you_mean(pool_id, catalog.pools))


def _is_main(catalog: Catalog, claim: Claim) -> bool:
    """Whether a pool is of all patients, on the main outcome of its question."""
    question = catalog.questions.get(catalog.studies[claim.study_id].question_id or "")
    if question is None or claim.subgroup:
        return False
    return catalog.outcome_id(claim.outcome) == question.outcomes[0]


def published_numbers(claim: Claim) -> Published:
    """Return the numbers of a pool's row, each with half of its last printed digit."""
    if not is_testable(claim):
        raise DataError(
            f"row {claim.claim_id} holds no estimate with an interval to compare with.",
            hint="point the pool at a row with estimate, ci_low, ci_high and ci_level.",
        )
    columns = ("estimate", "ci_low", "ci_high")
    halves = [printed_half_unit(claim, column) for column in columns]
    cells = [_as_text(getattr(claim, c), h) for c, h in zip(columns, halves, strict=True)]
    return Published(
        estimate=float(claim.estimate or 0),
        ci_low=float(claim.ci_low or 0),
        ci_high=float(claim.ci_high or 0),
        half_units=(halves[0], halves[1], halves[2]),
        level=float(claim.ci_level or 0),
        log=claim.resolved_measure in RATIO_MEASURES,
        i2=claim.heterogeneity_i2,
        i2_half_unit=printed_half_unit(claim, "heterogeneity_i2"),
        p_value=claim.p_value,
        p_op=claim.p_op,
        p_half_unit=printed_half_unit(claim, "p_value"),
        text=f"{claim.measure} {cells[0]} ({cells[1]} to {cells[2]})",
    )


def _as_text(value: float, half: float) -> str:
    return f"{value:.{max(0, round(-math.log10(2 * half)))}f}"
