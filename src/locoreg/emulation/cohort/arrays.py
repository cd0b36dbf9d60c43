"""The cohort from arrays, without a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.cohort.audit import audit_time_zero
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding
from locoreg.emulation.cohort.frames import Table, read_table
from locoreg.stats.survivaldata import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_codes,
    named_rows,
    numbers,
)

# Histories are three columns: person, time and value.
HistoryColumns = tuple[ArrayLike, ArrayLike, ArrayLike]


def cohort_from_arrays(
    *,
    time: ArrayLike,
    event: ArrayLike,
    treatment_time: ArrayLike,
    covariates: Any,
    event_labels: Sequence[str],
    histories: Mapping[str, HistoryColumns] | None = None,
    entry: ArrayLike | None = None,
    lost: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    person_id: Sequence[Any] | None = None,
    splines: Mapping[str, int] | None = None,
    source: str = "arrays",
) -> Cohort:
    """Build a cohort from arrays, one value per person.

    Parameters
    ----------
    time : array_like, shape (n,)
        Months from time zero to the end of follow-up.
    event : array_like, shape (n,)
        What ended it: 0 or False censored, 1 or True the outcome, 2, ... competing events.
    treatment_time : array_like, shape (n,)
        Months from time zero to the treatment; NaN or infinite for persons who were not treated.
    covariates : mapping of str to array_like, table, or array_like of shape (n, p)
        Confounders known at time zero: numbers, or texts and booleans, which become categories.
        Columns of an array without names are called x1, x2, ...
    event_labels : sequence of str
        Words for 1, 2, ...
    histories : mapping of str to (person, time, value), optional
        Confounders that change over time: three columns each, with persons as in `person_id`,
        months since time zero (negative before it) and values.
    entry : array_like, shape (n,), optional
        Months from time zero to the start of observation (left truncation).
    lost : array_like, shape (n,), optional
        Whether a person without an event was lost to follow-up; by default nobody.
    cluster : array_like, shape (n,), optional
        Hospital.
    person_id : sequence, optional
        Pseudonyms, each once; 1, 2, ... by default.
    splines : mapping of str to int, optional
        Numbers that are coded as natural cubic splines, with degrees of freedom.
    source : str
        What the data are called.

    Returns
    -------
    Cohort
        The persons in the order given. Nobody is left out.

    Raises
    ------
    DataError
        If a value can't be used; persons are named by row, counted from 1.

    Examples
    --------
    >>> from locoreg.emulation.cohort import cohort_from_arrays
    >>> cohort = cohort_from_arrays(
    ...     time=[12.0, 3.5, 24.0],
    ...     event=[1, 1, 0],
    ...     treatment_time=[2.0, float("nan"), float("nan")],
    ...     covariates={"age": [61, 74, 58], "stage": ["III", "IV", "III"]},
    ...     event_labels=["death"],
    ... )
    >>> cohort.n, cohort.column("stage").levels
    (3, ('III', 'IV'))
    """
    follow_up = _checked("time", time, None, least=0.0)
    n = follow_up.size
    ids = _ids(person_id, n)
    baseline = _baseline(covariates, n)
    made = tuple(_history(name, given, ids) for name, given in (histories or {}).items())
    cohort = Cohort(
        person_id=ids,
        time=follow_up,
        event=_events(event, n, len(event_labels)),
        event_labels=tuple(event_labels),
        lost=_lost(lost, event, n),
        treatment_time=_treatment(treatment_time, follow_up),
        entry=_entry(entry, follow_up),
        baseline=baseline,
        histories=made,
        coding=Coding(
            names=tuple(column.name for column in baseline),
            history_names=tuple(history.name for history in made),
            splines=tuple((splines or {}).items()),
        ),
        cluster=None if cluster is None else cluster_codes("cluster", cluster, n),
        attrition=Attrition(source=source, started=n, steps=()),
        source=source,
        synthetic=False,
    )
    return replace(cohort, audit=audit_time_zero(cohort))


def _checked(name: str, values: ArrayLike, n: int | None, *, least: float) -> FloatArray:
    data = numbers(name, values)
    if n is not None and data.size != n:
        raise DataError(
            f"{name} has {data.size} values, but time has {n}.", hint="give one per person."
        )
    if not data.size:
        raise DataError(f"{name} is empty.", hint="give one value per person.")
    bad = ~np.isfinite(data) | (data < least)
    if bad.any():
        raise DataError(
            f"{name} is {data[bad][0]:g} in {named_rows(bad)}.",
            hint=f"give finite numbers of {least:g} or more, in months since time zero.",
        )
    return data


def _events(event: ArrayLike, n: int, kinds: int) -> IntArray:
    codes = _checked("event", event, n, least=0.0)
    bad = (codes != np.round(codes)) | (codes > kinds)
    if bad.any():
        raise DataError(
            f"event is {codes[bad][0]:g} in {named_rows(bad)}, but there are {kinds} event_labels.",
            hint="0 is censored; give a label for each of 1, 2, ...",
        )
    return codes.astype(np.int64)


def _lost(lost: ArrayLike | None, event: ArrayLike, n: int) -> BoolArray:
    if lost is None:
        return np.zeros(n, dtype=np.bool_)
    flags = _checked("lost", lost, n, least=0.0)
    bad = ~np.isin(flags, (0, 1)) | ((flags == 1) & (np.asarray(event) != 0))
    if bad.any():
        raise DataError(
            f"lost is {flags[bad][0]:g} in {named_rows(bad)}.",
            hint="0 or 1; 1 only for persons without an event.",
        )
    return np.asarray(flags == 1, dtype=np.bool_)


def _treatment(treatment_time: ArrayLike, follow_up: FloatArray) -> FloatArray:
    given = numbers("treatment_time", treatment_time)
    if given.size != follow_up.size:
        raise DataError(
            f"treatment_time has {given.size} values, but time has {follow_up.size}.",
            hint="give one per person, NaN for none.",
        )
    time = np.where(np.isnan(given), np.inf, given)
    for bad, words in (
        (time < 0, "is before time zero"),
        (np.isfinite(time) & (time > follow_up), "is after the end of follow-up"),
    ):
        if bad.any():
            raise DataError(
                f"treatment_time {words} in {named_rows(bad)}.",
                hint="leave persons out who were treated before time zero; give NaN for those not "
                "treated while followed.",
            )
    return time


def _entry(entry: ArrayLike | None, follow_up: FloatArray) -> FloatArray | None:
    if entry is None:
        return None
    start = np.maximum(_checked("entry", entry, follow_up.size, least=-np.inf), 0.0)
    bad = start >= follow_up
    if bad.any():
        raise DataError(
            f"entry is not before time in {named_rows(bad)}.",
            hint="leave out persons who were never under observation.",
        )
    return start if (start > 0).any() else None


def _ids(person_id: Sequence[Any] | None, n: int) -> tuple[str, ...]:
    if person_id is None:
        return tuple(str(i + 1) for i in range(n))
    ids = tuple(str(one) for one in person_id)
    if len(ids) != n or len(set(ids)) != n:
        raise DataError(
            f"person_id holds {len(ids)} values, {len(set(ids))} of them distinct, for {n} "
            "persons.",
            hint="give each person one.",
        )
    return ids


def _baseline(covariates: Any, n: int) -> tuple[Column, ...]:
    table = _covariate_table(covariates)
    if table is None:
        return ()
    if table.n != n:
        raise DataError(
            f"covariates have {table.n} rows, but time has {n}.", hint="give one per person."
        )
    return tuple(table.variable(name, "covariate") for name in table.names)


def _covariate_table(covariates: Any) -> Table | None:
    named = isinstance(covariates, Mapping) or hasattr(covariates, "columns")
    if named or hasattr(covariates, "__arrow_c_stream__"):
        empty = isinstance(covariates, Mapping) and not covariates
        return None if empty else read_table(covariates, "covariates")
    columns = np.asarray(covariates)
    if columns.ndim != 2:
        raise DataError(
            f"covariates have shape {columns.shape}.",
            hint="give a mapping of names to columns, a table, or an array of shape (n, p).",
        )
    if not columns.shape[1]:
        return None
    given = {f"x{j + 1}": np.ascontiguousarray(columns[:, j]) for j in range(columns.shape[1])}
    return read_table(given, "covariates")


def _history(name: str, given: HistoryColumns, ids: tuple[str, ...]) -> History:
    person, time, value = given
    labels = [str(one) for one in np.asarray(person).tolist()]
    place = {one: i for i, one in enumerate(ids)}
    strange = sorted({label for label in labels if label not in place})
    if strange:
        raise DataError(
            f"the history {name} holds {strange[0]!r}, who is no person of the cohort.",
            hint="persons are those of person_id.",
        )
    table = read_table({name: value}, f"the history {name}")
    column = table.variable(name, "history")
    rows = np.array([place[label] for label in labels], dtype=np.int64)
    when = _checked(f"the time of {name}", time, rows.size, least=-np.inf)
    if column.values.size != rows.size:
        raise DataError(
            f"the history {name} has {rows.size} persons, but {column.values.size} values.",
            hint="give columns of the same length.",
        )
    known = np.flatnonzero(~column.missing)
    order = known[np.lexsort((when[known], rows[known]))]
    return History(
        name=name,
        kind=column.kind,
        person=rows[order],
        time=when[order],
        values=column.values[order],
        levels=column.levels,
        n=len(ids),
    )
