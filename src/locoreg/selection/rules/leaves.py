"""Effects in the leaves of a rule, on persons that it was not learnt from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import range_text
from locoreg.selection.assess.policy import policy_value
from locoreg.selection.assess.results import PolicyValue
from locoreg.selection.rules.fit import fit_rule
from locoreg.selection.rules.options import RuleOptions
from locoreg.selection.rules.rule import Rule
from locoreg.selection.scores.result import Scores
from locoreg.stats.maxt import joint_critical_value
from locoreg.stats.rankweighted import estimate_of
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

# Share of the folds on which the tree is learnt; the rest tell its effects.
LEARN_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafEffect:
    """One leaf.

    Attributes
    ----------
    leaf : int
        Its number, from 1.
    text : str
        Who is in it, in words.
    treats : bool
        Whether the rule treats them.
    n, treated, comparator : int
        Persons; of them with and without treatment.
    share : float
        Their share, weighted.
    effective : float
        Persons of equal weight that would tell as much (Kish), with weights that account for who
        was treated.
    effect : Estimate
        Mean of the scores of the effect; NaN under 2 persons.
    band_low, band_high : float
        Limits that hold jointly over the leaves.
    treated_mean, comparator_mean : Estimate
        Mean outcome under each option.
    """

    leaf: int
    text: str
    treats: bool
    n: int
    treated: int
    comparator: int
    share: float
    effective: float
    effect: Estimate
    band_low: float
    band_high: float
    treated_mean: Estimate
    comparator_mean: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the leaf as JSON-ready values."""
        return {
            **asdict(self),
            "effect": self.effect.to_dict(),
            "treated_mean": self.treated_mean.to_dict(),
            "comparator_mean": self.comparator_mean.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafTable:
    """The leaves of a rule, on other persons than those of its training.

    Attributes
    ----------
    leaves : tuple of LeafEffect
        By number.
    learnt_on, persons : int
        Persons of the training, and those of the table.
    critical : float
        Factor of standard errors of the joint limits; NaN without any estimate.
    level : float
        Level in percent.
    unit : str
        Unit of effects and outcomes.
    notes : tuple of str
        Leaves without enough persons.
    """

    leaves: tuple[LeafEffect, ...]
    learnt_on: int
    persons: int
    critical: float
    level: float
    unit: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "leaves": [leaf.to_dict() for leaf in self.leaves],
            "learnt_on": self.learnt_on,
            "persons": self.persons,
            "critical": self.critical,
            "level": self.level,
            "unit": self.unit,
            "notes": list(self.notes),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per leaf."""
        rows = self.leaves
        plain = ("leaf", "text", "treats", "n", "treated", "comparator", "share", "effective")
        columns: dict[str, Any] = {name: [getattr(leaf, name) for leaf in rows] for name in plain}
        columns["effect"] = [leaf.effect.estimate for leaf in rows]
        columns["ci_low"] = [leaf.effect.ci_low for leaf in rows]
        columns["ci_high"] = [leaf.effect.ci_high for leaf in rows]
        columns["band_low"] = [leaf.band_low for leaf in rows]
        columns["band_high"] = [leaf.band_high for leaf in rows]
        columns["treated_mean"] = [leaf.treated_mean.estimate for leaf in rows]
        columns["comparator_mean"] = [leaf.comparator_mean.estimate for leaf in rows]
        return frame(columns)

    def text(self) -> str:
        """Return one line per leaf."""
        lines = [f"Effects in {self.unit}, in {self.persons} persons the rule did not see:"]
        for leaf in self.leaves:
            lines.append(
                f"leaf {leaf.leaf}, {leaf.text}: {leaf.effect.text()}, jointly "
                f"{range_text(leaf.band_low, leaf.band_high)}; {leaf.n} persons, "
                f"{leaf.treated} treated"
            )
        return "\n".join([*lines, *self.notes])


@dataclass(frozen=True, slots=True, kw_only=True)
class HonestRule:
    """A rule of one part of the persons, and its effects in the other.

    Attributes
    ----------
    rule : Rule
        Learnt from the first part.
    leaves : LeafTable
        Effects in the second part.
    value : PolicyValue
        Gain of this rule in the second part.
    """

    rule: Rule
    leaves: LeafTable
    value: PolicyValue

    def to_dict(self) -> dict[str, Any]:
        """Return rule and effects as JSON-ready values."""
        return {
            "rule": self.rule.to_dict(),
            "leaves": self.leaves.to_dict(),
            "value": self.value.to_dict(),
        }


def honest_rule(
    scores: Scores, options: RuleOptions, *, learn_share: float = LEARN_SHARE
) -> HonestRule:
    """Learn a rule from some folds and estimate the effects in its leaves in the others.

    Given the rule, the persons of the other folds are as good as new: their means and intervals
    are those of groups laid down before (honest estimation, Athey and Imbens 2016,
    doi:10.1073/pnas.1510489113). Effects of leaves on the persons that shaped them are not.

    Parameters
    ----------
    scores : Scores
        The scores. Their folds, which keep clusters whole, are parted by the seed of the options.
    options : RuleOptions
        As for `fit_rule`.
    learn_share : float
        Share of the folds to learn from, rounded up, all but one at most.

    Returns
    -------
    HonestRule
        The rule, its leaves and its gain.

    Raises
    ------
    DesignError
        If the share is not between 0 and 1, or there is one fold only.
    """
    if not 0.0 < learn_share < 1.0:
        raise DesignError(f"learn_share is {learn_share}.", hint="give a share from 0 to 1.")
    folds = np.unique(scores.fold)
    if folds.size < 2:
        raise DesignError("there is one fold only.", hint="make scores with two or more folds.")
    mixed = np.random.default_rng(options.seed).permutation(folds)
    take = min(max(math.ceil(folds.size * learn_share), 1), folds.size - 1)
    learn = np.isin(scores.fold, mixed[:take])
    rule = fit_rule(scores.take(np.flatnonzero(learn)), options)
    others = scores.take(np.flatnonzero(~learn))
    return HonestRule(
        rule=rule,
        leaves=leaf_table(rule, others),
        value=policy_value(
            others,
            rule.treats(others.X),
            cost=options.cost,
            label="the rule, on persons it was not learnt from",
            level=scores.question.level,
        ),
    )


def leaf_table(rule: Rule, scores: Scores) -> LeafTable:
    """Estimate the effects in the leaves of a rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    scores : Scores
        Scores of persons that the rule was not learnt from, with its columns.

    Returns
    -------
    LeafTable
        Means of the scores with pointwise and joint limits.

    Raises
    ------
    DataError
        If these are the persons of the rule's training, or have other columns.
    """
    if scores.data.sha256() == rule.learnt_from:
        raise DataError(
            "these are the persons the rule was learnt from: its effects in them are flattering.",
            hint="use honest_rule, or give other persons.",
        )
    if scores.coding.names != rule.coding.names:
        raise DataError(
            "the scores have other columns than the rule.", hint="code persons as for the rule."
        )
    number = rule.leaf(scores.X)
    made = [_Group.of(scores, number == leaf.leaf) for leaf in rule.leaves]
    shown = [one for one in made if one.enough]
    level = scores.question.level
    critical = math.nan
    if shown:
        critical = joint_critical_value(
            np.column_stack([one.influence for one in shown]),
            level=level,
            seed=rule.options.seed,
            cluster=scores.cluster,
        )
    few = [leaf.leaf for leaf, one in zip(rule.leaves, made, strict=True) if not one.enough]
    notes = (
        (f"Fewer than 2 persons or clusters in leaf {', '.join(map(str, few))}: no estimate.",)
        if few
        else ()
    )
    return LeafTable(
        leaves=tuple(
            LeafEffect(
                leaf=leaf.leaf,
                text=leaf.text,
                treats=leaf.treats,
                n=int(one.mask.sum()),
                treated=int((one.mask & scores.data.treated).sum()),
                comparator=int((one.mask & ~scores.data.treated).sum()),
                share=float(scores.weight[one.mask].sum() / scores.weight.sum()),
                effective=_effective(scores, one.mask),
                effect=one.effect,
                band_low=one.effect.estimate - critical * one.effect.se,
                band_high=one.effect.estimate + critical * one.effect.se,
                treated_mean=_mean(scores, scores.gamma1, one.mask)[0],
                comparator_mean=_mean(scores, scores.gamma0, one.mask)[0],
            )
            for leaf, one in zip(rule.leaves, made, strict=True)
        ),
        learnt_on=rule.persons,
        persons=scores.n,
        critical=critical,
        level=level,
        unit=scores.question.unit,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    mask: BoolArray
    effect: Estimate
    influence: FloatArray

    @classmethod
    def of(cls, scores: Scores, mask: BoolArray) -> _Group:
        effect, influence = _mean(scores, scores.gamma, mask)
        return cls(mask, effect, influence)

    @property
    def enough(self) -> bool:
        return math.isfinite(self.effect.se)


def _mean(scores: Scores, values: FloatArray, mask: BoolArray) -> tuple[Estimate, FloatArray]:
    """Return the weighted mean in a group, and the influence of each person, shape (n,)."""
    level, total = scores.question.level, float(scores.weight[mask].sum())
    units = mask.sum() if scores.cluster is None else np.unique(scores.cluster[mask]).size
    mean = float((scores.weight * values)[mask].sum() / total) if total else math.nan
    influence = np.zeros(scores.n)
    if units < 2:
        nothing = Estimate(
            estimate=mean, se=math.nan, ci_low=math.nan, ci_high=math.nan, level=level,
            scale="identity",
        )  # fmt: skip
        return nothing, influence
    influence[mask] = (scores.weight * (values - mean))[mask] / total
    inside = None if scores.cluster is None else scores.cluster[mask]
    return estimate_of(mean, influence[mask], level=level, cluster=inside), influence


def _effective(scores: Scores, mask: BoolArray) -> float:
    own = np.where(scores.data.treated, scores.propensity, 1.0 - scores.propensity)[mask]
    w = scores.weight[mask] / own
    return float(w.sum() ** 2 / (w**2).sum()) if w.size else 0.0
