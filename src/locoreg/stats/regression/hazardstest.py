"""Tests of proportional hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, p_text
from locoreg.stats.regression import library
from locoreg.stats.regression.library import Ties
from locoreg.stats.regression.residuals import check_cox_design
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

Transform = Literal["km", "rank", "identity", "log"]
TRANSFORMS: tuple[Transform, ...] = ("km", "rank", "identity", "log")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProportionalHazardsTest:
    """Score tests of whether the coefficients of a Cox model change with time.

    Attributes
    ----------
    names : tuple of str
        Covariates.
    chi_squared, df, p_value : ndarray of float, shape (p,)
        Test of each covariate against a trend with the function of time.
    global_chi_squared, global_df, global_p_value : float
        Test of all covariates together.
    transform : {"km", "rank", "identity", "log"}
        The function of time.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    time, transformed_time : ndarray of float, shape (d,)
        Times of the events, sorted within strata, and the function of them.
    residuals : ndarray of float, shape (d, p)
        Scaled Schoenfeld residuals plus the coefficients: smoothed over time they show how a
        coefficient changes.
    n, events : int
        Rows with a weight, and events.
    zero_weight_rows : int
        Rows without a weight, which take no part.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    names: tuple[str, ...]
    chi_squared: FloatArray
    df: FloatArray
    p_value: FloatArray
    global_chi_squared: float
    global_df: float
    global_p_value: float
    transform: Transform
    ties: Ties
    time: FloatArray
    transformed_time: FloatArray
    residuals: FloatArray
    n: int
    events: int
    zero_weight_rows: int
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the tests as JSON-ready values."""
        return {
            "transform": self.transform,
            "ties": self.ties,
            "tests": [
                {"name": name, "chi_squared": float(chi), "df": float(df), "p_value": float(p)}
                for name, chi, df, p in zip(
                    self.names, self.chi_squared, self.df, self.p_value, strict=True
                )
            ],
            "global": {
                "chi_squared": self.global_chi_squared,
                "df": self.global_df,
                "p_value": self.global_p_value,
            },
            "n": self.n,
            "events": self.events,
            "zero_weight_rows": self.zero_weight_rows,
            "merged_times": self.merged_times,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per covariate and a last one, named global.

        Returns
        -------
        pandas.DataFrame
            Columns name, chi_squared, df, p_value.
        """
        return frame(
            {
                "name": [*self.names, "global"],
                "chi_squared": [*self.chi_squared, self.global_chi_squared],
                "df": [*self.df, self.global_df],
                "p_value": [*self.p_value, self.global_p_value],
            }
        )

    def summary(self) -> str:
        """Return a few lines of text."""
        lines = [
            f"{name}: chi-squared {decimal_text(float(chi))}, {p_text(float(p))}"
            for name, chi, p in zip(self.names, self.chi_squared, self.p_value, strict=True)
        ]
        return "\n".join(
            (
                f"Proportional hazards against a trend with time, transform {self.transform}",
                *lines,
                f"global: chi-squared {decimal_text(self.global_chi_squared)} on "
                f"{self.global_df:g} df, {p_text(self.global_p_value)}",
                f"{self.n} rows, {self.events} events",
            )
        )


def proportional_hazards_test(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    transform: Transform,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> ProportionalHazardsTest:
    """Test whether the log hazard ratios of a Cox model are constant over time.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it ended with the event.
    X : array_like, shape (n, p)
        Covariates.
    transform : {"km", "rank", "identity", "log"}
        Function of time that a coefficient may follow: one minus the left-continuous Kaplan-Meier
        estimate, the rank of the time, the time, or its logarithm.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    entry, weight, offset, strata : array_like, shape (n,), optional
        Starts of follow-up, case weights, known part of the linear predictor, strata with
        baselines of their own.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    ProportionalHazardsTest
        Score tests [1]_ with the model's variance, also if there are weights.

    Raises
    ------
    DataError, DesignError
        If the numbers can't be used.
    ConvergenceError
        If a coefficient has no finite estimate.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM (1994). Biometrika 81:515-526. doi:10.1093/biomet/81.3.515
    """
    check_option("transform", transform, TRANSFORMS)
    design = check_cox_design(time, event, X, ties, entry, weight, offset, strata, None, names)
    if transform == "log" and not design.data.time[design.data.event == 1].min() > 0.0:
        raise DesignError(
            "transform 'log' needs events after time 0.", hint="use another transform."
        )
    found = library.hazards_test(design, ties, transform)
    return ProportionalHazardsTest(
        names=design.names,
        chi_squared=found.chi_squared[:-1],
        df=found.df[:-1],
        p_value=found.p_value[:-1],
        global_chi_squared=float(found.chi_squared[-1]),
        global_df=float(found.df[-1]),
        global_p_value=float(found.p_value[-1]),
        transform=transform,
        ties=ties,
        time=found.time,
        transformed_time=found.transformed,
        residuals=found.residuals,
        n=design.data.n,
        events=int(design.data.event.sum()),
        zero_weight_rows=design.zero_weight_rows,
        merged_times=design.data.merged_times,
    )
