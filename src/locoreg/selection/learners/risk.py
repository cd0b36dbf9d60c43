"""Effects by predicted risk: what a covariate-by-covariate model of effects has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.selection.learners.base import Arrays, LearnerFit
from locoreg.selection.learners.basis import EffectBasis
from locoreg.selection.learners.plugin import with_prefix
from locoreg.selection.learners.regression import effect_target, fit_columns, learning_folds
from locoreg.selection.learners.spline import SplineEffect
from locoreg.selection.scores.result import Scores
from locoreg.stats.naturalspline import KNOT_QUANTILES
from locoreg.stats.survivaldata import FloatArray

# Share of the lasso in the penalty of the risk model: of correlated covariates none is dropped.
RISK_ALPHA = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskEffect:
    """Effects as a function of the outcome that is expected whatever the treatment.

    Attributes
    ----------
    risk : SplineEffect
        The expected outcome.
    effect : SplineEffect
        The effect by expected outcome, the only column.
    """

    kind: ClassVar[str] = "risk"
    risk: SplineEffect
    effect: SplineEffect

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        return self.effect.predict(self.risk.predict(X)[:, None])

    def summary(self) -> tuple[str, ...]:
        """Return the effect by expected outcome, then what the expected outcome depends on."""
        risk = self.risk.basis.describe(self.risk.coefficients, self.risk.unit)
        return (*self.effect.summary(), "expected outcome whatever the treatment:", *risk)

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"risk": self.risk.settings(), "effect": self.effect.settings()}

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        return {f"risk_{name}": values for name, values in self.risk.arrays().items()} | {
            f"effect_{name}": values for name, values in self.effect.arrays().items()
        }

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> RiskEffect:
        """Return the model of settings and arrays."""
        return cls(
            risk=SplineEffect.restore(settings["risk"], with_prefix(arrays, "risk_")),
            effect=SplineEffect.restore(settings["effect"], with_prefix(arrays, "effect_")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLearner:
    """Risk modelling after the PATH statement: effect by predicted outcome, without treatment.

    The expected outcome is a penalised sum of splines of all covariates, fitted without looking at
    treatment; the effect is a smooth function of it, by the R-loss (Kent and others 2020,
    doi:10.7326/M18-3667).

    Attributes
    ----------
    df : int
        Degrees of freedom of the effect by expected outcome: 1 (a straight line) to 6.
    """

    name: ClassVar[str] = "risk"
    df: int = 2

    def __post_init__(self) -> None:
        if self.df not in (1, *KNOT_QUANTILES):
            raise DesignError(f"df is {self.df}.", hint="give a whole number from 1 to 6.")

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
            The model, and held-out effects: by the expected outcome of the fit without the
            person's fold, and the effect fitted without it.
        """
        fold = learning_folds(scores, seed=seed)
        everything = tuple(range(scores.X.shape[1]))
        basis = EffectBasis.of(
            scores.X, scores.weight, everything, scores.coding.names, df=2, most_products=0
        )
        fit, risk_held_out = fit_columns(
            lambda rows: basis.columns(scores.X[rows]), basis.size, scores.outcome, scores.weight,
            fold, alpha=RISK_ALPHA,
        )  # fmt: skip
        unit = scores.question.unit
        risk = SplineEffect(
            basis=basis, intercept=fit.intercept, coefficients=fit.coefficients, unit=unit
        )
        effect, held_out = self._by_risk(scores, risk_held_out, fold)
        return LearnerFit(model=RiskEffect(risk=risk, effect=effect), held_out=held_out)

    def _by_risk(
        self, scores: Scores, risk: FloatArray, fold: NDArray[np.int64]
    ) -> tuple[SplineEffect, FloatArray]:
        target, weight = effect_target(scores)
        column = risk[:, None]
        basis = EffectBasis.of(
            column, scores.weight, (0,), ("expected outcome",), df=self.df, most_products=0
        )
        fit, held_out = fit_columns(
            lambda rows: basis.columns(column[rows]), basis.size, target, weight, fold, alpha=1.0
        )
        model = SplineEffect(
            basis=basis,
            intercept=fit.intercept,
            coefficients=fit.coefficients,
            unit=scores.question.unit,
        )
        return model, held_out

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name, **asdict(self)}
