"""The Bayesian random-effects meta-analysis of one pool, whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.bayes.hierarchy import Hierarchy, given_tau
from locoreg.stats.bayes.mixtureposterior import (
    Marginal,
    Mixtures,
    Shrinkage,
    marginal,
    marginals,
    mix,
    plain_model,
    shrinkage,
)
from locoreg.stats.bayes.taudistribution import log_height, peak_tau
from locoreg.stats.bayes.taupriors import FLAT, BoundTauPrior, MuPrior, TauPrior, least_studies

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesFactors:
    """Bayes factors for a hypothesis against the model; above 1 they speak for the hypothesis.

    Attributes
    ----------
    mu, tau : float
        Of mu equal to the null value, and of tau = 0. NaN where a prior is improper.
    mu_least, tau_least : float
        The smallest that any prior on mu, or on tau, could give.
    mu_reason, tau_reason : str
        Why there is none; empty where there is one.
    """

    mu: float
    tau: float
    mu_least: float
    tau_least: float
    mu_reason: str
    tau_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """Where likelihood and posterior are highest.

    Attributes
    ----------
    likelihood, posterior : tuple of float
        Tau and mu, jointly. The likelihood alone has no prior.
    tau_likelihood : float
        Tau, mu integrated under its prior.
    mu_likelihood : float
        Mu, tau integrated under its prior; NaN where that integral does not exist.
    """

    likelihood: tuple[float, float]
    posterior: tuple[float, float]
    tau_likelihood: float
    mu_likelihood: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesRandomEffects:
    """Posterior of a random-effects meta-analysis.

    Attributes
    ----------
    mixtures : Mixtures
        The posterior as distributions: ``mixtures.mu.cdf(0.0)`` and the like.
    tau_prior : TauPrior
    mu_prior : MuPrior
    level : float
        Level of the intervals in percent.
    null : float
        Value of mu that means no effect.
    mu, tau, new : Marginal
        Mean effect, between-study standard deviation, effect in a new study.
    studies : Shrinkage
        Each study's own effect.
    weights : ndarray of float, shape (k + 1,)
        Posterior mean weight of each study in mu, and of its prior last; they sum to 1.
    log_marginal : float
        Log marginal likelihood; NaN where a prior is improper.
    factors : BayesFactors
    peaks : Peaks
    """

    mixtures: Mixtures
    tau_prior: TauPrior
    mu_prior: MuPrior
    level: float
    null: float
    mu: Marginal
    tau: Marginal
    new: Marginal
    studies: Shrinkage
    weights: FloatArray
    log_marginal: float
    factors: BayesFactors
    peaks: Peaks

    def below(self, value: float) -> float:
        """Return the posterior probability that mu is below a value."""
        return float(self.mixtures.mu.cdf(value))

    def new_below(self, value: float) -> float:
        """Return the posterior probability that the effect in a new study is below a value."""
        return float(self.mixtures.new.cdf(value))


def bayes_random_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau_prior: TauPrior,
    mu_prior: MuPrior,
    level: float,
    null: float,
) -> BayesRandomEffects:
    """Return the posterior of a random-effects meta-analysis by quadrature.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of at least one study.
    tau_prior : TauPrior
        Prior on the between-study standard deviation.
    mu_prior : MuPrior
        Normal or flat prior on the mean effect.
    level : float
        Level of all intervals in percent.
    null : float
        Value of mu for the Bayes factor, on the scale of the effects.

    Returns
    -------
    BayesRandomEffects
        Probabilities are exact to about 1e-11.

    Raises
    ------
    DataError
        If the input can't be used.
    DesignError
        If the posterior is improper with so few studies.
    """
    if not math.isfinite(null):
        raise DataError(f"the null value {null} is not a number.")
    model = plain_model(yi, vi, mu_prior)
    found = mix(model, tau_prior)
    mu, tau, new = marginals(found, level)
    proper = tau_prior.proper and mu_prior.proper
    flat = _under_flat(found, tau_prior)
    return BayesRandomEffects(
        mixtures=found,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        level=float(level),
        null=float(null),
        mu=mu,
        tau=tau,
        new=new,
        studies=shrinkage(found, level),
        weights=found.weights(),
        log_marginal=found.log_marginal if proper else math.nan,
        factors=_factors(found, tau_prior, null, flat),
        peaks=_peaks(found, flat),
    )


def study_marginal(found: Mixtures, i: int, level: float) -> Marginal:
    """Return one study's own effect with its mode and shortest interval.

    Parameters
    ----------
    found : Mixtures
        The posterior of a model with one group.
    i : int
        Which study, from 0.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    Marginal
        The posterior, shrunk towards mu.
    """
    mixture = found.study(i)
    mean, sd = mixture.moments()
    return marginal(
        mixture, mode=mixture.mode(), mean=mean, sd=sd, level=level, support=(-math.inf, math.inf)
    )


def _under_flat(found: Mixtures, tau_prior: TauPrior) -> tuple[Mixtures, float] | None:
    """Return the posterior under a flat prior on mu, with its mode, where it is proper."""
    model = found.model
    if model.y.size < least_studies(tau_prior, FLAT):
        return None
    if not model.mu_prior.proper:
        return found, found.mu.mode()
    plain = Hierarchy(y=model.y, v=model.v, group=model.group, shared=model.shared, mu_prior=FLAT)
    flat = mix(plain, tau_prior)
    return flat, flat.mu.mode()


def _factors(
    found: Mixtures, tau_prior: TauPrior, null: float, flat: tuple[Mixtures, float] | None
) -> BayesFactors:
    model = found.model
    mu = tau = mu_least = math.nan
    mu_reason = tau_reason = ""
    if model.mu_prior.proper:
        mu = _exp(log_height(found.tau, null) - model.mu_prior.log_density(null))
    else:
        mu_reason = "the prior on mu is flat, which is improper"
    at_zero = float(given_tau(model, np.zeros(1)).log_likelihood[0])
    if tau_prior.proper:
        tau = _exp(at_zero - found.log_marginal)
    else:
        tau_reason = f"the prior {tau_prior.name} on tau is improper"
    if flat is not None:
        mixtures, mode = flat
        mu_least = _exp(log_height(mixtures.tau, null) - log_height(mixtures.tau, mode))
    best = peak_tau(lambda t: given_tau(model, t).log_likelihood, (0.0, math.inf))
    highest = float(given_tau(model, np.array([best])).log_likelihood[0])
    return BayesFactors(
        mu=mu,
        tau=tau,
        mu_least=mu_least,
        tau_least=_exp(at_zero - highest),
        mu_reason=mu_reason,
        tau_reason=tau_reason,
    )


def _exp(log_value: float) -> float:
    return math.exp(log_value) if log_value < 709.0 else math.inf


def _peaks(found: Mixtures, flat: tuple[Mixtures, float] | None) -> Peaks:
    model, prior, everywhere = found.model, found.tau_prior, (0.0, math.inf)
    bare = Hierarchy(y=model.y, v=model.v, group=model.group, shared=model.shared, mu_prior=FLAT)
    alone = peak_tau(lambda t: given_tau(bare, t).log_highest, everywhere)
    joint = _joint_peak(model, prior)
    return Peaks(
        likelihood=(alone, _mean_at(bare, alone)),
        posterior=(joint, _mean_at(model, joint)),
        tau_likelihood=peak_tau(lambda t: given_tau(model, t).log_likelihood, everywhere),
        mu_likelihood=math.nan if flat is None else flat[1],
    )


def _joint_peak(model: Hierarchy, prior: BoundTauPrior) -> float:
    return peak_tau(lambda t: given_tau(model, t).log_highest + prior.log_density(t), prior.support)


def _mean_at(model: Hierarchy, tau: float) -> float:
    return float(given_tau(model, np.array([tau])).mean[0])
