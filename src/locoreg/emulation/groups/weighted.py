"""Two arms of rows whose weights are inverse probabilities of decisions, with exact influence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.emulation.arms import ArmRows, arm_row_influence, arm_values, person_sums
from locoreg.emulation.groups.decisions import Decisions
from locoreg.emulation.inference.analysis import Values
from locoreg.emulation.products import cross_product, predictor
from locoreg.stats.cox import cox, cox_influence, many_cox
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Numbers held at once: 64 MB.
BLOCK = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """A factor of the rows' weights: one over the probability of a run of decisions.

    Attributes
    ----------
    decisions : Decisions
        The decisions and their model.
    low, high : ndarray of int, shape (r,)
        The run of decisions, from low up to but not including high, on which each row depends;
        rows of the comparator, then of the treated arm.
    toward : bool
        Whether the weight is multiplied by the probability of starting treatment at the first
        decision of the run: the arms then stand for those who start.
    """

    decisions: Decisions
    low: IntArray
    high: IntArray
    toward: bool = False

    def log_weight(self, coefficients: FloatArray) -> FloatArray:
        """Return the log of the factor, shape (r,)."""
        eta = self.decisions.X @ coefficients
        # log P(y) = -log(1 + exp(-eta)) for a start, and with +eta for none.
        log_p = -np.logaddexp(0.0, np.where(self.decisions.started > 0, -eta, eta))
        sums = np.concatenate(([0.0], np.cumsum(log_p)))
        out = sums[self.low] - sums[self.high]
        if self.toward:
            has = self.high > self.low
            out[has] -= np.logaddexp(0.0, -eta[self.low[has]])
        return out

    def gradient(self, rows: FloatArray) -> FloatArray:
        """Return the sum over rows of values times d log weight / d coefficients.

        Parameters
        ----------
        rows : ndarray of float, shape (r, k)
            Values.

        Returns
        -------
        ndarray of float, shape (p, k)
            At the fit in which everybody counts once.
        """
        d = self.decisions.started.size
        change = np.zeros((d + 1, rows.shape[1]))
        _add(change, self.low, rows)
        _add(change, self.high, -rows)
        total = np.cumsum(change, axis=0)[:d]
        p = self.decisions.fit.fitted
        slope = -(self.decisions.started - p)[:, None] * total
        if self.toward:
            has = self.high > self.low
            first = np.zeros((d, rows.shape[1]))
            _add(first, self.low[has], rows[has])
            slope += (1.0 - p)[:, None] * first
        return cross_product(self.decisions.X, slope)


def _add(out: FloatArray, place: IntArray, rows: FloatArray) -> None:
    for k in range(rows.shape[1]):
        out[:, k] += np.bincount(place, weights=rows[:, k], minlength=out.shape[0])


class WeightedArms:
    """Two arms of rows of follow-up under estimated weights.

    Parameters
    ----------
    n : int
        Persons in the cohort.
    grid : ndarray of float, shape (k,)
        Times of the curves.
    competing : bool
        Whether the incidence of event 1 is meant, and not survival.
    arms : tuple of ArmRows
        Comparator, then treated.
    factors : tuple of Factor
        Factors of the weights; none: every row weighs as its person.
    covariates : ndarray of float, shape (r, p), optional
        Columns of the rows that the hazard ratio is adjusted for.
    """

    def __init__(
        self,
        *,
        n: int,
        grid: FloatArray,
        competing: bool,
        arms: tuple[ArmRows, ArmRows],
        factors: tuple[Factor, ...] = (),
        covariates: FloatArray | None = None,
    ) -> None:
        self.n, self.grid, self.competing = n, grid, competing
        self.arms, self.factors = arms, factors
        self.split = arms[0].stop.size
        self.person = np.concatenate([arm.person for arm in arms])
        self.treated: BoolArray = np.arange(self.person.size) >= self.split
        self.covariates = covariates
        start = np.concatenate(
            [np.zeros(arm.stop.size) if arm.start is None else arm.start for arm in arms]
        )
        stop = np.concatenate([arm.stop for arm in arms])
        event = np.concatenate([arm.event for arm in arms]) == 1
        one = self.treated[:, None].astype(np.float64)
        X = one if covariates is None else np.column_stack([one, covariates])
        # The hazard ratio too ends at the horizon.
        horizon = float(grid[-1])
        self.within: IntArray = np.flatnonzero(start < horizon)
        self.cox: dict[str, Any] = {
            "time": np.minimum(stop, horizon)[self.within],
            "event": (event & (stop <= horizon))[self.within],
            "X": X[self.within],
            "entry": start[self.within],
        }

    def row_weight(self) -> FloatArray:
        """Return the rows' weights where everybody counts once, shape (r,)."""
        log_weight = np.zeros(self.person.size)
        for factor in self.factors:
            log_weight += factor.log_weight(factor.decisions.fit.coefficients)
        return np.exp(log_weight)

    def values(self, weights: FloatArray) -> Values:
        """Return curves, areas and log hazard ratios under each weighting of the persons."""
        fits = [factor.decisions.coefficients(weights) for factor in self.factors]
        step = max(1, BLOCK // self.person.size)
        parts = [
            self._values(weights[i : i + step], [fit[i : i + step] for fit in fits])
            for i in range(0, weights.shape[0], step)
        ]
        return Values(
            curve=np.concatenate([part.curve for part in parts]),
            area=np.concatenate([part.area for part in parts]),
            log_hr=np.concatenate([part.log_hr for part in parts]),
        )

    def _values(self, weights: FloatArray, fits: list[FloatArray]) -> Values:
        b, k = weights.shape[0], self.grid.size
        rows = np.ascontiguousarray(weights[:, self.person])
        for i in range(b):
            log_weight = np.zeros(self.person.size)
            for factor, fit in zip(self.factors, fits, strict=True):
                log_weight += factor.log_weight(fit[i])
            rows[i] *= np.exp(log_weight)
        # Where no model of the decisions exists there is no estimate.
        found = np.flatnonzero(np.isfinite(rows).all(axis=1))
        rows = rows[found]
        curve, area = np.full((b, 2, k), np.nan), np.full((b, 2, k), np.nan)
        log_hr = np.full(b, np.nan)
        if found.size:
            for a, part in enumerate((rows[:, : self.split], rows[:, self.split :])):
                curve[found, a], area[found, a] = arm_values(
                    self.arms[a], np.ascontiguousarray(part), self.grid, competing=self.competing
                )
            within = rows if self.within.size == rows.shape[1] else rows[:, self.within]
            log_hr[found] = many_cox(**self.cox, weights=within).coefficients[:, 0]
        return Values(curve=curve, area=area, log_hr=log_hr)

    def influence(self) -> Values:
        """Return each person's influence on every value, that through the weights included."""
        weight, k = self.row_weight(), self.grid.size
        models = [factor.decisions.person_influence(self.n) for factor in self.factors]
        curve, area = np.empty((self.n, 2, k)), np.empty((self.n, 2, k))
        step = max(1, BLOCK // (2 * self.person.size))
        for a in (0, 1):
            own = slice(None, self.split) if a == 0 else slice(self.split, None)
            for i in range(0, k, step):
                times = self.grid[i : i + step]
                found = arm_row_influence(
                    self.arms[a], weight[own], times, competing=self.competing
                )
                for out, one in zip((curve, area), found, strict=True):
                    padded = np.zeros((self.person.size, times.size))
                    padded[own] = one
                    out[:, a, i : i + step] = person_sums(self.arms[a], one, self.n)
                    out[:, a, i : i + step] += self._through(padded, models)
        return Values(curve=curve, area=area, log_hr=self._cox_influence(weight, models))

    def _through(self, rows: FloatArray, models: list[FloatArray]) -> FloatArray:
        """Return the persons' influence on a sum of rows through the weights, shape (n, k)."""
        out = np.zeros((self.n, rows.shape[1]))
        for factor, model in zip(self.factors, models, strict=True):
            out += predictor(model, factor.gradient(rows))
        return out

    def _cox_influence(self, weight: FloatArray, models: list[FloatArray]) -> FloatArray:
        own_weight = weight[self.within]
        if not self.cox["event"][own_weight > 0].any():
            return np.full(self.n, np.nan)
        fit = cox(**self.cox, weight=own_weight, level=95.0, variance="model", monotone="report")
        if fit.monotone:
            return np.full(self.n, np.nan)
        rows = np.zeros((self.person.size, 1))
        rows[self.within] = cox_influence(fit, **self.cox, kind="dfbeta", weight=own_weight)[:, :1]
        own = np.bincount(self.person, weights=rows[:, 0], minlength=self.n)
        return np.asarray(own + self._through(rows, models)[:, 0])
