"""Cluster-robust inference on the coefficients of a meta-regression or a nested model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.likelihood import IntArray
from locoreg.stats.metaregression.regression import MetaRegression
from locoreg.stats.metaregression.solved import wald
from locoreg.stats.multilevel.fit import MultilevelEffects
from locoreg.stats.multilevel.recursion import climb, descend
from locoreg.stats.studentquantile import t_quantile
from locoreg.stats.studies import FloatArray, check_level, check_option

Correction = Literal["CR0", "CR1", "CR2"]
CORRECTIONS: tuple[Correction, ...] = ("CR0", "CR1", "CR2")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRobust:
    """Coefficients with standard errors that hold whatever the correlation within clusters.

    Attributes
    ----------
    kind : str
        CR0, CR1 or CR2.
    level : float
        Level of the intervals in percent.
    names : tuple of str
        Columns of the design.
    clusters : int
        Number of clusters m.
    b, se, statistic, df, p_value, ci_low, ci_high : ndarray of float, shape (p,)
        Coefficients of the fit, robust standard errors, t tests and limits. The degrees of freedom
        are m - p, or Satterthwaite's for CR2.
    vcov : ndarray of float, shape (p, p)
        Robust covariance.
    qm, qm_p : float
        F test of all coefficients but the intercept, on m - p degrees of freedom; NaN for CR2,
        whose degrees of freedom this test does not have.
    qm_df : tuple of float
        Its degrees of freedom.
    """

    kind: Correction
    level: float
    names: tuple[str, ...]
    clusters: int
    b: FloatArray
    se: FloatArray
    statistic: FloatArray
    df: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    vcov: FloatArray
    qm: float
    qm_p: float
    qm_df: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Working:
    """The working model: design, residuals and their inverse covariance applied to both."""

    x: FloatArray
    residual: FloatArray
    wx: FloatArray
    we: FloatArray
    bread: FloatArray
    v: FloatArray
    levels: list[tuple[float, IntArray]]


def cluster_robust(
    fit: MetaRegression | MultilevelEffects, *, cluster: ArrayLike, kind: Correction, level: float
) -> ClusterRobust:
    """Replace the model's standard errors by cluster-robust ones.

    Parameters
    ----------
    fit : MetaRegression or MultilevelEffects
        The fit, whose coefficients stay; its variances are the working model. A pooled mean is a
        meta-regression on a column of ones.
    cluster : array_like, shape (k,)
        Cluster of each effect; clusters don't cut through the outermost groups of a nested model.
    kind : {"CR0", "CR1", "CR2"}
        The plain sandwich; times m/(m - p); or with residuals adjusted so that it is unbiased under
        the working model, and Satterthwaite's degrees of freedom. CR2 takes the cube of the largest
        cluster's size in time.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    ClusterRobust
        The robust inference.

    Raises
    ------
    DataError
        If the labels don't fit the effects.
    DesignError
        If there are no more clusters than coefficients, clusters cut through groups, or the fit is
        one by GENQ.

    References
    ----------
    Hedges LV, Tipton E, Johnson MC (2010). Research Synthesis Methods 1:39-65.
    doi:10.1002/jrsm.5
    Pustejovsky JE, Tipton E (2018). J Business & Economic Statistics 36:672-683.
    doi:10.1080/07350015.2016.1247004
    """
    check_option("kind", kind, CORRECTIONS)
    tail = check_level(level)
    labels = np.asarray(cluster)
    if labels.shape != fit.yi.shape:
        raise DataError(
            f"cluster has shape {labels.shape}, but there are {fit.k} effects.",
            hint="give one label for each effect.",
        )
    member = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    m = int(member.max()) + 1
    if m <= fit.p:
        raise DesignError(
            f"{m} clusters can't bear {fit.p} coefficients and a robust standard error.",
            hint="use finer clusters or fewer moderators.",
        )
    work = _working(fit, member)
    if kind == "CR2":
        inside, df = _bias_reduced(fit, work, member, m)
    else:
        sums = _by_cluster(work.x * work.we[:, None], member, m)
        inside = work.bread @ (sums.T @ sums) @ work.bread
        inside = inside * (m / (m - fit.p) if kind == "CR1" else 1.0)
        df = np.full(fit.p, float(m - fit.p))
    return _report(fit, kind, (level, tail), m, inside, df)


def _report(
    fit: MetaRegression | MultilevelEffects,
    kind: Correction,
    levels: tuple[float, float],
    m: int,
    inside: FloatArray,
    df: FloatArray,
) -> ClusterRobust:
    level, tail = levels
    back = fit.design.back
    vcov = back @ inside @ back.T
    se = np.sqrt(np.diag(vcov))
    # All effects equal: the residuals, and the sandwich, are zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = fit.b / se
    critical = t_quantile(df, tail)
    b_inside = np.asarray(np.linalg.solve(back, fit.b), dtype=np.float64)
    q = len(fit.design.tested)
    f, f_p = np.nan, np.nan
    if kind != "CR2" and q <= m - fit.p:
        f = float(wald(b_inside[None], inside[None], fit.design.tested)[0]) / q
        f_p = float(special.fdtrc(q, m - fit.p, f))
    return ClusterRobust(
        kind=kind,
        level=float(level),
        names=fit.names,
        clusters=m,
        b=fit.b,
        se=se,
        statistic=statistic,
        df=df,
        p_value=np.asarray(2.0 * special.stdtr(df, -np.abs(statistic))),
        ci_low=fit.b - critical * se,
        ci_high=fit.b + critical * se,
        vcov=vcov,
        qm=f,
        qm_p=f_p,
        qm_df=(float(q), float(m - fit.p)),
    )


def _by_cluster(rows: FloatArray, member: IntArray, m: int) -> FloatArray:
    return np.stack([np.bincount(member, weights=column, minlength=m) for column in rows.T], axis=1)


def _working(fit: MetaRegression | MultilevelEffects, member: IntArray) -> _Working:
    x, residual = fit.design.x, fit.residuals
    columns = np.column_stack([x, residual])
    levels: list[tuple[float, IntArray]] = []
    if isinstance(fit, MetaRegression):
        if fit.method == "GENQ":
            raise DesignError(
                "Cluster-robust errors are for fits with inverse-variance weights, not GENQ.",
                hint="fit by another method.",
            )
        v = fit.vi + fit.tau2
        solved = columns / v[:, None]
    else:
        v, nesting = fit.vi, fit.nesting
        order = nesting.order
        outer = np.empty(fit.k, dtype=np.intp)
        outer[order] = nesting.rows_of(len(nesting.names) - 1)
        pairs = np.unique(np.column_stack([outer, member]), axis=0)
        if pairs.shape[0] > int(outer.max()) + 1:
            raise DesignError(
                f"Clusters cut through the groups of level {nesting.names[-1]}.",
                hint="use these groups, or unions of them, as clusters.",
            )
        by_name = dict(zip(fit.levels, fit.sigma2, strict=True))
        sigma2 = np.array([by_name[name] for name in nesting.names])
        up = climb(nesting, v[order], sigma2, columns[order])
        solved = np.empty_like(columns)
        solved[order] = descend(nesting, v[order], sigma2, columns[order], up)[1]
        for number, s in enumerate(sigma2):
            group = np.empty(fit.k, dtype=np.intp)
            group[order] = nesting.rows_of(number)
            levels.append((float(s), group))
    wx, we = solved[:, :-1], solved[:, -1]
    bread = np.asarray(np.linalg.inv(x.T @ wx), dtype=np.float64)
    return _Working(x=x, residual=residual, wx=wx, we=we, bread=bread, v=v, levels=levels)


def _bias_reduced(
    fit: MetaRegression | MultilevelEffects, work: _Working, member: IntArray, m: int
) -> tuple[FloatArray, FloatArray]:
    """CR2 covariance in internal units, and Satterthwaite's df of each reported coefficient."""
    order = np.argsort(member, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(member, minlength=m))[:-1])
    contrasts = work.bread @ fit.design.back.T
    meat = np.zeros((fit.p, fit.p))
    variances = np.empty((m, fit.p))
    sums = np.empty((m, fit.p, fit.p))
    for number, rows in enumerate(parts):
        phi = np.diag(work.v[rows])
        for s, group in work.levels:
            phi += s * (group[rows][:, None] == group[rows])
        x = work.x[rows]
        adjusted = _adjust(phi, x, work.bread).T @ work.wx[rows]
        score = adjusted.T @ work.residual[rows]
        meat += np.outer(score, score)
        g = adjusted @ contrasts
        variances[number] = np.einsum("ic,ij,jc->c", g, phi, g, optimize=True)
        sums[number] = g.T @ x
    inside = work.bread @ meat @ work.bread
    inner = np.einsum("gcp,pq,gcq->gc", sums, work.bread, sums, optimize=True)
    df = np.empty(fit.p)
    for c in range(fit.p):
        cross = work.bread @ (sums[:, c].T @ sums[:, c])
        square = float((variances[:, c] ** 2).sum() - 2.0 * variances[:, c] @ inner[:, c])
        square += float(np.einsum("pq,qp->", cross, cross))
        df[c] = float((variances[:, c] - inner[:, c]).sum()) ** 2 / square
    return inside, df


def _adjust(phi: FloatArray, x: FloatArray, bread: FloatArray) -> FloatArray:
    """Return A = D'(D (phi - X C X') D')^(-1/2) D with D'D = phi."""
    root = np.linalg.cholesky(phi)
    middle = root.T @ (phi - x @ bread @ x.T) @ root
    values, vectors = np.linalg.eigh(0.5 * (middle + middle.T))
    # Directions that the cluster alone determines have no residual: the generalised inverse.
    keep = values > 1e-10 * max(float(values.max()), 0.0)
    power = np.where(keep, 1.0 / np.sqrt(np.where(keep, values, 1.0)), 0.0)
    return np.asarray(root @ (vectors * power) @ vectors.T @ root.T)
