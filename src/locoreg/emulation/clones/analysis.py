"""The analysis: curves and hazard ratio under any weights of persons, and their influence."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.arms import arm_row_influence, arm_values, person_sums
from locoreg.emulation.clones.leverage import leave_one_out
from locoreg.emulation.clones.options import Choices
from locoreg.emulation.clones.plan import Plan, make_plan
from locoreg.emulation.clones.ratio import ArmSums, log_hazard_ratio, log_ratio_influence
from locoreg.emulation.clones.truncation import truncated
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import Detail
from locoreg.emulation.inference import Values
from locoreg.emulation.products import predictor
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray

# Numbers that one pass over rows of influence may hold: 64 MB.
CHUNK_NUMBERS = 4_000_000


class CloneAnalysis:
    """Clone-censor-weight bound to a cohort and a question; it can be pickled.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What is asked.
    choices : Choices
        How weights are estimated.
    """

    def __init__(self, cohort: Cohort, question: Question, choices: Choices) -> None:
        self.choices = choices
        self.plan: Plan = make_plan(cohort, question, choices)
        self.grid = question.grid()

    @property
    def competing(self) -> bool:
        """Whether other events compete with the outcome."""
        return self.plan.cohort.competing

    def values(self, weights: FloatArray) -> Values:
        """Repeat the whole analysis under each weighting of the persons.

        Parameters
        ----------
        weights : ndarray of float, shape (b, n)
            How much each person counts.

        Returns
        -------
        Values
            NaN for a weighting under which a model of the weights has no finite estimate.
        """
        b, k = weights.shape[0], self.grid.size
        parameters = [factor.fit(weights) for factor in self.plan.factors]
        curve, area = np.full((2, b, 2, k), np.nan)
        log_hr = np.full(b, np.nan)
        for row in range(b):
            own = [table[row] for table in parameters]
            if not all(np.isfinite(values).all() for values in own):
                continue
            arms = self.arm_weights(own, weights[row])
            for a in (0, 1):
                found = arm_values(
                    self.plan.arms[a], arms[a][None], self.grid, competing=self.competing
                )
                curve[row, a], area[row, a] = found[0][0], found[1][0]
            log_hr[row] = log_hazard_ratio(self.sums(arms, weights[row]))
        return Values(curve=curve, area=area, log_hr=log_hr)

    def arm_weights(self, parameters: list[FloatArray], person: FloatArray) -> list[FloatArray]:
        """Return the weights of the rows of both arms.

        Parameters
        ----------
        parameters : list of ndarray
            Of each factor.
        person : ndarray of float, shape (n,)
            Weights of the persons.

        Returns
        -------
        list of ndarray of float, shape (r,)
            Comparator, then treated.
        """
        prepared = [
            factor.prepare(own) for factor, own in zip(self.plan.factors, parameters, strict=True)
        ]
        out = []
        for a, rows in enumerate(self.plan.arms):
            log_weight = np.zeros(rows.stop.size)
            for factor, ready in zip(self.plan.factors, prepared, strict=True):
                factor.add_log_weight(ready, a, log_weight)
            weight = np.exp(log_weight)
            counts = person[rows.person]
            if self.choices.truncate is not None:
                weight = truncated(weight, rows.person, person, self.choices.truncate)
            out.append(weight * counts)
        return out

    def artificial_weights(self, parameters: list[FloatArray], arm: int) -> FloatArray:
        """Return weights of rows against artificial censoring alone, untruncated.

        Parameters
        ----------
        parameters : list of ndarray
            Of each factor.
        arm : int
            0 comparator, 1 treated.

        Returns
        -------
        ndarray of float, shape (r,)
            Weights.
        """
        out = np.zeros(self.plan.arms[arm].stop.size)
        for factor, own in zip(self.plan.factors, parameters, strict=True):
            if factor is not self.plan.loss:
                factor.add_log_weight(factor.prepare(own), arm, out)
        return np.exp(out)

    def sums(self, arms: list[FloatArray], person: FloatArray) -> ArmSums:
        """Return what the hazard ratio is made of.

        Parameters
        ----------
        arms : list of ndarray of float, shape (r,)
            Weights of the rows of both arms.
        person : ndarray of float, shape (n,)
            Weights of the persons.

        Returns
        -------
        ArmSums
            Of both arms.
        """
        counts = None
        if self.choices.stabilised:
            counts = [person[rows.person] for rows in self.plan.arms]
        return ArmSums(self.plan.arms, arms, counts, self.plan.times.time.size)

    def influence(self, *, left_out: bool = True) -> Values | None:
        """Return each person's influence, estimated weights included.

        Parameters
        ----------
        left_out : bool
            Whether the influence on curves is that of leaving the person out of those at risk,
            whose squares add up to a variance where few carry much of the weight; else it is the
            derivative by the person's weight, as it always is for the hazard ratio.

        Returns
        -------
        Values or None
            None where the weights are truncated or from a Cox model.
        """
        if self.choices.truncate is not None:
            return None
        psi = [factor.influence() for factor in self.plan.factors]
        if any(one is None for one in psi):
            return None
        known = [one for one in psi if one is not None]
        return _Influence(self, known).values(left_out=left_out)

    def detail(self) -> Detail:
        """Return steps, counts, weights, balance, flow and diagnostics."""
        from locoreg.emulation.clones.detail import make_detail

        return make_detail(self)

    def estimates(self) -> list[FloatArray]:
        """Return the parameters of the factors with all weights 1."""
        ones = np.ones((1, self.plan.cohort.n))
        return [factor.fit(ones)[0] for factor in self.plan.factors]


class _Influence:
    """Influence with the scores of the models of the weights: stacked estimating equations."""

    def __init__(self, analysis: CloneAnalysis, psi: list[FloatArray]) -> None:
        self.analysis, self.psi = analysis, psi
        self.plan = analysis.plan
        own = analysis.estimates()
        self.weights = analysis.arm_weights(own, np.ones(self.plan.cohort.n))
        self.prepared = [f.prepare(p) for f, p in zip(self.plan.factors, own, strict=True)]

    def values(self, *, left_out: bool) -> Values:
        n, k = self.plan.cohort.n, self.analysis.grid.size
        curve, area = np.zeros((2, n, 2, k))
        for a, rows in enumerate(self.plan.arms):
            size = max(1, CHUNK_NUMBERS // max(rows.stop.size, n))
            for low in range(0, k, size):
                part = slice(low, low + size)
                found = arm_row_influence(
                    rows,
                    self.weights[a],
                    self.analysis.grid[part],
                    competing=self.analysis.competing,
                )
                grows = None
                if left_out:
                    grows = leave_one_out(rows, self.weights[a], self.analysis.grid[part])
                curve[:, a, part] = self._persons(a, found[0], grows)
                area[:, a, part] = self._persons(a, found[1], grows)
        return Values(curve=curve, area=area, log_hr=self._log_hr())

    def _persons(
        self, arm: int, influence: FloatArray, grows: FloatArray | None = None
    ) -> FloatArray:
        """Return sums within persons, with what each does to the estimated weights."""
        rows = self.plan.arms[arm]
        own = influence if grows is None else influence * grows
        total = person_sums(rows, own, self.plan.cohort.n)
        for factor, ready, psi in zip(self.plan.factors, self.prepared, self.psi, strict=True):
            total += predictor(psi, factor.project(ready, arm, influence))
        return total

    def _log_hr(self) -> FloatArray:
        plan = self.plan
        ones = np.ones(plan.cohort.n)
        sums = self.analysis.sums(self.weights, ones)
        beta = log_hazard_ratio(sums)
        total = np.zeros((plan.cohort.n, 1))
        if not np.isfinite(beta):
            return np.full(plan.cohort.n, np.nan)
        counts = [ones[rows.person] for rows in plan.arms]
        found = log_ratio_influence(plan.arms, self.weights, counts, sums, beta)
        for a, (weighted, raw) in enumerate(found):
            total += self._persons(a, weighted[:, None])
            if sums.stabilised:
                total += person_sums(plan.arms[a], raw[:, None], plan.cohort.n)
        return np.asarray(total[:, 0])
