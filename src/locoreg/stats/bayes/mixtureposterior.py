"""Bayesian random effects by quadrature: posteriors of mu, tau, a new effect and each study's.

Given tau everything is normal, so each posterior is a mixture of normals over the one-dimensional
posterior of tau, and nothing is sampled (Röver 2020, doi:10.18637/jss.v093.i06).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.bayes.hierarchy import GivenTau, Hierarchy, given_tau, one_group
from locoreg.stats.bayes.loglinerule import Line
from locoreg.stats.bayes.normalmixture import NormalMixture, row_quantiles, shortest_interval
from locoreg.stats.bayes.taudistribution import TauDistribution, integrate, log_line
from locoreg.stats.bayes.taupriors import BoundTauPrior, MuPrior, TauPrior, least_studies
from locoreg.stats.studies import check_inputs, check_level

FloatArray = NDArray[np.float64]

# Parts of the mixture lighter than this can't move a probability in double precision.
_NEGLIGIBLE = 1e-19
# Below this share of the smallest variance tau2 changes nothing: all those parts are one.
_NO_TAU = 1e-19
_CHUNK = 200_000


class Distribution(Protocol):
    """What is asked of the posterior of a quantity."""

    def cdf(self, x: ArrayLike) -> FloatArray:
        """Return the probability of at most x."""
        ...

    def density(self, x: ArrayLike) -> FloatArray:
        """Return the density at x."""
        ...

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Return quantiles."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginal:
    """A marginal posterior in numbers.

    Attributes
    ----------
    mode, median, mean, sd : float
        NaN and infinite where a mean or a variance does not exist.
    low, high : float
        Central interval: equal tails.
    shortest_low, shortest_high : float
        Shortest interval of the same level.
    """

    mode: float
    median: float
    mean: float
    sd: float
    low: float
    high: float
    shortest_low: float
    shortest_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixtures:
    """The posterior as one-dimensional distributions, before anything is summed up.

    Attributes
    ----------
    model : Hierarchy
    tau_prior : BoundTauPrior
    tau : TauDistribution
    mu, new : NormalMixture
        Mean effect, and the effect in a new study.
    at : ndarray of float, shape (n,)
        Tau of each part of the mixtures.
    given : GivenTau
        What is known given each of them.
    """

    model: Hierarchy
    tau_prior: BoundTauPrior
    tau: TauDistribution
    mu: NormalMixture
    new: NormalMixture
    at: FloatArray
    given: GivenTau

    @property
    def log_marginal(self) -> float:
        """Log marginal likelihood, up to the constants of improper priors."""
        return self.tau.rule.log_total

    def study(self, i: int) -> NormalMixture:
        """Return the posterior of a study's own effect, shrunk towards mu; one group only."""
        mean, spread = self.shrunk(np.array([i]))
        return NormalMixture(mean=mean[0], spread=spread[0], weight=self.mu.weight)

    def shrunk(self, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Return mean and spread of studies' own effects given each tau, shape (rows, n)."""
        y, v = self.model.y[rows][:, None], self.model.v[rows][:, None]
        tau2 = self.at**2
        own = tau2 / (v + tau2)
        spread2 = own * v + (1.0 - own) ** 2 * self.given.variance
        return self.given.mean + own * (y - self.given.mean), np.sqrt(spread2)

    def weights(self) -> FloatArray:
        """Return the posterior mean weight of each study in mu, and of its prior last."""
        total = self.model.v[:, None] + self.at**2
        group = self.given.group_precision / self.given.group_weight
        share = group[self.model.group] / total * self.given.variance
        studies = share @ self.mu.weight
        return np.append(studies, max(0.0, 1.0 - float(studies.sum())))

    def tail(self) -> tuple[float, bool]:
        """Return the power by which the posterior of tau falls, and whether log tau helps."""
        kind = self.tau_prior.prior.kind
        k = self.model.y.size - (0 if self.model.mu_prior.proper else 1)
        return k + kind.tail(*self.tau_prior.prior.numbers), kind.tail_log

    def has_moment(self, order: int) -> bool:
        """Return whether a moment of tau exists."""
        power, helped = self.tail()
        return power - order > 1 or (helped and power - order == 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """Posterior of each study's own effect.

    Attributes
    ----------
    mean, sd, median, low, high : ndarray of float, shape (k,)
        With the central interval.
    """

    mean: FloatArray
    sd: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray


def shrinkage(found: Mixtures, level: float) -> Shrinkage:
    """Return the posterior of each study's own effect in numbers.

    Parameters
    ----------
    found : Mixtures
        The posterior of a model with one group.
    level : float
        Level of the central intervals in percent.

    Returns
    -------
    Shrinkage
        Its ``study`` has modes and shortest intervals, study by study.
    """
    tail = check_level(level)
    k, weight = found.model.y.size, found.mu.weight
    out = np.empty((5, k))
    size = max(1, _CHUNK // weight.size)
    for start in range(0, k, size):
        rows = np.arange(start, min(start + size, k))
        mean, spread = found.shrunk(rows)
        centre = mean @ weight
        out[0, rows] = centre
        out[1, rows] = np.sqrt((spread**2 + (mean - centre[:, None]) ** 2) @ weight)
        for line, p in ((2, 0.5), (3, tail), (4, 1.0 - tail)):
            out[line, rows] = row_quantiles(mean, spread, weight, p)
    return Shrinkage(mean=out[0], sd=out[1], median=out[2], low=out[3], high=out[4])


def mix(model: Hierarchy, tau_prior: TauPrior) -> Mixtures:
    """Return the posterior of a hierarchical model.

    Parameters
    ----------
    model : Hierarchy
        Effects, variances, groups, prior on mu.
    tau_prior : TauPrior
        Prior on tau.

    Returns
    -------
    Mixtures
        Of mu, tau and a new effect.

    Raises
    ------
    DesignError
        If the posterior is improper.
    ConvergenceError
        If it can't be integrated.
    """
    needed = least_studies(tau_prior, model.mu_prior)
    if model.y.size < needed:
        raise DesignError(
            f"the prior {tau_prior.name} on tau with a {model.mu_prior.name} prior on mu needs "
            f"{needed} studies for a proper posterior, and there "
            f"{'is' if model.y.size == 1 else 'are'} {model.y.size}.",
            hint="state a proper prior on tau, half-normal(0.5) say.",
        )
    prior = tau_prior.bind(model.v)
    rule = integrate(model, prior, _probes(model, prior))
    tau = TauDistribution(model=model, prior=prior, rule=rule)
    at, weight = _parts(model, np.exp(rule.u.ravel()), rule.weight.ravel())
    given = given_tau(model, at)
    return Mixtures(
        model=model,
        tau_prior=prior,
        tau=tau,
        mu=NormalMixture(mean=given.mean, spread=np.sqrt(given.variance), weight=weight),
        new=NormalMixture(mean=given.mean, spread=np.sqrt(given.variance + at**2), weight=weight),
        at=at,
        given=given,
    )


def _parts(model: Hierarchy, tau: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return tau and weight of the parts that matter, those without heterogeneity as one."""
    none = tau * tau < _NO_TAU * model.v.min()
    lumped = float(weight[none].sum())
    keep = ~none & (weight > _NEGLIGIBLE)
    at, kept = tau[keep], weight[keep]
    if lumped > 0:
        at, kept = np.append(0.0, at), np.append(lumped, kept)
    return at, kept / kept.sum()


def _probes(model: Hierarchy, prior: BoundTauPrior) -> Line:
    """Return the functions of log tau whose integrals the rule must get right.

    They are probabilities of mu and of a new effect at a few places where they change.
    """
    u = np.linspace(-20.0, 20.0, 81) + 0.5 * math.log(float(np.median(model.v)))
    logs = log_line(model, prior, u)
    best = np.exp(u[int(np.nanargmax(np.where(np.isnan(logs), -np.inf, logs)))])
    at = given_tau(model, np.array([best]))
    spread = math.sqrt(float(at.variance[0]))
    wide = math.sqrt(float(at.variance[0]) + float(best) ** 2)
    places = float(at.mean[0]) + spread * np.array([-2.0, 0.3, 2.0])
    new_places = float(at.mean[0]) + wide * np.array([-2.0, 2.0])

    def also(line: FloatArray) -> FloatArray:
        tau = np.exp(line)
        given = given_tau(model, tau)
        mu = ndtr((places[:, None] - given.mean) / np.sqrt(given.variance))
        new = ndtr((new_places[:, None] - given.mean) / np.sqrt(given.variance + tau * tau))
        return np.concatenate([mu, new])

    return also


def marginal(
    distribution: Distribution,
    *,
    mode: float,
    mean: float,
    sd: float,
    level: float,
    support: tuple[float, float],
) -> Marginal:
    """Return a posterior in numbers.

    Parameters
    ----------
    distribution : Distribution
        The posterior.
    mode, mean, sd : float
        Known beforehand.
    level : float
        Level of the intervals in percent.
    support : tuple of float
        Least and largest value.

    Returns
    -------
    Marginal
        With both intervals.
    """
    tail = check_level(level)
    median, low, high = (float(x) for x in distribution.quantile(np.array([0.5, tail, 1 - tail])))
    begin, end = shortest_interval(distribution.quantile, level / 100.0, *support)
    return Marginal(
        mode=mode,
        median=median,
        mean=mean,
        sd=sd,
        low=low,
        high=high,
        shortest_low=begin,
        shortest_high=end,
    )


def marginals(found: Mixtures, level: float) -> tuple[Marginal, Marginal, Marginal]:
    """Return mu, tau and the effect of a new study in numbers.

    Parameters
    ----------
    found : Mixtures
        The posterior.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    tuple of Marginal
        Mu, tau, new.
    """
    everywhere = (-math.inf, math.inf)
    has_mean, has_sd = found.has_moment(1), found.has_moment(2)
    proper = found.model.mu_prior.proper
    mean, sd = found.mu.moments()
    mu = marginal(
        found.mu,
        mode=found.mu.mode(),
        mean=mean if has_mean or proper else math.nan,
        sd=sd if has_sd or proper else math.inf,
        level=level,
        support=everywhere,
    )
    tau_mean, tau_sd = found.tau.moments() if has_sd else (_tau_mean(found), math.inf)
    tau = marginal(
        found.tau,
        mode=found.tau.mode(),
        mean=tau_mean if has_mean else math.inf,
        sd=tau_sd,
        level=level,
        support=found.tau.support,
    )
    mean, sd = found.new.moments() if has_sd else (float(found.mu.weight @ found.mu.mean), math.inf)
    new = marginal(
        found.new,
        mode=found.new.mode(),
        mean=mean if has_mean else math.nan,
        sd=sd,
        level=level,
        support=everywhere,
    )
    return mu, tau, new


def _tau_mean(found: Mixtures) -> float:
    rule = found.tau.rule
    return float((rule.weight * np.exp(rule.u)).sum())


def plain_model(yi: ArrayLike, vi: ArrayLike, mu_prior: MuPrior) -> Hierarchy:
    """Return the model of one meta-analysis, its input checked.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    mu_prior : MuPrior
        Prior on mu.

    Returns
    -------
    Hierarchy
        One group.

    Raises
    ------
    DataError
        If the input can't be used.
    """
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("give one meta-analysis at a time: yi and vi of one dimension.")
    return one_group(inputs.yi[0].copy(), inputs.vi[0].copy(), mu_prior)
