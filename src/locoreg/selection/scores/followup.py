"""Follow-up up to the horizon, on a grid of bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.grid import Grid
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.ridge import RiskRows
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Least time at risk of those to whom something happens, as a share of the horizon: too little to
# change a hazard.
LEAST_EXPOSURE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowUp:
    """What is known of each person's outcome at the horizon.

    Attributes
    ----------
    time : ndarray of float, shape (n,)
        End of follow-up, at most the last edge.
    event, censored : ndarray of bool, shape (n,)
        Whether it ended with the event, or with censoring, before the horizon (for survival in
        continuous time, with an event at the horizon too); neither for those followed to it.
    done : ndarray of bool, shape (n,)
        Whether the outcome is known.
    value : ndarray of float, shape (n,)
        The outcome, where it is known.
    entry : ndarray of float, shape (n,)
        Start of observation; with whole months the first month at risk, which is the one after that
        of a late entry: at risk are those with entry < time of the event.
    grid : Grid
        Bins of time.
    """

    time: FloatArray
    event: BoolArray
    censored: BoolArray
    done: BoolArray
    value: FloatArray
    entry: FloatArray
    grid: Grid

    @classmethod
    def of(
        cls, data: SelectionData, question: SelectionQuestion, options: ScoreOptions
    ) -> FollowUp:
        """Return the follow-up of persons.

        Parameters
        ----------
        data : SelectionData
            The persons.
        question : SelectionQuestion
            Measure and horizon.
        options : ScoreOptions
            Time scale and bins.

        Returns
        -------
        FollowUp
            Truncated at the horizon.

        Raises
        ------
        DesignError
            If months are asked for and times or the horizon are no whole numbers.
        """
        horizon, restricted = question.horizon_months, question.measure == "rmst_difference"
        months = _whole_months(data, horizon, options.time_scale)
        # P(T > L) needs the hazard of month L too, which ends at L + 1.
        last = horizon + 1.0 if months and not restricted else horizon
        event = data.event == 1
        # Events of a month come before its censorings: who is censored in the last month that
        # counts has lived through it, and the outcome is known.
        known = last - 1.0 if months else last
        beyond = (data.time >= known) & ~event
        # In continuous time an event at the horizon itself has not been outlived: P(T > L).
        beyond |= data.time >= last if months or restricted else data.time > last
        time = np.where(beyond, last, data.time)
        event = event & ~beyond
        done = event | beyond
        value = np.minimum(time, horizon) if restricted else beyond.astype(np.float64)
        return cls(
            time=time,
            event=event,
            censored=~done,
            done=done,
            value=value,
            entry=_begin(data, time, months),
            grid=Grid(
                edges=_edges(time[event], last, options.bins, months),
                months=months,
                restricted_mean=restricted,
            ),
        )

    def event_risk(self) -> RiskRows:
        """Return who was at risk of the event, in which bins."""
        end = np.minimum(self.time + 1.0, self._last) if self.grid.months else self.time
        return self._risk(end, self.event)

    def censoring_risk(self) -> RiskRows:
        """Return who was at risk of censoring, in which bins.

        In whole months nobody is at risk of it in the month of the own event, nor in the last
        month, after which nothing is to be known.
        """
        end = self.time
        if self.grid.months:
            end = np.where(self.event, self.time, self.time + 1.0)
            end = np.minimum(end, self._last - 1.0)
        return self._risk(end, self.censored)

    @property
    def last_needed(self) -> float:
        """The last time at which somebody must be at risk: the horizon, or the last month."""
        return self._last - 1.0 if self.grid.months else self._last

    @property
    def _last(self) -> float:
        return float(self.grid.edges[-1])

    def _risk(self, end: FloatArray, happened: BoolArray) -> RiskRows:
        low, high = self.grid.edges[:-1], self.grid.edges[1:]
        exposure = np.minimum(end[:, None], high)
        exposure -= np.maximum(self.entry[:, None], low)
        np.maximum(exposure, 0.0, out=exposure)
        place = self.grid.place(self.time)
        # What happens at time zero itself happens after no time at risk, and counts all the same.
        at_once = np.flatnonzero(happened)
        own = exposure[at_once, place[at_once]]
        exposure[at_once, place[at_once]] = np.maximum(own, LEAST_EXPOSURE * self._last)
        return RiskRows(
            exposure=exposure,
            place=place,
            happened=happened.astype(np.float64),
        )


def _begin(data: SelectionData, time: FloatArray, months: bool) -> FloatArray:
    if data.entry is None:
        return np.zeros(data.n)
    begin = np.where(data.entry > 0.0, data.entry + 1.0, 0.0) if months else data.entry
    return np.asarray(np.minimum(begin, time))


def _whole_months(data: SelectionData, horizon: float, scale: str) -> bool:
    whole = bool((data.time == np.round(data.time)).all()) and horizon == round(horizon)
    if data.entry is not None:
        whole = whole and bool((data.entry == np.round(data.entry)).all())
    if scale == "months" and not whole:
        raise DesignError(
            "the time scale is months, but times, entries or the horizon are no whole numbers.",
            hint="round them down to whole months, or take the time scale continuous.",
        )
    return whole if scale == "auto" else scale == "months"


def _edges(events: FloatArray, last: float, bins: int, months: bool) -> FloatArray:
    """Return edges of bins at quantiles of the times of events."""
    if months and last <= bins:
        return np.arange(last + 1.0)
    inner = np.quantile(events, np.linspace(0, 1, bins + 1)[1:-1]) if events.size else np.zeros(0)
    if months:
        inner = np.round(inner)
    inner = np.unique(inner[(inner > 0) & (inner < last)])
    return np.concatenate([[0.0], inner, [last]])
