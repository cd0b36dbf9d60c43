"""Pseudo-observations of survival, restricted means and cumulative incidences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.frames import frame
from locoreg.stats.pseudosteps import (
    check_reach,
    infinitesimal_jackknife,
    jackknife,
    stratum_steps,
)
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, check_survival, numbers
from locoreg.stats.survivalgroups import ALL, check_time

if TYPE_CHECKING:
    import pandas as pd

PseudoEstimand = Literal["survival", "rmst", "cumulative-incidence"]
PSEUDO_ESTIMANDS: tuple[PseudoEstimand, ...] = ("survival", "rmst", "cumulative-incidence")
PseudoMethod = Literal["infinitesimal-jackknife", "jackknife"]
PSEUDO_METHODS: tuple[PseudoMethod, ...] = ("infinitesimal-jackknife", "jackknife")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PseudoObservations:
    """One value per row and time that stands for the row's own, often unseen, outcome.

    Attributes
    ----------
    estimand, method : str
        The options that gave the numbers.
    cause : int or None
        The event whose incidence it is.
    time : ndarray of float, shape (k,)
        Times; for restricted means the horizons.
    values : ndarray of float, shape (n, k)
        Pseudo-observations in the order of the rows.
    strata : tuple of str
        Strata within which they were computed; ``all`` without strata.
    estimate : ndarray of float, shape (strata, k)
        Estimates for the strata as wholes. With the infinitesimal jackknife they are the
        (weighted) means of the values.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    estimand: PseudoEstimand
    method: PseudoMethod
    cause: int | None
    time: FloatArray
    values: FloatArray
    strata: tuple[str, ...]
    estimate: FloatArray
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON-ready lists."""
        return {
            "estimand": self.estimand,
            "method": self.method,
            "cause": self.cause,
            "time": self.time.tolist(),
            "values": self.values.tolist(),
            "strata": list(self.strata),
            "estimate": self.estimate.tolist(),
            "merged_times": self.merged_times,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per row and time.

        Returns
        -------
        pandas.DataFrame
            Columns row (counted from 0, as in a data frame's default index), time, value.
        """
        n, k = self.values.shape
        return frame(
            {
                "row": np.repeat(np.arange(n), k),
                "time": np.tile(self.time, n),
                "value": self.values.ravel(),
            }
        )

    def summary(self) -> str:
        """Return a few plain lines."""
        what = self.estimand if self.cause is None else f"{self.estimand} of cause {self.cause}"
        lines = [f"Pseudo-observations of {what}, {self.method}, n = {self.values.shape[0]}"]
        for label, row in zip(self.strata, self.estimate, strict=True):
            numbers_ = ", ".join(
                f"{value:.4g} at {t:g}" for t, value in zip(self.time, row, strict=True)
            )
            lines.append(f"{label}: estimate {numbers_}")
        return "\n".join(lines)


