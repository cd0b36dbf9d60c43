"""Residuals of a Cox model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.stats.regression import library
from locoreg.stats.regression.design import Design, check_design
from locoreg.stats.regression.library import TIES, EventKind, RowKind, Ties
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

ResidualKind = Literal[
    "martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaled-schoenfeld"
]
ROW_KINDS: tuple[RowKind, ...] = ("martingale", "deviance", "score", "dfbeta", "dfbetas")
EVENT_KINDS: tuple[EventKind, ...] = ("schoenfeld", "scaled-schoenfeld")
SUMMED_KINDS = ("martingale", "score", "dfbeta", "dfbetas")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxResiduals:
    """Residuals of a Cox model.

    Attributes
    ----------
    kind : str
        Which residuals.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    names : tuple of str
        Covariates; the columns of ``values`` where it has columns.
    values : ndarray of float
        Shape (n,) for martingale and deviance residuals, (n, p) for score, dfbeta and dfbetas:
        one per row given, NaN for rows without a weight. With clusters (g,) or (g, p): sums over
        their rows. Shape (d, p) for Schoenfeld residuals: one per event.
    row : ndarray of int
        Positions, from 0, of the rows given that the values belong to; empty with clusters.
    clusters : tuple of str
        Names of the clusters that the values belong to; empty without.
    time : ndarray of float, shape (d,) or (0,)
        Times of the events, sorted within strata, for Schoenfeld residuals; otherwise empty.
    zero_weight_rows : int
        Rows without a weight, which take no part.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    kind: ResidualKind
    ties: Ties
    names: tuple[str, ...]
    values: FloatArray
    row: IntArray
    clusters: tuple[str, ...]
    time: FloatArray
    zero_weight_rows: int
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the residuals as JSON-ready values."""
        return {
            "kind": self.kind,
            "ties": self.ties,
            "names": list(self.names),
            "values": self.values.tolist(),
            "row": self.row.tolist(),
            "clusters": list(self.clusters),
            "time": self.time.tolist(),
            "zero_weight_rows": self.zero_weight_rows,
            "merged_times": self.merged_times,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per value.

        Returns
        -------
        pandas.DataFrame
            Columns row or cluster, time for events, and ``residual`` or one per covariate.
        """
        columns: dict[str, Any] = {"cluster": self.clusters} if self.clusters else {"row": self.row}
        if self.time.size:
            columns["time"] = self.time
        if self.values.ndim == 1:
            return frame(columns | {"residual": self.values})
        return frame(columns | dict(zip(self.names, self.values.T, strict=True)))

    def summary(self) -> str:
        """Return a line of text."""
        finite = self.values[np.isfinite(self.values)]
        return (
            f"{self.values.shape[0]} {self.kind} residuals from {decimal_text(finite.min())} to "
            f"{decimal_text(finite.max())}"
        )


def cox_residuals(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    kind: ResidualKind,
    ties: Ties = "efron",
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> CoxResiduals:
    """Fit a Cox model and return its residuals.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it ended with the event.
    X : array_like, shape (n, p)
        Covariates.
    kind : str
        Per row: ``martingale`` (events less those expected), ``deviance``, ``score`` (the row's
        part of the estimating equations), ``dfbeta`` (about what the coefficients lose without the
        row, the row's weight included) and ``dfbetas`` (the same over the standard errors). Per
        event: ``schoenfeld`` (covariates less their mean over the risk set) and
        ``scaled-schoenfeld`` (times the variance and the number of events, plus the coefficients).
        Weights enter the fit, but only the values of dfbeta and dfbetas are multiplied by them.
    ties : {"efron", "breslow"}
        Treatment of tied times.
    entry, weight, offset, strata : array_like, shape (n,), optional
        As in `proportional_hazards_test`.
    cluster : array_like, shape (n,), optional
        Residuals are summed over the rows of a cluster, such as the rows of one person.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    CoxResiduals
        Residuals in the order of the rows given, of the clusters' sorted names, or of the events.

    Raises
    ------
    DataError, DesignError
        If the numbers can't be used, or the residuals can't be summed.
    ConvergenceError
        If a coefficient has no finite estimate.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM, Fleming TR (1990). Biometrika 77:147-160.
       doi:10.1093/biomet/77.1.147
    """
    check_option("kind", kind, ROW_KINDS + EVENT_KINDS)
    if cluster is not None and kind not in SUMMED_KINDS:
        raise DesignError(
            f"{kind} residuals can't be summed over clusters.",
            hint=f"leave cluster out, or take one of {', '.join(SUMMED_KINDS)}.",
        )
    design = check_cox_design(time, event, X, ties, entry, weight, offset, strata, cluster, names)
    row, labels, times = np.arange(design.given), design.cluster_labels, np.empty(0)
    if kind == "schoenfeld" or kind == "scaled-schoenfeld":
        found = library.event_residuals(design, ties, kind)
        values, row, times = found.values, design.row[found.row], found.time
    elif cluster is not None:
        values = library.row_residuals(design, ties, kind, design.data.cluster)
        row = np.empty(0, dtype=np.int64)
    else:
        kept = library.row_residuals(design, ties, kind, None)
        values = np.full((design.given, *kept.shape[1:]), np.nan)
        values[design.row] = kept
    return CoxResiduals(
        kind=kind,
        ties=ties,
        names=design.names,
        values=values,
        row=row,
        clusters=labels,
        time=times,
        zero_weight_rows=design.zero_weight_rows,
        merged_times=design.data.merged_times,
    )


def check_cox_design(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    ties: Ties,
    entry: ArrayLike | None,
    weight: ArrayLike | None,
    offset: ArrayLike | None,
    strata: ArrayLike | None,
    cluster: ArrayLike | None,
    names: Sequence[str] | None,
) -> Design:
    """Check the rows of a Cox model; the arguments are those of `cox_residuals`."""
    check_option("ties", ties, TIES)
    design = check_design(
        time,
        event,
        X,
        names=names,
        entry=entry,
        weight=weight,
        offset=offset,
        strata=strata,
        cluster=cluster,
    )
    if not design.data.event.any():
        raise DesignError(
            "There is no event among the rows with a weight.", hint="a Cox model needs events."
        )
    return design
