"""Estimate an effect with its intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import ArmCurve, Contrast, Detail, DifferenceCurve, Effect
from locoreg.emulation.inference.analysis import Analysis, Values
from locoreg.emulation.inference.options import Inference
from locoreg.emulation.inference.readings import Readings
from locoreg.emulation.question import Question
from locoreg.stats.resample import bootstrap
from locoreg.stats.sandwich import cluster_sums
from locoreg.stats.survivaldata import FloatArray

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """Standard errors and limits of a row of readings.

    Attributes
    ----------
    se, low, high : ndarray of float, shape (q,)
        NaN where there is none.
    kind : str
        ``influence``, ``bootstrap`` or ``none``.
    replicates, failed : int
        Of the bootstrap.
    """

    se: FloatArray
    low: FloatArray
    high: FloatArray
    kind: str
    replicates: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a method says of itself on its effect."""

    name: str
    title: str
    estimand: str
    biased: str | None
    options: dict[str, Any]


def estimate_effect(
    label: Label,
    analysis: Analysis,
    cohort: Cohort,
    question: Question,
    inference: Inference,
    *,
    protocol_sha256: str | None = None,
    on_progress: OnProgress | None = None,
) -> Effect:
    """Estimate an effect with intervals.

    Parameters
    ----------
    label : Label
        Name, words and options of the method.
    analysis : Analysis
        The method bound to the cohort.
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    inference : Inference
        How intervals are made.
    protocol_sha256 : str, optional
        Hash of the protocol.
    on_progress : callable, optional
        Called with the bootstrap replicates done and their total.

    Returns
    -------
    Effect
        Curves, contrasts, diagnostics.

    Raises
    ------
    DesignError
        If influence functions are asked for that the method lacks.
    """
    values = analysis.values(np.ones((1, cohort.n)))
    readings = Readings.of(question, competing=cohort.competing)
    row = readings.read(values)[0]
    spread = _spread(analysis, values, row, readings, cohort, question, inference, on_progress)
    detail = analysis.detail()
    k = readings.grid.size
    return Effect(
        method=label.name,
        title=label.title,
        estimand=label.estimand,
        biased=label.biased,
        question=question,
        arms=(
            _arm(0, question.comparator_label, values, spread, readings, detail, question),
            _arm(1, question.treated_label, values, spread, readings, detail, question),
        ),
        difference=DifferenceCurve(
            time=readings.grid,
            estimate=row[2 * k : 3 * k],
            se=spread.se[2 * k : 3 * k],
            ci_low=spread.low[2 * k : 3 * k],
            ci_high=spread.high[2 * k : 3 * k],
        ),
        contrasts=_contrasts(row, values, spread, readings, question.level),
        n=cohort.n,
        n_treated=int((cohort.treatment_time <= question.grace_months).sum()),
        interval=spread.kind,
        replicates=spread.replicates,
        failed_replicates=spread.failed,
        balance=detail.balance,
        weights=detail.weights,
        flow=detail.flow,
        diagnostics=detail.diagnostics,
        notes=detail.notes,
        attrition=cohort.attrition,
        synthetic=cohort.synthetic,
        provenance=_provenance(label, cohort, inference, spread, protocol_sha256),
    )


def _spread(
    analysis: Analysis,
    values: Values,
    row: FloatArray,
    readings: Readings,
    cohort: Cohort,
    question: Question,
    inference: Inference,
    on_progress: OnProgress | None,
) -> Spread:
    unknown = np.full(row.size, np.nan)
    if inference.interval == "none":
        return Spread(se=unknown, low=unknown, high=unknown, kind="none")
    if inference.interval != "bootstrap":
        found = analysis.influence()
        if found is not None:
            rows = readings.influence(values, found)
            return _from_influence(rows, row, cohort, question, inference)
        if inference.interval == "influence":
            raise DesignError(
                "this method has no influence functions with these options.",
                hint="ask for bootstrap intervals.",
            )
        inference.check_bootstrap()
    return _from_bootstrap(analysis, row, readings, cohort, question, inference, on_progress)


def _from_influence(
    rows: FloatArray, row: FloatArray, cohort: Cohort, question: Question, inference: Inference
) -> Spread:
    if inference.cluster:
        rows = cluster_sums(rows, _clusters(cohort))
    se = np.sqrt((rows**2).sum(axis=0))
    reach = -float(special.ndtri((100.0 - question.level) / 200.0)) * se
    return Spread(se=se, low=row - reach, high=row + reach, kind="influence")


