"""Whether hidden bias of a given size would explain a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from numpy.typing import ArrayLike
from scipy import optimize

from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.selection.assess.robustness.biasparts import bias_parts
from locoreg.selection.assess.robustness.hidden import (
    BinaryConfounder,
    HiddenConfounder,
    hidden_effect,
)
from locoreg.selection.assess.robustness.whom import Whom, amount, found, whom
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores

if TYPE_CHECKING:
    import pandas as pd

Explanation = Literal["explains", "does not explain", "nothing to explain"]
EXPLANATIONS: tuple[Explanation, ...] = get_args(Explanation)
# A confounder that multiplies the hazard by more is none that a clinician would overlook.
LARGEST_RATIO = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenBias:
    """A finding beside the bias of a hidden confounder.

    Attributes
    ----------
    label : str
        Whose effect.
    confounder : dict
        The confounder.
    effect : Estimate
        What was found, if nothing is hidden.
    against : float
        What the effect is compared with.
    bias : float
        What the confounder adds to the true effect.
    adjusted : Estimate
        The effect less the bias, with the same error.
    verdict : {"explains", "does not explain", "nothing to explain"}
        explains: the interval of the effect leaves `against` out, and that of the adjusted effect
        holds it, or lies on its other side. nothing to explain: the interval holds it at once.
    outcome, treatment : float
        Its strength as in ``Strength``: share of the residual variance of the outcome, and of the
        mean square of the inverse probabilities of treatment.
    correlation : float
        Correlation of both parts, signed: that of the bias.
    reading : str
        A statement with its numbers.
    """

    label: str
    confounder: dict[str, Any]
    effect: Estimate
    against: float
    bias: float
    adjusted: Estimate
    verdict: Explanation
    outcome: float
    treatment: float
    correlation: float
    reading: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "effect": self.effect.to_dict(),
            "adjusted": self.adjusted.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingConfounder:
    """How strongly a confounder with given prevalences must act on the hazard.

    Attributes
    ----------
    prevalence_treated, prevalence_comparator : float
        Share of each arm that has it.
    for_estimate, for_limit : float or None
        Hazard ratio at which the effect, and the limit of its interval, are `against`; None where
        no ratio from 1/100 to 100 is enough. 1 for the limit where the interval holds it at once.
    """

    prevalence_treated: float
    prevalence_comparator: float
    for_estimate: float | None
    for_limit: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the point as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingConfounders:
    """What hidden confounders would explain an effect.

    Attributes
    ----------
    label : str
        Whose effect.
    effect : Estimate
        What was found.
    against : float
        What it is compared with.
    points : tuple of TippingConfounder
        One per pair of prevalences.
    reading : str
        A statement per pair, one after the other.
    """

    label: str
    effect: Estimate
    against: float
    points: tuple[TippingConfounder, ...]
    reading: str

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "label": self.label,
            "effect": self.effect.to_dict(),
            "against": self.against,
            "points": [point.to_dict() for point in self.points],
            "reading": self.reading,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair of prevalences; NaN where no ratio is enough."""
        rows = [point.to_dict() for point in self.points]
        names = TippingConfounder.__slots__
        return frame({n: [math.nan if row[n] is None else row[n] for row in rows] for n in names})


def explains(
    scores: Scores,
    confounder: HiddenConfounder,
    *,
    treat: ArrayLike | None = None,
    against: float = 0.0,
) -> HiddenBias:
    """Tell whether a hidden confounder of a given size would explain an average effect.

    Parameters
    ----------
    scores : Scores
        The scores.
    confounder : HiddenConfounder
        ``BinaryConfounder`` or ``NormalConfounder``.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats; everybody by default.
    against : float
        What the effect is compared with, in its unit.

    Returns
    -------
    HiddenBias
        The bias, the effect without it, and the verdict. The bias is that of a model without
        sampling error: the error of the adjusted effect is that of the effect.

    References
    ----------
    Lin, Psaty & Kronmal 1998, doi:10.2307/2533848, for the approach; here hazards are proportional
    given the confounder and the outcome may be common.
    """
    about = whom(scores, treat)
    parts = bias_parts(scores, about)
    effect = about.estimate(*parts.effect)
    made = hidden_effect(scores, confounder)
    bias = about.mean(made.bias)[0]
    adjusted = _less(effect, bias)
    with_it, without = about.mean(made.weight_square)[0], about.mean(made.weight_without)[0]
    spread = about.mean(made.outcome_square)[0]
    largest = math.sqrt(max(spread * (with_it - without), 0.0))
    verdict = _verdict(effect, adjusted, against)
    variance = parts.residual_variance[0]
    return HiddenBias(
        label=about.label,
        confounder=confounder.to_dict(),
        effect=effect,
        against=against,
        bias=bias,
        adjusted=adjusted,
        verdict=verdict,
        outcome=spread / variance if variance > 0.0 else 0.0,
        treatment=max(1.0 - without / with_it, 0.0),
        correlation=bias / largest if largest > 0.0 else 0.0,
        reading=_reading(
            about, confounder, scores, effect, bias=bias, adjusted=adjusted, verdict=verdict,
            against=against,
        ),
    )  # fmt: skip


