"""The g-formula bound to a cohort: refitted under any weights, with influence or without."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import Detail
from locoreg.emulation.gformula.curves import grid_matrices
from locoreg.emulation.gformula.describe import describe
from locoreg.emulation.gformula.hazards import (
    PooledLogistic,
    Terms,
    event_model,
    initiation_model,
)
from locoreg.emulation.gformula.histories import (
    Course,
    CourseModel,
    course,
    course_model,
    simulated_incidence,
)
from locoreg.emulation.gformula.options import GFormulaOptions
from locoreg.emulation.gformula.recursion import Fitted, Formula, expected_incidence
from locoreg.emulation.gformula.strategies import plans
from locoreg.emulation.gformula.table import cut_into_intervals
from locoreg.emulation.gformula.timeterms import time_terms
from locoreg.emulation.inference import Values
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray, IntArray

# Step of a derivative by a coefficient, in its standard errors.
STEP = 1e-3


class Models(NamedTuple):
    """The models, in the order of their coefficients."""

    outcome: PooledLogistic
    competing: PooledLogistic | None
    initiation: PooledLogistic | None


class GFormula:
    """The g-formula on a cohort.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    options : GFormulaOptions
        How hazards are modelled.
    """

    def __init__(self, cohort: Cohort, question: Question, options: GFormulaOptions) -> None:
        self.cohort, self.question, self.options = cohort, question, options
        self.table = cut_into_intervals(cohort, question)
        self.plans = plans(question, self.table)
        table = self.table
        design = cohort.design() if cohort.coding.names else None
        self.X = np.zeros((cohort.n, 0)) if design is None else design.X
        names = () if design is None else design.names
        variables = () if design is None else design.variables
        self.courses: tuple[Course, ...] = tuple(
            course(history, table)
            for history in cohort.histories
            if history.name in cohort.coding.history_names
        )
        labels = tuple(label for c in self.courses for label in c.labels())
        owners = tuple(c.name for c in self.courses for _ in c.labels())
        events = table.interval[table.event == 1]
        time = time_terms(options.time_terms, table.intervals, df=options.time_df, events=events)
        terms = Terms(
            time=time,
            intercept=True,
            treatment=True,
            by_time=options.treatment_by_time,
            by=_interacting((*variables, *owners), options.treatment_by),
            names=(*names, *labels),
        )
        Z = self._rows()
        penalty = options.penalty
        wanted = self.plans[1].natural_intervals
        initiation, held = initiation_model(table, Z, terms.names, wanted, penalty)
        self.models = Models(
            outcome=event_model(table, Z, terms, 1, penalty),
            competing=event_model(table, Z, terms, 2, penalty) if cohort.competing else None,
            initiation=initiation,
        )
        self.formula = Formula(
            hazard=terms,
            initiation=None if initiation is None else initiation.terms,
            open=held,
            intervals=table.intervals,
        )
        self.course_models: tuple[CourseModel, ...] = tuple(
            course_model(table, self.courses, place, self.X, names, time, penalty)
            for place in range(len(self.courses))
        )
        self.to_curve, self.to_area = grid_matrices(table.intervals, table.width, question.grid())
        # What can't be fitted is told now, not after the bootstrap.
        self.fits = tuple(model.fit() for model in self.models if model is not None)

    def _rows(self) -> FloatArray:
        """Return confounders of the rows of the table."""
        table = self.table
        parts = [self.X[table.person]]
        parts += [c.code(c.values[table.person, table.interval]) for c in self.courses]
        return np.hstack(parts)

    def values(self, weights: FloatArray) -> Values:
        """Fit all models anew under each weighting and follow the strategies."""
        b, k = weights.shape[0], self.to_curve.shape[1]
        starts = iter(self.fits)
        found = [
            None if model is None else model.many(weights, next(starts).coefficients)
            for model in self.models
        ]
        courses = [model.many(weights) for model in self.course_models]
        curve, area = np.full((b, 2, k), np.nan), np.full((b, 2, k), np.nan)
        for i, persons in enumerate(weights):
            parts = [None if rows is None else rows[i] for rows in found]
            if not all(part is None or np.isfinite(part).all() for part in parts):
                continue
            assert parts[0] is not None
            fitted = Fitted(outcome=parts[0], competing=parts[1], initiation=parts[2])
            for arm in (0, 1):
                each = self._incidence(fitted, arm, [rows[i] for rows in courses])
                mean = persons @ each / persons.sum()
                curve[i, arm], area[i, arm] = self._read(mean)
        return Values(curve=curve, area=area, log_hr=np.full(b, np.nan))

    def _incidence(
        self, fitted: Fitted, arm: int, parameters: list[list[FloatArray | float]]
    ) -> FloatArray:
        plan = self.plans[arm]
        if not self.courses:
            return expected_incidence(self.formula, fitted, plan, self.X)
        return simulated_incidence(
            self.formula,
            fitted,
            plan,
            self.X,
            self.courses,
            self.course_models,
            parameters,
            copies=self.options.copies,
            seed=self.options.seed,
        )

    def _read(self, incidence: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the curve and the area under it on the grid, of one incidence or of several."""
        value = incidence if self.cohort.competing else 1.0 - incidence
        return value @ self.to_curve, value @ self.to_area

    def influence(self) -> Values | None:
        """Return each person's influence by the delta method; None where courses are drawn."""
        if self.courses:
            return None
        n, k = self.cohort.n, self.to_curve.shape[1]
        present = [model for model in self.models if model is not None]
        theta = np.concatenate([fit.coefficients for fit in self.fits])
        se = np.concatenate([fit.se for fit in self.fits])
        moves = np.hstack(
            [model.influence(fit, n) for model, fit in zip(present, self.fits, strict=True)]
        )
        own = self._packed(theta)
        out = (own - own.mean(axis=0)) / n
        slopes = np.empty((theta.size, own.shape[1]))
        for j in range(theta.size):
            step = np.zeros(theta.size)
            step[j] = STEP * se[j]
            change = self._mean(theta + step) - self._mean(theta - step)
            slopes[j] = change / (2.0 * step[j])
        out += moves @ slopes
        rows = np.column_stack([out, np.full(n, np.nan)])
        return Values.unpacked(rows, k)

    def _packed(self, theta: FloatArray) -> FloatArray:
        """Return each person's curves and areas, shape (n, 4 k)."""
        fitted = self._fitted(theta)
        read = [self._read(self._incidence(fitted, arm, [])) for arm in (0, 1)]
        return np.hstack([*(curve for curve, _ in read), *(area for _, area in read)])

    def _mean(self, theta: FloatArray) -> FloatArray:
        """Return the mean of curves and areas over persons, shape (4 k,)."""
        fitted = self._fitted(theta)
        read = [self._read(self._incidence(fitted, arm, []).mean(axis=0)) for arm in (0, 1)]
        return np.concatenate([*(curve for curve, _ in read), *(area for _, area in read)])

    def _fitted(self, theta: FloatArray) -> Fitted:
        parts: list[FloatArray | None] = []
        at = 0
        for model in self.models:
            if model is None:
                parts.append(None)
                continue
            size = len(model.terms.labels())
            parts.append(theta[at : at + size])
            at += size
        assert parts[0] is not None
        return Fitted(outcome=parts[0], competing=parts[1], initiation=parts[2])

    def detail(self) -> Detail:
        """Return counts, flow, diagnostics and notes."""
        return describe(
            self.cohort,
            self.question,
            self.table,
            self.plans[1],
            self.courses,
            self.models.outcome.y,
            len(self.models.outcome.terms.labels()),
        )


def _interacting(variables: tuple[str, ...], wanted: tuple[str, ...]) -> IntArray:
    unknown = [name for name in wanted if name not in variables]
    if unknown:
        raise DataError(
            f"treatment_by names {unknown[0]!r}, which is no confounder.",
            hint="confounders are " + ", ".join(dict.fromkeys(variables)) + ".",
        )
    return np.array([j for j, name in enumerate(variables) if name in wanted], dtype=np.int64)
