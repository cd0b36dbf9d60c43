"""What a model says for one patient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.learners.base import EffectModel
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.conformal import Bounds, SurvivalBound, bound_times
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.neighbourhood import Neighbourhood, neighbourhood
from locoreg.selection.patient.sums import BoundSums, CellSums, TimeSums
from locoreg.selection.patient.support import (
    SupportVerdict,
    clean_patient,
    local_reasons,
    value_reasons,
)
from locoreg.selection.patient.values import ValueSupport
from locoreg.selection.patient.words import prediction_lines
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.models import ChoiceModel, EventModel
from locoreg.stats.survivaldata import FloatArray


class PatientModel(Protocol):
    """What a prediction for one patient needs of a model; `SelectionModel` has it."""

    @property
    def question(self) -> SelectionQuestion:
        """The effect."""

    @property
    def coding(self) -> FeatureCoding:
        """The columns."""

    @property
    def values(self) -> ValueSupport:
        """Values of the data."""

    @property
    def cells(self) -> Cells:
        """Groups of persons."""

    @property
    def sums(self) -> CellSums:
        """Scores of the groups."""

    @property
    def odds_factor(self) -> float | None:
        """Factor by which the odds of treatment may be wrong in its bounds."""

    @property
    def hidden(self) -> BoundSums | None:
        """Scores of those bounds."""

    @property
    def survival(self) -> tuple[TimeSums, ...]:
        """Scores of survival, by time."""

    @property
    def survival_months(self) -> float | None:
        """That horizon."""

    @property
    def effect(self) -> EffectModel:
        """The model of effects."""

    @property
    def effect_quantiles(self) -> FloatArray:
        """Quantiles 0.01 to 0.99 of held-out effects of the data."""

    @property
    def choice(self) -> ChoiceModel:
        """The model of treatment."""

    @property
    def event(self) -> EventModel | None:
        """The model of survival."""

    @property
    def bounds(self) -> Bounds | None:
        """The calibration of its bounds."""

    def leaf(self, X: FloatArray) -> LeafGroup | None:
        """Return the leaf of the model's rule of one row of columns, shape (1, p)."""

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""

    @property
    def source(self) -> str:
        """Where the data come from."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must stand before any number, such as that the effect is not credible."""

    @property
    def sensitivity(self) -> str | None:
        """How strong hidden differences would have to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPrediction:
    """What a model says for one patient; outside the data no number of effect or survival.

    Attributes
    ----------
    question : SelectionQuestion
        The effect.
    support : SupportVerdict
        Whether the patient lies within the data, and why not.
    group : Neighbourhood or None
        The patients most like this one: effect and outcomes with intervals. None outside.
    survival_months : float or None
        Horizon of the group's survival.
    bounds : tuple of SurvivalBound
        Times that a share of patients live to; empty outside, or where the model has none.
    rank : int or None
        Of 100 patients of the data, how many have a smaller predicted effect. None outside.
    leaf : LeafGroup or None
        The leaf of the model's rule. None outside, or where the model has no rule.
    source : str
        Where the data come from.
    synthetic : bool
        Whether they are made up.
    warnings : tuple of str
        What must stand before any number.
    sensitivity : str or None
        How strong hidden differences would have to be.
    """

    question: SelectionQuestion
    support: SupportVerdict
    group: Neighbourhood | None
    survival_months: float | None
    bounds: tuple[SurvivalBound, ...]
    rank: int | None
    leaf: LeafGroup | None
    source: str
    synthetic: bool
    warnings: tuple[str, ...]
    sensitivity: str | None

    def lines(self) -> tuple[str, ...]:
        """Return the prediction in sentences, in the order in which they are to be read."""
        return prediction_lines(
            question=self.question,
            support=self.support,
            group=self.group,
            survival_months=self.survival_months,
            bounds=self.bounds,
            rank=self.rank,
            leaf=self.leaf,
            synthetic=self.synthetic,
            warnings=self.warnings,
            sensitivity=self.sensitivity,
            source=self.source,
        )

    def text(self) -> str:
        """Return the sentences, one a line."""
        return "\n".join(self.lines())

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction as JSON-ready values; null for what is not given."""
        return {
            "question": self.question.to_dict(),
            "support": self.support.to_dict(),
            "group": None if self.group is None else self.group.to_dict(),
            "survival_months": self.survival_months,
            "bounds": [bound.to_dict() for bound in self.bounds],
            "rank": self.rank,
            "leaf": None if self.leaf is None else self.leaf.to_dict(),
            "source": self.source,
            "synthetic": self.synthetic,
            "warnings": list(self.warnings),
            "sensitivity": self.sensitivity,
            "text": list(self.lines()),
        }


