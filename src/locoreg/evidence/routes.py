"""Every route from the rows of a comparison to an effect, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from locoreg.core.errors import DataError
from locoreg.core.estimate import Scale
from locoreg.evidence.comparisons import ArmValue, Comparison, Counts
from locoreg.evidence.effectsize import (
    CountMeasure,
    EffectSize,
    Sided,
    from_counts,
    from_events,
    from_interval,
    from_medians,
    from_o_minus_e,
    from_p_value,
    from_se,
    from_survival,
    reciprocal,
)
from locoreg.evidence.integrity import RATIO_MEASURES
from locoreg.evidence.records import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one effect row is read.

    Attributes
    ----------
    reference_arm : str
        Arm in the denominator of the printed effect.
    ci_level : float or None
        Level of the interval in percent.
    """

    reference_arm: str
    ci_level: float | None


def stated_reading(claim: Claim) -> Reading:
    """Return the reading that the row itself states."""
    return Reading(reference_arm=claim.reference_arm or "control", ci_level=claim.ci_level)


def effect_routes(claim: Claim, reading: Reading, *, reference_arm: str) -> tuple[EffectSize, ...]:
    """Return every effect that one effect row gives by itself, the best route first.

    Parameters
    ----------
    claim : Claim
        A row of kind effect.
    reading : Reading
        Reference arm and interval level to read it with.
    reference_arm : {"control", "intervention"}
        Arm in the denominator of what is returned.

    Returns
    -------
    tuple of EffectSize
        Routes interval, standard error, log-rank O-E and p-value, as far as
        the row has their numbers. Empty if it has none.
    """
    scale: Scale = "log" if claim.resolved_measure in RATIO_MEASURES else "identity"
    found = tuple(_row_routes(claim, reading, scale))
    return found if reading.reference_arm == reference_arm else tuple(map(reciprocal, found))


def _row_routes(claim: Claim, reading: Reading, scale: Scale) -> Iterator[EffectSize]:
    # A route whose numbers give no standard error (an estimate of exactly 1
    # with a p-value, say) is no route; the audit reports impossible numbers.
    estimate = claim.estimate
    if (
        estimate is not None
        and claim.ci_low is not None
        and claim.ci_high is not None
        and reading.ci_level is not None
    ):
        with suppress(DataError):
            yield from_interval(
                estimate, claim.ci_low, claim.ci_high, level=reading.ci_level, scale=scale
            )
    se = claim.se if claim.variance is None or claim.se is not None else claim.variance**0.5
    if estimate is not None and se is not None:
        with suppress(DataError):
            yield from_se(estimate, se, scale=scale)
    if claim.o_minus_e is not None and claim.logrank_v is not None:
        with suppress(DataError):
            yield from_o_minus_e(claim.o_minus_e, claim.logrank_v)
    if estimate is not None and claim.p_value is not None and claim.p_op == "=":
        sided: Sided = "one" if claim.p_sided == "one" else "two"
        with suppress(DataError):
            yield from_p_value(estimate, claim.p_value, sided=sided, scale=scale)


def arm_routes(
    comparison: Comparison, *, measure: str, reference_arm: str
) -> tuple[EffectSize, ...]:
    """Return every effect that the arms' own numbers give, the best route first.

    Parameters
    ----------
    comparison : Comparison
        Its survival proportions, medians, events and patients per arm.
    measure : {"HR", "OR", "RR", "RD"}
        Effect measure wanted.
    reference_arm : {"control", "intervention"}
        Arm in the denominator of what is returned.

    Returns
    -------
    tuple of EffectSize
        For HR the routes survival proportions (the landmark with the smallest
        standard error first), events per arm and medians; for the others 2x2
        counts. Empty for other measures.
    """
    cells = _cells(comparison.counts)
    found: list[EffectSize] = []
    if measure == "HR":
        found += sorted(_by_survival(comparison), key=lambda e: e.se)
        if cells is not None:
            with suppress(DataError):
                found.append(from_events(*cells))
        found += _by_medians(comparison)
    elif cells is not None and measure in ("OR", "RR", "RD"):
        wanted: CountMeasure = measure  # type: ignore[assignment]
        with suppress(DataError):
            found.append(from_counts(*cells, measure=wanted))
    return tuple(found) if reference_arm == "control" else tuple(map(reciprocal, found))


def _by_survival(comparison: Comparison) -> Iterator[EffectSize]:
    counts = comparison.counts
    for value in comparison.values:
        arms = _both(value, "survival_proportion")
        if arms is None:
            continue
        # Proportions of 0 or 1, and arms without n, give no hazard ratio.
        with suppress(DataError):
            effect = from_survival(
                *arms,
                n_intervention=counts.n_intervention,
                n_control=counts.n_control,
                se_intervention=value.se_intervention,
                se_control=value.se_control,
            )
            at = f"survival at {value.landmark_months:g} months; "
            yield replace(effect, note=at + effect.note)


def _by_medians(comparison: Comparison) -> Iterator[EffectSize]:
    counts = comparison.counts
    events = (counts.events_intervention, counts.events_control)
    note = ""
    if None in events:
        # Half of an arm has had the event by its median: the least that is known.
        sizes = (counts.n_intervention, counts.n_control)
        events = (_half(sizes[0]), _half(sizes[1]))
        note = "; events not printed, half of each arm taken"
    if events[0] is None or events[1] is None:
        return
    for value in comparison.values:
        arms = _both(value, "median_time")
        if arms is None:
            continue
        with suppress(DataError):
            effect = from_medians(*arms, events_intervention=events[0], events_control=events[1])
            yield replace(effect, note=effect.note + note)


def _half(n: int | None) -> int | None:
    return None if n is None else max(1, n // 2)


def _both(value: ArmValue, statistic: str) -> tuple[float, float] | None:
    if value.statistic != statistic or value.intervention is None or value.control is None:
        return None
    return value.intervention, value.control


def _cells(counts: Counts) -> tuple[int, int, int, int] | None:
    if (
        counts.events_intervention is None
        or counts.n_intervention is None
        or counts.events_control is None
        or counts.n_control is None
    ):
        return None
    return (
        counts.events_intervention,
        counts.n_intervention,
        counts.events_control,
        counts.n_control,
    )
