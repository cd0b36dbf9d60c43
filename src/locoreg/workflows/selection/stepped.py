"""A stored selection, taken step by step: what failed, and its average effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.workflows.emulation.stepped import estimate_of

Results = Mapping[str, Any]
CONTRADICTED = "the randomised trials contradict the data"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFailures:
    """Why who gains is not to be read off a selection.

    Attributes
    ----------
    contradicted : bool
        Whether the randomised trials contradict the data.
    broken : tuple of str
        Checks of the data and of credibility that failed: no estimate can be relied on.
    ranking : tuple of str
        Checks that failed and concern the ranking of persons, not the average effect.
    """

    contradicted: bool
    broken: tuple[str, ...]
    ranking: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether estimates are not to be relied on."""
        return self.contradicted or bool(self.broken)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that failed."""
        first = (CONTRADICTED,) if self.contradicted else ()
        return tuple(dict.fromkeys((*first, *self.broken, *self.ranking)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageEffect:
    """The average effect of a selection.

    Attributes
    ----------
    key : str
        Where it stands in the results of a run: ``selection/NAME/average``.
    estimate : Estimate
        The number.
    unit : str
        ``months`` or ``probability``.
    treated, comparator, estimand : str
        Options; what is estimated.
    """

    key: str
    estimate: Estimate
    unit: str
    treated: str
    comparator: str
    estimand: str


def selection_failures(results: Results) -> SelectionFailures:
    """Return what failed in a selection.

    Parameters
    ----------
    results : mapping
        Its ``results.json``.

    Returns
    -------
    SelectionFailures
        True where estimates are not to be relied on.
    """
    own = (*results["credibility"]["checks"], *results["diagnostics"])
    return SelectionFailures(
        contradicted=results["credibility"]["verdict"] == "not credible",
        broken=_failed(own),
        ranking=_failed(results["assessment"]["diagnostics"]),
    )


def average_of(results: Results, name: str) -> AverageEffect:
    """Return the average effect of a selection with its key in the results of a run."""
    question = results["question"]
    return AverageEffect(
        key=f"selection/{name}/average",
        estimate=estimate_of(results["average"]),
        unit=str(results["assessment"]["unit"]),
        treated=str(question["treated_label"]),
        comparator=str(question["comparator_label"]),
        estimand=str(results["estimand"]),
    )


def _failed(checks: Any) -> tuple[str, ...]:
    found = (one for one in checks if one["verdict"] == "fail")
    return tuple(
        str(one["title"]) if one["arm"] is None else f"{one['title']} ({one['arm']})"
        for one in found
    )
