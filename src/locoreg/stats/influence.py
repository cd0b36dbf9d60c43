"""What each row contributes to a survival curve and to its cumulative hazard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.risktable import RiskTable, risk_table
from locoreg.stats.survivaldata import (
    FloatArray,
    IntArray,
    SurvivalData,
    check_survival,
    numbers,
)
from locoreg.stats.survivalsteps import sensitivities, survival_steps
from locoreg.stats.survivalvariance import Increments


def survival_influence(
    time: ArrayLike,
    event: ArrayLike,
    *,
    times: ArrayLike,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> FloatArray:
    """Return the influence of each row on the Kaplan-Meier estimate at chosen times.

    Parameters
    ----------
    time, event, entry, weight, strata
        As for ``kaplan_meier``, n rows.
    times : array_like, shape (k,)
        Times from 0 on and within follow-up.

    Returns
    -------
    ndarray of float, shape (n, k)
        w_i dS(t)/dw_i, the weight times the derivative of survival in the row's own stratum by
        the weight: the first-order change of the estimate if the row were there twice. In each
        stratum a column sums to 0; the sum of its squares is the robust variance of S(t), and so
        is the sum of squares of its sums within clusters. Divided by w_i and multiplied by the
        sum of the weights it is the influence function as textbooks have it.

    Raises
    ------
    DataError
        If the rows or times can't be used.
    DesignError
        If a time lies after the follow-up of a stratum in which survival is not 0.

    References
    ----------
    Reid N (1981). Influence functions for censored data. Annals of Statistics 9:78-92.
    doi:10.1214/aos/1176345334
    """
    data = check_survival(time, event, entry=entry, weight=weight, strata=strata)
    asked = _asked(times)
    out = np.zeros((data.n, asked.size))
    for rows, table in _tables(data):
        survival = survival_steps(table, "kaplan-meier").survival
        _refuse_unknown(asked, table, extinct=survival[-1] == 0)
        position = np.searchsorted(table.time, asked, side="right")
        sensitive = sensitivities(table, "kaplan-meier").log_survival
        change = _contributions(sensitive, table, data.event[rows], position)
        out[rows] = change * np.concatenate(([1.0], survival))[position]
    return out if data.weight is None else out * data.weight[:, None]


def hazard_influence(
    time: ArrayLike,
    event: ArrayLike,
    *,
    times: ArrayLike,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> FloatArray:
    """Return the influence of each row on the Nelson-Aalen estimate at chosen times.

    Parameters
    ----------
    time, event, times, entry, weight, strata
        As for ``survival_influence``.

    Returns
    -------
    ndarray of float, shape (n, k)
        w_i dH(t)/dw_i, on the same scale as ``survival_influence``.

    Raises
    ------
    DataError
        If the rows or times can't be used.
    DesignError
        If a time lies after the follow-up of a stratum.
    """
    data = check_survival(time, event, entry=entry, weight=weight, strata=strata)
    asked = _asked(times)
    out = np.zeros((data.n, asked.size))
    for rows, table in _tables(data):
        _refuse_unknown(asked, table, extinct=False)
        position = np.searchsorted(table.time, asked, side="right")
        sensitive = sensitivities(table, "nelson-aalen").hazard
        out[rows] = -_contributions(sensitive, table, data.event[rows], position)
    return out if data.weight is None else out * data.weight[:, None]


def _asked(times: ArrayLike) -> FloatArray:
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if not (asked >= 0).all():
        raise DataError(
            "times holds a value that is negative or missing.", hint="give times from 0 on."
        )
    return asked


def _tables(data: SurvivalData) -> Iterator[tuple[IntArray, RiskTable]]:
    for stratum in range(max(1, len(data.strata_labels))):
        rows = data.rows_of(stratum)
        yield (
            rows,
            risk_table(
                data.time[rows],
                data.event[rows],
                entry=None if data.entry is None else data.entry[rows],
                weight=None if data.weight is None else data.weight[rows],
            ),
        )


def _refuse_unknown(asked: FloatArray, table: RiskTable, *, extinct: bool) -> None:
    if asked.size and asked.max() > table.time[-1] and not extinct:
        raise DesignError(
            f"The time {asked.max():g} lies after the follow-up, where the curve is not known.",
            hint=f"the last usable time is {table.time[-1]:g}.",
        )


def _contributions(
    increments: Increments, table: RiskTable, event: IntArray, position: IntArray
) -> FloatArray:
    """Return A while at risk, less the jump at an event, up to positions; shape (n, k)."""
    reached = np.concatenate(([0.0], increments.cumulated))
    change = reached[np.minimum(table.exit[:, None] + 1, position)]
    if table.first is not None:
        change -= reached[np.minimum(table.first[:, None], position)]
    own = event * increments.jump[table.exit]
    change -= np.where(table.exit[:, None] < position, own[:, None], 0.0)
    return change
