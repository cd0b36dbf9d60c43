"""From persons to clones to events: the flow of both arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.emulation.effect import FlowStep
from locoreg.stats.survivaldata import BoolArray

if TYPE_CHECKING:
    from locoreg.emulation.clones.plan import Plan


def shared_deaths(plan: Plan) -> BoolArray:
    """Return who has the outcome untreated within the grace period, which counts in both arms."""
    cohort = plan.cohort
    early = (cohort.event == 1) & (cohort.time <= plan.question.grace_months)
    both = plan.clones.comparator.followed & plan.clones.treated.followed
    return np.asarray(early & both & np.isinf(plan.clones.treatment_time))


def last_interval(plan: Plan) -> BoolArray:
    """Return who is treated in the last interval of the grace period."""
    place = plan.intervals.of_time(plan.clones.treatment_time)
    return np.asarray(place == plan.intervals.in_grace - 1)


def make_flow(plan: Plan) -> tuple[FlowStep, ...]:
    """Return the boxes of the flow; every person counts once per arm.

    Parameters
    ----------
    plan : Plan
        Of the analysis.

    Returns
    -------
    tuple of FlowStep
        Persons, then the clones of each arm and what ended their follow-up.
    """
    cohort, clones, question = plan.cohort, plan.clones, plan.question
    late = np.isfinite(clones.treatment_time) & ~clones.initiated
    out = [
        FlowStep(arm=None, name="Persons", n=cohort.n),
        FlowStep(arm=None, name="Treated within the grace period", n=int(clones.initiated.sum())),
        FlowStep(
            arm=None,
            name="Treated in the last interval of the grace period",
            n=int(last_interval(plan).sum()),
        ),
        FlowStep(arm=None, name="Treated later", n=int(late.sum())),
        FlowStep(
            arm=None,
            name="With the outcome before treatment within the grace period, in both arms",
            n=int(shared_deaths(plan).sum()),
        ),
    ]
    labels = (question.comparator_label, question.treated_label)
    for label, arm in zip(labels, clones.arms, strict=True):
        here = arm.followed
        ended = here & ~arm.artificial
        out += [
            FlowStep(arm=label, name="Clones", n=int(here.sum())),
            FlowStep(
                arm=label, name="Departed at time zero or before observation", n=int((~here).sum())
            ),
            FlowStep(arm=label, name="Artificially censored", n=int((here & arm.artificial).sum())),
            FlowStep(arm=label, name="With the outcome", n=int((ended & (arm.event == 1)).sum())),
        ]
        if cohort.competing:
            out.append(
                FlowStep(
                    arm=label,
                    name="With a competing event",
                    n=int((ended & (arm.event > 1)).sum()),
                )
            )
        quiet = ended & (arm.event == 0)
        out += [
            FlowStep(arm=label, name="Lost to follow-up", n=int((quiet & cohort.lost).sum())),
            FlowStep(arm=label, name="Followed to the end", n=int((quiet & ~cohort.lost).sum())),
        ]
    return tuple(out)
