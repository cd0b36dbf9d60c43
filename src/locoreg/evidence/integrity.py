"""Rules between cells and between tables that make a row usable or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from locoreg.core.errors import did_you_mean
from locoreg.core.findings import Finding
from locoreg.core.tables import invalid_cell
from locoreg.evidence.records import Catalog, Claim

RATIO_MEASURES = frozenset({"HR", "OR", "RR", "IRR", "survival ratio"})
LANDMARK_STATISTICS = frozenset({"survival_proportion", "cumulative_incidence"})


def cross_checks(catalog: Catalog) -> tuple[Finding, ...]:
    """Return one ``invalid-cell`` finding per cell that contradicts another cell or table.

    Parameters
    ----------
    catalog : Catalog
        Tables whose cells were parsed one by one.

    Returns
    -------
    tuple of Finding
        Foreign keys without a target, limits without a level, limits in the
        wrong order, standard errors that are not positive, and so on.
    """
    faults = [*dangling(catalog)]
    for claim in catalog.claims.values():
        for rule in CLAIM_RULES:
            faults.extend(
                invalid_cell(
                    claim.row.file,
                    claim.row.number,
                    column,
                    what,
                    printed=claim.row.printed.get(column, ""),
                )
                for column, what in rule(claim)
            )
    return tuple(faults)


def dangling(catalog: Catalog) -> Iterator[Finding]:
    """Yield one fault per cell that points to a row that is not there."""
    targets: list[tuple[str, str, Any]] = [
        ("studies", "question_id", catalog.questions),
        ("studies", "version_of", catalog.studies),
        ("references", "study_id", catalog.studies),
        ("claims", "study_id", catalog.studies),
        ("claims", "supersedes", catalog.claims),
        ("pools", "claim_id", catalog.claims),
    ]
    if catalog.references:
        targets += [
            ("claims", "report_id", catalog.references),
            ("claims", "source_id", catalog.references),
        ]
    for table, column, target in targets:
        for record in getattr(catalog, table).values():
            key = getattr(record, column)
            if key is not None and key not in target:
                hint = (did_you_mean(key, target) or "").rstrip(".")
                what = f"{key!r} points to no usable row"
                what += f"; {hint}" if hint else ""
                yield invalid_cell(record.row.file, record.row.number, column, what, printed=key)
    known = {*catalog.studies, *catalog.references}
    for pool in catalog.pools.values():
        for key in pool.inputs:
            if key not in known:
                what = f"{key!r} is neither a study nor a report"
                yield invalid_cell(pool.row.file, pool.row.number, "inputs", what, printed=key)


Fault = tuple[str, str]


def _effect_is_complete(claim: Claim) -> Iterator[Fault]:
    if claim.kind != "effect":
        return
    for column in ("outcome", "measure", "reference_arm"):
        if getattr(claim, column) is None:
            yield column, "is empty and a row of kind effect needs it"


def _interval_has_level(claim: Claim) -> Iterator[Fault]:
    limits = (claim.ci_low, claim.ci_high)
    if any(limit is not None for limit in limits) and claim.ci_level is None:
        yield "ci_level", "is empty and an interval needs its level in percent, for example 95"
    if claim.ci_low is not None and claim.ci_high is not None and claim.ci_low > claim.ci_high:
        what = f"{claim.ci_low:g} is above ci_high {claim.ci_high:g}: the limits are reversed"
        yield "ci_low", what


def _ratios_are_positive(claim: Claim) -> Iterator[Fault]:
    if claim.resolved_measure not in RATIO_MEASURES:
        return
    for column in ("estimate", "ci_low", "ci_high"):
        value = getattr(claim, column)
        if value is not None and value <= 0:
            yield column, f"{value:g} is not above zero, and {claim.resolved_measure} is a ratio"


def _spreads_are_positive(claim: Claim) -> Iterator[Fault]:
    for column in ("se", "variance", "logrank_v"):
        value = getattr(claim, column)
        if value is not None and value <= 0:
            yield column, f"{value:g} is not above zero"
    if (claim.o_minus_e is None) != (claim.logrank_v is None):
        yield "logrank_v", "o_minus_e and logrank_v are needed together"


def _p_is_probability(claim: Claim) -> Iterator[Fault]:
    if claim.p_value is not None and not 0 <= claim.p_value <= 1:
        yield "p_value", f"{claim.p_value:g} is not between 0 and 1"
    if claim.p_value is not None and claim.p_op is None:
        yield "p_op", "is empty and a p-value needs its operator, = or <"


def _landmark_is_given(claim: Claim) -> Iterator[Fault]:
    if claim.statistic in LANDMARK_STATISTICS and claim.landmark_months is None:
        yield "landmark_months", f"is empty and {claim.statistic} needs it"


def _correction_has_reason(claim: Claim) -> Iterator[Fault]:
    if claim.supersedes is not None and claim.reason is None:
        yield "reason", "is empty and a correction needs its reason"
    if claim.supersedes == claim.claim_id:
        yield "supersedes", "a row can't correct itself"


CLAIM_RULES: tuple[Callable[[Claim], Iterator[Fault]], ...] = (
    _effect_is_complete,
    _interval_has_level,
    _ratios_are_positive,
    _spreads_are_positive,
    _p_is_probability,
    _landmark_is_given,
    _correction_has_reason,
)
