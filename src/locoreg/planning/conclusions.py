"""What a pool concludes, as one of a few categories that are stated beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.planning.mixture import probability_below
from locoreg.stats.randomeffects import Interval, random_effects
from locoreg.stats.tau2 import Method

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolModel:
    """How a pool is made; tau2 is estimated anew with every study that is added.

    Attributes
    ----------
    method, interval : str
        Estimator of tau2 and kind of interval.
    level : float
        Percent.
    """

    method: Method
    interval: Interval
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludesNull:
    """Whether the interval excludes a ratio of 1, and on which side."""

    @property
    def names(self) -> tuple[str, ...]:
        """Categories in order."""
        return ("interval below 1", "interval includes 1", "interval above 1")

    def category(self, y: FloatArray, v: FloatArray, model: PoolModel) -> IntArray:
        """Return the category of each pool, shape (pools,)."""
        low, high = _limits(y, v, model)
        return np.where(high < 0, 0, np.where(low > 0, 2, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstImportant:
    """Where the interval lies against a minimal important ratio.

    Attributes
    ----------
    ratio : float
        Smallest important benefit, below 1.
    """

    ratio: float

    def __post_init__(self) -> None:
        if not 0 < self.ratio < 1:
            raise DesignError("a minimal important ratio lies between 0 and 1.")

    @property
    def names(self) -> tuple[str, ...]:
        """Categories in order."""
        return (
            f"interval below {self.ratio:g}: an important benefit",
            f"interval includes {self.ratio:g}",
            f"interval above {self.ratio:g}: no important benefit",
        )

    def category(self, y: FloatArray, v: FloatArray, model: PoolModel) -> IntArray:
        """Return the category of each pool, shape (pools,)."""
        low, high = _limits(y, v, model)
        cut = math.log(self.ratio)
        return np.where(high < cut, 0, np.where(low > cut, 2, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityReached:
    """Whether the posterior probability of a benefit or of harm reaches a threshold.

    Attributes
    ----------
    ratio : float
        A benefit is a mean ratio below it.
    threshold : float
        Probability, above 0.5.
    tau_scale : float
        Scale of the half-normal prior on tau.
    """

    ratio: float
    threshold: float
    tau_scale: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.ratio) and self.ratio > 0):
            raise DesignError("the ratio of a benefit is a number above 0.")
        if not 0.5 < self.threshold < 1:
            raise DesignError("a threshold of probability lies between 0.5 and 1.")

    @property
    def names(self) -> tuple[str, ...]:
        """Categories in order."""
        return (
            f"probability of a ratio below {self.ratio:g} at least {self.threshold:g}",
            "neither probability reaches it",
            f"probability of a ratio above {self.ratio:g} at least {self.threshold:g}",
        )

    def category(self, y: FloatArray, v: FloatArray, model: PoolModel) -> IntArray:
        """Return the category of each pool, shape (pools,); of the model nothing is read."""
        p = probability_below(y, v, math.log(self.ratio), tau_scale=self.tau_scale)
        return np.where(p >= self.threshold, 0, np.where(1 - p >= self.threshold, 2, 1))


Conclusion = ExcludesNull | AgainstImportant | ProbabilityReached


def rule_dict(rule: Conclusion) -> dict[str, Any]:
    """Return a rule as JSON-ready values."""
    if isinstance(rule, ExcludesNull):
        return {"kind": "excludes null"}
    if isinstance(rule, AgainstImportant):
        return {"kind": "against important", "ratio": rule.ratio}
    return {
        "kind": "probability", "ratio": rule.ratio, "threshold": rule.threshold,
        "tau_scale": rule.tau_scale,
    }  # fmt: skip


def _limits(y: FloatArray, v: FloatArray, model: PoolModel) -> tuple[FloatArray, FloatArray]:
    fit = random_effects(
        y, v, method=model.method, interval=model.interval, level=model.level, prediction="riley"
    )
    return fit.ci_low, fit.ci_high
