"""Fitting a Cox model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import ConvergenceError, DataError
from locoreg.stats.cox.baseline import baselines
from locoreg.stats.cox.covariates import check_covariates, check_offset
from locoreg.stats.cox.layout import lay_out
from locoreg.stats.cox.likelihood import Likelihood, Point
from locoreg.stats.cox.model import (
    COX_VARIANCES,
    TIES,
    ChiSquareTest,
    CoxModel,
    CoxVariance,
    Ties,
    chi_square,
)
from locoreg.stats.cox.newton import Maximum, dependent_columns, maximise, solve
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, SurvivalData, check_survival

Monotone = Literal["error", "report"]
# A fit of this many rows, spread evenly over all, gives the first coefficients of larger ones.
START_ROWS = 5_000


def cox(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    level: float,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    variance: CoxVariance | None = None,
    names: Sequence[str] | None = None,
    monotone: Monotone = "error",
) -> CoxModel:
    """Fit a Cox proportional-hazards model [1]_ by maximum partial likelihood.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up, 0 or later.
    event : array_like, shape (n,)
        Whether follow-up ended with the event: boolean, or 0 and 1.
    X : array_like, shape (n, p) or (n,)
        Covariates: numbers or booleans, categories coded as columns of 0 and 1. With p = 0 the
        baseline is the Nelson-Aalen estimate (``breslow``) or its tie-corrected form.
    level : float
        Level of the limits in percent.
    ties : {"efron", "breslow"}
        Treatment of tied event times [2]_ [3]_.
    entry : array_like, shape (n,), optional
        Start of follow-up: delayed entry, or rows of a person whose covariates change. A row is at
        risk at t if entry < t <= time.
    weight : array_like, shape (n,), optional
        Case weights, not negative. Rows of weight 0 are in no risk set, and counted.
    offset : array_like, shape (n,), optional
        Part of the linear predictor whose coefficient is 1.
    strata : array_like, shape (n,), optional
        Labels; each stratum has a baseline hazard of its own.
    cluster : array_like, shape (n,), optional
        Labels of rows that belong together, for the robust variance.
    variance : {"model", "robust"}, optional
        Inverse information, or the sandwich [4]_ of the scores of clusters, or rows. By default
        robust if there are clusters or a weight is not a whole number, as in R's ``coxph``.
    names : sequence of str, optional
        Names of the covariates: those of a data frame, or x1, x2, ..., by default.
    monotone : {"error", "report"}
        What to do if a coefficient runs to infinity (the covariate separates those with the event
        from the others at risk): raise, or return it as infinite and the others at their limits.

    Returns
    -------
    CoxModel
        Coefficients, both variances, tests, baseline hazards.

    Raises
    ------
    DataError
        If a value can't be used; if there is no event; if covariates don't vary, or are
        combinations of others, within risk sets.
    ConvergenceError
        If a coefficient runs to infinity, or no maximum is found.

    Examples
    --------
    >>> fit = cox([1, 2, 3, 4], [1, 1, 0, 1], [[0], [1], [0], [1]], level=95, names=["treated"])
    >>> fit.hazard_ratio("treated").text()
    '0.71 (0.04 to 11.79)'

    References
    ----------
    .. [1] Cox DR (1972). JRSS B 34:187-220. doi:10.1111/j.2517-6161.1972.tb00899.x
    .. [2] Efron B (1977). JASA 72:557-565. doi:10.1080/01621459.1977.10480613
    .. [3] Breslow N (1974). Biometrics 30:89-99. doi:10.2307/2529620
    .. [4] Lin DY, Wei LJ (1989). JASA 84:1074-1078. doi:10.1080/01621459.1989.10478874
    """
    check_level(level)
    check_option("ties", ties, TIES)
    check_option("monotone", monotone, ("error", "report"))
    if variance is not None:
        check_option("variance", variance, COX_VARIANCES)
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    values, labels = check_covariates(X, data.n, names)
    offsets = check_offset(offset, data.n)
    robust = _robust(data) if variance is None else variance == "robust"
    events = _weighted_events(data)
    if labels and not events:
        raise DataError(
            "there is no event, so that no coefficient can be estimated.",
            hint="check the coding of event: 1 is the event.",
        )
    likelihood = Likelihood(lay_out(data, values, offsets), ties == "efron")
    likelihood.weigh(data.weight)
    null = likelihood.evaluate(np.zeros(len(labels)))
    refuse_dependent(null, events, labels)
    rscore = _robust_score(data, likelihood, null) if robust else None
    maximum = _maximise(data, values, offsets, likelihood, null)
    if maximum.direction.any() and monotone == "error":
        raise ConvergenceError(
            f"the coefficient of {_listed(labels, maximum.direction)} runs to infinity: within"
            " risk sets the covariate separates those with the event from the others.",
            hint="merge or leave out a category without events, or ask for monotone='report'.",
        )
    return _model(data, values, labels, likelihood, maximum, null, rscore, level=level)


def _listed(labels: Sequence[str], chosen: FloatArray) -> str:
    return ", ".join(label for label, here in zip(labels, chosen, strict=True) if here)


def _robust(data: SurvivalData) -> bool:
    fractions = data.weight is not None and bool((data.weight != np.floor(data.weight)).any())
    return data.cluster is not None or fractions


def _weighted_events(data: SurvivalData) -> float:
    return float(data.event.sum() if data.weight is None else data.weight @ data.event)


def refuse_dependent(null: Point, events: float, names: Sequence[str]) -> None:
    """Raise if covariates carry no information of their own.

    Parameters
    ----------
    null : Point
        The likelihood at any coefficients.
    events : float
        Sum of the weights of the events.
    names : sequence of str
        Names of the covariates.

    Raises
    ------
    DataError
        With the columns, and what they depend on.
    """
    found = dependent_columns(null.information, events)
    if not found:
        return
    texts = [
        f"{names[j]} is a combination of {', '.join(names[k] for k in others)}"
        if others
        else f"{names[j]} does not vary"
        for j, others in found
    ]
    raise DataError(
        f"{'; '.join(texts)} within the risk sets (and strata), so that no coefficient can be"
        " estimated.",
        hint=f"leave out {', '.join(names[j] for j, _ in found)}.",
    )


def _meat(data: SurvivalData, likelihood: Likelihood) -> FloatArray:
    """Return the sum of outer products of the scores of clusters, or of rows."""
    if data.cluster is None:
        return likelihood.scores(None, 0)
    sums = likelihood.scores(data.cluster, int(data.cluster.max()) + 1)
    return np.asarray(sums.T @ sums)


def _quadratic(vector: FloatArray, matrix: FloatArray) -> float:
    """Return v' M^-1 v, NaN if M is singular (fewer clusters than covariates)."""
    try:
        return float(vector @ solve(matrix, vector))
    except np.linalg.LinAlgError:
        return float("nan")


