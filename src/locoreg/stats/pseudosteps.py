"""What each row adds to an estimate of one stratum: derivatives and leaving rows out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.jit import compiled
from locoreg.stats.risktable import risk_table
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.survivalgroups import ALL


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """One stratum at its m distinct times, and where its n rows stand.

    Attributes
    ----------
    time, at_risk, events, cause_events : ndarray of float, shape (m,)
        Distinct times, and the weight at risk, with any event and with one of the cause.
    exit : ndarray of int, shape (n,)
        Position of each row's end.
    any_event, own_event : ndarray of float, shape (n,)
        1 where the row has an event, and one of the cause; else 0.
    weight : ndarray of float, shape (n,), or None
        Case weights.
    last : float
        Last time at which a positive weight is at risk.
    """

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    cause_events: FloatArray
    exit: IntArray
    any_event: FloatArray
    own_event: FloatArray
    weight: FloatArray | None
    last: float

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.exit.size if self.weight is None else self.weight.sum())


def stratum_steps(
    time: FloatArray, event: IntArray, weight: FloatArray | None, cause: int, label: str
) -> Steps:
    """Count the rows of a stratum.

    Parameters
    ----------
    time, event : ndarray, shape (n,)
        Checked ends of follow-up; 0 for censored, 1, 2, ... for the cause.
    weight : ndarray of float, shape (n,), or None
        Case weights.
    cause : int
        The event of interest.
    label : str
        Name of the stratum in messages.

    Returns
    -------
    Steps
        Counts and positions.

    Raises
    ------
    DataError
        If all weights are 0.
    """
    table = risk_table(time, event, weight=weight, causes=max(int(event.max()), cause))
    present = np.flatnonzero(table.weighted_at_risk > 0)
    if present.size == 0:
        raise DataError(f"All rows of stratum {label} have weight 0.", hint="leave it out.")
    return Steps(
        time=table.time,
        at_risk=table.weighted_at_risk,
        events=table.weighted_events.sum(axis=1),
        cause_events=table.weighted_events[:, cause - 1],
        exit=table.exit,
        any_event=(event > 0).astype(np.float64),
        own_event=(event == cause).astype(np.float64),
        weight=weight,
        last=float(table.time[present[-1]]),
    )


def check_reach(steps: Steps, until: float, label: str) -> None:
    """Raise if a time lies after the follow-up of a stratum where somebody is left."""
    present = np.flatnonzero(steps.at_risk > 0)[-1]
    extinct = steps.events[present] >= steps.at_risk[present]
    if until > steps.last and not extinct:
        where = "" if label == ALL else f" of stratum {label}"
        raise DesignError(
            f"The time {until:g} lies after the follow-up{where}.",
            hint=f"the last usable time is {steps.last:g}.",
        )


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(whole.size), where=whole > 0)


def _curve(steps: Steps) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return survival before each time, and the hazards of any event and of the cause."""
    hazard = _share(steps.events, steps.at_risk)
    before = np.concatenate(([1.0], np.cumprod(1.0 - hazard)[:-1]))
    return before, hazard, _share(steps.cause_events, steps.at_risk)


