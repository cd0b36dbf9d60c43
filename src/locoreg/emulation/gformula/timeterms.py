"""How the hazard changes over the intervals: columns of numbers."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from locoreg.core.errors import DesignError, LocoregError
from locoreg.stats.naturalspline import natural_spline, spline_knots
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

TimeTerms = Literal["constant", "quadratic", "spline", "indicators"]
TIME_TERMS: tuple[TimeTerms, ...] = get_args(TimeTerms)


def time_terms(kind: TimeTerms, intervals: int, *, df: int, events: IntArray) -> FloatArray:
    """Return columns of numbers for each interval.

    Parameters
    ----------
    kind : {"constant", "quadratic", "spline", "indicators"}
        None; the interval's number and its square; a natural cubic spline; or a column for each
        interval but the first.
    intervals : int
        Number of intervals.
    df : int
        Degrees of freedom of the spline.
    events : ndarray of int
        Intervals of the events, at whose quantiles the spline has its knots.

    Returns
    -------
    ndarray of float, shape (intervals, q)
        Without an intercept.

    Raises
    ------
    DesignError
        If the knots of a spline coincide.
    """
    check_option("time_terms", kind, TIME_TERMS)
    number = np.arange(intervals, dtype=np.float64)
    if kind == "constant" or intervals == 1:
        return np.zeros((intervals, 0))
    if kind == "quadratic":
        return np.column_stack([number, number**2])
    if kind == "indicators":
        return np.eye(intervals)[:, 1:]
    try:
        knots = spline_knots(events, df)
    except LocoregError as error:
        raise DesignError(
            f"the spline of time can't be placed: {error.message}",
            hint="take a smaller time_df, or time_terms quadratic.",
        ) from error
    return natural_spline(number, knots)
