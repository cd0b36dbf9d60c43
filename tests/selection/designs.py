"""Designs with known effects, written from the formulas of Cui et al. 2023.

Five settings of right-censored data (Cui, Kosorok, Sverdrup, Wager and Zhu 2023,
doi:10.1093/jrsssb/qkac001, simulation study; the fifth is the second with censoring by covariates
and treatment, as in the reference software of that paper). X is uniform on (0, 1)^p. Effects are
closed forms or finite sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from locoreg.selection.data import SelectionData, selection_data
from locoreg.selection.question import Measure, SelectionQuestion
from locoreg.stats.survivaldata import FloatArray, IntArray

SETTINGS = ("type1", "type2", "type3", "type4", "type5")
HORIZON = {"type1": 1.5, "type2": 2.0, "type3": 15.0, "type4": 3.0, "type5": 2.0}
AT = {"type1": 0.8, "type2": 1.2, "type3": 10.0, "type4": 2.0, "type5": 0.17}


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """Persons of one setting."""

    setting: str
    X: FloatArray
    treated: IntArray
    time: FloatArray
    event: IntArray
    propensity: FloatArray
    rmst_effect: FloatArray
    survival_effect: FloatArray

    def effect(self, measure: Measure) -> FloatArray:
        """Return the true effects."""
        return self.rmst_effect if measure == "rmst_difference" else self.survival_effect

    def data(self) -> SelectionData:
        """Return the persons as data."""
        return selection_data(
            time=self.time, event=self.event, treated=self.treated, covariates=self.X
        )

    def question(self, measure: Measure = "rmst_difference") -> SelectionQuestion:
        """Return the question of the setting."""
        long = measure == "rmst_difference"
        return SelectionQuestion(
            measure=measure,
            horizon_months=HORIZON[self.setting] if long else AT[self.setting],
            time_zero="randomisation",
            treated_label="treatment",
            comparator_label="control",
            outcome="death",
            level=95.0,
        )


def draw(setting: str, n: int, *, seed: int, p: int = 15) -> Draw:
    """Draw persons of a setting."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, p))
    e = _propensity(setting, X)
    w = (rng.random(n) < e).astype(float)
    died, lost = _TIMES[setting](X, w, rng)
    horizon = HORIZON[setting]
    died = np.minimum(died, horizon)
    means = [_truth(setting, X, np.full(n, arm)) for arm in (0.0, 1.0)]
    return Draw(
        setting=setting,
        X=X,
        treated=w.astype(np.int64),
        time=np.minimum(died, lost),
        event=(died <= lost).astype(np.int64),
        propensity=e,
        rmst_effect=means[1][0] - means[0][0],
        survival_effect=means[1][1] - means[0][1],
    )


def _propensity(setting: str, X: FloatArray) -> FloatArray:
    if setting == "type4":
        return 1.0 / ((1.0 + np.exp(-X[:, 0])) * (1.0 + np.exp(-X[:, 1])))
    return (1.0 + stats.beta(2, 4).pdf(X[:, 0])) / 4.0


def _log_time(X: FloatArray, w: FloatArray) -> FloatArray:
    young, root = (X[:, 0] < 0.5).astype(float), np.sqrt(X[:, 1])
    start = -1.85 - 0.8 * young + 0.7 * root + 0.2 * X[:, 2]
    return start + (0.7 - 0.4 * young - 0.4 * root) * w


def _rate(X: FloatArray, w: FloatArray, shift: float) -> FloatArray:
    return np.exp(X[:, 0] + (X[:, 1] - shift) * w)


def _counts(setting: str, X: FloatArray, w: FloatArray) -> FloatArray:
    if setting == "type3":
        return X[:, 1] ** 2 + X[:, 2] + 6.0 + 2.0 * (np.sqrt(X[:, 0]) - 0.3) * w
    return X[:, 1] + X[:, 2] + np.maximum(0.0, X[:, 0] - 0.3) * w


def _times1(X: FloatArray, w: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    n = w.size
    young, root = (X[:, 0] < 0.5).astype(float), np.sqrt(X[:, 1])
    died = np.exp(_log_time(X, w) + rng.standard_normal(n))
    hazard = np.exp(-1.75 - 0.5 * root + 0.2 * X[:, 2] + (1.15 + 0.5 * young - 0.3 * root) * w)
    return died, np.sqrt(rng.exponential(size=n) / hazard)


def _times2(X: FloatArray, w: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    died = (rng.exponential(size=w.size) / _rate(X, w, 0.5)) ** 2
    return died, 3.0 * rng.random(w.size)


def _times3(X: FloatArray, w: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    died = rng.poisson(_counts("type3", X, w)).astype(float)
    return died, rng.poisson(12.0 + np.log1p(np.exp(X[:, 2]))).astype(float)


def _times4(X: FloatArray, w: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    died = rng.poisson(_counts("type4", X, w)).astype(float)
    return died, rng.poisson(1.0 + np.log1p(np.exp(X[:, 2]))).astype(float)


def _times5(X: FloatArray, w: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    died = (rng.exponential(size=w.size) / _rate(X, w, 0.4)) ** 2
    return died, np.exp(X[:, 0] - X[:, 2] * w + rng.standard_normal(w.size))


_TIMES: dict[str, Callable[[FloatArray, FloatArray, np.random.Generator], tuple[FloatArray, ...]]]
_TIMES = {
    "type1": _times1,
    "type2": _times2,
    "type3": _times3,
    "type4": _times4,
    "type5": _times5,
}


def _truth(setting: str, X: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean time up to the horizon, and the probability to live longer than AT."""
    horizon, at = HORIZON[setting], AT[setting]
    if setting == "type1":
        mu, edge = _log_time(X, w), np.log(horizon)
        area = np.exp(mu + 0.5) * stats.norm.cdf(edge - mu - 1.0)
        return area + horizon * stats.norm.sf(edge - mu), stats.norm.sf(np.log(at) - mu)
    if setting in ("type2", "type5"):
        rate = _rate(X, w, 0.5 if setting == "type2" else 0.4)
        a = rate * np.sqrt(horizon)
        return 2.0 / rate**2 * (1.0 - np.exp(-a) * (1.0 + a)), np.exp(-rate * np.sqrt(at))
    mean = _counts(setting, X, w)
    months = np.arange(int(horizon))
    return stats.poisson.sf(months, mean[:, None]).sum(axis=1), stats.poisson.sf(at, mean)
