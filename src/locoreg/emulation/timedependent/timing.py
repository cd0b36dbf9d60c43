"""When the treated strategy starts treatment, given the baseline confounders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.calendar import Calendar, initiation
from locoreg.emulation.groups.decisions import Decisions
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timing:
    """Times at which the treated strategy may start treatment.

    Attributes
    ----------
    starts : ndarray of float, shape (k,)
        The times. Where there is a model, everybody untreated at the last one is treated then.
    decisions : Decisions or None
        Model of starting treatment by baseline confounders, for all times but the last; None where
        the times are equally likely.
    X : ndarray of float, shape (k - 1, n, p)
        Columns of the model for everybody, alive or not, at each time but the last.
    open : ndarray of float, shape (k - 1,)
        1 for intervals in which anybody starts.
    """

    starts: FloatArray
    decisions: Decisions | None
    X: FloatArray
    open: FloatArray

    @classmethod
    def of(cls, cohort: Cohort, question: Question, penalty: Penalty | None = None) -> Timing:
        """Return the times of a question, with the model that its rule needs.

        Parameters
        ----------
        cohort : Cohort
            The persons.
        question : Question
            Its `initiation` says what holds for those not treated in time: with ``deadline`` they
            are treated at the start of the last interval; with ``all_initiators`` at the end of
            the grace period; ``uniform`` needs no model.
        penalty : {"firth"} or None
            Of the model of treatment.

        Returns
        -------
        Timing
            Times and model.
        """
        starts = question.starts() if question.intervals else np.zeros(1)
        if question.initiation == "all_initiators" and question.intervals:
            starts = np.append(starts, question.grace_months)
        modelled = starts.size - 1
        if question.initiation == "uniform" or not modelled:
            empty = np.zeros((modelled, cohort.n, 0))
            return cls(starts=starts, decisions=None, X=empty, open=np.ones(modelled))
        calendar = Calendar.of(question, question.grace_months, question.grace_months)
        decisions = initiation(
            cohort,
            calendar,
            calendar.interval(cohort.treatment_time),
            question.intervals,
            histories=False,
            penalty=penalty,
        )
        X, present = _columns(cohort, decisions, modelled)
        return cls(starts=starts, decisions=decisions, X=X, open=present)

    def shares(self, coefficients: FloatArray | None) -> FloatArray:
        """Return with what probability each person starts at each time, shape (k, n)."""
        k, n = self.starts.size, self.X.shape[1]
        if coefficients is None:
            return np.full((k, n), 1.0 / k)
        p = self._probabilities(coefficients)
        before = np.concatenate((np.ones((1, n)), np.cumprod(1.0 - p, axis=0)))
        before[:-1] *= p
        return before

    def _probabilities(self, coefficients: FloatArray) -> FloatArray:
        return np.asarray(special.expit(self.X @ coefficients) * self.open[:, None])

    def gradient(self, coefficients: FloatArray, values: FloatArray) -> FloatArray:
        """Return the derivative of the sum of shares times values by the coefficients.

        Parameters
        ----------
        coefficients : ndarray of float, shape (p,)
            Of the model.
        values : ndarray of float, shape (k, n, t)
            Values times shares.

        Returns
        -------
        ndarray of float, shape (p, t)
            The derivative.
        """
        p = self._probabilities(coefficients)
        later = np.cumsum(values[::-1], axis=0)[::-1] - values
        out = np.zeros((coefficients.size, values.shape[2]))
        for m in range(p.shape[0]):
            slope = (1.0 - p[m])[:, None] * values[m] - p[m][:, None] * later[m]
            out += np.einsum("np,nt->pt", self.X[m], slope * self.open[m])
        return out


def _columns(cohort: Cohort, decisions: Decisions, modelled: int) -> tuple[FloatArray, FloatArray]:
    """Return the model's columns for everybody in each interval, and which intervals are open."""
    design = cohort.design()
    place = {name: j for j, name in enumerate(design.names)}
    columns = [place[name] for name in decisions.names if name in place]
    pools = len(decisions.names) - len(columns)
    X = np.zeros((modelled, cohort.n, len(decisions.names)))
    if columns:
        X[:, :, pools:] = design.X[:, columns]
    present = np.zeros(modelled)
    for j in range(modelled):
        rows = np.flatnonzero(decisions.interval == j)
        if rows.size:
            X[j, :, :pools] = decisions.X[rows[0], :pools]
            present[j] = 1.0
    return X, present
