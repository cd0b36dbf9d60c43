"""Weighted logistic, Poisson and complementary log-log regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError
from locoreg.stats.glm.basis import Basis, orthogonal_basis
from locoreg.stats.glm.data import Design, check_design
from locoreg.stats.glm.families import FamilyName
from locoreg.stats.glm.kernels import blocks_of, padded, regression_sums
from locoreg.stats.glm.likelihood import Point, Problem, RowWeights, evaluate, one_weighting
from locoreg.stats.glm.newton import CONVERGED, MOST_ITERATIONS, Solution, maximise
from locoreg.stats.glm.result import GLM, Penalty
from locoreg.stats.glm.separation import SeparationError, find_separation
from locoreg.stats.sandwich import cluster_labels, cluster_sums
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray


def glm(
    y: ArrayLike,
    X: ArrayLike,
    *,
    family: FamilyName,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    penalty: Penalty | None = None,
    names: Sequence[str] | None = None,
) -> GLM:
    """Fit a regression by maximum likelihood, weighted or penalised.

    No intercept is added: put a column of ones in X if there should be one.

    Parameters
    ----------
    y : array_like, shape (n,)
        0 or 1; counts for Poisson.
    X : array_like, shape (n, p)
        Covariates.
    family : {"logistic", "poisson", "cloglog"}
        Binomial with logit link; Poisson with log link; binomial with complementary log-log link,
        whose coefficients are log hazard ratios where rows are intervals of time.
    weight : array_like, shape (n,), optional
        Weights, not negative. Integers count copies of a row; others weigh its log-likelihood.
        Rows with weight 0 take no part.
    offset : array_like, shape (n,), optional
        Known part of the linear predictor, such as the log of the time at risk.
    cluster : array_like, shape (n,), optional
        Labels of rows that belong together, such as persons.
    penalty : {"firth"}, optional
        Adds half the log determinant of the expected information to the log-likelihood [1]_ [2]_,
        which keeps estimates finite when the outcome is separated [3]_. In logistic and Poisson
        regression it also removes the first-order bias; with the complementary log-log link it
        does not.
    names : sequence of str, optional
        Names of the covariates for results and messages.

    Returns
    -------
    GLM
        Coefficients, covariances, scores and fit.

    Raises
    ------
    DataError
        If the numbers can't be used.
    DesignError
        If a covariate is a combination of others; both are named.
    SeparationError
        If no finite estimate exists: a `ConvergenceError` that names covariates and rows.
    ConvergenceError
        If the maximum was not reached for another reason.

    Notes
    -----
    Newton's method with step-halving on covariates made orthogonal; the last step is the first
    that moves the linear predictor by less than 1e-7. The covariance is that of R's ``vcov``;
    robust covariances use the Hessian, as estimating equations do, which for the complementary
    log-log link is not the expected information that R's sandwich package takes.

    References
    ----------
    .. [1] Firth D (1993). Biometrika 80:27-38. doi:10.1093/biomet/80.1.27
    .. [2] Heinze G, Schemper M (2002). Statistics in Medicine 21:2409-2419. doi:10.1002/sim.1047
    .. [3] Kosmidis I, Firth D (2021). Biometrika 108:71-82. doi:10.1093/biomet/asaa052
    """
    design = check_design(
        y, X, family=family, weight=weight, offset=offset, cluster=cluster, names=names
    )
    ready = prepare(design, penalty)
    solution = maximise(ready.problem, ready.start, ready.weights)
    check_solution(solution, design, penalty)
    point = evaluate(ready.problem, solution.gamma, ready.weights)
    return _result(design, ready, solution, point, penalty)


def estimating_function(
    y: ArrayLike,
    X: ArrayLike,
    *,
    family: FamilyName,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> Callable[[FloatArray], FloatArray]:
    """Return the score of each row as a function of the coefficients, to be stacked with others.

    Parameters
    ----------
    y, X, family, weight, offset
        As for `glm`.

    Returns
    -------
    callable
        From coefficients, shape (p,), to scores, shape (n, p).

    Raises
    ------
    DataError
        If the numbers can't be used.
    """
    design = check_design(
        y, X, family=family, weight=weight, offset=offset, cluster=None, names=None
    )

    def scores(beta: FloatArray) -> FloatArray:
        eta = design.X @ beta + design.offset
        slope = design.weight * design.family.terms(eta, design.y).score
        return np.asarray(slope[:, None] * design.X)

    return scores


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows with a weight in orthogonal coordinates.

    Attributes
    ----------
    basis : Basis
        The coordinates.
    problem : Problem
        What the likelihood needs.
    weights : RowWeights
        The weights of the rows, as one weighting.
    start : ndarray of float, shape (p,)
        First coefficients: those of a linear regression of the working response.
    """

    basis: Basis
    problem: Problem
    weights: RowWeights
    start: FloatArray


