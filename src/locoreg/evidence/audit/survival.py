"""Survival proportions, medians and their limits, arm by arm."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.ranges import Range, cell_range
from locoreg.evidence.audit.routes import MEDIANS, SURVIVAL
from locoreg.evidence.audit.view import CatalogView, Key, StudyView, found, label
from locoreg.evidence.records import Claim

ARMS = ("intervention", "control", "")
MONTHS_PER = {"months": 1.0, "years": 12.0, "days": 12 / 365.25}
# A Weibull shape outside these is not seen in survival of patients.
SHAPE_LOW, SHAPE_HIGH = 0.4, 3.5
# A landmark and a median closer than this may come from different reading of one curve.
NEAR_TIME = 1.0
NEAR_POINTS = 3.0
# Two reports of one study differ by follow-up: only larger contradictions count.
FAR_POINTS = 5.0
FAR_RATIO = 1.3
OUTCOME_POINTS = 1.5
# Sampling error allowed to a survival percentage when the shape of a curve is judged.
CURVE_POINTS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One number of one arm's curve.

    Attributes
    ----------
    claim, column : Claim, str
        Its cell.
    arm : str
        intervention, control or empty for all patients.
    time : Range
        Months.
    survival : Range
        Percent.
    """

    claim: Claim
    column: str
    arm: str
    time: Range
    survival: Range

    @property
    def is_median(self) -> bool:
        """Whether it is a median."""
        return self.claim.statistic in MEDIANS


Curve = tuple[StudyView, str, tuple[Point, ...]]


def months(claim: Claim, column: str) -> Range | None:
    """Return a time in months over its rounding range."""
    cell = cell_range(claim, column)
    return None if cell is None else cell.times(MONTHS_PER.get(claim.unit or "months", 1.0))


def curves(view: CatalogView) -> list[Curve]:
    """Return the points of each arm's curve, one report, outcome and group of patients each."""
    out: list[Curve] = []
    for study in view.studies:
        groups: dict[tuple[Key, str | None, str], list[Point]] = defaultdict(list)
        for claim in study.claims:
            for arm in ARMS:
                point = _point(claim, arm)
                if point is not None:
                    key = (study.key_of[claim.claim_id], claim.population, arm)
                    groups[key].append(point)
        out += [(study, key[2], tuple(points)) for key, points in groups.items()]
    return out


def _point(claim: Claim, arm: str) -> Point | None:
    column = f"value_{arm}" if arm else "value"
    if claim.statistic in MEDIANS:
        time = months(claim, column)
        if time is None or time.hi <= 0:
            return None
        survival = Range(50.0, 50.0)
    elif claim.statistic in SURVIVAL and claim.landmark_months:
        cell = cell_range(claim, column)
        if cell is None or claim.unit not in (None, "percent"):
            return None
        survival = cell
        if claim.statistic == "cumulative_incidence":
            survival = Range(100 - cell.hi, 100 - cell.lo)
        time = Range(claim.landmark_months, claim.landmark_months)
    else:
        return None
    return Point(claim=claim, column=column, arm=arm, time=time, survival=survival)


def curves_of_studies(view: CatalogView) -> list[Curve]:
    """Return the points of each arm over several reports of one study."""
    out: list[Curve] = []
    for study in view.studies:
        groups: dict[tuple[object, ...], list[Point]] = defaultdict(list)
        for claim in study.claims:
            key = study.key_of[claim.claim_id]
            for arm in ARMS:
                point = _point(claim, arm)
                if point is not None:
                    groups[(*key[1:], claim.population, arm)].append(point)
        out += [
            (study, str(key[-1]), tuple(points))
            for key, points in groups.items()
            if len({study.report(point.claim) for point in points}) > 1
        ]
    return out


def against_other_median(view: CatalogView, thing: Curve) -> Iterator[Finding]:
    """Find survival in one report that the median in another one makes impossible.

    Curves change with follow-up, so the contradiction must be clear.
    """
    study, arm, points = thing
    for point in points:
        if point.is_median:
            continue
        for median in points:
            if not median.is_median or study.report(median.claim) == study.report(point.claim):
                continue
            if min(point.time.mid, median.time.mid) <= 0:
                continue
            ratio = point.time.mid / median.time.mid
            off = point.survival.mid - 50
            if off * math.log(ratio) <= 0 or abs(off) < FAR_POINTS:
                continue
            if max(ratio, 1 / ratio) < FAR_RATIO:
                continue
            finding = _one_pair(view, arm, point, median)
            if finding is not None:
                yield finding
                break


