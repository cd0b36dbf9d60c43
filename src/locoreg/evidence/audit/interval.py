"""Checks of one interval: its estimate lies inside, and in the middle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.digits import replacements, swaps
from locoreg.evidence.audit.ranges import Range, Spread, cell_range, p_range, spread, z_range
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text
from locoreg.evidence.records import Claim, half_unit

# Limits from a profile likelihood or a bootstrap are not exactly symmetric;
# with 20 events or more they are off by less than a tenth of the half-width.
MINOR_OFFSET = 0.10
SERIOUS_OFFSET = 0.22
# Differences of proportions (Newcombe) and limits on other scales are looser.
LOOSE = 2.5
COLUMNS = ("estimate", "ci_low", "ci_high")


def effects(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the effect rows that have an estimate."""
    return [
        (study, claim)
        for study, claim in view.claims()
        if claim.estimate is not None and claim.resolved_measure is not None
    ]


def effects_with_interval(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the effect rows that have an estimate and both limits."""
    return [pair for pair in effects(view) if spread(pair[1]) is not None]


def estimate_outside(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find estimates outside their own interval, over the rounding of all three numbers."""
    study, claim = thing
    side = outside(claim)
    if side is None:
        return
    repair = best_repair(study, claim)
    yield found(
        view,
        claim,
        repair.column if repair else "estimate",
        rule="estimate-outside-interval",
        severity="blocking",
        message=f"{interval_text(claim)}: the estimate lies {side}, which no method gives."
        + (f" {repair.text}" if repair else ""),
        changes="The row can't be pooled before it is known which of the three numbers is wrong.",
        value=claim.estimate,
        limit=f"{claim.ci_low:g} to {claim.ci_high:g}",
        reading="exclude",
    )


def outside(claim: Claim) -> str | None:
    """Return on which side of its interval an estimate lies; None if inside."""
    estimate, low, high = (cell_range(claim, column) for column in COLUMNS)
    if estimate is None or low is None or high is None:
        return None
    if estimate.hi < low.lo:
        return "below the lower limit"
    return "above the upper limit" if estimate.lo > high.hi else None


def asymmetry(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find estimates that are not in the middle of their interval on the analysis scale."""
    study, claim = thing
    printed = spread(claim)
    severity = offset_severity(claim)
    if printed is None or severity is None or outside(claim) is not None:
        return
    repair = best_repair(study, claim)
    middle = (printed.low.mid + printed.high.mid) / 2
    half = printed.half_width.mid
    share = off_centre(printed)
    if printed.is_log:
        name, middle = "geometric", math.exp(middle)
    else:
        name = "arithmetic"
    clue = repair.text if repair else "No single slip in one of the three numbers restores it."
    if printed.is_log and _symmetric_on_natural_scale(claim):
        clue = "It is symmetric on the natural scale, as if computed without logarithms."
        severity = "minor"
    yield found(
        view,
        claim,
        repair.column if repair else "estimate",
        rule="interval-asymmetry",
        severity=severity,
        message=(
            f"{interval_text(claim)}: the {name} middle of the limits is {middle:.3g}. Beyond "
            f"rounding, the estimate is off by {share:.0%} of the half-width ({half:.3g} on the "
            f"analysis scale). {clue}"
        ),
        changes=_asymmetry_changes(printed),
        value=round(share, 3),
        limit=_limit(claim, MINOR_OFFSET),
    )


def off_centre(printed: Spread) -> float:
    """Return the distance of the estimate from the middle, in half-widths, beyond rounding."""
    gap = abs(printed.offset.gap(Range(0.0, 0.0)))
    half = printed.half_width.mid
    return gap / half if half > 0 else 0.0


def _limit(claim: Claim, base: float) -> float:
    return base * LOOSE if claim.resolved_measure in ("RD", "survival ratio") else base


def offset_severity(claim: Claim) -> Severity | None:
    """Return how bad the asymmetry of a row's interval is; None if it is within tolerance."""
    printed = spread(claim)
    if printed is None:
        return None
    share = off_centre(printed)
    if share > _limit(claim, SERIOUS_OFFSET):
        return "serious"
    return "minor" if share > _limit(claim, MINOR_OFFSET) else None


def is_skewed(claim: Claim) -> bool:
    """Return whether the three numbers contradict each other."""
    return offset_severity(claim) == "serious"


def _symmetric_on_natural_scale(claim: Claim) -> bool:
    estimate, low, high = (cell_range(claim, column) for column in COLUMNS)
    if estimate is None or low is None or high is None:
        return False
    return ((low + high).times(0.5) - estimate).gap(Range(0.0, 0.0)) == 0.0


def _asymmetry_changes(printed: Spread) -> str:
    low = (printed.estimate.mid - printed.low.mid) * 2
    high = (printed.high.mid - printed.estimate.mid) * 2
    width = printed.high.mid - printed.low.mid
    if min(low, high) <= 0 or width <= 0:
        return "The standard error can't be taken from the limits."
    return (
        f"The standard error from the lower limit alone is {low / width:.2f} times, from the "
        f"upper limit alone {high / width:.2f} times, the one from both."
    )


@dataclass(frozen=True, slots=True)
class Repair:
    """A single slip that explains an asymmetric interval.

    Attributes
    ----------
    column : str
        Cell that would hold the slip.
    text : str
        Sentence for the reader.
    """

    column: str
    text: str


def best_repair(study: StudyView, claim: Claim) -> Repair | None:
    """Return the slip in one number that restores symmetry and agrees best with p and events.

    Exchanged digits are tried before changed ones. Other slips that do the
    same are named too.
    """
    for kind, make in (("exchanging two digits", swaps), ("changing one digit", replacements)):
        options = []
        for place, column in enumerate(COLUMNS):
            for text in make(claim.row.printed.get(column, "")):
                misfit = _misfit(study, claim, column, text)
                if misfit is not None:
                    options.append((misfit, place, text))
        if options:
            options.sort()
            _, place, text = options[0]
            column = COLUMNS[place]
            also = _others(options[1:], kind)
            return Repair(
                column,
                f"Symmetry is restored by {kind} of {column}: {text} for "
                f"{claim.row.printed[column]}{also}.",
            )
    return None


def _others(options: list[tuple[float, int, str]], kind: str) -> str:
    names = [f"{COLUMNS[place]} {text}" for _, place, text in options[:3]]
    if not names:
        return ""
    more = f" and {len(options) - 3} more" if len(options) > 3 else ""
    return f" (also by {kind} to {', '.join(names)}{more})"


def _misfit(study: StudyView, claim: Claim, column: str, text: str) -> float | None:
    """Misfit of a repaired row with p and events; None if it is not a repair."""
    row = replace(claim.row, printed={**claim.row.printed, column: text})
    changed: dict[str, Any] = {column: float(text)}
    mended = replace(claim, row=row, verbatim=None, **changed)
    half = half_unit(text)
    printed = spread(mended) if float(text) > half else None
    if printed is None or printed.half_width.lo <= 0 or off_centre(printed) > 0:
        return None
    misfit = 0.0
    p = p_range(claim)
    if p is not None:
        misfit += abs(printed.z().gap(z_range(p, 1 if claim.p_sided == "one" else 2)))
    counts = counts_for(study, claim)
    if counts.deaths and claim.resolved_measure == "HR":
        expected = 1 / (counts.deaths * counts.share * (1 - counts.share))
        misfit += abs(math.log(printed.se().mid ** 2 / expected))
    return round(misfit, 6)
