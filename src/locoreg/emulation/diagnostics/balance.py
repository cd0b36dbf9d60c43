"""Standardised mean differences of variables between arms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.numbertext import decimal_text, plural
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.diagnostics.thresholds import SMD_FAIL, SMD_WARN
from locoreg.emulation.effect import BalanceRow, Diagnostic, Verdict
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray

Spread = Literal["pooled", "treated"]
SPREADS: tuple[Spread, ...] = get_args(Spread)
# What the level of unknown values is called.
UNKNOWN = "unknown"


def balance_rows(
    columns: Sequence[Column],
    treated: BoolArray,
    weight: FloatArray,
    at_months: float,
    *,
    spread: Spread = "pooled",
) -> tuple[BalanceRow, ...]:
    """Return the balance of variables between two arms.

    Parameters
    ----------
    columns : sequence of Column
        Variables, with one value per row.
    treated : ndarray of bool, shape (n,)
        Which rows are in the treated arm. With clones each person has a row in either arm.
    weight : ndarray of float, shape (n,)
        Weights of the rows; unweighted means count each row once.
    at_months : float
        Time that the values are of.
    spread : {"pooled", "treated"}
        What differences are divided by: the root of the mean of the two variances, or the standard
        deviation of the treated (where the effect in the treated is meant). Both from the
        unweighted rows, so that weighting can't hide a difference by making a variable spread.

    Returns
    -------
    tuple of BalanceRow
        A row for a number, one per level of a category (of two levels only the second), and one
        for unknown values where there are any. A mean of numbers is that of the known ones; the
        shares of levels are shares of all. NaN where an arm has no rows or no weight.

    References
    ----------
    Austin 2009, doi:10.1002/sim.3697.
    """
    check_option("spread", spread, SPREADS)
    shape = treated.shape
    wrong = [c.name for c in columns if c.values.shape != shape]
    if weight.shape != shape or wrong:
        raise DataError(f"weights and variables must have the shape {shape}; not so: {wrong}.")
    if bool((weight < 0).any()) or not np.isfinite(weight).all():
        raise DataError("weights must be finite and not negative.")
    return tuple(
        _row(column.name, level, values, treated, weight, at_months, spread)
        for column in columns
        for level, values in _parts(column)
    )


def _parts(column: Column) -> Iterator[tuple[str, FloatArray]]:
    """Yield each level (or the number) with its values; NaN only where a number is unknown."""
    missing = column.missing
    if column.kind == "number":
        yield "", column.values
    else:
        first = 1 if len(column.levels) == 2 else 0
        for code in range(first, len(column.levels)):
            yield column.levels[code], (column.values == code).astype(np.float64)
    if missing.any():
        yield UNKNOWN, missing.astype(np.float64)


def _row(
    variable: str,
    level: str,
    values: FloatArray,
    treated: BoolArray,
    weight: FloatArray,
    at_months: float,
    spread: Spread,
) -> BalanceRow:
    known = ~np.isnan(values)
    one = np.ones(weight.size)
    arms = (treated & known, ~treated & known)
    raw = [_mean(values, one, arm) for arm in arms]
    weighted = [_mean(values, weight, arm) for arm in arms]
    variances = [_variance(values[arm]) for arm in arms]
    variance = variances[0] if spread == "treated" else 0.5 * (variances[0] + variances[1])
    unit = math.sqrt(variance)
    return BalanceRow(
        variable=variable,
        level=level,
        at_months=at_months,
        before=_over(raw[0] - raw[1], unit),
        after=_over(weighted[0] - weighted[1], unit),
        mean_treated=weighted[0],
        mean_comparator=weighted[1],
        raw_treated=raw[0],
        raw_comparator=raw[1],
    )


def _mean(values: FloatArray, weight: FloatArray, arm: BoolArray) -> float:
    w = weight[arm]
    total = float(w.sum())
    return float(w @ values[arm]) / total if total > 0.0 else math.nan


def _variance(values: FloatArray) -> float:
    """Return the variance with n - 1, or p (1 - p) for zeros and ones."""
    if values.size == 0:
        return math.nan
    if bool(((values == 0.0) | (values == 1.0)).all()):
        share = float(values.mean())
        return share * (1.0 - share)
    return float(values.var(ddof=1)) if values.size > 1 else 0.0


def _over(difference: float, unit: float) -> float:
    """Divide; a difference of a variable that does not vary within either arm is infinite."""
    if unit > 0.0 or math.isnan(unit):
        return difference / unit
    # Rounding of a weighted mean of equal values is no difference.
    if abs(difference) <= 1e-12:
        return 0.0
    return math.copysign(math.inf, difference)


def largest_smd(rows: Sequence[BalanceRow], *, weighted: bool = True) -> Diagnostic:
    """Return the largest standardised mean difference with its verdict.

    Parameters
    ----------
    rows : sequence of BalanceRow
        Balance.
    weighted : bool
        Whether the differences after weighting are meant; those before are only noted.

    Returns
    -------
    Diagnostic
        ``balance``; pass up to 0.1, fail above 0.25 or where a difference can't be computed.
    """
    name, title = ("balance", "Balance") if weighted else ("raw_balance", "Balance before weights")
    if not rows:
        return Diagnostic(
            name=name,
            title=title,
            verdict="note",
            value=None,
            threshold=None,
            message="there are no variables to compare.",
        )
    sizes = [abs(row.after if weighted else row.before) for row in rows]
    # NaN is worse than any number.
    place = max(range(len(rows)), key=lambda i: math.inf if math.isnan(sizes[i]) else sizes[i])
    worst, value = rows[place], sizes[place]
    large = sum(not size <= SMD_WARN for size in sizes)
    verdict = _verdict(value) if weighted else "note"
    label = f"{worst.variable}: {worst.level}" if worst.level else worst.variable
    when = f" at {worst.at_months:g} months"
    return Diagnostic(
        name=name,
        title=title,
        verdict=verdict,
        value=value,
        threshold=SMD_WARN if verdict in ("pass", "warn") else SMD_FAIL if weighted else None,
        message=(
            f"the largest standardised mean difference is {decimal_text(value)} ({label}{when}); "
            f"{large} of {plural(len(rows), 'difference')} exceed {SMD_WARN:g}."
        ),
        advice=_ADVICE if verdict in ("warn", "fail") else "",
    )


def _verdict(value: float) -> Verdict:
    if value <= SMD_WARN:
        return "pass"
    return "warn" if value <= SMD_FAIL else "fail"


_ADVICE = (
    "Let the model of treatment bend (splines, interactions) for this variable, balance it exactly "
    "(entropy balancing, matching), or compare within the range where the arms overlap."
)
