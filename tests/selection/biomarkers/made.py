"""Scores with known nuisances and known effects of markers, without fitting anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from locoreg.core.provenance import Provenance
from locoreg.selection.biomarkers import Panel, biomarker_panel
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


def made_scores(
    *,
    n: int,
    seed: int,
    markers: Any,
    prognostic: Any = 0.0,
    predictive: Any = 0.0,
    clinical: float = 0.5,
    noise: float = 2.0,
    clusters: int = 0,
    treated_by: float = 0.0,
    average: float = 1.0,
) -> Scores:
    """Return scores of persons whose outcome is linear in markers; nuisances leave markers out.

    The outcome is 12 + x1 + prognostic + w (average + clinical x1 + predictive) + noise, never
    censored; nuisances are the true ones given x1 and x2.
    """
    rng = np.random.default_rng([seed, 17])
    X = rng.standard_normal((n, 2))
    e = 1.0 / (1.0 + np.exp(-0.5 * X[:, 0]))
    hidden = treated_by * (markers[:, 0] if markers.shape[1] else 0.0)
    w = (rng.random(n) < np.clip(e + hidden, 0.02, 0.98)).astype(np.float64)
    tau = average + clinical * X[:, 0]
    y = 12.0 + X[:, 0] + prognostic + w * (tau + predictive) + noise * rng.standard_normal(n)
    cluster = None if not clusters else rng.integers(0, clusters, n)
    data = selection_data(
        time=np.clip(y, 0.5, None),
        event=(rng.random(n) < 0.7).astype(int),
        treated=w.astype(int),
        covariates=X,
        cluster=cluster,
    )
    options = ScoreOptions(seed=1)
    fold = rng.permutation(n) % 5 if cluster is None else cluster % 5
    r0 = 12.0 + X[:, 0]
    r1 = r0 + tau
    coding = FeatureCoding.of(data.covariates)
    return Scores(
        data=data,
        question=QUESTION,
        options=options,
        coding=coding,
        X=X,
        modifiers=(0, 1),
        fold=fold,
        propensity=e,
        outcome=y,
        mean=r0 + e * tau,
        comparator_mean=r0,
        treated_mean=r1,
        gamma0=r0 + (1.0 - w) / (1.0 - e) * (y - r0),
        gamma1=r1 + w / e * (y - r1),
        uncensored=np.ones(n),
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256=data.sha256()),
    )


def markers(n: int, p: int, seed: int, share: float = 0.3) -> Any:
    """Return correlated standard normal markers, shape (n, p)."""
    rng = np.random.default_rng([seed, 5])
    common = rng.standard_normal((n, 1))
    return np.sqrt(share) * common + np.sqrt(1.0 - share) * rng.standard_normal((n, p))


def panel_of(Z: Any, scores: Scores, **more: Any) -> Panel:
    """Return the panel of all persons of scores, in their order."""
    return biomarker_panel(
        person_id=scores.data.person_id,
        values=Z,
        names=[f"m{j + 1}" for j in range(Z.shape[1])],
        **more,
    )
