"""From readings, their spread and the detail of an analysis to an effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import ArmCurve, Contrast, Detail, DifferenceCurve, Effect
from locoreg.emulation.inference.analysis import Values
from locoreg.emulation.inference.options import Inference
from locoreg.emulation.inference.readings import Readings
from locoreg.emulation.inference.spread import Spread
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a method says of itself on its effect.

    Attributes
    ----------
    name, title, estimand : str
        Name, title and what is estimated.
    biased : str or None
        Why it is biased by design.
    options : dict
        Options as JSON-ready values.
    """

    name: str
    title: str
    estimand: str
    biased: str | None
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimated:
    """What an effect is made of.

    Attributes
    ----------
    values : Values
        Curves, areas and log hazard ratio, of one weighting.
    row : ndarray of float, shape (q,)
        Readings.
    readings : Readings
        Where each stands.
    spread : Spread
        Their standard errors and limits.
    detail : Detail
        What is told besides.
    """

    values: Values
    row: FloatArray
    readings: Readings
    spread: Spread
    detail: Detail


def assemble_effect(
    label: Label,
    found: Estimated,
    cohort: Cohort,
    question: Question,
    inference: Inference,
    *,
    protocol_sha256: str | None,
    more: dict[str, Any] | None = None,
) -> Effect:
    """Put an effect together.

    Parameters
    ----------
    label : Label
        What the method says of itself.
    found : Estimated
        Numbers and detail.
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    inference : Inference
        How intervals were made.
    protocol_sha256 : str or None
        Hash of the protocol.
    more : dict, optional
        Further options for the provenance.

    Returns
    -------
    Effect
        Curves, contrasts, diagnostics.
    """
    readings, spread, detail = found.readings, found.spread, found.detail
    part = readings.difference
    return Effect(
        method=label.name,
        title=label.title,
        estimand=label.estimand,
        biased=label.biased,
        question=question,
        arms=(
            _arm(0, question.comparator_label, found, question),
            _arm(1, question.treated_label, found, question),
        ),
        difference=DifferenceCurve(
            time=readings.grid,
            estimate=found.row[part],
            se=spread.se[part],
            ci_low=spread.low[part],
            ci_high=spread.high[part],
        ),
        contrasts=_contrasts(found, question.level),
        n=cohort.n,
        n_treated=int((cohort.treatment_time <= question.grace_months).sum()),
        interval=spread.kind,
        replicates=spread.replicates,
        failed_replicates=spread.failed,
        balance=detail.balance,
        weights=detail.weights,
        flow=detail.flow,
        diagnostics=detail.diagnostics,
        notes=(*detail.notes, *spread.notes, *_constant(cohort)),
        attrition=cohort.attrition,
        synthetic=cohort.synthetic,
        provenance=_provenance(label, cohort, inference, spread, protocol_sha256, more or {}),
    )


def _constant(cohort: Cohort) -> tuple[str, ...]:
    """Return a note that names confounders of one value only, if there are some."""
    names = [
        column.name
        for column in cohort.confounders()
        if np.unique(column.values[~column.missing]).size < 2
    ]
    if not names:
        return ()
    return (f"Adjusted for nothing, as all persons have the same value: {', '.join(names)}.",)


def _arm(arm: int, label: str, found: Estimated, question: Question) -> ArmCurve:
    readings, spread = found.readings, found.spread
    k = readings.grid.size
    part = slice(arm * k, (arm + 1) * k)
    estimate = found.values.curve[0, arm]
    low, high = spread.low[part], spread.high[part]
    if spread.kind == "influence":
        low, high = log_log_limits(estimate, spread.se[part], spread.reach[part])
    return ArmCurve(
        label=label,
        time=readings.grid,
        estimate=estimate,
        se=spread.se[part],
        ci_low=low,
        ci_high=high,
        restricted_mean=found.values.area[0, arm],
        step_time=found.detail.steps[arm][0],
        step_estimate=found.detail.steps[arm][1],
        counts=found.detail.counts[arm],
    )


def log_log_limits(
    estimate: FloatArray, se: FloatArray, reach: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return limits of probabilities that stay between 0 and 1.

    Parameters
    ----------
    estimate, se : ndarray of float, shape (k,)
        Probabilities and their standard errors.
    reach : ndarray of float, shape (k,)
        Quantiles, such as 1.96.

    Returns
    -------
    low, high : ndarray of float, shape (k,)
        Symmetric on the scale log(-log p). Where p is 0 or 1, or beyond them as an unconstrained
        estimate can be, there is no such scale and both equal it.
    """
    inside = (estimate > 0) & (estimate < 1)
    p = np.where(inside, estimate, 0.5)
    width = reach * se / np.abs(p * np.log(p))
    low, high = p ** np.exp(width), p ** np.exp(-width)
    return np.where(inside, low, estimate), np.where(inside, high, estimate)


def _contrasts(found: Estimated, level: float) -> tuple[Contrast, ...]:
    readings, spread, row = found.readings, found.spread, found.row
    start = readings.difference.stop
    out = []
    for j, (measure, at, scale) in enumerate(readings.contrasts()):
        place = start + j
        if measure == "hazard_ratio":
            if not np.isfinite(row[place]):
                continue
            arms = np.array([np.nan, np.nan])
        else:
            table = found.values.curve if j < 2 * readings.at.size else found.values.area
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
    more: dict[str, Any],
) -> Provenance:
    options: dict[str, Any] = {"method": label.name, **label.options, **more}
    options["inference"] = {**inference.to_dict(), "used": spread.kind}
    options["source"] = cohort.source
    options["protocol_sha256"] = protocol_sha256
    return Provenance(input_sha256=cohort.sha256(), options=options)
