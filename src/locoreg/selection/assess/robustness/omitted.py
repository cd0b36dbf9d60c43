"""Bounds of omitted-variable bias: how much a hidden variable of some strength could change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import ArrayLike
from scipy import optimize, special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.robustness.biasparts import BiasParts, bias_parts
from locoreg.selection.assess.robustness.whom import Whom, amount, found, whom
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import FloatArray

# A hidden variable that explained all would leave no bound at all.
MOST_EXPLAINED = 1.0 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How strong a hidden variable is, given the measured covariates.

    Attributes
    ----------
    label : str
        What it stands for.
    outcome : float
        Share that it explains of the variance of the outcome which treatment and covariates leave.
    treatment : float
        Share that it adds to the variance of the inverse probabilities of treatment: 1 less the
        ratio of the mean square of the signed inverse probabilities without it to that with it.
    correlation : float
        Size of the correlation of both parts; 1 is the worst case.
    """

    label: str
    outcome: float
    treatment: float
    correlation: float = 1.0

    def __post_init__(self) -> None:
        for name in ("outcome", "treatment", "correlation"):
            value = getattr(self, name)
            most = 1.0 if name == "correlation" else MOST_EXPLAINED
            if not 0.0 <= value <= most:
                raise DesignError(
                    f"the strength {self.label!r} has {name} {value:g}.",
                    hint="give shares from 0 to below 1, and a correlation from 0 to 1.",
                )

    @property
    def factor(self) -> float:
        """Bias in units of the root of residual variance times mean square of the weights."""
        odds = self.treatment / (1.0 - self.treatment)
        return self.correlation * math.sqrt(self.outcome * odds)

    def to_dict(self) -> dict[str, Any]:
        """Return the strength as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasBound:
    """What a hidden variable of one strength could have changed at most.

    Attributes
    ----------
    strength : Strength
        The hidden variable.
    bias : float
        Largest bias of the effect, in either direction.
    lower, upper : Estimate
        Bounds of the effect, each with its own interval.
    value_lower, value_upper : Estimate
        Bounds of the gain per person of the whole population.
    """

    strength: Strength
    bias: float
    lower: Estimate
    upper: Estimate
    value_lower: Estimate
    value_upper: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as JSON-ready values."""
        return {
            "strength": self.strength.to_dict(),
            "bias": self.bias,
            "lower": self.lower.to_dict(),
            "upper": self.upper.to_dict(),
            "value_lower": self.value_lower.to_dict(),
            "value_upper": self.value_upper.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OmittedBias:
    """How far an effect withstands a hidden variable.

    Attributes
    ----------
    label : str
        Whose effect.
    n : int
        Persons.
    share : float
        Their share of all.
    effect : Estimate
        Their average effect, if nothing is hidden.
    value : Estimate
        Gain per person of the whole population over treating nobody, `against` taken off.
    against : float
        What the effect is compared with: 0, or what treatment must gain to be worth it.
    residual_variance : float
        Variance of the outcome that treatment and covariates leave.
    weight_square : float
        Mean square of the signed inverse probabilities of treatment.
    robustness : float
        Share that a hidden variable must explain of both, at worst correlation, to bring the
        effect to `against`.
    robustness_limit : float
        The same for the limit of the interval; 0 where the interval holds `against`.
    bounds : tuple of BiasBound
        For the strengths asked for.
    reading : str
        One sentence.
    notes : tuple of str
        How it was computed, where that differs from the usual.
    """

    label: str
    n: int
    share: float
    effect: Estimate
    value: Estimate
    against: float
    residual_variance: float
    weight_square: float
    robustness: float
    robustness_limit: float
    bounds: tuple[BiasBound, ...]
    reading: str
    notes: tuple[str, ...]

    @property
    def scale(self) -> float:
        """Bias of a factor of 1: root of residual variance times mean square of the weights."""
        return math.sqrt(self.residual_variance * self.weight_square)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "effect": self.effect.to_dict(),
            "value": self.value.to_dict(),
            "bounds": [bound.to_dict() for bound in self.bounds],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasContours:
    """The bound nearer to `against` by both strengths, for a figure.

    Attributes
    ----------
    outcome, treatment : tuple of float
        Shares explained, ascending.
    bound : tuple of tuple of float
        The bound; rows by `outcome`, columns by `treatment`.
    against : float
        The value that the effect is compared with.
    effect : float
        The effect if nothing is hidden.
    """

    outcome: tuple[float, ...]
    treatment: tuple[float, ...]
    bound: tuple[tuple[float, ...], ...]
    against: float
    effect: float

    def to_dict(self) -> dict[str, Any]:
        """Return the contours as JSON-ready values."""
        return {
            "outcome": list(self.outcome),
            "treatment": list(self.treatment),
            "bound": [list(row) for row in self.bound],
            "against": self.against,
            "effect": self.effect,
        }


def omitted_bias(
    scores: Scores,
    *,
    treat: ArrayLike | None = None,
    strengths: Sequence[Strength] = (),
    against: float = 0.0,
) -> OmittedBias:
    """Bound the bias of an average effect by a hidden variable.

    The bias of an average effect is at most ``correlation * sqrt(outcome * treatment /
    (1 - treatment))`` times the root of the residual variance of the outcome and the mean square
    of the signed inverse probabilities of treatment. Both are taken among the persons asked about,
    so that the bounds of a group are its own.

    Parameters
    ----------
    scores : Scores
        The scores.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats; everybody by default.
    strengths : sequence of Strength
        Hidden variables whose bounds are asked for, such as those of ``covariate_strengths``.
    against : float
        What the effect is compared with, in its unit.

    Returns
    -------
    OmittedBias
        Robustness values, and bounds with intervals.

    Raises
    ------
    DesignError
        If the rule treats nobody.

    References
    ----------
    Chernozhukov, Cinelli, Newey, Sharma & Syrgkanis 2022, arXiv:2112.13398. Cinelli & Hazlett
    2020, doi:10.1111/rssb.12348, for the robustness value.
    """
    about = whom(scores, treat)
    parts = bias_parts(scores, about)
    effect = about.estimate(*parts.effect)
    robustness, limit = _robustness(about, parts, against)
    value = _value(scores, about, parts.effect[0] - against, parts.effect[1])
    return OmittedBias(
        label=about.label,
        n=about.n,
        share=about.share,
        effect=effect,
        value=value,
        against=against,
        residual_variance=parts.residual_variance[0],
        weight_square=parts.weight_square[0],
        robustness=robustness,
        robustness_limit=limit,
        bounds=tuple(_bound(scores, about, parts, one, against) for one in strengths),
        reading=_reading(about, effect, scores.question, against, robustness, limit),
        notes=parts.notes,
    )


def bias_contours(
    result: OmittedBias, *, outcome: Sequence[float], treatment: Sequence[float]
) -> BiasContours:
    """Return the bound nearer to `against` on a grid of strengths.

    Parameters
    ----------
    result : OmittedBias
        The effect.
    outcome, treatment : sequence of float
        Shares explained, from 0 to below 1.

    Returns
    -------
    BiasContours
        At a correlation of 1.
    """
    sign = math.copysign(1.0, result.effect.estimate - result.against)

    def bound(y: float, d: float) -> float:
        factor = Strength(label="grid", outcome=y, treatment=d).factor
        return result.effect.estimate - sign * factor * result.scale

    return BiasContours(
        outcome=tuple(outcome),
        treatment=tuple(treatment),
        bound=tuple(tuple(bound(y, d) for d in treatment) for y in outcome),
        against=result.against,
        effect=result.effect.estimate,
    )


def _value(scores: Scores, about: Whom, mean: float, influence: FloatArray) -> Estimate:
    """Return the gain per person of all from the mean gain of the treated."""
    all_weight = scores.weight / float(scores.weight.sum())
    moved = about.share * influence + mean * all_weight * (about.treat - about.share)
    return about.estimate(about.share * mean, moved)


def _bound(
    scores: Scores, about: Whom, parts: BiasParts, strength: Strength, against: float
) -> BiasBound:
    bias, slope = parts.bias(strength.factor)
    mean, influence = parts.effect
    ends = [(mean + sign * bias, influence + sign * slope) for sign in (-1.0, 1.0)]
    lower, upper = (about.estimate(*end) for end in ends)
    values = [_value(scores, about, end - against, moved) for end, moved in ends]
    return BiasBound(
        strength=strength,
        bias=bias,
        lower=lower,
        upper=upper,
        value_lower=values[0],
        value_upper=values[1],
    )


def _robustness(about: Whom, parts: BiasParts, against: float) -> tuple[float, float]:
    """Return the equal shares at which the bound, and its limit, reach `against`."""
    mean, influence = parts.effect
    sign = math.copysign(1.0, mean - against)
    distance = abs(mean - against)
    unit, slope = parts.bias(1.0)
    if distance == 0.0:
        return 0.0, 0.0
    if unit == 0.0:
        return MOST_EXPLAINED, MOST_EXPLAINED
    square = (distance / unit) ** 2
    # The root of r^2 / (1 - r) = square, in a form that does not cancel.
    value = 2.0 * square / (square + math.sqrt(square**2 + 4.0 * square))
    z = float(special.ndtri(0.5 + about.level / 200.0))

    def left(share: float) -> float:
        factor = share / math.sqrt(1.0 - share)
        moved = sign * influence - factor * slope
        return distance - factor * unit - z * about.estimate(0.0, moved).se

    if left(0.0) <= 0.0:
        return value, 0.0
    return value, float(optimize.brentq(left, 0.0, min(value, MOST_EXPLAINED)))


def _reading(
    about: Whom,
    effect: Estimate,
    question: SelectionQuestion,
    against: float,
    robustness: float,
    limit: float,
) -> str:
    goal = "0" if against == 0.0 else amount(against, question)
    tail = (
        f"its interval holds {goal} already"
        if limit == 0.0
        else f"{100.0 * limit:.1f}% would bring its interval there"
    )
    return (
        f"The effect in {about.label} is {found(effect, question)}: a hidden variable that "
        f"explained {100.0 * robustness:.1f}% of what covariates leave of both treatment and "
        f"outcome would bring it to {goal}; {tail}."
    )
