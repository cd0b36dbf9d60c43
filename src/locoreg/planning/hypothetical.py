"""A pool with a hypothetical trial, tau2 estimated anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.planning.conclusions import Conclusion, PoolModel
from locoreg.planning.events import log_hazard_ratio_variance
from locoreg.stats.randomeffects import RandomEffects, random_effects


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalTrial:
    """A trial that has not been done.

    Attributes
    ----------
    hazard_ratio : float
        That it finds, intervention relative to control.
    events : float
        In both arms.
    allocation : float
        Share of the patients in the intervention arm; its standard error is
        1 / sqrt(p (1 - p) events).
    """

    hazard_ratio: float
    events: float
    allocation: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.hazard_ratio) and self.hazard_ratio > 0):
            raise DesignError("a hazard ratio is a number above 0.")
        if not (math.isfinite(self.events) and self.events > 0):
            raise DesignError("the events of a trial are a number above 0.")
        if not 0 < self.allocation < 1:
            raise DesignError("the share of the intervention arm lies between 0 and 1.")

    @property
    def variance(self) -> float:
        """Variance of its log hazard ratio."""
        return log_hazard_ratio_variance(self.events, self.allocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOnce:
    """A pool as far as it is compared.

    Attributes
    ----------
    mu : Estimate
        Pooled log hazard ratio.
    tau2, i2 : float
        Between-trial variance, and I2 in percent.
    prediction : tuple of float or None
        Interval for the effect in a new trial; None under three trials.
    k : int
        Trials.
    """

    mu: Estimate
    tau2: float
    i2: float
    prediction: tuple[float, float] | None
    k: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "mu": self.mu.to_dict(),
            "tau2": self.tau2,
            "i2": self.i2,
            "prediction": None if self.prediction is None else list(self.prediction),
            "k": self.k,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalPool:
    """A pool before and after a hypothetical trial.

    Attributes
    ----------
    before, after : PoolOnce
        Made alike, tau2 estimated each time.
    trials : tuple of HypotheticalTrial
        What was added.
    weights : tuple of float
        Share of each added trial in the pool's weight.
    conclusions : tuple of (tuple of str, str, str)
        Per rule its categories, that of the pool before, and after.
    """

    before: PoolOnce
    after: PoolOnce
    trials: tuple[HypotheticalTrial, ...]
    weights: tuple[float, ...]
    conclusions: tuple[tuple[tuple[str, ...], str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "trials": [
                {
                    "hazard_ratio": one.hazard_ratio, "events": one.events,
                    "allocation": one.allocation, "se": math.sqrt(one.variance), "weight": weight,
                }
                for one, weight in zip(self.trials, self.weights, strict=True)
            ],
            "conclusions": [
                {"names": list(names), "before": before, "after": after}
                for names, before, after in self.conclusions
            ],
        }  # fmt: skip


def add_hypothetical(
    yi: Sequence[float],
    vi: Sequence[float],
    *,
    model: PoolModel,
    trials: Sequence[HypotheticalTrial],
    rules: Sequence[Conclusion],
) -> HypotheticalPool:
    """Return what a pool would become.

    Parameters
    ----------
    yi, vi : sequence of float
        Log hazard ratios so far (intervention relative to control), and variances.
    model : PoolModel
        How the pool is made.
    trials : sequence of HypotheticalTrial
        What they find.
    rules : sequence of Conclusion
        How pools are read.

    Returns
    -------
    HypotheticalPool
        Before and after.

    Raises
    ------
    DesignError
        If nothing is added.
    """
    if not trials:
        raise DesignError("no trial was added.")
    y = np.asarray(yi, dtype=float)
    v = np.asarray(vi, dtype=float)
    more_y = np.concatenate([y, [math.log(one.hazard_ratio) for one in trials]])
    more_v = np.concatenate([v, [one.variance for one in trials]])
    before, after = _pool(y, v, model), _pool(more_y, more_v, model)
    weights = np.atleast_1d(after.weights)[y.size :]
    read = []
    for rule in rules:
        first, second = (
            int(rule.category(a[None], b[None], model)[0]) for a, b in ((y, v), (more_y, more_v))
        )
        read.append((rule.names, rule.names[first], rule.names[second]))
    return HypotheticalPool(
        before=_once(before),
        after=_once(after),
        trials=tuple(trials),
        weights=tuple(weights.tolist()),
        conclusions=tuple(read),
    )


def _pool(y: Any, v: Any, model: PoolModel) -> RandomEffects:
    return random_effects(
        y, v, method=model.method, interval=model.interval, level=model.level, prediction="riley"
    )


def _once(fit: RandomEffects) -> PoolOnce:
    low, high = float(fit.pi_low), float(fit.pi_high)
    return PoolOnce(
        mu=Estimate(
            estimate=float(fit.mu), se=float(fit.se), ci_low=float(fit.ci_low),
            ci_high=float(fit.ci_high), level=fit.level, scale="log",
        ),
        tau2=float(fit.tau2),
        i2=float(fit.i2),
        prediction=None if math.isnan(low) else (low, high),
        k=int(fit.k),
    )  # fmt: skip
