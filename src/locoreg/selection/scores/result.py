"""Scores: what learners, assessments and rules see, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.mixture import Mixtures
from locoreg.selection.scores.options import ScoreOptions
from locoreg.stats.rankweighted import weighted_mean
from locoreg.stats.survivaldata import FloatArray, IntArray, named_rows

if TYPE_CHECKING:
    import pandas as pd


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

    def __post_init__(self) -> None:
        n = self.data.n
        for name in _PER_PERSON:
            values = getattr(self, name)
            shape = (n, len(self.coding.features)) if name == "X" else (n,)
            if values.shape != shape:
                raise DataError(f"{name} of scores has shape {values.shape}, not {shape}.")
            if not np.isfinite(values).all():
                raise DataError(
                    f"{name} of scores is not finite in {named_rows(~np.isfinite(values))}."
                    if name != "X"
                    else "X of scores is not finite."
                )
        if not ((self.propensity > 0.0) & (self.propensity < 1.0)).all():
            raise DataError("a probability of treatment of scores is not between 0 and 1.")

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
        return weighted_mean(
            self.gamma, level=self.question.level, weight=self.data.weight, cluster=self.cluster
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person, in their order.

        Returns
        -------
        pandas.DataFrame
            Columns ``person_id``, ``treated``, ``weight``, ``fold``, ``propensity``, ``outcome``,
            ``mean``, ``comparator_mean``, ``treated_mean``, ``gamma0``, ``gamma1``, ``gamma``,
            ``uncensored``.
        """
        columns: dict[str, Any] = {
            "person_id": list(self.data.person_id),
            "treated": self.data.treated,
            "weight": self.weight,
            **{name: getattr(self, name) for name in _PER_PERSON if name != "X"},
            "gamma": self.gamma,
        }
        return frame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values of the whole: no value of a person."""
        return {
            "n": self.n,
            "treated": int(self.data.treated.sum()),
            "question": self.question.to_dict(),
            "options": self.options.to_dict(),
            "columns": list(self.coding.names),
            "modifiers": list(self.modifier_names),
            "average": self.average().to_dict(),
            "mixtures": None if self.mixtures is None else self.mixtures.to_dict(),
            "diagnostics": [one.to_dict() for one in self.diagnostics],
            "notes": list(self.notes),
            "attrition": self.data.attrition.to_dict(),
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the average effect, what it rests on, and every diagnostic that is no pass."""
        found = self.average()
        treated = int(self.data.treated.sum())
        lines = [
            f"{self.question.estimand}, {self.question.treated_label} less "
            f"{self.question.comparator_label}",
            f"{self.n} persons, {treated} treated; average effect {found.estimate:.3g} "
            f"({found.level:g}% interval {found.ci_low:.3g} to {found.ci_high:.3g}) "
            f"{self.question.unit}",
        ]
        for one in self.diagnostics:
            if one.verdict in ("warn", "fail"):
                lines.append(f"{one.verdict}: {one.heading}: {one.message} {one.advice}".rstrip())
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


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
