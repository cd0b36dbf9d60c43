"""What is done with confounders that are unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.cohort.columns import UNKNOWN, Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import with_knots
from locoreg.stats.studies import check_option

MissingRule = Literal["refuse", "complete_cases", "category", "multiple_imputation"]
MISSING_RULES: tuple[MissingRule, ...] = get_args(MissingRule)


def apply_missing(cohort: Cohort, rule: MissingRule) -> Cohort:
    """Apply the rule for baseline confounders that are unknown.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    rule : {"refuse", "complete_cases", "category", "multiple_imputation"}
        Raise; leave persons out who lack a value; make unknown a level of its own, with numbers
        set to their median beside it; or leave the values open for imputation.

    Returns
    -------
    Cohort
        The same where nothing is unknown. Applied twice, it changes nothing more.

    Raises
    ------
    DataError
        With ``refuse``, if a value is unknown; all variables are named with their counts.
    DesignError
        If nobody has all values, or nobody has a value of some variable.
    """
    check_option("missing", rule, MISSING_RULES)
    gaps = [column for column in cohort.confounders() if column.missing.any()]
    if not gaps:
        return cohort
    empty = [column.name for column in gaps if column.missing.all()]
    if empty:
        raise DesignError(
            f"the confounder {empty[0]} is unknown for everybody.", hint="leave it out."
        )
    if rule == "refuse":
        raise DataError(
            "confounders are unknown: " + missing_text(gaps) + ".",
            hint="say under confounders, missing what is done with them: complete_cases, category "
            "or multiple_imputation.",
        )
    if rule == "complete_cases":
        return _complete(cohort, gaps)
    return _with_unknown(cohort, gaps) if rule == "category" else cohort


def missing_text(columns: list[Column]) -> str:
    """Return ``ecog for 12 of 300 (4.0%), grade for ...``."""
    parts = []
    for column in columns:
        count, n = int(column.missing.sum()), column.values.size
        parts.append(f"{column.name} for {count} of {n} ({100.0 * count / n:.1f}%)")
    return ", ".join(parts)


def _complete(cohort: Cohort, gaps: list[Column]) -> Cohort:
    lacking = np.any([column.missing for column in gaps], axis=0)
    rows = np.flatnonzero(~lacking)
    if not rows.size:
        raise DesignError(
            "nobody has all confounders known: " + missing_text(gaps) + ".",
            hint="take another rule for missing values.",
        )
    out = int(lacking.sum())
    step = AttritionStep(
        name="all confounders are known", excluded=out, left=rows.size, unknown=out
    )
    attrition = replace(cohort.attrition, steps=(*cohort.attrition.steps, step))
    return replace(cohort.take(rows), attrition=attrition)


def _with_unknown(cohort: Cohort, gaps: list[Column]) -> Cohort:
    """Return the cohort with a level, or an indicator, of those unknown."""
    changed: dict[str, Column] = {}
    added: list[Column] = []
    for column in gaps:
        lacking = column.missing
        if column.kind == "category":
            there = UNKNOWN in column.levels
            levels = column.levels if there else (*column.levels, UNKNOWN)
            code = float(levels.index(UNKNOWN))
        else:
            levels = ()
            code = float(np.median(column.values[~lacking]))
            name = indicator_name(column.name)
            indicator = Column(
                name=name,
                kind="category",
                values=lacking.astype(np.float64),
                levels=("known", UNKNOWN),
            )
            added.append(indicator)
        changed[column.name] = Column(
            name=column.name,
            kind=column.kind,
            values=np.where(lacking, code, column.values),
            levels=levels,
        )
    baseline = tuple(changed.get(column.name, column) for column in cohort.baseline)
    # Knots are places among known values: the medians that fill gaps would draw them together.
    coding = with_knots(cohort.coding, cohort.confounders())
    names = (*coding.names, *(column.name for column in added))
    return replace(
        cohort,
        baseline=(*baseline, *added),
        coding=replace(coding, names=names),
    )


def indicator_name(name: str) -> str:
    """Return the name of the column that marks whose number is unknown, set to the median."""
    return f"{name} known"
