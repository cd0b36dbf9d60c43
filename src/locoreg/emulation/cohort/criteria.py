"""Criteria of eligibility, judged on variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.columns import UNKNOWN, Column
from locoreg.emulation.cohort.frames import BOOLEAN_LEVELS
from locoreg.stats.survivaldata import BoolArray, label_text

if TYPE_CHECKING:
    from locoreg.emulation.protocol.parts import Criterion


class Judgement(NamedTuple):
    """Whom a criterion keeps.

    Attributes
    ----------
    kept : ndarray of bool, shape (n,)
        Who stays.
    unknown : ndarray of bool, shape (n,)
        Whose value is unknown.
    """

    kept: BoolArray
    unknown: BoolArray


def judge(column: Column, criterion: Criterion) -> Judgement:
    """Judge a criterion on a variable.

    Parameters
    ----------
    column : Column
        The variable.
    criterion : Criterion
        The comparison, and what is done with unknown values.

    Returns
    -------
    Judgement
        Whom it keeps.

    Raises
    ------
    DesignError
        If the comparison does not fit the variable.
    """
    column = _comparable(column, criterion)
    unknown = column.missing
    accepted = criterion.one_of if criterion.equals is None else (criterion.equals,)
    met = np.ones(unknown.size, dtype=np.bool_)
    if accepted is not None:
        met &= np.isin(column.values, _codes(column, criterion, accepted))
    for bound, above in ((criterion.at_least, True), (criterion.at_most, False)):
        if bound is None:
            continue
        if column.kind != "number":
            raise DesignError(
                f"eligibility, {criterion.name!r}: {column.name} is a category and can't be "
                "compared with a number.",
                hint=f"take one_of; its levels are {', '.join(column.levels)}.",
            )
        with np.errstate(invalid="ignore"):
            met &= column.values >= bound if above else column.values <= bound
    kept = np.where(unknown, criterion.unknown == "include", met)
    return Judgement(kept=np.asarray(kept, dtype=np.bool_), unknown=unknown)


def _comparable(column: Column, criterion: Criterion) -> Column:
    """Return a variable with its level of unknown values unknown, and whole numbers as numbers."""
    if column.kind == "number":
        return column
    values = column.values
    named = (criterion.equals, *(criterion.one_of or ()))
    if UNKNOWN in column.levels and UNKNOWN not in named:
        values = np.where(values == column.levels.index(UNKNOWN), np.nan, values)
    ranged = criterion.at_least is not None or criterion.at_most is not None
    levels = [level for level in column.levels if level != UNKNOWN]
    if not (ranged and levels and all(level.isdigit() for level in levels)):
        return replace(column, values=values)
    # Levels such as those of ECOG are compared as the numbers that they are.
    numbers = np.array([float(level) if level != UNKNOWN else np.nan for level in column.levels])
    codes = np.where(np.isnan(values), 0, values).astype(np.int64)
    values = np.where(np.isnan(values), np.nan, numbers[codes])
    return Column(name=column.name, kind="number", values=values)


def _codes(column: Column, criterion: Criterion, accepted: Any) -> list[float]:
    if column.kind == "number":
        wrong = [value for value in accepted if isinstance(value, str)]
        if wrong:
            raise DesignError(
                f"eligibility, {criterion.name!r}: {column.name} is a number and never "
                f"{wrong[0]!r}.",
                hint="compare it with numbers.",
            )
        return [float(value) for value in accepted]
    texts = [_level(value) for value in accepted]
    codes = [float(column.levels.index(text)) for text in texts if text in column.levels]
    if not codes:
        close = did_you_mean(texts[0], column.levels)
        raise DesignError(
            f"eligibility, {criterion.name!r}: {column.name} is never {' or '.join(texts)}.",
            hint=close or f"its levels are {', '.join(column.levels)}.",
        )
    return codes


def _level(value: object) -> str:
    return BOOLEAN_LEVELS[value] if isinstance(value, bool) else label_text(value)
