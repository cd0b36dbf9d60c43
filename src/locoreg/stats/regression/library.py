"""The only module that knows `survival`, the library behind parametric models and diagnostics.

It takes checked rows and returns arrays; its classes and its names for things stay in here.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from survival import regression

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.stats.regression.design import Design
from locoreg.stats.survivaldata import FloatArray, IntArray

# Its functions are bound when it is imported, so that type checkers don't see them.
_library: Any = regression

Ties = Literal["efron", "breslow"]
TIES: tuple[Ties, ...] = ("efron", "breslow")
RowKind = Literal["martingale", "deviance", "score", "dfbeta", "dfbetas"]
EventKind = Literal["schoenfeld", "scaled-schoenfeld"]

# Relative change of the log-likelihood, as small as rounding lets it become.
PRECISION = 1e-12
MOST_ITERATIONS = 100
# A coefficient whose standard error, in standard deviations of its covariate, is larger than this
# has no finite estimate: with as few as one event the error is below 10.
BOUNDLESS = 1e3


class EventResiduals(NamedTuple):
    """Residuals of events, sorted by stratum and time.

    Attributes
    ----------
    values : ndarray of float, shape (d, p)
        Residuals.
    time : ndarray of float, shape (d,)
        Times of the events.
    row : ndarray of int, shape (d,)
        Rows of the design.
    """

    values: FloatArray
    time: FloatArray
    row: IntArray


class HazardsTest(NamedTuple):
    """Score tests of proportional hazards.

    Attributes
    ----------
    chi_squared, df, p_value : ndarray of float, shape (p + 1,)
        One test per covariate, and the global one.
    time, transformed : ndarray of float, shape (d,)
        Times of the events, and the function of time that stands for a trend.
    residuals : ndarray of float, shape (d, p)
        Scaled Schoenfeld residuals plus the coefficients.
    """

    chi_squared: FloatArray
    df: FloatArray
    p_value: FloatArray
    time: FloatArray
    transformed: FloatArray
    residuals: FloatArray


class ParametricFit(NamedTuple):
    """A fitted accelerated failure time model.

    Attributes
    ----------
    coefficients : ndarray of float, shape (1 + p,)
        Intercept and coefficients.
    scale : ndarray of float, shape (k,)
        Scale of each stratum.
    covariance : ndarray of float, shape (q, q)
        Of coefficients and log scales; robust if asked for.
    model_covariance : ndarray of float, shape (q, q)
        Inverse of the observed information.
    loglik, null_loglik : float
        At the estimates, and with the intercept alone.
    iterations : int
        Newton steps.
    """

    coefficients: FloatArray
    scale: FloatArray
    covariance: FloatArray
    model_covariance: FloatArray
    loglik: float
    null_loglik: float
    iterations: int


def _cox(design: Design, ties: Ties) -> Any:
    """Return the library's Cox model."""
    data = design.data
    fit = _library.coxph_fit(
        data.time,
        data.event,
        design.X,
        entry=data.entry,
        strata=data.strata,
        weights=data.weight,
        offset=design.offset,
        method=ties,
        eps=PRECISION,
        iter_max=MOST_ITERATIONS,
    )
    errors = np.sqrt(np.diagonal(np.asarray(fit.var))) * design.X.std(axis=0)
    bad = ~np.isfinite(fit.coefficients) | ~(errors > 0.0) | (errors > BOUNDLESS)
    if bad.any():
        raise ConvergenceError(
            f"The coefficient of {design.names[int(np.argmax(bad))]!r} has no finite estimate: "
            "some value of it has no event, or all of them.",
            hint="drop the covariate or join its rare values.",
        )
    return fit


def row_residuals(
    design: Design, ties: Ties, kind: RowKind, collapse: IntArray | None
) -> FloatArray:
    """Return residuals of each row, or of each cluster in order of the codes.

    Parameters
    ----------
    design : Design
        Checked rows.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    kind : {"martingale", "deviance", "score", "dfbeta", "dfbetas"}
        Which residuals. The last two are weighted.
    collapse : ndarray of int, shape (n,), or None
        Codes of clusters, each of which occurs.

    Returns
    -------
    ndarray of float, shape (n,) or (n, p)
        Residuals.
    """
    fit = _cox(design, ties)
    names = {
        "martingale": "martingale_residuals",
        "deviance": "deviance_residuals",
        "score": "score_residuals",
    }
    return np.asarray(getattr(fit, names.get(kind, kind))(collapse=collapse), dtype=np.float64)


