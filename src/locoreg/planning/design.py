"""What a trial is planned for: effect, test, arms, accrual, follow-up and drop-out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from locoreg.core.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCurve:
    """Survival of the control arm as a curve of constant hazards between stated times.

    Attributes
    ----------
    months : tuple of float
        Times above 0, ascending.
    survival : tuple of float
        Shares without the event at those times, between 0 and 1 and not rising. One pair makes
        an exponential curve; after the last time its hazard goes on.
    """

    months: tuple[float, ...]
    survival: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.months or len(self.months) != len(self.survival):
            raise DesignError("a control curve has one share per month, and at least one.")
        if not all(math.isfinite(one) for one in (*self.months, *self.survival)):
            raise DesignError("a control curve has months and shares that are numbers.")
        if any(b <= a for a, b in pairwise((0.0, *self.months))):
            raise DesignError("the months of a control curve are above 0 and ascend.")
        if not all(0 < one < 1 for one in self.survival):
            raise DesignError("the shares of a control curve lie between 0 and 1, both excluded.")
        if any(b > a for a, b in pairwise(self.survival)):
            raise DesignError("the shares of a control curve do not rise.")
        if self.hazards[-1] == 0:
            raise DesignError(
                "the last two shares of the control curve are equal, so that nothing is known of "
                "the hazard after them.",
                hint="leave the last one out, or state a later one.",
            )

    @property
    def starts(self) -> tuple[float, ...]:
        """Months at which each piece begins."""
        return (0.0, *self.months[:-1])

    @property
    def hazards(self) -> tuple[float, ...]:
        """Hazard per month of each piece."""
        logs = [0.0, *(-math.log(one) for one in self.survival)]
        widths = [b - a for a, b in zip(self.starts, self.months, strict=True)]
        rises = [b - a for a, b in pairwise(logs)]
        return tuple(rise / width for rise, width in zip(rises, widths, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """A trial of two arms with a log-rank test at its end. Nothing has a default.

    Attributes
    ----------
    hazard_ratio : float
        Intervention relative to control, as it is supposed to be; not 1.
    power, alpha : float
        Between 0 and 1.
    sides : int
        1 or 2 sides of the test.
    allocation : float
        Share of the patients in the intervention arm, between 0 and 1.
    control : ControlCurve
        Survival of the control arm.
    accrual_months, follow_up_months : float
        Length of uniform accrual, and of follow-up after the last patient.
    dropout_per_year : float
        Share lost to follow-up within a year, in both arms, at a constant rate.
    """

    hazard_ratio: float
    power: float
    alpha: float
    sides: int
    allocation: float
    control: ControlCurve
    accrual_months: float
    follow_up_months: float
    dropout_per_year: float

    def __post_init__(self) -> None:
        check_test(self.hazard_ratio, self.power, self.alpha, self.sides, self.allocation)
        check_months(self.accrual_months, self.follow_up_months)
        if not 0 <= self.dropout_per_year < 1:
            raise DesignError("the share that drops out in a year lies between 0 and 1.")

    @property
    def dropout_hazard(self) -> float:
        """Rate of drop-out per month."""
        return -math.log1p(-self.dropout_per_year) / 12


def check_test(
    hazard_ratio: float, power: float, alpha: float, sides: int, allocation: float
) -> None:
    """Check what defines a test.

    Parameters
    ----------
    hazard_ratio, power, alpha, sides, allocation
        As in :class:`TrialDesign`.

    Raises
    ------
    DesignError
        If one of them is out of its range.
    """
    if not (math.isfinite(hazard_ratio) and hazard_ratio > 0):
        raise DesignError(f"a hazard ratio is a number above 0, and not {hazard_ratio:g}.")
    if hazard_ratio == 1:
        raise DesignError("no trial can find a hazard ratio of 1: state another.")
    if sides not in (1, 2):
        raise DesignError(f"a test has 1 or 2 sides, and not {sides}.")
    if not 0 < alpha < 0.5:
        raise DesignError("alpha lies between 0 and 0.5: 0.05 is 5%.")
    if not alpha / sides < power < 1:
        raise DesignError("power lies between alpha and 1: 0.9 is 90%.")
    if not 0 < allocation < 1:
        raise DesignError("the share of the intervention arm lies between 0 and 1.")


def check_months(accrual: float, follow_up: float) -> None:
    """Check the times of a trial.

    Parameters
    ----------
    accrual, follow_up : float
        Months.

    Raises
    ------
    DesignError
        If they are negative, not finite, or both 0.
    """
    if not (math.isfinite(accrual) and math.isfinite(follow_up) and min(accrual, follow_up) >= 0):
        raise DesignError("accrual and follow-up are months, none below 0.")
    if accrual + follow_up == 0:
        raise DesignError("a trial without accrual and follow-up sees no event.")
