"""Restricted mean time lost to each of several competing events, and influence of single rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.stats.aalenjohansen import (
    ALL,
    StratumIncidence,
    check_incidence,
    stratum_incidences,
)
from locoreg.stats.contrast import compare, normal_estimate
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, SurvivalData, label_text, numbers
from locoreg.stats.survivalgroups import check_time
from locoreg.stats.timelostresult import EVENT_FREE, RestrictedTimeLost, TimeLost, TimeLostContrast

Quantity = Literal["incidence", "time-lost"]
QUANTITIES: tuple[Quantity, ...] = ("incidence", "time-lost")


def restricted_time_lost(
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
    causes: Sequence[str] | None = None,
) -> RestrictedTimeLost:
    """Estimate the mean time lost to each of several competing events up to a horizon.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up.
    event : array_like of int, shape (n,)
        0 censored, 1, 2, ... the cause of the event that ended follow-up.
    horizon : float
        Upper limit of the time that is averaged, in the unit of ``time``.
    level : float
        Level of the intervals in percent, for example 95.
    entry, weight, id, cluster, strata, causes
        As in ``aalen_johansen``. Clusters that have rows in two strata make these dependent, and
        the comparisons take it into account.
    reference : label, optional
        The stratum that every other one is compared with. Without it nothing is compared.

    Returns
    -------
    RestrictedTimeLost
        Means of all strata, and comparisons with the reference.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If the horizon lies after the follow-up of a stratum where somebody is still free of
        events; if there is no stratum ``reference``.

    Notes
    -----
    The time lost to a cause is the area under its cumulative incidence up to the horizon [1]_;
    the times lost and the mean time without an event (R's restricted mean time in the first
    state) sum to the horizon. The variance is the infinitesimal jackknife: the squared sums within
    clusters of what ``incidence_influence`` returns.

    References
    ----------
    .. [1] Andersen PK (2013). Statistics in Medicine 32:5278-5285. doi:10.1002/sim.5903
    .. [2] Zhao L et al. (2018). Biostatistics 19:153-165. doi:10.1093/biostatistics/kxx026

    Examples
    --------
    >>> result = restricted_time_lost([1, 2, 3, 4], [1, 2, 1, 0], horizon=3, level=95)
    >>> [round(lost.estimate, 4) for lost in result["all"].lost]
    [0.5, 0.25]
    """
    tail = check_level(level)
    until = check_time("horizon", horizon)
    data, names, _ = check_incidence(
        time,
        event,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        strata=strata,
        causes=causes,
    )
    parts = stratum_incidences(data, len(names))
    baseline = None if reference is None else _position(parts, reference)
    for part in parts:
        _usable_until(part, until)
    # Last column: time without an event, which makes up for all that is lost.
    values = np.array([_areas(part, until) for part in parts])
    values = np.column_stack((values, until - values.sum(axis=1)))
    influence = [_row_influence(part, _remaining(part, until)) for part in parts]
    influence = [np.column_stack((rows, -rows.sum(axis=1))) for rows in influence]
    covariance = np.array(
        [
            _covariance(parts, [rows[:, j] for rows in influence], data)
            for j in range(values.shape[1])
        ]
    )
    multiple = -float(special.ndtri(tail))
    return RestrictedTimeLost(
        means=tuple(
            _mean(part, values[g], covariance[:, g, g], multiple, level)
            for g, part in enumerate(parts)
        ),
        contrasts=()
        if baseline is None
        else tuple(
            _contrast(
                (part.label, parts[baseline].label, measure),
                values[[g, baseline], j],
                covariance[j][np.ix_([g, baseline], [g, baseline])],
                multiple,
                level,
            )
            for g, part in enumerate(parts)
            if g != baseline
            for j, measure in enumerate((*names, EVENT_FREE))
        ),
        causes=names,
        horizon=until,
        level=level,
        weighted=weight is not None,
        delayed_entry=entry is not None,
        clusters=None if data.cluster is None else int(data.cluster.max()) + 1,
        merged_times=data.merged_times,
    )


def incidence_influence(
    time: ArrayLike,
    event: ArrayLike,
    *,
    times: ArrayLike,
    quantity: Quantity,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    causes: Sequence[str] | None = None,
) -> FloatArray:
    """Return what each row contributes to the cumulative incidences, or times lost, of its stratum.

    Parameters
    ----------
    time, event, entry, weight, strata, causes
        As in ``aalen_johansen``.
    times : array_like, shape (t,)
        Times at which the incidence is meant, or horizons up to which time is lost.
    quantity : {"incidence", "time-lost"}
        What the contributions are to.

    Returns
    -------
    ndarray of float, shape (n, t, k)
        The row's weight times the derivative of the estimate by that weight, per time and cause.
        In each stratum the rows sum to 0, and the sum of squares, of sums within clusters where
        there are any, is the robust variance.

    Raises
    ------
    DataError, DesignError
        As in ``aalen_johansen``, and if a time lies after the follow-up of a stratum.

    Notes
    -----
    With dM the martingale of a row, the contribution to F_k(t) is the sum over times u up to t of
    S(u-) dM_k / Y - (F_k(t) - F_k(u)) dM / (Y - d).

    Examples
    --------
    >>> rows = incidence_influence([1, 2], [1, 2], times=[1], quantity="incidence")
    >>> rows[:, 0, 0].tolist()
    [0.25, -0.25]
    """
    check_option("quantity", quantity, QUANTITIES)
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if asked.size == 0 or not (np.isfinite(asked) & (asked > 0)).all():
        raise DataError(
            "times must be positive numbers, at least one.", hint="give them in the unit of time."
        )
    data, names, _ = check_incidence(
        time, event, entry=entry, weight=weight, strata=strata, causes=causes
    )
    out = np.empty((data.n, asked.size, len(names)))
    for part in stratum_incidences(data, len(names)):
        for j, until in enumerate(asked):
            _usable_until(part, float(until))
            counted = (
                _remaining(part, float(until))
                if quantity == "time-lost"
                else (part.table.time <= until) * 1.0
            )
            out[part.rows, j] = _row_influence(part, counted)
    return out


def _remaining(part: StratumIncidence, horizon: float) -> FloatArray:
    """Return the time from each event time to the horizon, 0 after it."""
    return np.maximum(horizon - part.table.time, 0.0)


def _areas(part: StratumIncidence, horizon: float) -> FloatArray:
    """Return the area under each cumulative incidence up to the horizon, shape (k,)."""
    return np.asarray((part.before * _remaining(part, horizon)) @ part.hazard)


def _row_influence(part: StratumIncidence, counted: FloatArray) -> FloatArray:
    """Return contributions to sums of ``counted`` times the rises of F_k, shape (n, k)."""
    table, hazard = part.table, part.hazard
    gain = part.before * counted * part.per_risk
    rise = (part.before * counted)[:, None] * hazard
    later = np.cumsum(rise[::-1], axis=0)[::-1] - rise
    loss = later * part.per_left[:, None]
    total = hazard.sum(axis=1)[:, None]
    expected = np.cumsum(hazard * gain[:, None] - total * loss, axis=0)
    out = -expected[table.exit]
    if table.first is not None:
        out += np.vstack((np.zeros((1, hazard.shape[1])), expected))[table.first]
    had = np.flatnonzero(part.event > 0)
    at = table.exit[had]
    out[had] -= loss[at]
    out[had, part.event[had] - 1] += gain[at]
    return out if part.weight is None else out * part.weight[:, None]


def _covariance(
    parts: Sequence[StratumIncidence], influence: list[FloatArray], data: SurvivalData
) -> FloatArray:
    """Return the covariance matrix of one estimate per stratum, summed within clusters first."""
    if data.cluster is None:
        return np.diag([float(values @ values) for values in influence])
    size = int(data.cluster.max()) + 1
    sums = np.array(
        [
            np.bincount(data.cluster[part.rows], values, minlength=size)
            for part, values in zip(parts, influence, strict=True)
        ]
    )
    return np.asarray(sums @ sums.T)


def _mean(
    part: StratumIncidence, values: FloatArray, var: FloatArray, multiple: float, level: float
) -> TimeLost:
    estimates = [
        normal_estimate(float(value), float(np.sqrt(v)), multiple, level)
        for value, v in zip(values, var, strict=True)
    ]
    return TimeLost(
        stratum=part.label, n=part.rows.size, lost=tuple(estimates[:-1]), event_free=estimates[-1]
    )


def _contrast(
    key: tuple[str, str, str],
    values: FloatArray,
    covariance: FloatArray,
    multiple: float,
    level: float,
) -> TimeLostContrast:
    """Compare two strata in one mean."""
    difference = compare(values, covariance, "identity", multiple, level)
    ratio = compare(values, covariance, "log", multiple, level)
    return TimeLostContrast(
        stratum=key[0],
        reference=key[1],
        measure=key[2],
        difference=difference[0],
        difference_p=difference[1],
        ratio=ratio[0],
        ratio_p=ratio[1],
    )


def _position(parts: Sequence[StratumIncidence], reference: object) -> int:
    names = [part.label for part in parts]
    text = label_text(reference)
    if text not in names:
        raise DesignError(f"there is no stratum {text!r}.", hint=did_you_mean(text, names))
    return names.index(text)


def _usable_until(part: StratumIncidence, until: float) -> None:
    """Raise if a time lies after a stratum's follow-up, while somebody is still event-free."""
    if until > part.last and part.free[-1] > 0:
        where = "" if part.label == ALL else f" of stratum {part.label}"
        raise DesignError(
            f"The time {until:g} lies after the follow-up{where}, where incidence is not known.",
            hint=f"the last usable time is {part.last:g}.",
        )
