"""A fitted Fine-Gray model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text
from locoreg.stats.regression.design import check_covariates
from locoreg.stats.regression.wald import estimates, p_values
from locoreg.stats.survivaldata import FloatArray, numbers

if TYPE_CHECKING:
    import pandas as pd

FineGrayMethod = Literal["crr", "finegray"]
METHODS: tuple[FineGrayMethod, ...] = ("crr", "finegray")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """Cumulative subdistribution hazard of a stratum where all covariates are 0.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    time, cumulative_hazard : ndarray of float, shape (m,)
        Times of events of the cause, and the hazard up to and including them.
    last_time : float
        End of follow-up.
    """

    stratum: str
    time: FloatArray
    cumulative_hazard: FloatArray
    last_time: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FineGray:
    """Log subdistribution hazard ratios.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    coefficients : ndarray of float, shape (p,)
        Log subdistribution hazard ratios.
    covariance : ndarray of float, shape (p, p)
        Sandwich covariance: what the intervals rest on.
    naive_covariance : ndarray of float, shape (p, p)
        Inverse of the information, which is too small or too large: the weighted likelihood is
        none of independent rows.
    level : float
        Level of the intervals in percent.
    method : {"crr", "finegray"}
        Rules for ties and variance.
    cause : int
        The cause.
    loglik, null_loglik : float
        Log partial likelihood at the coefficients and without covariates.
    iterations : int
        Newton steps.
    baseline : tuple of Baseline
        One per stratum with an event of the cause.
    n, events, competing, censored : int
        Rows with a weight, and how they ended.
    clusters : int or None
        Number of clusters behind the sandwich; None if each row is its own.
    weighted : bool
        Whether rows had weights.
    zero_weight_rows : int
        Rows without a weight, which take no part.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    naive_covariance: FloatArray
    level: float
    method: FineGrayMethod
    cause: int
    loglik: float
    null_loglik: float
    iterations: int
    baseline: tuple[Baseline, ...]
    n: int
    events: int
    competing: int
    censored: int
    clusters: int | None
    weighted: bool
    zero_weight_rows: int
    merged_times: int

    @property
    def se(self) -> FloatArray:
        """Robust standard errors, shape (p,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def p_value(self) -> FloatArray:
        """Two-sided Wald tests, shape (p,)."""
        return p_values(self.coefficients, self.se)

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Log subdistribution hazard ratios with intervals, in the order of ``names``."""
        return estimates(self.coefficients, self.se, self.level)

    def cumulative_incidence(
        self, X: ArrayLike, *, times: ArrayLike, stratum: str | None = None
    ) -> FloatArray:
        """Predict the cumulative incidence of the cause.

        Parameters
        ----------
        X : array_like, shape (r, p)
            Covariates in the same columns.
        times : array_like, shape (k,)
            Times from 0 on.
        stratum : str, optional
            Name of the stratum; needed if there are several.

        Returns
        -------
        ndarray of float, shape (r, k)
            1 - exp(-H(t) exp(X beta)); NaN after the end of follow-up.

        Raises
        ------
        DataError, DesignError
            If the columns are others, or the stratum is unknown.
        """
        rows, _ = check_covariates(X, None, None)
        if rows.shape[1] != len(self.names):
            raise DataError(
                f"X has {rows.shape[1]} columns, but the fit has {len(self.names)} covariates.",
                hint="give the same columns in the same order.",
            )
        base = self._baseline(stratum)
        asked = numbers("times", times)
        steps = np.concatenate(([0.0], base.cumulative_hazard))
        hazard = steps[np.searchsorted(base.time, asked, side="right")]
        hazard = np.where((asked >= 0.0) & (asked <= base.last_time), hazard, np.nan)
        risk = np.exp(rows @ self.coefficients)
        return np.asarray(-np.expm1(-risk[:, None] * hazard))

    def _baseline(self, stratum: str | None) -> Baseline:
        by_name = {base.stratum: base for base in self.baseline}
        if stratum is None and len(by_name) == 1:
            return self.baseline[0]
        if stratum is None or str(stratum) not in by_name:
            raise DesignError(
                f"stratum is {stratum!r}, but the strata with events are {', '.join(by_name)}.",
                hint=did_you_mean(str(stratum), by_name),
            )
        return by_name[str(stratum)]

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as JSON-ready values."""
        kept = ("level", "method", "cause", "loglik", "null_loglik", "iterations", "n", "events")
        more = ("competing", "censored", "clusters", "weighted", "zero_weight_rows", "merged_times")
        return {
            "coefficients": [
                {"name": name, **e.to_dict(), "p_value": float(p)}
                for name, e, p in zip(self.names, self.estimates, self.p_value, strict=True)
            ],
            "covariance": self.covariance.tolist(),
            "naive_covariance": self.naive_covariance.tolist(),
            **{name: getattr(self, name) for name in kept + more},
            "baseline": [
                {
                    "stratum": base.stratum,
                    "time": base.time.tolist(),
                    "cumulative_hazard": base.cumulative_hazard.tolist(),
                }
                for base in self.baseline
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per covariate.

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
            for name, e, p in zip(self.names, self.estimates, self.p_value, strict=True)
        ]
        return "\n".join(
            (
                f"Subdistribution hazard ratios for cause {self.cause} ({self.level:g}% "
                f"intervals), as R's {self.method}",
                *lines,
                f"{self.n} rows: {self.events} with the cause, {self.competing} with another, "
                f"{self.censored} censored",
            )
        )
