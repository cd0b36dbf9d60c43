"""The same quantity in two places: text and table, two reports, a review and its source."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.digits import slip
from locoreg.evidence.audit.ranges import cell_range, p_range, spread
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Claim

Pair = tuple[StudyView, Claim, Claim]
VALUE_COLUMNS = (
    "estimate",
    "ci_low",
    "ci_high",
    "ci_level",
    "value",
    "value_intervention",
    "value_control",
    "low_intervention",
    "high_intervention",
    "low_control",
    "high_control",
)
# Kinds that describe what a reader counts, not one quantity.
_LOOSE_KINDS = ("criterion", "date", "citation", "prognostic")
# Estimates of two reports further apart than this many SE of their difference are noted.
FAR_APART = 3.0


def _quantity(study: StudyView, claim: Claim) -> tuple[object, ...]:
    """Return what a row measures; rows with the same key must agree."""
    key = study.key_of[claim.claim_id]
    return (
        *key[1:],
        claim.kind,
        claim.statistic,
        claim.resolved_measure,
        claim.landmark_months,
        claim.population,
        (claim.adjusted or "no").casefold(),
        claim.outcome_printed if claim.kind in ("proportion", "qol") else None,
        claim.measure if claim.kind == "effect" else None,
    )


def same_quantity(view: CatalogView) -> list[Pair]:
    """Return pairs of rows of one study that give the same quantity in two places."""
    pairs: list[Pair] = []
    for study in view.studies:
        groups: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
        for claim in study.claims:
            named = claim.outcome or claim.statistic or claim.measure
            if claim.kind not in _LOOSE_KINDS and named:
                groups[_quantity(study, claim)].append(claim)
        for rows in groups.values():
            pairs += [
                (study, first, second)
                for i, first in enumerate(rows[:20])
                for second in rows[i + 1 : 20]
                if second.claim_id not in (first.supersedes, view.corrected.get(first.claim_id))
                and second.supersedes != first.claim_id
            ]
    return pairs


def _source(study: StudyView, claim: Claim) -> str:
    return claim.source_id or study.report(claim)


def _rule(study: StudyView, first: Claim, second: Claim) -> str:
    if study.report(first) != study.report(second):
        return "report-against-report"
    if _source(study, first) != _source(study, second):
        return "review-against-source"
    return "table-against-text"


def two_places(rule: str, view: CatalogView, thing: Pair) -> Iterator[Finding]:
    """Find two places of one report that print different numbers for one quantity."""
    study, first, second = thing
    if _rule(study, first, second) != rule:
        return
    differing = [column for column in VALUE_COLUMNS if _differ(first, second, column)]
    if _p_differ(first, second):
        differing.append("p_value")
    if not differing:
        return
    column = differing[0]
    doubtful, other = _doubtful(study, first, second)
    yield found(
        view,
        doubtful,
        column,
        rule=rule,
        severity=_severity(first, second, differing),
        message=_difference_text(study, doubtful, other, differing),
        changes=_changes(differing),
        value=_shown(doubtful, column),
        limit=_shown(other, column),
        also=((other, column),),
    )


def _changes(differing: list[str]) -> str:
    """Return what follows from two different numbers, for the column that matters most."""
    if {"estimate", "ci_low", "ci_high", "ci_level"} & set(differing):
        return "The effect that a pool takes, or its weight, depends on which of the two it uses."
    if differing == ["p_value"]:
        return "A pool takes the interval where there is one; the p-value then changes nothing."
    return "An effect or a percentage taken from either would differ accordingly."


def _doubtful(study: StudyView, first: Claim, second: Claim) -> tuple[Claim, Claim]:
    """Put the quotation before the report's own number."""
    own = study.report(second)
    if second.source_id not in (None, own) and first.source_id in (None, own):
        return second, first
    return first, second


def _difference_text(study: StudyView, doubtful: Claim, other: Claim, differing: list[str]) -> str:
    parts = []
    for column in differing:
        a, b = _shown(doubtful, column), _shown(other, column)
        how = slip(a, b)
        parts.append(f"{column} {a} and {b}" + (f" ({how})" if how else ""))
    text = (
        f"{label(doubtful)}, {doubtful.statistic or doubtful.resolved_measure or doubtful.kind}: "
        f"{_place(study, doubtful)} and {_place(study, other)} differ in {'; '.join(parts)}."
    )
    if _reciprocal(doubtful, other):
        text += " One effect is the reciprocal of the other."
    return text + _share_of_information(doubtful, other)


def _share_of_information(first: Claim, second: Claim) -> str:
    a, b = spread(first), spread(second)
    if a is None or b is None or min(a.half_width.lo, b.half_width.lo) <= 0:
        return ""
    share = (a.se().mid / b.se().mid) ** 2
    share = min(share, 1 / share)
    if share > 0.85:
        return ""
    return f" One holds {share:.0%} of the information of the other: it may be a subgroup."


def _place(study: StudyView, claim: Claim) -> str:
    name = _source(study, claim)
    return f"{name}, {claim.location_text}" if claim.location_text else name


def _shown(claim: Claim, column: str) -> str:
    if column == "p_value":
        operator = "" if claim.p_op in (None, "=") else claim.p_op
        return f"{operator}{claim.row.printed.get('p_value', '')}"
    value = getattr(claim, column)
    printed = claim.row.printed.get(column)
    return printed if printed else str(value)


def _differ(first: Claim, second: Claim, column: str) -> bool:
    a, b = cell_range(first, column), cell_range(second, column)
    if a is not None and b is not None:
        if first.unit != second.unit and column.startswith(("value", "low", "high")):
            return False
        slack = 1e-9 * max(1.0, abs(a.mid))
        if math.isclose(a.hi - a.lo, b.hi - b.lo, rel_tol=1e-6):
            return abs(a.mid - b.mid) > slack
        return abs(a.gap(b)) > slack
    values = getattr(first, column), getattr(second, column)
    return (
        all(isinstance(v, str) or v is not None for v in values)
        and a is not b
        and (values[0] != values[1] and "NP" not in values)
    )


