"""What finding rules in this way gains, on persons that no rule saw; and whether to give one."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text
from locoreg.selection.assess.policy import policy_value
from locoreg.selection.assess.results import GroupEffects, PolicyValue
from locoreg.selection.rules.fit import fit_rule
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.rules.rule import Rule, treated_text
from locoreg.selection.rules.sides import side_effects
from locoreg.selection.scores.result import Scores
from locoreg.stats.rankweighted import estimate_of, weighted_mean
from locoreg.stats.survivaldata import BoolArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRule:
    """The rule of all folds but one.

    Attributes
    ----------
    fold : int
        The fold left out.
    persons : int
        Persons in it.
    variables : tuple of str
        What the rule asks for.
    treats : str
        Whom it treats, in words.
    share : float
        Share of the fold that it treats, weighted.
    otherwise : str
        The better of treating everybody and nobody, on the other folds.
    """

    fold: int
    persons: int
    variables: tuple[str, ...]
    treats: str
    share: float
    otherwise: str

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-ready values."""
        return {**asdict(self), "variables": list(self.variables)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One-sided test that a statistic of rules is above 0, by sequential folds.

    Attributes
    ----------
    name : str
        What is tested.
    statistic, p : float
        Sum of the folds' statistics over the root of their number, and its p-value.
    folds : tuple of float
        Statistic of each fold after the first; 0 where the rule is the same for everybody.
    """

    name: str
    statistic: float
    p: float
    folds: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {**asdict(self), "folds": list(self.folds)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleAssessment:
    """Held-out worth of rules found in this way.

    Attributes
    ----------
    options : RuleOptions
        How they are found.
    value : PolicyValue
        Each person decided by the rule of the other folds, against nobody and everybody treated.
    gain : Estimate
        Gain per person over the better of treating everybody and nobody, chosen on the other folds.
    p_better : float
        One-sided p-value that it beats both: the larger of the two.
    heterogeneity : RuleTest
        Whether those whom rules treat gain more by treatment than the others.
    heterogeneity_p : float
        The p-value that was decided with: of another test where one was given.
    sides : GroupEffects or None
        Effects in those treated and not treated by the rules of the other folds. None where one
        of the two is too small.
    folds : tuple of FoldRule
        The rules.
    given : bool
        Whether the data support a rule.
    reasons : tuple of str
        Why not; empty where they do.
    unit : str
        Unit of the effect.
    treats : ndarray of bool, shape (n,)
        Each person's decision by the rule of the other folds. It is no part of `to_dict`.
    """

    options: RuleOptions
    value: PolicyValue
    gain: Estimate
    p_better: float
    heterogeneity: RuleTest
    heterogeneity_p: float
    sides: GroupEffects | None
    folds: tuple[FoldRule, ...]
    given: bool
    reasons: tuple[str, ...]
    unit: str
    treats: BoolArray

    def to_dict(self) -> dict[str, Any]:
        """Return the assessment as JSON-ready values."""
        return {
            "options": self.options.to_dict(),
            "value": self.value.to_dict(),
            "gain": self.gain.to_dict(),
            "p_better": self.p_better,
            "heterogeneity": self.heterogeneity.to_dict(),
            "heterogeneity_p": self.heterogeneity_p,
            "sides": None if self.sides is None else self.sides.to_dict(),
            "folds": [fold.to_dict() for fold in self.folds],
            "given": self.given,
            "reasons": list(self.reasons),
            "unit": self.unit,
        }

    def text(self) -> str:
        """Return the verdict and its numbers in lines."""
        verdict = "The data support a rule." if self.given else "No rule."
        return "\n".join(
            [
                " ".join([verdict, *self.reasons]),
                f"Held-out gain per person over the better of all and none: {self.gain.text()} "
                f"{self.unit}; over treating nobody {self.value.against_none.text()}, over "
                f"treating everybody {self.value.against_all.text()}.",
                f"Rules treat {self.value.share_treated:.0%}. Effects differ between those they "
                f"treat and the others: {p_text(self.heterogeneity_p)}.",
            ]
        )


def rule_value(
    scores: Scores, options: RuleOptions, *, heterogeneity_p: float | None = None
) -> RuleAssessment:
    """Estimate what rules found in this way gain, and judge whether the data support one.

    Each person is decided by the rule of the other folds. A rule is given only if the lower limit
    of the gain over the better of treating everybody and nobody is above 0, and a test rejects
    that effects are the same for all. The test goes through the folds in order, with rules of the
    folds before, so that its parts are uncorrelated if effects are the same.

    Parameters
    ----------
    scores : Scores
        The scores, with the folds that are used.
    options : RuleOptions
        As for `fit_rule`.
    heterogeneity_p : float, optional
        P-value of another one-sided test that effects differ, chosen before as the primary one
        (such as that of `assess`), to decide with.

    Returns
    -------
    RuleAssessment
        Value, tests and verdict at the level of the question.

    Raises
    ------
    DesignError
        If there is one fold only, or an option can't be used.
    """
    if heterogeneity_p is not None and not 0.0 <= heterogeneity_p <= 1.0:
        raise DesignError(f"heterogeneity_p is {heterogeneity_p}.", hint="give a p-value.")
    _, fold = np.unique(scores.fold, return_inverse=True)
    if fold.max() < 1:
        raise DesignError("there is one fold only.", hint="make scores with two or more folds.")
    plain = replace(options, near_optimal=0)
    level = scores.question.level
    treats, everybody, rules = _decided(scores, fold, plain)
    value = policy_value(
        scores, treats, cost=options.cost, label="rules of the other folds", level=level
    )
    gain = weighted_mean(
        (treats.astype(np.float64) - everybody) * (scores.gamma - options.cost),
        level=level,
        weight=scores.data.weight,
        cluster=scores.cluster,
    )
    test = _sequential(scores, fold, plain)
    p = test.p if heterogeneity_p is None else heterogeneity_p
    reasons = _reasons(gain, p, treats, level, scores.question.unit)
    return RuleAssessment(
        options=options,
        value=value,
        gain=gain,
        p_better=max(_above(value.against_none), _above(value.against_all)),
        heterogeneity=test,
        heterogeneity_p=p,
        sides=side_effects(scores, treats, seed=options.seed),
        folds=rules,
        given=not reasons,
        reasons=reasons,
        unit=scores.question.unit,
        treats=treats,
    )


def _decided(
    scores: Scores, fold: IntArray, options: RuleOptions
) -> tuple[BoolArray, BoolArray, tuple[FoldRule, ...]]:
    """Return whom rules of the other folds treat, whether these treat everybody, and the rules."""
    treats, everybody = np.zeros((2, scores.n), dtype=np.bool_)
    rules = []
    for number in range(int(fold.max()) + 1):
        held = fold == number
        train = scores.take(np.flatnonzero(~held))
        rule = fit_rule(train, options)
        treats[held] = rule.treats(scores.X[held])
        everybody[held] = _all_better(train, options)
        w = scores.weight[held]
        rules.append(
            FoldRule(
                fold=number + 1,
                persons=int(held.sum()),
                variables=rule.variables,
                treats=treated_text(rule.tree, rule.coding),
                share=float(w[treats[held]].sum() / w.sum()),
                otherwise="everybody" if everybody[held][0] else "nobody",
            )
        )
    return treats, everybody, tuple(rules)


def _all_better(train: Scores, options: RuleOptions) -> bool:
    few = options.max_share is not None and options.max_share < 1.0
    return not few and float((train.weight * (train.gamma - options.cost)).sum()) > 0.0


def _sequential(scores: Scores, fold: IntArray, options: RuleOptions) -> RuleTest:
    statistics = []
    for number in range(1, int(fold.max()) + 1):
        rule = fit_rule(scores.take(np.flatnonzero(fold < number)), options)
        statistics.append(_contrast(scores.take(np.flatnonzero(fold == number)), rule))
    statistic = sum(statistics) / math.sqrt(len(statistics))
    return RuleTest(
        name="effect in those treated by rules of the folds before, less that in the others",
        statistic=statistic,
        p=float(special.ndtr(-statistic)),
        folds=tuple(statistics),
    )


def _contrast(held: Scores, rule: Rule) -> float:
    """Return the difference of mean scores between both sides, over its standard error."""
    treats = rule.treats(held.X)
    w = held.weight
    mass = np.where(treats, w[treats].sum(), w[~treats].sum())
    if treats.all() or not treats.any():
        return 0.0
    means = [float((w * held.gamma)[side].sum() / w[side].sum()) for side in (treats, ~treats)]
    own = np.where(treats, means[0], means[1])
    influence = np.where(treats, 1.0, -1.0) * w * (held.gamma - own) / mass
    difference = estimate_of(
        means[0] - means[1], influence, level=held.question.level, cluster=held.cluster
    )
    return difference.estimate / difference.se if difference.se > 0.0 else 0.0


def _above(estimate: Estimate) -> float:
    return float(special.ndtr(-estimate.estimate / estimate.se)) if estimate.se > 0.0 else 1.0


def _reasons(
    gain: Estimate, p: float, treats: BoolArray, level: float, unit: str
) -> tuple[str, ...]:
    if treats.all() or not treats.any():
        same = "everybody" if treats.all() else "nobody"
        return (f"The rules of all folds treat {same}.",)
    reasons = []
    if not gain.ci_low > 0.0:
        reasons.append(
            "The held-out gain over the better of treating everybody and nobody may be 0: its "
            f"lower limit is {decimal_text(gain.ci_low)} {unit}."
        )
    alpha = 1.0 - level / 100.0
    if not p < alpha:
        reasons.append(f"That effects are the same for all is not rejected: {p_text(p)}.")
    return tuple(reasons)
