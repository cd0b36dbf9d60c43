"""What an assessment does."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.selection.assess.heldout import TRAINING_SCORES, TrainingScores
from locoreg.stats.rankweighted import TARGETS, Target
from locoreg.stats.studies import check_option

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOptions:
    """Options of an assessment. The level of intervals is that of the question.

    Attributes
    ----------
    cost : float
        What treatment must gain to be worth it, in the unit of the effect: the rule whose value is
        estimated treats where the predicted effect exceeds it.
    groups : int
        Groups by quantiles of the predicted effect.
    seed : int
        Seed of the fits and of joint limits.
    primary : {"autoc", "qini"}
        The statistic of the one primary test.
    costs : tuple of float
        Costs of the value curve, ascending; empty: `cost` alone.
    shares : tuple of float
        Shares of persons at which the targeting curve is shown, ascending, the last is 1.
    training : {"shared", "anew"}
        Scores of training sets: see `crossfit`.
    repeats : int
        Cross-fits with folds drawn anew; estimates are medians over them (Chernozhukov 2018,
        doi:10.1111/ectj.12097), the p-value is twice the median one.
    relevant_difference : float or None
        Difference of the effect between two halves of the persons that would matter. With it the
        assessment warns where the persons are too few to find it.
    replicates : int
        Draws of joint critical values.
    """

    cost: float
    groups: int
    seed: int
    primary: Target = "autoc"
    costs: tuple[float, ...] = ()
    shares: tuple[float, ...] = SHARES
    training: TrainingScores = "shared"
    repeats: int = 1
    relevant_difference: float | None = None
    replicates: int = 10_000

    def __post_init__(self) -> None:
        check_option("primary", self.primary, TARGETS)
        check_option("training", self.training, TRAINING_SCORES)
        for cost in (self.cost, *self.costs):
            if not math.isfinite(cost):
                raise DesignError(f"a cost is {cost}.", hint="give numbers in the unit of effect.")
        if any(b <= a for a, b in pairwise(self.costs)):
            raise DesignError(f"costs are {self.costs}.", hint="give them ascending, each once.")
        rising = all(a < b for a, b in pairwise(self.shares))
        if not self.shares or not rising or self.shares[0] <= 0.0 or self.shares[-1] != 1.0:
            raise DesignError(
                f"shares are {self.shares}.", hint="give shares above 0, ascending, the last 1."
            )
        for name, least in (("groups", 2), ("repeats", 1), ("replicates", 100)):
            if getattr(self, name) < least:
                raise DesignError(f"{name} is {getattr(self, name)}.", hint=f"{least} or more.")
        if self.relevant_difference is not None and not 0.0 < self.relevant_difference < math.inf:
            raise DesignError(
                f"relevant_difference is {self.relevant_difference}.",
                hint="give a positive number.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
