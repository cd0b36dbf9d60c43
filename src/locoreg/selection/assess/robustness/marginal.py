"""Marginal sensitivity model: odds of treatment that are wrong by a factor at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.selection.assess.robustness.whom import Whom, amount, found, whom
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Odds that are wrong by more than that are not looked at: a measured confounder of medicine
# changes the odds of treatment by less.
LARGEST_FACTOR = 50.0
# Rounds of bisection for the rate that gives a restricted mean, and the largest rate times horizon.
ROUNDS, LARGEST_RATE = 60, 1e4


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalBound:
    """Bounds at one factor.

    Attributes
    ----------
    factor : float
        Largest ratio, either way, of the odds of treatment given everything to those given the
        measured covariates.
    lower, upper : Estimate
        Bounds of the gain per person, each with its own interval.
    """

    factor: float
    lower: Estimate
    upper: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the bounds as JSON-ready values."""
        return {
            "factor": self.factor,
            "lower": self.lower.to_dict(),
            "upper": self.upper.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalSensitivity:
    """How far a gain withstands wrong odds of treatment.

    Attributes
    ----------
    label : str
        Whose treatment makes the gain.
    value : Estimate
        Gain per person of the whole population over treating nobody, `against` per treated taken
        off, if nothing is hidden.
    against : float
        What treatment must gain to be worth it.
    bounds : tuple of MarginalBound
        One per factor asked for.
    tipping, tipping_limit : float or None
        Smallest factor at which the bound, and the limit of its interval, reach 0. None where a
        factor of 50 is not enough. 1 for the limit where the interval holds 0 at once.
    reading : str
        One sentence.
    notes : tuple of str
        How it was computed.
    """

    label: str
    value: Estimate
    against: float
    bounds: tuple[MarginalBound, ...]
    tipping: float | None
    tipping_limit: float | None
    reading: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "value": self.value.to_dict(),
            "bounds": [bound.to_dict() for bound in self.bounds],
            "notes": list(self.notes),
        }


