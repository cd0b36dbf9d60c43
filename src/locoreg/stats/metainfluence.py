"""How much one study moves a meta-analysis: deletion diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.randomeffects import leave_one_out, random_effects
from locoreg.stats.studies import FloatArray
from locoreg.stats.tau2 import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaInfluence:
    """What a pool would be without each study, and how far each study lies from the others.

    Arrays have shape (k,), in the order of the studies. All use the inverse-variance standard
    error, whatever interval the pool itself is given: a rescaled one would mix the size of a
    study's influence with the scatter of the others.

    Attributes
    ----------
    method : str
        Estimator of tau2.
    mu, se, tau2 : float
        The pool of all studies.
    mu_deleted, se_deleted, tau2_deleted : ndarray of float
        The pools without each study.
    hat : ndarray of float
        Weights that sum to 1.
    residual : ndarray of float
        Externally standardised residual: distance of a study from the pool of the others, in
        standard errors of that distance.
    dffits : ndarray of float
        Change of the study's fitted value, in its standard errors.
    cook : ndarray of float
        Cook's distance: square of the change of the pooled effect, in its standard errors.
    cov_ratio : ndarray of float
        Variance of the pooled effect without the study over that with it; below 1 the study makes
        the pool less certain.
    dfbetas : ndarray of float
        Change of the pooled effect, in standard errors under the tau2 of the others.
    """

    method: Method
    mu: float
    se: float
    tau2: float
    mu_deleted: FloatArray
    se_deleted: FloatArray
    tau2_deleted: FloatArray
    hat: FloatArray
    residual: FloatArray
    dffits: FloatArray
    cook: FloatArray
    cov_ratio: FloatArray
    dfbetas: FloatArray


def meta_influence(yi: ArrayLike, vi: ArrayLike, *, method: Method) -> MetaInfluence:
    """Return deletion diagnostics of a meta-analysis without moderators.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the scale on which they are pooled, and sampling variances, of at least three
        studies.
    method : {"CE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of tau2, anew for each set of studies.

    Returns
    -------
    MetaInfluence
        One value per study.

    Raises
    ------
    DataError
        If there are fewer than three studies or the numbers can't be used.

    References
    ----------
    Viechtbauer W, Cheung MW-L (2010). Outlier and influence diagnostics for meta-analysis.
    Research Synthesis Methods 1:112-125. doi:10.1002/jrsm.11
    """
    y, v = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64)
    if y.ndim != 1 or y.size < 3:
        raise DataError(
            "influence needs three studies or more: without one of two nothing is pooled.",
            hint="read the studies themselves.",
        )
    whole = random_effects(y, v, method=method, interval="normal", level=95.0, prediction="riley")
    less = leave_one_out(y, v, method=method, interval="normal", level=95.0, prediction="riley")
    mu, se, tau2 = float(whole.mu), float(whole.se), float(whole.tau2)
    hat = np.asarray(whole.weights, dtype=np.float64)
    change = mu - less.mu
    # Spread of the pool of all studies if the between-study variance were that of the others.
    under_others = 1.0 / np.sum(1.0 / (v[None, :] + less.tau2[:, None]), axis=1)
    return MetaInfluence(
        method=method,
        mu=mu,
        se=se,
        tau2=tau2,
        mu_deleted=less.mu,
        se_deleted=less.se,
        tau2_deleted=less.tau2,
        hat=hat,
        residual=(y - less.mu) / np.sqrt(v + less.tau2 + less.se**2),
        dffits=change / np.sqrt(hat * (less.tau2 + v)),
        cook=change**2 / se**2,
        cov_ratio=less.se**2 / se**2,
        dfbetas=change / np.sqrt(under_others),
    )
