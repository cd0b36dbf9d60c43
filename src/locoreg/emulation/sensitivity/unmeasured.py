"""An unmeasured binary confounder: bias it makes, where it tips a conclusion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd


def bounding_factor(ratio_outcome: float, ratio_treatment: float) -> float:
    """Return the largest factor by which an unmeasured confounder can bias a risk ratio.

    Parameters
    ----------
    ratio_outcome : float
        Largest risk ratio of the outcome between any two levels of the confounder, at least 1.
    ratio_treatment : float
        Largest ratio between the arms of the probability of a level of it, at least 1.

    Returns
    -------
    float
        ``a b / (a + b - 1)``.

    References
    ----------
    Ding & VanderWeele 2016, doi:10.1097/EDE.0000000000000457.
    """
    if not (ratio_outcome >= 1.0 and ratio_treatment >= 1.0):
        raise DesignError(
            f"the ratios are {ratio_outcome:g} and {ratio_treatment:g}.",
            hint="both are at least 1: turn a protective confounder round.",
        )
    return ratio_outcome * ratio_treatment / (ratio_outcome + ratio_treatment - 1.0)


def bias_factor(
    hazard_ratio: ArrayLike, prevalence_treated: ArrayLike, prevalence_comparator: ArrayLike
) -> FloatArray:
    """Return the factor by which a binary confounder multiplies a hazard or risk ratio.

    Parameters
    ----------
    hazard_ratio : array_like
        Ratio of the outcome between those with and without the confounder.
    prevalence_treated, prevalence_comparator : array_like
        Share of each arm that has it, beyond what measured confounders tell.

    Returns
    -------
    ndarray of float
        ``(1 + (h - 1) p1) / (1 + (h - 1) p0)``; the observed ratio is the true one times it.
        Exact for risk ratios; for hazard ratios good while the outcome is not common [1]_.

    References
    ----------
    .. [1] Lin, Psaty & Kronmal 1998, doi:10.2307/2533848.
    """
    h, p1, p0 = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (hazard_ratio, prevalence_treated)),
        np.asarray(prevalence_comparator, dtype=np.float64),
    )
    if not ((h > 0.0).all() and np.isfinite(h).all()):
        raise DesignError("a ratio of the confounder is not positive and finite.")
    for p in (p1, p0):
        if not ((p >= 0.0).all() and (p <= 1.0).all()):
            raise DesignError("a prevalence is not between 0 and 1.")
    return np.asarray((1.0 + (h - 1.0) * p1) / (1.0 + (h - 1.0) * p0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingPoint:
    """What a confounder with given prevalences must do to the outcome.

    Attributes
    ----------
    prevalence_treated, prevalence_comparator : float
        Share of each arm that has it.
    for_estimate, for_limit : float or None
        Ratio of the outcome at which the estimate (or the limit nearer to no effect) is 1; None
        where no ratio is enough. For an interval that holds 1, `for_limit` is 1.
    """

    prevalence_treated: float
    prevalence_comparator: float
    for_estimate: float | None
    for_limit: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the point as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class TippingTable:
    """Tipping points over a grid of prevalences.

    Attributes
    ----------
    estimate : Estimate
        What was observed, on the log scale.
    points : tuple of TippingPoint
        One per pair of prevalences.
    """

    estimate: Estimate
    points: tuple[TippingPoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "estimate": self.estimate.to_dict(),
            "points": [point.to_dict() for point in self.points],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair of prevalences; NaN where no ratio is enough."""
        rows = [point.to_dict() for point in self.points]
        names = TippingPoint.__slots__
        return frame({n: [math.nan if row[n] is None else row[n] for row in rows] for n in names})

    def summary(self) -> str:
        """Return a line per pair of prevalences."""
        lines = [f"Ratio {self.estimate.text()}; a binary unmeasured confounder moves it to 1 at:"]
        for p in self.points:
            lines.append(
                f"  {p.prevalence_treated:.0%} of the treated and {p.prevalence_comparator:.0%} of "
                f"the others have it: ratio {_text(p.for_estimate)} for the estimate, "
                f"{_text(p.for_limit)} for the limit"
            )
        return "\n".join(lines)


def _text(value: float | None) -> str:
    return "none is enough" if value is None else decimal_text(value)


def tipping_points(
    estimate: Estimate,
    *,
    prevalence_treated: Sequence[float],
    prevalence_comparator: Sequence[float],
) -> TippingTable:
    """Return how strong a confounder must be to move an estimate, and its limit, to no effect.

    Parameters
    ----------
    estimate : Estimate
        Hazard or risk ratio on the log scale.
    prevalence_treated, prevalence_comparator : sequence of float
        Shares of each arm that have the confounder; every pair is tried.

    Returns
    -------
    TippingTable
        Ratios of the outcome by the confounder, exact solutions of the formula of `bias_factor`.

    Raises
    ------
    DesignError
        If the estimate is not on the log scale.
    """
    if estimate.scale != "log":
        raise DesignError("tipping points are of ratios: give an estimate on the log scale.")
    mid, low, high = estimate.natural
    limit = 1.0 if low <= 1.0 <= high else low if mid > 1.0 else high
    points = []
    for p1 in prevalence_treated:
        for p0 in prevalence_comparator:
            bias_factor(1.0, p1, p0)
            points.append(
                TippingPoint(
                    prevalence_treated=p1,
                    prevalence_comparator=p0,
                    for_estimate=_needed(mid, p1, p0),
                    for_limit=None if math.isnan(limit) else _needed(limit, p1, p0),
                )
            )
    return TippingTable(estimate=estimate, points=tuple(points))


def _needed(ratio: float, p1: float, p0: float) -> float | None:
    """Solve (1 + x p1) / (1 + x p0) = ratio for 1 + x; None without a positive solution."""
    if ratio == 1.0:
        return 1.0
    slope = p1 - ratio * p0
    if slope == 0.0:
        return None
    found = 1.0 + (ratio - 1.0) / slope
    return found if found > 0.0 else None


def adjust_for_confounder(
    estimate: Estimate,
    *,
    hazard_ratio: float,
    prevalence_treated: float,
    prevalence_comparator: float,
) -> Estimate:
    """Return a ratio as it would be if the confounder were balanced.

    Parameters
    ----------
    estimate : Estimate
        Ratio on the log scale.
    hazard_ratio, prevalence_treated, prevalence_comparator : float
        The confounder, as for `bias_factor`.

    Returns
    -------
    Estimate
        Moved by the bias; its error is the same.
    """
    if estimate.scale != "log":
        raise DesignError("an estimate on the log scale is needed.")
    shift = math.log(float(bias_factor(hazard_ratio, prevalence_treated, prevalence_comparator)))
    return Estimate(
        estimate=estimate.estimate - shift,
        se=estimate.se,
        ci_low=estimate.ci_low - shift,
        ci_high=estimate.ci_high - shift,
        level=estimate.level,
        scale="log",
    )
