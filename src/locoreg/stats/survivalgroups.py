"""Groups of rows with their Kaplan-Meier estimates: what comparisons of curves start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.stats.curves import VARIANCES, Variance
from locoreg.stats.personrows import person_rows
from locoreg.stats.risktable import RiskTable, Tally, risk_table, tally
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import (
    FloatArray,
    IntArray,
    SurvivalData,
    check_survival,
    label_text,
)
from locoreg.stats.survivalestimate import fitting_variance
from locoreg.stats.timeorder import order_times

# The name of the only group where no strata are given.
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """One group of rows and its Kaplan-Meier estimate.

    Attributes
    ----------
    label : str
        Name of the stratum.
    rows : ndarray of int, shape (n,)
        Positions of its rows among all rows.
    event : ndarray of int, shape (n,)
        0 or 1.
    weight : ndarray of float, shape (n,), or None
        Case weights; None if all are 1.
    table : Tally or RiskTable
        Counts at the distinct times, shape (m,); with the places of the rows where these are
        needed.
    survival, hazard : ndarray of float, shape (m,)
        Survival at each time, and the share of the weight at risk that has the event at it.
    per_left : ndarray of float, shape (m,)
        1 over the weight at risk less the weight with the event; 0 where nothing is left, since
        survival is 0 from there on and so is every term with this factor.
    cumulated : ndarray of float, shape (m,)
        Cumulated ``hazard * per_left``: Greenwood's variance of log survival.
    last : float
        Last time at which somebody with a positive weight is at risk.
    unobserved : tuple of (float, float)
        Gaps from 0 to ``last`` in which nobody with a positive weight is at risk.
    """

    label: str
    rows: IntArray
    event: IntArray
    weight: FloatArray | None
    table: Tally
    survival: FloatArray
    hazard: FloatArray
    per_left: FloatArray
    cumulated: FloatArray
    last: float
    unobserved: tuple[tuple[float, float], ...]

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.rows.size

    @property
    def places(self) -> RiskTable:
        """The table with the places of the rows."""
        assert isinstance(self.table, RiskTable)
        return self.table

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.n if self.weight is None else self.weight.sum())

    @property
    def effective(self) -> float:
        """Kish's effective number of rows: (sum of weights)^2 / sum of squared weights."""
        if self.weight is None:
            return float(self.n)
        return float(self.weight.sum() ** 2 / np.square(self.weight).sum())

    @property
    def extinct(self) -> bool:
        """Whether survival comes to 0, so that it is known after the last time as well."""
        return bool(self.survival[-1] == 0.0)

    def position(self, times: ArrayLike) -> IntArray:
        """Return the number of distinct times up to each of ``times``."""
        return np.searchsorted(self.table.time, times, side="right")

    def survival_at(self, times: ArrayLike) -> FloatArray:
        """Return survival at any times, carried on after the last one."""
        return step(self.survival, self.position(times), 1.0)

    def unobserved_until(self, horizon: float) -> float:
        """Return the time from 0 to the horizon in which nobody is at risk before ``last``."""
        return float(sum(max(0.0, min(b, horizon) - min(a, horizon)) for a, b in self.unobserved))


def step(values: FloatArray, position: IntArray, before: float) -> FloatArray:
    """Return a step function after ``position`` of its steps; ``before`` the first one."""
    return np.concatenate(([before], values))[position]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """All groups of a question, and how their variances are to be computed.

    Attributes
    ----------
    groups : tuple of Group
        In sorted order of the labels.
    n : int
        Rows of all of them.
    variance : str
        ``greenwood`` or ``robust``.
    cluster : ndarray of int, shape (n,), or None
        Codes of the clusters (or persons) within which influence is summed; None if each row is
        its own.
    clusters : int or None
        Their number.
    weighted, delayed_entry : bool
        Whether rows have weights, and starts of follow-up.
    merged_times : int
        Distinct times that were merged with another.
    """

    groups: tuple[Group, ...]
    n: int
    variance: Variance
    cluster: IntArray | None
    clusters: int | None
    weighted: bool
    delayed_entry: bool
    merged_times: int

    def index(self, label: object) -> int:
        """Return the position of a stratum, or raise if there is none of that name."""
        names = [group.label for group in self.groups]
        text = label_text(label)
        if text not in names:
            raise DesignError(f"there is no stratum {text!r}.", hint=did_you_mean(text, names))
        return names.index(text)

    def covariance(self, influence: Sequence[FloatArray]) -> FloatArray:
        """Return the covariance matrix of one estimate per group.

        Parameters
        ----------
        influence : sequence of ndarray of float
            For each group what each of its rows contributes to the estimate.

        Returns
        -------
        ndarray of float, shape (groups, groups)
            Products of the contributions, summed within clusters first: clusters that have rows
            in two groups make these dependent.
        """
        k = len(self.groups)
        if self.cluster is None:
            return np.diag([float(values @ values) for values in influence])
        sums = np.empty((k, self.clusters or 0))
        for row, (group, values) in enumerate(zip(self.groups, influence, strict=True)):
            sums[row] = np.bincount(self.cluster[group.rows], values, minlength=sums.shape[1])
        return np.asarray(sums @ sums.T)


