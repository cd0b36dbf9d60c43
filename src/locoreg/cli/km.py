"""``locoreg km``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.core.errors import DataError, DesignError
from locoreg.workflows.curves import CurveReport, curves_of_table

Flag = Parameter(negative=())
Texts = Annotated[tuple[str, ...], Parameter(negative=())]


def km(
    table: Path,
    *,
    time: str,
    event: str,
    level: float,
    by: str | None = None,
    entry: str | None = None,
    weight: str | None = None,
    id: str | None = None,
    cluster: str | None = None,
    event_code: Texts = (),
    censor_code: Texts = (),
    causes: Annotated[bool, Flag] = False,
    cause_names: Texts = (),
    interval: Literal["log-log", "log", "plain", "logit", "arcsine"] = "log-log",
    variance: Literal["greenwood", "robust"] | None = None,
    at: Texts = (),
    horizon: float | None = None,
    reference: str | None = None,
    difference: Annotated[bool, Flag] = False,
    logrank: Annotated[bool, Flag] = False,
    unit: str = "months",
    origin: str = "",
    weighting: str = "",
    by_after_time_zero: Annotated[bool, Flag] = False,
    small_cells: int | None = None,
    drop_missing: Annotated[bool, Flag] = False,
    decimal: Literal["point", "comma"] | None = None,
    out: Path | None = None,
    title: str | None = None,
    outcome: str | None = None,
    arms: Texts = (),
    incidence_upward: Annotated[bool, Flag] = False,
    until: float | None = None,
    cut: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Survival curves of anyone's table: numbers, and the figure with --out.

    Parameters
    ----------
    table
        Delimited text file (CSV), column names in the first row.
    time
        Column with the end of follow-up, counted from time zero.
    event
        Column that says what ended it: 1 the event, 0 censored.
    level
        Level of the intervals in percent, for example 95.
    by
        Column of groups.
    entry
        Column with the start of follow-up (delayed entry).
    weight
        Column of weights.
    id
        Column of persons, where one has several rows.
    cluster
        Column of rows that are not independent, for example hospitals.
    event_code
        Code of the event, if it is not 1. Separate several by commas.
    censor_code
        Code of censoring, if the event column has more than two codes.
    causes
        Codes 1, 2, ... of the event column are competing causes: cumulative incidence.
    cause_names
        Names of the causes 1, 2, ..., separated by commas.
    interval
        Scale of the pointwise intervals.
    variance
        Variance; what fits weights and clusters if not given.
    at
        Times at which to give survival, separated by commas: 12,36,60.
    horizon
        Horizon of the restricted mean survival time.
    reference
        Group that the others are compared with.
    difference
        Also the difference of survival from the reference, over time.
    logrank
        Also a log-rank test.
    unit
        Unit of time.
    origin
        What time zero is, for example "diagnosis of metastasis".
    weighting
        Method and estimand of the weights, for the title.
    by_after_time_zero
        The groups were defined after time zero: carry the notice on immortal time.
    small_cells
        Hide counts of 1 to this many patients, and what would give them away.
    drop_missing
        Leave rows with an empty cell out, counted and named; else they are an error.
    decimal
        Sign before the decimals; found out if not given.
    out
        File for the figure; it ends in .svg, .png or .pdf.
    title
        Title of the figure.
    outcome
        What the figure's upright axis shows.
    arms
        All groups in the order that fixes their colours, separated by commas.
    incidence_upward
        Draw 1 less survival, upwards.
    until
        End of the figure's axis of time.
    cut
        End curves where few patients are at risk.
    json
        Print one JSON document.
    """
    report = curves_of_table(
        table,
        time=time,
        event=event,
        level=level,
        by=by,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        event_code=_split(event_code),
        censor_code=_split(censor_code),
        causes=causes,
        cause_names=_split(cause_names),
        interval=interval,
        variance=variance,
        at=_numbers(at),
        horizon=horizon,
        reference=reference,
        difference=difference,
        test=logrank,
        unit=unit,
        origin=origin,
        weighting=weighting,
        after_time_zero=by_after_time_zero,
        until=until,
        small_cells=small_cells,
        drop_missing=drop_missing,
        decimal=decimal,
    )
    if out is not None:
        _draw(report, out, title, outcome, _split(arms), incidence_upward, cut)
    if json:
        print_json(report.to_dict())
        return 0
    print_text(report.summary())
    if out is not None:
        print_text(f"Wrote {out}.")
    return 0


def _draw(
    report: CurveReport,
    out: Path,
    title: str | None,
    outcome: str | None,
    arms: tuple[str, ...],
    incidence_upward: bool,
    cut: bool,
) -> None:
    from locoreg.figures import report_figure, save

    if not out.parent.is_dir():
        raise DataError(f"there is no folder {out.parent}.", hint="make it first.")
    figure = report_figure(
        report,
        title=title,
        outcome=outcome,
        arms=arms or None,
        direction="incidence" if incidence_upward else "survival",
        cut=cut,
    )
    save(figure, out)


def _split(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for item in given for part in item.split(",") if part.strip())


def _numbers(given: tuple[str, ...]) -> tuple[float, ...]:
    found = []
    for text in _split(given):
        try:
            found.append(float(text))
        except ValueError:
            raise DesignError(f"--at: {text!r} is no time.", hint="write 12,36,60.") from None
    return tuple(sorted(set(found)))
