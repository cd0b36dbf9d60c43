"""Scores and learners made for tests: no models of outcomes, known effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.core.provenance import Provenance
from locoreg.selection.data import selection_data
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores

Array = NDArray[Any]


def question() -> SelectionQuestion:
    return SelectionQuestion(
        measure="rmst_difference",
        horizon_months=24.0,
        time_zero="diagnosis",
        treated_label="surgery",
        comparator_label="no surgery",
        outcome="death",
        level=95.0,
    )


def made_scores(
    gamma: Array,
    X: Array,
    *,
    treated: Array | None = None,
    fold: Array | None = None,
    weight: Array | None = None,
    cluster: Array | None = None,
    folds: int = 5,
    seed: int = 0,
    time: Array | None = None,
    event: Array | None = None,
    uncensored: Array | None = None,
) -> Scores:
    """Return scores with given Gamma; everything else is plain."""
    n = gamma.size
    rng = np.random.default_rng(seed)
    w = (np.arange(n) % 2).astype(int) if treated is None else treated
    data = selection_data(
        time=1.0 + np.arange(n) % 37 if time is None else time,
        event=np.ones(n, dtype=int) if event is None else event,
        treated=w,
        covariates=X,
        weight=weight,
        cluster=cluster,
    )
    coding = FeatureCoding.of(data.covariates, data.ordered)
    half = np.full(n, 0.5)
    zero = np.zeros(n)
    return Scores(
        data=data,
        question=question(),
        options=ScoreOptions(seed=seed, folds=folds),
        coding=coding,
        X=X,
        modifiers=tuple(range(X.shape[1])),
        fold=rng.permutation(n) % folds if fold is None else fold,
        propensity=half,
        # With e = 1/2 and m = 0, (W - e) (Y - m) / (e (1 - e)) is Gamma.
        outcome=gamma * (w - 0.5),
        mean=zero,
        comparator_mean=zero,
        treated_mean=zero,
        gamma0=zero,
        gamma1=gamma,
        uncensored=np.ones(n) if uncensored is None else uncensored,
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256="0" * 64),
    )


@dataclass(frozen=True)
class LinearModel:
    kind: ClassVar[str] = "linear"
    intercept: float
    slopes: tuple[float, ...]

    def predict(self, X: Array) -> Array:
        return self.intercept + X @ np.asarray(self.slopes)

    def summary(self) -> tuple[str, ...]:
        return ("linear",)

    def settings(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "slopes": list(self.slopes)}

    def arrays(self) -> dict[str, Array]:
        return {}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, Array]) -> LinearModel:
        return cls(settings["intercept"], tuple(settings["slopes"]))


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """Regress Gamma on X; penalty on slopes. An infinite penalty predicts the mean."""

    name: ClassVar[str] = "ridge"
    penalty: float

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        w = scores.weight
        gamma = scores.gamma
        level = (w * gamma).sum() / w.sum()
        p = scores.X.shape[1]
        if np.isinf(self.penalty):
            model = LinearModel(float(level), (0.0,) * p)
        else:
            middle = (w[:, None] * scores.X).sum(axis=0) / w.sum()
            Z = scores.X - middle
            gram = (w[:, None] * Z).T @ Z + self.penalty * np.eye(p)
            b = np.linalg.solve(gram, (w[:, None] * Z).T @ (gamma - level))
            model = LinearModel(float(level - middle @ b), tuple(b.tolist()))
        return LearnerFit(model=model, held_out=np.full(scores.n, np.nan))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Column:
    """Predict a column of X, whatever the scores: learns nothing."""

    name: ClassVar[str] = "column"
    place: int

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        slopes = tuple(float(j == self.place) for j in range(scores.X.shape[1]))
        return LearnerFit(model=LinearModel(0.0, slopes), held_out=np.full(scores.n, np.nan))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
