"""Other numbers of a study that say on which side an effect lies, as log hazard ratios."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.evidence import partitions
from locoreg.evidence.audit.ranges import cell_range, spread
from locoreg.evidence.audit.view import StudyView
from locoreg.evidence.records import Claim

SURVIVAL = ("survival_proportion", "cumulative_incidence")
MEDIANS = ("median_time", "median", "median_os", "median_survival")
MEANS = ("mean_time", "rmst", "restricted_mean", "mean")
# Under the exponential, a log median has 1/(n log(2)^2) = 2.08/n for variance
# and a log rate 1/n, so by Hausman's lemma the difference of the two log
# ratios has 1.08 times the variance of the log hazard ratio.
MEDIAN_EXTRA = 1.08
MOST_EVENTS = 0.85
# Hazards that are not proportional move a number of the arms away from the
# hazard ratio. Medians and landmarks look at one point of each curve. Counts over
# the whole follow-up and O - E use the same events as the hazard ratio.
SHAPE_CURVE = 0.15**2
SHAPE_EVENTS = 0.02**2
# The more patients had the event, the less their number says about the hazards:
# SD 0.02 + 0.2 f^2, and chance rises from 0.3 of the variance at f = 0.3 to all at 0.8.
SHAPE_MANY_EVENTS = 0.2
FEW_EVENTS = 0.3
# An adjusted or stratified effect differs from the crude one: share of its squared SE.
ADJUSTED_EXTRA = 0.3
# Without randomisation the arms may have been followed for different times.
SHAPE_EVENTS_UNEQUAL = 0.25**2
SHAPE_SHARE = 0.2**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A log hazard ratio, intervention against control, from other numbers.

    Attributes
    ----------
    name : str
        What it rests on.
    claim, column : Claim, str
        Where the numbers stand.
    log_ratio : float
        The log hazard ratio that they imply.
    variance : float
        Variance of its difference from the printed log hazard ratio by chance.
    shape : float
        Variance that comes from hazards that are not proportional, apart from
        the share that grows with the effect.
    text : str
        The numbers, for the reader.
    """

    name: str
    claim: Claim
    column: str
    log_ratio: float
    variance: float
    shape: float
    text: str

    def shape_variance(self, effect: float) -> float:
        """Return the variance from hazards that are not proportional, for a log ratio."""
        return self.shape + SHAPE_SHARE * effect**2


@dataclass(frozen=True, slots=True)
class ArmPair:
    """The values of both arms, from one row or from two rows of one report.

    Attributes
    ----------
    first, second : Claim
        Rows of the intervention and of the control arm.
    values : tuple of float
        Intervention, control.
    """

    first: Claim
    second: Claim
    values: tuple[float, float]


def arm_pairs(rows: list[Claim]) -> list[ArmPair]:
    """Return both arms of each statistic; rows that give one arm each are put together."""
    pairs = []
    halves: dict[tuple[object, ...], dict[str, Claim]] = {}
    for row in rows:
        first, second = row.value_intervention, row.value_control
        has = [isinstance(x, (int, float)) for x in (first, second)]
        if all(has) and isinstance(first, (int, float)) and isinstance(second, (int, float)):
            pairs.append(ArmPair(row, row, (float(first), float(second))))
        elif any(has) and None in (first, second):
            place = (row.statistic, row.landmark_months, row.unit, row.source_id, row.population)
            halves.setdefault(place, {}).setdefault("control" if has[1] else "intervention", row)
    for half in halves.values():
        if len(half) == 2:
            one, two = half["intervention"], half["control"]
            values = (float(one.value_intervention or 0), float(two.value_control or 0))
            pairs.append(ArmPair(one, two, values))
    return pairs


def _rounding(pair: ArmPair) -> float:
    """Variance of the log ratio of two printed values that comes from rounding."""
    total = 0.0
    for claim, column in ((pair.first, "value_intervention"), (pair.second, "value_control")):
        cell = cell_range(claim, column)
        if cell is not None and cell.lo > 0:
            total += (cell.log().hi - cell.log().lo) ** 2 / 12
    return total


def times(pair: ArmPair, se: float) -> Route | None:
    """Return the route of medians, means or restricted means per arm."""
    claim, arms = pair.first, pair.values
    is_median = claim.statistic in MEDIANS
    if not is_median and claim.statistic not in MEANS:
        return None
    if min(arms) <= 0:
        return None
    name = "medians" if is_median else "means"
    return Route(
        name=name,
        claim=claim,
        column="value_intervention",
        log_ratio=math.log(arms[1] / arms[0]),
        variance=MEDIAN_EXTRA * se**2 + _rounding(pair),
        shape=SHAPE_CURVE,
        text=f"{name} of {arms[0]:g} (intervention) and {arms[1]:g} (control)",
    )