def check_groups(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None,
    weight: ArrayLike | None,
    id: ArrayLike | None,
    cluster: ArrayLike | None,
    strata: ArrayLike | None,
    variance: Variance | None,
    places: bool = False,
) -> Groups:
    """Check rows and estimate the survival curve of each stratum.

    Parameters
    ----------
    time, event, entry, weight, cluster, strata
        As in ``check_survival``.
    id : array_like, shape (n,), or None
        Labels of the persons whose rows they are: clusters, unless ``cluster`` is given.
    variance : {"greenwood", "robust"} or None
        None: as for ``kaplan_meier``, and robust if a person has rows in several strata.
    places : bool
        Whether the places of rows among the times are needed whatever the variance.

    Returns
    -------
    Groups
        One group per stratum.

    Raises
    ------
    DataError
        If the rows can't be used, or all rows of a stratum have weight 0.
    DesignError
        If Greenwood's variance is asked for and clusters are given.
    """
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    persons = None if id is None else person_rows(id, data).codes
    if variance is None:
        variance = _fitting_variance(data, persons)
    check_option("variance", variance, VARIANCES)
    if variance == "greenwood" and data.cluster is not None:
        raise DesignError(
            "Greenwood's variance takes rows for independent, but clusters are given.",
            hint='leave out cluster, or ask for variance="robust".',
        )
    codes = persons if data.cluster is None else data.cluster
    if codes is not None and (variance == "greenwood" or codes.max() + 1 == data.n):
        codes = None
    labels = data.strata_labels or (ALL,)
    return Groups(
        groups=tuple(
            _group(data, code, label, places or variance == "robust")
            for code, label in enumerate(labels)
        ),
        n=data.n,
        variance=variance,
        cluster=codes,
        clusters=None if codes is None else int(codes.max()) + 1,
        weighted=weight is not None,
        delayed_entry=entry is not None,
        merged_times=data.merged_times,
    )


def _fitting_variance(data: SurvivalData, persons: IntArray | None) -> Variance:
    """Return the choice for one curve, and robust if a person has rows in several strata."""
    variance = fitting_variance(data, persons)
    if variance == "robust" or persons is None or data.strata is None:
        return variance
    places = np.unique(persons * len(data.strata_labels) + data.strata).size
    return "greenwood" if places == persons.max() + 1 else "robust"


def _group(data: SurvivalData, code: int, label: str, places: bool) -> Group:
    rows = data.rows_of(code)
    time, event, entry, weight = data.time, data.event, data.entry, data.weight
    if data.strata is not None:
        time, event = time[rows], event[rows]
        entry = None if entry is None else entry[rows]
        weight = None if weight is None else weight[rows]
    table: Tally
    if places or weight is not None:
        table = risk_table(time, event, entry=entry, weight=weight)
    else:
        table = tally(order_times(time, event, entry))
    at_risk, events = table.weighted_at_risk, table.weighted_events[:, 0]
    present = np.flatnonzero(at_risk > 0)
    if present.size == 0:
        raise DataError(
            f"All rows of stratum {label} have weight 0.", hint="leave the stratum out."
        )
    hazard = np.divide(events, at_risk, out=np.zeros(at_risk.size), where=at_risk > 0)
    left = at_risk - events
    survival = np.cumprod(1.0 - hazard, dtype=np.float64)
    per_left = np.divide(1.0, left, out=np.zeros(left.size), where=(left > 0) & (survival > 0))
    return Group(
        label=label,
        rows=rows,
        event=event,
        weight=weight,
        table=table,
        survival=survival,
        hazard=hazard,
        per_left=per_left,
        cumulated=np.cumsum(hazard * per_left),
        last=float(table.time[present[-1]]),
        unobserved=() if entry is None else _gaps(entry, time, weight),
    )


def _gaps(
    entry: FloatArray, time: FloatArray, weight: FloatArray | None
) -> tuple[tuple[float, float], ...]:
    """Return the intervals from 0 to the last time in which nobody is at risk."""
    if weight is not None:
        entry, time = entry[weight > 0], time[weight > 0]
    order = np.argsort(entry)
    starts, ends = entry[order], np.maximum.accumulate(time[order])
    covered = np.concatenate(([0.0], ends[:-1]))
    gap = np.flatnonzero(starts > covered)
    return tuple((float(covered[i]), float(starts[i])) for i in gap)


def usable_until(group: Group, until: float, what: str) -> None:
    """Raise if a time lies after a group's follow-up.

    Parameters
    ----------
    group : Group
        The group.
    until : float
        The time.
    what : str
        What the time is called in the message, such as ``The horizon 120``.

    Raises
    ------
    DesignError
        Unless survival is 0 by then, and so known.
    """
    if until > group.last and not group.extinct:
        where = "" if group.label == ALL else f" of stratum {group.label}"
        raise DesignError(
            f"{what} lies after the follow-up{where}, where survival is not known.",
            hint=f"the last usable time is {group.last:g}.",
        )


def check_time(name: str, value: float) -> float:
    """Return a positive time, or raise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise DataError(
            f"{name} is {value!r}, but must be a positive time.",
            hint="give it in the unit of time.",
        )
    return number
