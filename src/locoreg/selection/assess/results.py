"""What assessments return: small frozen results that figures and reports show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from locoreg.core.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetingCurve:
    """Effect among the share of persons who rank highest, minus the average effect.

    Attributes
    ----------
    share : tuple of float
        Shares of persons, ascending, the last is 1.
    estimate, se : tuple of float
        Curve and pointwise standard errors.
    ci_low, ci_high : tuple of float
        Pointwise limits.
    band_low, band_high : tuple of float
        Limits that hold jointly over all shares.
    level : float
        Level in percent.
    unit : str
        Unit of the effect.
    """

    share: tuple[float, ...]
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    band_low: tuple[float, ...]
    band_high: tuple[float, ...]
    level: float
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEffect:
    """Average effect in one group of persons.

    Attributes
    ----------
    label : str
        The group in words.
    n, treated, comparator : int
        Persons; of them with and without treatment.
    predicted : float or None
        Mean of the predicted effects.
    effect : Estimate
        Mean of the held-out scores.
    band_low, band_high : float
        Limits that hold jointly over the groups.
    """

    label: str
    n: int
    treated: int
    comparator: int
    predicted: float | None
    effect: Estimate
    band_low: float
    band_high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the group as JSON-ready values."""
        return {**asdict(self), "effect": self.effect.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEffects:
    """Average effects of groups that part the persons.

    Attributes
    ----------
    title : str
        What the groups are.
    groups : tuple of GroupEffect
        In their order.
    critical : float
        Critical value of the joint limits.
    level : float
        Level in percent.
    unit : str
        Unit of the effect.
    """

    title: str
    groups: tuple[GroupEffect, ...]
    critical: float
    level: float
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Return the groups as JSON-ready values."""
        return {
            "title": self.title,
            "groups": [group.to_dict() for group in self.groups],
            "critical": self.critical,
            "level": self.level,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Regression of held-out scores on predicted effects.

    Attributes
    ----------
    average : Estimate
        Average effect.
    slope : Estimate
        1 where predictions are right, above 0 where they rank persons rightly.
    p_heterogeneity : float
        One-sided p-value of a slope of 0.
    groups : GroupEffects
        Persons by quantiles of the predicted effect.
    predicted : tuple of float
        Quantiles 0.01 to 0.99 of the predicted effects, for their distribution.
    error : float
        Root mean squared calibration error over the groups, less the part of chance; 0 at least.
    """

    average: Estimate
    slope: Estimate
    p_heterogeneity: float
    groups: GroupEffects
    predicted: tuple[float, ...]
    error: float

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON-ready values."""
        return {
            "average": self.average.to_dict(),
            "slope": self.slope.to_dict(),
            "p_heterogeneity": self.p_heterogeneity,
            "groups": self.groups.to_dict(),
            "predicted": list(self.predicted),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Persons whom a rule moves away from what is done to everybody.

    Attributes
    ----------
    moved_from : str
        The option that everybody would have had.
    n : int
        Persons whom the rule gives the other option.
    share : float
        Their share, weighted.
    gain : Estimate or None
        Mean gain of the moved by moving; below 0 they are harmed. None where nobody is moved.
    """

    moved_from: str
    n: int
    share: float
    gain: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """Return the harm as JSON-ready values."""
        return {**asdict(self), "gain": None if self.gain is None else self.gain.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValue:
    """What a rule gains per person, against treating nobody and treating everybody.

    Attributes
    ----------
    label : str
        The rule in words.
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    share_treated : float
        Share that the rule treats, weighted.
    against_none, against_all : Estimate
        Gain per person of the whole population, costs taken off.
    harm : tuple of Harm
        Against treating nobody, and everybody.
    unit : str
        Unit of the effect.
    """

    label: str
    cost: float
    share_treated: float
    against_none: Estimate
    against_all: Estimate
    harm: tuple[Harm, ...]
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON-ready values."""
        return {
            "label": self.label,
            "cost": self.cost,
            "share_treated": self.share_treated,
            "against_none": self.against_none.to_dict(),
            "against_all": self.against_all.to_dict(),
            "harm": [one.to_dict() for one in self.harm],
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCurve:
    """Values of treating those whose predicted effect exceeds a cost, by cost.

    Attributes
    ----------
    values : tuple of PolicyValue
        One per cost, ascending.
    """

    values: tuple[PolicyValue, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        return {"values": [value.to_dict() for value in self.values]}
