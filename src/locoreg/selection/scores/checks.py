"""What scores refuse: questions that the persons can't answer."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.followup import FollowUp
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Persons of each arm who must be at risk at the horizon: with fewer the curve's end is theirs
# alone, and the hazard there that of a handful.
LEAST_AT_RISK = 20
# Unless hardly anybody is left to be followed: what the time without so many at risk could add to
# the outcome, as a share of its range.
LEAST_UNKNOWN = 0.05
# Events below which no hazard given covariates can be told from a constant one.
LEAST_EVENTS = 10


def check_persons(data: SelectionData, question: SelectionQuestion, follow: FollowUp) -> None:
    """Refuse persons from whom no score can be made.

    Parameters
    ----------
    data : SelectionData
        The persons.
    question : SelectionQuestion
        What is asked.
    follow : FollowUp
        Follow-up up to the horizon.

    Raises
    ------
    DesignError
        If an arm is empty, or there are too few events.
    """
    arms = ((data.treated, question.treated_label), (~data.treated, question.comparator_label))
    for members, label in arms:
        if not members.any():
            raise DesignError(
                f"nobody of {data.n} persons had {label!r}: there is nothing to compare.",
                hint="check who counts as treated, and who is let in.",
            )
    events = int(follow.event.sum())
    if events < LEAST_EVENTS:
        raise DesignError(
            f"{events} of {data.n} persons had the event ({question.outcome}) before "
            f"{question.horizon_months:g} months; {LEAST_EVENTS} are the least.",
            hint="take a later horizon, a more frequent outcome or more persons.",
        )


def check_horizon(data: SelectionData, question: SelectionQuestion, follow: FollowUp) -> None:
    """Refuse a horizon up to which too few were followed.

    Parameters
    ----------
    data : SelectionData
        The persons.
    question : SelectionQuestion
        What is asked.
    follow : FollowUp
        Follow-up up to the horizon.

    Raises
    ------
    DesignError
        If fewer than LEAST_AT_RISK persons of an arm are at risk at the horizon (in whole months,
        in the last month that counts), and many would still be free of the event. The longest
        horizon that both arms allow is named.
    """
    arms = ((data.treated, question.treated_label), (~data.treated, question.comparator_label))
    restricted = follow.grid.restricted_mean
    horizon = follow.last_needed
    short: list[tuple[int, str]] = []
    reached = []
    for members, label in arms:
        usable = _usable(data, members)
        reached.append(usable)
        if usable >= horizon:
            continue
        alive = _survival(data, members, usable)
        unknown = alive * (1.0 - usable / question.horizon_months) if restricted else alive
        if unknown > LEAST_UNKNOWN:
            short.append((int((data.time[members] >= horizon).sum()), label))
    if short:
        few, label = min(short)
        # In whole months, being at risk in month k tells of the time up to month k + 1.
        usable = min(reached) + (1.0 if follow.grid.months and restricted else 0.0)
        hint = (
            f"the longest horizon at which both arms have {LEAST_AT_RISK} at risk is "
            f"{_rounded_down(usable):g} months."
            if min(reached) > 0.0
            else "give more persons: no horizon has so many at risk in both arms."
        )
        raise DesignError(
            f"{few} persons with {label!r} are at risk at the horizon of "
            f"{question.horizon_months:g} months; "
            f"{LEAST_AT_RISK} are needed.",
            hint=hint,
        )


def _usable(data: SelectionData, members: BoolArray) -> float:
    """Return the last time at which enough persons of an arm are at risk; 0 if there is none."""
    end = np.sort(data.time[members])
    if end.size < LEAST_AT_RISK:
        return 0.0
    if data.entry is None:
        return float(end[-LEAST_AT_RISK])
    begin = np.sort(data.entry[members])
    entered = np.searchsorted(begin, end, side="left")
    at_risk = entered - np.arange(end.size)
    enough = np.flatnonzero(at_risk >= LEAST_AT_RISK)
    return float(end[enough[-1]]) if enough.size else 0.0


def _survival(data: SelectionData, members: BoolArray, at: float) -> float:
    """Return the Kaplan-Meier estimate of an arm just after a time."""
    time, event = data.time[members], data.event[members] == 1
    weight = data.weights[members]
    begin = np.full(time.size, -1.0) if data.entry is None else data.entry[members]
    order, entries = np.argsort(time), np.argsort(begin)
    left = weight[order][::-1].cumsum()[::-1]
    total = np.concatenate([[0.0], weight[entries].cumsum()])
    when, first = np.unique(time[order], return_index=True)
    deaths = np.add.reduceat((weight * event)[order], first)
    late = total[-1] - total[np.searchsorted(begin[entries], when, side="left")]
    at_risk = np.maximum(left[first] - late, deaths)
    used = (when <= at) & (deaths > 0.0)
    return float(np.prod(1.0 - deaths[used] / at_risk[used]))


def _rounded_down(value: float) -> float:
    """Return three significant digits, rounded down; whole months from 10 on."""
    if value >= 10.0:
        return float(math.floor(value))
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(math.floor(value / unit) * unit)


def at_risk_at(data: SelectionData, members: BoolArray, when: float) -> FloatArray:
    """Return the weights of those of an arm who are at risk at a time."""
    inside = members & (data.time >= when)
    if data.entry is not None:
        inside &= data.entry < when
    return data.weights[inside]
