"""Subgroup effects against the effect in all patients."""

from __future__ import annotations

import math
from collections.abc import Iterator

from locoreg.core.findings import Finding
from locoreg.evidence.audit.evidence import partitions
from locoreg.evidence.audit.interval import is_skewed
from locoreg.evidence.audit.ranges import spread
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text
from locoreg.evidence.records import Claim

RULE = "subgroup-information"
# Distance of the whole from the weighted mean of its parts, in its own SE.
# Prognostic factors and weighting move it by a few tenths.
MINOR_DISTANCE = 0.7
SERIOUS_DISTANCE = 1.4
MINOR_APART = 0.15
# One part may not hold more information than the whole.
PART_MINOR = 1.1
PART_SERIOUS = 1.3

Whole = tuple[StudyView, Claim]


def wholes(view: CatalogView) -> list[Whole]:
    """Return the effects in all patients that have subgroup effects beside them."""
    return [
        (study, claim)
        for study, claim in view.claims()
        if claim.kind == "effect" and spread(claim) is not None and _parts(study, claim)
    ]


def _parts(study: StudyView, claim: Claim) -> list[Claim]:
    key = study.key_of[claim.claim_id]
    if key[2] is not None or study.study.design in ("pooled", "review", "guideline"):
        return []
    return [
        other
        for other in study.claims
        if study.key_of[other.claim_id][2] is not None
        and (mine := study.key_of[other.claim_id])[:2] == key[:2]
        and mine[3] == key[3]
        and other.resolved_measure == claim.resolved_measure
        and other.kind == "effect"
        and spread(other) is not None
        and not is_skewed(other)
    ]


def subgroup_effects(view: CatalogView, thing: Whole) -> Iterator[Finding]:
    """Find parts with more information than the whole, and a whole away from its parts."""
    study, claim = thing
    printed = spread(claim)
    if printed is None or printed.half_width.lo <= 0 or is_skewed(claim):
        return
    finding = _part_above(view, study, claim) or _away(view, study, claim)
    if finding is not None:
        yield finding


def _part_above(view: CatalogView, study: StudyView, claim: Claim) -> Finding | None:
    printed = spread(claim)
    if printed is None:
        return None
    worst: tuple[float, Claim] | None = None
    for part in _parts(study, claim):
        other = spread(part)
        if other is None or other.half_width.lo <= 0:
            continue
        ratio = (printed.se().lo / other.se().hi) ** 2
        if worst is None or ratio > worst[0]:
            worst = ratio, part
    if worst is None or worst[0] <= PART_MINOR:
        return None
    ratio, part = worst
    narrow = spread(part)
    inner = narrow.se().mid if narrow is not None else math.nan
    return found(
        view,
        part,
        "subgroup",
        rule=RULE,
        severity="serious" if ratio > PART_SERIOUS else "minor",
        message=(
            f"{part.subgroup}: {interval_text(part)} has SE {inner:.3f}, and all patients, "
            f"{interval_text(claim)}, have SE {printed.se().mid:.3f}. A part can't hold "
            f"{ratio:.2f} times the information of the whole: subgroup and total may be exchanged, "
            "or one interval has another level."
        ),
        changes="The effect pooled for all patients would be that of a subgroup.",
        value=round(ratio, 3),
        limit=PART_MINOR,
        also=((claim, "ci_low"),),
    )


def _away(view: CatalogView, study: StudyView, claim: Claim) -> Finding | None:
    printed = spread(claim)
    if printed is None:
        return None
    se = printed.se().mid
    for name, rows in partitions(study, claim).items():
        spreads = [s for s in (spread(row) for row in rows) if s is not None]
        if any(s.half_width.lo <= 0 for s in spreads) or any(is_skewed(row) for row in rows):
            continue
        weights = [1 / s.se().mid ** 2 for s in spreads]
        total = math.fsum(weights)
        if not 0.88 < total * se**2 < 1.4:
            continue
        mean = math.fsum(w * s.estimate.mid for w, s in zip(weights, spreads, strict=True)) / total
        apart = abs(mean - printed.estimate.mid)
        distance = apart / se
        inside = (
            min(s.estimate.lo for s in spreads)
            <= printed.estimate.mid
            <= max(s.estimate.hi for s in spreads)
        )
        if inside or distance <= MINOR_DISTANCE or apart < MINOR_APART:
            continue
        shown = math.exp(mean) if printed.is_log else mean
        return found(
            view,
            claim,
            "estimate",
            rule=RULE,
            severity="serious" if distance > SERIOUS_DISTANCE else "minor",
            message=(
                f"{interval_text(claim)} lies outside the range of its subgroups by {name} "
                f"({'; '.join(interval_text(row) for row in rows)}), which hold "
                f"{total * se**2:.0%} of its information and average to {shown:.3g}: "
                f"{distance:.1f} standard errors apart."
            ),
            changes=f"If the subgroups are right, the effect in all patients is about {shown:.3g}.",
            value=round(distance, 2),
            limit=MINOR_DISTANCE,
            also=tuple((row, "estimate") for row in rows),
        )
    return None
