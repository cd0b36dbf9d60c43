"""Regression of the subdistribution hazard of one of several causes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.stats.regression.design import Design, check_design
from locoreg.stats.regression.finegrayresult import METHODS, Baseline, FineGray, FineGrayMethod
from locoreg.stats.regression.subdistribution import (
    Stratum,
    Terms,
    evaluate,
    lay_out,
    score_residuals,
)
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray

MOST_ITERATIONS = 60
# Squared Newton step in standard errors below which one more step ends at rounding.
SMALL_STEP = 1e-12
# Loss of the log-likelihood, relative to it, that rounding explains.
ROUNDING = 1e-12
# Share of its information at the start below which a coefficient is running away.
VANISHED = 1e-7


def fine_gray(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    cause: int,
    level: float,
    method: FineGrayMethod = "crr",
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> FineGray:
    """Fit a proportional model of the subdistribution hazard (Fine and Gray).

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up.
    event : array_like, shape (n,)
        0 for censored, 1, 2, ... for the cause that ended it.
    X : array_like, shape (n, p)
        Covariates, constant over time.
    cause : int
        The cause whose cumulative incidence is modelled.
    level : float
        Level of the intervals in percent.
    method : {"crr", "finegray"}
        Rules for ties and for the variance, each as in the R function of that name. ``crr`` [1]_:
        Breslow's rule; events are at risk of censoring at their time; the sandwich allows for the
        estimated censoring weights, into which case weights enter. ``finegray`` [2]_: Efron's
        rule; events come before censorings; the sandwich takes the censoring weights as known, and
        they are estimated without case weights.
    weight : array_like, shape (n,), optional
        Case weights.
    strata : array_like, shape (n,), optional
        Strata with baselines and censoring distributions of their own.
    cluster : array_like, shape (n,), optional
        Rows whose contributions to the sandwich are summed first.
    entry : array_like, optional
        Not supported: delayed entry needs other weights, and is refused.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    FineGray
        Log subdistribution hazard ratios with robust standard errors.

    Raises
    ------
    DataError, DesignError
        If the numbers can't be used.
    ConvergenceError
        If a coefficient has no finite estimate.

    References
    ----------
    .. [1] Fine JP, Gray RJ (1999). JASA 94:496-509. doi:10.1080/01621459.1999.10474144
    .. [2] Geskus RB (2011). Biometrics 67:39-49. doi:10.1111/j.1541-0420.2010.01420.x
    """
    check_option("method", method, METHODS)
    check_level(level)
    if entry is not None:
        raise DesignError(
            "fine_gray does not support delayed entry.",
            hint="fit cause-specific hazards with cox, and take cumulative incidence from "
            "aalen_johansen; both do.",
        )
    design = check_design(
        time, event, X, names=names, weight=weight, strata=strata, cluster=cluster, causes=True
    )
    strata_rows = _strata(design, _check_cause(cause, design), method)
    beta, terms, null, iterations = _maximise(strata_rows, design)
    information = np.sum([t.information for t in terms], axis=0)
    inverse = np.linalg.inv(information)
    parts = np.empty_like(design.X)
    for s, t in zip(strata_rows, terms, strict=True):
        parts[s.row] = s.weight[:, None] * score_residuals(s, t, censoring=method == "crr")
    if design.data.cluster is not None:
        codes = design.data.cluster
        parts = np.stack([np.bincount(codes, column) for column in parts.T], axis=1)
    influence = parts @ inverse
    event_codes = design.data.event
    return FineGray(
        names=design.names,
        coefficients=beta,
        covariance=influence.T @ influence,
        naive_covariance=inverse,
        level=float(level),
        method=method,
        cause=int(cause),
        loglik=float(sum(t.loglik for t in terms)),
        null_loglik=null,
        iterations=iterations,
        baseline=_baselines(strata_rows, terms, design, beta),
        n=design.data.n,
        events=int(np.count_nonzero(event_codes == cause)),
        competing=int(np.count_nonzero((event_codes != cause) & (event_codes != 0))),
        censored=int(np.count_nonzero(event_codes == 0)),
        clusters=design.clusters,
        weighted=weight is not None,
        zero_weight_rows=design.zero_weight_rows,
        merged_times=design.data.merged_times,
    )


def _check_cause(cause: int, design: Design) -> int:
    present = [int(code) for code in np.unique(design.data.event) if code]
    if isinstance(cause, bool) or cause not in present:
        listed = ", ".join(map(str, present)) or "none"
        raise DesignError(
            f"There is no event of cause {cause} among the rows with a weight; causes there are: "
            f"{listed}.",
            hint="0 is censored; give the code of a cause.",
        )
    return int(cause)


def _strata(design: Design, cause: int, method: FineGrayMethod) -> list[Stratum]:
    """Return the rows of each stratum that has an event of the cause, covariates centred."""
    data = design.data
    centred = design.X - design.X.mean(axis=0)
    found = []
    for k in range(max(1, len(data.strata_labels))):
        rows = data.rows_of(k)
        if (data.event[rows] == cause).any():
            stratum = lay_out(
                data.time[rows],
                data.event[rows],
                centred[rows],
                design.weight[rows],
                rows,
                cause=cause,
                efron=method == "finegray",
                events_first=method == "finegray",
                weigh_censoring=method == "crr",
            )
            found.append(stratum)
    return found


def _maximise(strata: list[Stratum], design: Design) -> tuple[FloatArray, list[Terms], float, int]:
    """Return coefficients, terms at them, the log-likelihood without covariates, and steps."""
    beta = np.zeros(len(design.names))
    terms = [evaluate(s, beta) for s in strata]
    null = loglik = float(sum(t.loglik for t in terms))
    start: FloatArray | None = None
    for iteration in range(1, MOST_ITERATIONS + 1):
        information = np.sum([t.information for t in terms], axis=0)
        diagonal = np.diagonal(information)
        start = diagonal if start is None else start
        lost = ~(diagonal > VANISHED * start)
        if lost.any():
            raise _boundless(design.names[int(np.argmax(lost))])
        score = np.sum([t.score for t in terms], axis=0)
        step = _solve(information, score)
        decrement = float(score @ step)
        for _ in range(MOST_ITERATIONS):
            tried = [evaluate(s, beta + step) for s in strata]
            reached = float(sum(t.loglik for t in tried))
            if reached >= loglik - ROUNDING * abs(loglik):
                break
            step = step / 2.0
        beta, terms, loglik = beta + step, tried, reached
        if decrement < SMALL_STEP:
            return beta, terms, null, iteration
    raise _boundless(design.names[int(np.argmax(np.abs(step) * np.sqrt(diagonal)))])


def _solve(information: FloatArray, score: FloatArray) -> FloatArray:
    """Return the Newton step, solved on the scale of standard errors."""
    scale = 1.0 / np.sqrt(np.diagonal(information))
    try:
        step = np.linalg.solve(information * np.outer(scale, scale), scale * score)
    except np.linalg.LinAlgError:
        raise DesignError(
            "The covariates of the rows at risk at events can't be told apart.",
            hint="drop covariates that are sums of others among these rows.",
        ) from None
    return np.asarray(scale * step)


def _boundless(name: str) -> ConvergenceError:
    return ConvergenceError(
        f"The coefficient of {name!r} has no finite estimate: some value of it has no event of "
        "the cause, or all of them.",
        hint="drop the covariate or join its rare values.",
    )


def _baselines(
    strata: list[Stratum], terms: list[Terms], design: Design, beta: FloatArray
) -> tuple[Baseline, ...]:
    """Return cumulative subdistribution hazards where all covariates are 0."""
    labels = design.data.strata_labels
    centre = float(design.X.mean(axis=0) @ beta)
    found = []
    for s, t in zip(strata, terms, strict=True):
        steps = np.bincount(s.slot, t.hazard) * np.exp(-t.shift - centre)
        code = 0 if design.data.strata is None else int(design.data.strata[s.row[0]])
        found.append(
            Baseline(
                stratum=labels[code] if labels else "all",
                time=s.time,
                cumulative_hazard=np.cumsum(steps),
                last_time=float(s.follow.time[-1]),
            )
        )
    return tuple(found)
