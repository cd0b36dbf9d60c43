"""Hidden confounders of a stated size, and the bias that they make."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text
from locoreg.selection.assess.robustness.marginal import mean_of_rate
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import FloatArray

# Nodes of a normal confounder: with 21 the mean of exp(u) is exact to 1e-12.
NODES = 21
# Persons whose probability of treatment is as good as the same are taken together.
GROUPS = 200
# Hazards, times the horizon, between which means are tabulated, and how finely.
LOWEST, HIGHEST, STEPS = 1e-7, 1e3, 2000
ROUNDS = 60


class Law(NamedTuple):
    """Distribution of a hidden confounder given covariates.

    Attributes
    ----------
    hazard_ratio : ndarray of float, shape (k,)
        What each value does to the hazard, relative to the others; the same at any probability of
        treatment.
    treated, comparator : ndarray of float, shape (k,)
        Probabilities of the values in each arm.
    """

    hazard_ratio: FloatArray
    treated: FloatArray
    comparator: FloatArray


@runtime_checkable
class HiddenConfounder(Protocol):
    """A confounder that no covariate holds."""

    def law(self, propensity: float) -> Law:
        """Return its distribution where treatment has some probability given covariates."""
        ...

    @property
    def same_law(self) -> bool:
        """Whether the distribution within arms is the same at any probability of treatment."""
        ...

    def words(self, propensity: float) -> str:
        """Return what it is, for a reader, at the average probability of treatment."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryConfounder:
    """Something that a person has or does not have.

    Attributes
    ----------
    prevalence_treated, prevalence_comparator : float
        Share of each arm that has it, whatever the covariates.
    hazard_ratio : float
        Hazard of those who have it over that of those who do not, given covariates.
    """

    prevalence_treated: float
    prevalence_comparator: float
    hazard_ratio: float

    def __post_init__(self) -> None:
        for name in ("prevalence_treated", "prevalence_comparator"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise DesignError(f"{name} is {getattr(self, name):g}.", hint="give a share.")
        if not 0.0 < self.hazard_ratio < math.inf:
            raise DesignError(
                f"hazard_ratio is {self.hazard_ratio:g}.", hint="give a positive ratio."
            )

    def law(self, propensity: float) -> Law:
        """Return its distribution; `propensity` plays no part.

        Parameters
        ----------
        propensity : float
            Probability of treatment given covariates.

        Returns
        -------
        Law
            Without it, with it.
        """
        p1, p0 = self.prevalence_treated, self.prevalence_comparator
        return Law(
            hazard_ratio=np.array([1.0, self.hazard_ratio]),
            treated=np.array([1.0 - p1, p1]),
            comparator=np.array([1.0 - p0, p0]),
        )

    @property
    def same_law(self) -> bool:
        """True: the prevalences hold whatever the covariates."""
        return True

    def words(self, propensity: float) -> str:
        """Return what it is, for a reader.

        Parameters
        ----------
        propensity : float
            Average probability of treatment; plays no part.

        Returns
        -------
        str
            Prevalences and hazard ratio.
        """
        return (
            f"A hidden confounder that {100.0 * self.prevalence_treated:.0f}% of the treated and "
            f"{100.0 * self.prevalence_comparator:.0f}% of the others have, and that multiplies "
            f"the hazard by {decimal_text(self.hazard_ratio)},"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"kind": "binary", **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalConfounder:
    """Something of which every person has more or less, normally distributed given covariates.

    Attributes
    ----------
    log_odds : float
        Log odds ratio of treatment per standard deviation, given covariates.
    log_hazard_ratio : float
        Log hazard ratio of the event per standard deviation, given covariates and treatment.
    """

    log_odds: float
    log_hazard_ratio: float

    def __post_init__(self) -> None:
        for name in ("log_odds", "log_hazard_ratio"):
            if not abs(getattr(self, name)) <= 5.0:
                raise DesignError(
                    f"{name} is {getattr(self, name):g}.", hint="give a number from -5 to 5."
                )

    def law(self, propensity: float) -> Law:
        """Return its distribution in each arm at a probability of treatment.

        Parameters
        ----------
        propensity : float
            Probability of treatment given covariates, whatever the confounder.

        Returns
        -------
        Law
            At the nodes of a Gauss-Hermite rule; the intercept of the odds is solved so that
            treatment has the probability.
        """
        u, share = _hermite()
        low, high = -40.0, 40.0
        for _ in range(ROUNDS):
            middle = (low + high) / 2.0
            if float(share @ special.expit(middle + self.log_odds * u)) < propensity:
                low = middle
            else:
                high = middle
        chance = special.expit((low + high) / 2.0 + self.log_odds * u)
        treated, comparator = share * chance, share * (1.0 - chance)
        return Law(
            hazard_ratio=np.exp(self.log_hazard_ratio * u),
            treated=treated / treated.sum(),
            comparator=comparator / comparator.sum(),
        )

    @property
    def same_law(self) -> bool:
        """False: within arms it depends on how probable treatment was."""
        return False

    def words(self, propensity: float) -> str:
        """Return what it is, for a reader.

        Parameters
        ----------
        propensity : float
            Average probability of treatment.

        Returns
        -------
        str
            Ratios per standard deviation, and how many of each arm lie above the mean.
        """
        law, (u, _) = self.law(propensity), _hermite()
        # The middle node is the mean: half of it lies above.
        above = np.where(u > 1e-9, 1.0, np.where(u < -1e-9, 0.0, 0.5))
        return (
            "A hidden confounder that per standard deviation multiplies the odds of treatment by "
            f"{decimal_text(math.exp(self.log_odds))} and the hazard by "
            f"{decimal_text(math.exp(self.log_hazard_ratio))} (about "
            f"{100.0 * float(law.treated @ above):.0f}% of the treated and "
            f"{100.0 * float(law.comparator @ above):.0f}% of the others lie above its mean)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"kind": "normal", **asdict(self)}


def _hermite() -> tuple[FloatArray, FloatArray]:
    u, share = np.polynomial.hermite_e.hermegauss(NODES)
    return u, share / share.sum()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HiddenEffect:
    """What a hidden confounder does, person by person.

    Attributes
    ----------
    bias : ndarray of float, shape (n,)
        Observed minus causal difference of the mean outcome given covariates.
    outcome_square, weight_square, weight_without : ndarray of float, shape (n,)
        Given covariates: variance of the mean outcome by the confounder within arms; mean square
        of the signed inverse probabilities of treatment with the confounder, and without it.
    """

    bias: FloatArray
    outcome_square: FloatArray
    weight_square: FloatArray
    weight_without: FloatArray


def hidden_effect(scores: Scores, confounder: HiddenConfounder) -> HiddenEffect:
    """Return what a hidden confounder would do to the mean outcomes of the scores.

    Hazards given covariates, treatment and the confounder are proportional in the confounder. For
    a survival probability nothing else is supposed; for a restricted mean also that they are
    constant over time, given all three.

    Parameters
    ----------
    scores : Scores
        The scores, whose means by arm are taken as what would be observed.
    confounder : HiddenConfounder
        The confounder.

    Returns
    -------
    HiddenEffect
        Exact for common outcomes too, up to a table of 2,000 hazards; persons are grouped by 200
        quantiles of the probability of treatment where the confounder's distribution depends on it.
    """
    n = scores.n
    out = HiddenEffect(
        bias=np.empty(n),
        outcome_square=np.empty(n),
        weight_square=np.empty(n),
        weight_without=np.empty(n),
    )
    restricted = scores.question.measure == "rmst_difference"
    scale = scores.question.horizon_months if restricted else 1.0
    means = (scores.comparator_mean / scale, scores.treated_mean / scale)
    # What a value does to the hazard is the same at any probability of treatment.
    table = MeanTable.of(confounder.law(0.5).hazard_ratio, restricted)
    for rows, middle in _groups(scores.propensity, confounder.same_law):
        e = scores.propensity[rows]
        _fill(out, rows, confounder.law(middle), e, (means[0][rows], means[1][rows]), table, scale)
    return out


def _groups(e: FloatArray, together: bool) -> list[tuple[Any, float]]:
    """Return groups of persons of like probability of treatment, with their middle."""
    if together:
        return [(np.arange(e.size), float(e.mean()))]
    edges = np.unique(np.quantile(e, np.linspace(0.0, 1.0, GROUPS + 1)[1:-1]))
    code = np.searchsorted(edges, e, side="left")
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    return [(rows, float(e[rows].mean())) for rows in np.split(order, starts[1:])]


def _fill(
    out: HiddenEffect,
    rows: Any,
    law: Law,
    e: FloatArray,
    means: tuple[FloatArray, FloatArray],
    table: MeanTable,
    scale: float,
) -> None:
    arms = (law.comparator, law.treated)
    by_value = [
        scale * table.means_by_value(mean, arm) for mean, arm in zip(means, arms, strict=True)
    ]
    mixed = e[:, None] * law.treated + (1.0 - e)[:, None] * law.comparator
    causal = [(mixed * one).sum(axis=1) for one in by_value]
    seen = [one @ arm for one, arm in zip(by_value, arms, strict=True)]
    spread = [
        (one - mean[:, None]) ** 2 @ arm
        for one, mean, arm in zip(by_value, seen, arms, strict=True)
    ]
    with np.errstate(divide="ignore"):
        # 1 / P(arm | confounder), averaged over the confounder, for both arms.
        inverse = [
            np.where(arm > 0.0, mixed**2 / (share[:, None] * arm), 0.0).sum(axis=1)
            for arm, share in zip(arms, (1.0 - e, e), strict=True)
        ]
    out.bias[rows] = (seen[1] - seen[0]) - (causal[1] - causal[0])
    out.outcome_square[rows] = (1.0 - e) * spread[0] + e * spread[1]
    out.weight_square[rows] = inverse[0] + inverse[1]
    out.weight_without[rows] = 1.0 / (e * (1.0 - e))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanTable:
    """Mean outcomes by hazard and by value of the confounder.

    Attributes
    ----------
    ratio : ndarray of float, shape (k,)
        What each value does to the hazard.
    restricted : bool
        Whether the outcome is a mean time up to 1, and not survival at 1.
    logged : ndarray of float, shape (2000,)
        Logarithms of hazards.
    means : ndarray of float, shape (2000, k)
        Mean outcomes.
    """

    ratio: FloatArray
    restricted: bool
    logged: FloatArray
    means: FloatArray

    @classmethod
    def of(cls, ratio: FloatArray, restricted: bool) -> MeanTable:
        """Return the table of a confounder."""
        rate = np.geomspace(LOWEST, HIGHEST, STEPS)
        means = _mean(rate[:, None] * ratio, restricted)
        return cls(ratio=ratio, restricted=restricted, logged=np.log(rate), means=means)

    def means_by_value(self, mean: FloatArray, share: FloatArray) -> FloatArray:
        """Return the mean outcome by value, shape (m, k), from the mean over the values."""
        # Means fall as the hazard rises: turned round for the interpolation. Beyond the table the
        # hazard is next to none, or next to nobody lives.
        logged = np.interp(mean, (self.means @ share)[::-1], self.logged[::-1])
        return _mean(np.exp(logged)[:, None] * self.ratio, self.restricted)


def _mean(hazard: FloatArray, restricted: bool) -> FloatArray:
    return mean_of_rate(hazard) if restricted else np.asarray(np.exp(-hazard))
