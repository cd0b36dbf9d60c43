"""Lower bounds of survival time under either option, by weighted conformal prediction.

A model of survival gives each patient a distribution F(t | x, option). Its values at the times of
persons with a known outcome, V = F(T | x, option), say how far to trust it: the bound is the
quantile of the patient's distribution at the value below which a share alpha of the V lie. Persons
are weighted to stand for all patients under the option: by the inverse probability of the option
(the covariates of those who had it are not those of all: Tibshirani et al. 2019, Lei and Candes
2021, doi:10.1111/rssb.12445) and the inverse probability of being uncensored until the outcome was
known (Candes, Lei and Ren 2023, doi:10.1093/jrsssb/qkac017, for censored times). If these
probabilities are right the bound holds whatever F is. If F is right it holds whatever the
probabilities of the option are; those of being uncensored must be right all the same, as the times
of those who are not censored are too short.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.selection.patient.limits import BOUND_SHARES, LEAST_CALIBRATION, LEAST_SHOWN
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Times at which a distribution is evaluated; between them it is a straight line, for calibration
# and for the patient alike, so that no accuracy is lost.
STEPS = 200
# Share of the persons with a known outcome whose inverse probability of being uncensored is below
# that which the patient's own weight is given (the patient's time is not known).
OWN_CENSORING = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """How the values V of one option are distributed over all patients.

    Attributes
    ----------
    value : ndarray of float, shape (q,)
        Every tenth value, ascending, from 0.
    below : ndarray of float, shape (q,)
        Weight of the persons whose value is below it. At the last value the weight of all events:
        single persons beyond it are not told apart.
    total : float
        Weight of all persons, those free of the event at the horizon included.
    persons : int
        Persons with a known outcome.
    inverse_uncensored : float
        Inverse probability of being uncensored, for the patient's own weight.
    """

    value: FloatArray
    below: FloatArray
    total: float
    persons: int
    inverse_uncensored: float

    @classmethod
    def of(
        cls, value: FloatArray, event: BoolArray, weight: FloatArray, inverse_uncensored: FloatArray
    ) -> Calibration:
        """Return the distribution of values of persons with a known outcome.

        Parameters
        ----------
        value : ndarray of float, shape (n,)
            V of each; not used for those without the event before the horizon.
        event : ndarray of bool, shape (n,)
            Who had the event before the horizon.
        weight : ndarray of float, shape (n,)
            Inverse probability of the option and of being uncensored, times sampling weight.
        inverse_uncensored : ndarray of float, shape (n,)
            The second part of it.

        Returns
        -------
        Calibration
            Sorted, in steps of 10 persons.
        """
        order = np.argsort(value[event], kind="stable")
        tens = np.arange(LEAST_SHOWN, order.size + 1, LEAST_SHOWN) - 1
        summed = np.cumsum(weight[event][order])
        knots = np.concatenate([[0.0], value[event][order][tens]])
        below = np.concatenate([[0.0], summed[tens]])
        return cls(
            value=np.append(knots, knots[-1]),
            below=np.append(below, summed[-1] if order.size else 0.0),
            total=float(weight.sum()),
            persons=int(value.size),
            inverse_uncensored=float(np.quantile(inverse_uncensored, OWN_CENSORING)),
        )

    def cutoff(self, alpha: float, own: float) -> float:
        """Return the largest value below which at most a share alpha lies.

        Parameters
        ----------
        alpha : float
            The share.
        own : float
            Weight of the patient, who counts as below.

        Returns
        -------
        float
            From 0 (no bound) to 1; infinity where fewer than the share have the event before the
            horizon.
        """
        allowed = alpha * (self.total + own) - own
        if allowed < 0.0:
            return 0.0
        if allowed >= self.below[-1]:
            return math.inf
        above = int(np.searchsorted(self.below, allowed, side="right"))
        low, high = self.below[above - 1], self.below[above]
        part = (allowed - low) / (high - low)
        return float(self.value[above - 1] + part * (self.value[above] - self.value[above - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalBound:
    """A time that a share of patients like this one live to, free of the event.

    Attributes
    ----------
    option : {"treated", "comparator"}
        The option.
    share : float
        Share of patients in percent.
    months : float
        The bound.
    at_horizon : bool
        Whether it is cut at the horizon: they live longer.
    """

    option: str
    share: float
    months: float
    at_horizon: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as JSON-ready values."""
        return {
            "option": self.option,
            "share": self.share,
            "months": self.months,
            "at_horizon": self.at_horizon,
        }


def bound_times(horizon: float) -> FloatArray:
    """Return the times at which distributions are evaluated, from 0 to the horizon.

    Whole months are among them where the horizon is one.
    """
    whole = horizon == round(horizon)
    steps = int(horizon) * math.ceil(STEPS / horizon) if whole else STEPS
    return np.linspace(0.0, horizon, steps + 1)


def values_at(distribution: FloatArray, times: FloatArray, at: FloatArray) -> FloatArray:
    """Return distributions at a time each, on straight lines between the times, shape (n,).

    Parameters
    ----------
    distribution : ndarray of float, shape (n, t)
        F at the times, by person.
    times : ndarray of float, shape (t,)
        Equally spaced, from 0.
    at : ndarray of float, shape (n,)
        One time per person, up to the last.

    Returns
    -------
    ndarray of float, shape (n,)
        F of each person at its time.
    """
    place = at / (times[-1] / (times.size - 1))
    low = np.clip(np.floor(place).astype(np.int64), 0, times.size - 2)
    part = place - low
    rows = np.arange(at.size)
    return np.asarray((1.0 - part) * distribution[rows, low] + part * distribution[rows, low + 1])


