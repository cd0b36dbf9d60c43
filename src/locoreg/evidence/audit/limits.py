"""Limits of the values of one arm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from locoreg.core.findings import Finding
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.ranges import Range, cell_range
from locoreg.evidence.audit.routes import SURVIVAL
from locoreg.evidence.audit.survival import arm_name
from locoreg.evidence.audit.view import CatalogView, StudyView, found
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.records import Claim


def arm_intervals(view: CatalogView) -> list[tuple[StudyView, Claim, str]]:
    """Return the arm values that have limits."""
    return [
        (study, claim, arm)
        for study, claim in view.claims()
        for arm in ("intervention", "control")
        if cell_range(claim, f"value_{arm}") is not None
        and (
            cell_range(claim, f"low_{arm}") is not None
            or cell_range(claim, f"high_{arm}") is not None
        )
    ]


def value_interval(view: CatalogView, thing: tuple[StudyView, Claim, str]) -> Iterator[Finding]:
    """Find arm values outside their limits, off-centre in them, or with too narrow limits."""
    study, claim, arm = thing
    value, low, high = (cell_range(claim, f"{x}_{arm}") for x in ("value", "low", "high"))
    if value is None:
        return
    text = (
        f"{arm_name(arm)}, {claim.statistic}: {getattr(claim, f'value_{arm}')} "
        f"({getattr(claim, f'low_{arm}')} to {getattr(claim, f'high_{arm}')})"
    )
    outside = (low is not None and value.hi < low.lo) or (high is not None and value.lo > high.hi)
    if outside or (low is not None and high is not None and low.lo > high.hi):
        yield found(
            view,
            claim,
            f"value_{arm}",
            rule="estimate-outside-interval",
            severity="blocking",
            message=f"{text}: the value lies outside its limits.",
            changes="One of the three numbers is wrong; an effect derived from them would be too.",
            value=value.mid,
            limit=f"{getattr(claim, f'low_{arm}')} to {getattr(claim, f'high_{arm}')}",
        )
    elif low is not None and high is not None and claim.statistic in SURVIVAL:
        yield from _off_centre(view, claim, arm, text, (value, low, high))
        yield from _too_narrow(view, study, claim, arm, text, (low, high))


_TRANSFORMS: tuple[Callable[[float], float], ...] = (
    lambda s: s,
    math.log,
    lambda s: math.log(-math.log(s)),
    lambda s: math.log(s / (1 - s)),
    lambda s: math.asin(math.sqrt(s)),
)


def _off_centre(
    view: CatalogView, claim: Claim, arm: str, text: str, cells: tuple[Range, Range, Range]
) -> Iterator[Finding]:
    """Compare with the middle on each scale in use; the best one counts."""
    value, low, high = (Range(c.lo / 100, c.hi / 100) for c in cells)
    if min(value.lo, low.lo) <= 0 or max(value.hi, high.hi) >= 1:
        return
    shares = []
    for transform in _TRANSFORMS:
        v, a, b = (Range(*sorted((transform(c.lo), transform(c.hi)))) for c in (value, low, high))
        half = abs(b.mid - a.mid) / 2
        gap = ((a + b).times(0.5) - v).gap(Range(0.0, 0.0))
        shares.append(abs(gap) / half if half > 0 else 0.0)
    share = min(shares)
    if share <= 0.3:
        return
    yield found(
        view,
        claim,
        f"value_{arm}",
        rule="interval-asymmetry",
        severity="serious" if share > 0.6 else "minor",
        message=(
            f"{text}: on none of the scales in use (plain, log, log-log, logit, arcsine) is the "
            f"value within 30% of the half-width from the middle; the nearest is {share:.0%} off."
        ),
        changes="A standard error taken from these limits is in doubt.",
        value=round(share, 3),
        limit=0.3,
    )


def _too_narrow(
    view: CatalogView,
    study: StudyView,
    claim: Claim,
    arm: str,
    text: str,
    limits: tuple[Range, Range],
) -> Iterator[Finding]:
    counts = counts_for(study, claim)
    cell = counts.n_intervention if arm == "intervention" else counts.n_control
    middle = (limits[0].mid + limits[1].mid) / 200
    level = claim.value_level or 95.0
    half = (limits[1].hi - limits[0].lo) / 200
    if cell is None or not 0.2 < middle < 0.8 or half <= 0:
        return
    needed = middle * (1 - middle) / (half / z_value(level)) ** 2
    if needed <= 1.3 * cell.value:
        return
    yield found(
        view,
        claim,
        f"low_{arm}",
        rule="more-events-than-patients",
        severity="serious" if needed > 1.7 * cell.value else "minor",
        message=(
            f"{text}, {level:g}%: limits as narrow as these need S(1 - S)/SE² = {needed:.0f} "
            f"patients, and the arm has {cell.value}."
        ),
        changes="A standard error taken from these limits would be too small.",
        value=round(needed),
        limit=cell.value,
        also=((cell.claim, cell.column),),
    )
