"""Rubin's rules: estimates of completed cohorts pooled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """Variances over imputations.

    Attributes
    ----------
    within, between, total : ndarray of float, shape (q,)
        Mean variance within completed cohorts; variance of the estimates between them; and
        within + (1 + 1/m) between.
    df : ndarray of float, shape (q,)
        Degrees of freedom of a t distribution; infinite where the imputations agree.
    missing_information : ndarray of float, shape (q,)
        Share of the information that is lost to missing values.
    """

    within: FloatArray
    between: FloatArray
    total: FloatArray
    df: FloatArray
    missing_information: FloatArray


def rubin(estimates: FloatArray, variances: FloatArray, complete_df: float) -> Pooled:
    """Pool the variances of estimates from m completed cohorts.

    Parameters
    ----------
    estimates, variances : ndarray of float, shape (m, q)
        On a scale on which they are about normal.
    complete_df : float
        Degrees of freedom if nothing were missing: persons (or hospitals) less 1.

    Returns
    -------
    Pooled
        Variances and degrees of freedom.

    Raises
    ------
    DataError
        If there are fewer than two completed cohorts.

    References
    ----------
    .. [1] Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys. Wiley.
       doi:10.1002/9780470316696
    .. [2] Barnard J, Rubin DB (1999). Small-sample degrees of freedom with multiple imputation.
       Biometrika 86:948-955. doi:10.1093/biomet/86.4.948
    """
    m = estimates.shape[0]
    if m < 2:
        raise DataError("Rubin's rules need two or more imputations.", hint="impute more often.")
    within = variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    added = (1.0 + 1.0 / m) * between
    total = within + added
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(total > 0, added / total, 0.0)
        large = (m - 1.0) / share**2
        observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - share)
        df = np.where(share > 0, 1.0 / (1.0 / large + 1.0 / observed), np.inf)
        ratio = np.where(within > 0, added / within, np.inf)
        lost = (ratio + 2.0 / (df + 3.0)) / (ratio + 1.0)
    return Pooled(
        within=within,
        between=between,
        total=total,
        df=df,
        missing_information=np.where(np.isfinite(ratio), lost, 1.0),
    )
