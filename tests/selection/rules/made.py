"""Scores of patients with known effects, without models of outcomes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.provenance import Provenance
from locoreg.selection.data import selection_data
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores

Array = NDArray[Any]
SUBTYPES = np.array(["HER2+", "HR+", "TN"])
GRADES = np.array(["G1", "G2", "G3"])


def question() -> SelectionQuestion:
    return SelectionQuestion(
        measure="rmst_difference",
        horizon_months=36.0,
        time_zero="diagnosis",
        treated_label="surgery",
        comparator_label="no surgery",
        outcome="death",
        level=95.0,
    )


def scores_of(
    gamma: Array,
    covariates: Any,
    *,
    seed: int = 0,
    ordered: tuple[str, ...] = (),
    weight: Array | None = None,
    cluster: Array | None = None,
    modifiers: tuple[str, ...] | None = None,
    fold: Array | None = None,
    folds: int = 5,
) -> Scores:
    """Return scores with given Gamma of persons with given covariates."""
    n = gamma.size
    rng = np.random.default_rng([seed, 5])
    data = selection_data(
        time=1.0 + rng.random(n),
        event=np.ones(n, dtype=int),
        treated=rng.permutation(np.arange(n) % 2),
        covariates=covariates,
        ordered=ordered,
        weight=weight,
        cluster=cluster,
        modifiers=modifiers,
    )
    coding = FeatureCoding.of(data.covariates, data.ordered)
    if fold is None:
        unit = np.arange(n) if cluster is None else np.asarray(cluster)
        fold = rng.permutation(int(unit.max()) + 1)[unit] % folds
    zero = np.zeros(n)
    return Scores(
        data=data,
        question=question(),
        options=ScoreOptions(seed=seed),
        coding=coding,
        X=coding.encode(data.covariates),
        modifiers=tuple(coding.places(data.modifiers)),
        fold=np.asarray(fold, dtype=np.int64),
        propensity=np.full(n, 0.5),
        outcome=zero,
        mean=zero,
        comparator_mean=zero,
        treated_mean=zero,
        gamma0=zero + 20.0,
        gamma1=gamma + 20.0,
        uncensored=np.ones(n),
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256="0" * 64),
    )


def patients(n: int, seed: int) -> tuple[dict[str, list[Any]], Array]:
    """Return covariates of patients, some unknown, and their true effects in months.

    Those up to 60 years gain 4 months if HER2+ and 1 otherwise; the older lose 2.
    """
    rng = np.random.default_rng(seed)
    age = np.round(rng.uniform(35.0, 85.0, n))
    subtype, grade = SUBTYPES[rng.integers(0, 3, n)], GRADES[rng.integers(0, 3, n)]
    bone = rng.random(n) < 0.5
    effect = np.where(age <= 60.0, np.where(subtype == "HER2+", 4.0, 1.0), -2.0)
    unknown = rng.random((3, n)) < 0.05
    covariates: dict[str, list[Any]] = {
        "age": [None if u else float(a) for a, u in zip(age, unknown[0], strict=True)],
        "subtype": [None if u else str(s) for s, u in zip(subtype, unknown[1], strict=True)],
        "grade": [None if u else str(g) for g, u in zip(grade, unknown[2], strict=True)],
        "bone only": ["yes" if b else "no" for b in bone],
    }
    return covariates, effect


def patient_scores(n: int, seed: int, noise: float = 3.0, **more: Any) -> Scores:
    """Return scores of `patients`."""
    covariates, effect = patients(n, seed)
    rng = np.random.default_rng(seed + 1000)
    gamma = effect + noise * rng.standard_normal(n)
    return scores_of(gamma, covariates, seed=seed, ordered=("grade",), **more)
