"""Value of a trial: the chance that its result changes what the pool concludes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from locoreg.core.errors import DesignError
from locoreg.planning.assured import chances
from locoreg.planning.conclusions import Conclusion, PoolModel, rule_dict
from locoreg.planning.events import log_hazard_ratio_variance
from locoreg.planning.mixture import NormalMixture
from locoreg.planning.twoarm import LogRank, TwoArmDesign
from locoreg.stats.randomeffects import random_effects

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# True effects of the new trial, and estimates per true effect at which the conclusion is looked at.
_EFFECTS, _ESTIMATES, _REACH = 25, 61, 6.0
# A boundary between conclusions is halved so often: 1e-7 of a standard error.
_HALVINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ConclusionChances:
    """Chances of each conclusion once the trial is in.

    Attributes
    ----------
    rule : Conclusion
        How a pool is read.
    names : tuple of str
        Categories.
    now : int
        That of the pool so far.
    chance : tuple of float
        Of each category with the new trial.
    chance_of_change : float
        That the category is another one than now.
    """

    rule: Conclusion
    names: tuple[str, ...]
    now: int
    chance: tuple[float, ...]
    chance_of_change: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "rule": rule_dict(self.rule),
            "names": list(self.names),
            "now": self.names[self.now],
            "chance": list(self.chance),
            "chance_of_change": self.chance_of_change,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialValue:
    """What a trial of so many patients is expected to do to a pool.

    Attributes
    ----------
    patients : int
        Of the trial.
    events : float
        Expected.
    conclusions : tuple of ConclusionChances
        One per rule.
    width_now, width : float
        Width of the pool's interval on the log scale, now and expected.
    tau2_now, tau2 : float
        Between-trial variance, now and expected.
    predicted_low, predicted_high : float
        Central 95% of the new trial's estimated log hazard ratio.
    """

    patients: int
    events: float
    conclusions: tuple[ConclusionChances, ...]
    width_now: float
    width: float
    tau2_now: float
    tau2: float
    predicted_low: float
    predicted_high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "patients": self.patients,
            "events": self.events,
            "conclusions": [one.to_dict() for one in self.conclusions],
            "width_now": self.width_now,
            "width": self.width,
            "tau2_now": self.tau2_now,
            "tau2": self.tau2,
            "predicted_low": self.predicted_low,
            "predicted_high": self.predicted_high,
        }


def trial_value(
    yi: Sequence[float],
    vi: Sequence[float],
    *,
    model: PoolModel,
    effect: NormalMixture,
    design: TwoArmDesign,
    patients: int,
    rules: Sequence[Conclusion],
) -> TrialValue:
    """Return the chance that a trial changes what a pool concludes.

    The true effect of the new trial is drawn from what is believed, its estimate is normal around
    it with variance 1 / (p (1 - p) D) of the D events expected under that effect, and the pool
    with that estimate is made anew, tau2 included. All by quadrature: for each true effect the
    estimates at which the conclusion changes are found by halving, and the chance of each
    conclusion is that of the estimates between them.

    Parameters
    ----------
    yi, vi : sequence of float
        Log hazard ratios so far (intervention relative to control), and variances.
    model : PoolModel
        How the pool is made.
    effect : NormalMixture
        Of the true log hazard ratio in the new trial: the predictive distribution, with
        heterogeneity, unless the trial is taken to be of the mean effect.
    design : TwoArmDesign
        Curves, accrual and follow-up; a log-rank test.
    patients : int
        In both arms.
    rules : sequence of Conclusion
        How pools are read, each for itself.

    Returns
    -------
    TrialValue
        Chances per rule and the expected interval.

    Raises
    ------
    DesignError
        If an input can't be used.
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    if y.size == 0 or y.shape != v.shape:
        raise DesignError("each trial so far has an effect and a variance.")
    if not isinstance(design.test, LogRank):
        raise DesignError("a pool of hazard ratios is joined by a trial with a log-rank test.")
    truth, mass = _coarse(effect)
    events = chances(design, truth, patients).events
    variance = np.array([log_hazard_ratio_variance(d, design.allocation) for d in events])
    spread = np.sqrt(variance)
    grid = truth[:, None] + spread[:, None] * np.linspace(-_REACH, _REACH, _ESTIMATES)
    pools = _Pools(y=y, v=v, model=model)
    held = tuple(_chances(rule, pools, grid, truth, variance, mass) for rule in rules)
    now = _fit(y[None], v[None], model)
    means = _expected(pools, truth, variance, mass)
    predicted = effect.widened(float(np.sqrt(mass @ variance)))
    return TrialValue(
        patients=int(patients),
        events=float(mass @ events),
        conclusions=held,
        width_now=float(now[1][0] - now[0][0]),
        width=means[0],
        tau2_now=float(now[2][0]),
        tau2=means[1],
        predicted_low=_quantile(predicted, 0.025),
        predicted_high=_quantile(predicted, 0.975),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pools:
    """The studies so far, and how they are pooled with one more."""

    y: FloatArray
    v: FloatArray
    model: PoolModel

    def with_trial(
        self, estimate: FloatArray, variance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        flat = estimate.ravel()
        y = np.concatenate([np.broadcast_to(self.y, (flat.size, self.y.size)), flat[:, None]], 1)
        new = np.broadcast_to(variance, estimate.shape).ravel()
        v = np.concatenate([np.broadcast_to(self.v, (flat.size, self.v.size)), new[:, None]], 1)
        return y, v

    def category(self, rule: Conclusion, estimate: FloatArray, variance: FloatArray) -> IntArray:
        y, v = self.with_trial(estimate, variance)
        return rule.category(y, v, self.model).reshape(estimate.shape)


def _chances(
    rule: Conclusion,
    pools: _Pools,
    grid: FloatArray,
    truth: FloatArray,
    variance: FloatArray,
    mass: FloatArray,
) -> ConclusionChances:
    now = int(rule.category(pools.y[None], pools.v[None], pools.model)[0])
    found = pools.category(rule, grid, variance[:, None])
    rows, columns = np.nonzero(found[:, 1:] != found[:, :-1])
    low, high = grid[rows, columns], grid[rows, columns + 1]
    first = found[rows, columns]
    for _ in range(_HALVINGS if rows.size else 0):
        middle = (low + high) / 2
        same = pools.category(rule, middle, variance[rows]) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    edge = (low + high) / 2
    total = np.zeros(len(rule.names))
    for i, true in enumerate(truth):
        mine = rows == i
        cuts = ndtr((edge[mine] - true) / math.sqrt(variance[i]))
        names = [*first[mine], found[i, -1]]
        shares = np.diff(np.concatenate([[0.0], cuts, [1.0]]))
        for name, share in zip(names, shares, strict=True):
            total[name] += mass[i] * share
    return ConclusionChances(
        rule=rule,
        names=rule.names,
        now=now,
        chance=tuple(total.tolist()),
        chance_of_change=float(total.sum() - total[now]),
    )


def _expected(
    pools: _Pools, truth: FloatArray, variance: FloatArray, mass: FloatArray
) -> tuple[float, float]:
    """Return the expected width of the interval and tau2."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    estimates = truth[:, None] + np.sqrt(variance)[:, None] * nodes
    fit = _fit(*pools.with_trial(estimates, variance[:, None]), pools.model)
    shape = estimates.shape
    width = (fit[1] - fit[0]).reshape(shape) @ weights
    return float(mass @ width), float(mass @ (fit[2].reshape(shape) @ weights))


def _fit(y: FloatArray, v: FloatArray, model: PoolModel) -> tuple[FloatArray, ...]:
    fit = random_effects(
        y, v, method=model.method, interval=model.interval, level=model.level, prediction="riley"
    )
    return fit.ci_low, fit.ci_high, fit.tau2


def _coarse(effect: NormalMixture) -> tuple[FloatArray, FloatArray]:
    """Return true effects of equal probability, each with its share.

    A trial's estimate blurs its true effect, so that a few dozen effects give the chances to about
    three digits.
    """
    at, mass = effect.nodes(())
    order = np.cumsum(mass) - mass / 2
    edges = np.linspace(0, 1, _EFFECTS * 4 + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    return np.interp(middles, order, at), np.full(middles.size, 1 / middles.size)


def _quantile(effect: NormalMixture, p: float) -> float:
    at, _ = effect.nodes(())
    low, high = float(at.min()), float(at.max())
    return float(brentq(lambda x: float(effect.below(x)) - p, low, high, xtol=1e-10))
