"""One regression under many weightings at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.glm.data import check_design
from locoreg.stats.glm.families import FamilyName
from locoreg.stats.glm.fit import Prepared, prepare
from locoreg.stats.glm.kernels import padded
from locoreg.stats.glm.likelihood import RowWeights
from locoreg.stats.glm.newton import CONVERGED, SINGULAR, maximise
from locoreg.stats.glm.result import GLMReplicates, Penalty
from locoreg.stats.glm.separation import find_separation
from locoreg.stats.survivaldata import FloatArray, IntArray, named_rows

REASONS = (
    "",
    "Newton's method did not converge",
    "the estimates grow without end: the outcome is separated among the rows with a weight",
    "the covariates are collinear among the rows with a weight",
)


def glm_replicates(
    y: ArrayLike,
    X: ArrayLike,
    *,
    family: FamilyName,
    weights: ArrayLike,
    unit: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    penalty: Penalty | None = None,
    start: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> GLMReplicates:
    """Fit one regression under many weightings at once, as a bootstrap does.

    Parameters
    ----------
    y, X, family, weight, offset, penalty, names
        As for `glm`; `weight` holds in every weighting and multiplies `weights`.
    weights : array_like, shape (B, m)
        Weightings of the units, not negative.
    unit : array_like of int, shape (n,), optional
        Unit (from 0) of each row, where a person has several: weights are then given per person
        and never copied to rows. Without it each row is a unit.
    start : array_like, shape (p,), optional
        Coefficients to start from, such as those of all rows with equal weights; by default these
        are fitted first.

    Returns
    -------
    GLMReplicates
        Coefficients, and which weightings have none and why. A weighting under which the outcome
        is separated is such a one, unless there is a penalty.

    Raises
    ------
    DataError, DesignError
        If the numbers can't be used, or a covariate is a combination of others over all rows.
    """
    design = check_design(
        y, X, family=family, weight=weight, offset=offset, cluster=None, names=names
    )
    factors = _check_weights(weights)
    units = _check_unit(unit, factors.shape[1], design.y.size)
    ready = prepare(design, penalty)
    used = design.used
    all_rows = RowWeights(ready.weights.base, factors, padded(units[used]))
    solution = maximise(ready.problem, _start(ready, start), all_rows)
    status = solution.status
    for b in np.flatnonzero(solution.doubtful):
        weighting = replace(design, weight=design.weight * factors[b, units])
        if find_separation(weighting) is not None:
            status[b] = SINGULAR
    coefficients = ready.basis.to_beta(solution.gamma)
    failed = np.flatnonzero(status != CONVERGED)
    coefficients[failed] = np.nan
    return GLMReplicates(
        names=design.names,
        coefficients=coefficients,
        iterations=solution.iterations,
        failed=failed,
        reasons=tuple(REASONS[code] for code in status[failed]),
    )


def _start(ready: Prepared, start: ArrayLike | None) -> FloatArray:
    """Return common first coefficients: those given, or those of all rows if they exist."""
    if start is None:
        whole = maximise(ready.problem, ready.start, ready.weights)
        exists = whole.status[0] == CONVERGED and not whole.doubtful[0]
        return np.asarray(whole.gamma[0] if exists else ready.start)
    begin = np.asarray(start, dtype=np.float64)
    if begin.shape != ready.start.shape or not np.isfinite(begin).all():
        raise DataError(
            f"start must hold {ready.start.size} finite numbers.", hint="one per covariate."
        )
    return ready.basis.to_gamma(begin)


def _check_weights(weights: ArrayLike) -> FloatArray:
    try:
        factors = np.ascontiguousarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "weights can't be read as numbers.", hint="give an array of shape (B, m)."
        ) from None
    if factors.ndim != 2 or 0 in factors.shape:
        raise DataError(
            f"weights has shape {factors.shape}.", hint="give an array of shape (B, m)."
        )
    bad = ~np.asarray(
        np.isfinite(factors).all(axis=1) & (factors >= 0).all(axis=1) & factors.any(axis=1)
    )
    if bad.any():
        raise DataError(
            f"weights must be finite, not negative and not all zero; see {named_rows(bad)}.",
            hint="each row is one weighting of all units.",
        )
    return factors


def _check_unit(unit: ArrayLike | None, units: int, n: int) -> IntArray:
    if unit is None:
        if units != n:
            raise DataError(
                f"weights has {units} columns, but y has {n} rows.",
                hint="give one column per row, or unit= with the column of each row.",
            )
        return np.arange(n, dtype=np.int64)
    codes = np.asarray(unit)
    fits = codes.shape == (n,) and codes.dtype.kind in "iu"
    if not fits or codes.min() < 0 or codes.max() >= units:
        raise DataError(
            f"unit must hold {n} whole numbers from 0 to {units - 1}, the columns of weights.",
            hint="number the persons from 0 in the order of the columns of weights.",
        )
    return codes.astype(np.int64)
