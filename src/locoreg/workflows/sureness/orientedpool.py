"""A pool of a run with its effects as intervention relative to control, and whom each side favours.

Priors on the mean, thresholds, biases and the side of a selection model are stated for the
intervention relative to control; a question may be tabulated the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Scale
from locoreg.workflows.conclusion.pools import (
    Results,
    design_label,
    find_pool,
    outcome_words,
    pool_key,
    question_words,
    why_no_pool,
)

UNKNOWN_EVENT = "neither the run nor the shipped tables say what the event of this outcome is."


@dataclass(frozen=True, slots=True, kw_only=True)
class OrientedPool:
    """A pool, turned where it is of control relative to intervention.

    Attributes
    ----------
    key : str
        Where the pool stands in the results.
    question, outcome, design : str
        Identity.
    label, event, title : str
        Outcome, its event, and the question in words.
    measure : str
        HR, OR, ...
    scale : {"log", "identity"}
        Scale of the effects.
    level : float
        Level of the pool's intervals, percent.
    turned : bool
        Whether the effects are those of the tables with the sign turned.
    benefit_below : bool
        Whether effects below none are the better ones.
    favours_below, favours_above : str
        Words for the sides.
    studies : tuple of mapping
        As in the results, ``yi`` turned.
    source : mapping
        The pool as it stands in the results.
    """

    key: str
    question: str
    outcome: str
    design: str
    label: str
    event: str
    title: str
    measure: str
    scale: Scale
    level: float
    turned: bool
    benefit_below: bool
    favours_below: str
    favours_above: str
    studies: tuple[Mapping[str, Any], ...]
    source: Mapping[str, Any]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the studies."""
        return tuple(str(one["label"]) for one in self.studies)

    @property
    def yi(self) -> tuple[float, ...]:
        """Effects, intervention relative to control."""
        return tuple(float(one["yi"]) for one in self.studies)

    @property
    def se(self) -> tuple[float, ...]:
        """Their standard errors."""
        return tuple(float(one["se"]) for one in self.studies)

    @property
    def null(self) -> float:
        """No effect as it is read: 1 for ratios, else 0."""
        return 1.0 if self.scale == "log" else 0.0

    def analysed(self, value: float) -> float:
        """Return a value as it is read on the scale of the analysis.

        Parameters
        ----------
        value : float
            A ratio or a difference.

        Returns
        -------
        float
            Its logarithm for ratios.

        Raises
        ------
        DesignError
            If it is no ratio.
        """
        if self.scale == "identity":
            return value
        if value <= 0:
            raise DesignError(
                f"{value:g} is no ratio: thresholds of {self.measure} are above 0.",
                hint="write 0.9 for a ratio of 0.9.",
            )
        return math.log(value)

    def benefit(self, below: float) -> float:
        """Return the probability of the better side from that of the lower one."""
        return below if self.benefit_below else 1.0 - below


def oriented_pool(results: Results, pool: tuple[str, str, str]) -> OrientedPool:
    """Return a pool of a run, intervention relative to control.

    Parameters
    ----------
    results : mapping
        Results of the run.
    pool : tuple of str
        Question, outcome and design.

    Returns
    -------
    OrientedPool
        Its effects, turned where the tables have them the other way round.

    Raises
    ------
    DesignError
        If there is no such pool, or its event is not known.
    """
    item = find_pool(results, pool)
    if item is None:
        raise DesignError(why_no_pool(results, pool))
    words = outcome_words(results, item)
    if words is None:
        raise DesignError(UNKNOWN_EVENT)
    found = item["pool"]
    turned = found["reference_arm"] == "intervention"
    above = (words.event_is == "favourable") ^ (found["measure"] == "survival ratio")
    asked = question_words(results, pool[0])
    arms = (
        asked.favours_intervention or "the intervention",
        asked.favours_control or "the comparator",
    )
    return OrientedPool(
        key=pool_key(item),
        question=pool[0],
        outcome=pool[1],
        design=pool[2],
        label=words.label,
        event=words.event,
        title=asked.title,
        measure=str(found["measure"]),
        scale="log" if found["mu"]["scale"] == "log" else "identity",
        level=float(found["mu"]["level"]),
        turned=turned,
        benefit_below=not above,
        favours_below=arms[1 if above else 0],
        favours_above=arms[0 if above else 1],
        studies=studies_of(found, turned),
        source=found,
    )


def studies_of(pool: Mapping[str, Any], turned: bool) -> tuple[Mapping[str, Any], ...]:
    """Return the studies of a pool, their effects turned or not.

    Parameters
    ----------
    pool : mapping
        As it stands in the results.
    turned : bool
        Whether the sign of the effects is turned.

    Returns
    -------
    tuple of mapping
        One per study.
    """
    sign = -1.0 if turned else 1.0
    return tuple({**one, "yi": sign * float(one["yi"])} for one in pool["studies"])


def label_of(design: str) -> str:
    """Return a design in words."""
    return design_label(design)
