"""The model that goes to another hospital: it holds no patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.learners.base import EffectModel
from locoreg.selection.model.assessed import AssessmentSummary
from locoreg.selection.model.training import TrainingSummary
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.conformal import Bounds
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.sums import BoundSums, CellSums, TimeSums
from locoreg.selection.patient.values import ValueSupport
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules.rule import Rule
from locoreg.selection.scores.models import ChoiceModel, EventModel
from locoreg.stats.survivaldata import FloatArray

# Share of persons of new data that may lie outside the ranges of the model before the data count
# as others than the model's: within it they are strange persons, beyond it strange units.
OUTSIDE_SHARE = 0.20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectionModel:
    """Effects by covariates, and what is needed to say something for one patient.

    Attributes
    ----------
    question : SelectionQuestion
        The effect.
    coding : FeatureCoding
        How covariates become columns. Its ranges are those of `values`.
    effect : EffectModel
        The model of effects.
    effect_quantiles : ndarray of float, shape (99,)
        Quantiles 0.01 to 0.99 of the held-out effects of the data.
    choice : ChoiceModel
        The model of treatment.
    event : EventModel or None
        The model of survival.
    bounds : Bounds or None
        Calibration of bounds of survival time.
    values : ValueSupport
        What values the patients of the data have.
    cells : Cells
        Groups of persons of the data.
    sums : CellSums
        Scores of the groups.
    odds_factor : float or None
        Factor by which something hidden may change the odds of treatment in `hidden` and in the
        bounds of `survival`; None where the model has no such ranges.
    hidden : BoundSums or None
        Scores of the bounds of the question's outcome.
    survival : tuple of TimeSums
        Scores of survival, by time, the horizon last; empty where the model has none.
    rule : Rule or None
        The rule for a tumour board, if one was found.
    leaves : tuple of LeafGroup
        Its leaves, on persons who had no part in finding it.
    training : TrainingSummary
        The data.
    assessment : AssessmentSummary or None
        Performance on persons that the model did not see.
    protocol_sha256 : str or None
        Hash of the protocol.
    input_sha256 : str
        Hash of the data.
    intended_use : str
        In words.
    limits : tuple of str
        Sentences.
    """

    question: SelectionQuestion
    coding: FeatureCoding
    effect: EffectModel
    effect_quantiles: FloatArray
    choice: ChoiceModel
    event: EventModel | None
    bounds: Bounds | None
    values: ValueSupport
    cells: Cells
    sums: CellSums
    odds_factor: float | None
    hidden: BoundSums | None
    survival: tuple[TimeSums, ...]
    rule: Rule | None
    leaves: tuple[LeafGroup, ...]
    training: TrainingSummary
    assessment: AssessmentSummary | None
    protocol_sha256: str | None
    input_sha256: str
    intended_use: str
    limits: tuple[str, ...]

    @property
    def survival_months(self) -> float | None:
        """Horizon of survival, if the model has it."""
        return self.survival[-1].months if self.survival else None

    @property
    def synthetic(self) -> bool:
        """Whether the patients are made up."""
        return self.training.synthetic

    @property
    def source(self) -> str:
        """Where the data come from."""
        return self.training.source

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands before any number: checks of credibility that warn or fail."""
        return () if self.assessment is None else self.assessment.warnings

    @property
    def sensitivity(self) -> str | None:
        """How strong hidden differences would have to be."""
        return None if self.assessment is None else self.assessment.sensitivity

    @property
    def shows_rule(self) -> bool:
        """Whether a rule may be shown: not where the randomised trials contradict the data."""
        return self.assessment is None or self.assessment.credibility != "not credible"

    def leaf(self, X: FloatArray) -> LeafGroup | None:
        """Return the leaf of the rule of one row of columns, shape (1, p).

        None without a rule, or where it is not shown.
        """
        if self.rule is None or not self.shows_rule:
            return None
        number = int(self.rule.leaf(X)[0])
        return next(leaf for leaf in self.leaves if leaf.leaf == number)

    def encode(self, data: SelectionData) -> FloatArray:
        """Return the columns of persons of other data, after `check`.

        Parameters
        ----------
        data : SelectionData
            The persons.

        Returns
        -------
        ndarray of float, shape (n, p)
            For `effect.predict`.

        Raises
        ------
        DataError
            If the data don't fit the model.
        """
        self.check(data)
        by_name = {column.name: column for column in data.covariates}
        return self.coding.encode([by_name[name] for name in self.coding.variables])

    def check(self, data: SelectionData) -> None:
        """Raise DataError unless data fit the model.

        Parameters
        ----------
        data : SelectionData
            The persons.

        Raises
        ------
        DataError
            If a covariate is missing or more than the model has, is of another kind, has other
            levels, is unknown though it never was, or if a fifth of its values lie outside the
            range of the model's data (another unit).
        """
        names = [column.name for column in data.covariates]
        for name in self.coding.variables:
            if name not in names:
                raise DataError(
                    f"the data have no covariate {name}, which the model needs.",
                    hint=did_you_mean(name, names),
                )
        for column in data.covariates:
            if column.name not in self.values.bins:
                raise DataError(
                    f"the data have the covariate {column.name}, which the model does not know.",
                    hint=did_you_mean(column.name, self.values.bins) or "leave it out.",
                )
            self._check_kind(column.name, column.kind, column.levels)
            self._check_values(column.name, column.values)

    def _check_kind(self, name: str, kind: str, levels: tuple[str, ...]) -> None:
        known = self.coding.levels.get(name)
        if (known is not None) != (kind == "category"):
            raise DataError(
                f"{name} is a {kind} in the data, and a "
                f"{'number' if known is None else 'category'} in the model.",
                hint="give it as the model's data had it.",
            )
        if known is not None and levels != known:
            strange = [level for level in levels if level not in known]
            raise DataError(
                f"the levels of {name} are {', '.join(levels)} in the data, and "
                f"{', '.join(known)} in the model.",
                hint=did_you_mean(strange[0], known) if strange else "use the same levels.",
            )

    def _check_values(self, name: str, values: FloatArray) -> None:
        missing = np.isnan(values)
        coded = any(f.variable == name and f.kind == "unknown" for f in self.coding.features)
        if missing.any() and not coded:
            raise DataError(
                f"{name} is unknown for {int(missing.sum())} persons, but it was known for every "
                "patient of the model's data.",
                hint="find it out, or leave these persons out.",
            )
        if name not in self.values.ranges or missing.all():
            return
        low, high = self.values.ranges[name]
        known = values[~missing]
        outside = float(((known < low) | (known > high)).mean())
        if outside > OUTSIDE_SHARE:
            raise DataError(
                f"{outside:.0%} of the values of {name} lie outside {low:g} to {high:g}, the range "
                "of the model's data.",
                hint="is it another unit, or are these other patients?",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return what the model file's JSON holds, without the arrays."""
        return {
            "synthetic": self.synthetic,
            "intended_use": self.intended_use,
            "limits": list(self.limits),
            "question": self.question.to_dict(),
            "training": self.training.to_dict(),
            "assessment": None if self.assessment is None else self.assessment.to_dict(),
            "protocol_sha256": self.protocol_sha256,
            "input_sha256": self.input_sha256,
            "coding": self.coding.to_dict(),
            "values": self.values.to_dict(),
            "effect": {"kind": self.effect.kind, "settings": self.effect.settings()},
            "choice": self.choice.settings(),
            "event": None if self.event is None else self.event.settings(),
            "bounds": self.bounds is not None,
            "odds_factor": self.odds_factor,
            "survival_months": [one.months for one in self.survival],
            "rule": None if self.rule is None else self.rule.to_dict(),
            "leaves": [leaf.to_dict() for leaf in self.leaves],
        }

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Return the arrays of the model file, by part and name."""
        parts = {
            "model": {"effect_quantiles": self.effect_quantiles},
            "effect": self.effect.arrays(),
            "choice": self.choice.arrays(),
            "event": {} if self.event is None else self.event.arrays(),
            "bounds": {} if self.bounds is None else self.bounds.arrays(),
            "cells": self.cells.arrays(),
            "sums": self.sums.arrays(),
            "hidden": {} if self.hidden is None else self.hidden.arrays(),
            **{f"survival{k}": one.sums.arrays() for k, one in enumerate(self.survival)},
            **{
                f"hidden{k}": one.bounds.arrays()
                for k, one in enumerate(self.survival)
                if one.bounds is not None
            },
        }
        return {
            f"{part}/{name}": np.asarray(values)
            for part, arrays in parts.items()
            for name, values in arrays.items()
        }
