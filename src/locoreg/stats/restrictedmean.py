"""Restricted mean survival time and time lost, with differences and ratios between groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.stats.contrast import compare, normal_estimate
from locoreg.stats.curves import Variance
from locoreg.stats.restrictedmeanresult import (
    RestrictedMean,
    RestrictedMeanContrast,
    RestrictedMeans,
)
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray
from locoreg.stats.survivalgroups import Group, Groups, check_groups, check_time, usable_until


def rmst(
    time: ArrayLike,
    event: ArrayLike,
    *,
    horizon: float,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    reference: object = None,
    variance: Variance | None = None,
) -> RestrictedMeans:
    """Estimate the restricted mean survival time, min(T, horizon) on average, of each stratum.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it is an event (0 or 1, or boolean).
    horizon : float
        Upper limit of the time that is averaged, in the unit of ``time``.
    level : float
        Level of the intervals in percent, for example 95.
    entry : array_like, shape (n,), optional
        Start of follow-up: delayed entry, or rows of one person.
    weight : array_like, shape (n,), optional
        Case weights, such as inverse probabilities of treatment; taken as known.
    id : array_like, shape (n,), optional
        Persons, where one has several rows: their rows form a cluster.
    cluster : array_like, shape (n,), optional
        Rows that are dependent: pairs, centres, or the clones of one person. Clusters that have
        rows in two strata make these dependent, and the comparisons take it into account.
    strata : array_like, shape (n,), optional
        Groups, each with a restricted mean of its own.
    reference : label, optional
        The stratum that every other one is compared with. Without it nothing is compared.
    variance : {"greenwood", "robust"}, optional
        Greenwood's (weights count persons), or the infinitesimal jackknife (weights are weights,
        influence summed within clusters). Where it is left out: robust if ``cluster`` is given, if
        a weight is not a whole number, or if an id has several events or rows in several strata,
        else Greenwood's; the result says which.

    Returns
    -------
    RestrictedMeans
        Means of all strata, and comparisons with the reference.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If the horizon lies after the follow-up of a stratum whose survival is not 0 by then; if
        there is no stratum ``reference``; if Greenwood's variance is asked for with clusters.

    Notes
    -----
    The mean is the area under the Kaplan-Meier curve [1]_. With A(t) the area from t to the
    horizon, d events among Y at risk, Greenwood's variance is the sum of A^2 d / (Y (Y - d)). The
    infinitesimal jackknife sums the squared contributions of ``restricted_mean_influence``.

    References
    ----------
    .. [1] Irwin JO (1949). J Hygiene 47:188-189. doi:10.1017/S0022172400014443
    .. [2] Royston P, Parmar MKB (2013). BMC Medical Research Methodology 13:152.
       doi:10.1186/1471-2288-13-152
    .. [3] Jaeckel LA (1972). The infinitesimal jackknife. Bell Laboratories memorandum.

    Examples
    --------
    >>> result = rmst([1, 2, 3, 4], [1, 1, 1, 0], horizon=3, level=95)
    >>> result["all"].rmst.text()
    '2.25 (1.44 to 3.06)'
    """
    tail = check_level(level)
    until = check_time("horizon", horizon)
    groups = check_groups(
        time,
        event,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        strata=strata,
        variance=variance,
    )
    for group in groups.groups:
        usable_until(group, until, f"The horizon {until:g}")
    baseline = None if reference is None else groups.index(reference)
    areas = [_areas(group, until) for group in groups.groups]
    values = np.array([mean for mean, _ in areas])
    covariance = _covariance(groups, [after for _, after in areas])
    multiple = -float(special.ndtri(tail))
    means = tuple(
        _mean(group, until, values[k], float(np.sqrt(covariance[k, k])), multiple, level)
        for k, group in enumerate(groups.groups)
    )
    contrasts = (
        ()
        if baseline is None
        else tuple(
            _contrast(groups, (k, baseline), values, until, covariance, multiple, level)
            for k in range(len(groups.groups))
            if k != baseline
        )
    )
    return RestrictedMeans(
        means=means,
        contrasts=contrasts,
        horizon=until,
        level=level,
        variance=groups.variance,
        weighted=groups.weighted,
        delayed_entry=groups.delayed_entry,
        clusters=groups.clusters,
        merged_times=groups.merged_times,
    )


def restricted_mean_influence(
    time: ArrayLike,
    event: ArrayLike,
    *,
    horizon: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> FloatArray:
    """Return what each row contributes to the restricted mean of its stratum.

    Parameters
    ----------
    time, event, horizon, entry, weight, strata
        As in ``rmst``.

    Returns
    -------
    ndarray of float, shape (n,)
        The row's weight times the derivative of the mean by that weight. In each stratum they sum
        to 0, and the root of the sum of squares is the robust standard error.

    Raises
    ------
    DataError, DesignError
        As in ``rmst``.
    """
    until = check_time("horizon", horizon)
    groups = check_groups(
        time,
        event,
        entry=entry,
        weight=weight,
        id=None,
        cluster=None,
        strata=strata,
        variance="robust",
    )
    influence = np.empty(groups.n)
    for group in groups.groups:
        usable_until(group, until, f"The horizon {until:g}")
        influence[group.rows] = _influence(group, _areas(group, until)[1])
    return influence


def _areas(group: Group, horizon: float) -> tuple[float, FloatArray]:
    """Return the restricted mean, and the area from each time up to the horizon, shape (m,)."""
    time = np.minimum(group.table.time, horizon)
    pieces = group.survival * np.diff(time, append=horizon)
    after = np.cumsum(pieces[::-1])[::-1]
    return float(time[0] + after[0]), after


def _covariance(groups: Groups, after: list[FloatArray]) -> FloatArray:
    """Return the covariance matrix of the restricted means."""
    if groups.variance == "robust":
        return groups.covariance(
            [_influence(g, area) for g, area in zip(groups.groups, after, strict=True)]
        )
    return np.diag(
        [
            float(np.sum(np.square(area) * g.hazard * g.per_left))
            for g, area in zip(groups.groups, after, strict=True)
        ]
    )


def _influence(group: Group, after: FloatArray) -> FloatArray:
    """Return the contributions of the rows of a group, shape (n,)."""
    table = group.places
    drop = after * group.per_left
    gained = np.cumsum(drop * group.hazard)
    values = gained[table.exit]
    if table.first is not None:
        values -= np.concatenate(([0.0], gained))[table.first]
    values -= group.event * drop[table.exit]
    return values if group.weight is None else values * group.weight


def _mean(
    group: Group, horizon: float, value: float, se: float, multiple: float, level: float
) -> RestrictedMean:
    until = int(group.position(horizon))
    return RestrictedMean(
        stratum=group.label,
        n=group.n,
        events=float(group.table.weighted_events[:until].sum()),
        rmst=normal_estimate(value, se, multiple, level),
        rmtl=normal_estimate(horizon - value, se, multiple, level),
        unobserved=group.unobserved_until(horizon),
    )


def _contrast(
    groups: Groups,
    pair: tuple[int, int],
    means: FloatArray,
    horizon: float,
    covariance: FloatArray,
    multiple: float,
    level: float,
) -> RestrictedMeanContrast:
    """Compare two strata: a linear combination of the means, or of their logarithms."""
    mean, block = means[list(pair)], covariance[np.ix_(pair, pair)]
    difference = compare(mean, block, "identity", multiple, level)
    ratio = compare(mean, block, "log", multiple, level)
    lost = compare(horizon - mean, block, "log", multiple, level)
    return RestrictedMeanContrast(
        stratum=groups.groups[pair[0]].label,
        reference=groups.groups[pair[1]].label,
        difference=difference[0],
        difference_p=difference[1],
        ratio=ratio[0],
        ratio_p=ratio[1],
        rmtl_ratio=lost[0],
        rmtl_ratio_p=lost[1],
    )
