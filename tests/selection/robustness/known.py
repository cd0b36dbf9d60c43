"""Scores whose models are known, and persons with a hidden confounder of known size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from locoreg.core.provenance import Provenance
from locoreg.selection.data import FeatureCoding, selection_data
from locoreg.selection.question import Measure, SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores
from locoreg.stats.survivaldata import FloatArray


def question(measure: Measure, horizon: float) -> SelectionQuestion:
    return SelectionQuestion(
        measure=measure,
        horizon_months=horizon,
        time_zero="6 months after diagnosis",
        treated_label="surgery",
        comparator_label="no surgery",
        outcome="death",
        level=95.0,
    )


def known_scores(
    *,
    time: FloatArray,
    event: FloatArray,
    treated: FloatArray,
    covariates: dict[str, FloatArray],
    propensity: FloatArray,
    means: tuple[FloatArray, FloatArray],
    measure: Measure,
    horizon: float,
    outcome: FloatArray | None = None,
    uncensored: FloatArray | None = None,
    weight: FloatArray | None = None,
    cluster: FloatArray | None = None,
    site: list[str] | None = None,
    person_id: list[str] | None = None,
) -> Scores:
    """Return scores from true models; without `outcome` nobody is censored before the horizon."""
    data = selection_data(
        time=time, event=event, treated=treated, covariates=covariates, weight=weight,
        cluster=cluster, site=site, person_id=person_id,
    )  # fmt: skip
    n = data.n
    coding = FeatureCoding.of(data.covariates)
    known = np.minimum(time, horizon) if measure == "rmst_difference" else time > horizon
    y = np.asarray(known, dtype=float) if outcome is None else outcome
    w, e = data.treated, propensity
    r0, r1 = means
    options = ScoreOptions(seed=1, jobs=1, time_scale="continuous")
    return Scores(
        data=data,
        question=question(measure, horizon),
        options=options,
        coding=coding,
        X=coding.encode(data.covariates),
        modifiers=tuple(range(len(coding.features))),
        fold=np.arange(n) % options.folds,
        propensity=e,
        outcome=y,
        mean=e * r1 + (1.0 - e) * r0,
        comparator_mean=r0,
        treated_mean=r1,
        gamma0=r0 + np.where(w, 0.0, (y - r0) / (1.0 - e)),
        gamma1=r1 + np.where(w, (y - r1) / e, 0.0),
        uncensored=np.ones(n) if uncensored is None else uncensored,
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256=data.sha256(), options={}),
    )


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Scores with a binary confounder that they do not hold, and the truth."""

    scores: Scores
    truth: float
    seen: float


def hidden_draw(
    n: int,
    *,
    seed: int,
    measure: Measure = "survival_difference",
    horizon: float = 24.0,
    log_hr: float = 0.0,
    prevalence: tuple[float, float] = (0.3, 0.6),
    ratio: float = 2.5,
) -> Hidden:
    """Draw persons whose hazard depends on a measured and on a hidden confounder.

    Given x, the hidden confounder has the given prevalences among the treated and the others; the
    hazard is exp(-4 + x + log_hr * treated) times `ratio` for those who have it. Models are true
    given x and treatment.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, n)
    e = special.expit(0.6 * x)
    w = rng.random(n) < e
    u = rng.random(n) < np.where(w, prevalence[0], prevalence[1])
    rate = np.exp(-4.0 + x + log_hr * w) * ratio**u
    died = rng.exponential(size=n) / rate
    base = [np.exp(-4.0 + x + log_hr * arm) for arm in (0.0, 1.0)]

    def mean(hazard: FloatArray) -> FloatArray:
        lost = hazard * horizon
        return np.exp(-lost) if measure == "survival_difference" else -np.expm1(-lost) / hazard

    by_u = [(mean(one), mean(one * ratio)) for one in base]
    p = (prevalence[1], prevalence[0])
    means = [(1.0 - p[a]) * by_u[a][0] + p[a] * by_u[a][1] for a in (0, 1)]
    mixed = e * p[1] + (1.0 - e) * p[0]
    causal = [(1.0 - mixed) * by_u[a][0] + mixed * by_u[a][1] for a in (0, 1)]
    scores = known_scores(
        time=died, event=np.ones(n), treated=w, covariates={"x": x}, propensity=e,
        means=(means[0], means[1]), measure=measure, horizon=horizon,
    )  # fmt: skip
    return Hidden(
        scores=scores,
        truth=float((causal[1] - causal[0]).mean()),
        seen=float((means[1] - means[0]).mean()),
    )


def reversed_scores(scores: Scores) -> Scores:
    """Return the scores with the persons in the other order."""
    return scores.take(np.arange(scores.n)[::-1])


def weighted(scores: Scores, weight: FloatArray) -> Scores:
    """Return the scores with other sampling weights."""
    return replace(scores, data=replace(scores.data, weight=weight))


def repeated(scores: Scores, times: FloatArray) -> Scores:
    """Return the scores with every person there so many times, under other names."""
    rows = np.repeat(np.arange(scores.n), times.astype(int))
    names = tuple(f"{scores.data.person_id[i]}/{k}" for k, i in enumerate(rows.tolist()))
    data = scores.data
    many = replace(
        data,
        person_id=names,
        time=data.time[rows],
        event=data.event[rows],
        treated=data.treated[rows],
        covariates=tuple(column.take(rows) for column in data.covariates),
        weight=None,
        cluster=rows,
    )
    arrays = (
        "X", "fold", "propensity", "outcome", "mean", "comparator_mean", "treated_mean", "gamma0",
        "gamma1", "uncensored",
    )  # fmt: skip
    return replace(scores, data=many, **{name: getattr(scores, name)[rows] for name in arrays})
