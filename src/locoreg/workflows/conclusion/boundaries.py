"""The trials so far against sequential boundaries, and the looks of the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.evidence.sequential import sequential_analysis
from locoreg.planning.design import TrialDesign
from locoreg.planning.looks import SequentialTrial, sequential_trial
from locoreg.stats.groupsequential import FutilityRule, Spending
from locoreg.stats.groupsequential.boundaries import Wedge
from locoreg.workflows.conclusion.nextparts import LooksPlan
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.pools import Results, find_pool, outcome_words, question_words
from locoreg.workflows.planning.poolasked import PlannedPool
from locoreg.workflows.planning.trialasked import TrialAsked, control_curve
from locoreg.workflows.poolasked import sequential_options
from locoreg.workflows.sequential import EVENTS, SequentialView


def sequential_view(results: Results, plan: PlanningPlan, pool: PlannedPool) -> SequentialView:
    """Return where the trials of a pool stand against the boundaries that an entry asks for.

    Parameters
    ----------
    results : mapping
        Results of the run so far.
    plan : PlanningPlan
        The entry, with its part ``sequential``.
    pool : PlannedPool
        Log hazard ratios, intervention relative to control.

    Returns
    -------
    SequentialView
        In order of publication.

    Raises
    ------
    DesignError
        If a study has no year.
    """
    asked, item = plan.sequential, find_pool(results, plan.pool)
    assert asked is not None
    assert item is not None
    studies = item["pool"]["studies"]
    without = [str(one["label"]) for one in studies if one["year"] is None]
    if without:
        raise DesignError(
            f"the order of the trials is open: no year of publication of {', '.join(without)}.",
            hint="give the year in references.csv.",
        )
    stated = asked.heterogeneity_value
    options = sequential_options(
        effect=asked.hazard_ratio, scale="log", alpha=plan.alpha, power=plan.power,
        sides=plan.sides, spending=asked.spending, futility=asked.futility,
        heterogeneity=asked.heterogeneity, value=None if isinstance(stated, str) else stated,
        model=(pool.model.method, pool.model.interval, pool.model.level),
        smallest_step=asked.smallest_step,
    )  # fmt: skip
    analysis = sequential_analysis(
        pool.yi,
        se=[v**0.5 for v in pool.vi],
        labels=pool.labels,
        ids=[str(one["study_id"]) for one in studies],
        dates=[int(one["year"]) for one in studies],
        options=options,
    )
    words, outcome = question_words(results, plan.question), outcome_words(results, item)
    label = plan.outcome if outcome is None else outcome.label
    return SequentialView(
        analysis=analysis,
        title=f"{words.title} {label}, randomised trials",
        population=words.population,
        measure="HR",
        outcome=label,
        favours_low=words.favours_intervention,
        favours_high=words.favours_control,
        events_per_information=EVENTS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLooks:
    """The looks of a planned trial.

    Attributes
    ----------
    asked : LooksPlan
        As stated.
    trial : SequentialTrial
        Events and boundaries.
    """

    asked: LooksPlan
    trial: SequentialTrial

    def to_dict(self) -> dict[str, Any]:
        """Return the looks as JSON-ready values."""
        return {
            "hazard_ratio": self.trial.design.hazard_ratio,
            "spending": self.asked.spending,
            "futility": self.asked.futility,
            **self.trial.to_dict(),
        }


def planned_looks(plan: PlanningPlan, asked: TrialAsked) -> PlannedLooks:
    """Return the looks of the next trial, for the entry's first hazard ratio.

    Parameters
    ----------
    plan : PlanningPlan
        The entry, with its part ``looks``.
    asked : TrialAsked
        Its trial.

    Returns
    -------
    PlannedLooks
        Events, months and boundaries at each.
    """
    wanted = plan.looks
    assert wanted is not None
    wedge: Wedge = "inside" if plan.sides == 2 else "tail"
    trial = sequential_trial(
        TrialDesign(
            hazard_ratio=plan.hazard_ratio[0],
            power=plan.power / 100,
            alpha=plan.alpha / 100,
            sides=plan.sides,
            allocation=plan.allocation,
            control=control_curve(asked.control),
            accrual_months=plan.accrual_months,
            follow_up_months=plan.follow_up_months,
            dropout_per_year=plan.dropout_percent_per_year / 100,
        ),
        fractions=wanted.information,
        boundary=Spending(name=wanted.spending),
        futility=None
        if wanted.futility == "none"
        else FutilityRule(
            spending=Spending(name=wanted.spending),
            binding=wanted.futility == "binding",
            wedge=wedge,
        ),
    )
    return PlannedLooks(asked=wanted, trial=trial)