def against_median(view: CatalogView, thing: Curve) -> Iterator[Finding]:
    """Find survival above 50% after the median, below it before, or far from any curve."""
    _, arm, points = thing
    medians = [p for p in points if p.is_median]
    for point in points:
        if point.is_median or point.claim.statistic not in SURVIVAL:
            continue
        for median in medians:
            finding = _one_pair(view, arm, point, median)
            if finding is not None:
                yield finding
                break


def _one_pair(view: CatalogView, arm: str, point: Point, median: Point) -> Finding | None:
    late, early = point.time.lo - median.time.hi, median.time.lo - point.time.hi
    above, below = point.survival.lo - 50, 50 - point.survival.hi
    time, centre = point.time.mid, median.time.mid
    text = (
        f"{arm_name(arm)}: survival of {point.survival.mid:g}% at {time:g} months, and a median of "
        f"{centre:.4g} months, at which survival is 50%."
    )
    if (late > 0 and above > 0) or (early > 0 and below > 0):
        far = max(late, early) > NEAR_TIME and max(above, below) > NEAR_POINTS
        side = "above 50% after" if late > 0 else "below 50% before"
        return _pair_finding(
            view,
            point,
            median,
            severity="serious" if far else "minor",
            message=f"{text} Survival can't be {side} the median.{_unit_clue(point, median)}",
            value=point.survival.mid,
            limit=50.0,
        )
    shape = _impossible_shape(time, point.survival, centre)
    if shape is None:
        return None
    clue = _unit_clue(point, median)
    expected = 100 * 0.5 ** (time / centre)
    return _pair_finding(
        view,
        point,
        median,
        severity="serious" if clue else "minor",
        message=(
            f"{text} With a constant hazard {expected:.3g}% would be expected; the Weibull shape "
            f"that joins the two numbers is {shape:.2f}.{clue}"
        ),
        value=round(shape, 3),
        limit=SHAPE_LOW if shape < SHAPE_LOW else SHAPE_HIGH,
    )


def _pair_finding(
    view: CatalogView,
    point: Point,
    median: Point,
    *,
    severity: Severity,
    message: str,
    value: float,
    limit: float,
) -> Finding:
    return found(
        view,
        point.claim,
        point.column,
        rule="survival-against-median",
        severity=severity,
        message=message,
        changes="An effect derived from one of the two numbers would be wrong.",
        value=value,
        limit=limit,
        also=((median.claim, median.column),),
    )


def arm_name(arm: str) -> str:
    """Return the name of an arm for a sentence's beginning."""
    return f"{arm.capitalize()} arm" if arm else "All patients"


def implied_shape(time: float, survival: float, median: float) -> float | None:
    """Return the Weibull shape through a median and one survival percentage.

    None where the two times are so near that any rounding decides.
    """
    if not 0.5 < survival < 99.5 or median <= 0 or time <= 0:
        return None
    stretch = math.log(time / median)
    if abs(stretch) < math.log(1.25):
        return None
    return math.log(-math.log(survival / 100) / math.log(2)) / stretch


def _impossible_shape(time: float, survival: Range, median: float) -> float | None:
    """Return the Weibull shape if it is out of range for all survival near the printed one."""
    tried = [survival.lo - CURVE_POINTS, survival.mid, survival.hi + CURVE_POINTS]
    after = time > median
    # Survival near 50% says nothing about the shape.
    shapes = [
        shape
        for s in tried
        if s != 50 and (s < 50) == after and (shape := implied_shape(time, s, median)) is not None
    ]
    usable = (survival.mid < 50) == after and len(shapes) == len(tried)
    if usable and (max(shapes) < SHAPE_LOW or min(shapes) > SHAPE_HIGH):
        return shapes[1]
    return None


