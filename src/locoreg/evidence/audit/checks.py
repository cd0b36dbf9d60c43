"""The list of checks: what each looks at and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.findings import Finding
from locoreg.evidence.audit import (
    compare,
    contrast,
    counts,
    direction,
    disagreement,
    doubles,
    grim,
    interval,
    labels,
    landmarks,
    level,
    limits,
    parts,
    spreads,
    subgroups,
    survival,
    texts,
    usable,
    values,
)
from locoreg.evidence.audit.pools import check_pools
from locoreg.evidence.audit.view import CatalogView, StudyView
from locoreg.evidence.records import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes
    ----------
    rule : str
        Rule of its findings.
    description : str
        One line for readers.
    things : callable
        What it examines in a catalogue.
    look : callable
        The findings about one of these.
    """

    rule: str
    description: str
    things: Callable[[CatalogView], Sequence[Any]]
    look: Callable[[CatalogView, Any], Iterable[Finding]]


def studies(view: CatalogView) -> Sequence[StudyView]:
    """Return the studies."""
    return view.studies


def pools(view: CatalogView) -> Sequence[Pool]:
    """Return the published pools whose inputs are known."""
    return tuple(view.catalog.pools.values())


def _study_and_row(view: CatalogView) -> Sequence[Any]:
    return list(view.claims())


Rebuilt = tuple[Pool, tuple[Finding, ...]]


def rebuilt_pools(view: CatalogView) -> Sequence[Rebuilt]:
    """Return the published pools with what was found when they were rebuilt."""
    findings = tuple(check_pools(view.catalog))
    return [
        (pool, tuple(f for f in findings if pool.claim_id in f.claim_ids[:1]))
        for pool in view.catalog.pools.values()
    ]


def rebuilt(view: CatalogView, thing: Rebuilt) -> Iterator[Finding]:
    """Return the findings about one published pool."""
    yield from thing[1]


_LEVEL_TEXT = {
    "more-events-than-patients": "An interval needs no more events than there are patients.",
    "level-against-events": "The events that an interval implies are those reported.",
    "p-against-interval": "P-value and interval agree, over the rounding range.",
    "subgroup-information": "Subgroups hold no more information than the whole.",
}


def _check(rule: str, things: Any, look: Any, description: str) -> Check:
    return Check(rule=rule, description=description, things=things, look=look)


CHECKS: tuple[Check, ...] = (
    _check(
        "estimate-outside-interval",
        interval.effects_with_interval,
        interval.estimate_outside,
        "An estimate lies inside its interval.",
    ),
    _check(
        "estimate-outside-interval",
        limits.arm_intervals,
        limits.value_interval,
        "A value of an arm lies inside its limits, and these suit the number of patients.",
    ),
    _check(
        "interval-asymmetry",
        interval.effects_with_interval,
        interval.asymmetry,
        "An estimate lies in the middle of its interval on the analysis scale.",
    ),
    *(
        _check(rule, interval.effects_with_interval, level.level_check(rule), text)
        for rule, text in _LEVEL_TEXT.items()
    ),
    _check(
        "subgroup-information",
        subgroups.wholes,
        subgroups.subgroup_effects,
        "No subgroup holds more information than the whole, and the whole lies among its parts.",
    ),
    _check(
        "direction",
        interval.effects,
        direction.direction,
        "Medians, survival, means and events lie on the side of the effect.",
    ),
    _check(
        "route-disagreement",
        interval.effects,
        disagreement.disagreement,
        "Printed hazard ratio and the arms' own numbers give about the same effect.",
    ),
    _check(
        "direction",
        contrast.arm_contexts,
        contrast.arms_contrast,
        "Without an effect: medians and survival favour the same arm.",
    ),
    _check(
        "survival-against-median",
        survival.curves,
        survival.against_median,
        "Survival is above 50% before the median and below it after.",
    ),
    _check(
        "survival-against-median",
        survival.curves_of_studies,
        survival.against_other_median,
        "Survival in one report suits the median in another one.",
    ),
    _check("survival-order", survival.curves, survival.survival_order, "Survival falls with time."),
    _check(
        "outcome-order",
        survival.outcome_orders,
        survival.outcome_order,
        "An outcome that counts deaths comes no later than death.",
    ),
    _check(
        "landmark-label",
        landmarks.landmarks,
        landmarks.landmark_label,
        "A landmark is the one its header names and lies within follow-up.",
    ),
    _check(
        "time-unit",
        landmarks.timed,
        landmarks.time_unit,
        "Times are in the unit stated and fit follow-up and period.",
    ),
    _check("counts", counts.counted_rows, counts.within_row, "Arms add up; events are patients."),
    _check("counts", parts.arm_counts, parts.across_rows, "Parts are no larger than the whole."),
    _check(
        "counts", grim.share_groups, grim.share_sum, "Percentages of one family stay within 100."
    ),
    _check("grim", grim.shares, grim.grim, "Some whole number of patients gives a percentage."),
    _check("repeated-text", texts.text_columns, texts.repeated_text, "No sentence fills a column."),
    _check(
        "table-against-text",
        compare.same_quantity,
        compare.text_check,
        "Two places of one report print the same number.",
    ),
    _check(
        "report-against-report",
        compare.same_quantity,
        compare.report_check,
        "Reports of one study differ no more than follow-up explains.",
    ),
    _check(
        "review-against-source",
        compare.same_quantity,
        compare.review_check,
        "A quotation gives the report's own number.",
    ),
    _check(
        "measure-label",
        interval.effects,
        labels.measure_label,
        "The name of a measure fits outcome, model and counts.",
    ),
    _check("measure-label", pools, labels.pool_label, "A pool has the measure of its inputs."),
    _check("double-counting", studies, doubles.duplicate_rows, "No row stands twice."),
    _check(
        "double-counting",
        doubles.shared_keys,
        doubles.shared_key,
        "No two studies share registry number, DOI or cohort.",
    ),
    _check(
        "double-counting",
        doubles.same_numbers,
        doubles.repeated_numbers,
        "No two studies have the same numbers.",
    ),
    _check(
        "double-counting",
        studies,
        doubles.matched_sets,
        "Matched and unmatched rows of a study are told apart.",
    ),
    _check(
        "double-counting", studies, doubles.several_reports, "Reports of one study are told apart."
    ),
    _check(
        "double-counting",
        doubles.pool_groups,
        doubles.pool_beside_trials,
        "A published pool is kept apart from its own trials.",
    ),
    _check(
        "se-or-variance",
        spreads.spread_rows,
        spreads.se_or_variance,
        "A standard error is one, and a variance is one.",
    ),
    _check(
        "impossible-value",
        _study_and_row,
        values.impossible,
        "Values are within what can be.",
    ),
    _check(
        "unknown-outcome",
        usable.named_outcomes,
        usable.unknown_outcome,
        "An outcome is one of the table of outcomes.",
    ),
    _check(
        "no-precision",
        usable.effect_rows,
        usable.no_precision,
        "An effect comes with something that gives its standard error.",
    ),
    _check("verification", studies, labels.verification, "Rows were seen in print."),
    _check(
        "pool-not-reproduced",
        rebuilt_pools,
        rebuilt,
        "A published pool is what its declared inputs give.",
    ),
)
