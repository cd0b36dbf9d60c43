"""What each row contributes to a Cox fit."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.cox.covariates import check_covariates, check_offset
from locoreg.stats.cox.kernels import TIED
from locoreg.stats.cox.layout import lay_out
from locoreg.stats.cox.likelihood import Likelihood
from locoreg.stats.cox.model import CoxModel
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, SurvivalData, check_survival

Influence = Literal["martingale", "score", "dfbeta"]
INFLUENCES: tuple[Influence, ...] = ("martingale", "score", "dfbeta")


def cox_influence(
    model: CoxModel,
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    kind: Influence,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> FloatArray:
    """Return what each row contributes to a Cox fit.

    Parameters
    ----------
    model : CoxModel
        The fit.
    time, event, X, entry, weight, offset, strata
        The rows that gave it, as for `cox`.
    kind : {"martingale", "score", "dfbeta"}
        Events less those expected, e - exp(x'b) (H(time) - H(entry)) [1]_; the row's term in the
        derivative of the log-likelihood, risk sets taken as they are in the population [2]_; the
        row's influence function over n, the change of the coefficients per unit of its weight
        times the weight. The first two don't contain the row's weight, the third does, as in R's
        ``residuals.coxph``; with Efron's ties they treat tied rows as the likelihood does.

    Returns
    -------
    ndarray of float, shape (n,) or (n, p)
        In the order of the rows. Weighted martingale and score residuals, and dfbeta, sum to 0;
        the sum of the outer products of the latter, over clusters, is the robust covariance.
        Rows of weight 0 have NaN, and a dfbeta of 0.

    Raises
    ------
    DataError
        If the rows can't be those of the fit.
    DesignError
        If a coefficient is infinite.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM, Fleming TR (1990). Biometrika 77:147-160.
       doi:10.1093/biomet/77.1.147
    .. [2] Lin DY, Wei LJ (1989). JASA 84:1074-1078. doi:10.1080/01621459.1989.10478874
    """
    check_option("kind", kind, INFLUENCES)
    if model.monotone:
        raise DesignError(
            f"influence is not defined: the coefficient of {', '.join(model.monotone)} is"
            " infinite.",
            hint="leave the covariate out, or merge its categories.",
        )
    data = check_survival(time, event, entry=entry, weight=weight, strata=strata)
    values, _ = check_covariates(X, data.n, None)
    if values.shape[1] != len(model.names):
        raise DataError(
            f"X has {values.shape[1]} columns, but the model has {len(model.names)} covariates.",
            hint=f"give the columns {', '.join(model.names)}.",
        )
    likelihood = Likelihood(
        lay_out(data, values, check_offset(offset, data.n)), model.ties == "efron"
    )
    likelihood.weigh(data.weight)
    point = likelihood.evaluate(model.coefficients * likelihood.layout.scale)
    if not np.isclose(point.loglik, model.loglik, rtol=1e-8, atol=1e-8):
        raise DataError(
            f"these are not the rows of the fit: their log-likelihood is {point.loglik:.6g},"
            f" not {model.loglik:.6g}.",
            hint="give the same rows, entry, weight, offset and strata.",
        )
    weights = np.ones(data.n) if data.weight is None else data.weight
    used = weights > 0
    if kind == "martingale":
        weighted = _martingale(data, likelihood)
        return np.asarray(np.divide(weighted, weights, out=np.full(data.n, np.nan), where=used))
    scores = likelihood.scores(np.arange(data.n), data.n) * likelihood.layout.scale
    if kind == "dfbeta":
        return np.asarray(scores @ model.model_covariance)
    out = np.full(scores.shape, np.nan)
    np.divide(scores, weights[:, None], out=out, where=used[:, None])
    return out


def _martingale(data: SurvivalData, likelihood: Likelihood) -> FloatArray:
    """Return martingale residuals times weights, in the order of the data."""
    rows = likelihood.layout
    hazard = likelihood.cumulative[rows.slot]
    if rows.entry_slot.size:
        hazard = hazard - likelihood.cumulative[rows.entry_slot]
    hazard = hazard - likelihood.terms[TIED][rows.slot] * (likelihood.weighted_event > 0)
    out = np.zeros(data.n)
    out[rows.exits.rows] = likelihood.weighted_event - likelihood.risk * hazard
    return out
