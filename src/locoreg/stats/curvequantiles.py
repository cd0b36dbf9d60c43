"""Times at which a survival curve or one of its limits comes down to a given height."""

from __future__ import annotations

import numpy as np

from locoreg.stats.survivaldata import FloatArray
from locoreg.stats.timeorder import TIME_TOLERANCE


def crossing_times(
    time: FloatArray, values: FloatArray, probabilities: FloatArray, *, to_the_end: bool
) -> FloatArray:
    """Return the times at which a curve comes down to 1 - p.

    Parameters
    ----------
    time, values : ndarray of float, shape (m,)
        Steps of the curve or of a limit; NaN steps are left out.
    probabilities : ndarray of float, shape (k,)
        Values p between 0 and 1.
    to_the_end : bool
        What becomes of a last step at 1 - p exactly: the middle between its start and the last
        time if True, else NaN, since nobody knows when the limit goes below.

    Returns
    -------
    ndarray of float, shape (k,)
        For each p the first time at 1 - p or below, the middle of the step if the curve stays at
        1 - p for a while, as for medians without censoring, and NaN if it does not come down so
        far. Limits can rise again; then the largest value that is not above 1 - p decides, which
        is what R's `quantile.survfit` gives.
    """
    known = ~np.isnan(values)
    time, fallen = time[known], 1.0 - values[known]
    if time.size == 0:
        return np.full(probabilities.shape, np.nan)
    new = np.concatenate(([True], fallen[1:] != fallen[:-1]))
    level, where = np.unique(fallen[new], return_inverse=True)
    # Where limits take a value twice, R averages the times.
    first = np.bincount(where, time[new]) / np.bincount(where)
    end = time[-1] if to_the_end else np.nan
    reached = np.searchsorted(level + TIME_TOLERANCE, probabilities)
    passed = np.searchsorted(level - TIME_TOLERANCE, probabilities)
    out = np.full(probabilities.shape, np.nan)
    for i in range(probabilities.size):
        if reached[i] < level.size:
            out[i] = first[reached[i]]
            if passed[i] > reached[i]:
                out[i] = 0.5 * (out[i] + (first[passed[i]] if passed[i] < level.size else end))
    return out
