"""Meta-regressions checked and laid out: the residual heterogeneity and its likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.likelihood import IntArray, Score, highest, score_from_sums
from locoreg.stats.metaregression.contrasts import (
    Contrasts,
    WeightedFit,
    cube,
    fit_contrasts,
    lay_around_pivots,
    trace,
    trace_of_pair,
)
from locoreg.stats.studies import FloatArray


@dataclass(frozen=True, slots=True)
class Problem:
    """n meta-regressions of k studies on p columns.

    Attributes
    ----------
    y, v : ndarray of float, shape (n, k)
        Effects and sampling variances.
    x : ndarray of float, shape (n, k, p)
        Designs in internal units: of full rank, centred if there is an intercept, and scaled.
    intercept : bool
        Whether a column of ones is among them.
    heavy : Contrasts
        Laid out around the most precise studies.
    v_pivot, v_rest : ndarray of float, shape (n, p) and (n, k - p)
        Variances in that layout.
    """

    y: FloatArray
    v: FloatArray
    x: FloatArray
    intercept: bool
    heavy: Contrasts
    v_pivot: FloatArray
    v_rest: FloatArray

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.y.shape[1])

    @property
    def df(self) -> int:
        """Studies less columns."""
        return int(self.y.shape[1] - self.x.shape[2])

    def layout(self, weight: FloatArray) -> Contrasts:
        """Lay the regressions out around the rows of most weight."""
        return lay_around_pivots(self.y, self.x, weight, intercept=self.intercept)

    def fit(self, tau2: FloatArray) -> WeightedFit:
        """Fit with weights 1/(v + tau2)."""
        return fit_contrasts(
            self.heavy, 1.0 / (self.v_pivot + tau2[:, None]), 1.0 / (self.v_rest + tau2[:, None])
        )

    def fit_some(self, rows: IntArray, tau2: FloatArray) -> tuple[Contrasts, WeightedFit]:
        """Fit the numbered regressions only."""
        part = self.heavy.take(rows)
        x = tau2[:, None]
        w_pivot, w_rest = 1.0 / (self.v_pivot[rows] + x), 1.0 / (self.v_rest[rows] + x)
        return part, fit_contrasts(part, w_pivot, w_rest)


def pose(y: FloatArray, v: FloatArray, x: FloatArray, *, intercept: bool) -> Problem:
    """Lay regressions out around their most precise studies.

    Parameters
    ----------
    y, v : ndarray of float, shape (n, k)
        Effects and sampling variances.
    x : ndarray of float, shape (n, k, p)
        Designs of full rank, centred and scaled.
    intercept : bool
        Whether a column of ones is among the columns.

    Returns
    -------
    Problem
        What the estimators work on.
    """
    heavy = lay_around_pivots(y, x, 1.0 / v, intercept=intercept)
    v_pivot, v_rest = heavy.split(v)
    return Problem(y=y, v=v, x=x, intercept=intercept, heavy=heavy, v_pivot=v_pivot, v_rest=v_rest)


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """The likelihoods of tau2 of all the problem's regressions: `Scores` of the search."""

    problem: Problem
    restricted: bool

    def at(self, rows: IntArray, x: FloatArray) -> Score:
        """Return the scores of the numbered likelihoods, each at its x."""
        c, fit = self.problem.fit_some(rows, x)
        if self.restricted:
            ones = (np.ones_like(fit.w_pivot), np.ones_like(fit.w_rest))
            p, p2 = trace(fit), trace_of_pair(c, fit, ones, ones)
        else:
            p = fit.w_pivot.sum(axis=1) + fit.w_rest.sum(axis=1)
            p2 = (fit.w_pivot**2).sum(axis=1) + (fit.w_rest**2).sum(axis=1)
        v = self.problem.v[rows]
        return score_from_sums(x, (fit.fall, cube(c, fit), p, p2), v.min(axis=1), v.max(axis=1))

    def height(self, rows: IntArray, x: FloatArray) -> FloatArray:
        """Return the log-likelihoods, constants included, REML's with the determinant of X'X."""
        c, fit = self.problem.fit_some(rows, x)
        logs = np.log(self.problem.v[rows] + x[:, None]).sum(axis=1)
        count = self.problem.k
        if self.restricted:
            count = self.problem.df
            plain = fit_contrasts(c, np.ones_like(fit.w_pivot), np.ones_like(fit.w_rest))
            logs = logs + fit.logdet - plain.logdet
        return np.asarray(-0.5 * (count * np.log(2.0 * np.pi) + logs + fit.q))

    def highest(self) -> FloatArray:
        """Return the tau2 of the highest point of each likelihood."""
        light = self.problem.layout(np.ones_like(self.problem.y))
        plain = fit_contrasts(light, np.ones_like(light.y_pivot), np.ones_like(light.z))
        return highest(self, plain.q, self.problem.v.min(axis=1))
