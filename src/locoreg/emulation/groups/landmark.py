"""Groups by what happened up to a landmark, among those who live and are followed there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.arms import ArmRows
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.diagnostics import balance_rows, largest_smd
from locoreg.emulation.diagnostics.balance import Spread
from locoreg.emulation.effect import BalanceRow, Detail
from locoreg.emulation.effect.detail import FlowStep
from locoreg.emulation.groups.cohorts import NEAR, both, need_both, stacked
from locoreg.emulation.groups.decisions import Decisions, fit_decisions, pool_intervals
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
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkPlan:
    """How a landmark analysis is done.

    Attributes
    ----------
    month : float
        The landmark.
    weighted : bool
        Whether the groups are weighted to be alike in the confounders.
    toward : bool
        Whether both groups stand for the treated, and not for everybody at the landmark.
    histories_at_landmark : bool
        Whether histories count with their values at the landmark, and not with those at time zero.
    penalty : {"firth"} or None
        Penalty of the models of treatment.
    """

    month: float
    weighted: bool
    toward: bool
    histories_at_landmark: bool
    penalty: Penalty | None


class LandmarkGroups:
    """Treated by the landmark against not treated by it.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    plan : LandmarkPlan
        How it is done.
    """

    def __init__(self, cohort: Cohort, question: Question, plan: LandmarkPlan) -> None:
        if not 0.0 <= plan.month < question.horizon_months:
            raise DesignError(
                f"the landmark is at {plan.month:g} months, but the horizon is "
                f"{question.horizon_months:g}.",
                hint="choose a landmark before the horizon.",
            )
        self.cohort, self.question, self.plan = cohort, question, plan
        self.alive: BoolArray = np.asarray(cohort.time > plan.month + NEAR)
        self.treated: BoolArray = self.alive & (cohort.treatment_time <= plan.month + NEAR)
        self.others: BoolArray = self.alive & ~self.treated
        where = f"by {plan.month:g} months among those alive then"
        need_both(int(self.treated.sum()), int(self.others.sum()), where)
        start = np.zeros(cohort.n) if cohort.entry is None else cohort.entry
        self.entry = np.maximum(start, plan.month)
        self.score = self._score() if plan.weighted else None
        self.later = self._later()
        self.arms = self._arms()

    def _stop_at(self) -> float:
        """Return the last time at which a start of treatment ends follow-up; 0 for none."""
        question = self.question
        if question.contrast == "itt_like":
            return 0.0
        return np.inf if question.comparator == "never" else question.grace_months

    def _confounders(self) -> Design:
        cohort, month = self.cohort, self.plan.month
        asof = month if self.plan.histories_at_landmark else 0.0
        return both(cohort.n, cohort.design(), cohort.design_at(asof))

    def _score(self) -> Decisions:
        rows = np.flatnonzero(self.alive)
        X = self._confounders()
        return fit_decisions(
            person=rows,
            interval=np.zeros(rows.size, dtype=np.int64),
            started=self.treated[rows].astype(np.float64),
            observed=self._observed(rows, self.plan.month),
            pool=np.zeros(rows.size, dtype=np.int64),
            covariates=Design(X=X.X[rows], names=X.names, variables=X.variables),
            intervals=1,
            penalty=self.plan.penalty,
        )

    def _observed(self, rows: IntArray, month: float) -> FloatArray:
        if self.cohort.entry is None:
            return np.ones(rows.size)
        return (self.cohort.entry[rows] <= month + NEAR).astype(np.float64)

    def _later(self) -> Decisions | None:
        """Return the decisions after the landmark of those untreated then, if they matter."""
        cohort, month, width = self.cohort, self.plan.month, self.question.interval_months
        until = self._stop_at()
        self.stopped = np.where(
            self.others & (cohort.treatment_time <= until + NEAR), cohort.treatment_time, np.inf
        )
        self.interval = np.full(cohort.n, np.iinfo(np.int64).max // 4)
        stopped = np.flatnonzero(np.isfinite(self.stopped))
        if not stopped.size:
            return None
        self.interval[stopped] = np.floor((self.stopped[stopped] - month) / width + NEAR)
        # Treatment is decided at the start of its interval, and follow-up ends there.
        self.stopped[stopped] = month + self.interval[stopped] * width
        pools = pool_intervals(np.bincount(self.interval[stopped]))
        rows, numbers, seen, designs = [], [], [], []
        baseline = cohort.design()
        for j in np.flatnonzero(pools >= 0).tolist():
            begin = month + j * width
            here = np.flatnonzero(
                self.others
                & (self.interval >= j)
                & ((cohort.time > begin + NEAR) | (self.interval == j))
            )
            both_now = both(cohort.n, baseline, cohort.design_at(begin))
            rows.append(here)
            numbers.append(np.full(here.size, j))
            seen.append(self._observed(here, begin))
            designs.append(
                Design(X=both_now.X[here], names=both_now.names, variables=both_now.variables)
            )
        person, interval = np.concatenate(rows), np.concatenate(numbers)
        return fit_decisions(
            person=person,
            interval=interval,
            started=(self.interval[person] == interval).astype(np.float64),
            observed=np.concatenate(seen),
            pool=pools[interval],
            covariates=stacked(designs),
            intervals=pools.size,
            penalty=self.plan.penalty,
        )

    def _arms(self) -> WeightedArms:
        cohort, question = self.cohort, self.question
        comparator, number = self._comparator_rows()
        rows = np.flatnonzero(self.treated)
        treated = ArmRows.of(rows, cohort.time[rows], cohort.event[rows], start=self.entry[rows])
        factors = []
        person = np.concatenate([comparator.person, rows])
        if self.score is not None:
            low = self.score.place(person, np.zeros(person.size, dtype=np.int64))
            factors.append(
                Factor(decisions=self.score, low=low, high=low + 1, toward=self.plan.toward)
            )
        if self.later is not None:
            low = self.later.place(person, np.zeros(person.size, dtype=np.int64))
            high = low.copy()
            own = slice(None, comparator.person.size)
            high[own] = self.later.place(comparator.person, number + 1)
            factors.append(Factor(decisions=self.later, low=low, high=high))
        return WeightedArms(
            n=cohort.n,
            grid=question.grid(),
            competing=cohort.competing,
            arms=(comparator, treated),
            factors=tuple(factors),
        )

    def _comparator_rows(self) -> tuple[ArmRows, IntArray]:
        """Return the rows of those untreated at the landmark, and the last decision of each."""
        cohort, width = self.cohort, self.question.interval_months
        rows = np.flatnonzero(self.others)
        end = np.minimum(cohort.time[rows], self.stopped[rows])
        event = np.where(self.stopped[rows] <= cohort.time[rows] + NEAR, 0, cohort.event[rows])
        pieces = self.later.intervals if self.later is not None else 1
        edges = np.append(self.plan.month + np.arange(pieces) * width, np.inf)
        start = np.maximum(self.entry[rows][:, None], edges[None, :-1])
        stop = np.minimum(end[:, None], edges[None, 1:])
        who, number = np.nonzero(stop > start + NEAR)
        last = np.append(who[1:] != who[:-1], True) if who.size else np.zeros(0, dtype=np.bool_)
        arm = ArmRows.of(
            rows[who],
            stop[who, number],
            np.where(last, event[who], 0),
            start=start[who, number],
            continues=~last,
        )
        return arm, number

    def values(self, weights: FloatArray) -> Values:
        """Return curves from the landmark on, and hazard ratios, under each weighting."""
        return self.arms.values(weights)

    def influence(self) -> Values:
        """Return each person's influence, that through the estimated weights included."""
        return self.arms.influence()

    def _score_weight(self) -> FloatArray:
        """Return the weight of each person alive at the landmark, shape (alive,)."""
        rows = np.flatnonzero(self.alive)
        if self.score is None:
            return np.ones(rows.size)
        low = np.arange(rows.size)
        factor = Factor(decisions=self.score, low=low, high=low + 1, toward=self.plan.toward)
        return np.exp(factor.log_weight(self.score.fit.coefficients))

    def _balance(self) -> tuple[BalanceRow, ...]:
        rows = np.flatnonzero(self.alive)
        columns = [column.take(rows) for column in self.cohort.confounders()]
        spread: Spread = "treated" if self.plan.toward else "pooled"
        return balance_rows(
            columns,
            self.treated[rows],
            self._score_weight(),
            self.plan.month,
            spread=spread,
        )

    def detail(self) -> Detail:
        """Return what is told besides the numbers."""
        question, plan = self.question, self.plan
        steps, counts = steps_and_counts(self.arms, question)
        balance = self._balance()
        weight = self._score_weight()
        treated = self.treated[self.alive]
        totals = (float(weight[~treated].sum()), float(weight[treated].sum()))
        stands = float(treated.sum() if plan.toward else treated.size)
        checks = conservation(question, totals, stands) if plan.weighted else ()
        times = [t for t in (plan.month, *question.at_months) if t >= plan.month]
        return Detail(
            steps=steps,
            counts=counts,
            balance=balance,
            weights=weight_summaries(self.arms, question, _after(times, plan.month)),
            flow=self._flow(),
            diagnostics=(largest_smd(balance), *checks, *concentration(self.arms, question)),
            notes=self._notes(),
        )

    def _flow(self) -> tuple[FlowStep, ...]:
        cohort, question, month = self.cohort, self.question, self.plan.month
        gone = ~self.alive
        at = f"{month:g} months"
        label0, label1 = question.comparator_label, question.treated_label
        stopped = int((np.isfinite(self.stopped) & (self.stopped <= cohort.time)).sum())
        steps = [
            FlowStep(arm=None, name="persons", n=cohort.n),
            FlowStep(
                arm=None,
                name=f"an event up to {at}: left out",
                n=int((gone & (cohort.event > 0)).sum()),
            ),
            FlowStep(
                arm=None,
                name=f"follow-up ended up to {at}: left out",
                n=int((gone & (cohort.event == 0)).sum()),
            ),
            FlowStep(arm=None, name=f"alive and followed at {at}", n=int(self.alive.sum())),
            FlowStep(arm=label0, name=f"not treated by {at}", n=int(self.others.sum())),
            FlowStep(arm=label1, name=f"treated by {at}", n=int(self.treated.sum())),
            FlowStep(arm=label0, name="follow-up ended at a later treatment", n=stopped),
        ]
        if cohort.entry is not None:
            late = int((self.alive & (cohort.entry > month)).sum())
            steps.insert(4, FlowStep(arm=None, name=f"of them observed only after {at}", n=late))
        return tuple(steps)

    def _notes(self) -> tuple[str, ...]:
        plan, cohort, question = self.plan, self.cohort, self.question
        gone = int((~self.alive).sum())
        notes = [
            f"Everything is conditional on being alive and followed at {plan.month:g} months: "
            f"{gone} of {cohort.n} persons are left out, deaths soon after treatment among them, "
            "and curves are 1 until then (an incidence 0)."
        ]
        if plan.month != question.grace_months:
            notes.append(
                f"Treated means treated by the landmark of {plan.month:g} months, not by the end "
                f"of the grace period of {question.grace_months:g}."
            )
        if plan.weighted and cohort.histories:
            notes.append(
                "Histories count with their values at the landmark, which treatment before it may "
                "have changed."
                if plan.histories_at_landmark
                else "Histories count with their values at time zero; what changed between time "
                "zero and the landmark is not adjusted for."
            )
        weighted = "the rows carry the weights of the curves" if plan.weighted else "no weights"
        notes.append(f"Hazard ratio from the landmark on, Efron's ties; {weighted}.")
        if cohort.competing:
            notes.append("The hazard ratio is cause-specific.")
        if plan.penalty is not None:
            notes.append(PENALISED)
        return tuple(notes)


def _after(times: list[float], month: float) -> list[float]:
    """Return times in order, the landmark itself a little later: rows are at risk after it."""
    return sorted({np.nextafter(t, np.inf) if t == month and month > 0 else t for t in times})
