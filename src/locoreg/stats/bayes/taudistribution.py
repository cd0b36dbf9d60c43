"""The posterior of tau itself: exact integrals of its density, panel by panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legint, legval, legvander
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from locoreg.core.errors import DataError
from locoreg.stats.bayes.hierarchy import Hierarchy, given_tau
from locoreg.stats.bayes.loglinerule import NODES, Line, LineRule, adapt, highest, scan
from locoreg.stats.bayes.taupriors import BoundTauPrior

FloatArray = NDArray[np.float64]

# From density times Gauss weight at the nodes of a panel to the coefficients of its series.
_PROJECT = legvander(NODES, NODES.size - 1).T * (np.arange(NODES.size)[:, None] + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class TauDistribution:
    """Posterior of tau.

    Attributes
    ----------
    model : Hierarchy
    prior : BoundTauPrior
    rule : LineRule
        Nodes, weights and panels over log tau.
    """

    model: Hierarchy
    prior: BoundTauPrior
    rule: LineRule

    def log_line(self, u: FloatArray) -> FloatArray:
        """Return the log density of log tau, not normalised."""
        return log_line(self.model, self.prior, u)

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest value of tau."""
        return self.prior.support

    def density(self, tau: ArrayLike) -> FloatArray:
        """Return the density of tau; infinite at 0 under priors that are so."""
        at = np.asarray(tau, dtype=np.float64)
        flat = at.ravel()
        found = np.full(flat.size, -np.inf)
        inside = flat >= 0
        if inside.any():
            t = flat[inside]
            found[inside] = given_tau(self.model, t).log_likelihood + self.prior.log_density(t)
        return np.exp(found - self.rule.log_total).reshape(at.shape)

    def cdf(self, tau: ArrayLike) -> FloatArray:
        """Return the probability of at most tau."""
        at = np.asarray(tau, dtype=np.float64)
        return np.array([self._cdf(float(t)) for t in at.ravel()]).reshape(at.shape)

    def _cdf(self, tau: float) -> float:
        if tau <= 0:
            return 0.0
        u = math.log(tau)
        starts, ends = self.rule.edges[:, 0], self.rule.edges[:, 1]
        done = float(self.rule.weight[ends <= u].sum())
        inside = np.flatnonzero((starts < u) & (ends > u))
        if inside.size:
            i = int(inside[0])
            place = 2.0 * (u - starts[i]) / (ends[i] - starts[i]) - 1.0
            done += float(legval(place, self._reached(i)))
        return min(done, 1.0)

    def _reached(self, i: int) -> FloatArray:
        """Return the Legendre series of the probability gathered within a panel from its start.

        The density is a polynomial there as far as double precision tells: that is what ended the
        halving of the panels.
        """
        return np.asarray(legint(_PROJECT @ self.rule.weight[i], lbnd=-1))

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Return quantiles of tau."""
        wanted = np.asarray(p, dtype=np.float64)
        if np.any(~((wanted > 0) & (wanted < 1))):
            raise DataError("a probability must lie between 0 and 1.")
        masses = self.rule.weight.sum(axis=1)
        reached = np.cumsum(masses)
        found = [self._quantile(float(x), masses, reached) for x in wanted.ravel()]
        return np.array(found).reshape(wanted.shape)

    def _quantile(self, p: float, masses: FloatArray, reached: FloatArray) -> float:
        i = min(int(np.searchsorted(reached, p * reached[-1])), masses.size - 1)
        rest = p * float(reached[-1]) - float(reached[i] - masses[i])
        start, end = (float(x) for x in self.rule.edges[i])
        series = self._reached(i)
        if rest <= 0:
            return math.exp(start)
        if rest >= float(legval(1.0, series)):
            return math.exp(end)
        place = brentq(lambda x: float(legval(x, series)) - rest, -1.0, 1.0, xtol=1e-14, rtol=1e-14)
        return math.exp(start + (float(place) + 1.0) / 2.0 * (end - start))

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation, as far as they exist."""
        tau = np.exp(self.rule.u)
        mean = float((self.rule.weight * tau).sum())
        return mean, math.sqrt(float((self.rule.weight * (tau - mean) ** 2).sum()))

    def mode(self) -> float:
        """Return where the density of tau is highest; 0 where it is infinite there."""
        return peak_tau(
            lambda t: given_tau(self.model, t).log_likelihood + self.prior.log_density(t),
            self.support,
        )


def log_line(model: Hierarchy, prior: BoundTauPrior, u: FloatArray) -> FloatArray:
    """Return the log density of log tau up to a constant.

    Parameters
    ----------
    model : Hierarchy
        Effects, variances, groups, prior on mu.
    prior : BoundTauPrior
        Prior on tau.
    u : ndarray of float, shape (n,)
        Log tau.

    Returns
    -------
    ndarray of float, shape (n,)
        Log of prior times marginal likelihood times tau.
    """
    tau = np.exp(u)
    return np.asarray(given_tau(model, tau).log_likelihood + prior.log_density(tau) + u)


def log_height(found: TauDistribution, x: float) -> float:
    """Return the log density of mu at a place, however far out.

    Parameters
    ----------
    found : TauDistribution
        The posterior of tau.
    x : float
        The place. Far out the values of tau that matter have next to no posterior weight, so that
        the nodes that serve for probabilities don't: the product is integrated anew.

    Returns
    -------
    float
        The log density.
    """

    def joint(u: FloatArray) -> FloatArray:
        tau = np.exp(u)
        given = given_tau(found.model, tau)
        apart = (x - given.mean) ** 2 / given.variance
        of_mu = -0.5 * (apart + np.log(2.0 * math.pi * given.variance))
        return np.asarray(given.log_likelihood + found.prior.log_density(tau) + u + of_mu)

    return _adapted(found.model, found.prior, joint, None).log_total - found.rule.log_total


def integrate(model: Hierarchy, prior: BoundTauPrior, also: Line | None) -> LineRule:
    """Return the rule that integrates over the posterior of tau.

    Parameters
    ----------
    model : Hierarchy
        Effects, variances, groups, prior on mu.
    prior : BoundTauPrior
        Prior on tau.
    also : callable or None
        Functions of log tau that shall be integrated as exactly.

    Returns
    -------
    LineRule
        Nodes and weights.
    """
    return _adapted(model, prior, lambda u: log_line(model, prior, u), also)


def _adapted(model: Hierarchy, prior: BoundTauPrior, log_f: Line, also: Line | None) -> LineRule:
    low, high = prior.support
    return adapt(
        log_f,
        low=math.log(low) if low > 0 else -math.inf,
        high=math.log(high) if high < math.inf else math.inf,
        terms=model.y.size,
        also=also,
    )


def peak_tau(log_f: Callable[[FloatArray], FloatArray], support: tuple[float, float]) -> float:
    """Return the tau at which a function is highest, the ends of the support included.

    Parameters
    ----------
    log_f : callable
        Of an array of tau.
    support : tuple of float
        Least and largest tau.

    Returns
    -------
    float
        The place; the lower end on ties.
    """
    low, high = support

    def on_line(u: FloatArray) -> FloatArray:
        found = log_f(np.exp(u))
        return np.where(np.isnan(found), -np.inf, found)

    points = scan(
        math.log(low) if low > 0 else -math.inf, math.log(high) if high < math.inf else math.inf
    )
    at, value = highest(on_line, points, on_line(points))
    ends = [low] if math.isinf(high) else [low, high]
    for end, height in zip(ends, log_f(np.array(ends)), strict=True):
        # A rise within rounding above the end is none.
        if height >= value - 1e-12 * max(1.0, abs(value)):
            return end
    return math.exp(at)
