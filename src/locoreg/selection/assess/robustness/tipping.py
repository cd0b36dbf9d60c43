"""What a hidden confounder must do to the hazard to explain a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.selection.assess.robustness.hidden import BinaryConfounder, MeanTable
from locoreg.selection.assess.robustness.whom import Whom, amount, found, whom
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

# A confounder that multiplies the hazard by more is none that a clinician would overlook.
LARGEST_RATIO = 100.0
# Mean outcomes within a bin differ by so little that the confounder acts alike on them.
BINS = 1000


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
        Hazard ratios at which the effect, and the limit of its interval, are `against`. The bias is
        that of `explains`, with mean outcomes in 1,000 bins by their quantiles.
    """
    about = whom(scores, treat)
    effect = about.estimate(*about.mean(scores.gamma))
    limit = _near_limit(effect, against)
    binned = _Binned.of(scores, about)
    points = []
    for p1, p0 in prevalences:
        points.append(
            TippingConfounder(
                prevalence_treated=p1,
                prevalence_comparator=p0,
                for_estimate=_needed(binned, p1, p0, effect.estimate - against),
                for_limit=1.0 if limit == against else _needed(binned, p1, p0, limit - against),
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Binned:
    """Mean outcomes of persons in bins, per option.

    Each option has the mean of its bins, their weight, and the weight times the probability of
    treatment. `scale` is the horizon of a restricted mean.
    """

    bins: tuple[tuple[FloatArray, FloatArray, FloatArray], ...]
    restricted: bool
    scale: float

    @classmethod
    def of(cls, scores: Scores, about: Whom) -> _Binned:
        restricted = scores.question.measure == "rmst_difference"
        scale = scores.question.horizon_months if restricted else 1.0
        rows = np.flatnonzero(about.weight > 0.0)
        weight, e = about.weight[rows], scores.propensity[rows]
        made: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        for mean in (scores.comparator_mean[rows], scores.treated_mean[rows]):
            edges = np.unique(np.quantile(mean, np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
            code = np.searchsorted(edges, mean, side="left")
            total, sums, moved = (
                np.bincount(code, weights=one).astype(np.float64)
                for one in (weight, weight * mean, weight * e)
            )
            used = total > 0.0
            made.append((sums[used] / total[used] / scale, total[used], moved[used]))
        return cls(bins=tuple(made), restricted=restricted, scale=scale)

    def bias(self, confounder: BinaryConfounder) -> float:
        """Return the mean bias."""
        law = confounder.law(0.5)
        table = MeanTable.of(law.hazard_ratio, self.restricted)
        out = 0.0
        for arm, (mean, weight, moved) in enumerate(self.bins):
            share = law.treated if arm == 1 else law.comparator
            by_value = table.means_by_value(mean, share)
            seen = float(weight @ (by_value @ share))
            causal = float(weight @ (by_value @ law.comparator))
            causal += float(moved @ (by_value @ (law.treated - law.comparator)))
            out += (seen - causal) if arm == 1 else (causal - seen)
        return self.scale * out


def _needed(binned: _Binned, p1: float, p0: float, goal: float) -> float | None:
    """Return the hazard ratio whose bias is `goal`, on the side of 1 whose bias has its sign."""

    def left(log_ratio: float) -> float:
        one = BinaryConfounder(
            prevalence_treated=p1, prevalence_comparator=p0, hazard_ratio=math.exp(log_ratio)
        )
        return binned.bias(one) - goal

    # More of a harmful confounder in the comparator makes treatment look good.
    end = math.log(LARGEST_RATIO) * math.copysign(1.0, (p0 - p1) * goal)
    if p0 == p1 or left(0.0) * left(end) > 0.0:
        return None
    return math.exp(float(optimize.brentq(left, 0.0, end, xtol=1e-6)))


def _statements(
    about: Whom,
    effect: Estimate,
    question: SelectionQuestion,
    points: Sequence[TippingConfounder],
    against: float,
) -> str:
    goal = "0" if against == 0.0 else amount(against, question)
    lines = [f"The effect in {about.label} is {found(effect, question)}."]
    for p in points:
        who = (
            f"a hidden confounder that {100.0 * p.prevalence_treated:.0f}% of the treated and "
            f"{100.0 * p.prevalence_comparator:.0f}% of the others have"
        )
        if p.for_estimate is None:
            lines.append(
                f"{who[:1].upper()}{who[1:]} could not move it to {goal}, however it acted on the "
                "hazard."
            )
            continue
        tail = "" if p.for_limit is None else f" ({decimal_text(p.for_limit)} for its interval)"
        lines.append(
            f"If {who} multiplied the hazard by {decimal_text(p.for_estimate)}{tail}, that would "
            f"move it to {goal}."
        )
    return " ".join(lines)
