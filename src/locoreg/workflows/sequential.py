"""Trial sequential analysis of a pool of the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.sensitivity import scale_of
from locoreg.evidence.sequential import (
    Adjustment,
    SequentialAnalysis,
    SequentialOptions,
    sequential_analysis,
)
from locoreg.stats.groupsequential import FutilityRule, Spending

# Events per unit of the information of a log hazard ratio with equal arms: its variance is 4/D.
EVENTS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialView:
    """A trial sequential analysis with what a reader needs beside it.

    Attributes
    ----------
    analysis : SequentialAnalysis
        The numbers.
    title, population, measure, outcome : str
        Of the pool.
    favours_low, favours_high : str
        What a z-value below 0 favours, and one above.
    events_per_information : float or None
        4 for hazard ratios (equal arms), by which information becomes events; None for others.
    """

    analysis: SequentialAnalysis
    title: str
    population: str
    measure: str
    outcome: str
    favours_low: str
    favours_high: str
    events_per_information: float | None

    @property
    def required_events(self) -> float | None:
        """Required information as events of a trial with equal arms."""
        scale = self.events_per_information
        return None if scale is None else scale * self.analysis.required.required

    @property
    def achieved_events(self) -> float | None:
        """Information so far as events of a trial with equal arms."""
        scale = self.events_per_information
        return None if scale is None else scale * self.analysis.required.achieved

    def to_dict(self) -> dict[str, Any]:
        """Return the view as JSON-ready values."""
        return {
            **self.analysis.to_dict(),
            "title": self.title,
            "measure": self.measure,
            "outcome": self.outcome,
            "favours_low": self.favours_low,
            "favours_high": self.favours_high,
            "events_per_information": self.events_per_information,
            "required_events": self.required_events,
            "achieved_events": self.achieved_events,
        }

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = [f"{self.title}.", self.analysis.summary()]
        if self.required_events is not None and self.achieved_events is not None:
            lines.insert(
                2,
                f"As events of one trial with equal arms: {self.required_events:,.0f} required, "
                f"{self.achieved_events:,.0f} there.",
            )
        return "\n".join(lines)


def sequential_of_pool(pool: EvidencePool, options: SequentialOptions) -> SequentialView:
    """Hold a pool's trials, in order of publication, against sequential boundaries.

    Parameters
    ----------
    pool : EvidencePool
        From :func:`locoreg.workflows.evidence.pool_question`; each study with its year.
    options : SequentialOptions
        What defines the analysis. The effect has the direction of the pool's measure: with the
        control as reference arm and an adverse outcome, benefit is a ratio below 1.

    Returns
    -------
    SequentialView
        Analysis and names.

    Raises
    ------
    DesignError
        If the scale is not that of the pool, or a study has no year.
    """
    scale = scale_of(pool.question)
    if options.scale != scale:
        raise DesignError(
            f"{pool.question.measure} is pooled on the {scale} scale, and not on {options.scale}."
        )
    years = [study.year for study in pool.studies]
    without = [study.label for study in pool.studies if study.year is None]
    if without:
        raise DesignError(
            f"the order is open: no year of publication of {', '.join(without)}.",
            hint="give the year in references.csv.",
        )
    analysis = sequential_analysis(
        [study.effect.yi for study in pool.studies],
        se=[study.effect.se for study in pool.studies],
        labels=[study.label for study in pool.studies],
        ids=[study.study_id for study in pool.studies],
        dates=[year for year in years if year is not None],
        options=options,
    )
    low, high = sides(pool)
    return SequentialView(
        analysis=analysis,
        title=f"{pool.question.title} {pool.outcome.label}, {pool.design_label.lower()}",
        population=pool.question.population,
        measure=pool.question.measure,
        outcome=pool.outcome.label,
        favours_low=low,
        favours_high=high,
        events_per_information=EVENTS if pool.question.measure == "HR" else None,
    )


def sides(pool: EvidencePool) -> tuple[str, str]:
    """Return what an effect below none favours, and one above.

    Parameters
    ----------
    pool : EvidencePool
        Its question states the reference arm and the words; its outcome whether events are bad.

    Returns
    -------
    tuple of str
        Low and high.
    """
    question = pool.question
    words = (question.favours_intervention, question.favours_control)
    turned = (
        (question.reference_arm == "intervention")
        ^ (pool.outcome.event_is == "favourable")
        ^ (question.measure == "survival ratio")
    )
    return (words[1], words[0]) if turned else words


__all__ = [
    "Adjustment",
    "FutilityRule",
    "SequentialAnalysis",
    "SequentialOptions",
    "SequentialView",
    "Spending",
    "sequential_of_pool",
    "sides",
]
