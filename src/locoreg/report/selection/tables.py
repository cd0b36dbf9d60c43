"""The numbers of a selection as tables to be written beside the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate

if TYPE_CHECKING:
    from locoreg.selection.assess import GroupEffects, PolicyValue
    from locoreg.workflows.selection.result import SelectionResult

Rows = Iterable[Sequence[Any]]
# Tables that not every result has.
SOMETIMES = ("subgroups", "leaves", "rule_values")
ENDS = ("estimate", "se", "ci_low", "ci_high", "level")


def csv_tables(result: SelectionResult) -> Iterable[tuple[str, Rows]]:
    """Yield the tables by name; every row of estimates names the checks that failed.

    Parameters
    ----------
    result : SelectionResult
        The result.

    Yields
    ------
    tuple of str and rows
        Name, and rows with a header. Leaves of a rule only where one is shown.
    """
    failed = failed_words(result)
    found = result.assessment
    yield "checks", _records([d.to_dict() for d in result.checks])
    yield "attrition", _attrition(result)
    yield "options", _records([arm.to_dict() for arm in result.data.arms])
    yield "main", _main(result, failed)
    yield "targeting", _targeting(result, failed)
    yield "groups", _groups(found.calibration.groups, failed)
    yield "values", _values(found.values.values, failed)
    if result.subgroups is not None:
        yield "subgroups", _groups(result.subgroups.groups, failed)
    if result.shows_rule:
        yield "leaves", _leaves(result, failed)
        yield "rule_values", _values((result.worth.value, result.rule.value), failed)
    yield "odds", _odds(result, failed)


def failed_words(result: SelectionResult) -> str:
    """Return the checks that failed, trials that contradict the data first; empty for none."""
    verdict = result.doubts.credibility.verdict
    names = ["not credible"] if verdict == "not credible" else []
    return "; ".join(dict.fromkeys([*names, *(d.name for d in result.failed)]))


def _five(one: Estimate) -> tuple[float, float, float, float, float]:
    return one.estimate, one.se, one.ci_low, one.ci_high, one.level


def _main(result: SelectionResult, failed: str) -> Rows:
    yield ("name", *ENDS, "unit", "failed_checks")
    found = result.assessment
    unit = result.question.unit
    rows = [
        ("average_effect", result.average, unit),
        (f"{found.test.target}_of_tested_folds", found.test.area, unit),
        ("autoc", found.autoc, unit),
        ("qini", found.qini, unit),
        ("calibration_slope", found.calibration.slope, ""),
        *((f"{found.options.primary}_less_{c.other}", c.difference, unit)
          for c in found.comparisons),
    ]  # fmt: skip
    if result.doubts.credibility.shows_rule:
        rows.append(("rules_over_better_of_all_and_none", result.worth.gain, unit))
    for name, estimate, of in rows:
        yield (name, *_five(estimate), of, failed)


def _attrition(result: SelectionResult) -> Rows:
    yield ("criterion", "excluded", "unknown", "left")
    found = result.data.attrition
    yield (found.source, 0, 0, found.started)
    yield from ((s.name, s.excluded, s.unknown, s.left) for s in found.steps)


def _targeting(result: SelectionResult, failed: str) -> Rows:
    curve = result.assessment.curve
    names = ("share", "estimate", "se", "ci_low", "ci_high", "band_low", "band_high")
    yield (*names, "level", "unit", "failed_checks")
    for line in zip(*(getattr(curve, name) for name in names), strict=True):
        yield (*line, curve.level, curve.unit, failed)


def _groups(found: GroupEffects, failed: str) -> Rows:
    yield ("group", "n", "treated", "comparator", "predicted", *ENDS, "band_low", "band_high",
           "unit", "failed_checks")  # fmt: skip
    for g in found.groups:
        yield (g.label, g.n, g.treated, g.comparator, g.predicted, *_five(g.effect), g.band_low,
               g.band_high, found.unit, failed)  # fmt: skip


def _values(values: Sequence[PolicyValue], failed: str) -> Rows:
    none, everybody = ([f"{against}_{end}" for end in ENDS[:4]] for against in ("none", "all"))
    yield ("policy", "cost", "share_treated", *none, *everybody, "level", "unit", "failed_checks")
    for v in values:
        yield (v.label, v.cost, v.share_treated, *_five(v.against_none)[:4],
               *_five(v.against_all)[:4], v.against_none.level, v.unit, failed)  # fmt: skip


def _leaves(result: SelectionResult, failed: str) -> Rows:
    table = result.rule.leaves
    yield ("leaf", "persons", "treats", "n", "treated", "comparator", "share", "effective", *ENDS,
           "band_low", "band_high", "treated_mean", "comparator_mean", "unit",
           "failed_checks")  # fmt: skip
    for leaf in table.leaves:
        yield (leaf.leaf, leaf.text, leaf.treats, leaf.n, leaf.treated, leaf.comparator, leaf.share,
               leaf.effective, *_five(leaf.effect), leaf.band_low, leaf.band_high,
               leaf.treated_mean.estimate, leaf.comparator_mean.estimate, table.unit,
               failed)  # fmt: skip


def _odds(result: SelectionResult, failed: str) -> Rows:
    lower, upper = ([f"{bound}_{end}" for end in ENDS[:4]] for bound in ("lower", "upper"))
    yield ("group", "factor", *lower, *upper, "unit", "failed_checks")
    for found in result.doubts.marginal:
        for b in found.bounds:
            yield (found.label, b.factor, *_five(b.lower)[:4], *_five(b.upper)[:4],
                   result.question.unit, failed)  # fmt: skip


def _records(rows: Sequence[dict[str, Any]]) -> Rows:
    if rows:
        yield tuple(rows[0])
        yield from (tuple(row.values()) for row in rows)
