"""Parts that say how it is asked who gains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from locoreg.emulation.protocol.base import Count, Number, Part, Text
from locoreg.emulation.protocol.faults import Fault


class LearnerChoice(Part):
    """A learner of effects by name with its options.

    Attributes
    ----------
    name : str
        Its name.
    options : dict
        Its options by name.
    """

    name: Text
    options: dict[str, Any] = Field(default_factory=dict)


class RuleChoice(Part):
    """The rule that is looked for.

    Attributes
    ----------
    depth : int
        Most splits from the root to a leaf.
    variables : tuple of str
        Variables that the rule may use; the modifiers by default.
    cut_points : dict
        Clinical cut-points by variable; quantiles for others.
    monotone : dict
        Variables of which more may only turn treatment on (increasing) or off (decreasing).
    min_persons, min_treated, min_comparator : int, optional
        Least persons of a leaf, and of them treated and not treated.
    max_share : float, optional
        Largest share of the persons whom the rule may treat.
    """

    depth: Count = Field(ge=1, le=3)
    variables: tuple[Text, ...] = ()
    cut_points: dict[str, tuple[Number, ...]] = Field(default_factory=dict)
    monotone: dict[str, Literal["increasing", "decreasing"]] = Field(default_factory=dict)
    min_persons: Count | None = Field(default=None, ge=1)
    min_treated: Count | None = Field(default=None, ge=1)
    min_comparator: Count | None = Field(default=None, ge=1)
    max_share: Number | None = Field(default=None, gt=0, le=1)


class HiddenChoice(Part):
    """A hidden confounder of a given size: of two kinds, each with its own keys.

    Attributes
    ----------
    prevalence_treated, prevalence_comparator, hazard_ratio : float, optional
        A feature that some have: its share in both groups, and what it does to the hazard.
    log_odds, log_hazard_ratio : float, optional
        A normal score: per standard deviation, what it does to the odds of treatment and to the
        hazard.
    """

    prevalence_treated: Number | None = Field(default=None, ge=0, le=1)
    prevalence_comparator: Number | None = Field(default=None, ge=0, le=1)
    hazard_ratio: Number | None = Field(default=None, gt=0)
    log_odds: Number | None = None
    log_hazard_ratio: Number | None = None

    def faults(self) -> Iterator[Fault]:
        """Return keys that are missing or of the other kind."""
        binary = ("prevalence_treated", "prevalence_comparator", "hazard_ratio")
        normal = ("log_odds", "log_hazard_ratio")
        given = {name for name in (*binary, *normal) if getattr(self, name) is not None}
        if given not in (set(binary), set(normal)):
            yield Fault(
                path=(),
                message=f"has the keys {', '.join(sorted(given)) or 'none'}",
                hint=f"give {', '.join(binary)}; or {' and '.join(normal)}.",
            )


class Selection(Part):
    """Who gains: the effect by covariates among persons at a landmark.

    Attributes
    ----------
    cohort : {"landmark", "clones"}
        Persons at the landmark. Clones are refused: a clone has no probability of treatment given
        covariates, which the scores need.
    measure : {"rmst_difference", "survival_difference"}
        The effect: of the mean time up to the horizon, or of the probability to be free of the
        outcome there.
    landmark_months : float
        The landmark: treated are those treated up to and including it; 0 for treatment at time
        zero.
    histories_at : {"time_zero", "landmark"}, optional
        As of when confounders that change over time count.
    cost : float
        What treatment must gain to be worth it: months, or a difference of probabilities.
    costs : tuple of float
        Other costs, for the curve of values.
    modifiers : tuple of str
        Variables by which the effect may differ; by default all confounders.
    ordered : tuple of str
        Categories whose levels are in order: they are coded by rank.
    site : str, optional
        Variable with the hospital, for assessments that leave one out.
    learner : LearnerChoice
        What learns the effect.
    rule : RuleChoice
        The rule that is looked for.
    groups : int
        Groups by quantiles of the predicted effect.
    like : tuple of str
        Confounders with which a hidden one is compared.
    hidden : tuple of HiddenChoice
        Hidden confounders of a given size: would they explain the effect?
    odds_factors : tuple of float
        Factors by which the odds of treatment may be wrong.
    widest_ratio : float
        Ratio of hazard ratios that the comparison with the trials must be able to tell from
        chance; where it can't, the comparison tells nothing.
    halves : int
        Halves of the persons on which the rule is found again.
    folds : int
        Folds of cross-fitting.
    seed : int
        Seed of everything that draws.
    """

    cohort: Literal["landmark", "clones"] = "landmark"
    measure: Literal["rmst_difference", "survival_difference"]
    landmark_months: Number = Field(ge=0)
    histories_at: Literal["time_zero", "landmark"] | None = None
    cost: Number
    costs: tuple[Number, ...] = ()
    modifiers: tuple[Text, ...] = ()
    ordered: tuple[Text, ...] = ()
    site: Text | None = None
    learner: LearnerChoice = LearnerChoice(name="stack")
    rule: RuleChoice
    groups: Count = Field(default=5, ge=2, le=20)
    like: tuple[Text, ...] = ()
    hidden: tuple[HiddenChoice, ...] = ()
    odds_factors: tuple[Number, ...] = (1.0, 1.25, 1.5, 2.0, 3.0)
    widest_ratio: Number = Field(default=2.0, gt=1)
    halves: Count = Field(default=100, ge=10)
    folds: Count = Field(default=5, ge=3, le=20)
    seed: Count = Field(ge=0)

    def faults(self) -> Iterator[Fault]:
        """Return a cohort that can't be used."""
        if self.cohort == "clones":
            yield Fault(
                path=("cohort",),
                message="clones can't be used: each person is in both arms until its data "
                "contradict one, so that there is no probability of treatment given covariates",
                hint="take landmark, with the end of the grace period as landmark_months.",
            )

    @property
    def variables(self) -> tuple[str, ...]:
        """Variables that are read for the selection."""
        return tuple(dict.fromkeys([*self.modifiers, *([self.site] if self.site else [])]))
