"""The task: curves of anyone's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, DesignError, LocoregError
from locoreg.core.provenance import Provenance
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.curves import CurveInterval, SurvivalCurves, Variance
from locoreg.stats.incidence import CumulativeIncidences
from locoreg.stats.logrank import LogRank, logrank
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.restrictedmeanresult import RestrictedMeans
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.stats.survivaldifference import SurvivalDifference, survival_difference
from locoreg.workflows.curves.counts import count_table
from locoreg.workflows.curves.events import EventCodes
from locoreg.workflows.curves.landmarks import landmarks_of, median_of
from locoreg.workflows.curves.report import CurveReport
from locoreg.workflows.curves.rows import ColumnNames, CompleteRows, LeftOut, read_rows
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.curves.textcells import named_in_lines
from locoreg.workflows.curves.ticks import time_ticks

MOST_GROUPS = 50


def curves_of_table(
    path: str | Path,
    *,
    time: str,
    event: str,
    level: float,
    by: str | None = None,
    entry: str | None = None,
    weight: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    event_code: Sequence[str] = (),
    censor_code: Sequence[str] = (),
    causes: bool = False,
    cause_names: Sequence[str] = (),
    interval: CurveInterval = "log-log",
    variance: Variance | None = None,
    at: Sequence[float] = (),
    horizon: float | None = None,
    reference: str | None = None,
    difference: bool = False,
    test: bool = False,
    unit: str = "months",
    origin: str = "",
    weighting: str = "",
    after_time_zero: bool = False,
    until: float | None = None,
    small_cells: int | None = None,
    drop_missing: bool = False,
    decimal: str | None = None,
) -> CurveReport:
    """Estimate survival curves, or cumulative incidences, from a table.

    Parameters
    ----------
    path : str or Path
        Delimited text file; the first row holds the names of the columns.
    time, event : str
        Columns with the end of follow-up and what ended it.
    level : float
        Level of the intervals in percent.
    by : str, optional
        Column of groups.
    entry, weight, id, cluster : str, optional
        Columns with the start of follow-up, case weights, persons with several rows, and rows that
        are dependent.
    event_code, censor_code : sequence of str
        Codes of the event and of censoring; without them 1 and 0.
    causes : bool
        Whether the event column holds causes 1, 2, ...: the result is their cumulative incidence.
    cause_names : sequence of str
        Names of the causes.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the pointwise intervals.
    variance : {"greenwood", "robust"}, optional
        Variance; by default what fits weights and clusters.
    at : sequence of float
        Times at which the curves are read off.
    horizon : float, optional
        Horizon of the restricted mean survival time.
    reference : str, optional
        Group that the others are compared with.
    difference : bool
        Whether to estimate the difference of two survival curves over time.
    test : bool
        Whether to do a log-rank test.
    unit, origin, weighting : str
        Words: unit of time, what time zero is, and method and estimand of the weights.
    after_time_zero : bool
        Whether the groups were defined after time zero.
    until : float, optional
        End of the axis of time.
    small_cells : int, optional
        Counts of 1 to this many patients are hidden.
    drop_missing : bool
        Whether rows with an empty cell are left out, counted and named; else they are an error.
    decimal : {"point", "comma"}, optional
        Sign before the decimals; found out if not given.

    Returns
    -------
    CurveReport
        Curves and all numbers.

    Raises
    ------
    DataError
        If the file or its rows can't be used.
    DesignError
        If the options don't fit each other or the data.
    """
    _check_options(
        by=by,
        causes=causes,
        cause_names=cause_names,
        horizon=horizon,
        reference=reference,
        difference=difference,
        test=test,
        small_cells=small_cells,
        after_time_zero=after_time_zero,
    )
    names = ColumnNames(
        time=time, event=event, by=by, entry=entry, weight=weight, id=id, cluster=cluster
    )
    codes = EventCodes(event=tuple(event_code), censored=tuple(censor_code), causes=causes)
    rows = read_rows(Path(path), names, codes, drop_missing=drop_missing, decimal=decimal)
    _check_groups(rows, names)
    estimates = _Estimates(rows, level, interval, variance)
    curves: SurvivalCurves | CumulativeIncidences = (
        estimates.incidences(cause_names) if causes else estimates.survival()
    )
    last = max(float(curve.time[-1]) for curve in curves)
    options = {
        **names.to_dict(),
        "level": level,
        "interval": interval,
        "variance": variance,
        "event_code": list(event_code),
        "censor_code": list(censor_code),
        "causes": causes,
        "at": list(at),
        "horizon": horizon,
        "reference": reference,
        "small_cells": small_cells,
        "drop_missing": drop_missing,
        "separator": rows.table.separator,
        "decimal": rows.table.decimal,
    }
    return CurveReport(
        file=rows.table.file,
        columns=names.to_dict(),
        rows=rows.rows,
        left_out=_shown_left_out(rows.left_out, small_cells),
        curves=curves,
        medians=()
        if isinstance(curves, CumulativeIncidences)
        else tuple(median_of(curve, small_cells) for curve in curves),
        landmarks=landmarks_of(curves, at, small_cells),
        counts=tuple(
            count_table(
                curve,
                time_ticks(last, unit, until),
                delayed_entry=curves.delayed_entry,
                weighted=curves.weighted,
                small_cells=small_cells,
            )
            for curve in curves
        ),
        rmst=None if horizon is None else estimates.means(horizon, reference),
        difference=estimates.difference(reference) if difference else None,
        logrank=estimates.test() if test else None,
        unit=unit,
        origin=origin,
        weighting=weighting,
        after_time_zero=after_time_zero,
        small_cells=small_cells,
        until=until,
        provenance=Provenance(input_sha256=rows.table.sha256, options=options),
    )


def _check_options(
    *,
    by: str | None,
    causes: bool,
    cause_names: Sequence[str],
    horizon: float | None,
    reference: str | None,
    difference: bool,
    test: bool,
    small_cells: int | None,
    after_time_zero: bool,
) -> None:
    """Refuse options that don't fit each other."""
    check_small_cells(small_cells)
    faults = (
        (
            test and by is None,
            "a log-rank test needs groups.",
            "say with by which column they are.",
        ),
        (
            reference is not None and by is None,
            "a reference needs groups.",
            "say with by which column they are.",
        ),
        (
            after_time_zero and by is None,
            "there are no groups that could be defined after time zero.",
            "say with by which column they are.",
        ),
        (
            causes and (test or difference or horizon is not None),
            "restricted means, differences of survival and the log-rank test are of one event, "
            "not of competing causes.",
            "leave them out, or choose the event with event_code.",
        ),
        (bool(cause_names) and not causes, "names of causes are given without causes.", None),
        (
            difference and reference is None,
            "a difference needs a reference: the group whose survival is subtracted.",
            "give reference.",
        ),
        (
            reference is not None and horizon is None and not difference,
            "a reference is given, but nothing to compare.",
            "give a horizon for restricted means, or ask for the difference.",
        ),
        (
            difference and small_cells is not None,
            "a curve of differences has a step for each event and can't be given under the "
            "small-cell rule.",
            "leave the difference or the rule out.",
        ),
    )
    for wrong, message, hint in faults:
        if wrong:
            raise DesignError(message, hint=hint)


