"""Random effects in levels: several effects from one study, studies from one group, and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression.contrasts import trace
from locoreg.stats.metaregression.design import Design, check_design
from locoreg.stats.metaregression.problem import Problem, pose
from locoreg.stats.metaregression.solved import Coefficients, infer
from locoreg.stats.multilevel.nesting import Nesting, nest
from locoreg.stats.multilevel.recursion import climb
from locoreg.stats.multilevel.variances import Nested, search
from locoreg.stats.studies import FloatArray, check_inputs, check_level, check_option

MultilevelMethod = Literal["ML", "REML"]
MultilevelInterval = Literal["normal", "t"]
MULTILEVEL_METHODS: tuple[MultilevelMethod, ...] = ("ML", "REML")
MULTILEVEL_INTERVALS: tuple[MultilevelInterval, ...] = ("normal", "t")

# A level whose groups the design explains up to this share says nothing of its variance.
UNEXPLAINED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MultilevelEffects:
    """Coefficients of a nested random-effects model and the variance of each level.

    Attributes
    ----------
    method, interval : str
        The options that gave the numbers.
    level : float
        Level of the intervals in percent.
    levels : tuple of str
        Grouping levels, the outermost first.
    groups : tuple of int
        Number of groups of each.
    sigma2 : ndarray of float, shape (levels,)
        Variance of each level, the outermost first; NaN for a level in `confounded`.
    confounded : tuple of str
        Levels whose groups are those of the level within: only the sum of the two variances can be
        estimated, and it stands at the inner one.
    i2 : ndarray of float, shape (levels,)
        Percentage of the variance of a typical effect that lies at each level.
    typical_variance : float
        Higgins and Thompson's typical sampling variance.
    names : tuple of str
        Columns of the design.
    k, p : int
        Effects and columns.
    b, se, statistic, p_value, ci_low, ci_high : ndarray of float, shape (p,)
        Coefficients with standard errors, tests and limits.
    df : float
        Degrees of freedom k - p of t; NaN for the normal distribution.
    vcov : ndarray of float, shape (p, p)
        Covariance of the coefficients.
    q, q_df, q_p : float
        Test of heterogeneity: the residual Q with inverse-variance weights.
    qm, qm_df, qm_p : float, tuple of float, float
        Test of all coefficients but the intercept (of all, if there is none or nothing else).
    loglik, aic, bic : float
        Log-likelihood, REML's with the determinant of X'X; each variance is a parameter.
    pi_low, pi_high : float
        Prediction limits of the true effect in a row of new groups at every level, with the
        quantile of the interval; NaN if there are moderators.
    yi, vi : ndarray of float, shape (k,)
        The data.
    residuals : ndarray of float, shape (k,)
        Effects less fitted values.
    design : Design
        The design and its internal units.
    nesting : Nesting
        The levels, innermost first, and the sorted order of rows.
    """

    method: MultilevelMethod
    interval: MultilevelInterval
    level: float
    levels: tuple[str, ...]
    groups: tuple[int, ...]
    sigma2: FloatArray
    confounded: tuple[str, ...]
    i2: FloatArray
    typical_variance: float
    names: tuple[str, ...]
    k: int
    p: int
    b: FloatArray
    se: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    df: float
    vcov: FloatArray
    q: float
    q_df: int
    q_p: float
    qm: float
    qm_df: tuple[float, float]
    qm_p: float
    loglik: float
    aic: float
    bic: float
    pi_low: float
    pi_high: float
    yi: FloatArray
    vi: FloatArray
    residuals: FloatArray
    design: Design
    nesting: Nesting


def multilevel_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    groups: Mapping[str, ArrayLike],
    x: ArrayLike | None,
    names: Sequence[str],
    method: MultilevelMethod,
    interval: MultilevelInterval,
    level: float,
) -> MultilevelEffects:
    """Fit random effects for every level of a nesting, by (restricted) maximum likelihood.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances, whose errors are taken as independent.
    groups : mapping of str to array_like, shape (k,)
        Labels by level, the outermost first: ``{"district": ..., "school": ...}`` is the model
        ``~ 1 | district/school``. For a three-level model the last level is the effect itself.
    x : array_like, shape (k, p), or None
        Design matrix with all its columns; None for a mean alone.
    names : sequence of str
        Names of the columns; ignored without x, where the only column is ``intercept``.
    method : {"ML", "REML"}
        Which likelihood.
    interval : {"normal", "t"}
        Normal quantile, or Student's t with k - p degrees of freedom.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    MultilevelEffects
        The fit. Time and memory are linear in k.

    Raises
    ------
    DataError
        If the numbers or labels can't be used.
    DesignError
        If a variance can't be told from the rest of the model.

    References
    ----------
    Konstantopoulos S (2011). Research Synthesis Methods 2:61-76. doi:10.1002/jrsm.35
    Cheung MW-L (2014). Psychological Methods 19:211-229. doi:10.1037/a0032968
    """
    check_option("method", method, MULTILEVEL_METHODS)
    check_option("interval", interval, MULTILEVEL_INTERVALS)
    tail = check_level(level)
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    k = inputs.yi.shape[1]
    if x is None:
        x, names = np.ones((k, 1)), ("intercept",)
    design = check_design(x, names, k)
    nesting = nest(groups, k)
    problem = pose(inputs.yi, inputs.vi, design.x[None], intercept=design.intercept is not None)
    start = _fitted_apart(problem)
    model = nested(nesting, start, inputs.vi[0], design, restricted=method == "REML")
    _check_levels(model)
    sigma2, loglik = search(model, np.full(len(nesting.names), np.nan))
    b, vcov, residual = generalised_least_squares(model, sigma2)
    df = np.nan if interval == "normal" else float(problem.df)
    found = infer(design, _whole(problem, design.intercept, b), vcov, df=df, tail=tail)
    options = (method, interval, level, df)
    rest = np.empty(k)
    rest[nesting.order] = residual
    levels = _by_level(tuple(groups), nesting, sigma2)
    return _result(options, problem, (design, nesting, levels), found, (sigma2, loglik, rest))


def _whole(problem: Problem, intercept: int | None, b_rest: FloatArray) -> FloatArray:
    """Coefficients in internal units: those of the first fit and what came on top."""
    first = problem.fit(_typical(problem))
    c = problem.heavy
    b = np.linalg.solve(c.x_pivot[0], (c.y_pivot + first.delta)[0]) + b_rest
    if intercept is not None:
        b[intercept] += c.origin[0]
    return np.asarray(b)


@dataclass(frozen=True, slots=True)
class _Levels:
    """Levels as the user ordered them."""

    names: tuple[str, ...]
    groups: tuple[int, ...]
    sigma2: FloatArray


def _by_level(names: tuple[str, ...], nesting: Nesting, sigma2: FloatArray) -> _Levels:
    counts: dict[str, int] = {}
    variances: dict[str, float] = {}
    for name, starts, s in zip(nesting.names, nesting.starts, sigma2, strict=True):
        counts[name], variances[name] = int(starts.size), float(s)
    # A confounded level has the groups of the next level within that is told apart.
    sizes: list[int] = []
    for name in reversed(names):
        sizes.append(counts[name] if name in counts else sizes[-1])
    return _Levels(
        names=names,
        groups=tuple(reversed(sizes)),
        sigma2=np.array([variances.get(name, np.nan) for name in names]),
    )


def _typical(problem: Problem) -> FloatArray:
    """Harmonic mean of the sampling variances: a between-study variance to start from."""
    return np.asarray(problem.k / (1.0 / problem.v).sum(axis=1))


def _fitted_apart(problem: Problem) -> FloatArray:
    """Residuals of a fit that ignores the levels: small numbers to work on."""
    fit = problem.fit(_typical(problem))
    return np.asarray(problem.heavy.join(-fit.delta, fit.residual)[0])


def nested(
    nesting: Nesting, y: FloatArray, v: FloatArray, design: Design, *, restricted: bool
) -> Nested:
    """Sort the data for the likelihood.

    Parameters
    ----------
    nesting : Nesting
        The levels.
    y, v : ndarray of float, shape (k,)
        Effects, best less a first fit, and sampling variances.
    design : Design
        The design.
    restricted : bool
        REML instead of ML.

    Returns
    -------
    Nested
        Rows in sorted order.
    """
    order = nesting.order
    return Nested(
        nesting=nesting,
        y=y[order],
        v=v[order],
        x=design.x[order],
        restricted=restricted,
        logdet_x=float(np.linalg.slogdet(design.x.T @ design.x)[1]),
    )


def _check_levels(model: Nested) -> None:
    """Raise if the design explains the groups of a level."""
    base, _ = np.linalg.qr(model.x)
    nesting = model.nesting
    for level, name in enumerate(nesting.names):
        rows = nesting.rows_of(level)
        sizes = np.bincount(rows).astype(np.float64)
        sums = np.stack([np.bincount(rows, weights=column) for column in base.T])
        # Unexplained part of the group's indicators: tr(Z'(I - H)Z) = k - sum of squares.
        left = float(sizes.sum()) - float((sums**2).sum())
        if left <= UNEXPLAINED * float(sizes.sum()):
            raise DesignError(
                f"The moderators explain the groups of level {name} in full: nothing is left to"
                " estimate their variance from.",
                hint="leave the level or the moderators out.",
            )


def generalised_least_squares(
    model: Nested, sigma2: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit the coefficients at given variances.

    Parameters
    ----------
    model : Nested
        The data.
    sigma2 : ndarray of float, shape (levels,)
        Variances, innermost first.

    Returns
    -------
    b : ndarray of float, shape (p,)
        Coefficients, internal units, of the effects that the model holds.
    vcov : ndarray of float, shape (p, p)
        Their covariance.
    residual : ndarray of float, shape (k,)
        Effects less fitted values, sorted.
    """
    p = model.x.shape[1]
    b, residual = np.zeros(p), model.y
    # The second round takes off what rounding left in the first.
    for _ in range(2):
        up = climb(model.nesting, model.v, sigma2, np.column_stack([model.x, residual]))
        scale = 1.0 / np.sqrt(np.diag(up.products)[:p])
        inverse = np.linalg.inv(up.products[:p, :p] * scale[:, None] * scale)
        vcov = inverse * scale[:, None] * scale
        more = vcov @ up.products[:p, p]
        b, residual = b + more, residual - model.x @ more
    return b, vcov, residual


