"""Describe a registry: flow of patients, Table 1, follow-up and survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.describe.counts import Count, shown_count
from locoreg.registry.describe.followup import (
    GroupSurvival,
    Step,
    flow_of,
    from_landmark,
    steps_of,
    survival_of,
)
from locoreg.registry.describe.people import (
    GROUPINGS,
    TIME_ZERO_WORDS,
    VARIABLES,
    People,
    TimeZero,
    add_subtypes,
    people_at,
)
from locoreg.registry.describe.tableone import (
    OVERALL,
    UNKNOWN,
    TableOne,
    Variable,
    pool_groups,
    table_one,
)
from locoreg.registry.describe.words import description_text
from locoreg.registry.store import Registry

if TYPE_CHECKING:
    import pandas as pd

IMMORTAL = (
    "The groups were defined by what happened after time zero: whoever was to get there had to "
    "live that long (immortal time). Differences between the groups are no effects."
)
Decided = Literal["at_time_zero", "later"]
POOLED = (
    "Groups are told together where one of them alone would tell of few patients, or would give "
    "such a group away:"
)
PRIMARY_NOTE = (
    "The primary is the first one of the breast; one whose site in the body is not recorded counts "
    "as of the breast. Age and year are unknown where dates are shifted or relative."
)
MONTHS_NOTE = (
    "Times in months of 30.4375 days; dates of month or year precision count from their first day."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A registry described.

    Attributes
    ----------
    registry : str
        Name of its folder.
    synthetic : bool
        Whether the patients are made up.
    time_zero : str
        What time zero is.
    by : str
        What groups are made of; empty without groups.
    flow : tuple of Step
        Patients, step by step.
    table : TableOne
        Table 1 of the patients with a time zero.
    survival : tuple of GroupSurvival
        Follow-up and survival by group.
    level : float
        Level of the intervals in percent.
    small_cells : int or None
        Counts from 1 to this many are hidden.
    imprecise : Count
        Patients whose time zero is known to the month or year only.
    notes : tuple of str
        What a reader must know.
    """

    registry: str
    synthetic: bool
    time_zero: str
    by: str
    flow: tuple[Step, ...]
    table: TableOne
    survival: tuple[GroupSurvival, ...]
    level: float
    small_cells: int | None
    imprecise: Count
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the description as text."""
        return description_text(self)

    def to_frame(self) -> pd.DataFrame:
        """Return Table 1: one row per line."""
        return self.table.to_frame()

    def to_dict(self) -> dict[str, Any]:
        """Return the description as JSON-ready values."""
        return {
            "registry": self.registry,
            "synthetic": self.synthetic,
            "time_zero": self.time_zero,
            "by": self.by,
            "level": self.level,
            "small_cells": self.small_cells,
            "imprecise": self.imprecise.n,
            "flow": [
                {
                    "step": step.label,
                    "left_out": step.left_out.n,
                    "remaining": step.remaining.n,
                    "shown": {"left_out": step.left_out.text, "remaining": step.remaining.text},
                }
                for step in self.flow
            ],
            "table": self.table.to_dict(),
            "survival": [group.to_dict() for group in self.survival],
            "notes": list(self.notes),
        }


def describe_registry(
    registry: Registry,
    *,
    time_zero: TimeZero,
    level: float,
    by: str | None = None,
    groups: Mapping[str, str] | None = None,
    at: Sequence[float] = (),
    staging_days: int = 0,
    small_cells: int | None = None,
    groups_decided: Decided | None = None,
) -> Description:
    """Describe a registry.

    Parameters
    ----------
    registry : Registry
        The registry.
    time_zero : {"first_metastasis", "primary_diagnosis", "entry"}
        What time zero is. Patients who entered later are at risk from their entry.
    level : float
        Level of the intervals in percent.
    by : str, optional
        Variable that makes the groups: see ``GROUPINGS``; with ``groups`` the name of these.
    groups : mapping of str to str, optional
        Group by patient_id, for groups that the registry has no variable for.
    at : sequence of float
        Months at which survival is given.
    staging_days : int
        Lesions first seen up to this many days after time zero count as present at it.
    small_cells : int, optional
        Counts of 1 to this many patients are hidden, and what would give them away.
    groups_decided : {"at_time_zero", "later"}, optional
        When it was decided to which group a patient belongs: required with ``groups``. With
        ``later``, as for groups by treatment, the description says what that does to comparisons.

    Returns
    -------
    Description
        Flow, Table 1, follow-up and survival.

    Raises
    ------
    DesignError
        If an option is unknown or missing, or there is no patient with a time zero.
    """
    _check_decided(groups, groups_decided)
    with registry.connect() as con:
        people = people_at(con, time_zero=time_zero, staging_days=staging_days)
    add_subtypes(registry, people)
    return describe_people(
        registry,
        people,
        time_zero=TIME_ZERO_WORDS[time_zero],
        level=level,
        by=by or "",
        group=_group(people, by, groups),
        order=_order(by),
        at=at,
        small_cells=small_cells,
        groups_decided=groups_decided,
    )


def describe_people(
    registry: Registry,
    people: People,
    *,
    time_zero: str,
    level: float,
    by: str,
    group: NDArray[Any] | None,
    order: Sequence[str],
    at: Sequence[float],
    small_cells: int | None,
    groups_decided: Decided | None,
    criteria: Sequence[tuple[str, NDArray[np.bool_]]] = (),
    landmark_months: float = 0.0,
    further: Sequence[tuple[Variable, NDArray[Any]]] = (),
) -> Description:
    """Describe patients of a registry, or a cohort of them.

    Parameters
    ----------
    registry : Registry
        The registry that they come from.
    people : dict
        From ``people_at``, with subtypes.
    time_zero : str
        What time zero is, in words.
    level : float
        Level of the intervals in percent.
    by : str
        What groups are made of; empty without groups.
    group : ndarray of object, shape (n,), or None
        Group of each patient.
    order : sequence of str
        Order of the groups.
    at : sequence of float
        Months at which survival is given.
    small_cells : int or None
        Counts of 1 to this many patients are hidden, and what would give them away.
    groups_decided : {"at_time_zero", "later"} or None
        When it was decided to which group a patient belongs.
    criteria : sequence of (str, ndarray of bool)
        Steps of the flow after time zero, in order: words, and who passes.
    landmark_months : float
        Where above 0: patients are alive and followed this long after time zero, and their times
        count from there.
    further : sequence of (Variable, ndarray)
        More rows of Table 1, with a value for each patient.

    Returns
    -------
    Description
        Flow, Table 1, follow-up and survival.

    Raises
    ------
    DesignError
        If nobody is left.
    """
    steps, described, followed = steps_of(people, criteria, landmark_months)
    pooled: tuple[str, ...] = ()
    if group is not None:
        group, pooled = pool_groups(group, described, order, small_cells)
        if 1 <= described.sum() <= (small_cells or 0):
            raise DesignError(
                f"{registry.path.name}: the patients to describe are too few to be shown by group.",
                hint="describe more of them together.",
            )
    if not described.any():
        raise DesignError(
            f"no patient of {registry.path} has a time zero ({time_zero})."
            if not criteria and not landmark_months
            else f"no patient of {registry.path.name} is left in this cohort."
        )
    data = {v.key: people[v.key][described] for v in VARIABLES}
    data |= {v.key: array[described] for v, array in further}
    table = table_one(
        data,
        [v for v in (*VARIABLES, *(v for v, _ in further)) if v.key != by],
        group=None if group is None else group[described],
        small_cells=small_cells,
        order=order,
    )
    table = replace(table, synthetic=registry.synthetic)
    survival = survival_of(
        from_landmark(people, landmark_months),
        followed,
        np.full(described.size, OVERALL, dtype=object) if group is None else group,
        level=level,
        at=at,
        sizes=dict(zip(table.columns, table.sizes, strict=True)),
        small_cells=small_cells,
    )
    return Description(
        registry=registry.path.resolve().name,
        synthetic=registry.synthetic,
        time_zero=time_zero,
        by=by,
        flow=flow_of(steps, last=survival[-1].n, small_cells=small_cells),
        table=table,
        survival=survival,
        level=level,
        small_cells=small_cells,
        imprecise=shown_count(
            int(np.sum(described & (people["zero_precision"] != "day"))),
            small_cells,
            within=int(described.sum()),
        ),
        notes=_notes(registry, groups_decided, survival[-1], pooled),
    )


def _group(people: People, by: str | None, groups: Mapping[str, str] | None) -> NDArray[Any] | None:
    if groups is not None:
        found = [groups.get(str(patient)) for patient in people["patient_id"]]
        strange = set(groups) - {str(patient) for patient in people["patient_id"]}
        if strange:
            raise DesignError(
                f"{len(strange)} patients of the groups are not in the registry, "
                f"the first: {min(strange)}."
            )
    elif by is None:
        return None
    elif by not in GROUPINGS:
        raise DesignError(f"can't group by {by!r}.", hint=did_you_mean(by, GROUPINGS))
    else:
        words = dict(_variable(by).labels)
        found = [words.get(one, one) for one in people[by]]
    return np.array([UNKNOWN if one is None else str(one) for one in found], dtype=object)


def _check_decided(groups: Mapping[str, str] | None, decided: Decided | None) -> None:
    """Raise unless it is said of own groups, and only of these, when they were decided."""
    allowed = get_args(Decided)
    if groups is not None and decided not in allowed:
        raise DesignError(
            "groups of your own need a word on when they were decided.",
            hint="at_time_zero; or later, as for groups by treatment: patients then had to live "
            "until they got there (immortal time).",
        )
    if groups is None and decided is not None:
        raise DesignError("when groups were decided is said of groups of your own only.")


def _variable(key: str) -> Variable:
    return next(v for v in VARIABLES if v.key == key)


def _order(by: str | None) -> tuple[str, ...]:
    if by not in GROUPINGS:
        return ()
    words = dict(_variable(by).labels)
    return tuple(words.get(level, level) for level in _variable(by).levels)


def _notes(
    registry: Registry,
    decided: Decided | None,
    overall: GroupSurvival,
    pooled: tuple[str, ...],
) -> tuple[str, ...]:
    notes = []
    if pooled:
        notes.append(f"{POOLED} {', '.join(pooled)}.")
    if registry.synthetic:
        notes.append("SYNTHETIC: these patients are made up.")
    if decided == "later":
        notes.append(IMMORTAL)
    late, n = overall.late_entries, overall.n
    if late.n != 0:
        share = f" ({100 * late.n / n.n:.1f}%)" if late.n is not None and n.n else ""
        notes.append(
            f"{late.text} of the {n.text} patients followed{share} entered after time zero: they "
            "are at risk from their entry (left truncation). Where few are at risk early, the "
            "curves are unsure."
        )
    notes += [PRIMARY_NOTE, MONTHS_NOTE]
    return tuple(notes)
