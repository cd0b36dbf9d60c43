"""The same effect for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.selection.learners.base import Arrays, LearnerFit
from locoreg.selection.learners.regression import learning_folds
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConstantEffect:
    """The same effect for everybody.

    Attributes
    ----------
    effect : float
        The effect.
    unit : str
        Its unit.
    """

    kind: ClassVar[str] = "constant"
    effect: float
    unit: str

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the effect of each row of X, shape (m,)."""
        return np.full(X.shape[0], self.effect)

    def summary(self) -> tuple[str, ...]:
        """Return the effect in words."""
        return (f"the same effect for everybody: {self.effect:+.3g} {self.unit}",)

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which make the model again."""
        return {"effect": self.effect, "unit": self.unit}

    def arrays(self) -> Arrays:
        """Return no arrays."""
        return {}

    @classmethod
    def restore(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> ConstantEffect:
        """Return the model of settings."""
        return cls(effect=float(settings["effect"]), unit=str(settings["unit"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantLearner:
    """The average effect, as the effect of everybody."""

    name: ClassVar[str] = "constant"

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Return the weighted mean of the scores; held out, that of the other folds.

        Parameters
        ----------
        scores : Scores
            The scores.
        seed : int
            Seed of folds, where those of the scores don't do.

        Returns
        -------
        LearnerFit
            The constant.
        """
        gamma, weight, fold = scores.gamma, scores.weight, learning_folds(scores, seed=seed)
        sums = np.bincount(fold, weights=weight * gamma)
        sizes = np.bincount(fold, weights=weight)
        others = (sums.sum() - sums) / (sizes.sum() - sizes)
        model = ConstantEffect(effect=float(sums.sum() / sizes.sum()), unit=scores.question.unit)
        return LearnerFit(model=model, held_out=others[fold])

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name}
