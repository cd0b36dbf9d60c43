"""The direction of an effect: medians, survival, means and events against the printed number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.interval import is_skewed
from locoreg.evidence.audit.ranges import spread
from locoreg.evidence.audit.routes import Route, routes
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.records import Claim

RULE = "direction"
MEASURES = ("HR", "OR", "RR", "IRR")
# In cohorts an adjusted effect and crude medians differ by confounding: SD 0.4.
CONFOUNDING_VARIANCE = 0.16
LR_BLOCKING = 8.0
LR_SERIOUS = 50.0
LR_MINOR = 4.0
LR_ROUTE = 20.0
# Correlation assumed between what two kinds of numbers say.
ROUTE_CORRELATION = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The evidence for and against a reversed effect.

    Attributes
    ----------
    effect, se : float
        Printed log ratio as read, intervention against control, and its SE.
    log_ratio, variance : float
        What the other numbers say together, and the variance of the difference.
    """

    effect: float
    se: float
    log_ratio: float
    variance: float

    @property
    def likelihood_ratio(self) -> float:
        """Return how much better the reversed reading predicts the other numbers."""
        return math.exp(min(-2 * self.log_ratio * self.effect / self.variance, 700.0))

    @property
    def deviations(self) -> tuple[float, float]:
        """Return the deviation in standard errors as stated and reversed."""
        sd = math.sqrt(self.variance)
        return (self.log_ratio - self.effect) / sd, (self.log_ratio + self.effect) / sd

    @property
    def signature(self) -> bool:
        """Return whether the other numbers lie outside the 95% interval, inside its reciprocal."""
        half = z_value(95) * self.se
        outside = abs(self.log_ratio - self.effect) > half
        return outside and abs(self.log_ratio + self.effect) <= max(half, math.sqrt(self.variance))


def weigh(effect: float, se: float, given: list[Route], extra: float = 0.0) -> Weighed:
    """Put the routes together.

    Parameters
    ----------
    effect, se : float
        Log ratio and its standard error.
    given : list of Route
        At least one.
    extra : float
        Variance added because the routes measure something else.

    Returns
    -------
    Weighed
        Their inverse-variance mean, with an assumed correlation between them.
    """
    shapes = [route.shape_variance(effect) for route in given]
    weights = [1 / (r.variance + shape) for r, shape in zip(given, shapes, strict=True)]
    total = math.fsum(weights)
    mean = math.fsum(w * r.log_ratio for w, r in zip(weights, given, strict=True)) / total
    roots = [w * math.sqrt(r.variance) for w, r in zip(weights, given, strict=True)]
    diagonal = math.fsum(x**2 for x in roots)
    cross = math.fsum(roots) ** 2 - diagonal
    chance = (diagonal + ROUTE_CORRELATION * cross) / total**2
    # What the shape of the hazards does to one number it may do to all.
    both = math.fsum(w * math.sqrt(x) for w, x in zip(weights, shapes, strict=True)) / total
    return Weighed(effect=effect, se=se, log_ratio=mean, variance=chance + both**2 + extra)


def confounding(study: StudyView, claim: Claim) -> float:
    """Return the variance that confounding adds between an adjusted effect and crude arms."""
    crude = (claim.adjusted or "no").casefold() in ("no", "none", "unadjusted")
    return 0.0 if crude or study.study.design == "rct" else CONFOUNDING_VARIANCE


