"""Bins of time up to the horizon, on which hazards are constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.unbiasedoutcome import mean_outcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The bins, and what the outcome is.

    Attributes
    ----------
    edges : ndarray of float, shape (b + 1,)
        Edges of the bins, from 0 to the horizon (with whole months and a probability asked for, to
        the end of the month of the horizon).
    months : bool
        Whether times are whole months: bins are then sets of months, and hazards probabilities per
        month; else rates per month.
    restricted_mean : bool
        Whether the outcome is the time up to the horizon, and not survival at it.
    """

    edges: FloatArray
    months: bool
    restricted_mean: bool

    @property
    def bins(self) -> int:
        """Number of bins."""
        return int(self.edges.size - 1)

    @property
    def clock(self) -> FloatArray:
        """Place of the middle of each bin, from -1 at time 0 to 1 at the end, shape (b,)."""
        middle = (self.edges[:-1] + self.edges[1:]) / 2.0
        return np.asarray(2.0 * middle / self.edges[-1] - 1.0)

    def mean(self, hazard: FloatArray) -> FloatArray:
        """Return the mean outcome under hazards of shape (m, b), shape (m,)."""
        return mean_outcome(
            self.edges, hazard, restricted_mean=self.restricted_mean, months=self.months
        )

    def survival(self, hazard: FloatArray, times: FloatArray) -> FloatArray:
        """Return the probability to be free of what the hazard is of, beyond given times.

        Parameters
        ----------
        hazard : ndarray of float, shape (m, b)
            Hazards.
        times : ndarray of float, shape (t,)
            Months, from 0 to the last edge. With whole months, beyond month k means that months 0
            to k have passed.

        Returns
        -------
        ndarray of float, shape (m, t)
            Survival.
        """
        if self.months:
            passed = np.minimum(np.floor(times) + 1.0, self.edges[-1])
            per_unit = -np.log1p(-hazard)
        else:
            passed, per_unit = np.minimum(times, self.edges[-1]), hazard
        low, high = self.edges[:-1], self.edges[1:]
        spent = np.clip(passed[:, None] - low, 0.0, high - low)
        return np.asarray(np.exp(-per_unit @ spent.T))

    def place(self, time: FloatArray) -> IntArray:
        """Return the bin in which follow-up ends, shape (n,); an edge belongs to the bin before.

        With whole months an edge is the first month of the bin after it.
        """
        side = "right" if self.months else "left"
        found = np.searchsorted(self.edges, time, side=side) - 1  # type: ignore[call-overload]
        return np.asarray(np.clip(found, 0, self.bins - 1), dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return the bins as JSON-ready values."""
        return {
            "edges": self.edges.tolist(),
            "months": self.months,
            "restricted_mean": self.restricted_mean,
        }

    @classmethod
    def restore(cls, values: Mapping[str, Any]) -> Self:
        """Return the bins of `to_dict`."""
        return cls(
            edges=np.asarray(values["edges"], dtype=np.float64),
            months=bool(values["months"]),
            restricted_mean=bool(values["restricted_mean"]),
        )
