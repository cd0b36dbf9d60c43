"""Covariates that tell the outcome: they can't have been known at time zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats as scipy_stats

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Column
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Rank correlation with the time of follow-up, and share of persons whose event status a covariate
# tells: nothing that is known at time zero predicts survival that well.
SAME_TIME = 0.98
SAME_EVENT = 0.995
# With fewer persons either may be chance.
LEAST = 30


def check_leaks(columns: Sequence[Column], time: FloatArray, event: IntArray) -> None:
    """Raise DesignError, by name, for a covariate that tells who had the event or when.

    Parameters
    ----------
    columns : sequence of Column
        The covariates.
    time : ndarray of float, shape (n,)
        Months to the end of follow-up.
    event : ndarray of int, shape (n,)
        1 for the event.

    Raises
    ------
    DesignError
        If a covariate has a rank correlation of 0.98 or more with time, or tells the status of
        99.5% of the persons.
    """
    for column in columns:
        known = ~column.missing
        if known.sum() < LEAST:
            continue
        told = _tells(column, known, time, event)
        if told:
            raise DesignError(
                f"the covariate {column.name} {told}: it can't have been known at time zero.",
                hint="leave it out.",
            )


def _tells(column: Column, known: BoolArray, time: FloatArray, event: IntArray) -> str | None:
    values, t, d = column.values[known], time[known], event[known]
    if np.unique(values).size < 2:
        return None
    if column.kind == "number" and np.unique(t).size > 2:
        rank = abs(float(scipy_stats.spearmanr(values, t).statistic))
        if rank >= SAME_TIME:
            return f"has a rank correlation of {rank:.3f} with the time of follow-up"
    levels, code = np.unique(values, return_inverse=True)
    if levels.size <= 12 and 0 < d.mean() < 1:
        events = np.bincount(code, weights=d)
        sizes = np.bincount(code)
        right = float(np.maximum(events, sizes - events).sum() / sizes.sum())
        least = max(d.mean(), 1.0 - d.mean())
        if right >= SAME_EVENT and least < SAME_EVENT - 0.05:
            return f"tells for {right:.1%} of the persons whether follow-up ended with the event"
    return None
