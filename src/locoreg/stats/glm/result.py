"""A fitted regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.stats.glm.families import FAMILY, FamilyName
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Penalty = Literal["firth"]
Variance = Literal["model", "robust", "clustered", "clustered-adjusted"]
VARIANCES: tuple[Variance, ...] = ("model", "robust", "clustered", "clustered-adjusted")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GLM:
    """Coefficients of a regression and their covariances.

    Attributes
    ----------
    family : {"logistic", "poisson", "cloglog"}
        Distribution and link.
    penalty : {"firth"} or None
        Penalty of the likelihood.
    names : tuple of str
        Covariates, in the order of the columns of X.
    coefficients : ndarray of float, shape (p,)
        Log odds ratios, log rate ratios or log hazard ratios.
    covariance : ndarray of float, shape (p, p)
        Inverse of the expected information, dispersion 1.
    robust : ndarray of float, shape (p, p)
        Sandwich with each row on its own and no small-sample factor (HC0).
    clustered, clustered_adjusted : ndarray of float, shape (p, p), or None
        Sandwich with scores summed over clusters: as it is, and times ``g/(g - 1)`` for g
        clusters, which is what R's ``vcovCL`` gives for such a fit and Stata for its own.
    hessian : ndarray of float, shape (p, p)
        Second derivatives of the log-likelihood (without penalty): negative definite.
    scores : ndarray of float, shape (n, p)
        Derivative of each row's weighted log-likelihood by the coefficients; with a penalty its
        gradient is shared out by leverage. The columns sum to 0.
    linear_predictor, fitted : ndarray of float, shape (n,)
        ``X beta + offset`` and the mean, for rows without weight too.
    loglik : float
        Weighted log-likelihood at the coefficients, without the penalty.
    penalised_loglik : float
        The same plus half the log determinant of the expected information; NaN without penalty.
    deviance : float
        Twice the difference to the saturated model.
    iterations : int
        Evaluations of the likelihood.
    largest_step : float
        Largest Newton step left, in standard errors of the model.
    n, zero_weight_rows : int
        Rows with a weight, and rows without one, which take no part.
    clusters : int or None
        Number of clusters with a weight.
    """

    family: FamilyName
    penalty: Penalty | None
    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    robust: FloatArray
    clustered: FloatArray | None
    clustered_adjusted: FloatArray | None
    hessian: FloatArray
    scores: FloatArray
    linear_predictor: FloatArray
    fitted: FloatArray
    loglik: float
    penalised_loglik: float
    deviance: float
    iterations: int
    largest_step: float
    n: int
    zero_weight_rows: int
    clusters: int | None

    @property
    def se(self) -> FloatArray:
        """Standard errors of the model, shape (p,); robust ones come from `variance`."""
        return np.sqrt(np.diagonal(self.covariance))

    def influence(self) -> FloatArray:
        """Return each row's influence on the coefficients, shape (n, p).

        The sum of their outer products is `robust`; summed within clusters first, `clustered`.
        """
        units = 1.0 / np.sqrt(-np.diagonal(self.hessian))
        inverse = np.linalg.inv(-self.hessian * np.outer(units, units)) * np.outer(units, units)
        return np.asarray(self.scores @ inverse)

    def variance(self, kind: Variance) -> FloatArray:
        """Return a covariance matrix by name.

        Parameters
        ----------
        kind : {"model", "robust", "clustered", "clustered-adjusted"}
            Which one.

        Returns
        -------
        ndarray of float, shape (p, p)
            The matrix.

        Raises
        ------
        DesignError
            If there were no clusters.
        """
        check_option("variance", kind, VARIANCES)
        matrices = {
            "model": self.covariance,
            "robust": self.robust,
            "clustered": self.clustered,
            "clustered-adjusted": self.clustered_adjusted,
        }
        matrix = matrices[kind]
        if matrix is None:
            raise DesignError(
                f"The variance {kind!r} needs clusters.",
                hint="fit with cluster=, or take 'robust'.",
            )
        return matrix

    def estimates(self, *, level: float, variance: Variance) -> tuple[Estimate, ...]:
        """Return all coefficients with Wald intervals, on the log scale.

        Parameters
        ----------
        level : float
            Level in percent.
        variance : {"model", "robust", "clustered", "clustered-adjusted"}
            Which covariance.

        Returns
        -------
        tuple of Estimate
            In the order of `names`.
        """
        quantile = -float(special.ndtri(check_level(level)))
        errors = np.sqrt(np.diagonal(self.variance(variance)))
        return tuple(
            Estimate(
                estimate=float(b),
                se=float(s),
                ci_low=float(b - quantile * s),
                ci_high=float(b + quantile * s),
                level=float(level),
                scale="log",
            )
            for b, s in zip(self.coefficients, errors, strict=True)
        )

    def estimate(self, name: str, *, level: float, variance: Variance) -> Estimate:
        """Return one coefficient with its Wald interval, on the log scale.

        Parameters
        ----------
        name : str
            The covariate.
        level : float
            Level in percent.
        variance : {"model", "robust", "clustered", "clustered-adjusted"}
            Which covariance.

        Returns
        -------
        Estimate
            The coefficient.

        Raises
        ------
        DataError
            If there is no such covariate.
        """
        position = find_column(name, self.names)
        return self.estimates(level=level, variance=variance)[position]

    def predict(self, X: ArrayLike, *, offset: ArrayLike | None = None) -> FloatArray:
        """Return means for other covariates.

        Parameters
        ----------
        X : array_like, shape (m, p)
            Covariates in the same columns.
        offset : array_like, shape (m,), optional
            Known part of the linear predictor.

        Returns
        -------
        ndarray of float, shape (m,)
            Probabilities or expected counts.

        Raises
        ------
        DataError
            If there is another number of columns.
        """
        matrix = np.asarray(X, dtype=np.float64)
        p = self.coefficients.size
        if matrix.ndim != 2 or matrix.shape[1] != p:
            raise DataError(
                f"X has shape {matrix.shape}, but the fit has {p} covariates.",
                hint="give the same columns in the same order, with that of ones if there was one.",
            )
        eta = matrix @ self.coefficients
        if offset is not None:
            eta = eta + np.asarray(offset, dtype=np.float64)
        return FAMILY[self.family].mean(eta)

    def to_dict(self) -> dict[str, Any]:
        """Return coefficients, covariances and fit as JSON-ready values, without the rows."""
        return {
            "family": self.family,
            "penalty": self.penalty,
            "names": list(self.names),
            "coefficients": self.coefficients.tolist(),
            "covariance": self.covariance.tolist(),
            "robust": self.robust.tolist(),
            "clustered": None if self.clustered is None else self.clustered.tolist(),
            "clustered_adjusted": None
            if self.clustered_adjusted is None
            else self.clustered_adjusted.tolist(),
            "loglik": self.loglik,
            "penalised_loglik": self.penalised_loglik,
            "deviance": self.deviance,
            "iterations": self.iterations,
            "largest_step": self.largest_step,
            "n": self.n,
            "zero_weight_rows": self.zero_weight_rows,
            "clusters": self.clusters,
        }

    def to_frame(self, *, level: float, variance: Variance) -> pd.DataFrame:
        """Return one row per covariate, on the log scale.

        Parameters
        ----------
        level : float
            Level of the intervals in percent.
        variance : {"model", "robust", "clustered", "clustered-adjusted"}
            Which covariance.

        Returns
        -------
        pandas.DataFrame
            Columns ``name``, ``estimate``, ``se``, ``ci_low``, ``ci_high``.
        """
        found = self.estimates(level=level, variance=variance)
        columns: dict[str, Any] = {"name": list(self.names)}
        for key in ("estimate", "se", "ci_low", "ci_high"):
            columns[key] = [getattr(one, key) for one in found]
        return frame(columns)

    def summary(self, *, level: float, variance: Variance) -> str:
        """Return the exponentiated coefficients with intervals, one per line.

        Parameters
        ----------
        level : float
            Level of the intervals in percent.
        variance : {"model", "robust", "clustered", "clustered-adjusted"}
            Which covariance.

        Returns
        -------
        str
            A few plain lines.
        """
        family = FAMILY[self.family]
        head = f"{family.distribution} regression, {family.link} link; {self.n} rows"
        if self.clusters is not None:
            head += f" in {self.clusters} clusters"
        if self.zero_weight_rows:
            head += f"; {self.zero_weight_rows} more without weight"
        if self.penalty is not None:
            head += "; Firth's penalty"
        lines = [
            f"{head[0].upper()}{head[1:]}",
            f"exp(coefficient), {level:g}% interval ({variance})",
        ]
        width = max(len(name) for name in self.names)
        found = self.estimates(level=level, variance=variance)
        lines += [
            f"  {name:<{width}}  {one.text()}" for name, one in zip(self.names, found, strict=True)
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GLMReplicates:
    """Coefficients of one regression under many weightings.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    coefficients : ndarray of float, shape (B, p)
        A row per weighting; NaN where there is no answer.
    iterations : ndarray of int, shape (B,)
        Evaluations of the likelihood.
    failed : ndarray of int
        Weightings (from 0) without an answer.
    reasons : tuple of str
        Why, for each of them.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    iterations: IntArray
    failed: IntArray
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the replicates as JSON-ready values."""
        return {
            "names": list(self.names),
            "coefficients": self.coefficients.tolist(),
            "iterations": self.iterations.tolist(),
            "failed": self.failed.tolist(),
            "reasons": list(self.reasons),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per weighting and one column per covariate."""
        return frame(dict(zip(self.names, self.coefficients.T, strict=True)))

    def summary(self) -> str:
        """Return how many weightings were fitted, and why others weren't."""
        total = self.coefficients.shape[0]
        lines = [f"{total - self.failed.size} of {total} weightings fitted"]
        for reason in dict.fromkeys(self.reasons):
            lines.append(f"  {self.reasons.count(reason)} without an answer: {reason}")
        return "\n".join(lines)


def find_column(name: str, names: tuple[str, ...]) -> int:
    """Return the position of a covariate.

    Parameters
    ----------
    name : str
        Its name.
    names : tuple of str
        All names.

    Returns
    -------
    int
        The position, from 0.

    Raises
    ------
    DataError
        If it is none of them.
    """
    if name not in names:
        raise DataError(f"There is no covariate {name!r}.", hint=did_you_mean(str(name), names))
    return names.index(name)