def first_time(distribution: FloatArray, times: FloatArray, value: float) -> float:
    """Return the first time at which a distribution, shape (t,), reaches a value; or the last."""
    reached = np.flatnonzero(distribution >= value)
    if not reached.size:
        return float(times[-1])
    k = int(reached[0])
    if k == 0:
        return float(times[0])
    low, high = distribution[k - 1], distribution[k]
    return float(times[k - 1] + (value - low) / (high - low) * (times[k] - times[k - 1]))


def survival_bound(
    calibration: Calibration,
    distribution: FloatArray,
    times: FloatArray,
    *,
    option: str,
    share: float,
    propensity: float,
) -> SurvivalBound:
    """Return a time that a share of patients live to under an option.

    Parameters
    ----------
    calibration : Calibration
        Of the option.
    distribution : ndarray of float, shape (t,)
        F of the patient under the option.
    times : ndarray of float, shape (t,)
        The times, from `bound_times`.
    option : {"treated", "comparator"}
        The option.
    share : float
        In percent.
    propensity : float
        Probability of the option of the patient.

    Returns
    -------
    SurvivalBound
        It holds for the share of all patients, on average over them, not for each kind of patient.
    """
    if not 0.0 < share < 100.0:
        raise DesignError(f"share is {share}.", hint="give a percentage between 0 and 100.")
    own = calibration.inverse_uncensored / propensity
    value = calibration.cutoff(1.0 - share / 100.0, own)
    at_horizon = value > distribution[-1]
    months = float(times[-1]) if at_horizon else first_time(distribution, times, value)
    return SurvivalBound(option=option, share=share, months=months, at_horizon=bool(at_horizon))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """What a model file holds for bounds: the calibration of each option.

    Attributes
    ----------
    comparator, treated : Calibration
        Of the options.
    horizon : float
        In months.
    """

    comparator: Calibration
    treated: Calibration
    horizon: float

    def of_patient(
        self, distributions: tuple[FloatArray, FloatArray], propensity: float
    ) -> tuple[SurvivalBound, ...]:
        """Return the bounds of a patient, by share and option.

        Parameters
        ----------
        distributions : (ndarray, ndarray), each of shape (t,)
            F of the patient under the comparator and treated, at `bound_times`.
        propensity : float
            Probability of treatment of the patient.

        Returns
        -------
        tuple of SurvivalBound
            90 and 50 in 100, each for the comparator and the treatment.
        """
        times = bound_times(self.horizon)
        parts = (
            ("comparator", self.comparator, distributions[0], 1.0 - propensity),
            ("treated", self.treated, distributions[1], propensity),
        )
        return tuple(
            survival_bound(
                calibration, F, times, option=option, share=share, propensity=probability
            )
            for share in BOUND_SHARES
            for option, calibration, F, probability in parts
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        out: dict[str, NDArray[Any]] = {"horizon": np.array([self.horizon])}
        for option in ("comparator", "treated"):
            one: Calibration = getattr(self, option)
            out[f"{option}_value"], out[f"{option}_below"] = one.value, one.below
            out[f"{option}_size"] = np.array([one.total, one.persons, one.inverse_uncensored])
        return out

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Bounds:
        """Return the bounds of arrays."""

        def one(option: str) -> Calibration:
            total, persons, inverse = arrays[f"{option}_size"].tolist()
            return Calibration(
                value=arrays[f"{option}_value"],
                below=arrays[f"{option}_below"],
                total=total,
                persons=int(persons),
                inverse_uncensored=inverse,
            )

        return cls(
            comparator=one("comparator"), treated=one("treated"),
            horizon=float(arrays["horizon"][0]),
        )  # fmt: skip


def calibrations(
    value: FloatArray,
    time: FloatArray,
    event: BoolArray,
    treated: BoolArray,
    propensity: FloatArray,
    uncensored: FloatArray,
    weight: FloatArray,
    *,
    horizon: float,
) -> Bounds:
    """Return the calibration of both options.

    Parameters
    ----------
    value : ndarray of float, shape (n,)
        F at the person's time under its own option, by a model that did not see the person.
    time : ndarray of float, shape (n,)
        End of follow-up in months.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    treated : ndarray of bool, shape (n,)
        Who was treated.
    propensity : ndarray of float, shape (n,)
        Probability of treatment.
    uncensored : ndarray of float, shape (n,)
        Probability of being uncensored up to the end of follow-up, or the horizon.
    weight : ndarray of float, shape (n,)
        Sampling weights.
    horizon : float
        Bounds end there.

    Returns
    -------
    Bounds
        By persons followed to the event or the horizon.

    Raises
    ------
    DesignError
        If an option has fewer than 50 of these.
    """
    known = event | (time >= horizon)
    out = []
    # Weights count persons: their mean is 1, as that of the patient's own sampling weight.
    size = weight / weight.mean()
    for arm, name in ((False, "the comparator"), (True, "the treatment")):
        own = known & (treated == arm)
        if own.sum() < LEAST_CALIBRATION:
            raise DesignError(
                f"{int(own.sum())} persons with {name} were followed to the event or the horizon: "
                "too few for bounds of survival time.",
                hint=f"{LEAST_CALIBRATION} are needed; a shorter horizon has more.",
            )
        chance = propensity[own] if arm else 1.0 - propensity[own]
        inverse = 1.0 / uncensored[own]
        before = event[own] & (time[own] < horizon)
        out.append(Calibration.of(value[own], before, size[own] * inverse / chance, inverse))
    return Bounds(comparator=out[0], treated=out[1], horizon=horizon)