def _check_groups(rows: CompleteRows, names: ColumnNames) -> None:
    if rows.by is None:
        return
    count = np.unique(rows.by).size
    if count > MOST_GROUPS:
        raise DesignError(
            f"{rows.table.file}: column {names.by} has {count:,} different values, too many for "
            "groups.",
            hint=f"make at most {MOST_GROUPS} groups of them.",
        )


def _shown_left_out(left_out: tuple[LeftOut, ...], small_cells: int | None) -> tuple[LeftOut, ...]:
    """Return the rows left out as they may be shown."""
    return tuple(
        replace(item, count=None, text=f"≤{small_cells}", lines=())
        if small_cells is not None and item.count is not None and item.count <= small_cells
        else item
        for item in left_out
    )


class _Estimates:
    """Calls the estimators with the same rows; faults name lines of the file."""

    def __init__(
        self, rows: CompleteRows, level: float, interval: CurveInterval, variance: Variance | None
    ) -> None:
        self.rows = rows
        self.level = level
        self.interval = interval
        self.variance = variance

    def _call(self, function: Any, *values: Any, **options: Any) -> Any:
        try:
            return function(*values, **options)
        except LocoregError as error:
            message = f"{self.rows.table.file}: {named_in_lines(error.message, self.rows.line)}"
            kind = DataError if isinstance(error, DataError) else DesignError
            raise kind(message, hint=error.hint) from error

    @property
    def _common(self) -> dict[str, Any]:
        rows = self.rows
        return {"entry": rows.entry, "weight": rows.weight, "id": rows.id, "cluster": rows.cluster}

    def survival(self) -> SurvivalCurves:
        """Return Kaplan-Meier curves."""
        rows = self.rows
        found: SurvivalCurves = self._call(
            kaplan_meier,
            rows.time,
            rows.event,
            level=self.level,
            strata=rows.by,
            interval=self.interval,
            variance=self.variance,
            **self._common,
        )
        return found

    def incidences(self, names: Sequence[str]) -> CumulativeIncidences:
        """Return cumulative incidences."""
        rows = self.rows
        if self.variance == "greenwood":
            raise DesignError(
                "Greenwood's variance is one of survival, not of competing causes.",
                hint="leave variance out.",
            )
        found: CumulativeIncidences = self._call(
            aalen_johansen,
            rows.time,
            rows.event,
            level=self.level,
            strata=rows.by,
            interval=self.interval,
            causes=tuple(names) or None,
            **self._common,
        )
        return found

    def means(self, horizon: float, reference: str | None) -> RestrictedMeans:
        """Return restricted means."""
        rows = self.rows
        found: RestrictedMeans = self._call(
            rmst,
            rows.time,
            rows.event,
            horizon=horizon,
            level=self.level,
            strata=rows.by,
            reference=reference,
            variance=self.variance,
            **self._common,
        )
        return found

    def difference(self, reference: str | None) -> SurvivalDifference:
        """Return the difference of two curves."""
        rows = self.rows
        found: SurvivalDifference = self._call(
            survival_difference,
            rows.time,
            rows.event,
            strata=rows.by,
            reference=reference,
            level=self.level,
            variance=self.variance,
            **self._common,
        )
        return found

    def test(self) -> LogRank:
        """Return the log-rank test."""
        rows = self.rows
        found: LogRank = self._call(
            logrank,
            rows.time,
            rows.event,
            rows.by,
            entry=rows.entry,
            weight=rows.weight,
            cluster=rows.id if rows.cluster is None else rows.cluster,
        )
        return found
