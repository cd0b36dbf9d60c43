"""Patients with known survival under both options, confounded and censored by covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from locoreg.emulation.cohort import Column
from locoreg.selection.data import SelectionData, selection_data
from locoreg.selection.learners.base import Arrays, LearnerFit
from locoreg.selection.model import SelectionModel, build_model
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores, scores
from locoreg.stats.survivaldata import FloatArray

HORIZON = 36.0
ODDS_FACTOR = 1.5
QUESTION = SelectionQuestion(
    measure="rmst_difference",
    horizon_months=HORIZON,
    time_zero="diagnosis",
    treated_label="surgery",
    comparator_label="no surgery",
    outcome="death",
    level=95.0,
)
SURVIVAL = SelectionQuestion(
    measure="survival_difference",
    horizon_months=24.0,
    time_zero="diagnosis",
    treated_label="surgery",
    comparator_label="no surgery",
    outcome="death",
    level=95.0,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """Persons of one draw."""

    age: FloatArray
    mets: FloatArray
    positive: np.ndarray
    treated: np.ndarray
    propensity: FloatArray
    under: tuple[FloatArray, FloatArray]
    censoring: FloatArray
    lost_rate: FloatArray

    @property
    def n(self) -> int:
        return self.age.size

    @property
    def died(self) -> FloatArray:
        return np.where(self.treated, self.under[1], self.under[0])

    @property
    def time(self) -> FloatArray:
        return np.minimum(self.died, self.censoring)

    @property
    def event(self) -> np.ndarray:
        return self.died <= self.censoring

    @property
    def uncensored(self) -> FloatArray:
        """True probability of being uncensored up to the end of follow-up or the horizon."""
        return np.exp(-self.lost_rate * np.minimum(self.time, HORIZON))

    def columns(self) -> tuple[Column, ...]:
        return (
            Column(name="age", kind="number", values=self.age),
            Column(name="metastases", kind="number", values=self.mets),
            Column(
                name="her2",
                kind="category",
                values=self.positive.astype(float),
                levels=("negative", "positive"),
            ),
        )

    def data(self, **more: object) -> SelectionData:
        return selection_data(
            time=self.time,
            event=self.event.astype(int),
            treated=self.treated.astype(int),
            covariates={
                "age": self.age,
                "metastases": self.mets,
                "her2": np.where(self.positive, "positive", "negative"),
            },
            **more,
        )


def draw(n: int, seed: int) -> World:
    """Old patients and those with many metastases die sooner, are operated on less, and, like the
    frail, are lost sooner. Surgery helps the young."""
    rng = np.random.default_rng(seed)
    age = np.round(rng.normal(60.0, 12.0, n))
    mets = rng.poisson(2.0, n) + 1.0
    positive = rng.random(n) < 0.3
    z = (age - 60.0) / 12.0
    chance = 1.0 / (1.0 + np.exp(0.7 * z + 0.3 * (mets - 3.0)))
    treated = rng.random(n) < chance
    risk = 0.5 * z + 0.25 * (mets - 3.0) - 0.3 * positive
    rates = [np.exp(risk - arm * np.where(z < 0.0, 0.7, -0.1)) / 24.0 for arm in (0, 1)]
    lost = np.exp(0.6 * z) / 45.0
    return World(
        age=age,
        mets=mets,
        positive=positive,
        treated=treated,
        propensity=chance,
        under=(
            rng.exponential(size=n) / rates[0],
            rng.exponential(size=n) / rates[1],
        ),
        censoring=rng.exponential(size=n) / lost,
        lost_rate=lost,
    )


@cache
def scored(n: int = 800, seed: int = 1, question: SelectionQuestion = QUESTION) -> Scores:
    return scores(draw(n, seed).data(), question, ScoreOptions(seed=1, jobs=1))


@dataclass(frozen=True, kw_only=True)
class LineEffect:
    """A line in age: an effect model that a test can read."""

    slope: float

    kind: ClassVar[str] = "line"

    def predict(self, X: FloatArray) -> FloatArray:
        return self.slope * (X[:, 0] - 60.0)

    def summary(self) -> tuple[str, ...]:
        return (f"{self.slope:g} months per year of age",)

    def settings(self) -> dict[str, Any]:
        return {"slope": self.slope}

    def arrays(self) -> Arrays:
        return {}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, Any]) -> LineEffect:
        return cls(slope=settings["slope"])


@cache
def modelled() -> SelectionModel:
    made = scored()
    effect = LineEffect(slope=-0.1)
    return build_model(
        made,
        LearnerFit(model=effect, held_out=effect.predict(made.X)),
        intended_use="Tests.",
        seed=1,
        survival=scored(question=SURVIVAL),
        odds_factor=ODDS_FACTOR,
    )
