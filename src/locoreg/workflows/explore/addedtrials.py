"""A pool of the evidence with trials that nobody has done, for a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.planning.hypothetical import HypotheticalTrial, PoolOnce
from locoreg.workflows.conclusion.pools import Results, find_pool, outcome_words, why_no_pool
from locoreg.workflows.planning.poolasked import PlannedPool, pool_of_results
from locoreg.workflows.planning.prospects import PoolWith, pool_with, rules_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTrial:
    """A trial that is added.

    Attributes
    ----------
    hazard_ratio : float
        That it finds, intervention relative to control.
    events : float
        In both arms.
    """

    hazard_ratio: float
    events: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTexts:
    """A pool as it is read.

    Attributes
    ----------
    trials : int
    hazard_ratio, tau2, i2, prediction : str
        With intervals; the prediction is empty under three trials.
    """

    trials: int
    hazard_ratio: str
    tau2: str
    i2: str
    prediction: str


def with_trials(
    results: Results,
    pool: tuple[str, str, str],
    trials: Sequence[AskedTrial],
    *,
    allocation: float,
    important: float | None,
    threshold: float | None,
    tau_scale: float | None,
) -> PoolWith:
    """Return what a pool would become with trials that nobody has done.

    Parameters
    ----------
    results : mapping
        Results of a run, or the same of a choice of the evidence.
    pool : tuple of str
        Question, outcome and design.
    trials : sequence of AskedTrial
        At least one.
    allocation : float
        Share of their patients in the intervention arm.
    important : float or None
        Smallest important benefit as a hazard ratio.
    threshold, tau_scale : float or None
        Percent that a probability has to reach, and the scale of the half-normal prior on tau.

    Returns
    -------
    PoolWith
        Before and after.

    Raises
    ------
    DesignError
        If there is no such pool, or no trial could join it.
    """
    rules = rules_asked(important=important, threshold=threshold, tau_scale=tau_scale)
    asked = [
        HypotheticalTrial(hazard_ratio=one.hazard_ratio, events=one.events, allocation=allocation)
        for one in trials
    ]
    return pool_with(planned_pool(results, pool), asked, rules)


def planned_pool(results: Results, pool: tuple[str, str, str]) -> PlannedPool:
    """Return the pool that a trial would join; see `with_trials`."""
    item = find_pool(results, pool)
    if item is None:
        raise DesignError(why_no_pool(results, pool))
    words = outcome_words(results, item)
    if words is None:
        raise DesignError("the tables do not say what the event of this outcome is.")
    return pool_of_results(item["pool"], event_is=words.event_is)


def pool_texts(once: PoolOnce) -> PoolTexts:
    """Return a pool before or after as it is read.

    Parameters
    ----------
    once : PoolOnce
        The pool.

    Returns
    -------
    PoolTexts
        Ratios on their own scale.
    """
    prediction = ""
    if once.prediction is not None:
        low, high = (math.exp(end) for end in once.prediction)
        prediction = range_text(low, high)
    return PoolTexts(
        trials=once.k,
        hazard_ratio=once.mu.text(),
        tau2=decimal_text(once.tau2, 3),
        i2=f"{once.i2:.0f}%",
        prediction=prediction,
    )


def trial_sentences(found: PoolWith) -> tuple[str, ...]:
    """Return each added trial with its standard error and weight."""
    return tuple(
        f"Hazard ratio {trial.hazard_ratio:g} with {trial.events:g} events: standard error "
        f"{decimal_text(math.sqrt(trial.variance))}, weight {100 * weight:.0f}%."
        for trial, weight in zip(found.found.trials, found.found.weights, strict=True)
    )