def _p_differ(first: Claim, second: Claim) -> bool:
    a, b = p_range(first), p_range(second)
    if a is None or b is None or (first.p_sided or "") != (second.p_sided or ""):
        return False
    if (first.p_tests or "") != (second.p_tests or ""):
        return False
    if first.p_op != second.p_op and "=" in (first.p_op, second.p_op):
        bound, exact = (a, b) if first.p_op != "=" else (b, a)
        return not (exact.mid < bound.hi and exact.mid > bound.lo)
    if first.p_op != "=":
        return False
    if math.isclose(a.hi - a.lo, b.hi - b.lo, rel_tol=1e-6):
        return first.p_value != second.p_value
    return a.gap(b) != 0.0


def _severity(first: Claim, second: Claim, differing: list[str]) -> Severity:
    if differing == ["p_value"]:
        return "minor"
    worst = 0.0
    printed = spread(first)
    for column in differing:
        a, b = getattr(first, column), getattr(second, column)
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            continue
        if column in ("estimate", "ci_low", "ci_high") and printed is not None and min(a, b) > 0:
            worst = max(worst, abs(math.log(a / b)) / max(printed.se().mid, 1e-9))
        elif column != "p_value":
            worst = max(worst, abs(a - b) / max(abs(a), abs(b), 1e-9) / 0.1)
    return "serious" if worst > 1.0 else "minor"


def _reciprocal(first: Claim, second: Claim) -> bool:
    a, b = cell_range(first, "estimate"), cell_range(second, "estimate")
    if a is None or b is None or first.resolved_measure not in RATIO_MEASURES:
        return False
    if min(a.lo, b.lo) <= 0 or a.gap(b) == 0.0:
        return False
    return (a.log() + b.log()).lo <= 0 <= (a.log() + b.log()).hi


def text_check(view: CatalogView, thing: Pair) -> Iterator[Finding]:
    """Find text and table of one source that disagree."""
    yield from two_places("table-against-text", view, thing)


def review_check(view: CatalogView, thing: Pair) -> Iterator[Finding]:
    """Find a quotation that disagrees with the report it quotes."""
    yield from two_places("review-against-source", view, thing)


def report_check(view: CatalogView, thing: Pair) -> Iterator[Finding]:
    """Find reports of one study whose difference more follow-up can't explain."""
    study, first, second = thing
    if _rule(study, first, second) != "report-against-report":
        return
    if first.estimate is not None and second.estimate is not None:
        yield from _two_effects(view, study, first, second)
    elif first.statistic in ("n_randomised", "n_registered"):
        differing = [c for c in ("value", "value_intervention") if _differ(first, second, c)]
        if differing:
            yield _reports(
                view,
                first,
                second,
                differing[0],
                _difference_text(study, first, second, differing),
                severity="minor",
                value=_shown(first, differing[0]),
                limit=_shown(second, differing[0]),
            )


def _reports(
    view: CatalogView,
    claim: Claim,
    other: Claim,
    column: str,
    message: str,
    *,
    severity: Severity,
    value: float | str,
    limit: float | str,
) -> Finding:
    return found(
        view,
        claim,
        column,
        rule="report-against-report",
        severity=severity,
        message=message,
        changes="The choice of the report changes the pooled result.",
        value=value,
        limit=limit,
        also=((other, column),),
    )


def _two_effects(
    view: CatalogView, study: StudyView, first: Claim, second: Claim
) -> Iterator[Finding]:
    a, b = spread(first), spread(second)
    if a is None or b is None or not a.is_log or min(a.se().lo, b.se().lo) <= 0:
        return
    text = (
        f"{label(first)}: {interval_text(first)} in {study.report(first)} and "
        f"{interval_text(second)} in {study.report(second)}"
    )
    same_arm = first.reference_arm == second.reference_arm
    clear = abs(a.estimate.mid) > 0.5 * a.se().mid
    if same_arm and clear and _reciprocal(first, second):
        yield _reports(
            view,
            second,
            first,
            "reference_arm",
            f"{text}: one is the reciprocal of the other.",
            severity="serious",
            value=_shown(second, "estimate"),
            limit=_shown(first, "estimate"),
        )
        return
    n = [counts_for(study, claim).patients for claim in (first, second)]
    wide, narrow = (0, 1) if a.se().mid > b.se().mid else (1, 0)
    ses = (a.se().mid, b.se().mid)
    rows = (first, second)
    if (
        n[wide]
        and n[narrow]
        and (n[narrow] or 0) < (n[wide] or 0)
        and ses[narrow] < 0.8 * ses[wide]
    ):
        yield _reports(
            view,
            rows[narrow],
            rows[wide],
            "ci_low",
            f"{text}: the standard error falls from {ses[wide]:.3f} to {ses[narrow]:.3f} although "
            f"the patients fall from {n[wide]} to {n[narrow]}.",
            severity="minor",
            value=round(ses[narrow], 4),
            limit=round(ses[wide], 4),
        )
    apart = math.sqrt(abs(ses[0] ** 2 - ses[1] ** 2) + 0.25 * min(ses) ** 2)
    far = abs(a.estimate.mid - b.estimate.mid) / apart
    if far > FAR_APART:
        yield _reports(
            view,
            second,
            first,
            "estimate",
            f"{text}: {far:.1f} standard errors of their difference apart.",
            severity="note",
            value=round(far, 2),
            limit=FAR_APART,
        )