def marginal_sensitivity(
    scores: Scores,
    *,
    factors: Sequence[float],
    treat: ArrayLike | None = None,
    against: float = 0.0,
) -> MarginalSensitivity:
    """Bound a gain where the odds of treatment may be wrong by a factor.

    Parameters
    ----------
    scores : Scores
        The scores.
    factors : sequence of float
        Factors of the odds, 1 or more; 1 is no hidden confounding.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats; everybody by default, for the average effect.
    against : float
        What treatment must gain to be worth it, in the unit of the effect.

    Returns
    -------
    MarginalSensitivity
        For a survival probability the bounds are sharp. For a restricted mean they are valid
        whatever the quantile of the outcome at which the worst case begins, and sharp where the
        quantile that follows from a constant hazard is right. At a factor of 1 they are the doubly
        robust estimate.

    Raises
    ------
    DesignError
        If a factor is below 1, or the rule treats nobody.

    References
    ----------
    Tan 2006, doi:10.1198/016214506000000023, for the model. Dorn & Guo 2022,
    doi:10.1080/01621459.2022.2069572, for sharp bounds. Dorn, Guo & Kallus 2021,
    arXiv:2112.11449, for doubly robust ones. Kallus & Zhou 2021,
    doi:10.1287/mnsc.2020.3699, for rules.
    """
    for factor in factors:
        _check_factor(factor)
    about = whom(scores, treat)
    parts = _Parts.of(scores)

    def ends(factor: float) -> tuple[Estimate, Estimate]:
        return (
            _gain(scores, about, parts.lower(factor), against),
            _gain(scores, about, parts.upper(factor), against),
        )

    value = _gain(scores, about, scores.gamma, against)
    bounds = []
    for factor in factors:
        lower, upper = ends(factor)
        bounds.append(MarginalBound(factor=factor, lower=lower, upper=upper))
    tipping, limit = _tipping(scores, about, parts, value, against)
    notes = () if scores.data.entry is None else (_LATE,)
    return MarginalSensitivity(
        label=about.label,
        value=value,
        against=against,
        bounds=tuple(bounds),
        tipping=tipping,
        tipping_limit=limit,
        reading=_reading(about, value, scores.question, against, tipping, limit),
        notes=notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundScores:
    """Scores whose means, over whatever persons, are bounds at one factor.

    Attributes
    ----------
    lower, upper : tuple of ndarray of float, shape (n,)
        Of the effect, of the outcome of the comparator, of the outcome of the treated.
    """

    lower: tuple[FloatArray, FloatArray, FloatArray]
    upper: tuple[FloatArray, FloatArray, FloatArray]


def bound_scores(scores: Scores, factor: float) -> BoundScores:
    """Return the scores behind `marginal_sensitivity`, one per person.

    Parameters
    ----------
    scores : Scores
        The scores.
    factor : float
        Factor of the odds, 1 or more.

    Returns
    -------
    BoundScores
        At a factor of 1 both are the doubly robust scores. Bounds hold given covariates, so a mean
        over persons chosen by covariates is a bound of theirs.

    Raises
    ------
    DesignError
        If the factor is below 1.
    """
    _check_factor(factor)
    parts = _Parts.of(scores)
    low0, low1 = parts.arm(0, factor, -1.0), parts.arm(1, factor, -1.0)
    high0, high1 = parts.arm(0, factor, 1.0), parts.arm(1, factor, 1.0)
    return BoundScores(lower=(low1 - high0, low0, low1), upper=(high1 - low0, high0, high1))


def _check_factor(factor: float) -> None:
    if not 1.0 <= factor < math.inf:
        raise DesignError(
            f"the factor is {factor:g}.", hint="give 1 or more; 1 is no hidden confounding."
        )


_LATE = (
    "For persons who enter late the part of the bound beyond the mean outcome is that of the model "
    "alone."
)


def _gain(scores: Scores, about: Whom, effect: FloatArray, against: float) -> Estimate:
    weight = scores.weight / float(scores.weight.sum())
    score = about.treat * (effect - against)
    mean = float(weight @ score)
    return about.estimate(mean, weight * (score - mean))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """What bounds are made of, whatever the factor.

    `rates` are the constant hazards, times the horizon, that give each arm's mean outcome; None
    for a survival probability. `ended` is the inverse probability of being uncensored for persons
    with an event within the horizon, 0 for others.
    """

    scores: Scores
    horizon: float
    rates: tuple[FloatArray, FloatArray] | None
    ended: FloatArray
    late: BoolArray

    @classmethod
    def of(cls, scores: Scores) -> _Parts:
        horizon = scores.question.horizon_months
        rates = None
        if scores.question.measure == "rmst_difference":
            rates = (
                rate_of_mean(scores.comparator_mean / horizon),
                rate_of_mean(scores.treated_mean / horizon),
            )
        data = scores.data
        event = (data.event == 1) & (data.time < horizon)
        late = np.zeros(scores.n) if data.entry is None else data.entry
        return cls(
            scores=scores,
            horizon=horizon,
            rates=rates,
            ended=np.where(event, 1.0 / scores.uncensored, 0.0),
            late=np.asarray(late > 0.0),
        )

    def lower(self, factor: float) -> FloatArray:
        """Return scores whose mean is the lower bound of the effect."""
        return self.arm(1, factor, -1.0) - self.arm(0, factor, 1.0)

    def upper(self, factor: float) -> FloatArray:
        """Return scores whose mean is the upper bound of the effect."""
        return self.arm(1, factor, 1.0) - self.arm(0, factor, -1.0)

    def arm(self, arm: int, factor: float, side: float) -> FloatArray:
        """Return scores of the bound of one option's mean; side -1 is the lower bound."""
        s = self.scores
        own = s.data.treated if arm == 1 else ~s.data.treated
        e = s.propensity if arm == 1 else 1.0 - s.propensity
        mean = s.treated_mean if arm == 1 else s.comparator_mean
        if self.rates is None:
            worst, modelled = _worst_share(mean, s.outcome, factor, side)
        else:
            worst, modelled = self._worst_mean(self.rates[arm], mean, factor, side)
        odds = (1.0 - e) / e
        return np.where(own, s.outcome + odds * (worst - modelled), modelled)

    def _worst_mean(
        self, rate: FloatArray, mean: FloatArray, factor: float, side: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return the worst case of the replaced outcome and its mean, for a restricted mean.

        With d = factor - 1/factor, the worst case below is ``y/factor + (1 - 1/factor) q - d
        (q - y)+`` and above ``y/factor + (1 - 1/factor) q + d (y - q)+``, for any q.
        """
        s, L = self.scores, self.horizon
        tail = 1.0 / (1.0 + factor)
        # The share of persons who end before the quantile is tail for the lower bound.
        logged = -math.log1p(-tail) if side < 0.0 else -math.log(tail)
        with np.errstate(divide="ignore"):
            q = np.minimum(L, L * logged / rate)
        short_model = q - L * mean_of_rate(rate, q / L)
        short = self.ended * np.maximum(q - s.data.time, 0.0)
        whole = q >= L
        short_model = np.where(whole, L - mean, short_model)
        short = np.where(whole, L - s.outcome, short)
        # Late entry hides early events: the model stands for what is not seen.
        short = np.where(self.late & ~whole, short_model, short)
        d = factor - 1.0 / factor
        keep = 1.0 - 1.0 / factor

        def worst(y: FloatArray, below: FloatArray) -> FloatArray:
            beyond = below if side < 0.0 else y - q + below
            return np.asarray(y / factor + keep * q + side * d * beyond)

        return worst(s.outcome, short), worst(mean, short_model)


def _worst_share(
    mean: FloatArray, outcome: FloatArray, factor: float, side: float
) -> tuple[FloatArray, FloatArray]:
    """Return the worst case of the replaced outcome and its mean, for a probability.

    The worst case of a probability r is the larger of ``r / factor`` and ``1 - factor (1 - r)``
    below, and the smaller of ``factor r`` and ``1 - (1 - r) / factor`` above: linear in the
    outcome either way.
    """
    if side < 0.0:
        scaled = mean / factor >= 1.0 - factor * (1.0 - mean)
        first, second = 1.0 / factor, factor
    else:
        scaled = factor * mean <= 1.0 - (1.0 - mean) / factor
        first, second = factor, 1.0 / factor
    return (
        np.where(scaled, first * outcome, 1.0 - second * (1.0 - outcome)),
        np.where(scaled, first * mean, 1.0 - second * (1.0 - mean)),
    )


def mean_of_rate(rate: FloatArray, span: FloatArray | float = 1.0) -> FloatArray:
    """Return the mean time up to `span` under a constant hazard.

    Parameters
    ----------
    rate : ndarray of float
        Hazard.
    span : ndarray of float, or float
        The horizon, in the unit of time of the hazard.

    Returns
    -------
    ndarray of float
        ``(1 - exp(-rate span)) / rate``; `span` where the rate is 0.
    """
    lost = np.asarray(rate * span, dtype=np.float64)
    small = lost < 1e-8
    part = np.where(small, 1.0 - lost / 2.0, -np.expm1(-lost) / np.where(small, 1.0, lost))
    return np.asarray(part * span)


def rate_of_mean(mean: FloatArray) -> FloatArray:
    """Return the constant hazard whose mean time up to 1 is `mean`, by bisection.

    Parameters
    ----------
    mean : ndarray of float
        Means from 0 to 1; what lies outside has the hazard of the nearest possible mean.

    Returns
    -------
    ndarray of float
        Hazards from 0 to 10,000.
    """
    low, high = np.zeros(mean.shape), np.full(mean.shape, LARGEST_RATE)
    for _ in range(ROUNDS):
        middle = (low + high) / 2.0
        above = mean_of_rate(middle) > mean
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(mean >= 1.0, 0.0, (low + high) / 2.0)


def _tipping(
    scores: Scores, about: Whom, parts: _Parts, value: Estimate, against: float
) -> tuple[float | None, float | None]:
    """Return the smallest factors at which the bound, and its limit, reach 0."""
    positive = value.estimate >= 0.0

    def near(log_factor: float) -> tuple[float, float]:
        factor = math.exp(log_factor)
        effect = parts.lower(factor) if positive else parts.upper(factor)
        one = _gain(scores, about, effect, against)
        return (one.estimate, one.ci_low) if positive else (-one.estimate, -one.ci_high)

    most = math.log(LARGEST_FACTOR)
    at_none, at_most = near(0.0), near(most)
    out: list[float | None] = []
    for place in (0, 1):
        if at_none[place] <= 0.0:
            out.append(1.0)
        elif at_most[place] > 0.0:
            out.append(None)
        else:
            root = optimize.brentq(lambda x, p=place: near(x)[p], 0.0, most, xtol=1e-6)
            out.append(math.exp(float(root)))
    return out[0], out[1]


def _reading(
    about: Whom,
    value: Estimate,
    question: SelectionQuestion,
    against: float,
    tipping: float | None,
    limit: float | None,
) -> str:
    cost = "" if against == 0.0 else f", {amount(against, question)} per treated person taken off"
    most = f"more than {LARGEST_FACTOR:g}"
    first = most if tipping is None else decimal_text(tipping)
    second = most if limit is None else decimal_text(limit)
    end = (
        "the interval holds 0 already"
        if limit == 1.0
        else f"by a factor of {second} its interval reaches 0"
    )
    return (
        f"Treating {about.label} changes the outcome by {found(value, question)} per person{cost}: "
        f"if hidden differences made the odds of treatment wrong by a factor of {first}, the bound "
        f"would be 0; {end}."
    )
