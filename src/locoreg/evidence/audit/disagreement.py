"""Routes to one effect that disagree on its size."""

from __future__ import annotations

import math
from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.direction import confounding, direction, standard_error
from locoreg.evidence.audit.interval import is_skewed
from locoreg.evidence.audit.routes import Route, routes
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.records import Claim

RULE = "route-disagreement"
# In standard errors of the difference, hazards that are not proportional
# included. Crossing curves go to about 4 in simulated and in real clean trials.
MINOR, SERIOUS = 4.5, 8.0


def disagreement(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find hazard ratios that the arms' own numbers put elsewhere, on the same side or not.

    Where the rule on direction speaks, this one is silent: an exchange of
    arms is the simpler reading.
    """
    study, claim = thing
    if claim.kind != "effect" or claim.resolved_measure != "HR" or is_skewed(claim):
        return
    se = standard_error(claim)
    if se is None or claim.estimate is None or claim.reference_arm is None:
        return
    sign = -1.0 if claim.reference_arm == "intervention" else 1.0
    effect = sign * math.log(claim.estimate)
    far = [
        (abs(z), route)
        for route in routes(study, claim, se)
        if abs(z := _distance(route, effect, confounding(study, claim))) >= MINOR
    ]
    if not far or any(True for _ in direction(view, thing)):
        return
    worst, route = max(far, key=lambda pair: pair[0])
    severity: Severity = "serious" if worst >= SERIOUS else "minor"
    yield found(
        view,
        claim,
        "estimate",
        rule=RULE,
        severity=severity,
        message=(
            f"{interval_text(claim)} ({label(claim)}) reads as {math.exp(effect):.3g}, "
            f"intervention against control; {route.text} imply about "
            f"{math.exp(route.log_ratio):.3g}, "
            f"{worst:.1f} standard errors of the difference away, an allowance for hazards that "
            "are not proportional included. Another endpoint, other patients or a slip in one of "
            "the numbers would explain it."
        ),
        changes=(
            f"By the route of the {route.name} the study would enter a pool as "
            f"{math.exp(route.log_ratio):.3g}, by its interval as {math.exp(effect):.3g}."
        ),
        value=round(worst, 1),
        limit=SERIOUS if severity == "serious" else MINOR,
        also=tuple((r.claim, r.column) for _, r in far),
    )


def _distance(route: Route, effect: float, extra: float) -> float:
    variance = route.variance + route.shape_variance(effect) + extra
    return (route.log_ratio - effect) / math.sqrt(variance)
