"""How it is asked who gains, in the words of a protocol or by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.protocol.parts import HiddenChoice, RuleChoice, Selection
from locoreg.selection.assess import AssessOptions
from locoreg.selection.assess.robustness import BinaryConfounder, NormalConfounder
from locoreg.selection.learners import Learner, make_learner
from locoreg.selection.rules import RuleOptions
from locoreg.selection.scores import ScoreOptions

# Draws for joint limits.
REPLICATES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPlan:
    """How it is asked who gains.

    Attributes
    ----------
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    seed : int
        Seed of everything that draws.
    rule : RuleOptions
        The rule that is looked for.
    learner : str
        Name of the learner of effects.
    learner_options : mapping
        Its options.
    costs : tuple of float
        Other costs, for the curve of values.
    groups : int
        Groups by quantiles of the predicted effect.
    folds : int
        Folds of cross-fitting.
    like : tuple of str
        Covariates with which a hidden confounder is compared.
    hidden : tuple of BinaryConfounder or NormalConfounder
        Hidden confounders of a given size.
    odds_factors : tuple of float
        Factors by which the odds of treatment may be wrong. The middle one of those above 1 is
        that of the range for one patient.
    widest_ratio : float
        Ratio of hazard ratios that the comparison with trials must be able to tell from chance.
    halves : int
        Halves of the persons on which the rule is found again.
    jobs : int
        Threads.
    """

    cost: float
    seed: int
    rule: RuleOptions
    learner: str = "stack"
    learner_options: Mapping[str, Any] = field(default_factory=dict)
    costs: tuple[float, ...] = ()
    groups: int = 5
    folds: int = 5
    like: tuple[str, ...] = ()
    hidden: tuple[BinaryConfounder | NormalConfounder, ...] = ()
    odds_factors: tuple[float, ...] = (1.0, 1.25, 1.5, 2.0, 3.0)
    widest_ratio: float = 2.0
    halves: int = 100
    jobs: int = 2

    def __post_init__(self) -> None:
        # What can't be made is refused now, not after the scores are made.
        self.make_learner()
        self.scores()
        self.assessment()

    @property
    def patient_factor(self) -> float | None:
        """Factor of the range shown for one patient: the middle one of those above 1.

        Of an even number the lower of the two in the middle; None where none is above 1.
        """
        above = sorted({one for one in self.odds_factors if one > 1.0})
        return above[(len(above) - 1) // 2] if above else None

    def make_learner(self) -> Learner:
        """Return the learner."""
        return make_learner(self.learner, dict(self.learner_options))

    def scores(self) -> ScoreOptions:
        """Return how scores are made."""
        return ScoreOptions(seed=self.seed, folds=self.folds, jobs=self.jobs)

    def assessment(self) -> AssessOptions:
        """Return how effects are assessed."""
        return AssessOptions(
            cost=self.cost,
            groups=self.groups,
            seed=self.seed,
            costs=tuple(sorted({self.cost, *self.costs})),
            replicates=REPLICATES,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values."""
        return {
            "cost": self.cost,
            "costs": list(self.costs),
            "groups": self.groups,
            "folds": self.folds,
            "seed": self.seed,
            "learner": self.learner,
            "learner_options": dict(self.learner_options),
            "rule": self.rule.to_dict(),
            "like": list(self.like),
            "hidden": [one.to_dict() for one in self.hidden],
            "odds_factors": list(self.odds_factors),
            "widest_ratio": self.widest_ratio,
            "halves": self.halves,
        }


def selection_of(protocol: TrialProtocol) -> Selection:
    """Return a protocol's part on selection; DesignError if there is none."""
    if protocol.selection is None:
        raise DesignError(
            "the protocol has no part selection, which says how it is asked who gains.",
            hint="see the example select-primary-surgery: locoreg protocol show.",
        )
    return protocol.selection


def plan_of(protocol: TrialProtocol, *, jobs: int) -> SelectionPlan:
    """Return the plan of a protocol.

    Parameters
    ----------
    protocol : TrialProtocol
        With its part on selection.
    jobs : int
        Threads.

    Returns
    -------
    SelectionPlan
        The plan.
    """
    chosen = selection_of(protocol)
    return SelectionPlan(
        cost=chosen.cost,
        seed=chosen.seed,
        rule=_rule(chosen.rule, chosen, jobs),
        learner=chosen.learner.name,
        learner_options=chosen.learner.options,
        costs=chosen.costs,
        groups=chosen.groups,
        folds=chosen.folds,
        like=chosen.like,
        hidden=tuple(_hidden(one) for one in chosen.hidden),
        odds_factors=chosen.odds_factors,
        widest_ratio=chosen.widest_ratio,
        halves=chosen.halves,
        jobs=jobs,
    )


def _rule(given: RuleChoice, chosen: Selection, jobs: int) -> RuleOptions:
    least = {
        name: value
        for name in ("min_persons", "min_treated", "min_comparator", "max_share")
        if (value := getattr(given, name)) is not None
    }
    return RuleOptions(
        cost=chosen.cost,
        seed=chosen.seed,
        jobs=jobs,
        depth=given.depth,
        variables=given.variables or None,
        cut_points=given.cut_points,
        monotone=given.monotone,
        **least,
    )


def _hidden(given: HiddenChoice) -> BinaryConfounder | NormalConfounder:
    if given.hazard_ratio is not None:
        assert given.prevalence_treated is not None
        assert given.prevalence_comparator is not None
        return BinaryConfounder(
            prevalence_treated=given.prevalence_treated,
            prevalence_comparator=given.prevalence_comparator,
            hazard_ratio=given.hazard_ratio,
        )
    assert given.log_odds is not None
    assert given.log_hazard_ratio is not None
    return NormalConfounder(log_odds=given.log_odds, log_hazard_ratio=given.log_hazard_ratio)
