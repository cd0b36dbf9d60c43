"""Persons from arrays or a table of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.emulation.cohort import Attrition, Column, cohort_from_arrays
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.data.usable import check_columns
from locoreg.stats.survivaldata import FloatArray, named_rows, numbers


def selection_data(
    *,
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    covariates: Any,
    modifiers: Sequence[str] | None = None,
    ordered: Sequence[str] = (),
    measured: Mapping[str, ArrayLike] | None = None,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    site: ArrayLike | None = None,
    person_id: Sequence[Any] | None = None,
    source: str = "arrays",
) -> SelectionData:
    """Make the data of selection from arrays, one value per person.

    Parameters
    ----------
    time : array_like, shape (n,)
        Months from time zero to the end of follow-up.
    event : array_like, shape (n,)
        1 or True where it ended with the event, 0 or False where it was censored.
    treated : array_like, shape (n,)
        1 or True for the treated. It must be known at time zero: treated later means that the
        person had to live until then (immortal time).
    covariates : mapping of str to array_like, table, or array_like of shape (n, p)
        Known at time zero: numbers, or texts and booleans, which become categories. Columns of an
        array without names are called x1, x2, ... Unknown values are coded as such.
    modifiers : sequence of str, optional
        Covariates by which the effect may differ; by default all.
    ordered : sequence of str
        Categories coded by the rank of their levels: in the order of a pandas categorical, texts in
        that of the alphabet. Notes of the data tell the order.
    measured : mapping of str to array_like, optional
        When covariates were measured: months since time zero, not positive.
    entry : array_like, shape (n,), optional
        Months from time zero to the start of observation (left truncation).
    weight : array_like, shape (n,), optional
        Sampling weights, positive.
    cluster : array_like, shape (n,), optional
        Groups that are kept whole in folds; hospitals of `site` by default.
    site : array_like, shape (n,), optional
        Hospital or registry of each person.
    person_id : sequence, optional
        Pseudonyms, each once; 1, 2, ... by default.
    source : str
        What the data are called.

    Returns
    -------
    SelectionData
        The persons in the order given. Nobody is left out.

    Raises
    ------
    DataError
        If a value can't be used; persons are named by row, counted from 1.
    DesignError
        If a covariate was measured after time zero, or tells the outcome.

    Examples
    --------
    >>> from locoreg.selection.data import selection_data
    >>> data = selection_data(
    ...     time=[12.0, 3.5, 24.0, 8.0],
    ...     event=[1, 1, 0, 0],
    ...     treated=[1, 0, 1, 0],
    ...     covariates={"age": [61, 74, 58, 66], "subtype": ["HR+", "TN", "HR+", "HR+"]},
    ... )
    >>> data.n, data.modifiers
    (4, ('age', 'subtype'))
    """
    persons = cohort_from_arrays(
        time=time,
        event=event,
        treatment_time=np.full(np.shape(time), np.nan),
        covariates=covariates,
        event_labels=["the event"],
        entry=entry,
        cluster=cluster if cluster is not None else site,
        person_id=person_id,
        source=source,
    )
    names = [column.name for column in persons.baseline]
    if not names:
        raise DataError("there are no covariates.", hint="give at least one.")
    _check_names("modifiers", modifiers or (), names)
    _check_names("ordered", ordered, names)
    _check_names("measured", measured or {}, names)
    _check_measured(measured or {}, persons.n)
    check_columns(
        persons.baseline, persons.time, persons.event, persons=persons.person_id, ordered=ordered
    )
    return SelectionData(
        person_id=persons.person_id,
        time=persons.time,
        event=persons.event,
        treated=_flags("treated", treated, persons.n),
        covariates=persons.baseline,
        modifiers=tuple(names) if modifiers is None else tuple(modifiers),
        ordered=tuple(ordered),
        entry=persons.entry,
        weight=_weight(weight, persons.n),
        cluster=persons.cluster,
        site=_site(site),
        attrition=Attrition(source=source, started=persons.n, steps=()),
        source=source,
        synthetic=False,
        notes=tuple(
            f"{column.name} is ordered {' < '.join(column.levels)}."
            for column in persons.baseline
            if column.name in ordered and column.kind == "category"
        ),
    )


def _check_names(what: str, given: Any, names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise DesignError(
                f"{what} holds {name!r}, which is no covariate.",
                hint=did_you_mean(name, names) or f"covariates are {', '.join(names[:20])}.",
            )


def _check_measured(measured: Mapping[str, ArrayLike], n: int) -> None:
    for name, months in measured.items():
        when = numbers(f"measured {name}", months)
        if when.size != n:
            raise DataError(f"measured {name} has {when.size} values for {n} persons.")
        late = when > 0.0
        if late.any():
            raise DesignError(
                f"the covariate {name} was measured after time zero in {named_rows(late)}: what "
                "comes later may be a consequence of treatment or of the outcome.",
                hint="take its last value up to time zero, or leave it out.",
            )


def _flags(name: str, values: ArrayLike, n: int) -> Any:
    flags = numbers(name, values)
    if flags.size != n:
        raise DataError(f"{name} has {flags.size} values for {n} persons.")
    bad = ~np.isin(flags, (0.0, 1.0))
    if bad.any():
        raise DataError(f"{name} is {flags[bad][0]:g} in {named_rows(bad)}.", hint="give 0 or 1.")
    return np.asarray(flags == 1.0, dtype=np.bool_)


def _weight(weight: ArrayLike | None, n: int) -> FloatArray | None:
    if weight is None:
        return None
    values = numbers("weight", weight)
    if values.size != n:
        raise DataError(f"weight has {values.size} values for {n} persons.")
    bad = ~(np.isfinite(values) & (values > 0.0))
    if bad.any():
        raise DataError(
            f"weight is {values[bad][0]:g} in {named_rows(bad)}.",
            hint="give positive weights; leave out persons of weight 0.",
        )
    return values


def _site(site: ArrayLike | None) -> Column | None:
    if site is None:
        return None
    labels = [str(one) for one in np.asarray(site).tolist()]
    levels = tuple(sorted(set(labels)))
    place = {level: float(code) for code, level in enumerate(levels)}
    return Column(
        name="site",
        kind="category",
        values=np.array([place[label] for label in labels]),
        levels=levels,
    )
