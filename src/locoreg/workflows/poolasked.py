"""How sure a pool of the tables is: boundaries, posteriors, small-study effects, as asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Scale
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.priorsensitivity import PriorSensitivity
from locoreg.evidence.sensitivity import scale_of
from locoreg.stats.smallstudy.steplikelihood import Sides
from locoreg.workflows.bayes import bayes_of_pool, named_priors
from locoreg.workflows.evidence import open_tables, pool_question
from locoreg.workflows.planning.trialasked import share_of
from locoreg.workflows.sequential import (
    Adjustment,
    FutilityRule,
    SequentialOptions,
    SequentialView,
    Spending,
    sequential_of_pool,
)
from locoreg.workflows.smallstudy import PoolSmallStudy, small_study_of_pool

SpendingName = Literal["obrien-fleming", "pocock"]
FutilityName = Literal["none", "non-binding", "binding"]
Heterogeneity = Literal["none", "diversity", "inconsistency", "tau2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAsked:
    """Which pool of the tables is looked at.

    Parameters
    ----------
    question
        Question id.
    design
        rct, observational, or one design of it.
    outcome
        Outcome id; the question's main outcome if None.
    method
        Estimator of tau2.
    interval, level
        Kind and level of the interval; the usual one and the question's if None.
    tables
        shipped, or folders of tables.
    """

    question: str
    design: str
    outcome: str | None
    method: str
    interval: str | None
    level: float | None
    tables: Sequence[str | Path]

    def pool(self) -> EvidencePool:
        """Return the pool.

        Raises
        ------
        DesignError
            If nothing can be pooled.
        """
        found = pool_question(
            open_tables(self.tables), self.question, design=self.design, outcome=self.outcome,
            method=self.method, interval=self.interval, level=self.level,
        )  # fmt: skip
        if not isinstance(found, EvidencePool):
            raise DesignError(f"{self.question}: name one design.", hint="--design rct, say.")
        return found


def sequential_options(
    *,
    effect: float,
    scale: Scale,
    alpha: float,
    power: float,
    sides: int,
    spending: SpendingName,
    futility: FutilityName,
    heterogeneity: Heterogeneity,
    value: float | None,
    model: tuple[str, str, float],
    smallest_step: float,
) -> SequentialOptions:
    """Return what defines a trial sequential analysis, as the TSA software counts it.

    Parameters
    ----------
    effect : float
        To be found, on the natural scale.
    scale : {"log", "identity"}
        Of the pool.
    alpha, power : float
        Percent.
    sides : int
        1 or 2.
    spending : str
        Function for alpha, and for beta where futility is asked for.
    futility : {"none", "non-binding", "binding"}
        As stated.
    heterogeneity : {"none", "diversity", "inconsistency", "tau2"}
        How the required information allows for it.
    value : float or None
        D2 or I2 as a fraction, or tau2; None as the trials estimate it.
    model : tuple
        Method, interval and level of the pools.
    smallest_step : float
        Percent of the required information that a look adds at least.

    Returns
    -------
    SequentialOptions
        Required information of a single look; looks in the order of the dates.
    """
    rule = None
    if futility != "none":
        # A trial below the wedge's edge counts, as trial sequential analysis has it.
        rule = FutilityRule(
            spending=Spending(name=spending), binding=futility == "binding", wedge="tail"
        )
    return SequentialOptions(
        effect=effect,
        scale=scale,
        alpha=share_of("alpha", alpha),
        power=share_of("power", power),
        sides=sides,
        spending=Spending(name=spending),
        futility=rule,
        adjustment=Adjustment(kind=heterogeneity, value=value),
        size_for="single look",
        method=model[0],
        interval=model[1],
        level=model[2],
        smallest_step=smallest_step,
        ties="in order",
        penalty=None,
    )


def sequential_asked(
    asked: PoolAsked,
    *,
    effect: float,
    alpha: float,
    power: float,
    sides: int,
    spending: SpendingName,
    futility: FutilityName,
    heterogeneity: Heterogeneity,
    value: float | None,
    smallest_step: float,
) -> SequentialView:
    """Hold a pool's trials against sequential boundaries; see :func:`sequential_options`.

    Parameters
    ----------
    asked : PoolAsked
        The pool.
    effect, alpha, power, sides, spending, futility, heterogeneity, value, smallest_step
        As for :func:`sequential_options`.

    Returns
    -------
    SequentialView
        With the words of the question.
    """
    pool = asked.pool()
    meta = pool.meta
    options = sequential_options(
        effect=effect, scale=scale_of(pool.question), alpha=alpha, power=power, sides=sides,
        spending=spending, futility=futility, heterogeneity=heterogeneity, value=value,
        model=(meta.method, meta.interval, meta.mu.level), smallest_step=smallest_step,
    )  # fmt: skip
    return sequential_of_pool(pool, options)


def bayes_asked(
    asked: PoolAsked, *, tau_priors: Sequence[str], mu_prior: str, below: Sequence[float]
) -> PriorSensitivity:
    """Return a pool's posterior under each of several priors.

    Parameters
    ----------
    asked : PoolAsked
        The pool.
    tau_priors : sequence of str
        Priors on tau, the main one first.
    mu_prior : str
        Prior on the mean effect: flat, or normal(mean, sd) on the scale of the analysis.
    below : sequence of float
        Thresholds on the natural scale: 1 and 0.9 for ratios.

    Returns
    -------
    PriorSensitivity
        Posteriors, probabilities and their range, shrinkage.
    """
    pool = asked.pool()
    is_log = pool.meta.mu.scale == "log"
    if is_log and any(not one > 0 for one in below):
        raise DesignError("below: a ratio is above 0.", hint="1 for no effect.")
    return bayes_of_pool(
        pool.meta,
        priors=named_priors(tau_priors),
        mu_prior=mu_prior,
        thresholds=[math.log(one) if is_log else one for one in below],
    )


def small_study_asked(
    asked: PoolAsked, *, alpha: float, steps: Sequence[float], alternative: Sides
) -> PoolSmallStudy:
    """Return what a pool says of small-study effects.

    Parameters
    ----------
    asked : PoolAsked
        The pool.
    alpha : float
        Percent at which tests are said to find something.
    steps : sequence of float
        One-sided p-values at which the selection model's weights change.
    alternative : str
        Side of those p-values: ``less`` where ratios below 1 are wished for.

    Returns
    -------
    PoolSmallStudy
        All methods that apply, and a sentence.
    """
    return small_study_of_pool(
        asked.pool(), alpha=share_of("alpha", alpha), steps=steps, alternative=alternative
    )
