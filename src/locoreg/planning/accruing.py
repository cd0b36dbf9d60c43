"""How fast trials accrue, how often they stop, and whether the next one will be full.

Trial i accrues n_i patients in t_i months as a Poisson count with a rate that varies between trials
as a gamma distribution (Anisimov and Fedorov 2007, doi:10.1002/sim.2956). The mean rate has a
log-normal and its coefficient of variation a half-normal prior; both are stated. Trials that stop
early give a hazard of stopping with a gamma prior.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln

from locoreg.core.errors import DesignError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Grid of log mean rate (prior standard deviations on each side), Gauss nodes of the variation.
_MEANS, _REACH = 121, 6.0
_VARIATIONS, _WIDEST = 24, 5.0
# Standard deviations beyond which no count is looked for.
_FAR = 12.0
# Cells lighter than this can't be seen in a probability.
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialAccrual:
    """Accrual of one trial.

    Attributes
    ----------
    study_id : str
        Which.
    patients : int
        Randomised.
    exposure : float
        Months of accrual, or centre-months.
    stopped : bool
        Whether it stopped early because of its accrual.
    months : float
        Months of accrual, for the hazard of stopping.
    """

    study_id: str
    patients: int
    exposure: float
    stopped: bool
    months: float

    def __post_init__(self) -> None:
        if self.patients < 0 or not (math.isfinite(self.exposure) and self.exposure > 0):
            raise DesignError(f"{self.study_id}: accrual is a count of patients and time above 0.")
        if not (math.isfinite(self.months) and self.months > 0):
            raise DesignError(f"{self.study_id}: months of accrual are above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualPrior:
    """What is believed of accrual before the trials. Nothing has a default.

    Attributes
    ----------
    rate, rate_factor : float
        Median of the mean rate in patients per month (or per centre-month), and the factor that
        makes its 95% interval: from rate / factor to rate * factor.
    variation : float
        Scale of the half-normal prior on the coefficient of variation between trials.
    stops, stop_months : float
        Gamma prior of the hazard of stopping, as so many stops in so many months of accrual.
    """

    rate: float
    rate_factor: float
    variation: float
    stops: float
    stop_months: float

    def __post_init__(self) -> None:
        numbers = (self.rate, self.variation, self.stops, self.stop_months)
        if not all(math.isfinite(one) and one > 0 for one in numbers):
            raise DesignError("priors of accrual are numbers above 0.")
        if not (math.isfinite(self.rate_factor) and self.rate_factor > 1):
            raise DesignError("the factor of the rate's interval is above 1.")

    def to_dict(self) -> dict[str, float]:
        """Return the numbers as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualModel:
    """Posterior of accrual over a grid of mean rate and variation.

    Attributes
    ----------
    mean, shape, weight : ndarray, shape (cells,)
        Mean rate per unit of exposure, gamma shape (1 / variation^2) and posterior weight.
    stop_shape, stop_rate : float
        Gamma posterior of the hazard of stopping per month.
    trials : tuple of TrialAccrual
    prior : AccrualPrior
    """

    mean: FloatArray
    shape: FloatArray
    weight: FloatArray
    stop_shape: float
    stop_rate: float
    trials: tuple[TrialAccrual, ...]
    prior: AccrualPrior

    def full(self, patients: ArrayLike, exposure: ArrayLike) -> FloatArray:
        """Return the chance that a new trial has so many patients after each exposure."""
        at = np.asarray(exposure, dtype=float)[..., None]
        count = np.asarray(patients, dtype=float)[..., None]
        share = at / (at + self.shape / self.mean)
        reached = np.where(count > 0, betainc(np.maximum(count, 1), self.shape, share), 1.0)
        return np.asarray(reached @ self.weight)

    def not_stopped(self, months: ArrayLike) -> FloatArray:
        """Return the chance that a new trial has not stopped for its accrual by each month."""
        at = np.asarray(months, dtype=float)
        return np.asarray((self.stop_rate / (self.stop_rate + at)) ** self.stop_shape)

    def count_quantiles(self, exposure: ArrayLike, shares: Sequence[float]) -> IntArray:
        """Return quantiles of the patients after each exposure, shape (exposures, shares)."""
        at = np.asarray(exposure, dtype=float)[:, None]
        wanted = np.broadcast_to(np.asarray(shares), (at.shape[0], len(shares)))
        # The most that is looked at: nothing weighs beyond the fastest cell's far tail.
        top = float(self.mean.max()) * at * (1 + _FAR / math.sqrt(float(self.shape.min())))
        low = np.full(wanted.shape, -1.0)
        high = np.broadcast_to(np.ceil(top + _FAR * np.sqrt(top) + 10), wanted.shape).copy()
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            reached = 1 - self.full(middle + 1, np.broadcast_to(at, wanted.shape)) >= wanted
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return high.astype(np.int64)

    def time_quantiles(self, patients: int, shares: Sequence[float]) -> FloatArray:
        """Return quantiles of the exposure that so many patients take."""
        wanted = np.asarray(shares)
        low, high = np.full(wanted.shape, -20.0), np.full(wanted.shape, 40.0)
        for _ in range(45):
            middle = (low + high) / 2
            reached = self.full(patients, np.exp(middle)) >= wanted
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return np.asarray(np.exp(high))


