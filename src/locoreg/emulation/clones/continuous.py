"""Weights of the comparator arm from a Cox model of the time of treatment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.clones.rules import Clones
from locoreg.emulation.cohort.data import Cohort
from locoreg.stats.cox import many_cox
from locoreg.stats.cox.model import Ties
from locoreg.stats.survivaldata import FloatArray, IntArray

# Times at which weights change at most; where treatments start at more distinct times the weights
# change at as many evenly spaced ones.
MOST_PIECES = 366


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxFactor:
    """Weights exp(H(t-) exp(x'b)) with the cumulative hazard H of starting treatment.

    The model is fitted to the uncloned persons, each at risk of treatment from observation on to
    treatment, the end of follow-up or the end of what the strategy asks for.

    Attributes
    ----------
    time, treated, entry, X : ndarray
        Rows of the model, one per person.
    starts, ends : ndarray of float, shape (m,)
        Pieces of time within which the weight is constant.
    piece, person : ndarray of int, shape (r,)
        Of each row of the comparator arm.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    """

    time: FloatArray
    treated: IntArray
    entry: FloatArray | None
    X: FloatArray
    starts: FloatArray
    ends: FloatArray
    piece: IntArray
    person: IntArray
    ties: Ties

    def fit(self, weights: FloatArray) -> FloatArray:
        """Return coefficients and cumulative hazards of the pieces, shape (b, p + m)."""
        # One month later: at risk of treatment at time zero is who is followed from before it.
        shift = 1.0
        entry, seen = None, np.ones(self.time.size, dtype=np.bool_)
        if self.entry is not None:
            # Who was treated before observation began was never at risk of it under observation.
            seen = (self.entry <= 0.0) | (self.entry < self.time)
            entry = np.where(self.entry > 0.0, self.entry + shift, 0.0)[seen]
        fit = many_cox(
            self.time[seen] + shift,
            self.treated[seen],
            self.X[seen],
            weights[:, seen],
            ties=self.ties,
            entry=entry,
            times=np.concatenate([np.maximum(self.starts, -shift), self.ends]) + shift,
        )
        assert fit.cumulative_hazard is not None
        m = self.starts.size
        hazard = fit.cumulative_hazard[:, 0]
        mean = (hazard[:, :m] + hazard[:, m:]) / 2.0
        usable = np.asarray(np.isfinite(fit.coefficients).all(axis=1))
        return np.where(usable[:, None], np.column_stack([fit.coefficients, mean]), np.nan)

    def prepare(self, parameters: FloatArray) -> FloatArray:
        """Return the parameters."""
        return parameters

    def add_log_weight(self, prepared: FloatArray, arm: int, out: FloatArray) -> None:
        """Add the logarithms of the rows' weights in an arm."""
        if arm == 0:
            p = self.X.shape[1]
            risk = np.exp(self.X @ prepared[:p])
            out += risk[self.person] * prepared[p:][self.piece]

    def project(self, prepared: FloatArray, arm: int, influence: FloatArray) -> FloatArray:
        """Return sums over rows of influence times d log weight / d parameter."""
        raise NotImplementedError

    def influence(self) -> FloatArray | None:
        """Return None: there is no formula yet."""
        return None


def cox_pieces(clones: Clones, until: float) -> tuple[FloatArray, FloatArray]:
    """Return starts of pieces between times of treatment, and ends at which hazards are read.

    Parameters
    ----------
    clones : Clones
        With the times of treatment.
    until : float
        Up to when treatment matters.

    Returns
    -------
    start, end : ndarray of float, shape (m,)
        Where pieces lie between the distinct times the hazard is that at their start, the left
        limit; on an even grid the mean of both.
    """
    a = clones.treatment_time
    distinct = np.unique(a[(a <= until) & (a > 0.0)])
    if distinct.size <= MOST_PIECES:
        start = np.concatenate([[-np.inf], distinct])
        return start, start.copy()
    edges = np.linspace(0.0, until, MOST_PIECES + 1)
    return np.concatenate([[-np.inf], edges[1:]]), np.concatenate(
        [np.nextafter(edges[1:], 0.0), [until]]
    )


def cox_factor(
    cohort: Cohort,
    clones: Clones,
    until: float,
    pieces: tuple[FloatArray, FloatArray],
    piece: IntArray,
    person: IntArray,
    *,
    ties: Ties = "efron",
) -> CoxFactor:
    """Return the factor of a cohort.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    clones : Clones
        Their clones.
    until : float
        Up to when treatment matters: the end of the grace period, or the horizon.
    pieces : tuple of ndarray
        Of `cox_pieces`.
    piece, person : ndarray of int, shape (r,)
        Of the rows of the comparator arm.
    ties : {"efron", "breslow"}
        Treatment of tied times of treatment.

    Returns
    -------
    CoxFactor
        Ready to be fitted.

    Raises
    ------
    DesignError
        If confounders change over time, or the model has no estimate.
    """
    if cohort.coding.history_names:
        raise DesignError(
            "confounders that change over time don't fit the Cox model of treatment.",
            hint="take initiation_model pooled_logistic.",
        )
    end = np.minimum(np.minimum(cohort.time, clones.treatment_time), until)
    factor = CoxFactor(
        time=end,
        treated=(clones.treatment_time <= end).astype(np.int64),
        entry=cohort.entry,
        X=cohort.design().X,
        starts=pieces[0],
        ends=pieces[1],
        piece=piece,
        person=person,
        ties=ties,
    )
    if not np.isfinite(factor.fit(np.ones((1, cohort.n)))).all():
        raise DesignError(
            "the Cox model of treatment has no finite estimate: nobody is treated at some level "
            "of a confounder, or a confounder does not vary among those at risk.",
            hint="leave these persons out of the question, merge levels, or take initiation_model "
            'pooled_logistic with penalty="firth".',
        )
    return factor