def _unit_clue(point: Point, median: Point) -> str:
    """Say if reading one of the times in years joins the numbers to a usual curve."""
    for factor, name in ((12.0, "months for years"), (1 / 12, "years for months")):
        for who, time, centre in (
            ("median", point.time.mid, median.time.mid * factor),
            ("landmark", point.time.mid * factor, median.time.mid),
        ):
            shape = implied_shape(time, point.survival.mid, centre)
            if shape is not None and 0.5 <= shape <= 2.5:
                return (
                    f" Taking {name} in the {who} would explain it: "
                    f"{time:.4g} months against a median of {centre:.4g}."
                )
    return ""


def survival_order(view: CatalogView, thing: Curve) -> Iterator[Finding]:
    """Find survival that rises with time."""
    _, arm, points = thing
    marks = sorted((p for p in points if not p.is_median), key=lambda p: p.time.mid)
    for first, second in itertools.pairwise(marks):
        rise = second.survival.lo - first.survival.hi
        if second.time.lo > first.time.hi and rise > 0:
            yield found(
                view,
                second.claim,
                second.column,
                rule="survival-order",
                severity="blocking",
                message=(
                    f"{arm_name(arm)}: survival of {first.survival.mid:g}% at {first.time.mid:g} "
                    f"months and of {second.survival.mid:g}% at {second.time.mid:g} months. "
                    "Survival can't rise with time."
                ),
                changes="An effect derived from either landmark may be wrong.",
                value=second.survival.mid,
                limit=first.survival.mid,
                also=((first.claim, first.column),),
            )


def outcome_orders(view: CatalogView) -> list[tuple[StudyView, Point, Point]]:
    """Return pairs (composite outcome, overall survival) of one arm and statistic."""
    pairs = []
    for study in view.studies:
        by_place: dict[tuple[object, ...], dict[str, Point]] = defaultdict(dict)
        for claim in study.claims:
            for arm in ARMS:
                point = _point(claim, arm)
                if point is None or claim.statistic == "cumulative_incidence":
                    continue
                key = study.key_of[claim.claim_id]
                time = None if point.is_median else claim.landmark_months
                place = (key[0], key[2], key[3], arm, point.is_median, time)
                by_place[place].setdefault(key[1] or "", point)
        for points in by_place.values():
            whole = next((p for o, p in points.items() if _is_death(view, o)), None)
            parts = [p for o, p in points.items() if _is_composite(view, o)]
            pairs += [(study, part, whole) for part in parts if whole is not None]
    return pairs


def _is_death(view: CatalogView, outcome: str) -> bool:
    record = view.catalog.outcomes.get(outcome)
    return record is not None and record.event.strip().casefold() in (
        "death",
        "death from any cause",
        "death of any cause",
    )


def _is_composite(view: CatalogView, outcome: str) -> bool:
    record = view.catalog.outcomes.get(outcome)
    event = record.event.casefold() if record is not None else ""
    return " or death" in event or "death or " in event


def outcome_order(view: CatalogView, thing: tuple[StudyView, Point, Point]) -> Iterator[Finding]:
    """Find a composite outcome that is later or rarer than death, which is one of its events."""
    _, part, whole = thing
    gap = part.time.lo - whole.time.hi if part.is_median else part.survival.lo - whole.survival.hi
    # The two curves are estimated from different risk sets.
    if gap <= (0.05 * whole.time.mid if part.is_median else OUTCOME_POINTS):
        return
    first, second = (
        (part.time.mid, whole.time.mid)
        if part.is_median
        else (part.survival.mid, whole.survival.mid)
    )
    unit = "months (median)" if part.is_median else f"% at {part.time.mid:g} months"
    yield found(
        view,
        part.claim,
        part.column,
        rule="outcome-order",
        severity="serious",
        message=(
            f"{arm_name(part.arm)}: {label(part.claim)} {first:.4g} {unit} and "
            f"{label(whole.claim)} {second:.4g}. Death counts in both, so the first can't be "
            "the larger."
        ),
        changes="An effect derived from either would be wrong.",
        value=round(first, 3),
        limit=round(second, 3),
        also=((whole.claim, whole.column),),
    )
