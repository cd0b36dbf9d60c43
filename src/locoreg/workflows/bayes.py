"""Bayesian answers for anyone's pool: priors by name, sensitivity, and the ladder of designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Scale
from locoreg.evidence.designs import DesignGroup, DesignLadder, design_ladder
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.priorsensitivity import PriorSensitivity, prior_sensitivity
from locoreg.stats.bayes import TauPrior, parse_mu_prior, parse_tau_prior, turner_prior

# For log ratios; half-normal(0.5) is weakly informative (Röver et al. 2021, doi:10.1002/jrsm.1475).
LOG_RATIO_PRIORS: tuple[str, ...] = (
    "half-normal(0.5)",
    "half-normal(0.25)",
    "half-normal(1)",
    "half-cauchy(0.5)",
)
TURNER_MORTALITY = "Turner 2015, all-cause mortality, non-pharmacological v pharmacological"


def named_priors(texts: Sequence[str]) -> dict[str, TauPrior]:
    """Return priors on tau by the text that states them.

    Parameters
    ----------
    texts : sequence of str
        As :func:`locoreg.stats.bayes.parse_tau_prior` reads them; the first is the main one.

    Returns
    -------
    dict of str to TauPrior
        In the same order.

    Raises
    ------
    DesignError
        If there is none.
    """
    if not texts:
        raise DesignError("no prior on tau is given.", hint="half-normal(0.5), say.")
    return {text: parse_tau_prior(text) for text in texts}


def log_ratio_priors() -> dict[str, TauPrior]:
    """Return the set of priors for log ratios: four that are named, and an empirical one.

    Turner's was fitted to log odds ratios: for log hazard ratios it is an approximation.

    Returns
    -------
    dict of str to TauPrior
        The main one first.
    """
    found = named_priors(LOG_RATIO_PRIORS)
    found[TURNER_MORTALITY] = turner_prior(
        edition=2015,
        outcome="all-cause mortality",
        comparison="non-pharmacological v pharmacological",
    )
    return found


def bayes_of_pool(
    pool: MetaAnalysis,
    *,
    priors: Mapping[str, TauPrior],
    mu_prior: str,
    thresholds: Sequence[float],
) -> PriorSensitivity:
    """Return a pool under several priors on tau.

    Parameters
    ----------
    pool : MetaAnalysis
        Its studies, level and scale are used.
    priors : mapping of str to TauPrior
        The main one first.
    mu_prior : str
        ``flat`` or ``normal(mean, sd)``.
    thresholds : sequence of float
        On the scale of the effects: 0 and log 0.9 for hazard ratios of 1 and 0.9.

    Returns
    -------
    PriorSensitivity
        Posteriors, probabilities and their range, shrinkage.
    """
    return bayes_of_effects(
        pool.yi,
        pool.se,
        labels=pool.labels,
        priors=priors,
        mu_prior=mu_prior,
        thresholds=thresholds,
        level=pool.mu.level,
        scale=pool.mu.scale,
    )


def bayes_of_effects(
    yi: ArrayLike,
    se: ArrayLike,
    *,
    labels: Sequence[str],
    priors: Mapping[str, TauPrior],
    mu_prior: str,
    thresholds: Sequence[float],
    level: float,
    scale: Scale,
) -> PriorSensitivity:
    """Return effects pooled under several priors on tau; see :func:`bayes_of_pool`.

    Parameters
    ----------
    yi, se : array_like, shape (k,)
        Effects and standard errors.
    labels : sequence of str
        Study names.
    priors : mapping of str to TauPrior
        The main one first.
    mu_prior : str
        ``flat`` or ``normal(mean, sd)``.
    thresholds : sequence of float
        On the scale of the effects.
    level : float
        Level of the intervals in percent.
    scale : {"log", "identity"}
        Scale of the effects; no effect is 0 on either.

    Returns
    -------
    PriorSensitivity
        Posteriors, probabilities and their range, shrinkage.
    """
    return prior_sensitivity(
        yi,
        se,
        labels=labels,
        priors=priors,
        mu_prior=parse_mu_prior(mu_prior),
        thresholds=thresholds,
        null=0.0,
        level=level,
        scale=scale,
    )


def ladder_of_designs(
    groups: Sequence[DesignGroup],
    *,
    measure: str,
    scale: Scale,
    tau_prior: str,
    mu_prior: str,
    level: float,
    reach: float,
) -> DesignLadder:
    """Return the ladder from trials alone to all designs, each with its stated bias.

    Parameters
    ----------
    groups : sequence of DesignGroup
        Randomised trials first.
    measure : str
        Name of the measure.
    scale : {"log", "identity"}
        Scale of the effects; no effect is 0 on either.
    tau_prior, mu_prior : str
        ``half-normal(0.5)`` and ``flat``, say.
    level : float
        Level of the intervals in percent.
    reach : float
        Largest shift of the mean bias for the tipping points.

    Returns
    -------
    DesignLadder
        One step per design.
    """
    return design_ladder(
        groups,
        measure=measure,
        scale=scale,
        tau_prior=parse_tau_prior(tau_prior),
        mu_prior=parse_mu_prior(mu_prior),
        level=level,
        null=0.0,
        reach=reach,
    )
