"""A Cox model with treatment as a covariate that changes, and the curves that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.columns import History
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import code_histories
from locoreg.emulation.effect import Detail
from locoreg.emulation.groups.cohorts import both, need_both
from locoreg.emulation.inference import Values
from locoreg.emulation.question import Question
from locoreg.emulation.timedependent.detail import change_detail
from locoreg.emulation.timedependent.influence import Fitted, standard_influence
from locoreg.emulation.timedependent.rows import (
    LateTreatment,
    change_rows,
    follow_up,
    values_at,
)
from locoreg.emulation.timedependent.standard import Paths, ReadingTimes, RiskRows
from locoreg.emulation.timedependent.timing import Timing
from locoreg.stats.cox import CoxModel, cox, cox_influence, many_cox
from locoreg.stats.cox.model import CoxVariance
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import FloatArray

# Numbers held at once: 32 MB.
BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """How an analysis with a treatment that changes is done.

    Attributes
    ----------
    baseline, histories : bool
        Whether the model holds the baseline confounders, and the histories' values over time.
    late : {"treated", "untreated", "censored"}
        What treatment after the grace period does.
    early : float or None
        Months after treatment with a hazard ratio of their own.
    penalty : {"firth"} or None
        Of the model of when persons are treated.
    """

    baseline: bool
    histories: bool
    late: LateTreatment
    early: float | None
    penalty: Penalty | None


class ChangingTreatment:
    """Untreated until treatment, treated after it.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    plan : ChangePlan
        How it is done.
    """

    def __init__(self, cohort: Cohort, question: Question, plan: ChangePlan) -> None:
        if cohort.competing:
            # The curves need a model of every cause; the hazard ratio alone is no effect.
            raise DesignError(
                "time_dependent_cox gives no curves where events compete.",
                hint="use clone_censor_weight, sequential_trials or landmark.",
            )
        self.cohort, self.question, self.plan = cohort, question, plan
        self.used = self._histories()
        self.follow_up = follow_up(cohort, plan.late, question.grace_months)
        self.rows = change_rows(self.follow_up, plan.early, self.used, question.horizon_months)
        treated = np.bincount(self.rows.person[self.rows.treated], minlength=cohort.n) > 0
        need_both(int(treated.sum()), int((~self.rows.treated).sum()), "while they are followed")
        self.effects = 1 if plan.early is None else 2
        self.X, self.Z, self.names = self._columns()
        self._leave_out_dependent()
        self.risk = RiskRows.of(self.rows.start, self.rows.stop)
        self.paths = Paths(early=plan.early)
        self.timing = Timing.of(cohort, question, plan.penalty)
        events = np.unique(self.rows.stop[self.rows.event == 1])
        self.reading = ReadingTimes.of(question.grid(), events)

    def _histories(self) -> tuple[History, ...]:
        if not self.plan.histories:
            return ()
        names = self.cohort.coding.history_names
        return tuple(h for h in self.cohort.histories if h.name in names)

    def _columns(self) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
        """Return covariates of the rows, those of persons at time zero, and their names.

        Columns are centred, so that the baseline hazard is that of a person in the middle.
        """
        cohort, rows = self.cohort, self.rows
        treated = rows.treated & ~rows.early
        effects = [treated] if self.plan.early is None else [treated, rows.early]
        names = ("treated",) if self.plan.early is None else ("treated, later", "treated, early")
        baseline = [cohort.design()] if self.plan.baseline else []
        now = tuple(
            History(
                name=h.name,
                kind=h.kind,
                person=np.flatnonzero(known := ~np.isnan(value)),
                time=np.zeros(int(known.sum())),
                values=value[known],
                levels=h.levels,
                n=rows.person.size,
            )
            for h in self.used
            for value in (values_at(h, rows.person, rows.start),)
        )
        coding = cohort.coding
        first = code_histories(self.used, coding, 0.0)
        persons = both(cohort.n, *baseline, first)
        fixed = both(cohort.n, *baseline).X[rows.person]
        changing = code_histories(now, coding, 0.0).X
        X = np.column_stack([fixed, changing]) if self.used else fixed
        varies = np.asarray(np.ptp(X, axis=0) > 0)
        centre = X[:, varies].mean(axis=0)
        return (
            np.column_stack([np.column_stack(effects).astype(np.float64), X[:, varies] - centre]),
            persons.X[:, varies] - centre,
            names + tuple(n for n, kept in zip(persons.names, varies, strict=True) if kept),
        )

    def _leave_out_dependent(self) -> None:
        """Leave out covariates that within risk sets are combinations of earlier ones.

        Such is a first measurement that everybody has at the same time.
        """
        kept = ~np.isnan(self._fits(np.ones((1, self.cohort.n)))[0])
        if not kept[: self.effects].all():
            raise DesignError(
                "the hazards of treated and untreated persons can't be compared: at no time of an "
                "event are both under observation, or there is no event.",
                hint="check the treatment times and the outcome.",
            )
        self.X, self.Z = self.X[:, kept], self.Z[:, kept[self.effects :]]
        self.names = tuple(name for name, own in zip(self.names, kept, strict=True) if own)

    def _fits(self, weights: FloatArray) -> FloatArray:
        rows = self.rows
        step = max(1, BLOCK // rows.person.size)
        found = [
            many_cox(
                rows.stop,
                rows.event == 1,
                self.X,
                np.ascontiguousarray(weights[i : i + step][:, rows.person]),
                entry=rows.start,
            ).coefficients
            for i in range(0, weights.shape[0], step)
        ]
        return np.concatenate(found)

    def values(self, weights: FloatArray) -> Values:
        """Return standardised curves and log hazard ratios under each weighting."""
        fits = self._fits(weights)
        decisions = self.timing.decisions
        timings = None if decisions is None else decisions.coefficients(weights)
        b, f = weights.shape[0], self.reading.time.size
        curve = np.full((b, 2, f), np.nan)
        for i in range(b):
            timing = None if timings is None else timings[i]
            if np.isfinite(fits[i]).all() and (timing is None or np.isfinite(timing).all()):
                curve[i] = self._curves(fits[i], timing, weights[i])
        return Values(
            curve=curve[:, :, self.reading.grid],
            area=curve @ self.reading.area,
            log_hr=fits[:, 0],
        )

    def _hazard(self, beta: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the baseline's hazard at each time (Breslow's), and the sum it is over."""
        rows = self.rows
        w = weight[rows.person]
        total = self.risk.at_risk(w * np.exp(self.X @ beta))
        events = self.risk.at_end(w * (rows.event == 1))
        safe = np.where(events > 0, total, 1.0)
        return np.where(events > 0, events / safe, 0.0), safe

    def _cumulative(self, hazard: FloatArray, beta: FloatArray, start: float) -> FloatArray:
        """Return a path's cumulative hazard at the reading times, shape (f,)."""
        time = self.risk.time
        steps = hazard * self.paths.factors(beta[: self.effects], start, time)
        sums = np.concatenate(([0.0], np.cumsum(steps)))
        out = sums[np.searchsorted(time, self.reading.time, side="right")]
        # Nothing is known after the last time of follow-up.
        return np.where(self.reading.time <= time[-1], out, np.nan)

    def _curves(
        self, beta: FloatArray, timing: FloatArray | None, weight: FloatArray
    ) -> FloatArray:
        hazard, _ = self._hazard(beta, weight)
        risk = np.exp(self.Z @ beta[self.effects :])
        share = weight / weight.sum()
        never = self._cumulative(hazard, beta, np.inf)
        shares = self.timing.shares(timing) * share
        out = np.zeros((2, self.reading.time.size))
        ends = [self._cumulative(hazard, beta, float(a)) for a in self.timing.starts]
        step = max(1, BLOCK // self.reading.time.size)
        for i in range(0, risk.size, step):
            part = slice(i, i + step)
            out[0] += share[part] @ np.exp(-risk[part, None] * never)
            for k, total in enumerate(ends):
                out[1] += shares[k, part] @ np.exp(-risk[part, None] * total)
        return out

    def influence(self) -> Values:
        """Return each person's influence: through coefficients, hazard, timing and averaging."""
        return standard_influence(self._fitted())

    def fit(self, *, variance: CoxVariance) -> CoxModel:
        """Return the Cox model in which everybody counts once."""
        rows = self.rows
        return cox(
            rows.stop,
            rows.event == 1,
            self.X,
            entry=rows.start,
            cluster=rows.person,
            level=self.question.level,
            variance=variance,
            names=self.names,
        )

    def _fitted(self) -> Fitted:
        rows, decisions, n = self.rows, self.timing.decisions, self.cohort.n
        model = self.fit(variance="model")
        by_row = cox_influence(
            model, rows.stop, rows.event == 1, self.X, kind="dfbeta", entry=rows.start
        )
        dfbeta = [np.bincount(rows.person, weights=one, minlength=n) for one in by_row.T]
        hazard, at_risk = self._hazard(model.coefficients, np.ones(n))
        return Fitted(
            beta=model.coefficients,
            effects=self.effects,
            X=self.X,
            Z=self.Z,
            person=rows.person,
            event=rows.event == 1,
            dfbeta=np.column_stack(dfbeta),
            risk=self.risk,
            hazard=hazard,
            at_risk=at_risk,
            paths=self.paths,
            timing=self.timing,
            timing_fit=None if decisions is None else decisions.fit.coefficients,
            timing_influence=None if decisions is None else decisions.person_influence(n),
            reading=self.reading,
        )

    def detail(self) -> Detail:
        """Return what is told besides the numbers."""
        return change_detail(self)
