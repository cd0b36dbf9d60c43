"""Penalised models of the panel: of the outcome, and of the effect (R-learner)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from locoreg.selection.biomarkers.linear import Adjustment, renumbered
from locoreg.stats.penalised import ElasticNetFit, elastic_net_cv
from locoreg.stats.survivaldata import FloatArray, IntArray

Weights = Literal["equal", "adaptive", "family"]
WEIGHTS: tuple[Weights, ...] = get_args(Weights)
# No marker's penalty is more than this many times that of the likeliest.
MOST_UNEQUAL = 10.0
# Penalties end at this share of what noise alone would need (sd sqrt(2 log(2 p) / n)): below it
# wide panels are fitted without end, to no use.
LEAST_OF_NOISE, PENALTIES = 0.2, 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectFit:
    """A linear model of the effect.

    Attributes
    ----------
    constant : float
        Effect where all columns are 0.
    free : ndarray of float, shape (q,)
        Coefficients of the columns without penalty.
    penalised : ndarray of float, shape (p,)
        Coefficients of the others.
    lambda_ : float
        The penalty chosen.
    held_out : ndarray of float, shape (m,)
        Effects by fits without the fold; the penalty was chosen by all folds.
    """

    constant: float
    free: FloatArray
    penalised: FloatArray
    lambda_: float
    held_out: FloatArray

    def predict(self, free: FloatArray, penalised: FloatArray) -> FloatArray:
        """Return effects, shape (m,)."""
        return np.asarray(self.constant + free @ self.free + penalised @ self.penalised)


def elastic_net(
    X: FloatArray, y: FloatArray, weight: FloatArray, fold: IntArray, *, alpha: float
) -> tuple[FloatArray, float]:
    """Return held-out predictions of an outcome, and the share of its variance explained.

    The penalty is the largest one within a standard error of the best, so that both are 0 where
    there is nothing to predict.
    """
    lambdas = penalties(X, y, np.empty((y.size, 0)), weight, np.ones(X.shape[1]), alpha)
    fit = elastic_net_cv(
        X, y, weight, fold, alpha=alpha, lambdas=lambdas, rule="one_standard_error"
    )
    none, chosen = float(fit.cv_mean[0]), float(fit.cv_mean[fit.chosen])
    share = max(0.0, 1.0 - chosen / none) if none > 0.0 and fit.chosen else 0.0
    return fit.held_out(X, fold), share


def r_elastic_net(
    treatment: FloatArray,
    outcome: FloatArray,
    free: FloatArray,
    penalised: FloatArray,
    weight: FloatArray,
    fold: IntArray,
    *,
    alpha: float = 1.0,
    factor: FloatArray | None = None,
) -> EffectFit:
    """Fit effects by residuals (R-learner): some columns without penalty, others with.

    Minimised is the weighted mean of ``(outcome - treatment * effect)^2`` with the penalty of the
    elastic net, the effect being linear in the columns (Nie and Wager 2021,
    doi:10.1093/biomet/asaa076).

    Parameters
    ----------
    treatment, outcome : ndarray of float, shape (m,)
        Residuals of both.
    free : ndarray of float, shape (m, q)
        Columns without penalty, linearly independent; a constant is added.
    penalised : ndarray of float, shape (m, p)
        Columns with penalty.
    weight : ndarray of float, shape (m,)
        Weights.
    fold : ndarray of int, shape (m,)
        Folds by which the penalty is chosen.
    alpha : float
        1 for the lasso.
    factor : ndarray of float, shape (p,), optional
        Multiplies the penalty of each column.

    Returns
    -------
    EffectFit
        Coefficients per unit of the columns.
    """
    m, q, p = treatment.size, free.shape[1], penalised.shape[1]
    effects = np.column_stack([np.ones(m), free, penalised])
    own = np.ones(p) if factor is None else factor
    columns = effects * treatment[:, None]
    lambdas = penalties(columns[:, 1 + q :], outcome, columns[:, : 1 + q], weight, own, alpha)
    fit: ElasticNetFit = elastic_net_cv(
        columns, outcome, weight, fold, alpha=alpha, lambdas=lambdas,
        penalty_factor=np.concatenate([np.zeros(1 + q), own]),
    )  # fmt: skip
    held = np.empty(m)
    for k in range(fit.fold_coefficients.shape[0]):
        rows = fold == k
        held[rows] = effects[rows] @ fit.fold_coefficients[k]
    b = fit.coefficients
    return EffectFit(
        constant=float(b[0]), free=b[1 : 1 + q], penalised=b[1 + q :], lambda_=fit.lambda_,
        held_out=held,
    )  # fmt: skip


def penalties(
    X: FloatArray,
    y: FloatArray,
    free: FloatArray,
    weight: FloatArray,
    factor: FloatArray,
    alpha: float,
) -> FloatArray:
    """Return penalties from the one at which no penalised column is left, down, on a log scale.

    Parameters
    ----------
    X : ndarray of float, shape (m, p)
        Columns with penalty.
    y : ndarray of float, shape (m,)
        Outcome.
    free : ndarray of float, shape (m, q)
        Columns without penalty.
    weight : ndarray of float, shape (m,)
        Weights.
    factor : ndarray of float, shape (p,)
        Multiplies the penalty of each column.
    alpha : float
        1 for the lasso.

    Returns
    -------
    ndarray of float
        Falling.
    """
    w = weight / weight.sum()
    adjust = Adjustment(free, w)
    rest = adjust.residual(y)
    sd = float(np.sqrt(rest @ rest))
    p = X.shape[1]
    if p == 0 or sd == 0.0:
        return np.zeros(1)
    mean = w @ X
    spread = np.sqrt(np.maximum((w @ X**2) - mean**2, 0.0))
    usable = spread > 1e-9 * np.maximum(np.abs(mean), 1.0)
    with_rest = np.abs((np.sqrt(w) * rest) @ X)[usable] / spread[usable] / factor[usable]
    n_effective = 1.0 / float((w**2).sum())
    floor = LEAST_OF_NOISE * sd * np.sqrt(2.0 * np.log(2.0 * p) / n_effective) / alpha
    top = 1.001 * float(with_rest.max(initial=0.0)) / alpha
    return np.asarray(np.geomspace(max(top, 1.5 * floor), floor, PENALTIES))


def nested_effects(
    treatment: FloatArray,
    outcome: FloatArray,
    free: FloatArray,
    penalised: FloatArray,
    weight: FloatArray,
    fold: IntArray,
    *,
    alpha: float,
    weights: Weights,
    family: IntArray | None,
) -> FloatArray:
    """Return held-out effects, the penalty and its weights chosen without the fold as well.

    Returns
    -------
    ndarray of float, shape (m,)
        Effect of each person by a model of the other folds.
    """
    out = np.empty(treatment.size)
    for k in np.unique(fold).tolist():
        train, held = fold != k, fold == k
        factor = penalty_weights(
            weights, treatment[train], outcome[train], penalised[train], weight[train], family
        )
        fit = r_elastic_net(
            treatment[train], outcome[train], free[train], penalised[train], weight[train],
            inner_folds(fold, k), alpha=alpha, factor=factor,
        )  # fmt: skip
        out[held] = fit.predict(free[held], penalised[held])
    return out


def inner_folds(fold: IntArray, k: int) -> IntArray:
    """Return the folds of the others than k; of two folds the other is parted in thirds."""
    own = renumbered(fold, fold != k)
    return own if np.unique(own).size > 1 else np.arange(own.size) % 3


def penalty_weights(
    weights: Weights,
    treatment: FloatArray,
    outcome: FloatArray,
    penalised: FloatArray,
    weight: FloatArray,
    family: IntArray | None,
) -> FloatArray:
    """Return what multiplies the penalty of each column.

    Parameters
    ----------
    weights : {"equal", "adaptive", "family"}
        ``adaptive``: one over the size of the marker's own coefficient (Zou 2006,
        doi:10.1198/016214506000000735). ``family``: one over the root mean square of the
        coefficients of its family (as in IPF-LASSO; Boulesteix et al. 2017,
        doi:10.1155/2017/7691937).
    treatment, outcome, penalised, weight
        As for `r_elastic_net`, of the training set alone.
    family : ndarray of int, shape (p,), or None
        Codes of families, for ``family``.

    Returns
    -------
    ndarray of float, shape (p,)
        1 for the likeliest, at most 10.
    """
    if weights == "equal" or not penalised.shape[1]:
        return np.ones(penalised.shape[1])
    w = weight * treatment**2
    centre = (w @ penalised) / w.sum()
    average = float((weight * treatment) @ outcome / w.sum())
    rest = weight * treatment * (outcome - treatment * average)
    Z = penalised - centre
    size = np.abs(rest @ Z) / np.sqrt(np.maximum(w @ Z**2, 1e-300))
    if weights == "family" and family is not None:
        count = np.bincount(family)
        size = np.sqrt(np.bincount(family, weights=size**2) / np.maximum(count, 1))[family]
    top = float(size.max())
    return (
        np.minimum(top / np.maximum(size, top / MOST_UNEQUAL), MOST_UNEQUAL)
        if top
        else np.ones(size.size)
    )
