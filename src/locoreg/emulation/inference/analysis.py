"""What a method must give: values under any weights of persons, influence, detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from locoreg.emulation.effect.detail import Detail
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """What an analysis estimates under each of b weightings of the persons.

    Attributes
    ----------
    curve : ndarray of float, shape (b, 2, k)
        Survival, or cumulative incidence of the outcome where events compete, at the times of the
        question's grid; comparator, then treated.
    area : ndarray of float, shape (b, 2, k)
        Area under it up to each time: restricted mean survival time, or time lost.
    log_hr : ndarray of float, shape (b,)
        Log hazard ratio of the outcome, treated over comparator; NaN where a method has none.
    """

    curve: FloatArray
    area: FloatArray
    log_hr: FloatArray

    def packed(self) -> FloatArray:
        """Return one row of numbers per weighting, shape (b, 4 k + 1)."""
        b = self.curve.shape[0]
        return np.column_stack(
            [self.curve.reshape(b, -1), self.area.reshape(b, -1), self.log_hr[:, None]]
        )

    @classmethod
    def unpacked(cls, rows: FloatArray, k: int) -> Values:
        """Return what `packed` made one row per weighting of."""
        b = rows.shape[0]
        return cls(
            curve=rows[:, : 2 * k].reshape(b, 2, k),
            area=rows[:, 2 * k : 4 * k].reshape(b, 2, k),
            log_hr=rows[:, 4 * k],
        )


@runtime_checkable
class Analysis(Protocol):
    """A method bound to a cohort and a question; it can be pickled."""

    def values(self, weights: FloatArray) -> Values:
        """Repeat the whole analysis, estimated weights and all.

        Parameters
        ----------
        weights : ndarray of float, shape (b, n)
            How much each person counts; all 1 for the estimate itself.

        Returns
        -------
        Values
            One per weighting.
        """
        ...

    def influence(self) -> Values | None:
        """Return each person's influence on every value, or None where there is no formula.

        Returns
        -------
        Values or None
            With b = n: the change of each value, to first order, if the person were there twice;
            estimated weights included. The sum of squares over persons is the variance.
        """
        ...

    def detail(self) -> Detail:
        """Return what is told besides the numbers."""
        ...