def tipping_confounders(
    scores: Scores,
    *,
    prevalences: Sequence[tuple[float, float]],
    treat: ArrayLike | None = None,
    against: float = 0.0,
) -> TippingConfounders:
    """Return what a hidden confounder must do to the hazard to explain an average effect.

    Parameters
    ----------
    scores : Scores
        The scores.
    prevalences : sequence of (float, float)
        Shares of the treated, and of the others, that have the confounder.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats; everybody by default.
    against : float
        What the effect is compared with, in its unit.

    Returns
    -------
    TippingConfounders
        Hazard ratios at which the effect, and the limit of its interval, are `against`.
    """
    about = whom(scores, treat)
    effect = about.estimate(*about.mean(scores.gamma))
    limit = _near_limit(effect, against)
    points = []
    for p1, p0 in prevalences:
        points.append(
            TippingConfounder(
                prevalence_treated=p1,
                prevalence_comparator=p0,
                for_estimate=_needed(scores, about, p1, p0, effect.estimate - against),
                for_limit=1.0
                if limit == against
                else _needed(scores, about, p1, p0, limit - against),
            )
        )
    return TippingConfounders(
        label=about.label,
        effect=effect,
        against=against,
        points=tuple(points),
        reading=_statements(about, effect, scores.question, points, against),
    )


def _near_limit(effect: Estimate, against: float) -> float:
    """Return the limit nearer to `against`; `against` itself where the interval holds it."""
    if effect.ci_low <= against <= effect.ci_high:
        return against
    return effect.ci_low if effect.estimate > against else effect.ci_high


def _needed(scores: Scores, about: Whom, p1: float, p0: float, goal: float) -> float | None:
    """Return the hazard ratio whose bias is `goal`, on the side of 1 whose bias has its sign."""

    def left(log_ratio: float) -> float:
        one = BinaryConfounder(
            prevalence_treated=p1, prevalence_comparator=p0, hazard_ratio=math.exp(log_ratio)
        )
        return about.mean(hidden_effect(scores, one).bias)[0] - goal

    # More of a harmful confounder in the comparator makes treatment look good.
    end = math.log(LARGEST_RATIO) * math.copysign(1.0, (p0 - p1) * goal)
    if p0 == p1 or left(0.0) * left(end) > 0.0:
        return None
    return math.exp(float(optimize.brentq(left, 0.0, end, xtol=1e-6)))


def _less(effect: Estimate, bias: float) -> Estimate:
    return Estimate(
        estimate=effect.estimate - bias,
        se=effect.se,
        ci_low=effect.ci_low - bias,
        ci_high=effect.ci_high - bias,
        level=effect.level,
        scale="identity",
    )


def _verdict(effect: Estimate, adjusted: Estimate, against: float) -> Explanation:
    if effect.ci_low <= against <= effect.ci_high:
        return "nothing to explain"
    if effect.ci_low > against:
        return "explains" if adjusted.ci_low <= against else "does not explain"
    return "explains" if adjusted.ci_high >= against else "does not explain"


def _reading(
    about: Whom,
    confounder: HiddenConfounder,
    scores: Scores,
    effect: Estimate,
    *,
    bias: float,
    adjusted: Estimate,
    verdict: Explanation,
    against: float,
) -> str:
    question = scores.question
    goal = "0" if against == 0.0 else amount(against, question)
    ends = {
        "explains": "hidden bias of this size would explain the finding.",
        "does not explain": "hidden bias of this size would not explain the finding.",
        "nothing to explain": f"the interval holds {goal} already, with nothing hidden.",
    }
    propensity = about.mean(scores.propensity)[0]
    return (
        f"{confounder.words(propensity)} would by itself make a difference of "
        f"{amount(bias, question)}. In {about.label} {found(effect, question)} was found; less "
        f"this bias it is {found(adjusted, question)}: {ends[verdict]}"
    )


def _statements(
    about: Whom,
    effect: Estimate,
    question: SelectionQuestion,
    points: Sequence[TippingConfounder],
    against: float,
) -> str:
    goal = "no effect" if against == 0.0 else amount(against, question)
    lines = [f"The effect in {about.label} is {found(effect, question)}."]
    for p in points:
        who = (
            f"a hidden confounder that {100.0 * p.prevalence_treated:.0f}% of the treated and "
            f"{100.0 * p.prevalence_comparator:.0f}% of the others have"
        )
        if p.for_estimate is None:
            lines.append(f"No effect on the hazard would let {who} move it to {goal}.")
            continue
        tail = "" if p.for_limit is None else f" ({decimal_text(p.for_limit)} for its interval)"
        lines.append(
            f"If {who} multiplied the hazard by {decimal_text(p.for_estimate)}{tail}, that would "
            f"move it to {goal}."
        )
    return " ".join(lines)
