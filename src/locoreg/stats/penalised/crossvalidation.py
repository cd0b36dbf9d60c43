"""Choice of the penalty by cross-validation on moments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.penalised.moments import FoldMoments, Moments, fold_moments
from locoreg.stats.penalised.path import elastic_net_path, largest_lambda
from locoreg.stats.penalised.result import RULES, ElasticNetFit, Rule
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray

# A column varies if its variance exceeds this share of its mean square about the common shift.
VARIES = 1e-12
# Automatic penalties end where this share of the variance is explained.
EXPLAINED = 0.99
# Smallest automatic penalty over the largest, with more rows than columns and with fewer.
SMALLEST, SMALLEST_WIDE = 1e-3, 1e-2


def elastic_net_cv(
    X: ArrayLike,
    y: ArrayLike,
    weight: ArrayLike | None,
    fold: ArrayLike,
    *,
    alpha: float = 1.0,
    penalty_factor: ArrayLike | None = None,
    lambdas: ArrayLike | None = None,
    n_lambda: int = 100,
    rule: Rule = "minimum",
) -> ElasticNetFit:
    """Fit a linear model with the penalty of the elastic net, chosen by cross-validation.

    Minimised is half the weighted mean squared error plus ``lambda sum_j f_j (alpha |b_j| +
    (1 - alpha) b_j^2 / 2)``, for columns of standard deviation 1; the intercept is free.
    Coefficients returned are per unit of the columns given. Columns are standardised anew in each
    training set, and those that are constant in it are left out of it.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Columns, finite.
    y : array_like, shape (n,)
        Outcome, finite.
    weight : array_like, shape (n,), or None
        Weights, not negative; the same for everybody by default.
    fold : array_like of int, shape (n,)
        Fold of each row, from 0; two or more, each with weight.
    alpha : float
        1 for the lasso, 0 for ridge.
    penalty_factor : array_like, shape (p,), optional
        Multiplies the penalty of each column; 0 for none. By default 1.
    lambdas : array_like, optional
        Penalties, any order; by default `n_lambda` on a log scale.
    n_lambda : int
        Number of automatic penalties.
    rule : {"minimum", "one_standard_error"}
        The penalty with the smallest error, or the largest one whose error is within one standard
        error of the smallest.

    Returns
    -------
    ElasticNetFit
        The fit.

    Raises
    ------
    DataError
        If values can't be used, or there is no such rule.
    DesignError
        If another option can't be used.

    References
    ----------
    Friedman J, Hastie T, Tibshirani R (2010). J Stat Softw 33(1). doi:10.18637/jss.v033.i01

    Examples
    --------
    >>> import numpy as np
    >>> from locoreg.stats.penalised import elastic_net_cv
    >>> X = np.random.default_rng(1).standard_normal((200, 5))
    >>> y = 2.0 * X[:, 0] + np.random.default_rng(2).standard_normal(200)
    >>> fit = elastic_net_cv(X, y, None, np.arange(200) % 5, rule="one_standard_error")
    >>> fit.selected
    (0,)
    """
    columns, outcome = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if columns.ndim != 2 or outcome.shape != columns.shape[:1]:
        raise DataError(
            f"X has the shape {columns.shape} and y {outcome.shape}.",
            hint="give one row of X per value of y.",
        )
    for name, values in (("X", columns), ("y", outcome)):
        if not np.isfinite(values).all():
            raise DataError(f"{name} has values that are not finite.", hint="fill or drop them.")
    w = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    if w.shape != outcome.shape or not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise DataError("weights must be one per row, finite and not negative.", hint="check them.")
    codes = np.asarray(fold)
    if codes.shape != outcome.shape or not np.issubdtype(codes.dtype, np.integer):
        raise DataError("fold must hold one whole number per row.", hint="number folds from 0.")
    if codes.min(initial=0) < 0:
        raise DataError("fold has negative numbers.", hint="number folds from 0.")
    return elastic_net_of_moments(
        fold_moments(columns, outcome, w, codes.astype(np.int64)),
        n=outcome.size,
        alpha=alpha,
        penalty_factor=penalty_factor,
        lambdas=lambdas,
        n_lambda=n_lambda,
        rule=rule,
    )


def elastic_net_of_moments(
    moments: FoldMoments,
    *,
    n: int,
    alpha: float = 1.0,
    penalty_factor: ArrayLike | None = None,
    lambdas: ArrayLike | None = None,
    n_lambda: int = 100,
    rule: Rule = "minimum",
) -> ElasticNetFit:
    """Fit a cross-validated elastic net to moments that were added up in blocks.

    Parameters
    ----------
    moments : FoldMoments
        Of each fold.
    n : int
        Number of rows; it decides only how small automatic penalties become.
    alpha, penalty_factor, lambdas, n_lambda, rule
        As for `elastic_net_cv`.

    Returns
    -------
    ElasticNetFit
        The fit, in terms of the columns without shift.

    Raises
    ------
    DataError
        If a fold has no weight.
    DesignError
        If an option can't be used.
    """
    check_option("rule", rule, RULES)
    if not 0.0 <= alpha <= 1.0:
        raise DesignError(f"alpha is {alpha}.", hint="give 1 for the lasso, 0 for ridge.")
    total = moments.total()
    folds = [moments.fold(k) for k in range(moments.folds)]
    if len(folds) < 2 or min(one.weight for one in folds) <= 0.0:
        raise DataError(
            "cross-validation needs two or more folds that all have rows with weight.",
            hint="number folds from 0 without gaps.",
        )
    factor = _factors(penalty_factor, total.x.size)
    whole = _Standardised.of(total, factor)
    grid, most = _penalties(whole, lambdas, n_lambda, alpha, n)
    slopes, starts = whole.path(grid, alpha, most)
    fitted = [_Standardised.of(total.without(one), factor).path(grid, alpha, most) for one in folds]
    # Small penalties at which a path had ended are left out for all.
    m = min(len(starts), *(len(one[1]) for one in fitted))
    errors = np.array(
        [one.squared_error(b[:m], a[:m]) for one, (b, a) in zip(folds, fitted, strict=True)]
    )
    share = np.array([one.weight for one in folds]) / total.weight
    mean = share @ errors
    se = np.sqrt(share @ (errors - mean) ** 2 / (len(folds) - 1))
    best = int(np.argmin(mean))
    chosen = best
    if rule == "one_standard_error":
        chosen = int(np.flatnonzero(mean <= mean[best] + se[best])[0])
    shifted = [moments.shift_y + a - b @ moments.shift_x for b, a in [(slopes, starts), *fitted]]
    return ElasticNetFit(
        intercept=float(shifted[0][chosen]),
        coefficients=slopes[chosen],
        chosen=chosen,
        lambdas=grid[:m],
        path=slopes[:m],
        intercepts=shifted[0][:m],
        cv_mean=mean,
        cv_se=se,
        fold_coefficients=np.array([b[chosen] for b, _ in fitted]),
        fold_intercepts=np.array([a[chosen] for a in shifted[1:]]),
        alpha=alpha,
        rule=rule,
        constant=tuple(np.flatnonzero(~whole.varies).tolist()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Standardised:
    """Moments of standardised columns."""

    moments: Moments
    gram: FloatArray
    xty: FloatArray
    yty: float
    scale: FloatArray
    varies: BoolArray
    factor: FloatArray

    @classmethod
    def of(cls, moments: Moments, factor: FloatArray) -> _Standardised:
        gram, xty, yty = moments.centred()
        variance = np.diagonal(gram).copy()
        about = np.diagonal(moments.xx) / moments.weight
        varies = variance > VARIES * np.maximum(about, np.finfo(float).tiny)
        scale = np.where(varies, np.sqrt(np.where(varies, variance, 1.0)), 1.0)
        inverse = np.where(varies, 1.0 / scale, 0.0)
        # In place: with thousands of columns a further matrix counts.
        gram *= inverse
        gram *= inverse[:, None]
        return cls(
            moments=moments,
            gram=gram,
            xty=xty * inverse,
            yty=max(yty, 0.0),
            scale=scale,
            varies=varies,
            factor=factor,
        )

    def path(self, grid: FloatArray, alpha: float, most: float) -> tuple[FloatArray, FloatArray]:
        """Return coefficients and intercepts in terms of the shifted columns."""
        slopes = elastic_net_path(
            self.gram, self.xty, grid, alpha=alpha, penalty_factor=self.factor, yty=self.yty,
            most_explained=most,
        )  # fmt: skip
        slopes /= self.scale
        one = self.moments
        return slopes, np.asarray((one.y - slopes @ one.x) / one.weight)


def _factors(given: ArrayLike | None, p: int) -> FloatArray:
    factor = np.ones(p) if given is None else np.asarray(given, dtype=np.float64)
    if factor.shape != (p,) or not np.isfinite(factor).all() or (factor < 0).any():
        raise DesignError(
            f"penalty_factor must hold {p} finite numbers, none negative.",
            hint="give one per column; 0 for no penalty.",
        )
    return factor


def _penalties(
    whole: _Standardised, given: ArrayLike | None, count: int, alpha: float, n: int
) -> tuple[FloatArray, float]:
    if given is not None:
        grid = np.unique(np.asarray(given, dtype=np.float64))[::-1]
        if not grid.size or not np.isfinite(grid).all() or grid[-1] < 0:
            raise DesignError("lambdas must be finite and not negative.", hint="check them.")
        return grid, math.inf
    if count < 2:
        raise DesignError(f"n_lambda is {count}.", hint="give 2 or more.")
    top = largest_lambda(whole.gram, whole.xty, alpha=alpha, penalty_factor=whole.factor)
    if top <= 0.0:
        return np.zeros(1), math.inf
    smallest = SMALLEST if n > whole.factor.size else SMALLEST_WIDE
    return np.geomspace(top, top * smallest, count), EXPLAINED
