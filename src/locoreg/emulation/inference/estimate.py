"""Estimate an effect with its intervals."""

from __future__ import annotations

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import Effect
from locoreg.emulation.inference.analysis import Analysis, Values
from locoreg.emulation.inference.assemble import Estimated, Label, assemble_effect
from locoreg.emulation.inference.options import Inference
from locoreg.emulation.inference.readings import Readings
from locoreg.emulation.inference.spread import (
    OnProgress,
    Spread,
    Statistic,
    bootstrap_spread,
    influence_spread,
)
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray

__all__ = ["Label", "OnProgress", "check_support", "estimate_effect"]


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
        If a curve ends before the horizon, or influence functions are asked for that the method
        lacks.
    ConvergenceError
        If more than 5% of the bootstrap replicates fail.
    """
    values = analysis.values(np.ones((1, cohort.n)))
    readings = Readings.of(question, competing=cohort.competing)
    check_support(values, question)
    row = readings.read(values)[0]
    spread = _spread(analysis, values, row, readings, cohort, question, inference, on_progress)
    found = Estimated(
        values=values, row=row, readings=readings, spread=spread, detail=analysis.detail()
    )
    return assemble_effect(
        label, found, cohort, question, inference, protocol_sha256=protocol_sha256
    )


def check_support(values: Values, question: Question) -> None:
    """Refuse a horizon that the curves don't reach.

    Parameters
    ----------
    values : Values
        The estimates.
    question : Question
        What is asked.

    Raises
    ------
    DesignError
        If an arm's curve is unknown before the horizon; the last usable time is named.
    """
    grid = question.grid()
    labels = (question.comparator_label, question.treated_label)
    for arm, label in enumerate(labels):
        known = np.isfinite(values.curve[0, arm]) & np.isfinite(values.area[0, arm])
        if known.all():
            continue
        last = grid[int(np.argmin(known)) - 1] if known[0] else 0.0
        raise DesignError(
            f"nobody in the arm {label!r} is followed to the horizon of "
            f"{question.horizon_months:g} months.",
            hint=f"its curve is known up to {last:g} months: take a horizon no later than that, "
            "and give its times anew.",
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
    if inference.interval == "none":
        return Spread.none(row.size)
    level = question.level
    if inference.interval != "bootstrap":
        found = influence_spread(analysis, values, row, readings, cohort, inference, level)
        if found is not None:
            return found
        if inference.interval == "influence":
            raise DesignError(
                "this method has no influence functions with these options.",
                hint="ask for bootstrap intervals.",
            )
        inference.check_bootstrap()
    statistic = Statistic(analysis, readings)
    return bootstrap_spread(statistic, row, readings, cohort, inference, level, on_progress)