def landmark(study: StudyView, pair: ArmPair, se: float) -> Route | None:
    """Return the route of survival proportions or cumulative incidences at a landmark."""
    claim, arms = pair.first, pair.values
    if claim.statistic not in SURVIVAL:
        return None
    if not 0 < min(arms) <= max(arms) < 100:
        return None
    survival = [1 - x / 100 for x in arms] if _rises(claim) else [x / 100 for x in arms]
    counts = counts_for(study, claim)
    cells = (counts.n_intervention, counts.n_control)
    variance = 0.0
    for s, cell, x in zip(survival, cells, ("intervention", "control"), strict=True):
        slope = s * abs(math.log(s))
        if cell is not None and cell.value > 0:
            variance += s * (1 - s) / cell.value / slope**2
        else:
            variance += se**2
        row = pair.first if x == "intervention" else pair.second
        rounding = cell_range(row, f"value_{x}")
        if rounding is not None:
            variance += ((rounding.hi - rounding.lo) / 100 / slope) ** 2 / 12
    implied = [math.log(-math.log(s)) for s in survival]
    # Censoring and the events after the landmark: at least half of it differs.
    what = "incidence" if _rises(claim) else "survival"
    return Route(
        name="landmark",
        claim=claim,
        column="value_intervention",
        log_ratio=implied[0] - implied[1],
        variance=max(variance - se**2, 0.5 * variance),
        shape=SHAPE_CURVE,
        text=(
            f"{what} at {claim.landmark_months:g} months of {arms[0]:g}% (intervention) and "
            f"{arms[1]:g}% (control)"
        ),
    )


def _rises(claim: Claim) -> bool:
    return claim.statistic == "cumulative_incidence"


def arm_events(study: StudyView, claim: Claim, se: float) -> Route | None:
    """Return the route of events and patients per arm, as if all were followed alike."""
    counts = counts_for(study, claim)
    e1, e0 = counts.events_intervention, counts.events_control
    n1, n0 = counts.n_intervention, counts.n_control
    if e1 is None or e0 is None or n1 is None or n0 is None:
        return None
    pairs = ((e1.value, n1.value), (e0.value, n0.value))
    # Once nearly all patients had the event, the counts say nothing about the hazards.
    if any(not 0 < e < MOST_EVENTS * n for e, n in pairs):
        return None
    hazards = [-math.log1p(-e / n) for e, n in pairs]
    variance = sum(
        e / n / ((1 - e / n) * n * h**2) for (e, n), h in zip(pairs, hazards, strict=True)
    )
    most = max(e / n for e, n in pairs)
    chance = variance * (0.3 + 1.4 * max(0.0, most - FEW_EVENTS))
    crude = (claim.adjusted or "no").casefold() in ("no", "none", "unadjusted")
    shape = (math.sqrt(SHAPE_EVENTS) + SHAPE_MANY_EVENTS * most**2) ** 2
    return Route(
        name="events",
        claim=e1.claim,
        column=e1.column,
        log_ratio=math.log(hazards[0] / hazards[1]),
        variance=max(variance - se**2, chance) + (0.0 if crude else ADJUSTED_EXTRA * se**2),
        shape=shape if study.study.design == "rct" else SHAPE_EVENTS_UNEQUAL,
        text=f"{e1.value}/{n1.value} events (intervention) and {e0.value}/{n0.value} (control)",
    )


def log_rank(study: StudyView, claim: Claim, se: float) -> Route | None:
    """Return the route of the log-rank observed minus expected events."""
    for row in study.siblings(claim):
        if row.o_minus_e is not None and row.logrank_v:
            value = row.o_minus_e / row.logrank_v
            return Route(
                name="log-rank O-E",
                claim=row,
                column="o_minus_e",
                log_ratio=value,
                variance=0.1 * se**2,
                shape=SHAPE_EVENTS,
                text=f"log-rank O-E {row.o_minus_e:g} with variance {row.logrank_v:g}",
            )
    return None


def subgroups(study: StudyView, claim: Claim, se: float) -> Iterator[Route]:
    """Yield the route of the weighted mean of subgroup effects of one dimension."""
    for name, rows in partitions(study, claim).items():
        spreads = [s for s in (spread(row) for row in rows) if s is not None]
        weights = [1 / s.se().mid ** 2 for s in spreads if s.half_width.lo > 0]
        if len(weights) < len(rows):
            continue
        total = math.fsum(weights)
        # Only a partition that holds nearly all patients must average to the whole.
        if not 0.7 < total * se**2 < 1.5:
            continue
        mean = math.fsum(w * s.estimate.mid for w, s in zip(weights, spreads, strict=True)) / total
        sign = -1.0 if claim.reference_arm == "intervention" else 1.0
        yield Route(
            name="subgroups",
            claim=rows[0],
            column="estimate",
            log_ratio=sign * mean,
            variance=0.3 * se**2 + 0.005,
            shape=SHAPE_CURVE,
            text=f"subgroups by {name} that average to {math.exp(mean):.2f}",
        )


def routes(study: StudyView, claim: Claim, se: float) -> list[Route]:
    """Return everything that speaks about the side of an effect: its own report, else others.

    Parameters
    ----------
    study : StudyView
        The study.
    claim : Claim
        The effect row, a hazard ratio.
    se : float
        Its standard error.
    """
    rows = [row for row in study.siblings(claim) if row.kind != "effect" or row is claim]
    if not any(row.statistic in (*MEDIANS, *MEANS, *SURVIVAL) for row in rows):
        rows += [row for row in study.alike(claim, outcome=True) if row not in rows]
    found: list[Route | None] = []
    for pair in arm_pairs(rows):
        found += [times(pair, se), landmark(study, pair, se)]
    extra: tuple[Callable[[StudyView, Claim, float], Route | None], ...] = (arm_events, log_rank)
    found += [make(study, claim, se) for make in extra]
    found += subgroups(study, claim, se)
    return _once([route for route in found if route is not None])


def _once(found: list[Route]) -> list[Route]:
    """Drop repetitions: the same numbers in text and table count once."""
    seen: dict[tuple[str, float | None, float], Route] = {}
    for route in found:
        seen.setdefault((route.name, route.claim.landmark_months, round(route.log_ratio, 2)), route)
    return list(seen.values())
