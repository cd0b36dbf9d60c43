"""The level of an interval: what p, events and subgroups say about it, put together.

A wrong level breaks several rules at once. Each row gets one finding, under
the rule that speaks most clearly, with everything that agrees or disagrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.digits import swaps
from locoreg.evidence.audit.evidence import LEVELS, Evidence, gather
from locoreg.evidence.audit.ranges import Range, p_of_z, z_range
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.records import Claim, half_unit

# Distance between the z of the interval and that of p: a constant plus a share
# of z, since log-rank, Wald and stratified tests differ. Set by simulation.
P_MINOR = (0.08, 0.05)
P_SERIOUS = (0.16, 0.10)
P_FITS = (0.03, 0.05)
# No Cox model has more information than a quarter of its events.
BOUND_MINOR = 1.04
BOUND_SERIOUS = 1.12
# Information of an unadjusted comparison over what its events give.
RATIO_LOW = 0.76
RATIO_FITS = (0.84, 1.12)
SUBGROUPS_MINOR = 1.15
SUBGROUPS_SERIOUS = 1.3
RULES = (
    "more-events-than-patients",
    "level-against-events",
    "p-against-interval",
    "subgroup-information",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One piece of evidence against the standard error as stated.

    Attributes
    ----------
    rule : str
        Its rule.
    severity : {"blocking", "serious", "minor", "note"}
        How bad.
    text : str
        The arithmetic.
    value, limit : float
        The number and its limit.
    column : str
        Cell in doubt.
    """

    rule: str
    severity: Severity
    text: str
    value: float
    limit: float
    column: str


