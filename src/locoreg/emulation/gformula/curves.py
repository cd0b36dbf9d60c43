"""From values at the ends of intervals to curves and areas on the question's grid."""

from __future__ import annotations

import numpy as np

from locoreg.stats.survivaldata import FloatArray


def grid_matrices(intervals: int, width: float, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the matrices that carry values at the ends of intervals to a grid.

    Parameters
    ----------
    intervals : int
        Number of intervals.
    width : float
        Months per interval.
    grid : ndarray of float, shape (k,)
        Times, ascending, up to the end of the last interval.

    Returns
    -------
    curve, area : ndarray of float, shape (intervals + 1, k)
        Values at 0 and at the ends, times these, are the curve on the grid, drawn straight within
        intervals, and the area under it up to each time.
    """
    curve = np.zeros((intervals + 1, grid.size))
    area = np.zeros((intervals + 1, grid.size))
    for j, t in enumerate(grid.tolist()):
        k = min(int(np.floor(t / width + 1e-9)), intervals - 1)
        part = t / width - k
        curve[k, j] += 1.0 - part
        curve[k + 1, j] += part
        for whole in range(k):
            area[whole, j] += 0.5 * width
            area[whole + 1, j] += 0.5 * width
        area[k, j] += width * (part - 0.5 * part**2)
        area[k + 1, j] += width * 0.5 * part**2
    return curve, area
