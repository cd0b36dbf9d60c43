"""Inconsistency: whether the studies say different things, relative to what matters.

Guyatt et al. 2011 (GRADE guidelines 7), doi:10.1016/j.jclinepi.2011.03.017; Guyatt et al. 2023
(GRADE guidance 36), doi:10.1016/j.jclinepi.2023.03.003.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.evidence.certainty.facts import (
    BaselineRisk,
    PoolFacts,
    StudyFacts,
    Threshold,
    Zone,
    difference_of,
    estimate_from,
)
from locoreg.evidence.certainty.proposals import Proposal, moved
from locoreg.evidence.effectsize import z_value

# The level at which the test of heterogeneity is read by convention, since it has little power.
Q_LEVEL = 0.10
ZONES: tuple[Zone, ...] = ("more", "trivial", "fewer")
RULE = (
    "Down one level where the studies' estimates lie on different sides of the stated threshold "
    "and more than chance is at work: intervals of two such studies do not overlap, the test of "
    "heterogeneity has p below 0.10, or the prediction interval reaches a side that the pool's "
    "interval does not. Down two where estimates lie beyond the threshold on both sides, intervals "
    "of such studies do not overlap and p is below 0.10."
)
SOURCE = (
    "GRADE guidelines 7 (doi:10.1016/j.jclinepi.2011.03.017); "
    "GRADE guidance 36 (doi:10.1016/j.jclinepi.2023.03.003)"
)


def inconsistency(
    facts: PoolFacts, *, baselines: Sequence[BaselineRisk], important: Threshold
) -> Proposal:
    """Propose how far differences between studies lower certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    baselines : sequence of BaselineRisk
        At which effects are turned into differences per 1,000.
    important : Threshold
        From where on a difference matters.

    Returns
    -------
    Proposal
        The largest move over the baselines; a person is needed where they differ.
    """
    common = _common(facts)
    if len(facts.studies) < 2:
        return _proposal(0, "One study: nothing to be inconsistent with.", common, needs=False)
    found: list[tuple[int, str]] = []
    rows: list[dict[str, Any]] = []
    try:
        for baseline in baselines:
            by, reason, numbers = _at(facts, baseline, important)
            found.append((by, reason))
            rows.append({"baseline": baseline.label, "by": by, **numbers})
    except LocoregError as error:
        reason = f"Effects can't be read against the threshold: {error.message}"
        return _proposal(None, reason, common, needs=True)
    by, reason = min(found, key=lambda one: one[0])
    differ = len({one for one, _ in found}) > 1
    if differ:
        reason += (
            " The baselines do not agree: "
            + "; ".join(f"{row['baseline']} {moved(row['by'])}" for row in rows)
            + "."
        )
    return _proposal(by, reason, {**common, "baselines": rows}, needs=differ)


def _proposal(by: int | None, reason: str, numbers: dict[str, Any], *, needs: bool) -> Proposal:
    return Proposal(
        domain="inconsistency", by=by, reason=reason, numbers=numbers, needs_person=needs,
        rule=RULE, source=SOURCE,
    )  # fmt: skip


def _common(facts: PoolFacts) -> dict[str, Any]:
    return {
        "k": len(facts.studies), "i2": facts.i2, "i2_low": facts.i2_low, "i2_high": facts.i2_high,
        "q": facts.q, "q_df": facts.q_df, "q_p": facts.q_p,
        "prediction": None if facts.prediction is None else list(facts.prediction),
    }  # fmt: skip


def _at(
    facts: PoolFacts, baseline: BaselineRisk, important: Threshold
) -> tuple[int, str, dict[str, Any]]:
    zones = {one.study_id: _zone_of(facts, one, baseline, important) for one in facts.studies}
    apart = _apart(facts, zones)
    wider = _prediction_reaches(facts, baseline, important)
    chance = math.isnan(facts.q_p) or facts.q_p >= Q_LEVEL
    sides = set(zones.values())
    weights: dict[Zone, float] = {
        zone: facts.weight_of([s for s in facts.studies if zones[s.study_id] == zone])
        for zone in ZONES
    }
    numbers = {
        "zones": zones, "weight_percent": weights,
        "intervals_apart": [list(pair) for pair in apart], "prediction_reaches": wider,
    }  # fmt: skip
    placed = _placed(weights, important)
    if len(sides) == 1:
        return 0, f"All estimates lie on one side of the threshold ({placed}).", numbers
    signals = []
    if apart:
        signals.append(f"intervals of {len(apart)} such pairs of studies do not overlap")
    if not chance:
        signals.append(f"test of heterogeneity p = {facts.q_p:.3f}")
    if wider:
        signals.append(f"a new study may lie at {wider}")
    about = _about(facts)
    where = f"At baseline {baseline.words}: {placed}"
    if not signals:
        return 0, f"{where}, which is no more than chance does. {about}", numbers
    opposite = {"more", "fewer"} <= sides
    beyond = any({zones[a], zones[b]} == {"more", "fewer"} for a, b in apart)
    by = -2 if opposite and beyond and not chance else -1
    return by, f"{where}; {'; '.join(signals)}. {about}", numbers


def _placed(weights: dict[Zone, float], important: Threshold) -> str:
    at = f"{important.per_1000:g} per 1,000"
    words: dict[Zone, str] = {
        "more": f"{at} more or beyond",
        "trivial": "less than that either way",
        "fewer": f"{at} fewer or beyond",
    }
    parts = [f"{weights[zone]:.1f}% of the weight at {words[zone]}" for zone in words
             if weights[zone] > 0]  # fmt: skip
    return ", ".join(parts)


def _about(facts: PoolFacts) -> str:
    if math.isnan(facts.i2):
        return "I2 can't be estimated."
    told = f"I2 {facts.i2:.0f}%"
    if not (math.isnan(facts.i2_low) or math.isnan(facts.i2_high)):
        told += f" ({facts.i2_low:.0f} to {facts.i2_high:.0f}%)"
    few = ", which few studies tell little about" if len(facts.studies) <= 3 else ""
    return f"{told}{few}."


def _limits(facts: PoolFacts, study: StudyFacts) -> tuple[float, float]:
    half = z_value(facts.read.level) * study.se
    return study.yi - half, study.yi + half


def _zone_of(
    facts: PoolFacts, study: StudyFacts, baseline: BaselineRisk, important: Threshold
) -> Zone:
    point = estimate_from(facts, study.yi, study.yi, study.yi)
    return important.zone(difference_of(facts, point, baseline).estimate)


def _apart(facts: PoolFacts, zones: dict[str, Zone]) -> list[tuple[str, str]]:
    """Return pairs of studies on different sides whose intervals do not overlap."""
    found = []
    for one, other in combinations(facts.studies, 2):
        if zones[one.study_id] == zones[other.study_id]:
            continue
        (low, high), (other_low, other_high) = _limits(facts, one), _limits(facts, other)
        if high < other_low or other_high < low:
            found.append((one.study_id, other.study_id))
    return found


def _prediction_reaches(facts: PoolFacts, baseline: BaselineRisk, important: Threshold) -> str:
    """Return the side that a new study may lie on and the pool's interval does not reach."""
    if facts.prediction is None or any(math.isnan(one) for one in facts.prediction):
        return ""
    low, high = facts.prediction
    mid = min(max(facts.read.estimate, low), high)
    new = difference_of(facts, estimate_from(facts, low, mid, high), baseline)
    pool = difference_of(facts, facts.read, baseline)
    at = f"{important.per_1000:g} per 1,000"
    sides = []
    if new.low <= -important.per_1000 < pool.low:
        sides.append(f"{at} fewer or beyond")
    if new.high >= important.per_1000 > pool.high:
        sides.append(f"{at} more or beyond")
    return " and ".join(sides)