def _from_bootstrap(
    analysis: Analysis,
    row: FloatArray,
    readings: Readings,
    cohort: Cohort,
    question: Question,
    inference: Inference,
    on_progress: OnProgress | None,
) -> Spread:
    inference.check_bootstrap()
    assert inference.replicates is not None
    assert inference.seed is not None
    kept = np.flatnonzero(np.isfinite(row))
    found = bootstrap(
        Statistic(analysis, readings, kept),
        cohort.n,
        kind=inference.kind,
        replicates=inference.replicates,
        seed=inference.seed,
        cluster=_clusters(cohort) if inference.cluster else None,
        jobs=inference.jobs,
        checkpoint=inference.checkpoint,
        on_progress=on_progress,
    )
    limits = found.estimates(level=question.level, interval="percentile", scale="identity")
    se, low, high = (np.full(row.size, np.nan) for _ in range(3))
    se[kept] = [one.se for one in limits]
    low[kept] = [one.ci_low for one in limits]
    high[kept] = [one.ci_high for one in limits]
    return Spread(
        se=se,
        low=low,
        high=high,
        kind="bootstrap",
        replicates=inference.replicates,
        failed=len(found.failed),
    )


class Statistic:
    """The readings of an analysis as a function of weights; it can be sent to another process."""

    def __init__(self, analysis: Analysis, readings: Readings, kept: Any) -> None:
        self.analysis = analysis
        self.readings = readings
        self.kept = kept

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Return readings that the whole sample has, shape (b, kept)."""
        return self.readings.read(self.analysis.values(weights))[:, self.kept]


def _clusters(cohort: Cohort) -> Any:
    if cohort.cluster is None:
        raise DesignError(
            "the cohort has no hospitals to cluster by.",
            hint="name a cluster variable, or leave cluster out.",
        )
    return cohort.cluster


def _arm(
    arm: int,
    label: str,
    values: Values,
    spread: Spread,
    readings: Readings,
    detail: Detail,
    question: Question,
) -> ArmCurve:
    k = readings.grid.size
    part = slice(arm * k, (arm + 1) * k)
    estimate = values.curve[0, arm]
    low, high = spread.low[part], spread.high[part]
    if spread.kind == "influence":
        low, high = log_log_limits(estimate, spread.se[part], question.level)
    return ArmCurve(
        label=label,
        time=readings.grid,
        estimate=estimate,
        se=spread.se[part],
        ci_low=low,
        ci_high=high,
        restricted_mean=values.area[0, arm],
        step_time=detail.steps[arm][0],
        step_estimate=detail.steps[arm][1],
        counts=detail.counts[arm],
    )


def log_log_limits(
    estimate: FloatArray, se: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return limits of probabilities that stay between 0 and 1.

    Parameters
    ----------
    estimate, se : ndarray of float, shape (k,)
        Probabilities and their standard errors.
    level : float
        In percent.

    Returns
    -------
    low, high : ndarray of float, shape (k,)
        Symmetric on the scale log(-log p). Where p is 0 or 1 both equal it.
    """
    inside = (estimate > 0) & (estimate < 1)
    p = np.where(inside, estimate, 0.5)
    reach = -float(special.ndtri((100.0 - level) / 200.0)) * se / np.abs(p * np.log(p))
    low, high = p ** np.exp(reach), p ** np.exp(-reach)
    return np.where(inside, low, estimate), np.where(inside, high, estimate)


def _contrasts(
    row: FloatArray, values: Values, spread: Spread, readings: Readings, level: float
) -> tuple[Contrast, ...]:
    start = 3 * readings.grid.size
    out = []
    for j, (measure, at, scale) in enumerate(readings.contrasts()):
        place = start + j
        if measure == "hazard_ratio":
            if not np.isfinite(row[place]):
                continue
            arms = np.array([np.nan, np.nan])
        else:
            table = values.curve if j < 2 * readings.at.size else values.area
            arms = table[0, :, readings.at[j % readings.at.size]]
        out.append(
            Contrast(
                measure=measure,
                at_months=at,
                estimate=Estimate(
                    estimate=float(row[place]),
                    se=float(spread.se[place]),
                    ci_low=float(spread.low[place]),
                    ci_high=float(spread.high[place]),
                    level=level,
                    scale=scale,
                ),
                comparator=float(arms[0]),
                treated=float(arms[1]),
            )
        )
    return tuple(out)


def _provenance(
    label: Label,
    cohort: Cohort,
    inference: Inference,
    spread: Spread,
    protocol_sha256: str | None,
) -> Provenance:
    options: dict[str, Any] = {"method": label.name, **label.options}
    options["inference"] = {**inference.to_dict(), "used": spread.kind}
    options["source"] = cohort.source
    options["protocol_sha256"] = protocol_sha256
    return Provenance(input_sha256=cohort.sha256(), options=options)
