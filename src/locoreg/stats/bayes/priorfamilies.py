"""Families of priors on tau: density, distribution and quantile function, tail, support."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Function = Callable[..., FloatArray]

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _above_zero(*numbers: float) -> str:
    return "" if all(x > 0 for x in numbers) else "above 0"


def _second_above_zero(location: float, scale: float, df: float = 1.0) -> str:
    return "" if scale > 0 and df > 0 else "above 0, but for the location"


def _interval(low: float, high: float) -> str:
    return "" if 0 <= low < high else "0 or more, the smaller first"


def _positive(*numbers: float) -> tuple[float, float]:
    return 0.0, math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of priors on tau.

    Attributes
    ----------
    parameters : tuple of str
        Names of its numbers.
    on : str
        Quantity that the numbers describe.
    log_density : callable
        Of tau (over the typical standard error where ``scale`` is given) and the numbers.
    cdf, quantile : callable or None
        None where there is no closed form.
    tail : callable
        Of the numbers: the density falls as this power of 1/tau; infinite where it falls faster
        than any.
    tail_log : bool
        Whether it falls a little faster than that power, by powers of log tau.
    fault : callable
        What the numbers must be, empty if they are.
    support : callable
        Least and largest tau.
    proper : bool
    scale : callable or None
        Typical standard error of the studies, for families that depend on it.
    by_studies : callable or None
        Log density of tau and all variances, up to a constant.
    least : int
        Fewest studies for which it is defined.
    """

    parameters: tuple[str, ...] = ()
    on: str = "tau"
    log_density: Function = np.zeros_like
    cdf: Function | None = None
    quantile: Function | None = None
    tail: Callable[..., float]
    tail_log: bool = False
    fault: Callable[..., str] = _above_zero
    support: Callable[..., tuple[float, float]] = _positive
    proper: bool = True
    scale: Callable[[FloatArray], float] | None = None
    by_studies: Function | None = None
    least: int = 1


def _half_normal(t: FloatArray, scale: float) -> FloatArray:
    z = t / scale
    return np.asarray(math.log(2.0) - _HALF_LOG_2PI - math.log(scale) - 0.5 * z * z)


def _half_t(t: FloatArray, df: float, scale: float) -> FloatArray:
    return np.asarray(math.log(2.0 / scale) + student_log_density(t / scale, df))


def _half_cauchy(t: FloatArray, scale: float) -> FloatArray:
    return np.asarray(math.log(2.0 / (math.pi * scale)) - np.log1p((t / scale) ** 2))


def _half_logistic(t: FloatArray, scale: float) -> FloatArray:
    z = t / scale
    return np.asarray(math.log(2.0 / scale) - z - 2.0 * np.log1p(np.exp(-z)))


def _exponential(t: FloatArray, mean: float) -> FloatArray:
    return np.asarray(-t / mean - math.log(mean))


def _lomax(t: FloatArray, shape: float, scale: float) -> FloatArray:
    return np.asarray(math.log(shape / scale) - (shape + 1.0) * np.log1p(t / scale))


def _uniform(t: FloatArray, low: float, high: float) -> FloatArray:
    return np.full_like(t, -math.log(high - low))


def _log_normal(t: FloatArray, mu: float, sigma: float) -> FloatArray:
    log_t = np.log(t)
    z = (log_t - mu) / sigma
    return _at_zero(t, -0.5 * z * z - _HALF_LOG_2PI - math.log(sigma) - log_t)


def _log_t(t: FloatArray, location: float, scale: float, df: float) -> FloatArray:
    log_t = np.log(t)
    found = student_log_density((log_t - location) / scale, df) - math.log(scale) - log_t
    # 1/t outgrows every power of log t: the density has a pole at 0.
    return np.where(t == 0, np.inf, found)


def _at_zero(t: FloatArray, found: FloatArray) -> FloatArray:
    return np.where(t == 0, -np.inf, found)


def _shrinkage(t: FloatArray) -> FloatArray:
    return np.asarray(math.log(2.0) + np.log(t) - 2.0 * np.log1p(t * t))


def _dumouchel(t: FloatArray) -> FloatArray:
    return np.asarray(-2.0 * np.log1p(t))


def _jeffreys(t: FloatArray, v: FloatArray) -> FloatArray:
    ratio = t / (v[(...,) + (None,) * t.ndim] + t * t)
    return np.asarray(0.5 * np.log((ratio * ratio).sum(axis=0)))


def _berger_deely(t: FloatArray, v: FloatArray) -> FloatArray:
    return np.asarray(np.log(t) - np.log(v[(...,) + (None,) * t.ndim] + t * t).mean(axis=0))


def _conventional(t: FloatArray, v: FloatArray) -> FloatArray:
    return np.asarray(np.log(t) - 1.5 * np.log(v[(...,) + (None,) * t.ndim] + t * t).mean(axis=0))


def student_log_density(t: FloatArray, df: float) -> FloatArray:
    """Return the log density of Student's t.

    Parameters
    ----------
    t : ndarray of float
        Where.
    df : float
        Degrees of freedom, above 0.

    Returns
    -------
    ndarray of float
        Of the shape of ``t``.
    """
    constant = float(special.gammaln((df + 1.0) / 2.0) - special.gammaln(df / 2.0))
    constant -= 0.5 * math.log(df * math.pi)
    return np.asarray(constant - (df + 1.0) / 2.0 * np.log1p(t * t / df))


