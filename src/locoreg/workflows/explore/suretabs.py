"""A pool beside its forest plot: tests for small studies, priors, boundaries; options stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.priorsensitivity import PriorSensitivity
from locoreg.stats.smallstudy.steplikelihood import Sides
from locoreg.workflows.bayes import LOG_RATIO_PRIORS, bayes_of_pool, named_priors
from locoreg.workflows.sequential import (
    Adjustment,
    FutilityRule,
    SequentialOptions,
    SequentialView,
    Spending,
    sequential_of_pool,
    sides,
)
from locoreg.workflows.smallstudy import PoolSmallStudy, small_study_of_pool

# What the tabs are made with; each is said beside the numbers.
TESTS_PERCENT = 10.0
STEPS = (0.025,)
MU_PRIOR = "flat"
ALPHA_PERCENT, POWER_PERCENT, SMALLEST_STEP = 5.0, 90.0, 5.0
PRIORS = LOG_RATIO_PRIORS[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class TabPosterior:
    """A pool under a few priors.

    Attributes
    ----------
    result : PriorSensitivity
    favours_low, favours_high : str
        What an effect below none favours, and one above.
    """

    result: PriorSensitivity
    favours_low: str
    favours_high: str


def tests_of(pool: EvidencePool) -> PoolSmallStudy:
    """Return tests and corrections for small-study effects, at the options of this module.

    Parameters
    ----------
    pool : EvidencePool
        The pool.

    Returns
    -------
    PoolSmallStudy
        Results in favour of the intervention are those published more easily.
    """
    return small_study_of_pool(
        pool, alpha=TESTS_PERCENT / 100, steps=STEPS, alternative=published_side(pool)
    )


def published_side(pool: EvidencePool) -> Sides:
    """Return the side of results in favour of the intervention."""
    return "less" if _benefit_is_low(pool) else "greater"


def posterior_of(pool: EvidencePool) -> TabPosterior:
    """Return a pool under three half-normal priors on tau and a flat one on the mean.

    Parameters
    ----------
    pool : EvidencePool
        Of ratios.

    Returns
    -------
    TabPosterior
        Probabilities of an effect below none.

    Raises
    ------
    DesignError
        If the pool is of differences, whose scale no prior is named for.
    """
    if pool.meta.mu.scale != "log":
        raise DesignError("the priors of this tab are for ratios; state your own under How sure.")
    found = bayes_of_pool(
        pool.meta, priors=named_priors(PRIORS), mu_prior=MU_PRIOR, thresholds=(0.0,)
    )
    low, high = sides(pool)
    return TabPosterior(result=found, favours_low=low, favours_high=high)


def boundaries_of(pool: EvidencePool, ratio: float) -> SequentialView:
    """Return where a pool's trials stand against sequential boundaries.

    Parameters
    ----------
    pool : EvidencePool
        Of randomised trials, of hazard ratios.
    ratio : float
        Effect to be found, intervention relative to control, below 1.

    Returns
    -------
    SequentialView
        O'Brien-Fleming-type spending of a two-sided 5%, power 90%, futility not binding, diversity
        as the trials estimate it.

    Raises
    ------
    DesignError
        If the pool is another.
    """
    if pool.question.measure != "HR":
        raise DesignError("boundaries are drawn for hazard ratios.")
    meta = pool.meta
    options = SequentialOptions(
        effect=ratio if _benefit_is_low(pool) else 1 / ratio,
        scale="log",
        alpha=ALPHA_PERCENT / 100,
        power=POWER_PERCENT / 100,
        sides=2,
        spending=Spending(name="obrien-fleming"),
        futility=FutilityRule(
            spending=Spending(name="obrien-fleming"), binding=False, wedge="tail"
        ),
        adjustment=Adjustment(kind="diversity", value=None),
        size_for="single look",
        method=meta.method,
        interval=meta.interval,
        level=meta.mu.level,
        smallest_step=SMALLEST_STEP,
        ties="in order",
        penalty=None,
    )
    return sequential_of_pool(pool, options)


def part_of(key: str, found: SequentialView) -> dict[str, Any]:
    """Return a sequential analysis as an entry of a run has it."""
    return {"key": key, "refused": "", **found.to_dict()}


def _benefit_is_low(pool: EvidencePool) -> bool:
    return sides(pool)[0] == pool.question.favours_intervention
