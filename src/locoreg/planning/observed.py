"""How long patients are followed: accrual, end of the trial, drop-out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DesignError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """When patients enter: at a constant rate between stated months.

    Attributes
    ----------
    ends : tuple of float
        Months at which each piece ends, ascending; the last is the length of accrual. One makes
        uniform accrual.
    rates : tuple of float
        Patients per month in each piece, up to a factor: ``(1, 2)`` doubles after the first piece.
    """

    ends: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ends or len(self.ends) != len(self.rates):
            raise DesignError("each piece of accrual has its end and its rate.")
        if any(not b > a for a, b in pairwise((0.0, *self.ends))):
            raise DesignError("the ends of accrual are above 0 and ascend.")
        if not all(math.isfinite(one) for one in (*self.ends, *self.rates)):
            raise DesignError("accrual has months and rates that are numbers.")
        if min(self.rates) < 0 or max(self.rates) == 0:
            raise DesignError("rates of accrual are not below 0, and one is above it.")

    @property
    def months(self) -> float:
        """Length of accrual."""
        return self.ends[-1]

    def share_entered(self, month: ArrayLike) -> FloatArray:
        """Return the share of the patients that entered by each month."""
        edges, reached = self._steps()
        return np.asarray(np.interp(np.asarray(month, dtype=float), edges, reached))

    def month_of(self, share: ArrayLike) -> FloatArray:
        """Return the month by which a share has entered."""
        edges, reached = self._steps()
        # A piece without accrual has no patients to place in it.
        kept = np.concatenate([[True], np.diff(reached) > 0])
        starts = np.concatenate([edges[:-1][kept[1:]], edges[-1:]])
        low = np.concatenate([reached[:-1][kept[1:]], reached[-1:]])
        width = np.diff(edges)[kept[1:]]
        step = np.diff(reached)[kept[1:]]
        piece = np.clip(np.searchsorted(low, share, side="right") - 1, 0, len(width) - 1)
        return np.asarray(
            starts[piece] + (np.asarray(share) - low[piece]) / step[piece] * width[piece]
        )

    def _steps(self) -> tuple[FloatArray, FloatArray]:
        edges = np.array([0.0, *self.ends])
        reached = np.concatenate([[0.0], np.cumsum(np.diff(edges) * np.asarray(self.rates))])
        return edges, reached / reached[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """How patients of a trial are observed. Nothing has a default.

    Attributes
    ----------
    accrual : Accrual
        When they enter.
    after_months : float
        From the last entry to the end of the trial.
    dropout_per_year : float
        Share lost within a year, in both arms, at a constant rate.
    """

    accrual: Accrual
    after_months: float
    dropout_per_year: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.after_months) and self.after_months >= 0):
            raise DesignError("follow-up after the last entry is months, not below 0.")
        if not 0 <= self.dropout_per_year < 1:
            raise DesignError("the share that drops out in a year lies between 0 and 1.")

    @property
    def total_months(self) -> float:
        """From the first entry to the end of the trial."""
        return self.accrual.months + self.after_months

    @property
    def dropout_hazard(self) -> float:
        """Rate of drop-out per month."""
        return -math.log1p(-self.dropout_per_year) / 12

    def share_followed(self, time: ArrayLike) -> FloatArray:
        """Return the chance that a patient is not yet censored at each time since entry."""
        t = np.asarray(time, dtype=float)
        entered = self.accrual.share_entered(self.total_months - t)
        return np.asarray(np.exp(-self.dropout_hazard * t) * entered)

    def bends(self) -> tuple[float, ...]:
        """Return the times since entry at which the chance to be followed bends."""
        return tuple(self.total_months - end for end in (0.0, *self.accrual.ends))


def uniform_follow_up(
    accrual_months: float, follow_up_months: float, dropout_per_year: float
) -> FollowUp:
    """Return uniform accrual, follow-up after it and constant drop-out.

    Parameters
    ----------
    accrual_months, follow_up_months : float
        Length of each.
    dropout_per_year : float
        Share lost within a year.

    Returns
    -------
    FollowUp
        With one piece of accrual.

    Raises
    ------
    DesignError
        If a time is out of its range; accrual of 0 months has no rate.
    """
    return FollowUp(
        accrual=Accrual(ends=(accrual_months,), rates=(1.0,)),
        after_months=follow_up_months,
        dropout_per_year=dropout_per_year,
    )
