"""What is read off the values of two arms: curves, differences, ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.estimate import Scale
from locoreg.emulation.effect.contrast import Measure
from locoreg.emulation.inference.analysis import Values
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray, IntArray

SURVIVAL: tuple[Measure, ...] = (
    "survival_difference",
    "survival_ratio",
    "rmst_difference",
    "rmst_ratio",
)
INCIDENCE: tuple[Measure, ...] = (
    "incidence_difference",
    "incidence_ratio",
    "time_lost_difference",
    "time_lost_ratio",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readings:
    """Where each number of a row of readings stands.

    A row holds the two curves and their difference on the grid, then the contrasts measure by
    measure at the times asked for, then the log hazard ratio.

    Attributes
    ----------
    grid : ndarray of float, shape (k,)
        Times of the curves.
    at : ndarray of int, shape (a,)
        Positions on the grid of the times asked for.
    measures : tuple of str
        The four measures.
    """

    grid: FloatArray
    at: IntArray
    measures: tuple[Measure, ...]

    @classmethod
    def of(cls, question: Question, *, competing: bool) -> Readings:
        """Return the layout for a question."""
        grid = question.grid()
        at = np.searchsorted(grid, np.sort(np.asarray(question.at_months, dtype=np.float64)))
        return cls(grid=grid, at=at, measures=INCIDENCE if competing else SURVIVAL)

    @property
    def times(self) -> FloatArray:
        """Times asked for, shape (a,)."""
        return self.grid[self.at]

    @property
    def difference(self) -> slice:
        """Places of the difference curve in a row; the contrasts follow it."""
        return slice(2 * self.grid.size, 3 * self.grid.size)

    @property
    def size(self) -> int:
        """Numbers in a row."""
        return 3 * self.grid.size + 4 * self.at.size + 1

    def contrasts(self) -> list[tuple[Measure, float, Scale]]:
        """Return measure, time and scale of each contrast, the hazard ratio last."""
        out: list[tuple[Measure, float, Scale]] = []
        for place, measure in enumerate(self.measures):
            scale: Scale = "log" if place % 2 else "identity"
            out += [(measure, float(t), scale) for t in self.times]
        out.append(("hazard_ratio", float(self.grid[-1]), "log"))
        return out

    def read(self, values: Values) -> FloatArray:
        """Return a row of readings per weighting, shape (b, 3 k + 4 a + 1)."""
        c0, c1 = values.curve[:, 0], values.curve[:, 1]
        parts = [c0, c1, c1 - c0]
        for table in (values.curve, values.area):
            v0, v1 = table[:, 0][:, self.at], table[:, 1][:, self.at]
            parts += [v1 - v0, _log_ratio(v1, v0)]
        return np.column_stack([*parts, values.log_hr])

    def influence(self, values: Values, influence: Values) -> FloatArray:
        """Return each person's influence on each reading, shape (n, 3 k + 4 a + 1)."""
        i0, i1 = influence.curve[:, 0], influence.curve[:, 1]
        parts = [i0, i1, i1 - i0]
        for table, change in ((values.curve, influence.curve), (values.area, influence.area)):
            v0, v1 = table[0, 0, self.at], table[0, 1, self.at]
            d0, d1 = change[:, 0][:, self.at], change[:, 1][:, self.at]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where((v0 > 0) & (v1 > 0), d1 / v1 - d0 / v0, np.nan)
            parts += [d1 - d0, ratio]
        return np.column_stack([*parts, influence.log_hr])


def _log_ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Return the log ratio; NaN where either is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((top > 0) & (bottom > 0), np.log(top / bottom), np.nan)