def level_check(rule: str) -> Callable[[CatalogView, tuple[StudyView, Claim]], Iterator[Finding]]:
    """Return the check that reports the findings of one of the four rules."""

    def check(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
        finding = assess(view, *thing)
        if finding is not None and finding.rule == rule:
            yield finding

    return check


def assess(view: CatalogView, study: StudyView, claim: Claim) -> Finding | None:
    """Return the one finding about the standard error behind an interval, or None."""
    evidence = gather(study, claim)
    if evidence is None:
        return None
    doubts = [doubt for look in DOUBTS if (doubt := look(evidence)) is not None]
    if not doubts:
        return None
    other = _only_level_that_fits(evidence)
    main = min(doubts, key=lambda d: (_ORDER.index(d.severity), RULES.index(d.rule)))
    severity = main.severity
    if severity == "note":
        # A wide interval alone is often adjustment: named, but no reading is supported.
        clear: Severity = "note" if other is None else "minor"
        return _finding(view, evidence, main, doubts, other, clear, supported=False)
    kinds = {doubt.rule for doubt in doubts}
    if severity == "minor" and other is not None and len(kinds) > 1:
        severity = "serious"
    return _finding(view, evidence, main, doubts, other, severity)


_ORDER = ("blocking", "serious", "minor", "note")


def _finding(
    view: CatalogView,
    evidence: Evidence,
    main: Doubt,
    doubts: list[Doubt],
    other: float | None,
    severity: Severity,
    *,
    supported: bool = True,
) -> Finding:
    claim = evidence.claim
    texts = [main.text, *(doubt.text for doubt in doubts if doubt is not main)]
    reading = f"ci_level={other:g}" if other is not None and supported else None
    if main.rule == "more-events-than-patients" and other is None:
        reading = "exclude"
    column, slip = main.column, _p_slip(evidence) if main.rule == "p-against-interval" else ""
    if other is not None and (not slip or len(doubts) > 1):
        column = "ci_level"
    return found(
        view,
        claim,
        column,
        rule=main.rule,
        severity=severity,
        message=f"{interval_text(claim)}, stated as {claim.ci_level:g}%: "
        + " ".join([texts[0], *(text[0].upper() + text[1:] for text in texts[1:])])
        + slip
        + _level_text(evidence, other),
        changes=_changes(evidence, other),
        value=main.value,
        limit=main.limit,
        also=_also(evidence),
        reading=reading,
    )


def _also(evidence: Evidence) -> tuple[tuple[Claim, str | None], ...]:
    cells: list[tuple[Claim, str | None]] = []
    if evidence.p is not None:
        cells.append((evidence.p.claim, "p_value"))
    cells += evidence.counts.cells()
    cells += [(row, "ci_low") for row in evidence.sub_claims]
    return tuple(cells)


def _level_text(evidence: Evidence, other: float | None) -> str:
    if other is not None:
        parts = _fits(evidence, other)
        return f" Read as a {other:g}% interval it fits: {'; '.join(parts)}."
    if evidence.p is not None and _p_fits(evidence, evidence.printed.level):
        return " The p-value fits the stated level, so no other level is supported."
    return " No other level (70, 90, 95, 99) fits all the evidence."


def _fits(evidence: Evidence, level: float) -> list[str]:
    parts = []
    if evidence.p is not None:
        z = evidence.printed.z(level).mid
        side = evidence.p.sides[0]
        parts.append(f"z {z:.2f}, {_sided(side)} p {p_of_z(z, side):.2g}")
    if evidence.counts.deaths:
        parts.append(
            f"{evidence.implied(level):.0f} events implied, {evidence.counts.deaths} reported"
        )
    ratio = evidence.sub_ratio(level)
    if ratio is not None:
        parts.append(f"the subgroups hold {ratio:.0%} of the information of the whole")
    return parts


def _changes(evidence: Evidence, other: float | None) -> str:
    se = evidence.printed.se().mid
    if other is None:
        return (
            f"As stated the standard error is {se:.3f} and the weight of the row in a pool is in "
            f"proportion to {1 / se**2:.0f}; that weight is in doubt."
        )
    new = evidence.printed.se(other).mid
    return (
        f"The standard error would be {new:.3f} instead of {se:.3f}, and the weight of the row in "
        f"a common-effect pool {(se / new) ** 2:.2f} times as large."
    )


def _sided(side: int) -> str:
    return "two-sided" if side == 2 else "one-sided"


def _doubt_patients(evidence: Evidence) -> Doubt | None:
    n = evidence.counts.patients
    if n is None or evidence.claim.resolved_measure != "HR" or evidence.weighted:
        return None
    least = evidence.implied_bound()
    if least <= n * 1.02:
        return None
    return Doubt(
        rule="more-events-than-patients",
        severity="blocking",
        text=(
            f"the standard error of {evidence.printed.se().mid:.4f} needs 4/SE² = "
            f"{4 / evidence.printed.se().mid ** 2:.0f} events ({least:.0f} at the least, rounding "
            f"included), and only {n} patients were counted."
        ),
        value=round(least),
        limit=n,
        column="ci_level",
    )


def _doubt_events(evidence: Evidence) -> Doubt | None:
    deaths = evidence.counts.deaths
    if not deaths or evidence.claim.resolved_measure != "HR" or evidence.weighted:
        return None
    least = evidence.implied_bound()
    if least > deaths * BOUND_MINOR:
        clear = least > deaths * BOUND_SERIOUS
        return Doubt(
            rule="level-against-events",
            severity="serious" if clear else "minor",
            text=(
                f"the standard error of {evidence.printed.se().mid:.4f} needs 4/SE² = "
                f"{4 / evidence.printed.se().mid ** 2:.0f} events ({least:.0f} at the least, "
                f"rounding included), and {deaths} are reported."
            ),
            value=round(least / deaths, 3),
            limit=BOUND_MINOR,
            column="ci_level",
        )
    ratio = evidence.information_ratio()
    if ratio is None or not evidence.plain or ratio >= RATIO_LOW or deaths < 15:
        return None
    return Doubt(
        rule="level-against-events",
        severity="note",
        text=(
            f"the standard error of {evidence.printed.se().mid:.4f} is that of about "
            f"{evidence.implied():.0f} events, and {deaths} are reported."
        ),
        value=round(ratio, 3),
        limit=RATIO_LOW,
        column="ci_level",
    )


def _p_tolerance(evidence: Evidence, pair: tuple[float, float]) -> float:
    loosen = evidence.p.loosen if evidence.p is not None else 1.0
    return loosen * (pair[0] + pair[1] * evidence.printed.z().mid)


def _doubt_p(evidence: Evidence) -> Doubt | None:
    if evidence.p is None:
        return None
    gap = evidence.p.gap(evidence.printed)
    if abs(gap) <= _p_tolerance(evidence, P_MINOR):
        return None
    z = evidence.printed.z()
    side = min(
        zip(evidence.p.sides, evidence.p.z, strict=True), key=lambda pair: abs(z.gap(pair[1]))
    )
    severity: Severity = "minor"
    if abs(gap) > _p_tolerance(evidence, P_SERIOUS):
        severity = "serious"
    p = evidence.p.claim
    crossed = _opposite_sides(evidence, side[0])
    return Doubt(
        rule="p-against-interval",
        severity=severity,
        text=(
            f"estimate and interval give z between {z.lo:.2f} and {z.hi:.2f}, {_sided(side[0])} p "
            f"{p_of_z(z.hi, side[0]):.2g} to {p_of_z(z.lo, side[0]):.2g} over the rounding range; "
            f"the printed p {p.p_op or '='} {p.row.printed.get('p_value')} means z "
            f"{side[1].lo:.2f} {_to(side[1].hi)}.{crossed}"
        ),
        value=round(abs(gap), 3),
        limit=round(_p_tolerance(evidence, P_MINOR), 3),
        column="p_value",
    )


def _to(z: float) -> str:
    return f"to {z:.2f}" if math.isfinite(z) else "or more"


def _p_slip(evidence: Evidence) -> str:
    """Name a p-value with two digits exchanged that fits the interval as stated."""
    p = evidence.p
    if p is None or p.claim.p_op != "=":
        return ""
    printed = p.claim.row.printed.get("p_value", "")
    z = evidence.printed.z()
    for text in swaps(printed):
        half = half_unit(text)
        if not half < float(text) < 1:
            continue
        near = Range(float(text) - half, float(text) + half)
        tolerance = P_FITS[0] + P_FITS[1] * z.mid
        if any(abs(z.gap(z_range(near, side))) <= tolerance for side in p.sides):
            return f" With two digits exchanged, p {text} for {printed} would fit."
    return ""


def _opposite_sides(evidence: Evidence, side: int) -> str:
    z, p = evidence.printed.z(), evidence.p
    critical = z_value(95)
    if p is None or side != 2:
        return ""
    if z.lo > critical > p.z[0].hi:
        return " The interval is significant at 0.05 and the p-value is not."
    if z.hi < critical < p.z[0].lo:
        return " The p-value is significant at 0.05 and the interval is not."
    return ""


def _doubt_subgroups(evidence: Evidence) -> Doubt | None:
    ratio = evidence.sub_ratio()
    if ratio is None or ratio <= SUBGROUPS_MINOR:
        return None
    names = ", ".join(row.subgroup or "" for row in evidence.sub_claims)
    return Doubt(
        rule="subgroup-information",
        severity="serious" if ratio > SUBGROUPS_SERIOUS else "minor",
        text=(
            f"1/SE² is {1 / evidence.printed.se().mid ** 2:.1f}, and the subgroups ({names}) add "
            f"to {evidence.sub_information:.1f}: parts can't hold more information than the whole."
        ),
        value=round(ratio, 3),
        limit=SUBGROUPS_MINOR,
        column="ci_level",
    )


DOUBTS: tuple[Callable[[Evidence], Doubt | None], ...] = (
    _doubt_patients,
    _doubt_events,
    _doubt_p,
    _doubt_subgroups,
)


def _p_fits(evidence: Evidence, level: float) -> bool:
    if evidence.p is None:
        return True
    z = evidence.printed.z(level).mid
    return abs(evidence.p.gap(evidence.printed, level)) <= P_FITS[0] + P_FITS[1] * z


def _events_fit(evidence: Evidence, level: float) -> bool:
    if evidence.claim.resolved_measure != "HR":
        return True
    n, ratio = evidence.counts.patients, evidence.information_ratio(level)
    if n is not None and evidence.implied_bound(level) > n * 1.02:
        return False
    if ratio is None:
        return True
    low = RATIO_FITS[0] if evidence.plain else 0.6
    return low <= ratio <= RATIO_FITS[1]


def _only_level_that_fits(evidence: Evidence) -> float | None:
    """Return the one level, not the stated one, that all the evidence fits."""
    informative = evidence.p is not None or evidence.information_ratio() is not None
    if not informative:
        return None
    fitting = [level for level in LEVELS if _all_fit(evidence, level)]
    others = [x for x in fitting if not math.isclose(x, evidence.printed.level)]
    if len(others) != 1 or len(fitting) != len(others):
        return None
    return others[0]


def _all_fit(evidence: Evidence, level: float) -> bool:
    ratio = evidence.sub_ratio(level)
    if ratio is not None and ratio > SUBGROUPS_MINOR:
        return False
    return _p_fits(evidence, level) and _events_fit(evidence, level)
