"""A cross-validated elastic net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray

Rule = Literal["minimum", "one_standard_error"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ElasticNetFit:
    """A cross-validated elastic net.

    Attributes
    ----------
    intercept : float
        Intercept at the chosen penalty.
    coefficients : ndarray of float, shape (p,)
        Coefficients at the chosen penalty, per unit of each column; 0 for constant columns.
    chosen : int
        Place of the chosen penalty.
    lambdas : ndarray of float, shape (m,)
        Penalties of standardised columns, falling.
    path : ndarray of float, shape (m, p)
        Coefficients at each penalty.
    intercepts : ndarray of float, shape (m,)
        Intercepts at each penalty.
    cv_mean, cv_se : ndarray of float, shape (m,)
        Mean squared error of held-out rows, and its standard error over folds.
    fold_coefficients : ndarray of float, shape (folds, p)
        Coefficients at the chosen penalty, fitted without each fold.
    fold_intercepts : ndarray of float, shape (folds,)
        Their intercepts.
    alpha : float
        1 for the lasso, 0 for ridge.
    rule : {"minimum", "one_standard_error"}
        How the penalty was chosen.
    constant : tuple of int
        Columns with one value only.
    """

    intercept: float
    coefficients: FloatArray
    chosen: int
    lambdas: FloatArray
    path: FloatArray
    intercepts: FloatArray
    cv_mean: FloatArray
    cv_se: FloatArray
    fold_coefficients: FloatArray
    fold_intercepts: FloatArray
    alpha: float
    rule: Rule
    constant: tuple[int, ...]

    @property
    def lambda_(self) -> float:
        """The chosen penalty."""
        return float(self.lambdas[self.chosen])

    @property
    def selected(self) -> tuple[int, ...]:
        """Columns whose coefficient is not 0."""
        return tuple(np.flatnonzero(self.coefficients).tolist())

    def predict(self, X: FloatArray) -> FloatArray:
        """Return predictions, shape (m,), of rows, (m, p)."""
        return np.asarray(self.intercept + X @ self.coefficients)

    def held_out(self, X: FloatArray, fold: IntArray) -> FloatArray:
        """Return predictions of the fitted rows by the fits without their fold.

        Parameters
        ----------
        X : ndarray of float, shape (n, p)
            The rows.
        fold : ndarray of int, shape (n,)
            Their folds.

        Returns
        -------
        ndarray of float, shape (n,)
            The penalty is the one that was chosen with all folds.
        """
        out = np.empty(X.shape[0])
        for k in range(self.fold_intercepts.size):
            rows = np.flatnonzero(fold == k)
            out[rows] = self.fold_intercepts[k] + X[rows] @ self.fold_coefficients[k]
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return the fit at the chosen penalty, and the errors along the path, JSON-ready."""
        return {
            "intercept": self.intercept,
            "coefficients": self.coefficients.tolist(),
            "lambda": self.lambda_,
            "lambdas": self.lambdas.tolist(),
            "cv_mean": self.cv_mean.tolist(),
            "cv_se": self.cv_se.tolist(),
            "alpha": self.alpha,
            "rule": self.rule,
            "constant": list(self.constant),
        }
