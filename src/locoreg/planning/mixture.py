"""What is believed of an effect: a mixture of normals, as a meta-analysis by quadrature leaves it.

Given tau the mean effect is normal, so that the posterior of the mean effect and of the effect in
a new trial are mixtures of normals over a grid of tau (Röver 2020, doi:10.18637/jss.v093.i06).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from locoreg.core.errors import DesignError
from locoreg.stats import bayes
from locoreg.stats.bayes import FLAT, TauPrior, mix, one_group

FloatArray = NDArray[np.float64]

# A half-normal prior leaves 1e-23 beyond ten scales.
_SCALES = 10.0
_PANELS, _NODES = 40, 10
# Parts lighter than this can't be seen in any probability.
_NEGLIGIBLE = 1e-14
# An integral over the effect: parts whose width its panels follow, in steps of their standard
# deviations, and nodes per panel.
_RESOLVED, _EFFECT_NODES, _REACH = 6, 6, 8.5
_STEPS = np.array(
    [-8.5, -6, -4.5, -3.5, -2.5, -1.75, -1, -0.5, 0, 0.5, 1, 1.75, 2.5, 3.5, 4.5, 6, 8.5]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalMixture:
    """A mixture of normal distributions of a log ratio.

    Attributes
    ----------
    mean, sd, weight : ndarray, shape (parts,)
        Of each part; weights sum to 1. One part is a normal distribution.
    """

    mean: FloatArray
    sd: FloatArray
    weight: FloatArray

    def __post_init__(self) -> None:
        if not self.mean.shape == self.sd.shape == self.weight.shape or self.mean.ndim != 1:
            raise DesignError("a mixture has one mean, standard deviation and weight per part.")
        if self.mean.size == 0 or not np.isfinite([self.mean, self.sd, self.weight]).all():
            raise DesignError("a mixture has parts whose numbers are finite.")
        if (self.sd <= 0).any() or (self.weight < 0).any():
            raise DesignError("standard deviations are above 0, and weights not below it.")
        if abs(float(self.weight.sum()) - 1) > 1e-9:
            raise DesignError("the weights of a mixture sum to 1.")

    @property
    def centre(self) -> float:
        """Mean of the distribution."""
        return float(self.weight @ self.mean)

    @property
    def spread(self) -> float:
        """Standard deviation of the distribution."""
        return math.sqrt(float(self.weight @ (self.sd**2 + (self.mean - self.centre) ** 2)))

    def below(self, value: ArrayLike) -> FloatArray:
        """Return the probability below each value."""
        x = np.asarray(value, dtype=float)[..., None]
        return np.asarray(ndtr((x - self.mean) / self.sd) @ self.weight)

    def density(self, value: ArrayLike) -> FloatArray:
        """Return the density at each value."""
        z = (np.asarray(value, dtype=float)[..., None] - self.mean) / self.sd
        return np.asarray(np.exp(-0.5 * z**2) @ (self.weight / self.sd)) / math.sqrt(2 * math.pi)

    def widened(self, sd: ArrayLike) -> NormalMixture:
        """Return the mixture with independent normal noise added to each part."""
        return NormalMixture(
            mean=self.mean, sd=np.sqrt(self.sd**2 + np.asarray(sd) ** 2), weight=self.weight
        )

    def turned(self) -> NormalMixture:
        """Return the distribution of the effect with arms exchanged."""
        return NormalMixture(mean=-self.mean, sd=self.sd, weight=self.weight)

    def nodes(self, cuts: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Return effects and the probability that each stands for, for integrals over it.

        Panels are dense on the scale of the narrowest part that weighs, break at the cuts, and
        their weights are scaled to sum to 1.
        """
        heavy = self.weight > _NEGLIGIBLE
        mean, sd, weight = self.mean[heavy], self.sd[heavy], self.weight[heavy]
        low = float((mean - _REACH * sd).min())
        high = float((mean + _REACH * sd).max())
        # Parts of all widths are resolved by panels around a few of them.
        order = np.argsort(sd)
        reached = np.cumsum(weight[order]) / weight.sum()
        chosen = order[np.searchsorted(reached, np.linspace(0, 1 - 1e-12, _RESOLVED))]
        around = mean[chosen][:, None] + sd[chosen][:, None] * _STEPS
        edges = np.unique(np.concatenate([around.ravel(), [low, high, *cuts]]))
        at, step = _gauss(edges[(edges >= low) & (edges <= high)], _EFFECT_NODES)
        mass = self.density(at) * step
        return at, mass / mass.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """Posterior of a random-effects meta-analysis as mixtures.

    Attributes
    ----------
    mean_effect, new_trial : NormalMixture
        Of the mean over trials, and of the effect in one more trial; they differ by the
        heterogeneity between trials.
    prior : str
        In words.
    """

    mean_effect: NormalMixture
    new_trial: NormalMixture
    prior: str


