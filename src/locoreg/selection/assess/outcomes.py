"""What tests and comparisons of predicted effects return."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.selection.assess.results import GroupEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupDifference:
    """Effect in a subgroup less that of all other persons.

    Attributes
    ----------
    label : str
        The subgroup.
    difference : Estimate or None
        None where fewer than two persons are outside the subgroup.
    p, p_adjusted : float or None
        Two-sided, alone and adjusted for all subgroups together.
    """

    label: str
    difference: Estimate | None
    p: float | None
    p_adjusted: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready values."""
        shown = None if self.difference is None else self.difference.to_dict()
        return {**asdict(self), "difference": shown}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupEffects:
    """Effects of subgroups that were laid down before the analysis.

    Attributes
    ----------
    groups : GroupEffects
        Effects with joint limits. Subgroups may overlap.
    differences : tuple of SubgroupDifference
        Each subgroup against all other persons.
    """

    groups: GroupEffects
    differences: tuple[SubgroupDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the subgroups as JSON-ready values."""
        return {
            "groups": self.groups.to_dict(),
            "differences": [one.to_dict() for one in self.differences],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldStatistic:
    """The test statistics of one fold.

    Attributes
    ----------
    fold, n : int
        The fold, and its persons.
    area : Estimate
        AUTOC or Qini in the fold.
    statistic : float
        The area divided by its standard error if effects don't differ; 0 where the model predicts
        the same for everybody.
    slope : Estimate or None
        Calibration slope in the fold; None where the model predicts the same for everybody.
    """

    fold: int
    n: int
    area: Estimate
    statistic: float
    slope: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics as JSON-ready values."""
        shown = None if self.slope is None else self.slope.to_dict()
        return {**asdict(self), "area": self.area.to_dict(), "slope": shown}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeterogeneityTest:
    """One-sided test that the learner finds persons who benefit more than others.

    Attributes
    ----------
    learner, design, target : str
        What was tested: learner, design of the predictions, AUTOC or Qini.
    statistic, p : float
        Sum of the folds' statistics over the root of their number, and its one-sided p-value.
    area : Estimate
        Mean of the folds' areas. Its interval holds for the mean over their models, of which the
        first learnt from few persons.
    slope_statistic, slope_p : float
        The same of the calibration slope.
    folds : tuple of FoldStatistic
        In their order.
    constant_folds : int
        Folds for which the model predicts the same effect for everybody; they count as 0.
    detectable : float
        Area that the test finds with the power named.
    detectable_difference : float
        Difference of the effect between two halves of the persons that has this area if the
        learner tells the halves apart without error and ranks at random within them.
    power : float
        Power in percent.
    alpha : float
        Level of the test.
    unit : str
        Unit of the effect.
    """

    learner: str
    design: str
    target: str
    statistic: float
    p: float
    area: Estimate
    slope_statistic: float
    slope_p: float
    folds: tuple[FoldStatistic, ...]
    constant_folds: int
    detectable: float
    detectable_difference: float
    power: float
    alpha: float
    unit: str

    @property
    def found(self) -> bool:
        """Whether effects differ between persons, at the level of the test."""
        return self.p < self.alpha

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {
            **asdict(self),
            "area": self.area.to_dict(),
            "folds": [one.to_dict() for one in self.folds],
            "found": self.found,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A learner against another on the same persons and folds.

    Attributes
    ----------
    other : str
        The other learner.
    area : Estimate
        AUTOC or Qini of the other.
    difference : Estimate
        Area of the learner less that of the other, with the standard error of the pair.
    p : float or None
        One-sided p-value of the difference, on the sequential folds or other persons; None where
        both rank persons alike.
    loss_gain : Estimate
        Mean R-loss of the other less that of the learner; above 0 the learner predicts better.
    """

    other: str
    area: Estimate
    difference: Estimate
    p: float | None
    loss_gain: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return {
            "other": self.other,
            "area": self.area.to_dict(),
            "difference": self.difference.to_dict(),
            "p": self.p,
            "loss_gain": self.loss_gain.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcordanceForBenefit:
    """The c-for-benefit, a legacy number.

    Attributes
    ----------
    estimate : Estimate
        Share of concordant pairs of matched pairs.
    pairs : int
        Matched pairs that count.
    censored_pairs : int
        Matched pairs that are left out since the outcome of one of the two is unknown.
    unmatched : int
        Persons of the larger arm without a partner.
    warning : str
        What must be read beside it.
    """

    estimate: Estimate
    pairs: int
    censored_pairs: int
    unmatched: int
    warning: str

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON-ready values."""
        return {**asdict(self), "estimate": self.estimate.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryTest:
    """A test beside the primary one.

    Attributes
    ----------
    name, hypothesis : str
        Name that stays the same, and in words.
    p, p_adjusted : float or None
        One-sided, alone and adjusted by Holm's method for all secondary tests. None: no test.
    """

    name: str
    hypothesis: str
    p: float | None
    p_adjusted: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return asdict(self)
