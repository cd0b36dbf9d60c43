"""Regression of effects on columns: a weighted elastic net on the R-loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.selection.learners.base import effect_residuals
from locoreg.selection.scores.result import Scores
from locoreg.stats.penalised import ElasticNetFit, FoldMoments, elastic_net_of_moments
from locoreg.stats.survivaldata import FloatArray, IntArray

# Numbers in one block of rows: 32 MB.
BLOCK = 4_000_000
# With fewer folds than this left of the scores, persons are divided anew.
LEAST_FOLDS, FOLDS = 3, 5
# Fewer persons than this can't choose a penalty.
LEAST_PERSONS = 20

Columns = Callable[[slice], FloatArray]


def learning_folds(scores: Scores, *, seed: int) -> IntArray:
    """Return folds for the choice of tuning values, from 0 without gaps.

    Parameters
    ----------
    scores : Scores
        The scores.
    seed : int
        Seed of new folds.

    Returns
    -------
    ndarray of int, shape (n,)
        The folds of the scores; where these are the scores of few folds only, new ones, which keep
        clusters whole.

    Raises
    ------
    DataError
        If there are too few persons.
    """
    if scores.n < LEAST_PERSONS:
        raise DataError(
            f"there are {scores.n} persons, too few to learn effects from.",
            hint=f"{LEAST_PERSONS} are the least, and hundreds are needed to find something.",
        )
    distinct, code = np.unique(scores.fold, return_inverse=True)
    if distinct.size >= LEAST_FOLDS:
        return np.asarray(code, dtype=np.int64)
    treated = scores.data.treated.astype(np.int64)
    rarer = int(np.bincount(treated, minlength=2).min())
    if rarer < 2:
        raise DataError(
            "fewer than two of the persons to learn from are treated, or not treated.",
            hint="take fewer folds for the scores.",
        )
    made = make_folds(
        scores.data.person_id, treated, min(FOLDS, rarer), seed=seed, cluster=scores.cluster
    )
    return np.asarray(np.unique(made, return_inverse=True)[1], dtype=np.int64)


def effect_target(scores: Scores) -> tuple[FloatArray, FloatArray]:
    """Return target and weights whose weighted regression minimises the R-loss.

    Parameters
    ----------
    scores : Scores
        The scores.

    Returns
    -------
    target, weight : ndarray of float, shape (n,)
        (Y* - m) / (W - e), and the sampling weight times (W - e)^2.
    """
    treatment, outcome = effect_residuals(scores)
    return np.asarray(outcome / treatment), np.asarray(scores.weight * treatment**2)


def constant_effect(scores: Scores) -> float:
    """Return the one effect for everybody that minimises the R-loss."""
    target, weight = effect_target(scores)
    return float(weight @ target / weight.sum())


def fit_columns(
    columns: Columns,
    size: int,
    target: FloatArray,
    weight: FloatArray,
    fold: IntArray,
    *,
    alpha: float,
    penalty_factor: FloatArray | None = None,
) -> tuple[ElasticNetFit, FloatArray]:
    """Fit a cross-validated elastic net to columns that are made in blocks.

    Parameters
    ----------
    columns : callable
        From a slice of the persons to their columns, (m, size).
    size : int
        Number of columns.
    target, weight : ndarray of float, shape (n,)
        Outcome and weights.
    fold : ndarray of int, shape (n,)
        Folds, from 0.
    alpha : float
        1 for the lasso, 0 for ridge.
    penalty_factor : ndarray of float, shape (size,), optional
        Multiplies penalties.

    Returns
    -------
    fit : ElasticNetFit
        Fitted to everybody.
    held_out : ndarray of float, shape (n,)
        Predictions by the fits without the person's fold.
    """
    n = target.size
    step = max(1, BLOCK // max(size, 1))
    blocks = [slice(start, min(start + step, n)) for start in range(0, n, step)]
    first = columns(blocks[0])
    moments = FoldMoments(
        int(fold.max()) + 1, first.mean(axis=0), float(weight @ target / weight.sum())
    )
    for rows in blocks:
        made = first if rows is blocks[0] else columns(rows)
        moments.add(made, target[rows], weight[rows], fold[rows])
    fit = elastic_net_of_moments(moments, n=n, alpha=alpha, penalty_factor=penalty_factor)
    held_out = np.empty(n)
    for rows in blocks:
        held_out[rows] = fit.held_out(first if len(blocks) == 1 else columns(rows), fold[rows])
    return fit, held_out