def believed(yi: Sequence[float], vi: Sequence[float], *, tau_scale: float) -> Believed:
    """Return what trials say of their mean effect and of the next trial's.

    Parameters
    ----------
    yi, vi : sequence of float
        Effects and variances of at least one trial.
    tau_scale : float
        Scale of the half-normal prior on tau; the mean effect has a flat one.

    Returns
    -------
    Believed
        By quadrature.

    Raises
    ------
    DesignError
        If the numbers can't be used.
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    if y.ndim != 1 or y.size == 0 or y.shape != v.shape:
        raise DesignError("each trial so far has an effect and a variance.")
    if not np.isfinite([y, v]).all() or (v <= 0).any():
        raise DesignError("effects are numbers, and variances numbers above 0.")
    if not (math.isfinite(tau_scale) and tau_scale > 0):
        raise DesignError(f"a prior scale of {tau_scale:g} is not above 0.")
    found = mix(one_group(y, v, FLAT), TauPrior(family="half-normal", numbers=(tau_scale,)))
    return Believed(
        mean_effect=_of_log_ratio(found.mu),
        new_trial=_of_log_ratio(found.new),
        prior=f"half-normal({tau_scale:g}) on tau, flat on the mean effect",
    )


def _of_log_ratio(found: bayes.NormalMixture) -> NormalMixture:
    return NormalMixture(mean=found.mean, sd=found.spread, weight=found.weight / found.weight.sum())


def probability_below(
    y: FloatArray, v: FloatArray, value: float, *, tau_scale: float
) -> FloatArray:
    """Return the posterior probability that the mean effect is below a value, for many pools.

    Parameters
    ----------
    y, v : ndarray, shape (pools, k)
        Effects and variances.
    value : float
        On the scale of the effects.
    tau_scale : float
        Scale of the half-normal prior on tau.

    Returns
    -------
    ndarray, shape (pools,)
        Probabilities.
    """
    tau, weight = tau_nodes(y, v, tau_scale)
    out = np.empty(y.shape[0])
    at_a_time = max(1, 2_000_000 // (tau.size * y.shape[1]))
    for start in range(0, y.shape[0], at_a_time):
        some = slice(start, start + at_a_time)
        mean, sd2, log_density = _given_tau(y[some], v[some], tau)
        part = _normalised(log_density, weight - (tau / tau_scale) ** 2 / 2)
        out[some] = (part * ndtr((value - mean) / np.sqrt(sd2))).sum(axis=1)
    return out


def tau_nodes(y: FloatArray, v: FloatArray, tau_scale: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes of tau and the logarithms of their widths, denser where tau is small."""
    bend = min(math.sqrt(float(v.min())), tau_scale)
    edges = bend * np.sinh(np.linspace(0, math.asinh(_SCALES * tau_scale / bend), _PANELS + 1))
    at, step = _gauss(edges, _NODES)
    return at, np.log(step)


def _given_tau(
    y: FloatArray, v: FloatArray, tau: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, variance and log marginal likelihood at each tau, shape (pools, nodes)."""
    w = 1 / (v[:, :, None] + tau**2)
    total = w.sum(axis=1)
    mean = (w * y[:, :, None]).sum(axis=1) / total
    misfit = (w * (y[:, :, None] - mean[:, None, :]) ** 2).sum(axis=1)
    return mean, 1 / total, (np.log(w).sum(axis=1) - np.log(total) - misfit) / 2


def _normalised(log_density: FloatArray, log_prior: FloatArray) -> FloatArray:
    joint = log_density + log_prior
    weight = np.exp(joint - joint.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _gauss(edges: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1] + edges[1:])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def normal_belief(mean: float, sd: float) -> NormalMixture:
    """Return a normal distribution as a mixture of one part."""
    return NormalMixture(mean=np.array([mean]), sd=np.array([sd]), weight=np.ones(1))