def _robust_score(data: SurvivalData, likelihood: Likelihood, null: Point) -> ChiSquareTest:
    return chi_square(_quadratic(null.score, _meat(data, likelihood)), null.score.size)


def _maximise(
    data: SurvivalData,
    X: FloatArray,
    offset: FloatArray | None,
    likelihood: Likelihood,
    null: Point,
) -> Maximum:
    start = _start(data, X, offset, likelihood, null)
    point = null if start is None else likelihood.evaluate(start)
    if start is None or not point.loglik >= null.loglik:
        start, point = np.zeros(null.score.size), null
        if not start.size:
            # Without covariates there is nothing to climb.
            return Maximum(start, null, 0, start)
    return maximise(likelihood, start, point)


def _start(
    data: SurvivalData,
    X: FloatArray,
    offset: FloatArray | None,
    likelihood: Likelihood,
    null: Point,
) -> FloatArray | None:
    """Return first coefficients from a part of the rows; None if these are few, or can't tell.

    The first Newton step from 0 on all rows, less that on the part, takes out most of the
    difference between them.
    """
    rows = likelihood.layout.exits.rows
    every = rows.size // START_ROWS
    if every < 2 or not null.score.size or len(data.strata_labels) > START_ROWS // 50:
        return None
    part = np.sort(rows[::every])
    few = replace(
        data,
        time=data.time[part],
        event=data.event[part],
        entry=None if data.entry is None else data.entry[part],
        weight=None if data.weight is None else data.weight[part],
        strata=None if data.strata is None else data.strata[part],
    )
    layout = lay_out(
        few,
        X[part],
        None if offset is None else offset[part],
        centre=likelihood.layout.centre,
        scale=likelihood.layout.scale,
    )
    small = Likelihood(layout, likelihood.efron)
    small.weigh(few.weight)
    try:
        first = small.evaluate(np.zeros(null.score.size))
        found = maximise(small, np.zeros(null.score.size), first)
        change = solve(null.information, null.score) - solve(first.information, first.score)
    except (np.linalg.LinAlgError, ConvergenceError):
        return None
    return None if found.direction.any() else found.beta + change


