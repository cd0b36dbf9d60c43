"""Event probabilities under the two strategies, with their errors: what sensitivity starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmValues:
    """Probabilities of the event by a time under each strategy.

    Attributes
    ----------
    treated, comparator : float
        Probabilities of the event.
    se_treated, se_comparator, se_difference : float
        Standard errors of the two and of their difference; the last tells how the two vary
        together, for arms that share persons.
    level : float
        Level of intervals in percent.
    """

    treated: float
    comparator: float
    se_treated: float
    se_comparator: float
    se_difference: float
    level: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.treated <= 1.0 and 0.0 <= self.comparator <= 1.0):
            raise DesignError(
                f"event probabilities are {self.treated:g} and {self.comparator:g}.",
                hint="give probabilities between 0 and 1.",
            )

    @property
    def covariance(self) -> float:
        """Covariance of the two probabilities."""
        return 0.5 * (self.se_treated**2 + self.se_comparator**2 - self.se_difference**2)

    @classmethod
    def of(cls, effect: Effect, at_months: float) -> ArmValues:
        """Return the values of an effect at a time of its curves.

        Parameters
        ----------
        effect : Effect
            The effect.
        at_months : float
            One of the times that were asked for.

        Returns
        -------
        ArmValues
            Event probabilities: one minus survival, or the cumulative incidence.

        Raises
        ------
        DesignError
            If the curves don't hold the time.
        """
        comparator, treated = effect.arms
        place = np.flatnonzero(treated.time == at_months)
        if place.size == 0:
            raise DesignError(
                f"the curves hold no value at {at_months:g} months.",
                hint="ask for one of the times at_months of the question.",
            )
        i = int(place[0])
        values = [float(arm.estimate[i]) for arm in (treated, comparator)]
        if effect.contrasts[0].measure.startswith("survival"):
            values = [1.0 - value for value in values]
        return cls(
            treated=min(1.0, max(0.0, values[0])),
            comparator=min(1.0, max(0.0, values[1])),
            se_treated=float(treated.se[i]),
            se_comparator=float(comparator.se[i]),
            se_difference=float(effect.difference.se[i]),
            level=effect.question.level,
        )

    def ratio_limits(self, z: float) -> tuple[float, float]:
        """Return Fieller's limits of the ratio of the probabilities, treated over comparator.

        Parameters
        ----------
        z : float
            Quantile of the normal distribution.

        Returns
        -------
        low, high : float
            The set of ratios r at which treated - r comparator is within z standard errors of 0;
            (0, inf) where that set is not an interval.
        """
        a = self.comparator**2 - z * z * self.se_comparator**2
        b = self.treated * self.comparator - z * z * self.covariance
        c = self.treated**2 - z * z * self.se_treated**2
        root = b * b - a * c
        if not (a > 0.0 and root >= 0.0):
            return 0.0, math.inf
        spread = math.sqrt(root)
        return max(0.0, (b - spread) / a), (b + spread) / a