def event_residuals(design: Design, ties: Ties, kind: EventKind) -> EventResiduals:
    """Return residuals of each event.

    Parameters
    ----------
    design : Design
        Checked rows.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    kind : {"schoenfeld", "scaled-schoenfeld"}
        Which residuals.

    Returns
    -------
    EventResiduals
        Sorted by stratum and time.
    """
    fit = _cox(design, ties)
    scaled = kind == "scaled-schoenfeld"
    found = fit.scaled_schoenfeld_residuals() if scaled else fit.schoenfeld_residuals()
    return EventResiduals(
        values=np.asarray(found.residuals, dtype=np.float64).reshape(-1, len(design.names)),
        time=np.asarray(found.time, dtype=np.float64),
        row=np.asarray(found.rows, dtype=np.int64),
    )


def hazards_test(design: Design, ties: Ties, transform: str) -> HazardsTest:
    """Test whether coefficients change with a function of time.

    Parameters
    ----------
    design : Design
        Checked rows.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    transform : {"km", "rank", "identity", "log"}
        Function of time.

    Returns
    -------
    HazardsTest
        Tests and what they are made of.

    Raises
    ------
    DesignError
        If the events say nothing of a trend.
    """
    fit = _cox(design, ties)
    try:
        found = _library.cox_zph(fit, transform=transform)
    except RuntimeError:
        raise DesignError(
            "A trend with time can't be told from the coefficients.",
            hint="events at several times, and more of them than covariates, are needed.",
        ) from None
    tests = [*found.table, found.global_test]
    return HazardsTest(
        chi_squared=np.array([test.chisq for test in tests]),
        df=np.array([test.df for test in tests]),
        p_value=np.array([test.p for test in tests]),
        time=np.asarray(found.time, dtype=np.float64),
        transformed=np.asarray(found.x, dtype=np.float64),
        residuals=np.asarray(found.y, dtype=np.float64).reshape(-1, len(design.names)),
    )


def parametric_fit(
    time: FloatArray, design: Design, distribution: str, *, robust: bool
) -> ParametricFit:
    """Fit an accelerated failure time model; strata have scales of their own.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Times as they were given.
    design : Design
        Checked rows.
    distribution : str
        Name of the distribution.
    robust : bool
        Whether the covariance is the sandwich, over clusters if there are any.

    Returns
    -------
    ParametricFit
        Estimates and covariances.

    Raises
    ------
    ConvergenceError
        If the likelihood has no maximum.
    """
    data = design.data
    n, p = design.X.shape
    rows = _library.SurvregData(
        time,
        data.event,
        np.column_stack([np.ones(n), design.X]),
        weights=data.weight,
        offset=design.offset,
        strata=None if data.strata is None else data.strata.tolist(),
        cluster=None if data.cluster is None or not robust else data.cluster.tolist(),
    )
    hopeless = ConvergenceError(
        f"The {distribution} model has no finite estimate.",
        hint="join rare values of covariates, drop covariates, or choose another distribution.",
    )
    try:
        fit = _library.survreg_fit(
            rows,
            _library.SurvregDistribution(distribution),
            control=_library.SurvregControl(iter_max=MOST_ITERATIONS, rel_tolerance=PRECISION),
            robust=robust,
        )
    except RuntimeError:
        raise hopeless from None
    coefficients = np.asarray(fit.coefficients, dtype=np.float64)[: p + 1]
    covariance = np.asarray(fit.variance_matrix, dtype=np.float64)
    if not (
        fit.converged and np.isfinite(coefficients).all() and (covariance.diagonal() > 0).all()
    ):
        raise hopeless
    naive = covariance if fit.naive_variance_matrix is None else fit.naive_variance_matrix
    return ParametricFit(
        coefficients=coefficients,
        scale=np.asarray(fit.scale, dtype=np.float64),
        covariance=covariance,
        model_covariance=np.asarray(naive, dtype=np.float64),
        loglik=float(fit.log_likelihood),
        null_loglik=float(fit.intercept_only_log_likelihood),
        iterations=int(fit.iterations),
    )
