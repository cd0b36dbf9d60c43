"""Survival curves of constant hazards between stated times, and hazard ratios that change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve

FloatArray = NDArray[np.float64]

# Below this product of rate and width the closed form of an area loses digits to its series.
SMALL = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRatio:
    """Hazard ratio of the intervention, constant between stated times.

    Attributes
    ----------
    starts : tuple of float
        Months at which each ratio begins, the first at 0; one makes proportional hazards, and
        ``(0, 6)`` with ratios ``(1, 0.7)`` an effect that begins after six months.
    ratios : tuple of float
        Intervention relative to control, each above 0.
    """

    starts: tuple[float, ...]
    ratios: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.starts or len(self.starts) != len(self.ratios) or self.starts[0] != 0:
            raise DesignError("each hazard ratio has the month at which it begins, the first at 0.")
        if any(not b > a for a, b in pairwise(self.starts)) or not math.isfinite(self.starts[-1]):
            raise DesignError("the months at which hazard ratios begin ascend.")
        if not all(math.isfinite(one) and one > 0 for one in self.ratios):
            raise DesignError("a hazard ratio is a number above 0.")

    @property
    def proportional(self) -> bool:
        """Whether one ratio holds at all times."""
        return len(set(self.ratios)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PiecewiseCurve:
    """Survival under hazards that are constant from each start to the next, the last for ever.

    Attributes
    ----------
    starts : tuple of float
        Months, ascending from 0.
    hazards : tuple of float
        Events per month.
    """

    starts: tuple[float, ...]
    hazards: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.starts or len(self.starts) != len(self.hazards) or self.starts[0] != 0:
            raise DesignError("hazards have one start each, the first at month 0.")
        if any(not b > a for a, b in pairwise(self.starts)):
            raise DesignError("the pieces of a hazard ascend.")
        if not all(math.isfinite(one) and one >= 0 for one in self.hazards):
            raise DesignError("hazards are rates, none below 0.")

    def hazard(self, time: ArrayLike) -> FloatArray:
        """Return the hazard at each time."""
        return np.asarray(self.hazards)[self._piece(time)]

    def cumulative(self, time: ArrayLike) -> FloatArray:
        """Return the cumulative hazard at each time."""
        t, piece = np.asarray(time, dtype=float), self._piece(time)
        starts, hazards = np.asarray(self.starts), np.asarray(self.hazards)
        before = np.concatenate([[0.0], np.cumsum(np.diff(starts) * hazards[:-1])])
        return np.asarray(before[piece] + hazards[piece] * (t - starts[piece]))

    def survival(self, time: ArrayLike) -> FloatArray:
        """Return the share without the event at each time."""
        return np.asarray(np.exp(-self.cumulative(time)))

    def restricted_mean(self, time: ArrayLike) -> FloatArray:
        """Return the area under the survival curve up to each time, in closed form."""
        t, piece = np.asarray(time, dtype=float), self._piece(time)
        starts, hazards = np.asarray(self.starts), np.asarray(self.hazards)
        alive = self.survival(starts)
        whole = alive[:-1] * _area(hazards[:-1], np.diff(starts))
        before = np.concatenate([[0.0], np.cumsum(whole)])
        return np.asarray(before[piece] + alive[piece] * _area(hazards[piece], t - starts[piece]))

    def time_of(self, cumulative: ArrayLike) -> FloatArray:
        """Return when a cumulative hazard is reached; infinite where it never is."""
        wanted = np.asarray(cumulative, dtype=float)
        starts, hazards = np.asarray(self.starts), np.asarray(self.hazards)
        before = np.concatenate([[0.0], np.cumsum(np.diff(starts) * hazards[:-1])])
        piece = np.clip(np.searchsorted(before, wanted, side="right") - 1, 0, len(starts) - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = (wanted - before[piece]) / hazards[piece]
        rest = np.where(wanted > before[piece], rest, 0.0)
        return np.asarray(starts[piece] + rest)

    def _piece(self, time: ArrayLike) -> NDArray[np.intp]:
        found = np.searchsorted(np.asarray(self.starts), np.asarray(time, dtype=float), "right")
        return np.asarray(np.maximum(found - 1, 0), dtype=np.intp)


def curves_of(control: ControlCurve, ratio: HazardRatio) -> tuple[PiecewiseCurve, PiecewiseCurve]:
    """Return the curves of the control and the intervention arm.

    Parameters
    ----------
    control : ControlCurve
        Survival of the control arm.
    ratio : HazardRatio
        Of the intervention.

    Returns
    -------
    control, intervention : PiecewiseCurve
        The second with the pieces of both.
    """
    first = PiecewiseCurve(starts=control.starts, hazards=control.hazards)
    starts = tuple(sorted({*control.starts, *ratio.starts}))
    hazards = first.hazard(starts) * _at(ratio, starts)
    return first, PiecewiseCurve(starts=starts, hazards=tuple(hazards.tolist()))


def _at(ratio: HazardRatio, times: Sequence[float]) -> FloatArray:
    piece = np.searchsorted(np.asarray(ratio.starts), np.asarray(times), side="right") - 1
    return np.asarray(np.asarray(ratio.ratios)[piece])


def _area(rate: FloatArray, width: FloatArray) -> FloatArray:
    """Return the integral of exp(-rate u) from 0 to a width."""
    x = rate * width
    with np.errstate(divide="ignore", invalid="ignore"):
        closed = -np.expm1(-x) / rate
    return np.asarray(np.where(x > SMALL, closed, width * (1 - x / 2 + x**2 / 6 - x**3 / 24)))
