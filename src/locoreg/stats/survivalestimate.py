"""Survival curves of all strata, from checked rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.curves import (
    CURVE_INTERVALS,
    VARIANCES,
    CurveInterval,
    Estimator,
    SurvivalCurve,
    SurvivalCurves,
    Variance,
)
from locoreg.stats.personrows import PersonRows, person_rows
from locoreg.stats.risktable import RiskTable, Tally, risk_table, tally
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import (
    BoolArray,
    FloatArray,
    IntArray,
    SurvivalData,
    cluster_codes,
)
from locoreg.stats.survivalsteps import StepEstimator, sensitivities, survival_steps
from locoreg.stats.survivalvariance import (
    Increments,
    clustered_variance,
    independent_variance,
    traffic,
    uniform_variance,
)
from locoreg.stats.timeorder import TimeOrder, order_times, positions

# The name of the only stratum where none are given.
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be estimated, and by which variance and on which scale it has intervals.

    Attributes
    ----------
    estimator, interval, variance, level
        As for the public functions; checked when made.
    """

    estimator: Estimator
    interval: CurveInterval
    variance: Variance | None
    level: float

    def __post_init__(self) -> None:
        check_level(self.level)
        check_option("interval", self.interval, CURVE_INTERVALS)
        if self.variance is not None:
            check_option("variance", self.variance, VARIANCES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """The rows of one stratum.

    ``cluster`` is None where each row is its own; ``order`` where a tally would not do, because
    rows weigh differently or have to be told apart.
    """

    label: str
    time: FloatArray
    event: IntArray
    entry: FloatArray | None
    weight: FloatArray | None
    cluster: IntArray | None
    continues: BoolArray | None
    resumes: BoolArray | None
    order: TimeOrder | None


def estimate_curves(question: Question, data: SurvivalData, id: ArrayLike | None) -> SurvivalCurves:
    """Estimate the curve of each stratum.

    Parameters
    ----------
    question : Question
        The estimator and its options.
    data : SurvivalData
        Checked rows.
    id : array_like, shape (n,), or None
        Labels of persons.

    Returns
    -------
    SurvivalCurves
        One curve per stratum.

    Raises
    ------
    DataError
        If the labels can't be used.
    DesignError
        If clusters are given with Greenwood's variance.
    """
    persons = None if id is None else person_rows(id, data)
    if question.estimator == "reverse-kaplan-meier":
        data = _reversed(data, persons)
    variance = question.variance or fitting_variance(
        data, None if persons is None else persons.codes
    )
    if variance == "greenwood" and data.cluster is not None:
        raise DesignError(
            "The model-based variance takes rows for independent, but clusters are given.",
            hint='leave out cluster, or ask for variance="robust".',
        )
    cluster = data.cluster
    if cluster is None and persons is not None and variance == "robust":
        cluster = persons.codes
    if cluster is not None and cluster.max() + 1 == data.n:
        cluster = None
    data = replace(data, cluster=cluster)
    return SurvivalCurves(
        curves=tuple(
            _curve(group, question, variance) for group in _groups(data, persons, variance)
        ),
        estimator=question.estimator,
        interval=question.interval,
        variance=variance,
        level=question.level,
        weighted=data.weight is not None,
        delayed_entry=data.entry is not None,
        clusters=None if cluster is None else int(cluster.max()) + 1,
        merged_times=data.merged_times,
    )


def _reversed(data: SurvivalData, persons: PersonRows | None) -> SurvivalData:
    """Make the ends of follow-up the events."""
    ended = data.event == 0
    if persons is not None and persons.continues is not None:
        ended &= ~persons.continues
    # A tally does not depend on the order within a time.
    order = replace(data.order, censored=1 - data.order.censored)
    return replace(data, event=ended.astype(np.int64), order=order)


def fitting_variance(data: SurvivalData, persons: IntArray | None) -> Variance:
    """Return R's choice: robust where rows are not, or may not be, independent persons.

    Parameters
    ----------
    data : SurvivalData
        The checked rows.
    persons : ndarray of int, shape (n,), or None
        Codes of the persons whose rows they are.

    Returns
    -------
    str
        ``robust`` with clusters, weights that are not whole numbers, or persons with several
        events; else ``greenwood``.
    """
    if data.cluster is not None:
        return "robust"
    if data.weight is not None and not np.array_equal(data.weight, np.floor(data.weight)):
        return "robust"
    if persons is not None and np.bincount(persons, data.event).max() > 1:
        return "robust"
    return "greenwood"


def _groups(data: SurvivalData, persons: PersonRows | None, variance: Variance) -> Iterator[_Group]:
    whole = _Group(
        label=ALL,
        time=data.time,
        event=data.event,
        entry=data.entry,
        weight=data.weight,
        cluster=data.cluster,
        continues=None if persons is None else persons.continues,
        resumes=None if persons is None else persons.resumes,
        order=data.order,
    )
    told_apart = (whole.weight, whole.cluster, whole.continues)
    plain = all(values is None for values in told_apart)
    plain = plain and (data.entry is None or variance == "greenwood")
    if data.strata is None:
        yield whole if plain else replace(whole, order=None)
        return
    for code, label in enumerate(data.strata_labels):
        yield _part(whole, label, data.rows_of(code), plain)


def _part(whole: _Group, label: str, rows: IntArray, plain: bool) -> _Group:
    time, event = whole.time[rows], whole.event[rows]
    entry = None if whole.entry is None else whole.entry[rows]
    cluster = None
    if whole.cluster is not None:
        cluster = cluster_codes("cluster", whole.cluster[rows], rows.size)
    return _Group(
        label=label,
        time=time,
        event=event,
        entry=entry,
        weight=None if whole.weight is None else whole.weight[rows],
        cluster=cluster,
        continues=None if whole.continues is None else whole.continues[rows],
        resumes=None if whole.resumes is None else whole.resumes[rows],
        order=order_times(time, event, entry) if plain else None,
    )


def _curve(group: _Group, question: Question, variance: Variance) -> SurvivalCurve:
    table = _count(group)
    estimator = question.estimator
    if estimator == "reverse-kaplan-meier":
        estimator = "kaplan-meier"
    steps = survival_steps(table, estimator)
    if variance == "greenwood":
        of_log, of_hazard = steps.log_variance, steps.hazard_variance
    else:
        of_log, of_hazard = _robust(group, table, estimator)
    se = np.sqrt(of_log)
    se *= steps.survival
    if estimator == "kaplan-meier" and variance == "greenwood":
        # The formula divides by the number left.
        se[np.searchsorted(-steps.survival, 0.0) :] = np.nan
    starts, started, weighted_started = _starts(group)
    return SurvivalCurve(
        stratum=group.label,
        n=group.time.size,
        weight=float(group.time.size if group.weight is None else group.weight.sum()),
        time=table.time,
        estimate=steps.survival,
        se=se,
        cumulative_hazard=steps.cumulative_hazard,
        cumulative_hazard_se=np.sqrt(of_hazard),
        at_risk=table.at_risk,
        events=table.events[:, 0],
        censored=table.censored,
        entered=table.entered,
        weights=table.weights,
        starts=starts,
        started=started,
        weighted_started=weighted_started,
        interval=question.interval,
        level=question.level,
    )


def _count(group: _Group) -> Tally:
    if group.weight is not None and not group.weight.any():
        raise DataError(
            f"All rows of stratum {group.label} have weight 0.", hint="leave the stratum out."
        )
    if group.order is not None:
        return tally(group.order)
    return risk_table(
        group.time,
        group.event,
        entry=group.entry,
        weight=group.weight,
        continues=group.continues,
        resumes=group.resumes,
    )


def _robust(group: _Group, table: Tally, estimator: StepEstimator) -> tuple[FloatArray, FloatArray]:
    """Return jackknife variances of log survival and of the cumulative hazard."""
    jackknife = _jackknife(group, table)
    sensitive = sensitivities(table, estimator)
    of_hazard = jackknife(sensitive.hazard)
    if sensitive.log_survival is sensitive.hazard:
        return of_hazard, of_hazard
    return jackknife(sensitive.log_survival), of_hazard


def _jackknife(group: _Group, table: Tally) -> Callable[[Increments], FloatArray]:
    """Return the jackknife variance as a function of an estimate's increments."""
    if not isinstance(table, RiskTable):
        return partial(uniform_variance, at_risk=table.at_risk, events=table.events[:, 0])
    m = table.time.size
    if table.first is not None or group.cluster is not None:
        rows = traffic(
            m,
            exit=table.exit,
            first=table.first,
            event=group.event,
            weight=group.weight,
            cluster=group.cluster,
        )
        return partial(clustered_variance, rows=rows)
    squares = None if group.weight is None else group.weight**2
    ends = np.bincount(table.exit * 2 + group.event, squares, minlength=2 * m).astype(np.float64)
    return partial(independent_variance, events=ends[1::2], others=ends[::2])


def _starts(group: _Group) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return the distinct times of entry, the rows that enter at each, and their weight."""
    if group.entry is None:
        return np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0)
    starts, position = positions(group.entry)
    rows = np.bincount(position)
    weights = rows if group.weight is None else np.bincount(position, group.weight)
    return starts, rows, weights.astype(np.float64)
