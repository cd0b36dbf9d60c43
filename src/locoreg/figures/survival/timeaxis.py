"""The time axis on the sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """A time axis from 0.

    Attributes
    ----------
    end : float
        Last time.
    ticks : tuple of float
        Times with a tick, from 0 on.
    left, width : float
        Place on the sheet in points.
    """

    end: float
    ticks: tuple[float, ...]
    left: float
    width: float

    @property
    def right(self) -> float:
        """The right end in points."""
        return self.left + self.width

    def x(self, time: float) -> float:
        """Return the place of a time in points."""
        return self.left + self.width * time / self.end

    def xs(self, time: FloatArray) -> FloatArray:
        """Return the places of times in points, none beyond the end."""
        return self.left + self.width * np.minimum(time / self.end, 1.0)


def time_text(value: float) -> str:
    """Return a time without needless zeros."""
    return f"{value:.6g}"
