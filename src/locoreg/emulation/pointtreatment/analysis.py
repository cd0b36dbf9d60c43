"""Weighted curves of two groups, their hazard ratio, and every person's influence on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from locoreg.core.errors import DesignError, LocoregError
from locoreg.emulation.arms import (
    ArmRows,
    arm_counts,
    arm_row_influence,
    arm_steps,
    arm_values,
    count_times,
)
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.diagnostics import balance_rows, largest_smd
from locoreg.emulation.effect import Detail, Diagnostic
from locoreg.emulation.inference import Values
from locoreg.emulation.pointtreatment.groups import (
    Groups,
    group_diagnostics,
    group_flow,
)
from locoreg.emulation.pointtreatment.schemes import Scheme
from locoreg.emulation.pointtreatment.summaries import (
    effective_size,
    moment_balance,
    score_overlap,
    used_flow,
    weight_summary,
)
from locoreg.emulation.question import Question
from locoreg.stats.cox import cox, cox_influence, many_cox
from locoreg.stats.survivaldata import FloatArray, IntArray


class PointAnalysis:
    """Two weighted groups.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    groups : Groups
        Who is compared.
    columns : tuple of Column
        Confounders of these persons, for the table of balance.
    design : Design
        The same as columns of numbers.
    scheme : Scheme
        How they are weighed.
    notes : tuple of str
        What a reader must know.
    att : bool
        Whether differences are divided by the spread among the treated.
    """

    def __init__(
        self,
        cohort: Cohort,
        question: Question,
        groups: Groups,
        columns: tuple[Column, ...],
        design: Design,
        scheme: Scheme,
        notes: tuple[str, ...],
        att: bool,
    ) -> None:
        self.cohort = cohort
        self.question = question
        self.groups = groups
        self.columns = columns
        self.design = design
        self.scheme = scheme
        self.notes = notes
        self.att = att
        self.grid = question.grid()
        self.arms: tuple[ArmRows, ArmRows] = groups.arms()
        # What can't be fitted is told now, not after the bootstrap.
        self.weighed = scheme.weigh()

    def __getstate__(self) -> dict[str, Any]:
        # Workers of a bootstrap weigh anew: what only tables need stays here.
        return {**self.__dict__, "columns": (), "design": None, "weighed": None}

    def values(self, weights: FloatArray) -> Values:
        """Weigh and compare anew under each weighting of the persons."""
        chosen = np.ascontiguousarray(weights[:, self.groups.person])
        weight = chosen * self.scheme.many(chosen)
        usable = np.isfinite(weight).all(axis=1)
        b, k = weights.shape[0], self.grid.size
        curve, area = np.full((b, 2, k), np.nan), np.full((b, 2, k), np.nan)
        log_hr = np.full(b, np.nan)
        if usable.any():
            kept = weight[usable]
            for arm, rows in enumerate(self.arms):
                curve[usable, arm], area[usable, arm] = arm_values(
                    rows,
                    np.ascontiguousarray(kept[:, rows.person]),
                    self.grid,
                    competing=self.cohort.competing,
                )
            log_hr[usable] = self._log_hr(kept)
        return Values(curve=curve, area=area, log_hr=log_hr)

    def _log_hr(self, weight: FloatArray) -> FloatArray:
        groups = self.groups
        found = many_cox(
            groups.time,
            groups.event == 1,
            groups.treated[:, None].astype(np.float64),
            weight,
            entry=groups.entry,
        ).coefficients[:, 0]
        return np.where(np.isfinite(found), found, np.nan)

    def influence(self) -> Values | None:
        """Return each person's influence, that on the estimated weights included."""
        weighed, groups = self.weighed, self.groups
        if weighed.slopes is None or weighed.influence is None:
            return None
        k, m = self.grid.size, groups.n
        own = np.zeros((m, 4 * k + 1))
        for arm, rows in enumerate(self.arms):
            curve, area = arm_row_influence(
                rows, weighed.weight[rows.person], self.grid, competing=self.cohort.competing
            )
            own[rows.person, arm * k : (arm + 1) * k] = curve
            own[rows.person, (2 + arm) * k : (3 + arm) * k] = area
        own[:, -1] = self._hr_influence()
        own += weighed.influence @ (weighed.slopes.T @ own)
        if weighed.pair is not None:
            own = _by_pair(own, weighed.pair)
        rows_of_all = np.zeros((self.cohort.n, own.shape[1]))
        rows_of_all[groups.person] = own
        return Values.unpacked(rows_of_all, k)

    def _hr_influence(self) -> FloatArray:
        groups, weight = self.groups, self.weighed.weight
        X = groups.treated[:, None].astype(np.float64)
        event = groups.event == 1
        try:
            fit = cox(groups.time, event, X, level=95.0, entry=groups.entry, weight=weight)
        except LocoregError:
            # There is no finite hazard ratio, and `values` gives none.
            return np.full(groups.n, np.nan)
        found = cox_influence(
            fit, groups.time, event, X, kind="dfbeta", entry=groups.entry, weight=weight
        )
        return found[:, 0]

    def detail(self) -> Detail:
        """Return curves as steps, counts, weights, balance and diagnostics."""
        question, groups, weight = self.question, self.groups, self.weighed.weight
        horizon, competing = question.horizon_months, self.cohort.competing
        times = count_times(horizon)
        steps, counts = [], []
        for rows in self.arms:
            own = weight[rows.person]
            steps.append(arm_steps(rows, own, horizon, competing=competing))
            counts.append(arm_counts(rows, own, times))
        balance = balance_rows(
            self.columns,
            groups.treated,
            weight,
            groups.start,
            spread="treated" if self.att else "pooled",
        )
        labels = (question.comparator_label, question.treated_label)
        diagnostics: list[Diagnostic] = group_diagnostics(groups, self.cohort)
        diagnostics.append(largest_smd(balance))
        if self.design.names:
            diagnostics.append(
                moment_balance(self.design.X, self.design.names, groups.treated, weight)
            )
        if self.weighed.score is not None:
            diagnostics.append(score_overlap(self.weighed.score, groups.treated))
        diagnostics += [
            effective_size(weight[rows.person], label)
            for rows, label in zip(self.arms, labels, strict=True)
        ]
        return Detail(
            steps=(steps[0], steps[1]),
            counts=(counts[0], counts[1]),
            balance=balance,
            weights=tuple(
                weight_summary(rows, weight, t, label)
                for rows, label in zip(self.arms, labels, strict=True)
                for t in sorted({groups.start, horizon})
            ),
            flow=(
                *group_flow(groups, self.cohort, question),
                *used_flow(self.arms, weight, labels),
            ),
            diagnostics=tuple(diagnostics),
            notes=self.notes,
        )


def _by_pair(own: FloatArray, pair: IntArray) -> FloatArray:
    """Return influence with that of a matched set on its first person.

    The sum of squares over persons is then that over sets.
    """
    out = np.zeros_like(own)
    member = np.flatnonzero(pair >= 0)
    _, first, code = np.unique(pair[member], return_index=True, return_inverse=True)
    np.add.at(out, member[first[code]], own[member])
    return out


def refuse_without_variables(names: tuple[str, ...]) -> None:
    """Raise DesignError if there is nothing to adjust for."""
    if not names:
        raise DesignError(
            "there are no confounders to adjust for.",
            hint="name them in the protocol; ever_treated and landmark compare without adjustment.",
        )
