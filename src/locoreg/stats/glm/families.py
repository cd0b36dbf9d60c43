"""Log-likelihoods of the three families as functions of the linear predictor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray

FamilyName = Literal["logistic", "poisson", "cloglog"]
FAMILIES: tuple[FamilyName, ...] = ("logistic", "poisson", "cloglog")
LOGISTIC, POISSON, CLOGLOG = range(3)

# exp() of more overflows; the likelihood is then far below its maximum and the step is halved.
MOST = 700.0
# Below this exp(eta) the differences in the derivatives of the cloglog likelihood cancel, and
# four terms of their series are exact to double precision.
SMALL = 1e-2
# Below this log(1 - exp(-m)) is log(m) to double precision, and far from underflow.
TINY = 1e-280


@compiled
def fill_terms(
    code: int,
    eta: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    loglik: FloatArray,
    score: FloatArray,
    observed: FloatArray,
    expected: FloatArray,
) -> None:
    """Fill the terms of rows with a weight; others get 0, whatever their predictor."""
    for i in range(y.size):
        if weight[i] == 0.0:
            loglik[i] = score[i] = observed[i] = expected[i] = 0.0
        elif code == LOGISTIC:
            # In the smaller of the two probabilities, so that no digits are lost where a row is
            # fitted almost perfectly.
            sign = 1.0 if y[i] > 0.5 else -1.0
            away = sign * eta[i]
            small = math.exp(-abs(away))
            whole = 1.0 / (1.0 + small)
            rest = small * whole
            loglik[i] = min(away, 0.0) - math.log1p(small)
            score[i] = sign * (rest if away >= 0.0 else whole)
            observed[i] = expected[i] = whole * rest
        elif code == POISSON:
            mu = math.exp(min(eta[i], MOST))
            loglik[i] = y[i] * eta[i] - mu
            score[i] = y[i] - mu
            observed[i] = expected[i] = mu
        else:
            m = math.exp(min(eta[i], MOST))
            r, excess = cloglog_parts(m)
            expected[i] = m * r
            if y[i] > 0.5:
                loglik[i] = math.log(-math.expm1(-m)) if m > TINY else eta[i]
                score[i] = r
                observed[i] = r * excess
            else:
                loglik[i] = score[i] = -m
                observed[i] = m


@compiled
def fill_tilts(code: int, eta: FloatArray, tilt: FloatArray, stiffness: FloatArray) -> None:
    """Fill half the derivative of the log of the expected information, and minus its derivative."""
    for i in range(eta.size):
        if code == LOGISTIC:
            small = math.exp(-abs(eta[i]))
            whole = 1.0 / (1.0 + small)
            tilt[i] = math.copysign(0.5 * (1.0 - small) * whole, -eta[i])
            stiffness[i] = small * whole * whole
        elif code == POISSON:
            tilt[i], stiffness[i] = 0.5, 0.0
        else:
            m = math.exp(min(eta[i], MOST))
            r, excess = cloglog_parts(m)
            tilt[i] = 0.5 * (1.0 - excess)
            stiffness[i] = 0.5 * (m - r * excess)


@compiled
def cloglog_parts(m: float) -> tuple[float, float]:
    """Return r = m/(exp(m) - 1), and r + m - 1, which tends to m/2 for small m.

    The second is 0 where r is, at large m, so that their product is its limit.
    """
    if m > MOST:
        return 0.0, 0.0
    r = m / math.expm1(m) if m > TINY else 1.0
    if m < SMALL:
        return r, m * (0.5 + m * (1.0 / 12.0 - m * m / 720.0))
    return r, r + m - 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """A row's log-likelihood and its derivatives by the linear predictor, shape (n,) each.

    Attributes
    ----------
    loglik : ndarray of float
        Log-likelihood without the part that depends on the outcome only.
    score : ndarray of float
        First derivative.
    observed, expected : ndarray of float
        Minus the second derivative, and its expectation under the model.
    """

    loglik: FloatArray
    score: FloatArray
    observed: FloatArray
    expected: FloatArray


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution with its link.

    Attributes
    ----------
    name, distribution, link : str
        What it is called; the distribution; the link.
    code : int
        Its number in the kernels.
    mean : callable
        Linear predictor to mean.
    working : callable
        Outcome to a first linear predictor and its weight.
    """

    name: FamilyName
    distribution: str
    link: str
    code: int
    mean: Callable[[FloatArray], FloatArray]
    working: Callable[[FloatArray], tuple[FloatArray, FloatArray]]

    @property
    def binary(self) -> bool:
        """Whether outcomes are 0 or 1; counts otherwise."""
        return self.code != POISSON

    @property
    def canonical(self) -> bool:
        """Whether observed and expected information are the same."""
        return self.code != CLOGLOG

    def terms(self, eta: FloatArray, y: FloatArray) -> Terms:
        """Return the terms of rows with these predictors and outcomes."""
        arrays = [np.empty_like(eta) for _ in range(4)]
        fill_terms(self.code, eta, y, np.ones_like(eta), *arrays)
        return Terms(*arrays)

    def tilt(self, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the Firth penalty adds to a row's score and information, per leverage."""
        tilt, stiffness = np.empty_like(eta), np.empty_like(eta)
        fill_tilts(self.code, eta, tilt, stiffness)
        return tilt, stiffness

    def saturated(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood of the saturated model, and the part left out in `terms`."""
        if self.binary:
            return np.zeros_like(y), np.zeros_like(y)
        constant = -np.asarray(special.gammaln(y + 1.0))
        return np.asarray(special.xlogy(y, y)) - y + constant, constant


def _binary_working(
    link: Callable[[FloatArray], FloatArray], slope: Callable[[FloatArray], FloatArray]
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Return the working response and weight at means halfway between the outcome and 1/2."""

    def working(y: FloatArray) -> tuple[FloatArray, FloatArray]:
        hit = (y > 0.5).astype(np.int64)
        mu = np.array([0.25, 0.75])
        weight = slope(mu) ** 2 / (mu * (1.0 - mu))
        response = link(mu) + (np.array([0.0, 1.0]) - mu) / slope(mu)
        return response[hit], weight[hit]

    return working


def _poisson_working(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    mu = y + 0.1
    return np.log(mu) - 0.1 / mu, mu


FAMILY: dict[FamilyName, Family] = {
    "logistic": Family(
        name="logistic",
        distribution="binomial",
        link="logit",
        code=LOGISTIC,
        mean=lambda eta: np.asarray(special.expit(eta)),
        working=_binary_working(special.logit, lambda mu: mu * (1.0 - mu)),
    ),
    "poisson": Family(
        name="poisson",
        distribution="Poisson",
        link="log",
        code=POISSON,
        mean=lambda eta: np.asarray(np.exp(np.minimum(eta, MOST))),
        working=_poisson_working,
    ),
    "cloglog": Family(
        name="cloglog",
        distribution="binomial",
        link="complementary log-log",
        code=CLOGLOG,
        mean=lambda eta: np.asarray(-np.expm1(-np.exp(np.minimum(eta, MOST)))),
        working=_binary_working(
            lambda mu: np.log(-np.log1p(-mu)), lambda mu: -(1.0 - mu) * np.log1p(-mu)
        ),
    ),
}