def predict_patient(model: PatientModel, patient: Mapping[str, Any]) -> PatientPrediction:
    """Say what a model says for one patient, or why it says nothing.

    Parameters
    ----------
    model : SelectionModel
        From `build_model` or `load_model`.
    patient : mapping of str to value
        Each covariate of the model; None where it is unknown.

    Returns
    -------
    PatientPrediction
        Effect and outcomes of the patients most like this one, with intervals; bounds of survival
        time. Outside the data only the reasons.

    Raises
    ------
    DataError
        If a covariate is absent, is none of the model, or has a value of another type.
    """
    cleaned = clean_patient(patient, model.coding, model.values)
    reasons = value_reasons(cleaned, model.coding, model.values, model.question)
    if reasons:
        return _outside(model, reasons, None, None)
    X = model.coding.encode_patient(cleaned)
    place = model.cells.like(X[0])
    propensity = float(model.choice.propensity(X)[0])
    reasons = local_reasons(X[0], place, model.cells, propensity, model.question)
    group = neighbourhood(
        model.cells,
        place,
        model.sums,
        model.survival,
        level=model.question.level,
        factor=model.odds_factor,
        bounds=model.hidden,
    )
    if reasons:
        return _outside(model, reasons, group.treated, group.comparator)
    return PatientPrediction(
        question=model.question,
        support=SupportVerdict(
            inside=True,
            reasons=(),
            similar=group.n,
            treated=group.treated,
            comparator=group.comparator,
        ),
        group=group,
        survival_months=model.survival_months,
        bounds=_bounds(model, X, propensity),
        rank=_rank(model, X),
        leaf=model.leaf(X),
        source=model.source,
        synthetic=model.synthetic,
        warnings=model.warnings,
        sensitivity=model.sensitivity,
    )


def _outside(
    model: PatientModel, reasons: Sequence[str], treated: int | None, comparator: int | None
) -> PatientPrediction:
    counted = treated is not None and comparator is not None
    return PatientPrediction(
        question=model.question,
        support=SupportVerdict(
            inside=False,
            reasons=tuple(reasons),
            similar=treated + comparator if counted else None,  # type: ignore[operator]
            treated=treated,
            comparator=comparator,
        ),
        group=None,
        survival_months=None,
        bounds=(),
        rank=None,
        leaf=None,
        source=model.source,
        synthetic=model.synthetic,
        warnings=model.warnings,
        sensitivity=None,
    )


def _bounds(model: PatientModel, X: FloatArray, propensity: float) -> tuple[SurvivalBound, ...]:
    if model.bounds is None or model.event is None:
        return ()
    times = bound_times(model.bounds.horizon)
    comparator, treated = (1.0 - model.event.survival(X, arm, times)[0] for arm in (0.0, 1.0))
    return model.bounds.of_patient((comparator, treated), propensity)


def _rank(model: PatientModel, X: FloatArray) -> int | None:
    """Return the rank of the predicted effect; None where the model tells nobody apart."""
    quantiles = model.effect_quantiles
    if quantiles[-1] - quantiles[0] <= 1e-12 * max(1.0, float(np.abs(quantiles).max())):
        return None
    effect = float(model.effect.predict(X)[0])
    if not math.isfinite(effect):
        return None
    return int(np.searchsorted(quantiles, effect, side="left"))
