"""A fitted Cox model: what is estimated, how surely, and what follows for a person."""

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
from locoreg.stats.cox.baseline import CoxBaseline, CoxCurves, predict_curves
from locoreg.stats.cox.covariates import check_covariates, check_offset
from locoreg.stats.curves import CURVE_INTERVALS, CurveInterval
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, numbers

if TYPE_CHECKING:
    import pandas as pd

Ties = Literal["efron", "breslow"]
TIES: tuple[Ties, ...] = ("efron", "breslow")
CoxVariance = Literal["model", "robust"]
COX_VARIANCES: tuple[CoxVariance, ...] = ("model", "robust")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquareTest:
    """A test that all coefficients are 0.

    Attributes
    ----------
    statistic : float
        Chi-square statistic.
    df : int
        Degrees of freedom.
    p_value : float
        Upper tail; NaN without covariates.
    """

    statistic: float
    df: int
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {"statistic": self.statistic, "df": self.df, "p_value": self.p_value}


def chi_square(statistic: float, df: int) -> ChiSquareTest:
    """Return a chi-square test of a statistic."""
    p_value = float(special.chdtrc(df, max(statistic, 0.0))) if df else float("nan")
    return ChiSquareTest(statistic=statistic, df=df, p_value=p_value)


# Fields that go into JSON as they are.
_PLAIN = (
    "ties",
    "variance",
    "level",
    "loglik_null",
    "loglik",
    "n",
    "zero_weights",
    "events",
    "weight",
    "weighted_events",
    "clusters",
    "iterations",
    "merged_times",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxModel:
    """A Cox proportional-hazards fit.

    Attributes
    ----------
    names : tuple of str
        The p covariates.
    coefficients : ndarray of float, shape (p,)
        Log hazard ratios; infinite where ``monotone`` names the covariate.
    se, ci_low, ci_high : ndarray of float, shape (p,)
        Their standard errors and limits, from ``covariance``; NaN where infinite.
    level : float
        Level of the limits in percent.
    covariance : ndarray of float, shape (p, p)
        The one that ``variance`` names.
    variance : {"model", "robust"}
        Inverse information, or the sandwich of the rows' (clusters') scores.
    model_covariance : ndarray of float, shape (p, p)
        Inverse information.
    robust_covariance : ndarray of float, shape (p, p), or None
        The sandwich; None if ``variance`` is ``model``.
    loglik_null, loglik : float
        Log partial likelihood with all coefficients 0, and at the fit.
    score_test, wald_test, likelihood_ratio_test : ChiSquareTest
        That all coefficients are 0. Score and likelihood-ratio test take the rows as independent
        and the weights as counts; the Wald test uses ``covariance``.
    robust_score_test : ChiSquareTest or None
        Score test with the sandwich of the scores at 0; None if ``variance`` is ``model``.
    ties : {"efron", "breslow"}
        Treatment of tied event times.
    n, zero_weights : int
        Rows given, and how many of them have weight 0: these are in no risk set.
    events : int
        Rows with the event and a weight above 0.
    weight, weighted_events : float
        Sums of the weights of all rows and of those with the event.
    clusters : int or None
        Clusters with a weight above 0; None without clusters.
    means : ndarray of float, shape (p,)
        Weighted means of the covariates over rows.
    baseline : tuple of CoxBaseline
        One per stratum, in sorted order of the labels; none if a coefficient is infinite.
    monotone : tuple of str
        Covariates whose coefficients run to infinity; empty after an ordinary fit.
    iterations : int
        Newton steps on all rows.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float
    covariance: FloatArray
    variance: CoxVariance
    model_covariance: FloatArray
    robust_covariance: FloatArray | None
    loglik_null: float
    loglik: float
    score_test: ChiSquareTest
    wald_test: ChiSquareTest
    likelihood_ratio_test: ChiSquareTest
    robust_score_test: ChiSquareTest | None
    ties: Ties
    n: int
    zero_weights: int
    events: int
    weight: float
    weighted_events: float
    clusters: int | None
    means: FloatArray
    baseline: tuple[CoxBaseline, ...]
    monotone: tuple[str, ...]
    iterations: int
    merged_times: int

    def hazard_ratio(self, name: str) -> Estimate:
        """Return the hazard ratio per unit of a covariate.

        Parameters
        ----------
        name : str
            One of ``names``.

        Returns
        -------
        Estimate
            On the log scale; ``.natural`` and ``.text()`` give the ratio itself.

        Raises
        ------
        DesignError
            If there is no such covariate.
        """
        if name not in self.names:
            raise DesignError(
                f"there is no covariate {name!r}.", hint=did_you_mean(str(name), self.names)
            )
        return self.hazard_ratios()[self.names.index(name)]

    def hazard_ratios(self) -> tuple[Estimate, ...]:
        """Return the hazard ratios of all covariates, on the log scale."""
        return tuple(
            Estimate(
                estimate=float(self.coefficients[j]),
                se=float(self.se[j]),
                ci_low=float(self.ci_low[j]),
                ci_high=float(self.ci_high[j]),
                level=self.level,
                scale="log",
            )
            for j in range(len(self.names))
        )

    def predict(
        self,
        X: ArrayLike,
        *,
        level: float,
        interval: CurveInterval = "log-log",
        times: ArrayLike | None = None,
        stratum: str | None = None,
        offset: ArrayLike | None = None,
    ) -> CoxCurves:
        """Predict survival curves of persons with given covariates.

        Parameters
        ----------
        X : array_like, shape (k, p)
            Covariates of k persons, in the order of ``names``; one dimension is one person.
        level : float
            Level of the pointwise limits in percent.
        interval : {"log", "log-log", "plain", "logit", "arcsine"}
            Scale of the limits.
        times : array_like, optional
            Where to give the curves: the event times and the end of follow-up otherwise.
        stratum : str, optional
            Whose baseline hazard to use; needed if there are several.
        offset : array_like, shape (k,), optional
            Offsets, 0 without them.

        Returns
        -------
        CoxCurves
            Survival and cumulative hazard with errors that include those of the coefficients.

        Raises
        ------
        DataError
            If a value can't be used.
        DesignError
            If the stratum is not known, or coefficients are infinite.
        """
        check_level(level)
        check_option("interval", interval, CURVE_INTERVALS)
        if self.monotone:
            raise DesignError(
                f"survival can't be predicted: the coefficient of {', '.join(self.monotone)} is"
                " infinite.",
                hint="leave the covariate out, or merge its categories.",
            )
        raw = np.asarray(X)
        rows = raw.reshape(1, -1) if raw.ndim == 1 else X
        k = np.shape(rows)[0]
        if np.ndim(rows) != 2 or np.shape(rows)[1] != len(self.names):
            raise DataError(
                f"X has shape {np.shape(X)}, but the model has {len(self.names)} covariates.",
                hint=f"give the columns {', '.join(self.names)}.",
            )
        values, _ = check_covariates(rows, k, self.names)
        return predict_curves(
            self._stratum(stratum),
            values,
            check_offset(offset, k),
            self.coefficients,
            self.covariance,
            times=None if times is None else numbers("times", times),
            interval=interval,
            level=float(level),
        )

    def _stratum(self, name: str | None) -> CoxBaseline:
        by_name = {baseline.stratum: baseline for baseline in self.baseline}
        if name is None and len(by_name) > 1:
            raise DesignError(
                f"the model has a baseline hazard for each of {', '.join(by_name)}.",
                hint="choose one: stratum=...",
            )
        if name is not None and str(name) not in by_name:
            raise DesignError(
                f"there is no stratum {name!r}.", hint=did_you_mean(str(name), by_name)
            )
        return self.baseline[0] if name is None else by_name[str(name)]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per covariate.

        Returns
        -------
        pandas.DataFrame
            Columns name, estimate, se, ci_low, ci_high (log scale), z, p_value, hazard_ratio,
            hazard_ratio_low, hazard_ratio_high.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            z = self.coefficients / self.se
            return frame(
                {
                    "name": list(self.names),
                    "estimate": self.coefficients,
                    "se": self.se,
                    "ci_low": self.ci_low,
                    "ci_high": self.ci_high,
                    "z": z,
                    "p_value": 2.0 * special.ndtr(-np.abs(z)),
                    "hazard_ratio": np.exp(self.coefficients),
                    "hazard_ratio_low": np.exp(self.ci_low),
                    "hazard_ratio_high": np.exp(self.ci_high),
                }
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as JSON-ready values, the baseline hazard included."""
        tests = ("score_test", "wald_test", "likelihood_ratio_test", "robust_score_test")
        robust = self.robust_covariance
        return {
            "names": list(self.names),
            "hazard_ratios": [estimate.to_dict() for estimate in self.hazard_ratios()],
            "model_covariance": self.model_covariance.tolist(),
            "robust_covariance": None if robust is None else robust.tolist(),
            "means": self.means.tolist(),
            "monotone": list(self.monotone),
            **{name: getattr(self, name) for name in _PLAIN},
            **{
                name: None if getattr(self, name) is None else getattr(self, name).to_dict()
                for name in tests
            },
            "baseline": [baseline.to_dict() for baseline in self.baseline],
        }

    def summary(self) -> str:
        """Return the fit in a few plain lines, hazard ratios with their limits first."""
        wide = max((len(name) for name in self.names), default=0)
        lines = [
            f"{name:<{wide}}  HR {estimate.text()}"
            for name, estimate in zip(self.names, self.hazard_ratios(), strict=True)
        ]
        errors = "model-based" if self.variance == "model" else "robust"
        if self.clusters is not None and self.variance == "robust":
            errors += f", {self.clusters} clusters"
        rows = f"{self.n} rows, {self.events} events"
        if self.zero_weights:
            rows += f", {self.zero_weights} rows of weight 0 not used"
        lines.append(f"{rows}; {self.level:g}% limits, errors {errors}; ties: {self.ties}.")
        if self.names:
            test = self.wald_test
            lines.append(f"Wald test {test.statistic:.2f} on {test.df} df, {p_text(test.p_value)}.")
        if self.monotone:
            lines.append(
                f"No finite estimate: {', '.join(self.monotone)} (the likelihood rises for ever)."
            )
        return "\n".join(lines)