def _result(
    options: tuple[MultilevelMethod, MultilevelInterval, float, float],
    problem: Problem,
    shape: tuple[Design, Nesting, _Levels],
    found: Coefficients,
    solution: tuple[FloatArray, float, FloatArray],
) -> MultilevelEffects:
    method, interval, level, df = options
    design, nesting, levels = shape
    sigma2, loglik, residual = solution
    k, p = design.raw.shape
    plain = problem.fit(np.zeros(1))
    q, typical = float(plain.q[0]), problem.df / float(trace(plain)[0])
    whole = float(sigma2.sum())
    mean = p == 1 and design.intercept is not None
    wide = found.critical * float(np.sqrt(whole + found.se[0] ** 2)) if mean else np.nan
    parameters = p + len(sigma2)
    count = problem.df if method == "REML" else k
    return MultilevelEffects(
        method=method,
        interval=interval,
        level=float(level),
        levels=levels.names,
        groups=levels.groups,
        sigma2=levels.sigma2,
        confounded=nesting.confounded,
        i2=100.0 * levels.sigma2 / (whole + typical),
        typical_variance=typical,
        names=design.names,
        k=k,
        p=p,
        b=found.b,
        se=found.se,
        statistic=found.statistic,
        p_value=found.p_value,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        df=df,
        vcov=found.vcov,
        q=q,
        q_df=problem.df,
        q_p=float(special.chdtrc(problem.df, q)),
        qm=found.qm,
        qm_df=found.qm_df,
        qm_p=found.qm_p,
        loglik=loglik,
        aic=2.0 * parameters - 2.0 * loglik,
        bic=parameters * float(np.log(count)) - 2.0 * loglik,
        pi_low=float(found.b[0] - wide),
        pi_high=float(found.b[0] + wide),
        yi=problem.y[0],
        vi=problem.v[0],
        residuals=residual,
        design=design,
        nesting=nesting,
    )
