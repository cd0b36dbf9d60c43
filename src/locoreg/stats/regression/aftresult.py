"""A fitted accelerated failure time model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text
from locoreg.stats.regression.design import check_covariates
from locoreg.stats.regression.wald import estimates, p_values
from locoreg.stats.survivaldata import FloatArray, numbers

if TYPE_CHECKING:
    import pandas as pd

AFTDistribution = Literal["weibull", "exponential", "lognormal", "loglogistic"]
AFTVariance = Literal["model", "robust"]
VARIANCES: tuple[AFTVariance, ...] = ("model", "robust")
DISTRIBUTIONS: tuple[AFTDistribution, ...] = (
    "weibull",
    "exponential",
    "lognormal",
    "loglogistic",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AFT:
    """Log time ratios of a parametric model.

    Attributes
    ----------
    distribution : {"weibull", "exponential", "lognormal", "loglogistic"}
        Of the time.
    names : tuple of str
        ``intercept`` and the covariates.
    coefficients : ndarray of float, shape (1 + p,)
        Intercept and log time ratios: exp(beta) multiplies every quantile of the time.
    scale : ndarray of float, shape (k,)
        Scale of log T, one per stratum; 1 / scale is Weibull's shape.
    strata : tuple of str
        Names of the strata of the scale; empty without.
    covariance : ndarray of float, shape (q, q)
        Of the coefficients and, unless the distribution is exponential, the log scales: what the
        intervals rest on.
    model_covariance : ndarray of float, shape (q, q)
        Inverse of the observed information.
    variance : {"model", "robust"}
        Whether ``covariance`` is the inverse of the information or the sandwich.
    level : float
        Level of the intervals in percent.
    loglik, null_loglik : float
        Log-likelihood of the times at the estimates, and with the intercept alone.
    iterations : int
        Newton steps.
    n, events : int
        Rows with a weight, and events.
    clusters : int or None
        Number of clusters behind the sandwich.
    weighted : bool
        Whether rows had weights.
    zero_weight_rows : int
        Rows without a weight, which take no part.
    """

    distribution: AFTDistribution
    names: tuple[str, ...]
    coefficients: FloatArray
    scale: FloatArray
    strata: tuple[str, ...]
    covariance: FloatArray
    model_covariance: FloatArray
    variance: AFTVariance
    level: float
    loglik: float
    null_loglik: float
    iterations: int
    n: int
    events: int
    clusters: int | None
    weighted: bool
    zero_weight_rows: int

    @property
    def se(self) -> FloatArray:
        """Standard errors of the coefficients, shape (1 + p,)."""
        return np.sqrt(np.diagonal(self.covariance))[: self.coefficients.size]

    @property
    def log_scale_se(self) -> FloatArray:
        """Standard errors of the log scales, shape (k,); NaN for the exponential distribution."""
        found = np.sqrt(np.diagonal(self.covariance))[self.coefficients.size :]
        return found if found.size else np.full(self.scale.size, np.nan)

    @property
    def p_value(self) -> FloatArray:
        """Two-sided Wald tests of the coefficients, shape (1 + p,)."""
        return p_values(self.coefficients, self.se)

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Intercept and log time ratios with intervals, in the order of ``names``."""
        return estimates(self.coefficients, self.se, self.level)

    def survival(self, X: ArrayLike, *, times: ArrayLike, stratum: str | None = None) -> FloatArray:
        """Predict survival.

        Parameters
        ----------
        X : array_like, shape (r, p)
            Covariates in the same columns, without the intercept.
        times : array_like, shape (k,)
            Times, 0 or later.
        stratum : str, optional
            Name of the stratum whose scale is used; needed if there are several.

        Returns
        -------
        ndarray of float, shape (r, k)
            Probability of surviving each time, without any offset; NaN before 0.

        Raises
        ------
        DataError, DesignError
            If the columns are others, or the stratum is unknown.
        """
        location, scale = self._location(X), self._scale(stratum)
        asked = numbers("times", times)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (np.log(asked) - location[:, None]) / scale
        with np.errstate(over="ignore"):
            if self.distribution == "lognormal":
                return np.asarray(special.ndtr(-z))
            if self.distribution == "loglogistic":
                return np.asarray(special.expit(-z))
            return np.asarray(np.exp(-np.exp(z)))

    def quantile(
        self, X: ArrayLike, *, probabilities: ArrayLike, stratum: str | None = None
    ) -> FloatArray:
        """Predict quantiles of the time; the median at probability 0.5.

        Parameters
        ----------
        X : array_like, shape (r, p)
            Covariates in the same columns, without the intercept.
        probabilities : array_like, shape (k,)
            Probabilities of an event up to the quantile, between 0 and 1.
        stratum : str, optional
            Name of the stratum whose scale is used; needed if there are several.

        Returns
        -------
        ndarray of float, shape (r, k)
            Times, without any offset.

        Raises
        ------
        DataError, DesignError
            If the columns or probabilities can't be used, or the stratum is unknown.
        """
        location, scale = self._location(X), self._scale(stratum)
        p = numbers("probabilities", probabilities)
        if not ((p > 0.0) & (p < 1.0)).all():
            raise DataError("probabilities must lie between 0 and 1.", hint="0.5 is the median.")
        if self.distribution == "lognormal":
            z = special.ndtri(p)
        elif self.distribution == "loglogistic":
            z = special.logit(p)
        else:
            z = np.log(-np.log1p(-p))
        return np.asarray(np.exp(location[:, None] + scale * z))

    def _location(self, X: ArrayLike) -> FloatArray:
        rows, _ = check_covariates(X, None, None)
        if rows.shape[1] != self.coefficients.size - 1:
            raise DataError(
                f"X has {rows.shape[1]} columns, but the fit has {self.coefficients.size - 1} "
                "covariates.",
                hint="give the same columns in the same order, without the intercept.",
            )
        return np.asarray(self.coefficients[0] + rows @ self.coefficients[1:])

    def _scale(self, stratum: str | None) -> float:
        if stratum is None and self.scale.size == 1:
            return float(self.scale[0])
        if stratum is None or str(stratum) not in self.strata:
            raise DesignError(
                f"stratum is {stratum!r}, but the strata are {', '.join(self.strata) or 'none'}.",
                hint=did_you_mean(str(stratum), self.strata),
            )
        if self.scale.size == 1:
            return float(self.scale[0])
        return float(self.scale[self.strata.index(str(stratum))])

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as JSON-ready values."""
        kept = ("distribution", "variance", "level", "loglik", "null_loglik", "iterations", "n")
        more = ("events", "clusters", "weighted", "zero_weight_rows")
        return {
            "coefficients": [
                {"name": name, **e.to_dict(), "p_value": float(p)}
                for name, e, p in zip(self.names, self.estimates, self.p_value, strict=True)
            ],
            "scale": self.scale.tolist(),
            "log_scale_se": self.log_scale_se.tolist(),
            "strata": list(self.strata),
            "covariance": self.covariance.tolist(),
            "model_covariance": self.model_covariance.tolist(),
            **{name: getattr(self, name) for name in kept + more},
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per coefficient, the intercept first.

        Returns
        -------
        pandas.DataFrame
            Columns name, estimate, se, ci_low, ci_high, p_value, on the log scale.
        """
        found = self.estimates
        return frame(
            {
                "name": self.names,
                "estimate": self.coefficients,
                "se": self.se,
                "ci_low": [e.ci_low for e in found],
                "ci_high": [e.ci_high for e in found],
                "p_value": self.p_value,
            }
        )

    def summary(self) -> str:
        """Return a few lines of text."""
        lines = [
            f"{name}: {e.text()}, {p_text(float(p))}"
            for name, e, p in zip(self.names[1:], self.estimates[1:], self.p_value[1:], strict=True)
        ]
        return "\n".join(
            (
                f"Time ratios of a {self.distribution} model ({self.level:g}% intervals"
                f"{', robust' if self.variance == 'robust' else ''})",
                *lines,
                f"scale {', '.join(f'{scale:.3f}' for scale in self.scale)}",
                f"{self.n} rows, {self.events} events",
            )
        )
