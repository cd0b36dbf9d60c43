"""Values that can't be, or hardly can, each with what follows for a pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.routes import MEANS, MEDIANS, SURVIVAL
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Claim

USUAL_LEVELS = (68.0, 70.0, 80.0, 83.4, 84.0, 90.0)
# From here on any level may be meant: adjusted for interim looks or several tests.
ADJUSTED_LEVEL = 94.0
EXTREME_RATIO = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One doubtful value.

    Attributes
    ----------
    column : str
        Its cell.
    text : str
        What is wrong.
    changes : str
        What follows for a pool.
    severity : {"blocking", "serious", "minor", "note"}
        How bad.
    reading : str or None
        What the audit supports instead.
    """

    column: str
    text: str
    changes: str
    severity: Severity
    reading: str | None = None


def impossible(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find values that can't be, or hardly can."""
    study, claim = thing
    for bad in (*_bad_values(claim), *_fractions(study, claim), *_bad_effect(study, claim)):
        yield _finding(view, claim, bad)
    for bad in _bad_statistics(claim):
        yield _finding(view, claim, bad)


def _finding(view: CatalogView, claim: Claim, bad: Bad) -> Finding:
    return found(
        view,
        claim,
        bad.column,
        rule="impossible-value",
        severity=bad.severity,
        message=f"{label(claim)}: {bad.text}",
        changes=bad.changes,
        value=getattr(claim, bad.column),
        reading=bad.reading,
    )


def _bad_values(claim: Claim) -> Iterator[Bad]:
    is_time = claim.statistic in (*MEDIANS, *MEANS, "median_follow_up")
    is_share = claim.unit == "percent"
    columns = [
        f"{x}_{arm}" for x in ("value", "low", "high") for arm in ("intervention", "control")
    ]
    for column in ("value", *columns):
        value = getattr(claim, column)
        if not isinstance(value, (int, float)):
            continue
        changes = "No effect can be derived from this row before the number is checked."
        if is_time and value < 0:
            text = f"a time of {value:g}."
            yield Bad(column=column, text=text, changes=changes, severity="blocking")
        if is_share and claim.kind in ("arms", "proportion") and not 0 <= value <= 100:
            text = f"{value:g} percent."
            yield Bad(column=column, text=text, changes=changes, severity="blocking")


def _fractions(study: StudyView, claim: Claim) -> Iterator[Bad]:
    """Find survival given as fractions where percent is stated."""
    if claim.unit != "percent" or claim.statistic not in SURVIVAL:
        return
    pair = claim.value_intervention, claim.value_control
    numbers = [float(x) for x in pair if isinstance(x, (int, float))]
    if len(numbers) < 2 or not all(0 < x < 1 for x in numbers):
        return
    # Less than one percent is possible far out on a curve; other rows in percent say so.
    percent = any(_above_one(row) for row in study.claims)
    what = "survival" if claim.statistic == "survival_proportion" else "incidence"
    first, second = numbers
    yield Bad(
        column="value_intervention",
        text=f"{what} of {first:g} and {second:g} percent: they look like fractions.",
        changes=(
            f"An effect derived from this row would rest on {first:g}% and {second:g}%; as "
            f"fractions they are {100 * first:g}% and {100 * second:g}%. With a printed effect "
            "for the same outcome the row isn't used."
        ),
        severity="minor" if percent else "serious",
        reading=None if percent else "exclude",
    )


def _above_one(claim: Claim) -> bool:
    pair = claim.value_intervention, claim.value_control
    is_curve = claim.unit == "percent" and claim.statistic in SURVIVAL
    return is_curve and any(isinstance(x, (int, float)) and x > 1 for x in pair)


def _bad_effect(study: StudyView, claim: Claim) -> Iterator[Bad]:
    if claim.estimate is None or claim.resolved_measure not in RATIO_MEASURES:
        return
    size = max(claim.estimate, 1 / claim.estimate) if claim.estimate > 0 else 1.0
    events = counts_for(study, claim).deaths or 0
    if size > EXTREME_RATIO and claim.kind == "effect":
        text = f"{interval_text(claim)} is a {size:.0f}-fold ratio"
        if events >= 30:
            yield Bad(
                column="estimate",
                text=f"{text} with {events} events.",
                changes=f"Pooled as stated, the row counts as {claim.estimate:g}.",
                severity="minor",
            )
        elif claim.ci_low is None and claim.se is None:
            yield Bad(
                column="estimate",
                text=f"{text} without an interval.",
                changes=f"Pooled as stated, the row counts as {claim.estimate:g}.",
                severity="note",
            )
    if claim.ci_low is not None and claim.ci_low == claim.ci_high:
        yield Bad(
            column="ci_low",
            text=f"{interval_text(claim)} has an interval without width.",
            changes="The interval gives no standard error, so the row can't be pooled by it.",
            severity="blocking",
        )


def _bad_statistics(claim: Claim) -> Iterator[Bad]:
    changes = "It gives no standard error. An interval beside it is pooled all the same."
    if claim.p_value == 0 and claim.p_op in ("=", "<", "<="):
        text = "a p-value of zero; at most half of its last digit is known."
        yield Bad(column="p_value", text=text, changes=changes, severity="minor")
    if claim.p_value is not None and claim.p_value >= 1 and claim.p_op in (">", ">="):
        yield Bad(column="p_value", text="a p-value above 1.", changes=changes, severity="minor")
    level = claim.ci_level
    if level is not None and not ADJUSTED_LEVEL <= level < 100 and level not in USUAL_LEVELS:
        yield Bad(
            column="ci_level",
            text=f"an interval level of {level:g}% is unusual.",
            changes=f"The row is pooled with the standard error of a {level:g}% interval.",
            severity="minor",
        )
