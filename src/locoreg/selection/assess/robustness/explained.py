"""Whether hidden bias of a given size would explain a finding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from numpy.typing import ArrayLike

from locoreg.core.estimate import Estimate
from locoreg.selection.assess.robustness.biasparts import bias_parts
from locoreg.selection.assess.robustness.hidden import (
    HiddenConfounder,
    hidden_effect,
)
from locoreg.selection.assess.robustness.whom import Whom, amount, found, whom
from locoreg.selection.scores import Scores

Explanation = Literal["explains", "does not explain", "nothing to explain"]
EXPLANATIONS: tuple[Explanation, ...] = get_args(Explanation)


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
