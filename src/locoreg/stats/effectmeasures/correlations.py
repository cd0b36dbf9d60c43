"""Correlations and their transforms."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.stats.effectmeasures.result import EffectMeasures, columns, effects, require
from locoreg.stats.studies import check_option

Correlation = Literal["COR", "UCOR", "ZCOR"]
CORRELATIONS: tuple[Correlation, ...] = ("COR", "UCOR", "ZCOR")


def correlations(measure: Correlation, *, ri: ArrayLike, ni: ArrayLike) -> EffectMeasures:
    """Return correlations of two variables.

    Parameters
    ----------
    measure : {"COR", "UCOR", "ZCOR"}
        The correlation, its unbiased estimator (NaN for n of 4 or less), Fisher's z.
    ri, ni : array_like, shape (k,)
        Correlations and sample sizes.

    Returns
    -------
    EffectMeasures
        Variances (1 - r^2)^2/(n - 1), or 1/(n - 3) for Fisher's z.

    Raises
    ------
    DataError
        If a correlation is not inside (-1, 1) or a sample size below 2.

    References
    ----------
    Olkin I, Pratt JW (1958). Annals of Mathematical Statistics 29:201-211 (UCOR).
    doi:10.1214/aoms/1177706717
    Fisher RA (1921). Metron 1:3-32 (ZCOR).
    """
    check_option("measure", measure, CORRELATIONS)
    given = columns(ri=ri, ni=ni)
    r, n = given
    require(np.abs(r) < 1, r, "ri", "not between -1 and 1", "ri is a correlation.")
    require(
        np.isfinite(n) & (n >= 2), n, "ni", "below 2", "a correlation needs two patients or more."
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "ZCOR":
            y, v = np.arctanh(r), np.where(n > 3, 1 / (n - 3), np.nan)
        else:
            y = r if measure == "COR" else _unbiased(r, n)
            v = (1 - y**2) ** 2 / (n - 1)
    return effects(measure, y, v, given)


def _unbiased(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    enough = n > 4
    third = np.where(enough, (n - 2) / 2, 2.0)
    return np.where(enough, r * special.hyp2f1(0.5, 0.5, third, 1 - r**2), np.nan)