def infinitesimal_jackknife(steps: Steps, estimand: str, time: float) -> tuple[float, FloatArray]:
    """Return an estimate, and estimate + total weight * derivative by each row's weight.

    Parameters
    ----------
    steps : Steps
        The stratum.
    estimand : {"survival", "rmst", "cumulative-incidence"}
        What is estimated.
    time : float
        At which time, or to which horizon.

    Returns
    -------
    estimate : float
        Of the whole stratum.
    values : ndarray of float, shape (n,)
        Pseudo-observations.
    """
    before, hazard, own_hazard = _curve(steps)
    m = hazard.size
    at = int(np.searchsorted(steps.time, time, side="right"))
    left = steps.at_risk - steps.events
    survival = before * (1.0 - hazard)
    # What survival beyond each time is worth to the estimate, and what an event of the cause at
    # it is worth at once, per weight at risk.
    worth, per_risk = np.zeros(m), np.zeros(m)
    if estimand == "survival":
        estimate = float(survival[at - 1]) if at else 1.0
        worth[:at] = estimate
    elif estimand == "rmst":
        clipped = np.minimum(steps.time, time)
        worth = np.cumsum((survival * np.diff(clipped, append=time))[::-1])[::-1]
        estimate = float(clipped[0] + worth[0])
    else:
        gained = np.cumsum((before * own_hazard)[:at])
        estimate = float(gained[-1]) if at else 0.0
        worth[:at] = estimate - gained
        per_risk[:at] = _share(before, steps.at_risk)[:at]
    drop = _share(worth, left)
    passive = np.cumsum(drop * hazard - per_risk * own_hazard)
    influence = passive[steps.exit] - steps.any_event * drop[steps.exit]
    influence += steps.own_event * per_risk[steps.exit]
    return estimate, estimate + steps.total * influence


def jackknife(steps: Steps, estimand: str, time: float) -> tuple[float, FloatArray]:
    """Return an estimate, and n * estimate - (n - 1) * estimate without each row.

    Parameters
    ----------
    steps : Steps
        The stratum, without weights.
    estimand, time
        As in ``infinitesimal_jackknife``.

    Returns
    -------
    estimate : float
        Of the whole stratum.
    values : ndarray of float, shape (n,)
        Pseudo-observations.

    Notes
    -----
    Leaving out a row changes the hazards up to its end only, and before its end in the same way
    for all rows: one curve of one person less up to the end, then the factors of the full sample.
    Where nobody else is at risk at the end of the last row, survival is carried on.
    """
    before, hazard, own_hazard = _curve(steps)
    m, n = hazard.size, steps.exit.size
    at = int(np.searchsorted(steps.time, time, side="right"))
    end = np.minimum(steps.exit, at)
    others = steps.at_risk - 1.0
    # Survival before each time if a row that ends later is left out.
    less = np.concatenate(([1.0], np.cumprod(1.0 - _share(steps.events, others))))
    # Of each row that ends by the time: the factor and the hazard at its end without it.
    here = np.minimum(steps.exit, max(at - 1, 0))
    factor = 1.0 - _share(steps.events[here] - steps.any_event, others[here])
    gained, later = np.zeros(m + 1), np.zeros(m)
    if estimand == "survival":
        estimate = float(np.prod(1.0 - hazard[:at]))
        later[at - 1 : at] = 1.0
        start = np.where(steps.exit < at, 0.0, less[at])
    elif estimand == "rmst":
        clipped = np.minimum(steps.time, time)
        later = np.diff(clipped, append=time)
        estimate = float(clipped[0] + (before * (1.0 - hazard)) @ later)
        gained = clipped[0] + np.concatenate(([0.0], np.cumsum(less[1:] * later)))
        start = gained[end]
    else:
        estimate = float((before * own_hazard)[:at].sum())
        later[: max(at - 1, 0)] = own_hazard[1:at]
        gained = np.concatenate(([0.0], np.cumsum(less[:-1] * _share(steps.cause_events, others))))
        jump = _share(steps.cause_events[here] - steps.own_event, others[here])
        start = gained[end] + np.where(steps.exit < at, less[here] * jump, 0.0)
    after = _backward(later, 1.0 - hazard)
    without = start + np.where(steps.exit < at, less[here] * factor * after[here], 0.0)
    return estimate, n * estimate - (n - 1) * without


@compiled
def _backward(add: FloatArray, factor: FloatArray) -> FloatArray:
    """Return out[k] = add[k] + factor[k + 1] * out[k + 1]."""
    out = add.copy()
    for k in range(add.size - 2, -1, -1):
        out[k] += factor[k + 1] * out[k + 1]
    return out
