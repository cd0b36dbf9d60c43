"""Restrict a cohort to the patients whom the trials would have taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort import Attrition, AttritionStep, Cohort, Column
from locoreg.emulation.cohort.columns import UNKNOWN
from locoreg.emulation.cohort.criteria import judge
from locoreg.emulation.cohort.missing import indicator_name

if TYPE_CHECKING:
    from locoreg.emulation.protocol.parts import Criterion


def restrict(cohort: Cohort, criteria: Sequence[Criterion]) -> Cohort:
    """Return the persons who meet criteria, as of time zero.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    criteria : sequence of Criterion
        Applied one after the other, on baseline variables or subgroups.

    Returns
    -------
    Cohort
        With a step of attrition per criterion.

    Raises
    ------
    DesignError
        If the cohort lacks a variable, or nobody is left.
    """
    attrition = cohort.attrition
    for criterion in criteria:
        judged = judge(_column(cohort, criterion), criterion)
        rows = np.flatnonzero(judged.kept)
        step = AttritionStep(
            name=criterion.name,
            excluded=cohort.n - rows.size,
            left=rows.size,
            unknown=int((judged.unknown & ~judged.kept).sum()),
        )
        if rows.size == 0:
            raise DesignError(
                f"nobody is left after {criterion.name!r}.",
                hint="widen the criteria of the benchmark.",
            )
        attrition = Attrition(
            source=attrition.source, started=attrition.started, steps=(*attrition.steps, step)
        )
        cohort = replace(cohort.take(rows), attrition=attrition)
    return cohort


def _column(cohort: Cohort, criterion: Criterion) -> Column:
    columns = {**cohort.subgroups, **{column.name: column for column in cohort.baseline}}
    if criterion.variable not in columns:
        raise DesignError(
            f"benchmark, {criterion.name!r}: the cohort has no variable {criterion.variable!r}.",
            hint=did_you_mean(criterion.variable, columns),
        )
    found = columns[criterion.variable]
    indicator = columns.get(indicator_name(criterion.variable))
    if found.kind == "number" and indicator is not None and UNKNOWN in indicator.levels:
        # The median stands where the value is unknown: it says nothing of eligibility.
        unknown = indicator.values == indicator.levels.index(UNKNOWN)
        found = replace(found, values=np.where(unknown, np.nan, found.values))
    return found
