"""Scores: what learners, assessments and rules see, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.mixture import Mixtures
from locoreg.selection.scores.options import ScoreOptions
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """Doubly robust scores of an effect, one per person.

    Attributes
    ----------
    data : SelectionData
        The persons.
    question : SelectionQuestion
        The effect.
    options : ScoreOptions
        How the scores were made.
    coding : FeatureCoding
        How covariates become columns.
    X : ndarray of float, shape (n, p)
        The columns of all covariates.
    modifiers : tuple of int
        Places of the columns by which the effect may differ.
    fold : ndarray of int, shape (n,)
        Fold of each person; models that predict a person were fitted without the fold.
    propensity : ndarray of float, shape (n,)
        Probability of treatment given covariates.
    outcome : ndarray of float, shape (n,)
        The outcome, replaced where it is censored (its mean in the person's own arm is kept).
    mean : ndarray of float, shape (n,)
        Mean outcome given covariates, whatever the arm.
    comparator_mean, treated_mean : ndarray of float, shape (n,)
        Mean outcome under each option given covariates, from the hazards.
    gamma0, gamma1 : ndarray of float, shape (n,)
        Doubly robust scores of the outcome under each option.
    uncensored : ndarray of float, shape (n,)
        Probability of being uncensored up to the end of the person's follow-up.
    diagnostics : tuple of Diagnostic
        Overlap, censoring, counts, with verdicts.
    notes : tuple of str
        What a reader must know.
    provenance : Provenance
        Hash of the data, options, version.
    mixtures : Mixtures or None
        How the models of hazards and probabilities were mixed; models for new persons are mixed
        alike.
    """

    data: SelectionData
    question: SelectionQuestion
    options: ScoreOptions
    coding: FeatureCoding
    X: FloatArray
    modifiers: tuple[int, ...]
    fold: IntArray
    propensity: FloatArray
    outcome: FloatArray
    mean: FloatArray
    comparator_mean: FloatArray
    treated_mean: FloatArray
    gamma0: FloatArray
    gamma1: FloatArray
    uncensored: FloatArray
    diagnostics: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    provenance: Provenance
    mixtures: Mixtures | None = None

    @property
    def n(self) -> int:
        """Number of persons."""
        return self.data.n

    @property
    def gamma(self) -> FloatArray:
        """Doubly robust scores of the effect, shape (n,): their mean given covariates is it."""
        return np.asarray(self.gamma1 - self.gamma0)

    @property
    def weight(self) -> FloatArray:
        """Sampling weights, 1 where there are none, shape (n,)."""
        return self.data.weights

    @property
    def cluster(self) -> IntArray | None:
        """Codes of clusters, shape (n,)."""
        return self.data.cluster

    @property
    def treated(self) -> FloatArray:
        """1 for the treated, else 0, shape (n,)."""
        return self.data.treated.astype(np.float64)

    @property
    def modifier_names(self) -> tuple[str, ...]:
        """Names of the columns by which the effect may differ."""
        return tuple(self.coding.names[j] for j in self.modifiers)

    def take(self, rows: IntArray) -> Scores:
        """Return the scores of some persons, each named once; scores are not made anew."""
        changed: dict[str, Any] = {name: getattr(self, name)[rows] for name in _PER_PERSON}
        return replace(self, data=self.data.take(rows), **changed)

    def average(self) -> Estimate:
        """Return the average effect, with the interval of its influence function."""
        from locoreg.stats.rankweighted import weighted_mean

        return weighted_mean(
            self.gamma, level=self.question.level, weight=self.data.weight, cluster=self.cluster
        )


_PER_PERSON = (
    "X",
    "fold",
    "propensity",
    "outcome",
    "mean",
    "comparator_mean",
    "treated_mean",
    "gamma0",
    "gamma1",
    "uncensored",
)