def direction(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find effects whose arms, or whose arms' numbers, are exchanged."""
    study, claim = thing
    usable = claim.kind == "effect" and claim.reference_arm is not None
    if not usable or claim.resolved_measure not in MEASURES or is_skewed(claim):
        return
    se = standard_error(claim)
    if se is None or claim.estimate is None:
        return
    sign = -1.0 if claim.reference_arm == "intervention" else 1.0
    effect = sign * math.log(claim.estimate)
    given = routes(study, claim, se)
    if not given:
        return
    extra = confounding(study, claim)
    single = {id(route): weigh(effect, se, [route], extra) for route in given}
    against = [r for r in given if single[id(r)].likelihood_ratio >= LR_ROUTE]
    support = [r for r in given if single[id(r)].likelihood_ratio <= 1 / LR_ROUTE]
    if against and support:
        yield _contradiction(view, claim, effect, se, against, support)
        return
    weighed = weigh(effect, se, given, extra)
    grade = _grade(weighed, is_hazard_ratio=claim.resolved_measure == "HR")
    if grade is not None:
        yield _reversed(view, claim, weighed, given, *grade)


def _grade(weighed: Weighed, *, is_hazard_ratio: bool) -> tuple[Severity, float] | None:
    """Return how bad it is, and the limit that the likelihood ratio passed."""
    ratio = weighed.likelihood_ratio
    if is_hazard_ratio and ratio >= LR_BLOCKING and weighed.signature:
        return "blocking", LR_BLOCKING
    if is_hazard_ratio and ratio >= LR_SERIOUS:
        return "serious", LR_SERIOUS
    return ("minor", LR_MINOR) if ratio >= LR_MINOR else None


def standard_error(claim: Claim) -> float | None:
    """Return the standard error of a ratio on the log scale, from limits or as given."""
    printed = spread(claim)
    if printed is not None and printed.half_width.lo > 0:
        return printed.se().mid
    if claim.se is not None:
        return claim.se
    return math.sqrt(claim.variance) if claim.variance is not None else None


def _reversed(
    view: CatalogView,
    claim: Claim,
    weighed: Weighed,
    given: list[Route],
    severity: Severity,
    limit: float,
) -> Finding:
    stated, mirrored = weighed.deviations
    half = z_value(95) * weighed.se
    low, high = (math.exp(weighed.effect + x) for x in (-half, half))
    other = "control" if claim.reference_arm == "intervention" else "intervention"
    read = math.exp(weighed.effect)
    signature = (
        "it lies outside that interval and inside its reciprocal"
        if weighed.signature
        else "it is on the other side of 1"
    )
    agree = [route for route in given if route.log_ratio * weighed.effect < 0]
    rest = [route for route in given if route not in agree]
    message = (
        f"{interval_text(claim)} ({label(claim)}) with the {claim.reference_arm} arm as reference "
        f"reads as {read:.3g} (95% interval {low:.3g} to {high:.3g}), intervention against "
        f"control. {_sentence(agree)} imply about {math.exp(weighed.log_ratio):.3g}: {signature} "
        f"({1 / high:.3g} to {1 / low:.3g}). They deviate by {abs(stated):.1f} standard errors "
        f"as stated and by {abs(mirrored):.1f} with the arms exchanged; likelihood ratio "
        f"{weighed.likelihood_ratio:.3g} for the exchange. Either the reference arm of the effect "
        "is the other one or the two arm columns are exchanged."
    )
    elsewhere = any(route.claim is not claim for route in agree)
    if not elsewhere:
        message += " Both stand in one row, so no reading is supported: see the source."
    if claim.resolved_measure != "HR":
        message += f" The {claim.resolved_measure} may also count survivors instead of events."
    if rest:
        message += f" On the side of the effect as read: {_sentence(rest)}."
    return found(
        view,
        claim,
        "reference_arm",
        rule=RULE,
        severity=severity,
        message=message,
        changes=(
            f"Pooled as stated, the row counts as {claim.resolved_measure} {read:.3g}; read the "
            f"other way it is {1 / read:.3g}."
        ),
        value=round(weighed.likelihood_ratio, 2) if weighed.likelihood_ratio < 1e6 else 1e6,
        limit=limit,
        also=tuple((route.claim, route.column) for route in given),
        # Events of the effect's own row can't tell an exchange of arms from a reversed effect.
        reading=f"reference_arm={other}" if severity != "minor" and elsewhere else None,
    )


def _sentence(given: list[Route]) -> str:
    text = "; ".join(route.text for route in given)
    return text[:1].upper() + text[1:]


def _contradiction(
    view: CatalogView,
    claim: Claim,
    effect: float,
    se: float,
    against: list[Route],
    support: list[Route],
) -> Finding:
    row, column = against[0].claim, against[0].column
    together = weigh(effect, se, against).likelihood_ratio
    return found(
        view,
        row,
        column,
        rule=RULE,
        severity="serious",
        message=(
            f"{_sentence(against)} lie on the other side of 1 than {interval_text(claim)} "
            f"({label(claim)}) read as {math.exp(effect):.3g}, intervention against control "
            f"(likelihood ratio {together:.3g} for an exchange), while {_sentence(support)} agree "
            "with the effect. The evidence contradicts itself: the two arm columns of this row "
            "may be exchanged."
        ),
        changes="An effect derived from this row would point the other way.",
        value=round(min(together, 1e6), 2),
        limit=LR_ROUTE,
        also=(
            (claim, "estimate"),
            *((route.claim, route.column) for route in (*against[1:], *support)),
        ),
    )
