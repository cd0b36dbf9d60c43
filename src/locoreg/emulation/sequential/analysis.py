"""Sequential trials, pooled over their starts."""

from __future__ import annotations

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.diagnostics import balance_rows, largest_smd
from locoreg.emulation.diagnostics.balance import Spread
from locoreg.emulation.diagnostics.verdicts import judged
from locoreg.emulation.effect import BalanceRow, Detail, Diagnostic
from locoreg.emulation.effect.detail import FlowStep
from locoreg.emulation.groups.calendar import NEVER
from locoreg.emulation.groups.cohorts import need_both
from locoreg.emulation.groups.report import (
    PENALISED,
    concentration,
    conservation,
    steps_and_counts,
    weight_summaries,
)
from locoreg.emulation.groups.weighted import Factor, WeightedArms
from locoreg.emulation.inference import Values
from locoreg.emulation.question import Question
from locoreg.emulation.sequential.rows import comparator_rows, treated_rows
from locoreg.emulation.sequential.trials import plan_trials
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Share of the treated arm's person-time within the horizon that is waiting for a treatment decided
# at the start of the interval; half of what is noted as immortal time for whole groups, because it
# can be made as small as wanted.
WAITING_WARN = 0.025


class SequentialTrials:
    """One trial per decision interval, all trials as one.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    until : float
        End of the last interval in which a trial starts.
    toward : bool
        Whether the trials stand for those who start treatment, and not for all who could.
    penalty : {"firth"} or None
        Penalty of the model of treatment.
    """

    def __init__(
        self,
        cohort: Cohort,
        question: Question,
        *,
        until: float,
        toward: bool,
        penalty: Penalty | None = None,
    ) -> None:
        self.cohort, self.question, self.toward = cohort, question, toward
        self.trials = plan_trials(cohort, question, until, penalty)
        self.comparator = comparator_rows(cohort, self.trials)
        self.treated = treated_rows(cohort, self.trials)
        need_both(self.treated.trial.size, self.comparator.trial.size, "in any trial")
        self.arms = WeightedArms(
            n=cohort.n,
            grid=question.grid(),
            competing=cohort.competing,
            arms=(self.comparator.rows, self.treated.rows),
            factors=(
                Factor(
                    decisions=self.trials.decisions,
                    low=np.concatenate([self.comparator.low, self.treated.low]),
                    high=np.concatenate([self.comparator.high, self.treated.high]),
                    toward=toward,
                ),
            ),
        )

    def values(self, weights: FloatArray) -> Values:
        """Return pooled curves since the start of trials under each weighting of persons."""
        return self.arms.values(weights)

    def influence(self) -> Values:
        """Return each person's influence over all trials, that through the weights included."""
        return self.arms.influence()

    def _starting_weight(self) -> tuple[FloatArray, BoolArray]:
        """Return the weight of each decision in a trial in its arm, shape (d,), and whether used.

        These are the weights with which trials start, before anybody leaves a strategy.
        """
        decisions = self.trials.decisions
        low = np.arange(decisions.started.size)
        factor = Factor(decisions=decisions, low=low, high=low + 1, toward=self.toward)
        used = np.isin(decisions.interval, self.trials.used)
        return np.exp(factor.log_weight(decisions.fit.coefficients)), used

    def _balance(self) -> tuple[BalanceRow, ...]:
        decisions, cohort = self.trials.decisions, self.cohort
        weight, used = self._starting_weight()
        started = decisions.started > 0
        rows: list[BalanceRow] = []
        for k in self.trials.used:
            here = np.flatnonzero(used & (decisions.interval == k) & (decisions.observed > 0))
            person, month = decisions.person[here], float(self.trials.calendar.starts[k])
            columns = [column.take(person) for column in cohort.confounders()]
            columns += [
                Column(name=h.name, kind=h.kind, values=h.at(month)[person], levels=h.levels)
                for h in cohort.histories
                if h.name in cohort.coding.history_names
            ]
            spread: Spread = "treated" if self.toward else "pooled"
            rows += balance_rows(columns, started[here], weight[here], month, spread=spread)
        return tuple(rows)

    def _totals(self) -> tuple[tuple[float, float], float]:
        """Return sums of starting weights by arm, and how many each arm stands for."""
        decisions = self.trials.decisions
        weight, used = self._starting_weight()
        used = used & (decisions.observed > 0)
        started = decisions.started > 0
        totals = (float(weight[used & ~started].sum()), float(weight[used & started].sum()))
        return totals, float((used & started).sum() if self.toward else used.sum())

    def detail(self) -> Detail:
        """Return what is told besides the numbers."""
        question = self.question
        steps, counts = steps_and_counts(self.arms, question)
        balance = self._balance()
        totals, stands = self._totals()
        times = sorted({0.0, *question.at_months})
        return Detail(
            steps=steps,
            counts=counts,
            balance=balance,
            weights=weight_summaries(self.arms, question, times),
            flow=self._flow(),
            diagnostics=(
                largest_smd(_pooled(balance, self._sizes())),
                *conservation(question, totals, stands),
                *concentration(self.arms, question),
                self._waiting(),
            ),
            notes=self._notes(),
        )

    def _sizes(self) -> dict[float, float]:
        """Return how many persons are eligible, by the start of each trial."""
        decisions = self.trials.decisions
        return {
            float(self.trials.calendar.starts[k]): float((decisions.interval == k).sum())
            for k in self.trials.used
        }

    def _waiting(self) -> Diagnostic:
        """Return how much person-time of the treated arm lies before the treatment itself."""
        rows, horizon = self.treated.rows, self.question.horizon_months
        begin = self.trials.calendar.starts[self.treated.trial]
        wait = np.maximum(self.cohort.treatment_time[rows.person] - begin, 0.0)
        whole = np.minimum(rows.stop, horizon)
        share = float(np.minimum(wait, whole).sum() / whole.sum())
        return judged(
            "waiting_time",
            "Waiting within the interval of treatment",
            share,
            warn=WAITING_WARN,
            fail=None,
            high_is_bad=True,
            message=f"{100.0 * share:.1f}% of the treated arm's person-time lies between the start "
            "of a trial and the treatment, which is immortal time.",
            advice="Take a smaller interval_months.",
            arm=self.question.treated_label,
        )

    def _flow(self) -> tuple[FlowStep, ...]:
        question, trials = self.question, self.trials
        label0, label1 = question.comparator_label, question.treated_label
        first = self.comparator.first
        out = [
            FlowStep(arm=None, name="persons", n=self.cohort.n),
            FlowStep(arm=None, name="trials", n=len(trials.used)),
            FlowStep(
                arm=None,
                name="persons in trials, once in each",
                n=int(first.sum()) + self.treated.trial.size,
            ),
        ]
        for k in trials.used:
            at = f"trial from {trials.calendar.starts[k]:g} months"
            out += [
                FlowStep(
                    arm=label0,
                    name=f"{at}: do not start",
                    n=int((first & (self.comparator.trial == k)).sum()),
                ),
                FlowStep(arm=label1, name=f"{at}: start", n=int((self.treated.trial == k).sum())),
            ]
        if (trials.censoring < NEVER).any():
            rows = self.comparator.rows
            ends = trials.calendar.starts[
                np.minimum(trials.censoring, trials.calendar.starts.size - 1)
            ]
            left = (trials.censoring < NEVER) & (ends <= self.cohort.time)
            out.append(
                FlowStep(
                    arm=label0,
                    name="follow-up ended at a later start, all trials",
                    n=int((~rows.continues & left[rows.person]).sum()),
                )
            )
        return tuple(out)

    def _notes(self) -> tuple[str, ...]:
        trials, cohort = self.trials, self.cohort
        skipped = trials.calendar.trials - len(trials.used)
        notes = [
            "Time counts from the start of each trial; a person may take part in several, and is "
            "one in the variance.",
            "Hazard ratio pooled over trials, Efron's ties, with the weights of the curves "
            "(not stabilised).",
            "Late trials have less follow-up: towards the horizon the pooled curves rest on early "
            "ones.",
        ]
        if skipped:
            notes.append(f"{plural(skipped, 'trial')} without both arms left out.")
        if cohort.entry is not None:
            notes.append(
                "Persons who come under observation after the start of a trial are at risk from "
                "then on; the model of starting treatment is fitted without them."
            )
        if cohort.competing:
            notes.append("The hazard ratio is cause-specific.")
        if trials.decisions.penalty is not None:
            notes.append(PENALISED)
        return tuple(notes)


def _pooled(rows: tuple[BalanceRow, ...], sizes: dict[float, float]) -> tuple[BalanceRow, ...]:
    """Return balance over all trials: means of the differences, weighted by persons eligible."""
    groups: dict[tuple[str, str], list[BalanceRow]] = {}
    for row in rows:
        groups.setdefault((row.variable, row.level), []).append(row)
    names = ("before", "after", "mean_treated", "mean_comparator", "raw_treated", "raw_comparator")
    out = []
    for (variable, level), found in groups.items():
        share = np.array([sizes[row.at_months] for row in found])
        share /= share.sum()
        means = {
            name: float(share @ np.array([getattr(row, name) for row in found])) for name in names
        }
        out.append(BalanceRow(variable=variable, level=level, at_months=0.0, **means))
    return tuple(out)