def _model(
    data: SurvivalData,
    X: FloatArray,
    names: tuple[str, ...],
    likelihood: Likelihood,
    maximum: Maximum,
    null: Point,
    robust_score: ChiSquareTest | None,
    *,
    level: float,
) -> CoxModel:
    """Return the fit in the units of the covariates."""
    scale, p = likelihood.layout.scale, len(names)
    finite = maximum.direction == 0
    model, robust = np.full((p, p), np.nan), None
    part = np.ix_(finite, finite)
    inverse = solve(maximum.point.information[part], np.eye(int(finite.sum())))
    model[part] = (inverse + inverse.T) / 2.0
    if robust_score is not None:
        robust = np.full((p, p), np.nan)
        robust[part] = model[part] @ _meat(data, likelihood)[part] @ model[part]
        robust /= np.outer(scale, scale)
    model /= np.outer(scale, scale)
    covariance = model if robust is None else robust
    beta = np.where(finite, maximum.beta / scale, np.copysign(np.inf, maximum.direction))
    se = np.sqrt(np.diag(covariance))
    reach = -float(special.ndtri(check_level(level))) * se
    weight = np.ones(data.n) if data.weight is None else data.weight
    wald = _quadratic(beta, covariance) if finite.all() else float("nan")
    clusters = None if data.cluster is None else np.unique(data.cluster[weight > 0]).size
    return CoxModel(
        names=names,
        coefficients=beta,
        se=se,
        ci_low=beta - reach,
        ci_high=beta + reach,
        level=float(level),
        covariance=covariance,
        variance="model" if robust is None else "robust",
        model_covariance=model,
        robust_covariance=robust,
        loglik_null=null.loglik,
        loglik=maximum.point.loglik,
        score_test=chi_square(_quadratic(null.score, null.information), p),
        wald_test=chi_square(wald, p),
        likelihood_ratio_test=chi_square(2.0 * (maximum.point.loglik - null.loglik), p),
        robust_score_test=robust_score,
        ties="efron" if likelihood.efron else "breslow",
        n=data.n,
        zero_weights=int((weight == 0).sum()),
        events=int(data.event[weight > 0].sum()),
        weight=float(weight.sum()),
        weighted_events=float(weight @ data.event),
        clusters=clusters,
        means=np.einsum("i,ij->j", weight, X) / weight.sum(),
        baseline=baselines(data, likelihood, maximum.beta) if finite.all() else (),
        monotone=tuple(name for name, ok in zip(names, finite, strict=True) if not ok),
        iterations=maximum.iterations,
        merged_times=data.merged_times,
    )
