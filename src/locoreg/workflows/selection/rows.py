"""The main numbers of a selection as rows of one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate
from locoreg.selection.assess.results import GroupEffects

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult


def result_rows(result: SelectionResult) -> Iterator[dict[str, Any]]:
    """Return the main numbers, one row each.

    Parameters
    ----------
    result : SelectionResult
        What was found.

    Yields
    ------
    dict
        Keys part, name, n, estimate, se, ci_low, ci_high. Rows of a rule only where one is shown.
    """
    found = result.assessment
    yield _row("average", "average effect", result.data.n, result.average)
    yield _row("learner", f"{found.test.target} of the test", found.n, found.test.area)
    yield _row("learner", "autoc", found.n, found.autoc)
    yield _row("learner", "qini", found.n, found.qini)
    yield _row("learner", "calibration slope", found.n, found.calibration.slope)
    yield from _groups("groups", found.calibration.groups)
    if result.subgroups is not None:
        yield from _groups("subgroups", result.subgroups.groups)
    if not result.shows_rule:
        return
    rule = result.rule
    for leaf in rule.leaves.leaves:
        yield _row("leaves", leaf.text, leaf.n, leaf.effect)
    persons = rule.leaves.persons
    yield _row("rule", "gain over treating nobody", persons, rule.value.against_none)
    yield _row("rule", "gain over treating everybody", persons, rule.value.against_all)


def _groups(part: str, found: GroupEffects) -> Iterator[dict[str, Any]]:
    for one in found.groups:
        yield _row(part, one.label, one.n, one.effect)


def _row(part: str, name: str, n: int, one: Estimate) -> dict[str, Any]:
    return {
        "part": part,
        "name": name,
        "n": n,
        "estimate": one.estimate,
        "se": one.se,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
    }
