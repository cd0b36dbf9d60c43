"""Covariates that can't be used, each refused by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.cohort.frames import named_persons
from locoreg.selection.data.leaks import check_leaks
from locoreg.stats.survivaldata import FloatArray, IntArray

# A category becomes a column per level: more levels than this make no group that a model could
# learn from, and a table that does not fit into memory.
MOST_LEVELS = 200
# More levels than FEW_LEVELS with fewer persons each name persons rather than kinds of persons.
FEW_LEVELS = 20
LEAST_PER_LEVEL = 3.0
# A category of as many levels, of which at least half are numbers, is a column of numbers in which
# some value is a text.
NUMBER_LEVELS = 12


def check_columns(
    columns: Sequence[Column],
    time: FloatArray,
    event: IntArray,
    *,
    persons: Sequence[str],
    ordered: Sequence[str] = (),
) -> None:
    """Refuse covariates that can't be used, or that tell the outcome.

    Parameters
    ----------
    columns : sequence of Column
        The covariates.
    time : ndarray of float, shape (n,)
        Months to the end of follow-up.
    event : ndarray of int, shape (n,)
        1 for the event.
    persons : sequence of str
        Their names.
    ordered : sequence of str
        Categories coded by the rank of their levels, which may be many.

    Raises
    ------
    DataError
        If a number is infinite, or a text stands among numbers.
    DesignError
        If a category has nearly as many levels as persons, or a covariate tells the outcome.
    """
    for column in columns:
        if column.kind == "number":
            _check_finite(column, persons)
        else:
            _check_texts(column, persons)
            if column.name not in ordered:
                _check_levels(column)
    check_leaks(columns, time, event)


def _check_finite(column: Column, persons: Sequence[str]) -> None:
    bad = np.isinf(column.values)
    if bad.any():
        raise DataError(
            f"the covariate {column.name} is infinite for {named_persons(persons, bad)}.",
            hint="give finite numbers; leave the value empty where it is unknown.",
        )


def _check_texts(column: Column, persons: Sequence[str]) -> None:
    known = column.values[~column.missing]
    present = np.unique(known).astype(np.int64).tolist()
    if len(present) <= NUMBER_LEVELS:
        return
    texts = [code for code in present if not _is_number(column.levels[code])]
    if not texts or 2 * len(texts) > len(present):
        return
    bad = np.isin(column.values, texts)
    raise DataError(
        f"the covariate {column.name} holds numbers, but {column.levels[texts[0]]!r} for "
        f"{named_persons(persons, bad)}.",
        hint="give numbers only; leave the value empty where it is unknown.",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_levels(column: Column) -> None:
    known = column.values[~column.missing]
    levels = np.unique(known).size
    crowded = levels > FEW_LEVELS and known.size < LEAST_PER_LEVEL * levels
    if crowded or levels > MOST_LEVELS:
        raise DesignError(
            f"the covariate {column.name} has {levels} levels for {known.size} persons: no model "
            "learns from levels that are so many or so rare.",
            hint="group its levels, give its numbers as numbers, or leave it out.",
        )
