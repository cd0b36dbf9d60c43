"""Natural cubic splines: cubic between knots, linear beyond the outer ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.survivaldata import FloatArray, numbers

# Quantiles at which knots lie, by degrees of freedom (one less than the number of knots).
KNOT_QUANTILES: dict[int, tuple[float, ...]] = {
    2: (0.10, 0.50, 0.90),
    3: (0.05, 0.35, 0.65, 0.95),
    4: (0.05, 0.275, 0.50, 0.725, 0.95),
    5: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    6: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}


def spline_knots(values: ArrayLike, df: int) -> FloatArray:
    """Choose the knots of a natural cubic spline from data.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values of the variable, none missing.
    df : int
        Degrees of freedom, 2 to 6: columns of the basis, one less than the knots.

    Returns
    -------
    ndarray of float, shape (df + 1,)
        Knots, ascending: quantiles (R's type 7) at the places that Harrell recommends [1]_.

    Raises
    ------
    DesignError
        If there are no such degrees of freedom, or two knots coincide.

    References
    ----------
    .. [1] Harrell FE (2015). Regression Modeling Strategies, 2nd ed., table 2.3. Springer.
       doi:10.1007/978-3-319-19425-7
    """
    if df not in KNOT_QUANTILES:
        raise DesignError(
            f"a spline can't have {df!r} degrees of freedom.",
            hint=f"give a whole number from {min(KNOT_QUANTILES)} to {max(KNOT_QUANTILES)}.",
        )
    data = numbers("values", values)
    if not data.size or not np.isfinite(data).all():
        raise DataError("knots need finite values.", hint="leave missing values out.")
    knots = np.asarray(np.quantile(data, KNOT_QUANTILES[df]), dtype=np.float64)
    if (np.diff(knots) <= 0).any():
        raise DesignError(
            f"a spline with {df} degrees of freedom needs {df + 1} distinct knots, but many values "
            f"are equal: the knots would be {', '.join(f'{knot:g}' for knot in knots)}.",
            hint="take fewer degrees of freedom, or a linear term.",
        )
    return knots


def natural_spline(values: ArrayLike, knots: ArrayLike) -> FloatArray:
    """Return the columns of a natural cubic spline.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values of the variable; NaN gives rows of NaN.
    knots : array_like, shape (k,)
        Three or more, ascending.

    Returns
    -------
    ndarray of float, shape (n, k - 1)
        The variable itself, counted from the middle of the outer knots in units of half the
        distance between them, and k - 2 cubic terms in the same unit. With a column of ones they
        span all functions that are cubic between the knots, have two continuous derivatives and
        are linear beyond the outer knots.

    Raises
    ------
    DataError
        If knots don't ascend or are fewer than three.

    Notes
    -----
    Restricted cubic terms in truncated powers [1]_: for knots t_1, ..., t_k, term j is
    (x - t_j)^3_+ less the combination of (x - t_{k-1})^3_+ and (x - t_k)^3_+ that cancels its
    cubic and quadratic parts beyond t_k.

    References
    ----------
    .. [1] Devlin TF, Weeks BJ (1986). Spline functions for logistic regression modeling.
       Proceedings of the Eleventh Annual SAS Users Group International Conference, 646-651.
       The form is that of Harrell (2015), section 2.4.5. doi:10.1007/978-3-319-19425-7
    """
    x = numbers("values", values)
    t = numbers("knots", knots)
    if t.size < 3 or not np.isfinite(t).all() or (np.diff(t) <= 0).any():
        raise DataError(
            f"knots are {t.tolist()}.", hint="give three or more finite numbers that ascend."
        )
    middle, half = 0.5 * (t[0] + t[-1]), 0.5 * (t[-1] - t[0])
    u, v = (x - middle) / half, (t - middle) / half
    columns = [u]
    last, before = _cube(u - v[-1]), _cube(u - v[-2])
    width = v[-1] - v[-2]
    for knot in v[:-2]:
        ahead, behind = v[-1] - knot, v[-2] - knot
        term = _cube(u - knot) - before * (ahead / width) + last * (behind / width)
        # Divided by the square of the whole width, terms are of the size of the variable.
        columns.append(term / 4.0)
    return np.column_stack(columns)


def _cube(x: FloatArray) -> FloatArray:
    """Return x^3 where x is positive, else 0; NaN stays."""
    positive = np.maximum(x, 0.0)
    return np.asarray(positive * positive * positive)
