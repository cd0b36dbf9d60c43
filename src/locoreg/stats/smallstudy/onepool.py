"""Checked effects of one meta-analysis, and the errors that tests of small-study effects share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.studies import FloatArray, check_inputs

# Effects nearer to each other than this, relative to their size, differ by rounding alone.
ROUNDING = 1e-12


def one_pool(
    yi: ArrayLike, vi: ArrayLike, *, fewest: int, test: str
) -> tuple[FloatArray, FloatArray]:
    """Return effects and variances of one meta-analysis.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    fewest : int
        Studies that the test needs.
    test : str
        Its name in the message.

    Returns
    -------
    tuple of two ndarrays of float, shape (k,)
        The same, checked.

    Raises
    ------
    DataError
        If the numbers can't be used or come with two dimensions.
    DesignError
        If there are too few studies.
    """
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError(
            "give one meta-analysis at a time: yi and vi of one dimension.",
            hint="loop over the rows.",
        )
    y, v = inputs.yi[0], inputs.vi[0]
    if y.size < fewest:
        raise DesignError(
            f"{test} needs {fewest} studies or more, and there {_are(y.size)}.",
            hint="read the studies themselves.",
        )
    return y, v


def check_alpha(alpha: float, *, most: float = 1.0) -> float:
    """Return a significance level, refused unless it is a probability above 0 and below `most`."""
    if not (math.isfinite(alpha) and 0.0 < alpha < most):
        raise DataError(
            f"alpha is {alpha:g}, but must be above 0 and below {most:g}.", hint="0.05 is usual."
        )
    return float(alpha)


def all_equal(values: FloatArray) -> bool:
    """Tell whether numbers differ by rounding at most."""
    return bool(np.ptp(values) <= ROUNDING * np.max(np.abs(values)))


def centred(y: FloatArray, v: FloatArray) -> tuple[float, FloatArray]:
    """Return the common-effect mean and deviations from it, exact zeros for equal effects."""
    w = 1.0 / v
    origin = float(y[np.argmin(v)])
    shifted = y - origin
    mean = float(np.sum(w * shifted) / np.sum(w))
    return origin + mean, shifted - mean


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count}"
