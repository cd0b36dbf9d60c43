"""Risk of bias: how much of the pool's weight comes from studies at risk.

Guyatt et al. 2011 (GRADE guidelines 4), doi:10.1016/j.jclinepi.2010.07.017; Guyatt et al. 2025
(Core GRADE 4), doi:10.1136/bmj-2024-083864.
"""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.core.errors import LocoregError
from locoreg.core.estimate import Estimate
from locoreg.evidence.certainty.facts import (
    BaselineRisk,
    PoolFacts,
    StudyFacts,
    Threshold,
    difference_of,
)
from locoreg.evidence.certainty.levels import RANDOMISED, Level
from locoreg.evidence.certainty.proposals import Proposal
from locoreg.evidence.meta import meta_analysis

# "Most information" of the Cochrane Handbook, table 14.2.a: more than half of the weight.
MOST = 50.0
RULE = (
    "Down one level where more than half of the pool's weight is at high risk, or where the pool "
    "says something else without those studies; down two where more than half is at critical "
    "risk. Without assessments, or where most weight is at some concerns, a person must judge."
)
SOURCE = "GRADE guidelines 4 (doi:10.1016/j.jclinepi.2010.07.017); Core GRADE 4 (2025)"
ROBINS_RULE = (
    "Where certainty starts at high and ROBINS-I was used: down one level if most of the weight is "
    "at moderate risk, two at serious, three at critical."
)
ROBINS_SOURCE = "GRADE guidelines 18 (doi:10.1016/j.jclinepi.2018.01.012)"


def risk_of_bias(
    facts: PoolFacts, *, baselines: Sequence[BaselineRisk], important: Threshold, start: Level
) -> Proposal:
    """Propose how far risk of bias lowers certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    baselines : sequence of BaselineRisk
        At which the pool's meaning is read.
    important : Threshold
        From where on a difference matters.
    start : str
        Level that certainty starts at.

    Returns
    -------
    Proposal
        With the weight per concern, and the pool without studies at high risk.
    """
    shares = _shares(facts)
    high = [one for one in facts.studies if one.concern in ("high", "critical")]
    rest = [one for one in facts.studies if one not in high]
    changed, without, unread = "", None, ""
    if high and rest:
        try:
            changed, without = _without(facts, rest, baselines, important)
        except LocoregError as error:
            unread = f"the pool without the studies at high risk can't be read: {error.message}"
    if facts.design == RANDOMISED:
        by, reason = _trials(facts, shares, changed)
    else:
        by, reason = _others(shares, start)
    robins = facts.design != RANDOMISED
    return Proposal(
        domain="risk of bias",
        by=by,
        reason=reason,
        numbers={
            "weight_percent": shares,
            "at_high_risk": [one.study_id for one in high],
            "without_record": [one.study_id for one in facts.studies if one.concern is None],
            "without_high_risk": None if without is None else without.to_dict(),
            "conclusion_changes": changed,
            "unread": unread,
        },
        needs_person=by is None or robins or bool(unread),
        rule=ROBINS_RULE if robins else RULE,
        source=ROBINS_SOURCE if robins else SOURCE,
    )


def _shares(facts: PoolFacts) -> dict[str, float]:
    """Return the weight per concern in percent."""
    return {
        name: facts.weight_of([one for one in facts.studies if one.concern == concern])
        for name, concern in (
            ("low", "low"), ("some", "some"), ("high", "high"), ("critical", "critical"),
            ("unknown", "unknown"), ("no record", None),
        )
    }  # fmt: skip


def _trials(facts: PoolFacts, shares: dict[str, float], changed: str) -> tuple[int | None, str]:
    high = shares["high"] + shares["critical"]
    open_ = shares["unknown"] + shares["no record"]
    if len(facts.studies) == sum(one.concern is None for one in facts.studies):
        return None, "No assessment of risk of bias is on record for any study of the pool."
    told = _told(shares)
    if shares["critical"] > MOST:
        return -2, f"{told}: most of the weight is at critical risk of bias."
    if high > MOST:
        return -1, f"{told}: most of the weight is at high risk of bias."
    if changed:
        return -1, f"{told}; {changed}."
    if high + open_ > MOST:
        return None, f"{told}: how much of the weight is at high risk is not known."
    if high + open_ + shares["some"] > MOST:
        return None, f"{told}: whether such concerns lower certainty is for a person to say."
    return 0, f"{told}: most of the weight is at low risk of bias."


def _others(shares: dict[str, float], start: Level) -> tuple[int | None, str]:
    told = _told(shares)
    if shares["unknown"] + shares["no record"] > MOST:
        return None, f"{told}: most of the weight has no overall judgement on record."
    if start != "high":
        return None, (
            f"{told}. Certainty starts at {start} for want of randomisation; whether there is bias "
            "beyond confounding and selection is for a person to say."
        )
    if shares["critical"] > MOST:
        return -3, f"{told}: most of the weight is at critical risk of bias."
    if shares["critical"] + shares["high"] > MOST:
        return -2, f"{told}: most of the weight is at serious risk of bias or worse."
    if shares["low"] <= MOST:
        return -1, f"{told}: most of the weight is at moderate risk of bias or worse."
    return 0, f"{told}: most of the weight is at low risk of bias."


def _told(shares: dict[str, float]) -> str:
    words = {
        "low": "low risk", "some": "some concerns", "high": "high risk",
        "critical": "critical risk", "unknown": "an assessment without overall judgement",
        "no record": "no assessment on record",
    }  # fmt: skip
    parts = [f"{share:.1f}% {words[name]}" for name, share in shares.items() if share > 0]
    return f"Weight: {', '.join(parts) or 'none'}"


def _without(
    facts: PoolFacts,
    rest: Sequence[StudyFacts],
    baselines: Sequence[BaselineRisk],
    important: Threshold,
) -> tuple[str, Estimate]:
    """Return in words what changes without some studies, and the pool of the others."""
    meta = meta_analysis(
        [one.yi for one in rest],
        se=[one.se for one in rest],
        method=facts.method,
        interval=facts.interval,
        level=facts.read.level,
        scale=facts.read.scale,
        labels=[one.label for one in rest],
    )
    other = meta.mu if meta.floor is None else meta.floor
    for baseline in baselines:
        here = difference_of(facts, facts.read, baseline)
        there = difference_of(facts, other, baseline)
        if important.zone(here.estimate) != important.zone(there.estimate):
            return (
                f"without the studies at high risk the difference is {there.estimate:+.0f} per "
                f"1,000 instead of {here.estimate:+.0f} at baseline {baseline.words}, on the "
                f"other side of {important.per_1000:g} per 1,000",
                other,
            )
    return "", other
