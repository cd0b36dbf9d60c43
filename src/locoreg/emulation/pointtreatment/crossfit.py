"""Doubly robust curves of two groups, cross-fitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.emulation.arms import arm_counts, count_times
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.diagnostics import balance_rows, largest_smd
from locoreg.emulation.effect import Detail, Diagnostic
from locoreg.emulation.inference import Values
from locoreg.emulation.pointtreatment.doublyrobust import doubly_robust_values
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.emulation.pointtreatment.groups import Groups, group_diagnostics, group_flow
from locoreg.emulation.pointtreatment.nuisances import Clock, Hazard, fit_hazard
from locoreg.emulation.pointtreatment.score import ScoreModel
from locoreg.emulation.pointtreatment.summaries import (
    effective_size,
    moment_balance,
    score_overlap,
    smallest_uncensored,
    weight_summary,
)
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossFitOptions:
    """How nuisances are fitted and used.

    Attributes
    ----------
    folds, seed : int
        Folds and their seed.
    monotone : bool
        Whether curves are made monotone and kept between 0 and 1.
    smallest_score : float or None
        Probabilities of an arm are taken to be at least this.
    smallest_uncensored : float
        Probabilities of being uncensored are taken to be at least this.
    penalty : {"firth"} or None
        Penalty of the propensity model.
    """

    folds: int
    seed: int
    monotone: bool
    smallest_score: float | None
    smallest_uncensored: float
    penalty: Penalty | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nuisances:
    """What one fold's persons are predicted with, under b weightings.

    Attributes
    ----------
    score : ndarray of float, shape (b, n)
        Propensity scores of all persons.
    outcome, competing, censoring : tuple of Hazard
        In the comparator and the treated arm.
    """

    score: FloatArray
    outcome: tuple[Hazard, Hazard]
    competing: tuple[Hazard, Hazard]
    censoring: tuple[Hazard, Hazard]

    def usable(self) -> BoolArray:
        """Return which weightings have all fits, shape (b,)."""
        hazards = (*self.outcome, *self.competing, *self.censoring)
        good = [np.isfinite(self.score).all(axis=1), *(hazard.usable() for hazard in hazards)]
        return np.asarray(np.all(good, axis=0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Values of the persons of one fold, in one arm, under one weighting.

    Attributes
    ----------
    row, arm : int
        Weighting; comparator (0) or treated (1).
    persons : ndarray of int, shape (q,)
        The fold.
    value, area : ndarray of float, shape (q, k)
        Incidence and its area.
    uncensored : ndarray of float, shape (q,)
        Smallest probability of being uncensored.
    score : ndarray of float, shape (q,)
        Propensity scores.
    """

    row: int
    arm: int
    persons: IntArray
    value: FloatArray
    area: FloatArray
    uncensored: FloatArray
    score: FloatArray