def prepare(design: Design, penalty: Penalty | None) -> Prepared:
    """Return what Newton's method needs.

    Parameters
    ----------
    design : Design
        Checked rows.
    penalty : {"firth"} or None
        Penalty of the likelihood.

    Returns
    -------
    Prepared
        The rows with a weight.

    Raises
    ------
    DesignError
        If a covariate is a combination of others.
    """
    if penalty is not None:
        check_option("penalty", penalty, ("firth",))
    used = design.used
    whole = bool(used.all())
    X, y, offset, weight = (
        array if whole else np.ascontiguousarray(array[used])
        for array in (design.X, design.y, design.offset, design.weight)
    )
    basis, columns = orthogonal_basis(X, design.names)
    problem = Problem(
        family=design.family,
        blocks=blocks_of(columns),
        y=padded(y),
        offset=padded(offset),
        firth=penalty is not None,
        free=X.shape[1],
    )
    response, precision = design.family.working(y)
    start = _regression(problem.blocks, padded(weight * precision), padded(response - offset))
    return Prepared(basis, problem, one_weighting(padded(weight)), start)


def _regression(blocks: FloatArray, weight: FloatArray, response: FloatArray) -> FloatArray:
    """Return the coefficients of a weighted linear regression, shape (p,)."""
    p = blocks.shape[1]
    gram, sums = np.zeros((p, p)), np.zeros(p)
    regression_sums(blocks, weight, response, gram, sums)
    coefficients, *_ = np.linalg.lstsq(gram + np.tril(gram, -1).T, sums, rcond=None)
    return np.asarray(coefficients)


def check_solution(solution: Solution, design: Design, penalty: Penalty | None) -> None:
    """Raise the error that says why there is no maximum, if there is none.

    Parameters
    ----------
    solution : Solution
        What Newton's method came to, for one weighting.
    design : Design
        Checked rows.
    penalty : {"firth"} or None
        With a penalty the maximum is finite, so that separation is no reason.

    Raises
    ------
    SeparationError
        If the outcome is separated.
    ConvergenceError
        If the maximum was not reached otherwise.
    """
    converged = solution.status[0] == CONVERGED
    if converged and not solution.doubtful[0]:
        return
    found = find_separation(design) if penalty is None else None
    if found is not None:
        raise SeparationError(found)
    if not converged:
        raise ConvergenceError(
            f"The {design.family.name} regression did not reach its maximum in {MOST_ITERATIONS} "
            "iterations.",
            hint="the outcome may be separated but for rows of little weight; look for weights, "
            'offsets and covariates of extreme size, or take penalty="firth".',
        )


def _result(
    design: Design,
    ready: Prepared,
    solution: Solution,
    point: Point,
    penalty: Penalty | None,
) -> GLM:
    basis = ready.basis
    beta = basis.to_beta(solution.gamma[0])
    eta = design.X @ beta + design.offset
    scores = _scores(design, ready, eta, point)
    used = design.used
    w, y = design.weight[used], design.y[used]
    saturated, constant = design.family.saturated(y)
    loglik = float(point.loglik[0] + (w * constant).sum())
    log_det = 2.0 * float(np.log(np.abs(np.diagonal(basis.T))).sum())
    covariance = basis.covariance(np.linalg.inv(point.expected[0]))
    left = covariance @ scores.sum(axis=0)
    return GLM(
        family=design.family.name,
        penalty=penalty,
        names=design.names,
        coefficients=beta,
        covariance=covariance,
        hessian=-basis.information(point.observed[0]),
        scores=scores,
        linear_predictor=eta,
        fitted=design.family.mean(eta),
        loglik=loglik,
        penalised_loglik=(
            float(point.objective[0] - point.loglik[0]) + loglik + 0.5 * log_det
            if ready.problem.firth
            else float("nan")
        ),
        deviance=2.0 * float((w * saturated).sum() - loglik),
        iterations=int(solution.iterations[0]),
        largest_step=float(np.max(np.abs(left) / np.sqrt(np.diagonal(covariance)))),
        n=int(used.sum()),
        zero_weight_rows=int((~used).sum()),
        **_sandwiches(design, basis, np.linalg.inv(point.observed[0]), scores),
    )


def _scores(design: Design, ready: Prepared, eta: FloatArray, point: Point) -> FloatArray:
    """Return each row's score, with its share of the gradient of a penalty."""
    terms = design.family.terms(eta, design.y)
    used = design.used
    slope = np.where(used, design.weight * terms.score, 0.0)
    if ready.problem.firth:
        half = np.linalg.inv(np.linalg.cholesky(point.expected[0]))
        leverage = ((ready.basis.rows(design.X[used]) @ half.T) ** 2).sum(axis=1)
        leverage *= (design.weight * terms.expected)[used]
        slope[used] += leverage * design.family.tilt(eta)[0][used]
    return np.asarray(slope[:, None] * design.X)


def _sandwiches(
    design: Design, basis: Basis, bread: FloatArray, scores: FloatArray
) -> dict[str, Any]:
    """Return the robust and clustered covariances and the number of clusters."""
    influence = scores @ basis.covariance(bread)
    out: dict[str, Any] = {
        "robust": influence.T @ influence,
        "clustered": None,
        "clustered_adjusted": None,
        "clusters": None,
    }
    if design.cluster is not None:
        used = design.used
        codes = cluster_labels(design.cluster[used], int(used.sum()))
        summed = cluster_sums(influence[used], codes)
        groups = summed.shape[0]
        out["clustered"] = summed.T @ summed
        out["clustered_adjusted"] = groups / (groups - 1.0) * out["clustered"]
        out["clusters"] = groups
    return out
