"""Expected survival under a strategy, person by person, interval by interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.emulation.gformula.hazards import Terms
from locoreg.emulation.gformula.strategies import Plan
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """Coefficients of the models, one set.

    Attributes
    ----------
    outcome : ndarray of float
        Of the outcome in an interval.
    competing : ndarray of float or None
        Of competing events; None where there are none.
    initiation : ndarray of float or None
        Of treatment; None where no strategy needs it.
    """

    outcome: FloatArray
    competing: FloatArray | None
    initiation: FloatArray | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Formula:
    """What the models are made of.

    Attributes
    ----------
    hazard : Terms
        Of outcome and competing events.
    initiation : Terms or None
        Of treatment.
    open : ndarray of int
        Intervals in which somebody is treated in the data.
    intervals : int
        Number of intervals.
    """

    hazard: Terms
    initiation: Terms | None
    open: IntArray
    intervals: int

    def share(self, fitted: Fitted, rule: object, k: int, Z: FloatArray) -> FloatArray | float:
        """Return the share of persons who wait that is treated at the start of interval k."""
        if rule == "none":
            return 0.0
        if rule == "all":
            return 1.0
        if rule != "natural":
            assert isinstance(rule, float)
            return rule
        if self.initiation is None or fitted.initiation is None or k not in self.open:
            return 0.0
        found = self.initiation.predictor(fitted.initiation, k, Z, False)
        return np.asarray(special.expit(found))

    def step(
        self, fitted: Fitted, k: int, Z: FloatArray, treated: BoolArray | bool
    ) -> tuple[FloatArray, FloatArray]:
        """Return the probabilities of the outcome and of going on in interval k."""
        outcome = special.expit(self.hazard.predictor(fitted.outcome, k, Z, treated))
        if fitted.competing is None:
            return outcome, 1.0 - outcome
        other = special.expit(self.hazard.predictor(fitted.competing, k, Z, treated))
        return (1.0 - other) * outcome, (1.0 - other) * (1.0 - outcome)


def expected_incidence(formula: Formula, fitted: Fitted, plan: Plan, Z: FloatArray) -> FloatArray:
    """Return each person's expected cumulative incidence of the outcome under a strategy.

    Parameters
    ----------
    formula : Formula
        The models.
    fitted : Fitted
        Their coefficients.
    plan : Plan
        The strategy.
    Z : ndarray of float, shape (n, p)
        Confounders at time zero.

    Returns
    -------
    ndarray of float, shape (n, intervals + 1)
        At time zero and at the end of each interval. Exact given the models: no draws.
    """
    n = Z.shape[0]
    out = np.zeros((formula.intervals + 1, n))
    waiting, done = np.ones(n), np.zeros(n)
    for k in range(formula.intervals):
        share = formula.share(fitted, plan.rules[k], k, Z)
        done = done + waiting * share
        waiting = waiting * (1.0 - share)
        out[k + 1] = out[k]
        for state, treated in ((waiting, False), (done, True)):
            if not state.any():
                continue
            happens, goes_on = formula.step(fitted, k, Z, treated)
            out[k + 1] += state * happens
            state *= goes_on
    return out.T