class CrossFit:
    """Doubly robust curves of two groups.

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
    options : CrossFitOptions
        How.
    notes : tuple of str
        What a reader must know.
    """

    def __init__(
        self,
        cohort: Cohort,
        question: Question,
        groups: Groups,
        columns: tuple[Column, ...],
        design: Design,
        options: CrossFitOptions,
        notes: tuple[str, ...],
    ) -> None:
        if groups.entry is not None:
            raise DesignError(
                "persons enter late, which this method does not handle: its mean is over persons "
                "as of the start, and those who died before they were observed are missing.",
                hint="take propensity or clone_censor_weight, which compare those at risk, or a "
                "landmark after the last entry.",
            )
        self.cohort, self.question, self.groups = cohort, question, groups
        self.columns, self.options, self.notes = columns, options, notes
        self.grid = question.grid()
        self.clock = Clock.of(groups, question.horizon_months)
        self.model = ScoreModel.of(design, groups.treated, options.penalty)
        self.X = design.X - design.X.mean(axis=0) if design.X.size else design.X
        self.fold = make_folds(
            [cohort.person_id[i] for i in groups.person],
            2 * groups.treated.astype(np.int64) + (self.clock.event == 1),
            options.folds,
            seed=options.seed,
            cluster=None if cohort.cluster is None else cohort.cluster[groups.person],
        )
        # What can't be fitted is told now, not after the bootstrap.
        self.start = self.model.fit().coefficients
        self.whole = self._whole()

    def __getstate__(self) -> dict[str, Any]:
        # Workers of a bootstrap need the persons' own values no more.
        return {**self.__dict__, "whole": ()}

    def values(self, weights: FloatArray) -> Values:
        """Fit all models anew under each weighting of the persons, with the same folds."""
        persons = np.ascontiguousarray(weights[:, self.groups.person])
        b, k = persons.shape[0], self.grid.size
        curve, area = np.zeros((b, 2, k)), np.zeros((b, 2, k))
        seen = np.zeros((b, 2), dtype=np.int64)
        for part in self._parts(persons):
            w = persons[part.row, part.persons]
            curve[part.row, part.arm] += w @ part.value
            area[part.row, part.arm] += w @ part.area
            seen[part.row, part.arm] += part.persons.size
        total = persons.sum(axis=1)[:, None, None]
        failed = seen.min(axis=1) < self.groups.n
        curve, area = self._read(curve / total, area / total)
        curve[failed], area[failed] = np.nan, np.nan
        return Values(curve=curve, area=area, log_hr=np.full(b, np.nan))

    def _read(self, incidence: FloatArray, lost: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return curves and areas as asked for; NaN after the last follow-up of an arm."""
        if self.options.monotone:
            for one in incidence.reshape(-1, self.grid.size):
                one[:] = np.clip(optimize.isotonic_regression(one).x, 0.0, 1.0)
        curve, area = incidence, lost
        if not self.cohort.competing:
            curve, area = 1.0 - incidence, self.grid - lost
        for arm, members in enumerate((~self.groups.treated, self.groups.treated)):
            unknown = self.grid > self.groups.time[members].max()
            curve[:, arm, unknown], area[:, arm, unknown] = np.nan, np.nan
        return curve, area

    def influence(self) -> Values | None:
        """Return each person's influence; None for curves that were made monotone.

        The influence of the fitted models vanishes to first order where all of them are right,
        and is left out.
        """
        if self.options.monotone:
            return None
        n, k = self.groups.n, self.grid.size
        own = np.zeros((n, 2, k)), np.zeros((n, 2, k))
        for part in self.whole:
            own[0][part.persons, part.arm] = part.value
            own[1][part.persons, part.arm] = part.area
        sign = 1.0 if self.cohort.competing else -1.0
        out = []
        for each in own:
            rows = np.zeros((self.cohort.n, 2, k))
            rows[self.groups.person] = sign * (each - each.mean(axis=0)) / n
            out.append(rows)
        return Values(curve=out[0], area=out[1], log_hr=np.full(self.cohort.n, np.nan))

    def _whole(self) -> tuple[Part, ...]:
        """Return the parts with everybody counted once; ConvergenceError if one has no fit."""
        return tuple(self._parts(np.ones((1, self.groups.n)), strict=True))

    def _parts(self, weights: FloatArray, *, strict: bool = False) -> Iterator[Part]:
        floor = self.options.smallest_score or 0.0
        groups, clock = self.groups, self.clock
        for number in np.unique(self.fold):
            persons = np.flatnonzero(self.fold == number)
            found = self._fit(weights * self._training(int(number)))
            usable = found.usable()
            if strict and not usable.all():
                self._refuse(int(number), found)
            score = np.clip(found.score, floor, 1.0 - floor)
            for row in np.flatnonzero(usable).tolist():
                for arm in (0, 1):
                    e = score[row, persons]
                    value, area, uncensored = doubly_robust_values(
                        clock.event_time,
                        _steps(found.outcome[arm], row),
                        _steps(found.competing[arm], row),
                        found.censoring[arm].cumulative[row],
                        self._risk(found.outcome[arm], row, persons),
                        self._risk(found.competing[arm], row, persons),
                        self._risk(found.censoring[arm], row, persons),
                        1.0 / (e if arm else 1.0 - e),
                        groups.treated[persons] == bool(arm),
                        clock.last[persons],
                        clock.event[persons],
                        self.grid,
                        self.options.smallest_uncensored,
                    )
                    yield Part(
                        row=row,
                        arm=arm,
                        persons=persons,
                        value=value,
                        area=area,
                        uncensored=uncensored,
                        score=e,
                    )

    def _training(self, number: int) -> FloatArray:
        """Return 1 for persons on whom the models for a fold are fitted."""
        if self.options.folds == 1:
            return np.ones(self.groups.n)
        return np.asarray(self.fold != number, dtype=np.float64)

    def _risk(self, hazard: Hazard, row: int, persons: IntArray) -> FloatArray:
        return np.asarray(np.exp(self.X[persons] @ hazard.coefficients[row]))

    def _fit(self, weights: FloatArray) -> Nuisances:
        clock, at = self.clock, self.clock.event_time
        hazards: list[list[Hazard]] = [[], [], []]
        for members in (~self.groups.treated, self.groups.treated):
            time = np.minimum(self.groups.time[members], self.question.horizon_months)
            X, w = self.X[members], np.ascontiguousarray(weights[:, members])
            event = clock.event[members]
            hazards[0].append(fit_hazard(time, event == 1, X, w, at))
            hazards[1].append(fit_hazard(time, event == 2, X, w, at))
            rank, censored = clock.rank[members], clock.censored[members]
            hazards[2].append(fit_hazard(rank, censored, X, w, clock.before))
        return Nuisances(
            score=self.model.scores(weights, self.start),
            outcome=(hazards[0][0], hazards[0][1]),
            competing=(hazards[1][0], hazards[1][1]),
            censoring=(hazards[2][0], hazards[2][1]),
        )

    def _refuse(self, number: int, found: Nuisances) -> None:
        labels = (self.question.comparator_label, self.question.treated_label)
        where = f"without fold {number + 1} of {self.options.folds}"
        for what, pair in (
            ("outcome", found.outcome),
            ("competing events", found.competing),
            ("censoring", found.censoring),
        ):
            for hazard, label in zip(pair, labels, strict=True):
                if not hazard.usable().all():
                    raise ConvergenceError(
                        f"the Cox model of {what} among {label!r} has no finite fit ({where}): "
                        "a confounder separates those with the event from the others.",
                        hint="merge rare categories, take fewer confounders or fewer folds.",
                    )
        raise ConvergenceError(
            f"the propensity model has no finite fit ({where}).",
            hint="merge rare categories, take fewer folds, or penalty firth.",
        )

    def detail(self) -> Detail:
        """Return counts, weights, balance and diagnostics."""
        question, groups = self.question, self.groups
        n = groups.n
        score, uncensored = np.empty(n), np.ones(n)
        for part in self.whole:
            score[part.persons] = part.score
            uncensored[part.persons] = np.minimum(uncensored[part.persons], part.uncensored)
        weight = np.where(groups.treated, 1.0 / score, 1.0 / (1.0 - score))
        arms = groups.arms()
        labels = (question.comparator_label, question.treated_label)
        balance = balance_rows(self.columns, groups.treated, weight, groups.start)
        diagnostics: list[Diagnostic] = group_diagnostics(groups, self.cohort)
        diagnostics += [largest_smd(balance), score_overlap(score, groups.treated)]
        if self.X.shape[1]:
            diagnostics.append(moment_balance(self.X, self.model.names[1:], groups.treated, weight))
        diagnostics += [
            effective_size(weight[rows.person], label)
            for rows, label in zip(arms, labels, strict=True)
        ]
        diagnostics.append(smallest_uncensored(uncensored, self.options.smallest_uncensored))
        times = count_times(question.horizon_months)
        one = np.ones(n)
        nothing = (np.zeros(0), np.zeros(0))
        return Detail(
            steps=(nothing, nothing),
            counts=(
                arm_counts(arms[0], one[arms[0].person], times),
                arm_counts(arms[1], one[arms[1].person], times),
            ),
            balance=balance,
            weights=tuple(
                weight_summary(rows, weight, groups.start, label)
                for rows, label in zip(arms, labels, strict=True)
            ),
            flow=tuple(group_flow(groups, self.cohort, question)),
            diagnostics=tuple(diagnostics),
            notes=self.notes,
        )


def _steps(hazard: Hazard, row: int) -> FloatArray:
    """Return the steps of a baseline cumulative hazard, none of them below 0."""
    return np.asarray(np.maximum(np.diff(hazard.cumulative[row], prepend=0.0), 0.0))
