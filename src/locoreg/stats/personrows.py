"""Rows that belong to the same person: which of them follow on one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import BoolArray, IntArray, SurvivalData, cluster_codes, named_rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonRows:
    """Whose row each row is.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        Persons 0, 1, ... in sorted order of their labels.
    continues : ndarray of bool, shape (n,), or None
        Whether a row of the same person and stratum begins where this one ends, so that its end
        is no censoring. None without times of entry.
    resumes : ndarray of bool, shape (n,), or None
        Whether a row is such a following row, so that its start is no entry.
    """

    codes: IntArray
    continues: BoolArray | None
    resumes: BoolArray | None


def person_rows(id: ArrayLike, data: SurvivalData) -> PersonRows:
    """Find the rows of each person.

    Parameters
    ----------
    id : array_like, shape (n,)
        Labels of any kind; none may be missing.
    data : SurvivalData
        The checked rows.

    Returns
    -------
    PersonRows
        Persons, and which rows follow on one another.

    Raises
    ------
    DataError
        If a label is missing, or rows of one person overlap within a stratum.
    """
    codes = cluster_codes("id", id, data.n)
    if data.entry is None:
        return PersonRows(codes=codes, continues=None, resumes=None)
    units = codes if data.strata is None else codes * len(data.strata_labels) + data.strata
    order = np.lexsort((data.time, units))
    here, following = order[:-1], order[1:]
    same = units[here] == units[following]
    overlap = same & (data.entry[following] < data.time[here])
    if overlap.any():
        bad = np.zeros(data.n, dtype=np.bool_)
        bad[following[overlap]] = True
        raise DataError(
            f"{named_rows(bad).capitalize()} begin{'' if bad.sum() > 1 else 's'} before another "
            "row of the same id ends, so that one person would be at risk twice.",
            hint="mend the times, or give the labels as cluster instead of id.",
        )
    follows = same & (data.entry[following] == data.time[here])
    continues, resumes = np.zeros((2, data.n), dtype=np.bool_)
    continues[here[follows]] = True
    resumes[following[follows]] = True
    return PersonRows(codes=codes, continues=continues, resumes=resumes)