def accrual_model(trials: Sequence[TrialAccrual], prior: AccrualPrior) -> AccrualModel:
    """Return what trials say of the accrual of the next.

    Parameters
    ----------
    trials : sequence of TrialAccrual
        Those so far; none leaves the priors.
    prior : AccrualPrior
        Stated.

    Returns
    -------
    AccrualModel
        On a grid: exact up to its spacing.
    """
    sd = math.log(prior.rate_factor) / 1.959963984540054
    z = np.linspace(-_REACH, _REACH, _MEANS)
    mean = np.exp(math.log(prior.rate) + sd * z)
    nodes, steps = np.polynomial.legendre.leggauss(_VARIATIONS)
    variation = _WIDEST * prior.variation * (nodes + 1) / 2
    m, cv = (grid.ravel() for grid in np.meshgrid(mean, variation, indexing="ij"))
    log_prior = np.add.outer(-0.5 * z**2, np.log(steps) - 0.5 * (variation / prior.variation) ** 2)
    log_prior = log_prior.ravel()
    shape = cv**-2
    log_weight = log_prior.copy()
    for one in trials:
        log_weight += _log_count(one.patients, m * one.exposure, shape)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    kept = weight > _NEGLIGIBLE
    return AccrualModel(
        mean=m[kept],
        shape=shape[kept],
        weight=weight[kept] / weight[kept].sum(),
        stop_shape=prior.stops + sum(one.stopped for one in trials),
        stop_rate=prior.stop_months + sum(one.months for one in trials),
        trials=tuple(trials),
        prior=prior,
    )


def _log_count(count: int, expected: FloatArray, shape: FloatArray) -> FloatArray:
    """Return the log probability of a gamma-Poisson count."""
    odds = expected / shape
    # log1p keeps its digits where trials hardly vary.
    found = gammaln(count + shape) - gammaln(shape) - math.lgamma(count + 1)
    return np.asarray(found + count * np.log(odds) - (count + shape) * np.log1p(odds))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualForecast:
    """Whether a trial will have its patients in time.

    Attributes
    ----------
    patients : int
        Planned.
    months : float
        Planned.
    centres : int or None
        Where rates are per centre; all are taken to be open from the start.
    too_slow : float
        Chance of fewer patients by then, by the rates alone.
    stops : float
        Chance that it is stopped for its accrual within these months, by the record of stops.
    fails : float
        Chance of either, taken as independent; they are not, so that it lies between the larger
        of the two and this.
    count_low, count_median, count_high : int
        Central 90% of the patients by then, were it not stopped.
    months_low, months_median, months_high : float
        Central 90% of the months that the patients take.
    curve : tuple of (float, int, int, int)
        Month, and 5th, 50th and 95th percentile of the patients.
    model : AccrualModel
    """

    patients: int
    months: float
    centres: int | None
    too_slow: float
    stops: float
    fails: float
    count_low: int
    count_median: int
    count_high: int
    months_low: float
    months_median: float
    months_high: float
    curve: tuple[tuple[float, int, int, int], ...]
    model: AccrualModel

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        skipped = ("curve", "model")
        out = {name: getattr(self, name) for name in self.__slots__ if name not in skipped}
        out["curve"] = [list(row) for row in self.curve]
        out["prior"] = self.model.prior.to_dict()
        out["trials"] = [
            {
                "study_id": t.study_id, "patients": t.patients, "exposure": t.exposure,
                "months": t.months, "stopped": t.stopped, "rate": t.patients / t.exposure,
            }
            for t in self.model.trials
        ]  # fmt: skip
        return out


def forecast(
    model: AccrualModel, *, patients: int, months: float, centres: int | None
) -> AccrualForecast:
    """Return the forecast of a trial's accrual.

    Parameters
    ----------
    model : AccrualModel
        From the trials so far.
    patients : int
        Planned.
    months : float
        Planned months of accrual.
    centres : int or None
        Number of centres where the model's rates are per centre-month; None where per month.

    Returns
    -------
    AccrualForecast
        Chances and quantiles.

    Raises
    ------
    DesignError
        If a number is out of its range.
    """
    if patients < 1 or not (math.isfinite(months) and months > 0):
        raise DesignError("a forecast needs patients and months above 0.")
    if centres is not None and centres < 1:
        raise DesignError("a trial has one centre or more.")
    scale = 1 if centres is None else centres
    slow = 1 - float(model.full(patients, months * scale))
    stops = 1 - float(model.not_stopped(months))
    shares = (0.05, 0.5, 0.95)
    at = np.append(np.linspace(0, 1.5 * months, 13)[1:], months)
    counts = model.count_quantiles(at * scale, shares)
    times = model.time_quantiles(patients, shares) / scale
    curve = tuple(
        (float(month), int(row[0]), int(row[1]), int(row[2]))
        for month, row in zip(at[:-1], counts[:-1], strict=True)
    )
    return AccrualForecast(
        patients=int(patients),
        months=float(months),
        centres=centres,
        too_slow=slow,
        stops=stops,
        fails=1 - (1 - slow) * (1 - stops),
        count_low=int(counts[-1, 0]),
        count_median=int(counts[-1, 1]),
        count_high=int(counts[-1, 2]),
        months_low=float(times[0]),
        months_median=float(times[1]),
        months_high=float(times[2]),
        curve=curve,
        model=model,
    )