def pseudo_observations(
    time: ArrayLike,
    event: ArrayLike,
    *,
    estimand: PseudoEstimand,
    times: ArrayLike | None = None,
    horizon: float | None = None,
    cause: int | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    method: PseudoMethod = "infinitesimal-jackknife",
) -> PseudoObservations:
    """Compute pseudo-observations: outcomes without gaps, for any regression [1]_.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up, one row per person.
    event : array_like, shape (n,)
        0 or 1; for cumulative incidence 0 for censored and 1, 2, ... for the cause.
    estimand : {"survival", "rmst", "cumulative-incidence"}
        Survival at ``times``, restricted mean to ``horizon``, or cumulative incidence of ``cause``
        at ``times``.
    times : array_like, shape (k,), optional
        Times; for restricted means several horizons can be given in place of ``horizon``.
    horizon : float, optional
        Upper limit of the restricted mean.
    cause : int, optional
        The event whose cumulative incidence is wanted.
    weight : array_like, shape (n,), optional
        Case weights; for the infinitesimal jackknife only.
    strata : array_like, shape (n,), optional
        Groups within which the values are computed: needed where censoring depends on the group.
    method : {"infinitesimal-jackknife", "jackknife"}
        Estimate + (sum of weights) times the derivative by the row's weight [2]_, or
        n times the estimate less n - 1 times that without the row [1]_.

    Returns
    -------
    PseudoObservations
        One value per row and time.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If options don't go together, or a time lies after the follow-up of a stratum.

    Notes
    -----
    Both methods cost O(n log n) for sorting and O(n + m) per time. Rows with delayed entry are not
    accepted: their pseudo-observations don't have the mean that the regression needs [3]_.

    References
    ----------
    .. [1] Andersen PK, Klein JP, Rosthoj S (2003). Biometrika 90:15-27. doi:10.1093/biomet/90.1.15
    .. [2] Parner ET, Andersen PK, Overgaard M (2023). Regression models for censored time-to-event
       data using infinitesimal jack-knife pseudo-observations. Lifetime Data Analysis 29:654-671.
       doi:10.1007/s10985-023-09597-5
    .. [3] Grand MK, Putter H, Allignol A, Andersen PK (2019). Biometrical Journal 61:290-298.
       doi:10.1002/bimj.201700274

    Examples
    --------
    >>> p = pseudo_observations([1, 2, 3], [1, 0, 1], estimand="survival", times=[2.5],
    ...                         method="jackknife")
    >>> p.values.ravel().tolist()
    [0.0, 1.0, 1.0]
    """
    check_option("estimand", estimand, PSEUDO_ESTIMANDS)
    check_option("method", method, PSEUDO_METHODS)
    asked = _asked(estimand, times, horizon)
    _check_cause(estimand, cause)
    if method == "jackknife" and weight is not None:
        raise DesignError(
            "The jackknife leaves out whole rows and knows no weights.",
            hint='take method="infinitesimal-jackknife".',
        )
    causes = estimand == "cumulative-incidence"
    data = check_survival(time, event, weight=weight, strata=strata, causes=causes)
    if cause is not None and not (data.event == cause).any():
        raise DataError(f"No row has an event of cause {cause}.", hint="check the codes in event.")
    labels = data.strata_labels or (ALL,)
    values = np.empty((data.n, asked.size))
    estimates = np.empty((len(labels), asked.size))
    compute = jackknife if method == "jackknife" else infinitesimal_jackknife
    for code, label in enumerate(labels):
        rows = data.rows_of(code)
        steps = stratum_steps(
            data.time[rows],
            data.event[rows],
            None if data.weight is None else data.weight[rows],
            cause or 1,
            label,
        )
        check_reach(steps, float(asked.max()), label)
        for j, t in enumerate(asked):
            estimates[code, j], values[rows, j] = compute(steps, estimand, float(t))
    return PseudoObservations(
        estimand=estimand,
        method=method,
        cause=cause,
        time=asked,
        values=values,
        strata=labels,
        estimate=estimates,
        merged_times=data.merged_times,
    )


def _asked(estimand: PseudoEstimand, times: ArrayLike | None, horizon: float | None) -> FloatArray:
    """Return the times or horizons that are asked for."""
    if (times is None) == (horizon is None):
        raise DesignError("Give either times or horizon.", hint="horizon is for restricted means.")
    if horizon is not None:
        if estimand != "rmst":
            raise DesignError(
                f"horizon is for restricted means, not for {estimand}.", hint="give times."
            )
        return np.array([check_time("horizon", horizon)])
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if asked.size == 0 or not (np.isfinite(asked) & (asked > 0)).all():
        raise DataError("times must be one or more positive times.", hint="give them in a list.")
    return asked


def _check_cause(estimand: PseudoEstimand, cause: int | None) -> None:
    if (estimand == "cumulative-incidence") != (cause is not None):
        raise DesignError(
            f"cause is {'missing' if cause is None else 'given'}, but estimand is {estimand}.",
            hint="cause is for cumulative incidences, and needed for them.",
        )
    if cause is not None and (isinstance(cause, bool) or cause != int(cause) or cause < 1):
        raise DataError(f"cause is {cause!r}, but must be a whole number from 1 on.")
