"""What may raise certainty of comparisons without randomisation.

Guyatt et al. 2011 (GRADE guidelines 9), doi:10.1016/j.jclinepi.2011.06.004.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from locoreg.evidence.certainty.facts import PoolFacts
from locoreg.evidence.certainty.levels import RANDOMISED, UP, Domain
from locoreg.evidence.certainty.proposals import Proposal

LARGE, VERY_LARGE = 2.0, 5.0
RULE = (
    "Up one level where the ratio is beyond 2 or 0.5, two beyond 5 or 0.2, if the whole interval "
    "lies on that side of 1, two studies at least show it, and nothing rates certainty down."
)
SOURCE = "GRADE guidelines 9 (doi:10.1016/j.jclinepi.2011.06.004)"
OPEN_RULE = "Nothing on record tells; a person must judge."
NOT_HERE = "Certainty of randomised trials is not rated up."


def upgrades(facts: PoolFacts, downs: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Propose what raises certainty.

    Parameters
    ----------
    facts : PoolFacts
        The pool.
    downs : sequence of Proposal
        Of the five domains that lower it.

    Returns
    -------
    tuple of Proposal
        Large effect, dose response, plausible confounding.
    """
    if facts.design == RANDOMISED:
        return tuple(_proposal(name, 0, NOT_HERE, needs=False) for name in UP)
    return (
        _large(facts, downs),
        _proposal(
            "dose response", None, "No dose is on record; whether the effect grows with it is for "
            "a person to say.", needs=True,
        ),
        _proposal(
            "plausible confounding", None, "Whether all plausible confounding would have lowered "
            "the effect is for a person to say.", needs=True,
        ),
    )  # fmt: skip


def _proposal(domain: Domain, by: int | None, reason: str, *, needs: bool) -> Proposal:
    return Proposal(
        domain=domain, by=by, reason=reason, numbers={}, needs_person=needs,
        rule=RULE if domain == "large effect" else OPEN_RULE, source=SOURCE,
    )  # fmt: skip


def _large(facts: PoolFacts, downs: Sequence[Proposal]) -> Proposal:
    if facts.read.scale != "log":
        return _proposal("large effect", 0, "The measure is not a ratio.", needs=False)
    ratio, low, high = facts.read.natural
    size = max(ratio, 1 / ratio)
    shown = f"{facts.measure} {ratio:.2f} ({low:.2f} to {high:.2f})"
    if math.isnan(low) or math.isnan(high):
        return _proposal("large effect", None, f"{facts.measure} {ratio:.2f} without an interval.",
                         needs=True)  # fmt: skip
    down = [one for one in downs if one.by is not None and one.by < 0]
    if size <= LARGE:
        by, reason = 0, f"{shown} is not beyond 2 or 0.5."
    elif low <= 1 <= high:
        by, reason = 0, f"{shown} is large, and the interval holds 1."
    elif down:
        named = ", ".join(one.domain for one in down)
        by, reason = 0, f"{shown} is large, and certainty is rated down for {named}."
    elif len(facts.studies) < 2:
        by, reason = 0, f"{shown} is large, and rests on one study."
    else:
        by = 2 if size > VERY_LARGE else 1
        reason = f"{shown} is {'very large' if by == 2 else 'large'}."
    return Proposal(
        domain="large effect", by=by, reason=reason,
        numbers={"ratio": ratio, "low": low, "high": high}, needs_person=by > 0, rule=RULE,
        source=SOURCE,
    )  # fmt: skip
