"""Cumulative incidences of competing events as values: what an estimator of them returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.core.numbertext import interval_text, plural
from locoreg.stats.curves import CurveInterval
from locoreg.stats.strata import part_of
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

IncidenceVariance = Literal["robust", "aalen"]
INCIDENCE_VARIANCES: tuple[IncidenceVariance, ...] = ("robust", "aalen")

# One value per time, and one per time and cause.
TIME_COLUMNS = (
    "time",
    "event_free",
    "event_free_se",
    "at_risk",
    "censored",
    "entered",
    "weighted_at_risk",
    "weighted_censored",
    "weighted_entered",
)
CAUSE_COLUMNS = (
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "cumulative_hazard",
    "events",
    "weighted_events",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IncidenceAt:
    """Cumulative incidences at chosen times.

    Attributes
    ----------
    causes : tuple of str, length k
        Names of the causes.
    time : ndarray of float, shape (t,)
        The times asked for.
    estimate, se, ci_low, ci_high : ndarray of float, shape (t, k)
        Cumulative incidences, standard errors and limits.
    """

    causes: tuple[str, ...]
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        names = ("time", "estimate", "se", "ci_low", "ci_high")
        return {"causes": list(self.causes), **{x: getattr(self, x).tolist() for x in names}}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cause and time."""
        columns: dict[str, Any] = {
            "cause": np.repeat(self.causes, self.time.size),
            "time": np.tile(self.time, len(self.causes)),
        }
        for name in ("estimate", "se", "ci_low", "ci_high"):
            columns[name] = getattr(self, name).T.ravel()
        return frame(columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CumulativeIncidence:
    """The cumulative incidences of one stratum, right-continuous step functions, one per cause.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n : int
        Rows.
    weight : float
        Sum of their weights.
    causes : tuple of str, length k
        Names of the causes.
    time : ndarray of float, shape (m,)
        Distinct ends of follow-up, ascending.
    estimate, se : ndarray of float, shape (m, k)
        Probability of an event of each cause up to and at each time, and its standard error.
    ci_low, ci_high : ndarray of float, shape (m, k)
        Pointwise limits; NaN where they don't exist (before the first event, with most intervals).
    event_free, event_free_se : ndarray of float, shape (m,)
        Probability of no event of any cause, and its standard error. Incidences and it sum to 1.
    at_risk, censored, entered : ndarray of int, shape (m,)
        Rows at risk just before each time, censored at it, and entered since the time before. With
        ``id``, the ends and entries of a person who goes on don't count.
    events : ndarray of int, shape (m, k)
        Rows with an event of each cause.
    weighted_at_risk, weighted_censored, weighted_entered : ndarray of float, shape (m,)
        The same, summed over weights: what the estimate is made of.
    weighted_events : ndarray of float, shape (m, k)
        The same for the events.
    cumulative_hazard : ndarray of float, shape (m, k)
        Nelson-Aalen estimate of each cause-specific cumulative hazard.
    interval : str
        Scale of the pointwise intervals.
    level : float
        Their level in percent.
    """

    stratum: str
    n: int
    weight: float
    causes: tuple[str, ...]
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    event_free: FloatArray
    event_free_se: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    entered: IntArray
    weighted_at_risk: FloatArray
    weighted_events: FloatArray
    weighted_censored: FloatArray
    weighted_entered: FloatArray
    cumulative_hazard: FloatArray
    interval: CurveInterval
    level: float

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return the cumulative incidence of each cause at any times.

        Parameters
        ----------
        times : array_like
            Times from 0 on, in any order and shape.

        Returns
        -------
        ndarray of float, shape (..., k)
            0 before the first event; NaN after the last time of follow-up, unless everybody has
            had an event by then.
        """
        return self._steps(times, self.estimate, 0.0)

    def at(self, times: ArrayLike) -> IncidenceAt:
        """Return estimates, standard errors and limits at any times.

        Parameters
        ----------
        times : array_like, shape (t,)
            Times from 0 on, in any order.

        Returns
        -------
        IncidenceAt
            NaN as for a call.
        """
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        # The limits that the formulas give at incidence 0 without a standard error.
        sure = 0.0 if self.interval == "plain" else np.nan
        return IncidenceAt(
            causes=self.causes,
            time=asked,
            estimate=self._steps(asked, self.estimate, 0.0),
            se=self._steps(asked, self.se, 0.0),
            ci_low=self._steps(asked, self.ci_low, sure),
            ci_high=self._steps(asked, self.ci_high, sure),
        )

    def _steps(self, times: ArrayLike, values: FloatArray, before: float) -> FloatArray:
        asked = np.asarray(times, dtype=np.float64)
        steps = np.vstack((np.full((1, values.shape[1]), before), values))
        found = steps[np.searchsorted(self.time, asked, side="right")]
        unknown = (asked > self.time[-1]) & (self.event_free[-1] > 0)
        unknown |= (asked < 0) | np.isnan(asked)
        found[unknown] = np.nan
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "weight": self.weight,
            "causes": list(self.causes),
            **{name: getattr(self, name).tolist() for name in TIME_COLUMNS + CAUSE_COLUMNS},
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CumulativeIncidences:
    """Cumulative incidences of all strata.

    Attributes
    ----------
    curves : tuple of CumulativeIncidence
        One per stratum, in sorted order of the labels.
    causes : tuple of str
        Names of the causes, the same in each stratum.
    interval, variance : str
        The options that gave the numbers.
    level : float
        Level of the intervals in percent.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.

    Notes
    -----
    ``curves["label"]`` is the curve of a stratum; with one curve, its columns (``time``,
    ``estimate``, ``se``, ...) are also attributes here, and the object itself can be called.
    """

    curves: tuple[CumulativeIncidence, ...]
    causes: tuple[str, ...]
    interval: CurveInterval
    variance: IncidenceVariance
    level: float
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def __iter__(self) -> Iterator[CumulativeIncidence]:
        """Yield the curves."""
        return iter(self.curves)

    def __len__(self) -> int:
        """Return the number of strata."""
        return len(self.curves)

    def __getitem__(self, stratum: object) -> CumulativeIncidence:
        """Return the curve of a stratum."""
        return part_of(self.curves, stratum)

    def __getattr__(self, name: str) -> Any:
        """Return a column of the only curve."""
        if name in TIME_COLUMNS or name in CAUSE_COLUMNS:
            return getattr(self._only(name), name)
        raise AttributeError(f"CumulativeIncidences has no attribute {name!r}")

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return the cumulative incidences of the only curve at any times."""
        return self._only("a call")(times)

    def at(self, times: ArrayLike) -> IncidenceAt:
        """Return the only curve at any times, see ``CumulativeIncidence.at``."""
        return self._only("at").at(times)

    def _only(self, wanted: str) -> CumulativeIncidence:
        if len(self.curves) > 1:
            names = ", ".join(curve.stratum for curve in self.curves)
            raise DesignError(
                f"{wanted} is ambiguous: there are curves for {names}.",
                hint='choose one: curves["..."].',
            )
        return self.curves[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON-ready values."""
        return {
            "causes": list(self.causes),
            "interval": self.interval,
            "variance": self.variance,
            "level": self.level,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "curves": [curve.to_dict() for curve in self.curves],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stratum, cause and time.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, cause, time, estimate, se, ci_low, ci_high, ...
        """
        parts = [(curve, i) for curve in self.curves for i in range(len(self.causes))]
        sizes = [curve.time.size for curve, _ in parts]
        columns: dict[str, Any] = {
            "stratum": np.repeat([curve.stratum for curve, _ in parts], sizes),
            "cause": np.repeat([self.causes[i] for _, i in parts], sizes),
            "time": np.concatenate([curve.time for curve, _ in parts]),
        }
        for name in CAUSE_COLUMNS:
            columns[name] = np.concatenate([getattr(curve, name)[:, i] for curve, i in parts])
        for name in TIME_COLUMNS[1:]:
            columns[name] = np.concatenate([getattr(curve, name) for curve, _ in parts])
        return frame(columns)

    def summary(self) -> str:
        """Return each stratum's incidences at its last time in a few lines."""
        lines = [
            f"Cumulative incidence (Aalen-Johansen), {self.level:g}% intervals "
            f"({self.interval}, {self.variance} variance)"
        ]
        for curve in self.curves:
            censored = int(curve.censored.sum())
            lines.append(f"{curve.stratum}: {plural(curve.n, 'row')}, {censored} censored")
            for i, cause in enumerate(self.causes):
                values = curve.estimate[-1, i], curve.ci_low[-1, i], curve.ci_high[-1, i]
                lines.append(
                    f"  {cause}: {plural(int(curve.events[:, i].sum()), 'event')}, "
                    f"{interval_text(*values)} at {curve.time[-1]:g}"
                )
        return "\n".join(lines)
