"""From variables to columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.cohort.columns import Column, History
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How confounders become columns.

    Attributes
    ----------
    names : tuple of str
        Baseline variables that are adjusted for.
    splines : tuple of (str, int)
        Numbers that are coded as natural cubic splines, with their degrees of freedom; other
        numbers are linear. Categories become one column per level but the first.
    history_names : tuple of str
        Histories that are adjusted for.
    """

    names: tuple[str, ...]
    history_names: tuple[str, ...] = ()
    splines: tuple[tuple[str, int], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the coding as JSON-ready values."""
        return {
            "names": list(self.names),
            "history_names": list(self.history_names),
            "splines": [list(pair) for pair in self.splines],
        }


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
    """

    X: FloatArray
    names: tuple[str, ...]
    variables: tuple[str, ...]


def code_baseline(columns: Sequence[Column], coding: Coding) -> Design:
    """Return the columns of baseline variables.

    Parameters
    ----------
    columns : sequence of Column
        The variables.
    coding : Coding
        How they are coded.

    Returns
    -------
    Design
        Without columns that are constant.

    Raises
    ------
    DataError
        If a value is missing.
    """
    for column in columns:
        if column.missing.any():
            raise DataError(
                f"{column.name} is unknown for {int(column.missing.sum())} of "
                f"{column.values.size} persons.",
                hint="say in the protocol what is done with missing values.",
            )
    parts = [_coded(column.name, column.kind, column.levels, column.values) for column in columns]
    n = columns[0].values.size if columns else 0
    return _joined(parts, n)


def code_histories(histories: Sequence[History], coding: Coding, month: float) -> Design:
    """Return the columns of histories as of a time.

    Parameters
    ----------
    histories : sequence of History
        The variables.
    coding : Coding
        Which of them are adjusted for.
    month : float
        Months since time zero; values up to and including it are known.

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
        X, names, variables = _coded(
            history.name, history.kind, history.levels, np.nan_to_num(value)
        )
        X[unknown] = 0.0
        X = np.column_stack([X, unknown.astype(np.float64)])
        parts.append((X, [*names, f"{history.name}: none yet"], [*variables, history.name]))
    n = histories[0].n if histories else 0
    return _joined(parts, n, constant=True)


def _coded(
    name: str, kind: str, levels: Sequence[str], values: FloatArray
) -> tuple[FloatArray, list[str], list[str]]:
    if kind == "number":
        return values[:, None].astype(np.float64), [name], [name]
    codes = np.arange(1, len(levels))
    X = (values[:, None] == codes).astype(np.float64)
    return X, [f"{name}: {level}" for level in levels[1:]], [name] * len(codes)


def _joined(
    parts: Sequence[tuple[FloatArray, list[str], list[str]]], n: int, *, constant: bool = False
) -> Design:
    X = np.column_stack([part[0] for part in parts]) if parts else np.zeros((n, 0))
    names = [name for part in parts for name in part[1]]
    variables = [name for part in parts for name in part[2]]
    keep = np.ones(len(names), dtype=np.bool_)
    if not constant and n:
        keep = np.asarray(X.max(axis=0) > X.min(axis=0)) if names else keep
    return Design(
        X=np.ascontiguousarray(X[:, keep]),
        names=tuple(name for name, kept in zip(names, keep, strict=True) if kept),
        variables=tuple(name for name, kept in zip(variables, keep, strict=True) if kept),
    )
