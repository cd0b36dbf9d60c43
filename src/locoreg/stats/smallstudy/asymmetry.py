"""Regression tests for small-study effects: Egger's and its variants for generic effects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression import MetaRegression, meta_regression
from locoreg.stats.randomeffects import Interval
from locoreg.stats.smallstudy.onepool import all_equal, one_pool
from locoreg.stats.studies import FloatArray, check_level, check_option
from locoreg.stats.tau2 import Method

Model = Literal["lm", "meta"]
Predictor = Literal["se", "variance", "n", "sqrt_n", "inverse_n", "inverse_sqrt_n"]
MODELS: tuple[Model, ...] = ("lm", "meta")
PREDICTORS: tuple[Predictor, ...] = (
    "se", "variance", "n", "sqrt_n", "inverse_n", "inverse_sqrt_n",
)  # fmt: skip
# Where these are 0, a study is infinitely large: the intercept is the effect in such a study.
VANISHING = ("se", "variance", "inverse_n", "inverse_sqrt_n", "inverse_events")
# Residual over total weighted squares: less is the square of rounding errors.
EXACT = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionTest:
    """A straight line through the effects against a measure of the studies' size.

    Attributes
    ----------
    test : str
        Name of the test.
    model : {"lm", "meta"}
        Weighted regression with a multiplicative residual variance, or meta-regression with an
        additive between-study variance.
    predictor : str
        Measure of size.
    method : str or None
        Estimator of tau2 of the meta-regression; None with ``lm``.
    interval : str or None
        Kind of interval of the meta-regression; None with ``lm``.
    level : float
        Level of the intervals in percent.
    k : int
        Studies used.
    left_out : tuple of int
        Positions (from 0) of studies that the test can't use.
    slope, slope_se, slope_low, slope_high : float
        Change of the effect per unit of the predictor. For Egger's and Harbord's tests this is
        the "bias".
    statistic, df, p_value : float
        Two-sided test of a slope of 0; df is NaN where the distribution is the normal one.
    limit_est, limit_se, limit_low, limit_high : float
        The line where the predictor is 0: the effect in an infinitely large study. NaN for the
        predictors ``n`` and ``sqrt_n``.
    tau2 : float
        Between-study variance about the line; NaN with ``lm``.
    dispersion : float
        Residual variance over the variance expected from the weights.
    """

    test: str
    model: Model
    predictor: str
    method: Method | None
    interval: Interval | None
    level: float
    k: int
    left_out: tuple[int, ...]
    slope: float
    slope_se: float
    slope_low: float
    slope_high: float
    statistic: float
    df: float
    p_value: float
    limit_est: float
    limit_se: float
    limit_low: float
    limit_high: float
    tau2: float
    dispersion: float


def regression_test(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: Model,
    predictor: Predictor,
    level: float,
    ni: ArrayLike | None = None,
    method: Method | None = None,
    interval: Interval | None = None,
) -> RegressionTest:
    """Test whether effects change with the size of the studies.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of three studies or more.
    model : {"lm", "meta"}
        ``lm`` with the predictor ``se`` is Egger's test as published [1]_: least squares with
        weights 1/v, standard errors from the residuals, Student's t with k - 2 df. ``meta`` is
        a meta-regression, with its own `method` and `interval` [2]_.
    predictor : {"se", "variance", "n", "sqrt_n", "inverse_n", "inverse_sqrt_n"}
        Standard error, variance, or a function of the sample size. ``lm`` with ``n`` is
        Macaskill's test with the studies' own variances [3]_.
    level : float
        Level of the intervals in percent.
    ni : array_like, shape (k,), optional
        Sample sizes: for the last four predictors, and only for them.
    method, interval : str
        Of the meta-regression, and only with ``meta``; as for `meta_regression`.

    Returns
    -------
    RegressionTest
        Slope, its test, and the effect in an infinitely large study.

    Raises
    ------
    DataError
        If numbers or options can't be used.
    DesignError
        If there are fewer than three studies, the predictor is the same in all, or the effects
        lie exactly on a line, which leaves ``lm`` nothing to estimate its error from.

    References
    ----------
    .. [1] Egger M et al. (1997). BMJ 315:629-634. doi:10.1136/bmj.315.7109.629
    .. [2] Sterne JAC, Egger M (2005). In: Rothstein HR et al., eds. Publication bias in
       meta-analysis. Wiley.
    .. [3] Macaskill P, Walter SD, Irwig L (2001). Statistics in Medicine 20:641-654.
       doi:10.1002/sim.698
    """
    check_option("model", model, MODELS)
    check_option("predictor", predictor, PREDICTORS)
    check_level(level)
    fitted = _check_companions(model, predictor, method, interval, ni)
    y, v = one_pool(yi, vi, fewest=3, test="a regression test of small-study effects")
    x = _sizes(predictor, v, ni)
    if fitted is None:
        name = "Egger" if predictor == "se" else "regression"
        return line_test(y, v, x, test=name, predictor=predictor, level=level)
    return _meta_test(y, v, x, predictor, *fitted, level)


def fit_line(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    *,
    name: str,
    method: Method,
    interval: Interval,
    level: float,
) -> MetaRegression:
    """Return the meta-regression of effects on one predictor, intercept first.

    Parameters
    ----------
    y, v, x : ndarray of float, shape (k,)
        Effects, variances and predictor.
    name : str
        Name of the predictor.
    method, interval, level
        As for `meta_regression`.

    Returns
    -------
    MetaRegression
        With two coefficients.
    """
    return meta_regression(
        y, v, np.column_stack([np.ones(y.size), x]), names=["intercept", name], method=method,
        interval=interval, level=level,
    )  # fmt: skip


def line_test(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    *,
    test: str,
    predictor: str,
    level: float,
    left_out: tuple[int, ...] = (),
) -> RegressionTest:
    """Fit the weighted line with a multiplicative residual variance.

    Parameters
    ----------
    y, v, x : ndarray of float, shape (k,)
        Effects, inverse weights and predictor.
    test, predictor : str
        Names for the result.
    level : float
        Level of the intervals in percent.
    left_out : tuple of int
        Studies that are not among them.

    Returns
    -------
    RegressionTest
        The fit. A common-effect meta-regression rescaled by its residual mean square is this
        very regression, so that both share one implementation.

    Raises
    ------
    DesignError
        As for `regression_test`.
    """
    _check_spread(x, test)
    fit = fit_line(y, v, x, name=predictor, method="CE", interval="hartung-knapp", level=level)
    dispersion = float(fit.qe) / (y.size - 2)
    size = float(np.sum((y - y[np.argmin(v)]) ** 2 / v))
    if dispersion <= EXACT * size:
        raise DesignError(
            f"the effects of the {y.size} studies lie exactly on a line, which leaves the {test} "
            "test no residuals to take its error from.",
            hint="the test by meta-regression (model='meta') takes it from the variances.",
        )
    return _result(
        fit, test=test, model="lm", predictor=predictor, method=None, interval=None,
        left_out=left_out, dispersion=dispersion, tau2=math.nan,
    )  # fmt: skip


def _meta_test(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    predictor: Predictor,
    method: Method,
    interval: Interval,
    level: float,
) -> RegressionTest:
    _check_spread(x, "regression")
    fit = fit_line(y, v, x, name=predictor, method=method, interval=interval, level=level)
    return _result(
        fit, test="regression", model="meta", predictor=predictor, method=method,
        interval=interval, left_out=(), dispersion=float(fit.qe) / (y.size - 2),
        tau2=float(fit.tau2),
    )  # fmt: skip


def _check_companions(
    model: Model,
    predictor: Predictor,
    method: Method | None,
    interval: Interval | None,
    ni: ArrayLike | None,
) -> tuple[Method, Interval] | None:
    """Return method and interval of the meta-regression, None for the other model."""
    if model == "lm" and (method is not None or interval is not None):
        raise DataError(
            "method and interval belong to model='meta': the weighted regression has neither.",
            hint="leave them out, or choose model='meta'.",
        )
    if model == "meta" and (method is None or interval is None):
        raise DataError("model='meta' needs a method for tau2 and an interval.")
    if (ni is None) != (predictor in ("se", "variance")):
        raise DataError(
            f"predictor {predictor!r} "
            + ("needs the sample sizes, ni." if ni is None else "does not use sample sizes.")
        )
    return None if method is None or interval is None else (method, interval)


def _sizes(predictor: Predictor, v: FloatArray, ni: ArrayLike | None) -> FloatArray:
    if ni is None:
        return np.sqrt(v) if predictor == "se" else v
    n = whole_sizes(ni, v.size, "ni")
    if predictor == "n":
        return n
    if predictor == "sqrt_n":
        return np.sqrt(n)
    return 1.0 / n if predictor == "inverse_n" else 1.0 / np.sqrt(n)


def whole_sizes(values: ArrayLike, k: int, name: str) -> FloatArray:
    """Return numbers of patients or events, refused unless each is above 0."""
    try:
        n = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} can't be read as numbers.") from None
    if n.shape != (k,):
        raise DataError(f"{name} has shape {n.shape} for {k} studies.", hint="one for each study.")
    bad = np.flatnonzero(~(np.isfinite(n) & (n > 0)))
    if bad.size:
        raise DataError(
            f"{name} of study {bad[0] + 1} is {n[bad[0]]:g}, but must be above 0.",
            hint="leave out studies whose size is unknown.",
        )
    return n


def _check_spread(x: FloatArray, test: str) -> None:
    if all_equal(x):
        raise DesignError(
            f"the {test} test needs studies of different size, and its predictor is {x[0]:g} in "
            f"all {x.size}.",
            hint="with studies of one size, a small-study effect can't show.",
        )


def _result(
    fit: MetaRegression,
    *,
    test: str,
    model: Model,
    predictor: str,
    method: Method | None,
    interval: Interval | None,
    left_out: tuple[int, ...],
    dispersion: float,
    tau2: float,
) -> RegressionTest:
    has_limit = predictor in VANISHING
    intercept = (fit.b, fit.se, fit.ci_low, fit.ci_high)
    limit = [float(part[0]) if has_limit else math.nan for part in intercept]
    return RegressionTest(
        test=test, model=model, predictor=predictor, method=method, interval=interval,
        level=float(fit.level), k=int(fit.k), left_out=left_out, slope=float(fit.b[1]),
        slope_se=float(fit.se[1]), slope_low=float(fit.ci_low[1]),
        slope_high=float(fit.ci_high[1]), statistic=float(fit.statistic[1]), df=float(fit.df),
        p_value=float(fit.p_value[1]), limit_est=limit[0], limit_se=limit[1],
        limit_low=limit[2], limit_high=limit[3], tau2=tau2, dispersion=dispersion,
    )  # fmt: skip
