"""What a learner of effects is: options that fit scores, and a fitted model that predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray

Arrays = dict[str, NDArray[Any]]


@runtime_checkable
class EffectModel(Protocol):
    """A fitted model of effects. It holds no persons."""

    kind: ClassVar[str]

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        ...

    def summary(self) -> tuple[str, ...]:
        """Return what the model says, in lines that a reader understands."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        ...

    def arrays(self) -> Arrays:
        """Return the arrays of the model by name."""
        ...

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnerFit:
    """A model, and what it would have predicted for its own persons without them.

    Attributes
    ----------
    model : EffectModel
        Fitted to all persons.
    held_out : ndarray of float, shape (n,)
        Effect of each person by models that did not see the person.
    """

    model: EffectModel
    held_out: FloatArray


@runtime_checkable
class Learner(Protocol):
    """Options of a learner, with one verb."""

    name: ClassVar[str]

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit effects to scores."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        ...


def effect_residuals(scores: Scores) -> tuple[FloatArray, FloatArray]:
    """Return residuals of treatment and outcome: the data of an R-learner.

    The effect minimises the mean of ``(outcome residual - treatment residual * effect)**2`` (Nie
    and Wager 2021, doi:10.1093/biomet/asaa076).

    Parameters
    ----------
    scores : Scores
        The scores.

    Returns
    -------
    treatment, outcome : ndarray of float, shape (n,)
        W - e(x) and Y* - m(x).
    """
    return (
        np.asarray(scores.treated - scores.propensity),
        np.asarray(scores.outcome - scores.mean),
    )


def effect_loss(scores: Scores, effect: FloatArray) -> float:
    """Return the mean R-loss of effects, weighted by sampling weights."""
    treatment, outcome = effect_residuals(scores)
    w = scores.weight
    return float((w * (outcome - treatment * effect) ** 2).sum() / w.sum())
