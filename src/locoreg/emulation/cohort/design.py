"""From variables to columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort.columns import UNKNOWN, Column, History
from locoreg.stats.naturalspline import natural_spline, spline_knots
from locoreg.stats.survivaldata import BoolArray, FloatArray

# A column is a combination of those before it if they leave less than this share of its variance:
# sums over a million rows are exact to about 1e-11 of it.
DEPENDENT = 1e-9
# A column takes part in such a combination if its share of it is at least this.
SHARE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How confounders become columns.

    Attributes
    ----------
    names : tuple of str
        Baseline variables that are adjusted for.
    history_names : tuple of str
        Histories that are adjusted for.
    splines : tuple of (str, int)
        Numbers that are coded as natural cubic splines, with their degrees of freedom; other
        numbers are linear. Categories become one column per level but the first.
    knots : tuple of (str, tuple of float)
        Knots of splines that are given; others lie at quantiles of the cohort's values.
    """

    names: tuple[str, ...]
    history_names: tuple[str, ...] = ()
    splines: tuple[tuple[str, int], ...] = ()
    knots: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def __post_init__(self) -> None:
        for names in (self.names, self.history_names):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise DesignError(
                    f"the confounder {twice[0]} is named twice.", hint="name it once."
                )
        for name, _ in (*self.splines, *self.knots):
            if name not in self.names:
                raise DesignError(
                    f"a spline is asked for {name}, which is no baseline confounder.",
                    hint="name it among the baseline confounders, or leave the spline out.",
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the coding as JSON-ready values."""
        out: dict[str, Any] = {
            "names": list(self.names),
            "history_names": list(self.history_names),
            "splines": [list(pair) for pair in self.splines],
        }
        if self.knots:
            out["knots"] = [[name, list(knots)] for name, knots in self.knots]
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """Columns of numbers.

    Attributes
    ----------
    X : ndarray of float, shape (n, p)
        Columns; no intercept, no NaN, no column that is constant.
    names : tuple of str
        Names of the columns.
    variables : tuple of str
        The variable that each column codes.
    dropped : tuple of str
        Columns that were left out because they are constant, or because persons unknown in one
        variable are those unknown in others.
    """

    X: FloatArray
    names: tuple[str, ...]
    variables: tuple[str, ...]
    dropped: tuple[str, ...] = ()


class _Part(NamedTuple):
    """Columns of one variable."""

    X: FloatArray
    names: list[str]
    variable: str


def code_baseline(columns: Sequence[Column], coding: Coding, n: int | None = None) -> Design:
    """Return the columns of baseline variables.

    Parameters
    ----------
    columns : sequence of Column
        The variables.
    coding : Coding
        How they are coded.
    n : int, optional
        Persons; needed where there may be no variables.

    Returns
    -------
    Design
        Without columns that are constant. The reference of a category is its first level that
        occurs.

    Raises
    ------
    DataError
        If a value is missing.
    DesignError
        If a spline does not fit its variable, or columns are combinations of others.
    """
    for column in columns:
        if column.missing.any():
            raise DataError(
                f"{column.name} is unknown for {int(column.missing.sum())} of "
                f"{column.values.size} persons.",
                hint="say what is done with missing values (confounders, missing).",
            )
    splines, knots = dict(coding.splines), dict(coding.knots)
    parts = [_baseline_part(column, splines, knots) for column in columns]
    X, names, variables = _stacked(parts, n or 0)
    keep = _varies(X)
    keep &= ~_redundant(X, names, keep)
    return Design(
        X=np.ascontiguousarray(X[:, keep]),
        names=_chosen(names, keep),
        variables=_chosen(variables, keep),
        dropped=_chosen(names, ~keep),
    )


def code_histories(
    histories: Sequence[History], coding: Coding, month: float, n: int | None = None
) -> Design:
    """Return the columns of histories as of a time.

    Parameters
    ----------
    histories : sequence of History
        The variables.
    coding : Coding
        Which of them are adjusted for.
    month : float
        Months since time zero; values up to and including it are known.
    n : int, optional
        Persons; needed where there may be no histories.

    Returns
    -------
    Design
        A column ``NAME: none yet`` marks persons without a value, whose other columns are 0.
        Columns are the same at every time, constant ones included.
    """
    parts = []
    for history in histories:
        if history.name not in coding.history_names:
            continue
        value = history.at(month)
        unknown = np.isnan(value)
        X, names = _linear_or_levels(
            history.name,
            history.kind,
            history.levels,
            np.nan_to_num(value),
            _present(history.levels, history.values),
        )
        X[unknown] = 0.0
        X = np.column_stack([X, unknown.astype(np.float64)])
        parts.append(_Part(X, [*names, f"{history.name}: none yet"], history.name))
    X, names, variables = _stacked(parts, n or 0)
    return Design(X=X, names=tuple(names), variables=tuple(variables))


def coded_column(
    column: Column, coding: Coding, values: FloatArray | None = None
) -> tuple[FloatArray, list[str]]:
    """Return the columns of one baseline variable, constant ones included.

    Parameters
    ----------
    column : Column
        The variable.
    coding : Coding
        Whether it is a spline, and its knots.
    values : ndarray of float, shape (n,), optional
        Values or codes to take instead of the variable's own; knots and levels stay its own.

    Returns
    -------
    X : ndarray of float, shape (n, p)
        Columns.
    names : list of str
        Their names.

    Raises
    ------
    DesignError
        If a spline does not fit the variable.
    """
    part = _baseline_part(column, dict(coding.splines), dict(coding.knots), values)
    return part.X, part.names


def spline_knots_of(column: Column, df: int) -> FloatArray:
    """Return the knots of a variable's spline, from its known values.

    Parameters
    ----------
    column : Column
        The variable.
    df : int
        Degrees of freedom.

    Returns
    -------
    ndarray of float, shape (df + 1,)
        Knots.

    Raises
    ------
    DesignError
        If the variable is a category, or has too few distinct values.
    """
    if column.kind != "number":
        raise DesignError(
            f"the confounder {column.name} is a category and can't be a spline.",
            hint="leave the spline out: each level has its own coefficient.",
        )
    try:
        return spline_knots(column.values[~column.missing], df)
    except DesignError as error:
        raise DesignError(f"the confounder {column.name}: {error.message}", hint=error.hint) from (
            error
        )


def with_knots(coding: Coding, columns: Sequence[Column]) -> Coding:
    """Return a coding whose splines have their knots fixed.

    Parameters
    ----------
    coding : Coding
        How variables are coded.
    columns : sequence of Column
        The variables; only their known values count.

    Returns
    -------
    Coding
        The same where knots are given already.

    Raises
    ------
    DesignError
        If a spline does not fit its variable.
    """
    given = dict(coding.knots)
    by_name = {column.name: column for column in columns}
    for name, df in coding.splines:
        if name not in given:
            given[name] = tuple(spline_knots_of(by_name[name], df).tolist())
    return replace(coding, knots=tuple(given.items()))


def _baseline_part(
    column: Column,
    splines: Mapping[str, int],
    knots: Mapping[str, tuple[float, ...]],
    values: FloatArray | None = None,
) -> _Part:
    taken = column.values if values is None else values
    name = column.name
    if name not in splines and name not in knots:
        shown = _present(column.levels, column.values)
        X, names = _linear_or_levels(name, column.kind, column.levels, taken, shown)
        return _Part(X, names, name)
    places = np.asarray(knots[name]) if name in knots else spline_knots_of(column, splines[name])
    X = natural_spline(taken, places)
    return _Part(X, [name, *(f"{name}: spline {j}" for j in range(2, X.shape[1] + 1))], name)


def _present(levels: Sequence[str], codes: FloatArray) -> list[int]:
    """Return the codes of the levels that occur."""
    known = codes[~np.isnan(codes)].astype(np.int64) if levels else np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.bincount(known, minlength=len(levels))).tolist()


def _linear_or_levels(
    name: str, kind: str, levels: Sequence[str], values: FloatArray, present: Sequence[int]
) -> tuple[FloatArray, list[str]]:
    if kind == "number":
        return values[:, None].astype(np.float64), [name]
    codes = np.asarray(present[1:], dtype=np.float64)
    X = (values[:, None] == codes).astype(np.float64)
    return X, [f"{name}: {levels[code]}" for code in present[1:]]


def _stacked(parts: Sequence[_Part], n: int) -> tuple[FloatArray, list[str], list[str]]:
    X = np.column_stack([part.X for part in parts]) if parts else np.zeros((n, 0))
    names = [name for part in parts for name in part.names]
    return X, names, [part.variable for part in parts for _ in part.names]


def _chosen(names: Sequence[str], keep: BoolArray) -> tuple[str, ...]:
    return tuple(name for name, kept in zip(names, keep, strict=True) if kept)


def _varies(X: FloatArray) -> BoolArray:
    if not X.shape[0]:
        return np.ones(X.shape[1], dtype=np.bool_)
    return np.asarray(X.max(axis=0) > X.min(axis=0), dtype=np.bool_)


def _redundant(X: FloatArray, names: Sequence[str], keep: BoolArray) -> BoolArray:
    """Mark columns of unknown values that others explain; raise for other dependent columns."""
    out = np.zeros(len(names), dtype=np.bool_)
    places = np.flatnonzero(keep)
    if places.size < 2:
        return out
    R = _correlations(X[:, places])
    used: list[int] = []
    for j in range(places.size):
        share = np.linalg.solve(R[np.ix_(used, used)], R[used, j]) if used else np.zeros(0)
        if R[j, j] - R[used, j] @ share > DEPENDENT:
            used.append(j)
            continue
        if not names[places[j]].endswith(f": {UNKNOWN}"):
            size = np.abs(share)
            others = [used[i] for i in np.flatnonzero(size > SHARE * size.max())]
            raise DesignError(
                _dependence(names[places[j]], [names[places[i]] for i in others]),
                hint="leave one of these confounders out: they say the same of these persons.",
            )
        out[places[j]] = True
    return out


def _correlations(X: FloatArray) -> FloatArray:
    centred = X - X.mean(axis=0)
    gram = centred.T @ centred
    size = np.sqrt(np.diagonal(gram))
    return np.asarray(gram / size[:, None] / size)


def _dependence(name: str, others: Sequence[str]) -> str:
    listed = ", ".join(repr(other) for other in others)
    return f"the column {name!r} of the confounders is determined by {listed}."
