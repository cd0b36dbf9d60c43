"""Proportions of single groups and their transforms."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.stats.effectmeasures.result import (
    EffectMeasures,
    ZeroCells,
    columns,
    effects,
    missing_rows,
    require,
    require_counts,
    require_positive,
)
from locoreg.stats.effectmeasures.twobytwo import corrected_rows
from locoreg.stats.studies import check_option

Proportion = Literal["PR", "PLN", "PLO", "PAS", "PFT"]
PROPORTIONS: tuple[Proportion, ...] = ("PR", "PLN", "PLO", "PAS", "PFT")


def proportions(
    measure: Proportion, *, xi: ArrayLike, ni: ArrayLike, zeros: ZeroCells
) -> EffectMeasures:
    """Return proportions of single groups.

    Parameters
    ----------
    measure : {"PR", "PLN", "PLO", "PAS", "PFT"}
        The proportion, its logarithm, its logit, its arcsine square root, its Freeman-Tukey double
        arcsine.
    xi, ni : array_like, shape (k,)
        Events and group sizes.
    zeros : ZeroCells
        What is done about groups without events or with events only; the constant is added to
        events and non-events.

    Returns
    -------
    EffectMeasures
        Large-sample variances.

    Raises
    ------
    DataError
        If there are more events than patients, a negative count, or an empty group.

    References
    ----------
    Freeman MF, Tukey JW (1950). Annals of Mathematical Statistics 21:607-611.
    doi:10.1214/aoms/1177729756
    """
    check_option("measure", measure, PROPORTIONS)
    given = columns(xi=xi, ni=ni)
    x, n = given
    require_counts(xi=x)
    require_positive("a group has a size.", ni=n)
    require(~(x > n), x, "xi", "more than the size of its group", "events are part of ni.")
    add = zeros.constant(measure)
    at_end = (x == 0) | (x == n)
    corrected = corrected_rows(zeros, add, at_end, missing_rows(given))
    plus = np.where(corrected, add, 0.0)
    x, n = x + plus, n + 2 * plus
    p = x / n
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "PR":
            y, v = p, p * (1 - p) / n
        elif measure == "PLN":
            y, v = np.log(p), 1 / x - 1 / n
        elif measure == "PLO":
            y, v = np.log(x / (n - x)), 1 / x + 1 / (n - x)
        elif measure == "PAS":
            y, v = np.arcsin(np.sqrt(p)), 1 / (4 * n)
        else:
            y = (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2
            v = 1 / (4 * n + 2)
    return effects(measure, y, v, given, corrected=corrected)
