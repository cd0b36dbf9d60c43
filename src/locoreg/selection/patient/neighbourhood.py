"""Average effects and outcomes of persons like a patient, from sums of scores over cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.sums import (
    COMPARATOR,
    EFFECT,
    TREATED,
    BoundSums,
    CellSums,
    TimeSums,
)
from locoreg.stats.survivaldata import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeans:
    """Average effect and outcomes of a group of persons.

    Attributes
    ----------
    effect, comparator_mean, treated_mean : Estimate
        Means of doubly robust scores: of the effect, and of the outcome under each option.
    """

    effect: Estimate
    comparator_mean: Estimate
    treated_mean: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the means as JSON-ready values."""
        return {
            "effect": self.effect.to_dict(),
            "comparator_mean": self.comparator_mean.to_dict(),
            "treated_mean": self.treated_mean.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenRange:
    """Range of effect and outcomes of a group where something hidden decided on treatment.

    Attributes
    ----------
    factor : float
        Largest ratio, either way, of the odds of treatment given everything to those given the
        covariates of the data.
    lower, upper : GroupMeans
        Bounds, each with its own interval. Those of the effect go with the lower bound of one
        option and the upper of the other.
    """

    factor: float
    lower: GroupMeans
    upper: GroupMeans

    def ends(self, what: str, plain: Estimate) -> tuple[float, float]:
        """Return the widest range: limits of the intervals of both bounds and of the estimate.

        Parameters
        ----------
        what : str
            ``effect``, ``comparator_mean`` or ``treated_mean``.
        plain : Estimate
            That estimate if nothing is hidden.

        Returns
        -------
        tuple of float
            It holds the interval of `plain`, also where chance makes the interval of a bound the
            narrower one.
        """
        low: Estimate = getattr(self.lower, what)
        high: Estimate = getattr(self.upper, what)
        return min(low.ci_low, plain.ci_low), max(high.ci_high, plain.ci_high)

    def to_dict(self) -> dict[str, Any]:
        """Return the range as JSON-ready values."""
        return {
            "factor": self.factor,
            "lower": self.lower.to_dict(),
            "upper": self.upper.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalMeans:
    """Survival of a group at one time.

    Attributes
    ----------
    months : float
        Since time zero.
    means : GroupMeans
        Of being free of the event then.
    hidden : HiddenRange or None
        The same under hidden confounding, where the model has it.
    """

    months: float
    means: GroupMeans
    hidden: HiddenRange | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the means as JSON-ready values."""
        return {
            "months": self.months,
            **self.means.to_dict(),
            "hidden": None if self.hidden is None else self.hidden.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """The persons most like a patient.

    Attributes
    ----------
    n, treated, comparator : int
        How many they are, with and without treatment.
    means : GroupMeans
        Of the question's outcome.
    times : tuple of SurvivalMeans
        Of being free of the event at each time that the model has; the horizon is the last.
    hidden : HiddenRange or None
        Of the question's outcome under hidden confounding, where the model has it.
    """

    n: int
    treated: int
    comparator: int
    means: GroupMeans
    times: tuple[SurvivalMeans, ...]
    hidden: HiddenRange | None = None

    @property
    def survival(self) -> GroupMeans | None:
        """Means of being free of the event at the horizon, where the model has it."""
        return self.times[-1].means if self.times else None

    def to_dict(self) -> dict[str, Any]:
        """Return the neighbourhood as JSON-ready values."""
        return {
            "n": self.n,
            "treated": self.treated,
            "comparator": self.comparator,
            "means": self.means.to_dict(),
            "survival": None if self.survival is None else self.survival.to_dict(),
            "times": [one.to_dict() for one in self.times],
            "hidden": None if self.hidden is None else self.hidden.to_dict(),
        }


def neighbourhood(
    cells: Cells,
    place: IntArray,
    sums: CellSums,
    times: tuple[TimeSums, ...],
    *,
    level: float,
    factor: float | None = None,
    bounds: BoundSums | None = None,
) -> Neighbourhood:
    """Return effect and outcomes of the persons in some cells.

    Parameters
    ----------
    cells : Cells
        The groups.
    place : ndarray of int
        Which of them, from `Cells.like`.
    sums : CellSums
        Sums of the question's scores.
    times : tuple of TimeSums
        Sums of the scores of survival, by time.
    level : float
        Level of intervals in percent.
    factor : float or None
        Factor of the odds of treatment at which the bounds were made.
    bounds : BoundSums or None
        Sums of the scores of bounds of the question's outcome.

    Returns
    -------
    Neighbourhood
        With intervals of the group, not of the patient.
    """
    by_option = cells.count[:, place].sum(axis=1)
    n = int(by_option.sum())

    def means(one: CellSums) -> GroupMeans:
        return GroupMeans(
            effect=one.mean(EFFECT, place, n, level),
            comparator_mean=one.mean(COMPARATOR, place, n, level),
            treated_mean=one.mean(TREATED, place, n, level),
        )

    def hidden(one: BoundSums | None) -> HiddenRange | None:
        if one is None or factor is None:
            return None
        return HiddenRange(factor=factor, lower=means(one.lower), upper=means(one.upper))

    return Neighbourhood(
        n=n,
        treated=int(by_option[1]),
        comparator=int(by_option[0]),
        means=means(sums),
        times=tuple(
            SurvivalMeans(months=one.months, means=means(one.sums), hidden=hidden(one.bounds))
            for one in times
        ),
        hidden=hidden(bounds),
    )
