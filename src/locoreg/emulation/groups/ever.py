"""Groups by whether persons are ever treated."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.diagnostics import balance_rows
from locoreg.emulation.effect import Detail
from locoreg.emulation.effect.detail import FlowStep
from locoreg.emulation.groups.cohorts import need_both, shortest
from locoreg.emulation.groups.report import concentration, immortal_diagnostics, steps_and_counts
from locoreg.emulation.groups.weighted import WeightedArms
from locoreg.emulation.inference import Values
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray, IntArray


class EverGroups:
    """Ever against never treated.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    adjust : bool
        Whether the hazard ratio is adjusted for the baseline confounders.
    from_treatment : bool
        Whether the treated are followed from their treatment, and not from time zero.
    """

    def __init__(
        self, cohort: Cohort, question: Question, *, adjust: bool, from_treatment: bool
    ) -> None:
        self.cohort, self.question = cohort, question
        self.from_treatment = from_treatment
        groups = [
            np.flatnonzero(np.isinf(cohort.treatment_time)),
            np.flatnonzero(np.isfinite(cohort.treatment_time)),
        ]
        need_both(groups[1].size, groups[0].size, "at any time")
        least = shortest(cohort)
        arms = [self._arm(rows, least) for rows in groups]
        X = cohort.design().X[np.concatenate(groups)] if adjust else None
        self.arms = WeightedArms(
            n=cohort.n,
            grid=question.grid(),
            competing=cohort.competing,
            arms=(arms[0], arms[1]),
            covariates=X if X is not None and X.shape[1] else None,
        )

    def _arm(self, rows: IntArray, least: float) -> ArmRows:
        cohort = self.cohort
        start = np.zeros(rows.size) if cohort.entry is None else cohort.entry[rows]
        stop = cohort.time[rows]
        if self.from_treatment and rows.size:
            zero = np.where(np.isinf(cohort.treatment_time[rows]), 0.0, cohort.treatment_time[rows])
            start, stop = np.maximum(start - zero, 0.0), stop - zero
        stop = np.where(stop > start, stop, start + least)
        return ArmRows.of(rows, stop, cohort.event[rows], start=start)

    def values(self, weights: FloatArray) -> Values:
        """Return curves of the two groups under each weighting."""
        return self.arms.values(weights)

    def influence(self) -> Values:
        """Return each person's influence."""
        return self.arms.influence()

    def detail(self) -> Detail:
        """Return what is told besides the numbers."""
        cohort, question = self.cohort, self.question
        steps, counts = steps_and_counts(self.arms, question)
        treated = np.isfinite(cohort.treatment_time)
        return Detail(
            steps=steps,
            counts=counts,
            balance=balance_rows(cohort.confounders(), treated, np.ones(cohort.n), 0.0),
            weights=(),
            flow=(
                FlowStep(arm=None, name="persons", n=cohort.n),
                FlowStep(arm=question.comparator_label, name="never treated", n=self.arms.split),
                FlowStep(
                    arm=question.treated_label,
                    name="ever treated",
                    n=cohort.n - self.arms.split,
                ),
            ),
            diagnostics=(
                *immortal_diagnostics(cohort, question),
                *concentration(self.arms, question),
            ),
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        notes = ["The groups are formed by the future: nobody knows at time zero who is in which."]
        if self.from_treatment:
            notes.append(
                "The treated are followed from their treatment and the others from time zero: the "
                "treated are those who lived until then, and their untreated time is left out."
            )
        adjusted = self.arms.covariates is not None
        notes.append(
            f"The hazard ratio is {'' if adjusted else 'not '}adjusted for baseline confounders"
            f"{', the curves are not' if adjusted else ''}; Efron's ties."
        )
        if self.cohort.competing:
            notes.append("The hazard ratio is cause-specific.")
        return tuple(notes)
