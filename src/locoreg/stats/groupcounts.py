"""Groups at risk and with events at each event time: what tests between groups start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.stats.risktable import risk_table
from locoreg.stats.survivaldata import (
    FloatArray,
    IntArray,
    SurvivalData,
    check_survival,
    label_codes,
)

# Eigenvalues of a covariance matrix below this share of the largest are what rounding leaves of 0.
RANK_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupedData:
    """Checked rows with their groups.

    Attributes
    ----------
    data : SurvivalData
        The rows.
    group : ndarray of int, shape (n,)
        Codes of the groups.
    groups : tuple of str
        Their names in sorted order, at least two.
    """

    data: SurvivalData
    group: IntArray
    groups: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.data.n

    @property
    def clusters(self) -> int | None:
        """Number of clusters; None if each row is its own."""
        return None if self.data.cluster is None else int(self.data.cluster.max()) + 1

    def cluster_sums(self, values: FloatArray) -> FloatArray:
        """Return the columns of ``values``, shape (n, c), summed within clusters."""
        if self.data.cluster is None:
            return values
        codes, size = self.data.cluster, int(self.data.cluster.max()) + 1
        columns = [np.bincount(codes, column, minlength=size) for column in values.T]
        return np.column_stack(columns)


def check_grouped(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    causes: bool = False,
) -> GroupedData:
    """Check rows and their groups.

    Parameters
    ----------
    time, event, entry, weight, cluster, strata, causes
        As in ``check_survival``.
    group : array_like, shape (n,)
        Labels of the groups.

    Returns
    -------
    GroupedData
        The same rows in the same order.

    Raises
    ------
    DataError
        If rows can't be used, or there are fewer than two groups.
    """
    data = check_survival(
        time,
        event,
        entry=entry,
        weight=weight,
        cluster=cluster,
        strata=strata,
        causes=causes,
    )
    codes, names = label_codes("group", group, data.n)
    if len(names) < 2:
        raise DataError(
            f"group has one label only: {names[0]}.", hint="a test compares two groups or more."
        )
    return GroupedData(data=data, group=codes, groups=names)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupCounts:
    """The groups of one stratum at its event times.

    Attributes
    ----------
    rows, group : ndarray of int, shape (n,)
        Positions of the stratum's rows among all rows; codes of their groups.
    event : ndarray of int, shape (n,)
        0 or 1.
    weight : ndarray of float, shape (n,), or None
        Case weights; None if all are 1.
    since, until : ndarray of int, shape (n,)
        A row is at risk at the event times ``since`` to ``until`` - 1; if it has an event, at the
        last of these.
    events, share : ndarray of float, shape (m, g)
        Weight with an event in each group, and each group's share of the weight at risk, at the m
        times with an event (of positive weight).
    total_events, total_at_risk : ndarray of float, shape (m,)
        Sums over groups.
    before : ndarray of float, shape (m,)
        Kaplan-Meier estimate of all rows just before each time.
    """

    rows: IntArray
    group: IntArray
    event: IntArray
    weight: FloatArray | None
    since: IntArray
    until: IntArray
    events: FloatArray
    share: FloatArray
    total_events: FloatArray
    total_at_risk: FloatArray
    before: FloatArray

    @property
    def informative(self) -> bool:
        """Whether two groups are at risk together at some event."""
        return bool(((self.share > RANK_TOLERANCE).sum(axis=1) > 1).any())


def group_counts(grouped: GroupedData) -> Iterator[GroupCounts]:
    """Yield the counts of each stratum.

    Parameters
    ----------
    grouped : GroupedData
        Checked rows.

    Yields
    ------
    GroupCounts
        One per stratum, in sorted order of the labels.
    """
    for code in range(max(1, len(grouped.data.strata_labels))):
        yield _counts(grouped, grouped.data.rows_of(code))


def _counts(grouped: GroupedData, rows: IntArray) -> GroupCounts:
    data, k = grouped.data, len(grouped.groups)
    entry = None if data.entry is None else data.entry[rows]
    weight = None if data.weight is None else data.weight[rows]
    event, group = data.event[rows], grouped.group[rows]
    # With groups in place of causes the risk table holds each group's events.
    table = risk_table(
        data.time[rows], np.where(event == 1, group + 1, 0), entry=entry, weight=weight, causes=k
    )
    m = table.time.size
    here = np.flatnonzero(table.weighted_events.any(axis=1))
    at_risk = _at_risk(table.exit, table.first, group, weight, m, k)[here]
    total, total_events = table.weighted_at_risk[here], table.weighted_events[here].sum(axis=1)
    share_left = 1.0 - total_events / total
    share_left[total_events >= total] = 0.0
    # How many event times there are before each time, and up to and at it.
    counted = np.zeros(m + 1, dtype=np.int64)
    counted[here + 1] = 1
    counted = np.cumsum(counted)
    first = np.zeros(rows.size, dtype=np.int64) if table.first is None else table.first
    return GroupCounts(
        rows=rows,
        group=group,
        # An event of weight 0 is none.
        event=event if weight is None else event * (weight > 0),
        weight=weight,
        since=counted[first],
        until=counted[table.exit + 1],
        events=table.weighted_events[here],
        share=at_risk / at_risk.sum(axis=1)[:, None],
        total_events=total_events,
        total_at_risk=total,
        before=np.concatenate(([1.0], np.cumprod(share_left)))[: here.size],
    )


def _at_risk(
    exits: IntArray,
    first: IntArray | None,
    group: IntArray,
    weight: FloatArray | None,
    m: int,
    k: int,
) -> FloatArray:
    """Return the weight of each group at risk at each time, shape (m, k)."""
    net = np.bincount(exits * k + group, weight, minlength=m * k).astype(np.float64)
    net = net.reshape(m, k)
    if first is not None:
        late = first > 0
        entered = np.bincount(
            (first * k + group)[late], None if weight is None else weight[late], minlength=m * k
        )
        net[:-1] -= entered.reshape(m, k)[1:]
    at_risk = np.cumsum(net[::-1], axis=0)[::-1]
    if first is None or weight is None:
        return np.asarray(at_risk)
    # Sums that add and subtract leave crumbs where nobody of a group is at risk.
    people = _at_risk(exits, first, group, None, m, k)
    return np.where(people > 0, np.maximum(at_risk, 0.0), 0.0)


def quadratic_form(difference: FloatArray, covariance: FloatArray) -> tuple[float, int, float]:
    """Return the chi-squared statistic of a vector, its degrees of freedom and p-value.

    Parameters
    ----------
    difference : ndarray of float, shape (g,)
        Statistic with mean 0 under the hypothesis.
    covariance : ndarray of float, shape (g, g)
        Its covariance matrix, of any rank: directions without variance are left out.

    Returns
    -------
    chi2 : float
        NaN if the covariance is 0.
    df : int
        Rank of the covariance.
    p_value : float
        NaN if the covariance is 0.
    """
    values, vectors = np.linalg.eigh(covariance)
    kept = values > RANK_TOLERANCE * max(float(values[-1]), 0.0)
    df = int(kept.sum())
    if df == 0:
        return float("nan"), 0, float("nan")
    turned = vectors[:, kept].T @ difference
    chi2 = float(np.sum(turned**2 / values[kept]))
    return chi2, df, float(stats.chi2.sf(chi2, df))
