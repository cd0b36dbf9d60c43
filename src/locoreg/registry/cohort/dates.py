"""Dates with their precision, as ibis expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from locoreg.registry.engines.engine import Engine

# An order of precisions; the finest first.
RANKS = {"day": 0, "month": 1, "year": 2}


def rank(precision: ir.StringValue) -> ir.IntegerValue:
    """Return 0 for a day (or where no precision is stated), 1 for a month, 2 for a year."""
    import ibis

    return ibis.cases((precision == "month", 1), (precision == "year", 2), else_=0)


def latest(date: ir.DateValue, precision: ir.StringValue) -> ir.DateValue:
    """Return the last day that a date can mean; it is stored as the first."""
    import ibis

    day = ibis.interval(days=1)
    return ibis.cases(
        (precision == "month", as_date(date + ibis.interval(months=1) - day)),
        (precision == "year", as_date(date + ibis.interval(years=1) - day)),
        else_=date,
    )


def as_date(value: ir.DateValue) -> ir.DateValue:
    """Return a sum of date and interval as a date: engines make it a timestamp, ibis does not."""
    return value.cast("timestamp").cast("date")


def days_apart(
    engine: Engine,
    date: ir.DateValue,
    precision: ir.StringValue,
    origin: ir.Table,
) -> tuple[ir.IntegerValue, ir.IntegerValue]:
    """Return the fewest and the most days that can lie between the first metastasis and a date.

    Parameters
    ----------
    engine : Engine
        For the difference of dates.
    date, precision : ibis expressions
        The date.
    origin : ibis.Table
        With ``metastasis_date`` and ``metastasis_latest``.

    Returns
    -------
    least, most : ibis expressions
        Equal if both dates are known to the day; negative before the metastasis.
    """
    return (
        engine.days_between(date, origin.metastasis_latest),
        engine.days_between(latest(date, precision), origin.metastasis_date),
    )
