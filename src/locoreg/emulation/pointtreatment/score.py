"""The propensity score: logistic regression of the group on confounders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.emulation.cohort.design import Design
from locoreg.stats.glm import GLM, glm, glm_replicates
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreModel:
    """A model of who is treated, given confounders.

    Attributes
    ----------
    X : ndarray of float, shape (m, p)
        An intercept and the confounders.
    names : tuple of str
        Names of the columns.
    treated : ndarray of bool, shape (m,)
        Who is treated.
    penalty : {"firth"} or None
        Penalty of the likelihood.
    """

    X: FloatArray
    names: tuple[str, ...]
    treated: BoolArray
    penalty: Penalty | None

    @classmethod
    def of(cls, design: Design, treated: BoolArray, penalty: Penalty | None) -> ScoreModel:
        """Return the model on an intercept and the columns of a design."""
        return cls(
            X=np.ascontiguousarray(np.column_stack([np.ones(treated.size), design.X])),
            names=("intercept", *design.names),
            treated=treated,
            penalty=penalty,
        )

    def fit(self, weight: FloatArray | None = None) -> GLM:
        """Return the fit; a separated group is an error that names the confounder."""
        return glm(
            self.treated.astype(np.float64),
            self.X,
            family="logistic",
            weight=weight,
            penalty=self.penalty,
            names=self.names,
        )

    def scores(self, weights: FloatArray, start: FloatArray | None = None) -> FloatArray:
        """Return the scores under many weightings; NaN where there is no fit.

        Parameters
        ----------
        weights : ndarray of float, shape (b, m)
            Weights of the persons.
        start : ndarray of float, shape (p,), optional
            Coefficients to start from, such as those of `fit`, which saves a fit.

        Returns
        -------
        ndarray of float, shape (b, m)
            Each between 0 and 1.
        """
        fits = glm_replicates(
            self.treated.astype(np.float64),
            self.X,
            family="logistic",
            weights=weights,
            penalty=self.penalty,
            start=start,
            names=self.names,
        )
        return np.asarray(special.expit(fits.coefficients @ self.X.T))
