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
# Most levels of a covariate that is asked for the event status.
MOST_LEVELS = 12
# Columns that are ranked at a time.
BLOCK = 200


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
    told = _told_times(columns, time)
    for column in columns:
        words = told.get(column.name) or _told_events(column, event)
        if words:
            raise DesignError(
                f"the covariate {column.name} {words}: it can't have been known at time zero.",
                hint="leave it out.",
            )


def _told_times(columns: Sequence[Column], time: FloatArray) -> dict[str, str]:
    """Return what the numbers that go with time tell, by name."""
    out: dict[str, str] = {}
    whole = [c for c in columns if c.kind == "number" and not c.missing.any()]
    groups = [(whole[at : at + BLOCK], np.ones(time.size, dtype=np.bool_)) for at in
              range(0, len(whole), BLOCK)]  # fmt: skip
    groups += [([c], ~c.missing) for c in columns if c.kind == "number" and c.missing.any()]
    for members, known in groups:
        ranks = _rank_correlations(np.column_stack([c.values[known] for c in members]), time[known])
        for column, rank in zip(members, ranks.tolist(), strict=True):
            if rank >= SAME_TIME:
                out[column.name] = (
                    f"has a rank correlation of {rank:.3f} with the time of follow-up"
                )
    return out


def _rank_correlations(values: FloatArray, time: FloatArray) -> FloatArray:
    """Return the size of the rank correlation of each column with time; 0 where it has none."""
    if time.size < LEAST or np.unique(time).size <= 2:
        return np.zeros(values.shape[1])
    ranks = scipy_stats.rankdata(values, axis=0)
    of_time = scipy_stats.rankdata(time)
    ranks -= ranks.mean(axis=0)
    of_time -= of_time.mean()
    size = np.sqrt((ranks**2).sum(axis=0) * (of_time**2).sum())
    return np.abs(of_time @ ranks) / np.where(size > 0.0, size, np.inf)


def _told_events(column: Column, event: IntArray) -> str | None:
    known: BoolArray = ~column.missing
    if known.sum() < LEAST:
        return None
    d = event[known]
    levels, code = np.unique(column.values[known], return_inverse=True)
    if not 2 <= levels.size <= MOST_LEVELS or not 0 < d.mean() < 1:
        return None
    events = np.bincount(code, weights=d)
    sizes = np.bincount(code)
    right = float(np.maximum(events, sizes - events).sum() / sizes.sum())
    least = max(d.mean(), 1.0 - d.mean())
    if right >= SAME_EVENT and least < SAME_EVENT - 0.05:
        return f"tells for {right:.1%} of the persons whether follow-up ended with the event"
    return None