def harmonic_scale(v: FloatArray) -> float:
    """Return the root of the harmonic mean of the variances."""
    return math.sqrt(v.size / float((1.0 / v).sum()))


def typical_scale(v: FloatArray) -> float:
    """Return the root of the typical variance that I2 uses (Higgins and Thompson 2002)."""
    w = 1.0 / v
    total = float(w.sum())
    return math.sqrt((v.size - 1) * total / (total * total - float((w * w).sum())))


def _never(*numbers: float) -> float:
    return math.inf


def _power(power: float) -> Callable[..., float]:
    def tail(*numbers: float) -> float:
        return power

    return tail


_SHRINKAGE_CDF: Function = lambda t: t * t / (1.0 + t * t)  # noqa: E731
_SHRINKAGE_QUANTILE: Function = lambda p: np.sqrt(p / (1.0 - p))  # noqa: E731

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "half-normal": Family(
            parameters=("scale",),
            log_density=_half_normal,
            cdf=lambda t, s: special.erf(t / (s * math.sqrt(2.0))),
            quantile=lambda p, s: s * special.ndtri((1.0 + p) / 2.0),
            tail=_never,
        ),
        "half-t": Family(
            parameters=("df", "scale"),
            log_density=_half_t,
            cdf=lambda t, df, s: 2.0 * special.stdtr(df, t / s) - 1.0,
            quantile=lambda p, df, s: s * special.stdtrit(df, (1.0 + p) / 2.0),
            tail=lambda df, s: df + 1.0,
        ),
        "half-cauchy": Family(
            parameters=("scale",),
            log_density=_half_cauchy,
            cdf=lambda t, s: 2.0 / math.pi * np.arctan(t / s),
            quantile=lambda p, s: s * np.tan(math.pi * p / 2.0),
            tail=_power(2.0),
        ),
        "half-logistic": Family(
            parameters=("scale",),
            log_density=_half_logistic,
            cdf=lambda t, s: np.tanh(t / (2.0 * s)),
            quantile=lambda p, s: 2.0 * s * np.arctanh(p),
            tail=_never,
        ),
        "exponential": Family(
            parameters=("mean",),
            log_density=_exponential,
            cdf=lambda t, m: -np.expm1(-t / m),
            quantile=lambda p, m: -m * np.log1p(-p),
            tail=_never,
        ),
        "lomax": Family(
            parameters=("shape", "scale"),
            log_density=_lomax,
            cdf=lambda t, a, s: -np.expm1(-a * np.log1p(t / s)),
            quantile=lambda p, a, s: s * np.expm1(-np.log1p(-p) / a),
            tail=lambda a, s: a + 1.0,
        ),
        "uniform": Family(
            parameters=("low", "high"),
            log_density=_uniform,
            cdf=lambda t, low, high: np.clip((t - low) / (high - low), 0.0, 1.0),
            quantile=lambda p, low, high: low + p * (high - low),
            tail=_never,
            fault=_interval,
            support=lambda low, high: (low, high),
        ),
        "log-normal-tau": Family(
            parameters=("mu", "sigma"),
            log_density=_log_normal,
            cdf=lambda t, m, s: special.ndtr((np.log(t) - m) / s),
            quantile=lambda p, m, s: np.exp(m + s * special.ndtri(p)),
            tail=_never,
            fault=_second_above_zero,
        ),
        "log-normal-tau2": Family(
            parameters=("mu", "sigma"),
            on="tau2",
            log_density=lambda t, m, s: _log_normal(t, m / 2.0, s / 2.0),
            cdf=lambda t, m, s: special.ndtr((2.0 * np.log(t) - m) / s),
            quantile=lambda p, m, s: np.exp((m + s * special.ndtri(p)) / 2.0),
            tail=_never,
            fault=_second_above_zero,
        ),
        "log-t-tau2": Family(
            parameters=("location", "scale", "df"),
            on="tau2",
            log_density=lambda t, m, s, df: _log_t(t, m / 2.0, s / 2.0, df),
            cdf=lambda t, m, s, df: special.stdtr(df, (2.0 * np.log(t) - m) / s),
            quantile=lambda p, m, s, df: np.exp((m + s * special.stdtrit(df, p)) / 2.0),
            tail=_power(1.0),
            tail_log=True,
            fault=_second_above_zero,
        ),
        "uniform-shrinkage": Family(
            log_density=_shrinkage,
            cdf=_SHRINKAGE_CDF,
            quantile=_SHRINKAGE_QUANTILE,
            tail=_power(3.0),
            scale=harmonic_scale,
        ),
        "uniform-i2": Family(
            log_density=_shrinkage,
            cdf=_SHRINKAGE_CDF,
            quantile=_SHRINKAGE_QUANTILE,
            tail=_power(3.0),
            scale=typical_scale,
            least=2,
        ),
        "dumouchel": Family(
            log_density=_dumouchel,
            cdf=lambda t: t / (1.0 + t),
            quantile=lambda p: p / (1.0 - p),
            tail=_power(2.0),
            scale=harmonic_scale,
        ),
        "conventional": Family(by_studies=_conventional, tail=_power(2.0)),
        "jeffreys": Family(by_studies=_jeffreys, tail=_power(1.0), proper=False),
        "berger-deely": Family(by_studies=_berger_deely, tail=_power(1.0), proper=False),
        "flat": Family(log_density=np.zeros_like, tail=_power(0.0), proper=False),
        "sqrt": Family(log_density=lambda t: -0.5 * np.log(t), tail=_power(0.5), proper=False),
    }
)
