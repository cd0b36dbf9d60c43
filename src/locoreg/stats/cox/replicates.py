"""Cox fits of the same rows under many weight vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import ConvergenceError, DataError
from locoreg.stats.cox.covariates import check_covariates, check_offset
from locoreg.stats.cox.kernels import HAZARD
from locoreg.stats.cox.layout import lay_out
from locoreg.stats.cox.likelihood import Likelihood
from locoreg.stats.cox.model import TIES, Ties
from locoreg.stats.cox.newton import (
    SMALL_STEP,
    SMALL_STEP_ALONE,
    Maximum,
    dependent_columns,
    maximise,
)
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, check_survival, numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxReplicates:
    """Coefficients of one Cox model under B weight vectors.

    Attributes
    ----------
    coefficients : ndarray of float, shape (B, p)
        Log hazard ratios. Infinite where the likelihood rises for ever; NaN where a covariate does
        not vary within the risk sets of a replicate (nobody in the category was drawn) or depends
        on earlier ones, and for the whole replicate where there is no event or no maximum.
    loglik : ndarray of float, shape (B,)
        Log partial likelihood at them.
    cumulative_hazard : ndarray of float, shape (B, s, k), or None
        Baseline cumulative hazard of each stratum at the times asked for, all covariates and the
        offset 0; NaN where a coefficient is infinite or the replicate failed.
    strata : tuple of str
        Labels of the s strata; ``all`` without strata.
    """

    coefficients: FloatArray
    loglik: FloatArray
    cumulative_hazard: FloatArray | None
    strata: tuple[str, ...]

    @property
    def usable(self) -> Any:
        """Whether all coefficients of a replicate are finite, shape (B,)."""
        return np.isfinite(self.coefficients).all(axis=1)


def many_cox(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    weights: ArrayLike,
    *,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    times: ArrayLike | None = None,
) -> CoxReplicates:
    """Fit a Cox model under many weight vectors; the rows are sorted and packed once.

    Parameters
    ----------
    time, event, X, ties, entry, offset, strata
        As for `cox`.
    weights : array_like, shape (B, n)
        One vector of case weights per replicate, such as bootstrap counts; 0 leaves a row out.
    times : array_like, shape (k,), optional
        Where to give each replicate's baseline cumulative hazard. After the last event time it
        stays at its last value.

    Returns
    -------
    CoxReplicates
        Coefficients and, if asked for, baseline hazards.

    Raises
    ------
    DataError
        If a value can't be used.

    Notes
    -----
    Each fit starts at the coefficients of the unweighted one, if it has some.
    """
    check_option("ties", ties, TIES)
    data = check_survival(time, event, entry=entry, strata=strata)
    values, names = check_covariates(X, data.n, None)
    drawn = _check_weights(weights, data.n)
    grid = None if times is None else numbers("times", times)
    layout = lay_out(data, values, check_offset(offset, data.n))
    likelihood = Likelihood(layout, ties == "efron")
    labels = data.strata_labels or ("all",)
    # Baseline hazards are those at the point before the last step.
    last_step = SMALL_STEP_ALONE if grid is None else SMALL_STEP
    start = _first(likelihood)
    coefficients = np.full((len(drawn), len(names)), np.nan)
    loglik = np.full(len(drawn), np.nan)
    shape = (len(drawn), len(labels), 0 if grid is None else grid.size)
    hazards = np.full(shape, np.nan)
    for b, weight in enumerate(drawn):
        found = _fit(likelihood, weight, start, last_step)
        if found is None:
            continue
        maximum, free = found
        beta = maximum.beta / layout.scale
        beta[maximum.direction != 0] = np.copysign(np.inf, maximum.direction)[
            maximum.direction != 0
        ]
        coefficients[b] = np.where(free, beta, np.nan)
        loglik[b] = maximum.point.loglik
        if grid is not None and not maximum.direction.any():
            hazards[b] = _hazards(likelihood, maximum.beta, grid, len(labels))
    return CoxReplicates(
        coefficients=coefficients,
        loglik=loglik,
        cumulative_hazard=None if grid is None else hazards,
        strata=labels,
    )


def _check_weights(weights: ArrayLike, n: int) -> FloatArray:
    drawn = np.asarray(weights)
    if drawn.dtype.kind not in "biuf" or drawn.ndim != 2 or drawn.shape[1] != n:
        raise DataError(
            f"weights has shape {drawn.shape} and type {drawn.dtype}, but there are {n} rows.",
            hint="give numbers, one line per replicate and one column per row.",
        )
    drawn = drawn.astype(np.float64, copy=False)
    bad = ~((drawn >= 0) & np.isfinite(drawn)).all(axis=1)
    if bad.any():
        raise DataError(
            f"weights is negative or not finite in replicate {int(np.argmax(bad)) + 1}.",
            hint="weights count persons: 0 or more.",
        )
    return drawn


def _first(likelihood: Likelihood) -> FloatArray:
    """Return the coefficients of the unweighted fit, or zeros."""
    found = _fit(likelihood, None, np.zeros(likelihood.p), SMALL_STEP_ALONE)
    if found is None or found[0].direction.any():
        return np.zeros(likelihood.p)
    return found[0].beta


def _fit(
    likelihood: Likelihood, weight: FloatArray | None, start: FloatArray, last_step: float
) -> tuple[Maximum, Any] | None:
    """Return the maximum and which coefficients are estimable; None if there is none."""
    likelihood.weigh(weight)
    events = float(likelihood.weighted_event.sum())
    if not events > 0:
        return None
    point = likelihood.evaluate(start)
    try:
        tied = [j for j, _ in dependent_columns(point.information, events)]
        free = np.ones(start.size, dtype=np.bool_)
        free[tied] = False
        if tied:
            # What a coefficient that is not estimable stands at changes nothing but the baseline.
            start = np.where(free, start, 0.0)
            point = likelihood.evaluate(start)
        return maximise(likelihood, start, point, free, last_step), free
    except (np.linalg.LinAlgError, ConvergenceError):
        return None


def _hazards(likelihood: Likelihood, beta: FloatArray, grid: FloatArray, strata: int) -> FloatArray:
    """Return the baseline cumulative hazard at the point evaluated last, shape (strata, k)."""
    rows = likelihood.layout
    used = np.flatnonzero(rows.closing == 0)[::-1]
    time, hazard = rows.time[used], likelihood.terms[HAZARD][used]
    # Strata run backwards, as slots do.
    sizes = np.bincount(rows.stratum[used], minlength=strata)
    starts = used.size - np.cumsum(sizes)
    to_zero = np.exp(-float((rows.centre / rows.scale) @ beta))
    out = np.empty((strata, grid.size))
    for code in range(strata):
        part = slice(starts[code], starts[code] + sizes[code])
        steps = np.concatenate(([0.0], np.cumsum(hazard[part])))
        out[code] = to_zero * steps[np.searchsorted(time[part], grid, side="right")]
    return out
