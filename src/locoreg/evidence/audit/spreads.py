"""Standard errors and variances as printed, against interval, p-value and events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from locoreg.core.findings import Finding
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.evidence import LEVELS, p_evidence
from locoreg.evidence.audit.interval import is_skewed
from locoreg.evidence.audit.ranges import Range, cell_range, spread
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Claim

RULE = "se-or-variance"
# A printed SE and that of the interval may differ by this factor (robust, profile).
LOOSE_FACTOR = 1.12
# Against p or events the tolerance is wider: tests and adjustments differ.
WIDE_FACTOR = 1.5
WIDE_FITS = 1.3


@dataclass(frozen=True, slots=True)
class Reference:
    """A standard error from other numbers.

    Attributes
    ----------
    se : Range
        Its range.
    factor : float
        Tolerance.
    fits : float
        Factor within which a printed number agrees without a doubt.
    text : str
        Where it comes from.
    cells : tuple
        Those numbers.
    """

    se: Range
    factor: float
    fits: float
    text: str
    cells: tuple[tuple[Claim, str | None], ...]


def spread_rows(view: CatalogView) -> list[tuple[StudyView, Claim, str]]:
    """Return the printed standard errors and variances."""
    return [
        (study, claim, column)
        for study, claim in view.claims()
        for column in ("se", "variance")
        if getattr(claim, column) is not None
    ]


def se_or_variance(view: CatalogView, thing: tuple[StudyView, Claim, str]) -> Iterator[Finding]:
    """Find a variance in the column of standard errors, or the reverse."""
    study, claim, column = thing
    cell = cell_range(claim, column)
    if cell is None or cell.hi <= 0:
        return
    as_named = _root(cell) if column == "variance" else cell
    as_other = cell if column == "variance" else _root(cell)
    for reference in _references(study, claim):
        named, other = (_distance(x, reference.se) for x in (as_named, as_other))
        if named <= math.log(reference.fits):
            return
        if other <= math.log(reference.factor) and named - other > math.log(1.15):
            yield _swapped(view, claim, column, reference, named > math.log(reference.factor))
            return
        if reference.factor == LOOSE_FACTOR:
            yield _other_size(view, claim, column, reference, as_named)
            return


def _root(cell: Range) -> Range:
    return Range(math.sqrt(max(cell.lo, 0.0)), math.sqrt(cell.hi))


def _distance(first: Range, second: Range) -> float:
    if first.hi <= 0 or second.hi <= 0:
        return math.inf
    return abs(first.log().gap(second.log()))


def _references(study: StudyView, claim: Claim) -> Iterator[Reference]:
    printed = spread(claim)
    if printed is not None and printed.half_width.lo > 0 and not is_skewed(claim):
        yield Reference(
            printed.se(),
            LOOSE_FACTOR,
            LOOSE_FACTOR,
            f"the {claim.ci_level:g}% interval gives SE {printed.se().mid:.4g}",
            ((claim, "ci_low"), (claim, "ci_high")),
        )
        return
    if claim.resolved_measure not in RATIO_MEASURES or not claim.estimate or claim.estimate <= 0:
        return
    estimate = cell_range(claim, "estimate")
    p = p_evidence(study, claim)
    if p is not None and estimate is not None and len(p.sides) == 1 and estimate.lo > 0:
        z = p.z[0]
        size = estimate.log().magnitude()
        if z.lo > 0.5 and size.lo > 0 and p.claim.p_op == "=":
            yield Reference(
                size.over(z),
                WIDE_FACTOR,
                WIDE_FITS,
                f"estimate and p give SE {size.mid / z.mid:.3g}",
                ((p.claim, "p_value"),),
            )
    counts = counts_for(study, claim)
    if counts.deaths and claim.resolved_measure == "HR":
        share = counts.share
        se = math.sqrt(1 / (counts.deaths * share * (1 - share)))
        yield Reference(
            Range(se, se),
            WIDE_FACTOR,
            WIDE_FITS,
            f"{counts.deaths} events give SE about {se:.3g}",
            counts.cells(),
        )


def _swapped(
    view: CatalogView, claim: Claim, column: str, reference: Reference, clear: bool
) -> Finding:
    printed = claim.row.printed.get(column)
    holds = "a variance" if column == "se" else "a standard error"
    operation = "square root" if column == "se" else "square"
    value = getattr(claim, column)
    other = math.sqrt(value) if column == "se" else value**2
    return found(
        view,
        claim,
        column,
        rule=RULE,
        severity="blocking" if clear else "serious",
        message=(
            f"{interval_text(claim)}: the {column} column holds {printed}, and {reference.text}. "
            f"The {operation} of the printed number is {other:.4g}: the column holds {holds}."
        ),
        changes=(
            f"Read as printed, the row would weigh {max(other, value) / min(other, value):.1f} "
            "times too much or too little on the scale of standard errors."
        ),
        value=value,
        limit=round(reference.se.mid if column == "se" else reference.se.mid**2, 5),
        also=reference.cells,
    )


def _other_size(
    view: CatalogView, claim: Claim, column: str, reference: Reference, given: Range
) -> Finding:
    printed = spread(claim)
    fits = [
        level
        for level in LEVELS
        if printed is not None
        and level != claim.ci_level
        and _distance(given, printed.se(level)) <= math.log(1.03)
    ]
    clue = f" It is the one of a {fits[0]:g}% interval." if len(fits) == 1 else ""
    off = _distance(given, reference.se)
    return found(
        view,
        claim,
        "ci_level" if fits else column,
        rule=RULE,
        severity="serious" if off > math.log(1.15) else "minor",
        message=(
            f"{interval_text(claim)}: the {column} column holds "
            f"{claim.row.printed.get(column)} (SE {given.mid:.4g}), and {reference.text}, "
            f"{math.exp(off):.2f} times apart beyond rounding.{clue}"
        ),
        changes="The weight of the row depends on which of the two is used.",
        value=getattr(claim, column),
        limit=round(reference.se.mid, 5),
        also=reference.cells,
        reading=f"ci_level={fits[0]:g}" if len(fits) == 1 else None,
    )
