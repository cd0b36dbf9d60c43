"""The baseline hazard of a Cox model, and survival curves predicted from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.frames import frame
from locoreg.stats.cox.kernels import A0, HAZARD, accumulate
from locoreg.stats.cox.likelihood import Likelihood
from locoreg.stats.curveintervals import curve_limits
from locoreg.stats.curves import CurveInterval
from locoreg.stats.survivaldata import FloatArray, IntArray, SurvivalData

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxBaseline:
    """The baseline hazard of one stratum.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n, events : int
        Rows and events in it, those of weight 0 left out.
    time : ndarray of float, shape (m,)
        Event times, ascending.
    cumulative_hazard : ndarray of float, shape (m,)
        Cumulative hazard where all covariates and the offset are 0.
    last_time : float
        End of the last row's follow-up; nothing is known beyond. NaN for an empty stratum.
    centre : ndarray of float, shape (p,)
        Covariates to which the next three belong.
    centred_hazard : ndarray of float, shape (m,)
        Cumulative hazard at ``centre``.
    centred_variance : ndarray of float, shape (m,)
        Its variance if the coefficients were known.
    hazard_means : ndarray of float, shape (m, p)
        Sum up to each time of the hazard times the mean of (x - centre) over the risk set, which
        carries the uncertainty of the coefficients into curves.
    """

    stratum: str
    n: int
    events: int
    time: FloatArray
    cumulative_hazard: FloatArray
    last_time: float
    centre: FloatArray
    centred_hazard: FloatArray
    centred_variance: FloatArray
    hazard_means: FloatArray

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return the cumulative baseline hazard at any times.

        Parameters
        ----------
        times : array_like
            Times from 0 on.

        Returns
        -------
        ndarray of float
            Same shape: 0 before the first event, NaN after the last time of follow-up.
        """
        asked = np.asarray(times, dtype=np.float64)
        values = np.concatenate(([0.0], self.cumulative_hazard))
        known = (asked >= 0) & (asked <= self.last_time)
        return np.where(known, values[np.searchsorted(self.time, asked, side="right")], np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the baseline as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "events": self.events,
            "last_time": self.last_time,
            "time": self.time.tolist(),
            "cumulative_hazard": self.cumulative_hazard.tolist(),
        }


def baselines(
    data: SurvivalData, likelihood: Likelihood, beta: FloatArray
) -> tuple[CoxBaseline, ...]:
    """Return the baseline hazard of each stratum at the point evaluated last.

    Parameters
    ----------
    data : SurvivalData
        The rows.
    likelihood : Likelihood
        Weighed, and evaluated at the fitted coefficients.
    beta : ndarray of float, shape (p,)
        Those coefficients, of the packed covariates.

    Returns
    -------
    tuple of CoxBaseline
        In sorted order of the strata.
    """
    rows = likelihood.layout
    # Cumulative sums go on where a stratum has a time at which nobody is at risk.
    ends = (np.diff(rows.stratum, append=-1) != 0).astype(np.int64)
    hazard, variance = np.empty(ends.size), np.empty(ends.size)
    accumulate(likelihood.terms[HAZARD], ends, hazard)
    accumulate(likelihood.terms[A0], ends, variance)
    means = likelihood.hazard_means(ends, rows.scale)
    to_zero = np.exp(-float((rows.centre / rows.scale) @ beta))
    labels = data.strata_labels or ("all",)
    codes = np.zeros(data.n, dtype=np.int64) if data.strata is None else data.strata
    present = np.ones(data.n) if data.weight is None else (data.weight > 0) * 1.0
    counts = np.bincount(codes, present, minlength=len(labels))
    dead = np.bincount(codes, present * data.event, minlength=len(labels))
    last = np.full(len(labels), -np.inf)
    np.maximum.at(last, codes, np.where(present > 0, data.time, -np.inf))
    bounds = np.searchsorted(rows.stratum, np.arange(len(labels) + 1))
    out = []
    for code, label in enumerate(labels):
        used = _steps(likelihood.terms[HAZARD], bounds[code], bounds[code + 1])
        out.append(
            CoxBaseline(
                stratum=label,
                n=int(counts[code]),
                events=int(dead[code]),
                time=rows.time[used],
                cumulative_hazard=hazard[used] * to_zero,
                last_time=float(last[code]) if counts[code] else float("nan"),
                centre=rows.centre,
                centred_hazard=hazard[used],
                centred_variance=variance[used],
                hazard_means=means[:, used].T,
            )
        )
    return tuple(out)


