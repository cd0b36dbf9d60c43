"""Who is followed at a time, with which weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.emulation.effect import WeightSummary
from locoreg.stats.survivaldata import FloatArray, IntArray

TOP = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AtRisk:
    """Persons who are followed in one arm at one time.

    Attributes
    ----------
    person : ndarray of int, shape (m,)
        Who.
    weight : ndarray of float, shape (m,)
        With which weight.
    """

    person: IntArray
    weight: FloatArray

    @property
    def ess(self) -> float:
        """Effective sample size, (sum w)^2 / sum w^2; 0 for nobody."""
        squares = float((self.weight**2).sum())
        return float(self.weight.sum()) ** 2 / squares if squares > 0.0 else 0.0

    @property
    def top_share(self) -> float:
        """Share of the weight that the 1% with the largest weights hold; NaN for nobody."""
        total = float(self.weight.sum())
        if not total > 0.0:
            return float("nan")
        size = int(np.ceil(TOP * self.weight.size))
        return float(np.partition(self.weight, -size)[-size:].sum()) / total


def after(rows: ArmRows, weight: FloatArray, time: float) -> AtRisk:
    """Return who is followed just after a time.

    Parameters
    ----------
    rows : ArmRows
        Rows of the arm.
    weight : ndarray of float, shape (r,)
        Their weights.
    time : float
        The time.

    Returns
    -------
    AtRisk
        One row per person.
    """
    start = np.full(rows.stop.size, -np.inf) if rows.start is None else rows.start
    here = np.flatnonzero((start <= time) & (rows.stop > time))
    return AtRisk(person=rows.person[here], weight=weight[here])


def until(rows: ArmRows, weight: FloatArray, time: float) -> AtRisk:
    """Return who is followed up to a time at least; arguments as for `after`."""
    start = np.full(rows.stop.size, -np.inf) if rows.start is None else rows.start
    here = np.flatnonzero((start < time) & (rows.stop >= time))
    return AtRisk(person=rows.person[here], weight=weight[here])


def summary(label: str, time: float, found: AtRisk) -> WeightSummary:
    """Return the summary of the weights of those who are followed.

    Parameters
    ----------
    label : str
        The strategy.
    time : float
        The time.
    found : AtRisk
        Who is followed.

    Returns
    -------
    WeightSummary
        NaN where nobody is.
    """
    w = found.weight
    some = w.size > 0
    nan = float("nan")
    return WeightSummary(
        arm=label,
        at_months=time,
        n=w.size,
        total=float(w.sum()),
        mean=float(w.mean()) if some else nan,
        median=float(np.median(w)) if some else nan,
        p99=float(np.percentile(w, 99.0)) if some else nan,
        largest=float(w.max()) if some else nan,
        ess=found.ess,
        top_share=found.top_share,
    )
