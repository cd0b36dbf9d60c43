"""Groups of a cohort: by what was known at time zero, by the landmark, or only later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.describe.crossed import pooled_levels
from locoreg.registry.describe.people import GROUPINGS, VARIABLES
from locoreg.registry.describe.tableone import UNKNOWN, Variable, in_order
from locoreg.registry.describe.task import Decided
from locoreg.workflows.registry.exploring.base import Base
from locoreg.workflows.registry.exploring.choices import THERAPIES, Choices, Therapy

TREATED = "therapy"
YES_NO = {"yes": "yes", "no": "no"}
# Variables that cohorts are chosen by and Table 1 would lack.
FURTHER: dict[str, tuple[str, dict[str, str]]] = {
    "de_novo": ("Disease", {"yes": "de novo", "no": "recurrent"}),
    "lesion_class": (
        "Distant lesions, in classes",
        {"1": "1", "2-3": "2 to 3", "4-5": "4 to 5", ">5": "more than 5"},
    ),
    "bone_only": ("Metastases in bone only", YES_NO),
    "visceral": ("Visceral metastases", YES_NO),
    "primary_operated": ("Primary operated before time zero", YES_NO),
}
# What a group's bare level would leave open.
PREFIXES = {
    "ecog": "ECOG ",
    "grade": "Grade ",
    "lesion_class": "Lesions: ",
    "bone_only": "Bone only: ",
    "visceral": "Visceral: ",
    "primary_operated": "Operated before: ",
    **{
        v.key: f"{v.label.removeprefix('Metastases: ').capitalize()}: "
        for v in VARIABLES
        if v.key.startswith("organ_")
    },
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """Groups of patients.

    Attributes
    ----------
    by : str
        Key of what makes them; empty for none.
    words : str
        The same in words.
    group : ndarray of object, shape (n,), or None
        Group of each patient of the registry; None without groups.
    order : tuple of str
        Order of the groups.
    decided : {"at_time_zero", "later"} or None
        ``later``: defined after the time that survival counts from.
    """

    by: str
    words: str
    group: NDArray[Any] | None
    order: tuple[str, ...]
    decided: Decided | None

    @property
    def after_time_zero(self) -> bool:
        """Whether the groups were defined after the time that survival counts from."""
        return self.decided == "later"


def groupings() -> dict[str, str]:
    """Return what groups can be made of, in words, by key."""
    shipped = {v.key: v.label for v in VARIABLES if v.key in GROUPINGS}
    further = {key: words for key, (words, _) in FURTHER.items()}
    return {**further, **shipped, TREATED: "Local therapy after time zero"}


def further_rows(base: Base, by: str) -> list[tuple[Variable, NDArray[Any]]]:
    """Return the rows of Table 1 for variables that cohorts are chosen by.

    Parameters
    ----------
    base : Base
        The registry.
    by : str
        What groups are made of: no row of its own.

    Returns
    -------
    list of (Variable, ndarray)
        One value for each patient.
    """
    return [
        (
            Variable(
                key=key,
                label=label,
                kind="categorical",
                levels=tuple(words),
                labels=tuple(words.items()),
            ),
            base.labels(key),
        )
        for key, (label, words) in FURTHER.items()
        if key != by
    ]


def grouped(base: Base, choices: Choices, by: str, therapy: Therapy) -> Grouping:
    """Return groups of all patients of a registry.

    Parameters
    ----------
    base : Base
        The registry.
    choices : Choices
        The cohort: its landmark decides when treatment is known.
    by : str
        A key of `groupings`, or nothing.
    therapy : str
        The local therapy that groups by treatment mean.

    Returns
    -------
    Grouping
        Groups. Patients whose value is unknown are one of their own.

    Raises
    ------
    DesignError
        If there is no such key.
    """
    if not by:
        return Grouping(by="", words="", group=None, order=(), decided=None)
    if by == TREATED:
        return _by_therapy(base, choices, therapy)
    if by in FURTHER:
        label, words = FURTHER[by]
        labels = [words.get(one, UNKNOWN) for one in base.labels(by)]
    elif by in GROUPINGS:
        found = next(v for v in VARIABLES if v.key == by)
        said = dict(found.labels)
        label, words = found.label, {level: said.get(level, level) for level in found.levels}
        labels = [
            UNKNOWN if one is None else said.get(str(one), str(one)) for one in base.people[by]
        ]
    else:
        raise DesignError(f"can't group by {by!r}.", hint=did_you_mean(by, groupings()))
    prefix = PREFIXES.get(by, "")
    named = [one if one == UNKNOWN else f"{prefix}{one}" for one in labels]
    return Grouping(
        by=by,
        words=label,
        group=np.array(named, dtype=object),
        order=tuple(f"{prefix}{one}" for one in words.values()),
        decided=None,
    )


def pooled_groups(
    grouping: Grouping, members: NDArray[np.bool_], small_cells: int | None
) -> Grouping:
    """Put groups that are too small to be shown together, until they are not.

    Leaving them out instead would give their size away to whoever looks at the same cohort
    without groups.

    Parameters
    ----------
    grouping : Grouping
        Groups of all patients of the registry.
    members : ndarray of bool, shape (n,)
        The cohort.
    small_cells : int or None
        Groups of 1 to this many patients of the cohort are small.

    Returns
    -------
    Grouping
        With one group that names those in it, after the others; the same where none is small.
    """
    if grouping.group is None:
        return grouping
    names, counts = np.unique(grouping.group[members].astype(str), return_counts=True)
    sizes = dict(zip(names.tolist(), counts.tolist(), strict=True))
    ranked = in_order(names, grouping.order)
    flags = pooled_levels(
        np.array([sizes[name] for name in ranked]), small_cells, unknown=UNKNOWN in sizes
    )
    # The same as stay hidden where the cohort is described without groups.
    pooled = [name for name, flag in zip(ranked, flags, strict=True) if flag]
    if not pooled:
        return replace(grouping, order=tuple(in_order([*names, *grouping.order], grouping.order)))
    listed = in_order(pooled, grouping.order)
    words = f"Together: {', '.join(listed)}"
    group = np.where(np.isin(grouping.group.astype(str), pooled), words, grouping.group)
    order = (*(name for name in in_order(names, grouping.order) if name not in pooled), words)
    return replace(grouping, group=group.astype(object), order=order)


def _by_therapy(base: Base, choices: Choices, therapy: Therapy) -> Grouping:
    """Return groups by treatment up to the landmark, or at any time after time zero."""
    found = base.therapy[therapy]
    what, months = THERAPIES[therapy][0], choices.landmark_months
    until = f"by month {months:g}" if months else "at any time"
    treated, none = f"{what[:1].upper()}{what[1:]} {until}", f"None {until}"
    earlier, undated = "Only before time zero", "Without a date"
    mine = found.months <= months if months else np.isfinite(found.months)
    group = np.full(found.months.size, none, dtype=object)
    group[found.undated] = undated
    group[found.before & ~mine] = earlier
    group[mine] = treated
    return Grouping(
        by=TREATED,
        words=f"{what[:1].upper()}{what[1:]}, {until} after time zero",
        group=group,
        order=(treated, none, earlier, undated),
        decided="at_time_zero" if months else "later",
    )
