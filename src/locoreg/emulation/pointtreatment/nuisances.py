"""Hazards of outcome and censoring in each arm, by Cox models under many weightings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.pointtreatment.groups import Groups
from locoreg.stats.cox import many_cox
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray
from locoreg.stats.timeorder import positions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clock:
    """Follow-up up to the horizon, placed on the times of events.

    Attributes
    ----------
    event_time : ndarray of float, shape (m,)
        Distinct times of events of either arm, ascending.
    last : ndarray of int, shape (n,)
        Number of these up to the end of each person's follow-up.
    event : ndarray of int, shape (n,)
        0 censored (or followed to the horizon), 1 the outcome, 2 a competing event.
    censored : ndarray of bool, shape (n,)
        Whether follow-up ends before the horizon without an event.
    rank : ndarray of float, shape (n,)
        Order of the ends of follow-up, with censorings after the events of the same time.
    before : ndarray of float, shape (m,)
        Rank that lies just before each event time.
    """

    event_time: FloatArray
    last: IntArray
    event: IntArray
    censored: BoolArray
    rank: FloatArray
    before: FloatArray

    @classmethod
    def of(cls, groups: Groups, horizon: float) -> Clock:
        """Return the clock of groups; months count from their start."""
        beyond = groups.time > horizon
        time = np.minimum(groups.time, horizon)
        event = np.where(beyond, 0, np.minimum(groups.event, 2))
        distinct, place = positions(time)
        event_place = np.unique(place[event > 0])
        censored = (event == 0) & (time < horizon)
        return cls(
            event_time=np.asarray(distinct[event_place]),
            last=np.asarray(np.searchsorted(event_place, place, side="right"), dtype=np.int64),
            event=np.asarray(event, dtype=np.int64),
            censored=censored,
            rank=np.asarray(2.0 * place + 1.0 + (event == 0)),
            before=np.asarray(2.0 * event_place),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hazard:
    """One hazard under b weightings.

    Attributes
    ----------
    cumulative : ndarray of float, shape (b, m)
        Baseline cumulative hazard at the times asked for.
    coefficients : ndarray of float, shape (b, p)
        Log hazard ratios of the covariates.
    """

    cumulative: FloatArray
    coefficients: FloatArray

    def usable(self) -> BoolArray:
        """Return which weightings have a finite fit, shape (b,)."""
        return np.asarray(
            np.isfinite(self.cumulative).all(axis=1) & np.isfinite(self.coefficients).all(axis=1)
        )


def fit_hazard(
    time: FloatArray, event: BoolArray, X: FloatArray, weights: FloatArray, at: FloatArray
) -> Hazard:
    """Fit a Cox model under many weightings.

    Parameters
    ----------
    time : ndarray of float, shape (r,)
        Ends of follow-up.
    event : ndarray of bool, shape (r,)
        Whether with the event.
    X : ndarray of float, shape (r, p)
        Covariates, centred.
    weights : ndarray of float, shape (b, r)
        Weights of the rows.
    at : ndarray of float, shape (m,)
        Times of the baseline hazard.

    Returns
    -------
    Hazard
        0 where there is no event. A covariate that does not vary among those at risk has the
        coefficient 0.
    """
    b, p = weights.shape[0], X.shape[1]
    cumulative, coefficients = np.zeros((b, at.size)), np.zeros((b, p))
    some = (weights @ event.astype(np.float64)) > 0.0
    if some.any():
        fits = many_cox(time, event, X, weights[some], times=at)
        assert fits.cumulative_hazard is not None
        cumulative[some] = fits.cumulative_hazard[:, 0]
        found = fits.coefficients
        lost = np.isnan(fits.loglik)
        found = np.where(np.isnan(found) & ~lost[:, None], 0.0, found)
        coefficients[some] = found
    return Hazard(cumulative=cumulative, coefficients=coefficients)
