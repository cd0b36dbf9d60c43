"""Effects by a sparse sum of splines and products, with coefficients that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.learners.base import Arrays, LearnerFit
from locoreg.selection.learners.basis import EffectBasis
from locoreg.selection.learners.regression import effect_target, fit_columns, learning_folds
from locoreg.selection.scores.result import Scores
from locoreg.stats.naturalspline import KNOT_QUANTILES
from locoreg.stats.survivaldata import FloatArray, IntArray

# Rows whose columns are made at once.
CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplineEffect:
    """Effects by a sum of splines and products.

    Attributes
    ----------
    basis : EffectBasis
        The columns.
    intercept : float
        Effect where all columns are 0.
    coefficients : ndarray of float, shape (basis.size,)
        One per column of the basis.
    unit : str
        Unit of the effect.
    """

    kind: ClassVar[str] = "spline"
    basis: EffectBasis
    intercept: float
    coefficients: FloatArray
    unit: str

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        out = np.empty(X.shape[0])
        for start in range(0, X.shape[0], CHUNK):
            rows = slice(start, start + CHUNK)
            out[rows] = self.intercept + self.basis.columns(X[rows]) @ self.coefficients
        return out

    def summary(self) -> tuple[str, ...]:
        """Return what changes the effect, largest first."""
        lines = self.basis.describe(self.coefficients, self.unit)
        if not lines:
            return (f"the same effect for everybody: {self.intercept:+.3g} {self.unit}",)
        return lines

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"basis": self.basis.settings(), "intercept": self.intercept, "unit": self.unit}

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        return {"coefficients": self.coefficients, **self.basis.arrays()}

    @classmethod
    def restore(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> SplineEffect:
        """Return the model of settings and arrays."""
        basis = EffectBasis.restore(settings["basis"], arrays)
        coefficients = np.asarray(arrays["coefficients"], dtype=np.float64)
        if coefficients.shape != (basis.size,):
            raise DataError(
                "the coefficients of the model don't fit its columns.", hint="take the file anew."
            )
        return cls(
            basis=basis,
            intercept=float(settings["intercept"]),
            coefficients=coefficients,
            unit=str(settings["unit"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SplineLearner:
    """A lasso on splines and products that minimises the R-loss; the constant effect is free.

    Attributes
    ----------
    df : int
        Degrees of freedom of the natural spline of each number: 1 (a straight line) to 6.
    alpha : float
        1 for the lasso; less mixes ridge in.
    product_penalty : float
        Penalty of products of two columns, in that of a single column.
    most_products : int
        With more pairs than this there are no products; 0 for none.
    """

    name: ClassVar[str] = "spline"
    df: int = 2
    alpha: float = 1.0
    product_penalty: float = 2.0
    most_products: int = 300

    def __post_init__(self) -> None:
        if self.df not in (1, *KNOT_QUANTILES):
            raise DesignError(f"df is {self.df}.", hint="give a whole number from 1 to 6.")
        if not 0.0 <= self.alpha <= 1.0:
            raise DesignError(f"alpha is {self.alpha}.", hint="give a number from 0 to 1.")
        if not 0.0 < self.product_penalty < np.inf:
            raise DesignError(
                f"product_penalty is {self.product_penalty}.", hint="give a positive number."
            )
        if self.most_products < 0:
            raise DesignError(f"most_products is {self.most_products}.", hint="give 0 or more.")

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit effects to scores.

        Parameters
        ----------
        scores : Scores
            The scores.
        seed : int
            Seed of folds, where those of the scores don't do.

        Returns
        -------
        LearnerFit
            The model, and predictions of the fits without each person's fold (the penalty is
            chosen with all folds).

        Raises
        ------
        DataError
            If the effect has no modifiers, or there are too few persons.
        """
        target, weight = effect_target(scores)
        return self.fit_to(scores, target, weight, learning_folds(scores, seed=seed))

    def fit_to(
        self, scores: Scores, target: FloatArray, weight: FloatArray, fold: IntArray
    ) -> LearnerFit:
        """Fit to any target: effects of another model, say, to show them by the modifiers.

        Parameters
        ----------
        scores : Scores
            Columns, modifiers and unit.
        target, weight : ndarray of float, shape (n,)
            What is regressed on the columns, and weights.
        fold : ndarray of int, shape (n,)
            Folds, from 0.

        Returns
        -------
        LearnerFit
            The model, and held-out predictions.

        Raises
        ------
        DataError
            If the effect has no modifiers.
        """
        if not scores.modifiers:
            raise DataError("no modifier has a column.", hint="name modifiers that vary.")
        basis = EffectBasis.of(
            scores.X, scores.weight, scores.modifiers, scores.modifier_names,
            df=self.df, most_products=self.most_products,
        )  # fmt: skip
        factor = np.ones(basis.size)
        factor[basis.owners.size :] = self.product_penalty
        fit, held_out = fit_columns(
            lambda rows: basis.columns(scores.X[rows]), basis.size, target, weight, fold,
            alpha=self.alpha, penalty_factor=factor,
        )  # fmt: skip
        model = SplineEffect(
            basis=basis,
            intercept=fit.intercept,
            coefficients=fit.coefficients,
            unit=scores.question.unit,
        )
        return LearnerFit(model=model, held_out=held_out)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name, **asdict(self)}