def _steps(hazard: FloatArray, low: int, high: int) -> slice | IntArray:
    """Return the slots of a stratum with a weighted event, from the first time to the last.

    Slots run from the last time to the first. A slice saves a copy.
    """
    steps = low + np.flatnonzero(hazard[low:high] > 0)[::-1]
    if steps.size and steps.size == steps[0] - steps[-1] + 1:
        return slice(steps[0], steps[-1] - 1 if steps[-1] else None, -1)
    return steps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxCurves:
    """Survival curves that a Cox model predicts for k persons of one stratum.

    Attributes
    ----------
    stratum : str
        The stratum whose baseline hazard is used.
    time : ndarray of float, shape (m,)
        Times at which the rest is given: the event times and the end of follow-up, or those asked.
    survival : ndarray of float, shape (m, k)
        exp(-cumulative hazard).
    ci_low, ci_high : ndarray of float, shape (m, k)
        Pointwise limits of survival.
    cumulative_hazard, cumulative_hazard_se : ndarray of float, shape (m, k)
        Cumulative hazard and its standard error, which is also that of the log of survival.
    interval : str
        Scale of the limits.
    level : float
        Their level in percent.
    """

    stratum: str
    time: FloatArray
    survival: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    cumulative_hazard: FloatArray
    cumulative_hazard_se: FloatArray
    interval: CurveInterval
    level: float

    def _columns(self) -> Iterator[str]:
        yield from ("survival", "ci_low", "ci_high", "cumulative_hazard", "cumulative_hazard_se")

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON-ready values; one list of times per person."""
        return {
            "stratum": self.stratum,
            "interval": self.interval,
            "level": self.level,
            "time": self.time.tolist(),
            **{name: getattr(self, name).T.tolist() for name in self._columns()},
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person and time.

        Returns
        -------
        pandas.DataFrame
            Columns person (1, 2, ...), time, survival, ci_low, ci_high, cumulative_hazard,
            cumulative_hazard_se.
        """
        m, k = self.survival.shape
        return frame(
            {
                "person": np.repeat(np.arange(1, k + 1), m),
                "time": np.tile(self.time, k),
                **{name: getattr(self, name).T.ravel() for name in self._columns()},
            }
        )


def predict_curves(
    baseline: CoxBaseline,
    X: FloatArray,
    offset: FloatArray | None,
    coefficients: FloatArray,
    covariance: FloatArray,
    *,
    times: FloatArray | None,
    interval: CurveInterval,
    level: float,
) -> CoxCurves:
    """Predict survival of persons with given covariates.

    Parameters
    ----------
    baseline : CoxBaseline
        That of the persons' stratum.
    X : ndarray of float, shape (k, p)
        Covariates.
    offset : ndarray of float, shape (k,), or None
        Offsets.
    coefficients, covariance : ndarray of float, shape (p,) and (p, p)
        Of the fit.
    times : ndarray of float or None
        Where to give the curves.
    interval, level
        As for `locoreg.stats.curveintervals.curve_limits`.

    Returns
    -------
    CoxCurves
        NaN after the end of follow-up.

    Notes
    -----
    With r = exp((x - centre)'b), the variance of the cumulative hazard is
    r^2 (V(t) + q(t)' C q(t)), q(t) = (x - centre) H(t) - hazard_means(t), C the covariance of the
    coefficients [1]_.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling Survival Data, section 10.2. Springer.
    """
    if times is None:
        grid = baseline.time
        if not grid.size or baseline.last_time > grid[-1]:
            grid = np.append(grid, baseline.last_time)
    else:
        grid = times
    at = np.searchsorted(baseline.time, grid, side="right")
    known = (grid >= 0) & (grid <= baseline.last_time)
    p = coefficients.size
    hazard = np.concatenate(([0.0], baseline.centred_hazard))[at][:, None]
    variance = np.concatenate(([0.0], baseline.centred_variance))[at]
    means = np.concatenate((np.zeros((1, p)), baseline.hazard_means))[at]
    m, k = grid.size, X.shape[0]
    cumulative, se = np.empty((m, k)), np.empty((m, k))
    for person in range(k):
        x = X[person] - baseline.centre
        shift = 0.0 if offset is None else float(offset[person])
        risk = np.exp(float(x @ coefficients) + shift)
        q = x * hazard - means
        cumulative[:, person] = risk * hazard[:, 0]
        se[:, person] = risk * np.sqrt(variance + ((q @ covariance) * q).sum(axis=1))
    cumulative[~known], se[~known] = np.nan, np.nan
    survival = np.exp(-cumulative)
    low, high = curve_limits(survival, survival * se, interval, level)
    return CoxCurves(
        stratum=baseline.stratum,
        time=grid,
        survival=survival,
        ci_low=low,
        ci_high=high,
        cumulative_hazard=cumulative,
        cumulative_hazard_se=se,
        interval=interval,
        level=level,
    )
