"""Effects from the arms of a comparison, as a reviewer would derive them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from locoreg.core.errors import DataError
from locoreg.evidence.comparisons import Comparison
from locoreg.evidence.effectsize import EffectSize, from_counts, from_survival
from locoreg.evidence.records import Catalog, Claim

ARM_MEASURES = {
    "OR": "odds ratios from the arms",
    "RR": "risk ratios from the arms",
    "HR": "hazard ratios from survival proportions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmEffect:
    """An effect derived from the arms.

    Attributes
    ----------
    claim_id : str
        Row of the proportions or events.
    used : str
        The numbers, in words.
    effects : tuple
        With events rounded to whole patients, and without rounding; None
        where there is none.
    """

    claim_id: str
    used: str
    effects: tuple[EffectSize | None, EffectSize | None]


def arm_effects(catalog: Catalog, comparison: Comparison, measure: str) -> Iterator[ArmEffect]:
    """Yield the effects that the arms of a comparison give, one per printed row.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    comparison : Comparison
        Its survival proportions and counts.
    measure : {"OR", "RR", "HR"}
        Measure wanted, intervention relative to control, of the adverse event.
    """
    counts = comparison.counts
    for claim in _survival_rows(catalog, comparison):
        n1 = claim.n_intervention or counts.n_intervention
        n0 = claim.n_control or counts.n_control
        if n1 is None or n0 is None:
            continue
        s1, s0 = _share(claim.value_intervention, claim), _share(claim.value_control, claim)
        used = (
            f"survival at {claim.landmark_months:g} months {100 * s1:g}% of {n1} "
            f"and {100 * s0:g}% of {n0}"
        )
        yield ArmEffect(claim_id=claim.claim_id, used=used, effects=_pair(measure, s1, n1, s0, n0))
    yield from _by_events(comparison, measure)


def _by_events(comparison: Comparison, measure: str) -> Iterator[ArmEffect]:
    counts = comparison.counts
    cells = (
        counts.events_intervention,
        counts.n_intervention,
        counts.events_control,
        counts.n_control,
    )
    rows = [*comparison.effects, *(c for value in comparison.values for c in value.claims)]
    e1, n1, e0, n0 = cells
    if e1 is None or n1 is None or e0 is None or n0 is None or not rows:
        return
    whole, _ = _pair(measure, 1 - e1 / n1, n1, 1 - e0 / n0, n0)
    yield ArmEffect(
        claim_id=rows[0].claim_id,
        used=f"{e1} of {n1} and {e0} of {n0} events",
        effects=(whole, None),
    )


def _survival_rows(catalog: Catalog, comparison: Comparison) -> Iterator[Claim]:
    superseded = catalog.superseded()
    for claim in catalog.claims_of(comparison.study_id):
        of_comparison = (
            catalog.outcome_id(claim.outcome) == comparison.outcome
            and (claim.subgroup or "") == comparison.subgroup
            and (claim.matched_set or "") == comparison.matched_set
            and catalog.report_id(claim) == comparison.report_id
        )
        usable = (
            claim.statistic == "survival_proportion"
            and isinstance(claim.value_intervention, float)
            and isinstance(claim.value_control, float)
            and claim.claim_id not in superseded
        )
        if of_comparison and usable:
            yield claim


def _share(value: float | str | None, claim: Claim) -> float:
    share = float(value) if isinstance(value, float) else math.nan
    return share / 100 if claim.unit == "percent" else share


def _pair(
    measure: str, s1: float, n1: int, s0: float, n0: int
) -> tuple[EffectSize | None, EffectSize | None]:
    events = (n1 * (1 - s1), n0 * (1 - s0))
    whole = exact = None
    if measure == "HR":
        with suppress(DataError):
            exact = from_survival(s1, s0, n_intervention=n1, n_control=n0)
        return None, exact
    with suppress(DataError, ZeroDivisionError, ValueError):
        cells = (math.floor(events[0] + 0.5), n1, math.floor(events[1] + 0.5), n0)
        whole = from_counts(*cells, measure=measure)  # type: ignore[arg-type]
    with suppress(DataError, ZeroDivisionError, ValueError):
        # The formula holds for fractions of a patient too, which some reviewers enter.
        exact = from_counts(events[0], n1, events[1], n0, measure=measure)  # type: ignore[arg-type]
    return whole, exact
