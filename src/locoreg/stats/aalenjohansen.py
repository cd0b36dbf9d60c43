"""Aalen-Johansen estimator: the probability of each of several competing events over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.numbertext import plural
from locoreg.stats.curveintervals import curve_limits
from locoreg.stats.curves import CURVE_INTERVALS, CurveInterval
from locoreg.stats.incidence import (
    INCIDENCE_VARIANCES,
    CumulativeIncidence,
    CumulativeIncidences,
    IncidenceVariance,
)
from locoreg.stats.incidencevariance import aalen_variance, robust_variance
from locoreg.stats.personrows import PersonRows, person_rows
from locoreg.stats.risktable import RiskTable, risk_table
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import (
    BoolArray,
    FloatArray,
    IntArray,
    SurvivalData,
    check_survival,
    named_rows,
)

# The name of the only stratum where none are given.
ALL = "all"
# More causes than this are codes that were not meant as causes, such as 99 for "other".
MOST_CAUSES = 20


def aalen_johansen(
    time: ArrayLike,
    event: ArrayLike,
    *,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    interval: CurveInterval = "log",
    variance: IncidenceVariance | None = None,
    causes: Sequence[str] | None = None,
) -> CumulativeIncidences:
    """Estimate the cumulative incidence of each of several competing events.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up.
    event : array_like of int, shape (n,)
        0 censored, 1, 2, ... the cause of the event that ended follow-up.
    level : float
        Level of the intervals in percent, for example 95.
    entry : array_like, shape (n,), optional
        Start of follow-up: delayed entry, or rows of one person.
    weight : array_like, shape (n,), optional
        Case weights, such as inverse probabilities of treatment; taken as known.
    id : array_like, shape (n,), optional
        Persons, where one has several rows. A row that ends when the person's next one begins is
        no censoring. Persons are the clusters unless ``cluster`` is given.
    cluster : array_like, shape (n,), optional
        Rows that are dependent: centres, or the clones of one person.
    strata : array_like, shape (n,), optional
        Groups, each with curves of its own.
    interval : {"log", "log-log", "plain", "logit", "arcsine"}
        Scale of the pointwise intervals.
    variance : {"robust", "aalen"}, optional
        The infinitesimal jackknife, summed within clusters (the default), or Aalen's of
        independent rows that all count once.
    causes : sequence of str, optional
        Names of the causes 1, 2, ...; by default their numbers.

    Returns
    -------
    CumulativeIncidences
        One set of curves per stratum.

    Raises
    ------
    DataError
        If rows can't be used: see ``check_survival``; rows of one person that overlap; an event
        that a later row of the person follows.
    DesignError
        If Aalen's variance is asked for with weights, persons or clusters, or the names of the
        causes don't fit.

    Notes
    -----
    With Y at risk and d_k events of cause k at a time, F_k rises by S(t-) d_k / Y, where S is the
    Kaplan-Meier estimate of being free of any event [1]_. The jackknife contribution of a row is
    its weight times the derivative of the estimate by that weight; without weights and delayed
    entry their sum of squares equals the delta-method variance [2]_ [3]_. Aalen's variance [4]_
    takes the events of each cause as hypergeometric, as ``cuminc`` of R's cmprsk does.

    References
    ----------
    .. [1] Aalen OO, Johansen S (1978). Scandinavian Journal of Statistics 5:141-150.
    .. [2] Dinse GE, Larson MG (1986). Biometrika 73:379-386. doi:10.1093/biomet/73.2.379
    .. [3] Efron B (1981). JASA 76:312-319. doi:10.1080/01621459.1981.10477650
    .. [4] Aalen O (1978). Annals of Statistics 6:534-545. doi:10.1214/aos/1176344198

    Examples
    --------
    >>> curves = aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1], level=95)
    >>> curves(3).tolist()
    [0.25, 0.25]
    """
    check_level(level)
    check_option("interval", interval, CURVE_INTERVALS)
    data, names, persons = check_incidence(
        time,
        event,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        strata=strata,
        causes=causes,
    )
    variance = "robust" if variance is None else variance
    check_option("variance", variance, INCIDENCE_VARIANCES)
    if variance == "aalen" and (weight is not None or data.cluster is not None):
        raise DesignError(
            "Aalen's variance takes rows for independent persons that count once, but there are "
            "weights, persons or clusters.",
            hint='ask for variance="robust".',
        )
    parts = stratum_incidences(data, len(names), persons)
    return CumulativeIncidences(
        curves=tuple(_curve(part, data, names, interval, variance, level) for part in parts),
        causes=names,
        interval=interval,
        variance=variance,
        level=level,
        weighted=weight is not None,
        delayed_entry=entry is not None,
        clusters=None if data.cluster is None else int(data.cluster.max()) + 1,
        merged_times=data.merged_times,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StratumIncidence:
    """The rows of one stratum and its estimates, from which variances are computed.

    Attributes
    ----------
    label : str
        Name of the stratum.
    rows : ndarray of int, shape (n,)
        Positions of its rows among all rows.
    event : ndarray of int, shape (n,)
        0 censored, 1 to k the cause.
    weight : ndarray of float, shape (n,), or None
        Case weights; None if all are 1.
    table : RiskTable
        Counts at the distinct times.
    hazard, incidence : ndarray of float, shape (m, k)
        Cause-specific hazard at each time, and cumulative incidence.
    before, free : ndarray of float, shape (m,)
        Probability of no event just before each time, and up to and at it.
    per_risk, per_left : ndarray of float, shape (m,)
        1 over the weight at risk, and over what of it has no event at the time; 0 where there is
        none, since every term with these factors is 0 then.
    """

    label: str
    rows: IntArray
    event: IntArray
    weight: FloatArray | None
    table: RiskTable
    hazard: FloatArray
    incidence: FloatArray
    before: FloatArray
    free: FloatArray
    per_risk: FloatArray
    per_left: FloatArray

    @property
    def last(self) -> float:
        """Last time at which somebody with a positive weight is at risk."""
        return float(self.table.time[np.flatnonzero(self.table.weighted_at_risk > 0)[-1]])


def stratum_incidences(
    data: SurvivalData, k: int, persons: PersonRows | None = None
) -> tuple[StratumIncidence, ...]:
    """Estimate hazards and cumulative incidences of ``k`` causes in each stratum.

    Parameters
    ----------
    data : SurvivalData
        Checked rows.
    k : int
        Number of causes.
    persons : PersonRows, optional
        Whose row each row is, so that persons who go on are not counted as censored.

    Returns
    -------
    tuple of StratumIncidence
        One per stratum.

    Raises
    ------
    DataError
        If all rows of a stratum have weight 0.
    """
    labels = data.strata_labels or (ALL,)
    return tuple(_stratum(data, code, label, k, persons) for code, label in enumerate(labels))


def _stratum(
    data: SurvivalData, code: int, label: str, k: int, persons: PersonRows | None
) -> StratumIncidence:
    rows = data.rows_of(code)
    single = data.strata is None
    event = data.event if single else data.event[rows]
    weight = data.weight if single or data.weight is None else data.weight[rows]
    entry = data.entry if single or data.entry is None else data.entry[rows]
    time = data.time if single else data.time[rows]
    table = risk_table(
        time,
        event,
        entry=entry,
        weight=weight,
        causes=k,
        continues=_rows(None if persons is None else persons.continues, rows),
        resumes=_rows(None if persons is None else persons.resumes, rows),
    )
    at_risk, events = table.weighted_at_risk, table.weighted_events
    some = at_risk > 0
    if not some.any():
        raise DataError(
            f"All rows of stratum {label} have weight 0.", hint="leave the stratum out."
        )
    left = at_risk - events.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_risk = np.where(some, 1.0 / at_risk, 0.0)
        share = np.where(some, left * per_risk, 1.0)
        per_left = np.where(left > 0, 1.0 / left, 0.0)
    free: FloatArray = np.asarray(np.cumprod(share), dtype=np.float64)
    before = np.concatenate(([1.0], free[:-1]))
    hazard = events * per_risk[:, None]
    return StratumIncidence(
        label=label,
        rows=rows,
        event=event,
        weight=weight,
        table=table,
        hazard=hazard,
        incidence=np.cumsum(before[:, None] * hazard, axis=0),
        before=before,
        free=free,
        per_risk=per_risk,
        per_left=per_left,
    )


def _rows(marks: BoolArray | None, rows: IntArray) -> BoolArray | None:
    return None if marks is None else marks[rows]


def _curve(
    part: StratumIncidence,
    data: SurvivalData,
    names: tuple[str, ...],
    interval: CurveInterval,
    variance: IncidenceVariance,
    level: float,
) -> CumulativeIncidence:
    table = part.table
    cluster = None if data.cluster is None else data.cluster[part.rows]
    if variance == "aalen":
        var, free_var = aalen_variance(table.at_risk, table.events, part.before, part.free)
    else:
        var, free_var = robust_variance(
            table, part.event, part.weight, cluster, part.hazard, part.before, part.free
        )
    se = np.sqrt(var)
    low, high = curve_limits(part.incidence, se, interval, level)
    return CumulativeIncidence(
        stratum=part.label,
        n=part.rows.size,
        weight=float(part.rows.size if part.weight is None else part.weight.sum()),
        causes=names,
        time=table.time,
        estimate=part.incidence,
        se=se,
        ci_low=low,
        ci_high=high,
        event_free=part.free,
        event_free_se=np.sqrt(free_var),
        at_risk=table.at_risk,
        events=table.events,
        censored=table.censored,
        entered=table.entered,
        weighted_at_risk=table.weighted_at_risk,
        weighted_events=table.weighted_events,
        weighted_censored=table.weighted_censored,
        weighted_entered=table.weighted_entered,
        cumulative_hazard=np.cumsum(part.hazard, axis=0),
        interval=interval,
        level=level,
    )


def check_incidence(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    causes: Sequence[str] | None = None,
) -> tuple[SurvivalData, tuple[str, ...], PersonRows | None]:
    """Check the rows of competing events and the names of the causes.

    Parameters
    ----------
    time, event, entry, weight, id, cluster, strata, causes
        As in ``aalen_johansen``.

    Returns
    -------
    data : SurvivalData
        Checked rows; its clusters are the persons where only these are given.
    names : tuple of str
        One per cause.
    persons : PersonRows or None
        Whose row each row is.

    Raises
    ------
    DataError, DesignError
        If they can't be used.
    """
    data = check_survival(
        time,
        event,
        entry=entry,
        weight=weight,
        cluster=id if cluster is None else cluster,
        strata=strata,
        causes=True,
    )
    names = _cause_names(causes, int(data.event.max()))
    persons = None if id is None else person_rows(id, data)
    if persons is not None:
        _check_last(persons, data)
    return data, names, persons


def _cause_names(causes: Sequence[str] | None, highest: int) -> tuple[str, ...]:
    if highest > MOST_CAUSES:
        raise DataError(
            f"event goes up to {highest}, but {MOST_CAUSES} causes are the most.",
            hint="number the causes 1, 2, ... without gaps; 0 is censored.",
        )
    if causes is None:
        return tuple(str(code) for code in range(1, max(highest, 1) + 1))
    names = (causes,) if isinstance(causes, str) else tuple(str(name) for name in causes)
    if len(set(names)) < len(names):
        raise DesignError("causes has a name twice.", hint="give each cause its own.")
    if len(names) < max(highest, 1):
        raise DesignError(
            f"causes has {plural(len(names), 'name')}, but event goes up to {highest}.",
            hint="give one name per cause, in the order of their codes 1, 2, ...",
        )
    return names


def _check_last(persons: PersonRows, data: SurvivalData) -> None:
    """Raise if a row of a person follows on an event."""
    if persons.continues is None:
        return
    bad = persons.continues & (data.event > 0)
    if bad.any():
        raise DataError(
            f"id has a row that goes on after an event: {named_rows(bad)}.",
            hint="competing events end follow-up: leave out what comes after the first one.",
        )
