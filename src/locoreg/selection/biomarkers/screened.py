"""A learner that sees the likeliest markers only: chosen in its training set, never beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.biomarkers.linear import Adjustment
from locoreg.selection.learners.base import Learner, LearnerFit
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedLearner:
    """A learner, offered clinical modifiers and the markers that go with the scores.

    Many noise features dilute a forest. In each training set the markers with the largest
    correlation with the residual score are kept; a screen on all persons would see the held-out
    ones. Use it with ``PanelScores.as_scores``.

    Attributes
    ----------
    learner : Learner
        What is fitted.
    markers : tuple of str
        Names of the columns that are screened; the other modifiers always stay.
    top : int
        How many are kept.
    """

    name: ClassVar[str] = "screened"
    learner: Learner
    markers: tuple[str, ...]
    top: int = 20

    def __post_init__(self) -> None:
        if self.top < 1:
            raise DesignError(f"top is {self.top}.", hint="give 1 or more.")

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit the learner to the markers kept; held-out effects screen without the fold too.

        Parameters
        ----------
        scores : Scores
            Scores with the markers among the modifiers.
        seed : int
            Seed of the learner.

        Returns
        -------
        LearnerFit
            The model takes all columns of the scores' coding.
        """
        fitted = self.learner.fit(self._kept(scores), seed=seed)
        held_out = np.empty(scores.n)
        for k in np.unique(scores.fold).tolist():
            train, held = np.flatnonzero(scores.fold != k), np.flatnonzero(scores.fold == k)
            own = scores.take(train)
            own = replace(own, fold=np.unique(own.fold, return_inverse=True)[1])
            model = self.learner.fit(self._kept(own), seed=seed).model
            held_out[held] = model.predict(scores.X[held])
        return LearnerFit(model=fitted.model, held_out=held_out)

    def kept(self, scores: Scores) -> tuple[int, ...]:
        """Return the places of the columns that the learner is offered.

        Parameters
        ----------
        scores : Scores
            Training persons.

        Returns
        -------
        tuple of int
            Other modifiers, and the markers with the largest |correlation| with the residual of
            the score on these.
        """
        names = scores.coding.names
        marked = set(self.markers)
        screened = np.array([j for j in scores.modifiers if names[j] in marked], dtype=np.int64)
        others = [j for j in scores.modifiers if names[j] not in marked]
        if screened.size <= self.top:
            return scores.modifiers
        best = screened[_largest(scores, others, screened)[: self.top]]
        return (*others, *sorted(best.tolist()))

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {
            "name": self.name,
            "learner": {"name": self.learner.name, **self.learner.to_dict()},
            "markers": list(self.markers),
            "top": self.top,
        }

    def _kept(self, scores: Scores) -> Scores:
        return replace(scores, modifiers=self.kept(scores))


def _largest(scores: Scores, others: list[int], screened: IntArray) -> IntArray:
    """Return the order of the screened columns by correlation with the residual score."""
    adjust = Adjustment(scores.X[:, others], scores.weight)
    rest = adjust.residual(scores.gamma)
    Z = adjust.residual(scores.X[:, screened])
    size = np.sqrt((Z**2).sum(axis=0))
    correlation = np.abs(rest @ Z) / np.where(size > 1e-9, size, np.inf)
    return np.asarray(np.argsort(-correlation, kind="stable"), dtype=np.int64)
