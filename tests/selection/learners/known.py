"""Scores with true models of treatment and outcome, for learners of effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from locoreg.core.provenance import Provenance
from locoreg.selection.data import FeatureCoding, selection_data
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores

QUESTION = SelectionQuestion(
    measure="rmst_difference",
    horizon_months=24.0,
    time_zero="diagnosis",
    treated_label="surgery",
    comparator_label="no surgery",
    outcome="death",
    level=95.0,
)


def known_scores(
    effect: Callable[[Any], Any],
    *,
    n: int = 800,
    seed: int = 3,
    noise: float = 1.0,
    baseline: Callable[[Any], Any] | None = None,
    X: Any = None,
    **given: Any,
) -> Scores:
    """Return scores whose models of treatment and outcome are the truth."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 4)) if X is None else X
    e = 0.3 + 0.4 * X[:, 0]
    w = rng.random(n) < e
    tau = np.broadcast_to(effect(X), (n,))
    r0 = 10.0 + 2.0 * X[:, 2] if baseline is None else baseline(X)
    y = r0 + w * tau + noise * rng.normal(size=n)
    event = rng.random(n) < 0.8
    return scores_of(X, y, event, w, e, tau, r0, **given)


def scores_of(X, y, event, w, e, tau, r0, *, fold=None, **given):
    """Return scores of arrays."""
    data = selection_data(time=np.maximum(y, 0.1), event=event, treated=w, covariates=X, **given)
    coding = FeatureCoding.of(data.covariates)
    return Scores(
        data=data,
        question=QUESTION,
        options=ScoreOptions(seed=1),
        coding=coding,
        X=coding.encode(data.covariates),
        modifiers=tuple(coding.places(data.modifiers)),
        fold=np.arange(len(y)) % 5 if fold is None else fold,
        propensity=e,
        outcome=y,
        mean=r0 + e * tau,
        comparator_mean=r0,
        treated_mean=r0 + tau,
        gamma0=r0 + (1 - w) / (1 - e) * (y - r0),
        gamma1=r0 + tau + w / e * (y - r0 - tau),
        uncensored=np.ones(len(y)),
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256=data.sha256()),
    )
