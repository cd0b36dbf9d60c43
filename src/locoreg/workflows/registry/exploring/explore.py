"""The task: a cohort of a registry, what it looks like, how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry.eligibility import judged
from locoreg.registry.describe.counts import Count, shown_count
from locoreg.registry.describe.followup import Step, flow_of, from_landmark, steps_of
from locoreg.registry.describe.tableone import OVERALL, UNKNOWN, TableOne
from locoreg.registry.describe.task import Description, describe_people
from locoreg.workflows.curves.report import IMMORTAL
from locoreg.workflows.registry.exploring.base import Base
from locoreg.workflows.registry.exploring.choices import (
    THERAPIES,
    Choices,
    Therapy,
    origin_words,
    time_zero_words,
)
from locoreg.workflows.registry.exploring.curves import (
    ALL,
    MOST_GROUPS,
    CohortCurves,
    cohort_curves,
)
from locoreg.workflows.registry.exploring.groups import (
    Grouping,
    further_rows,
    grouped,
    pooled_groups,
)
from locoreg.workflows.registry.exploring.missing import Missingness, missingness_of
from locoreg.workflows.registry.exploring.timing import Timing, timing_of

Criteria = list[tuple[str, NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exploration:
    """A cohort of a registry.

    Attributes
    ----------
    registry : str
        Name of the registry's folder.
    sha256 : str
        Hash of its data.
    synthetic : bool
        Whether its patients are made up.
    choices : Choices
        What was chosen.
    by : str
        What groups are made of, in words; empty without groups.
    order : tuple of str
        Groups in their order, those included that nobody is in.
    flow : tuple of Step
        From all patients down to those followed.
    size : Count
        Patients of the cohort, as shown.
    description : Description or None
        Table 1, follow-up and survival; None where nobody is left, or too few to be shown.
    curves : CohortCurves or None
        None where no curve can be drawn.
    timing : Timing or None
        First local therapies.
    missing : Missingness or None
        What is unknown.
    notices : tuple of str
        What must be read first.
    level : float
        Level of the intervals in percent.
    small_cells : int or None
        Counts from 1 to this many patients are hidden.
    """

    registry: str
    sha256: str
    synthetic: bool
    choices: Choices
    by: str
    order: tuple[str, ...]
    flow: tuple[Step, ...]
    size: Count
    description: Description | None
    curves: CohortCurves | None
    timing: Timing | None
    missing: Missingness | None
    notices: tuple[str, ...]
    level: float
    small_cells: int | None

    @property
    def table(self) -> TableOne | None:
        """Table 1."""
        return None if self.description is None else self.description.table

    def why_not(self, part: str) -> str:
        """Return why a part is not there: that of the curves, or of everything."""
        if self.description is None:
            return " ".join(self.notices)
        groups = len(self.description.table.columns) - 1
        if part.endswith("survival") and groups > MOST_GROUPS:
            return f"There are {groups} groups; more than {MOST_GROUPS} curves can't be told apart."
        return (
            "Too few patients were followed, or too few died, for a curve that gives nobody away."
        )

    def flow_rows(self) -> list[tuple[str, str, str]]:
        """Return step, patients left out and patients left, as shown; the header first."""
        return [
            ("Step", "Left out", "Left"),
            *((step.label, step.left_out.text, step.remaining.text) for step in self.flow),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the exploration as JSON-ready values; the small-cell rule holds in it."""
        found = self.description
        out = {} if found is None else found.to_dict()
        out.pop("registry", None)
        return {
            "registry": self.registry,
            "sha256": self.sha256,
            "synthetic": self.synthetic,
            "origin": origin_words(self.choices),
            "by": self.by,
            "level": self.level,
            "small_cells": self.small_cells,
            "patients": {"n": self.size.n, "shown": self.size.text},
            "notices": list(self.notices),
            "flow": [
                {
                    "step": step.label,
                    "left_out": step.left_out.n,
                    "remaining": step.remaining.n,
                    "shown": {"left_out": step.left_out.text, "remaining": step.remaining.text},
                }
                for step in self.flow
            ],
            "table": out.get("table"),
            "survival": out.get("survival", []),
            "notes": out.get("notes", []),
            "curves": None if self.curves is None else self.curves.report.to_dict(),
            "rmst": None
            if self.curves is None
            else {
                "horizon": self.curves.horizon,
                "groups": [
                    {
                        "group": one.group,
                        "shown": one.text,
                        "rmst": None if one.rmst is None else one.rmst.to_dict(),
                    }
                    for one in self.curves.means
                ],
                "not_drawn": list(self.curves.not_drawn),
            },
            "timing": None if self.timing is None else self.timing.to_dict(),
            "missing": None if self.missing is None else self.missing.to_dict(),
        }


def explore(
    base: Base,
    choices: Choices,
    *,
    by: str,
    therapy: Therapy,
    level: float,
    at: Sequence[float],
    horizon: float,
    small_cells: int | None,
) -> Exploration:
    """Choose a cohort of a registry and describe it.

    Parameters
    ----------
    base : Base
        The registry, opened with the time zero of the choices.
    choices : Choices
        The cohort.
    by : str
        What groups are made of, see `groupings`; empty for none.
    therapy : str
        The local therapy whose timing is shown, and that groups by treatment mean.
    level : float
        Level of the intervals in percent.
    at : sequence of float
        Months at which survival is given.
    horizon : float
        Months of the restricted mean survival time.
    small_cells : int or None
        Counts from 1 to this many patients are hidden, and what would give them away.

    Returns
    -------
    Exploration
        Every patient who is left out is counted in a step of the flow.

    Raises
    ------
    DesignError
        If the choices don't fit each other or the registry.
    """
    if base.time_zero != choices.time_zero:
        raise DesignError("the registry was opened with another time zero.")
    grouping = grouped(base, choices, by, therapy)
    criteria = _steps(base, choices)
    months = choices.landmark_months
    steps, described, followed = steps_of(base.people, criteria, months)
    grouping = pooled_groups(grouping, described, small_cells)
    found = _described(
        base, choices, grouping, criteria, described, level=level, at=at, small_cells=small_cells
    )
    flow_only = Exploration(
        registry=base.registry.path.name,
        sha256=base.sha256,
        synthetic=base.registry.synthetic,
        choices=choices,
        by=grouping.words,
        order=grouping.order,
        flow=flow_of(
            steps, last=shown_count(int(followed.sum()), small_cells), small_cells=small_cells
        ),
        size=shown_count(int(described.sum()), small_cells),
        description=None,
        curves=None,
        timing=None,
        missing=None,
        notices=(_nobody(int(described.sum()), small_cells),),
        level=level,
        small_cells=small_cells,
    )
    if found is None:
        return flow_only
    curves = cohort_curves(
        from_landmark(base.people, months),
        followed,
        grouping.group,
        survival=found.survival,
        source=base.registry.path.name,
        sha256=base.sha256,
        level=level,
        at=at,
        horizon=horizon,
        origin=origin_words(choices),
        after_time_zero=grouping.after_time_zero,
        small_cells=small_cells,
        options={"by": by, "at": list(at), "horizon": horizon, "level": level},
    )
    return replace(
        flow_only,
        flow=found.flow,
        size=Count(f"{found.table.sizes[-1]:,}", found.table.sizes[-1]),
        description=_alike(found, curves),
        curves=curves,
        timing=timing_of(
            base.therapy[therapy],
            described,
            words=THERAPIES[therapy][0],
            synthetic=base.registry.synthetic,
            small_cells=small_cells,
        ),
        missing=_missing(base, described, found.table, small_cells),
        notices=(IMMORTAL,) if grouping.after_time_zero else (),
    )


def _missing(
    base: Base, members: NDArray[np.bool_], table: TableOne, small_cells: int | None
) -> Missingness:
    secret = {
        line.variable for line in table.lines if line.level == UNKNOWN and line.cells[-1].n is None
    }
    return missingness_of(
        base.people,
        members,
        further_rows(base, ""),
        synthetic=base.registry.synthetic,
        small_cells=small_cells,
        secret=secret,
    )


def _steps(base: Base, choices: Choices) -> Criteria:
    """Return who passes each criterion; who can't be judged is a step before it."""
    found: Criteria = []
    for criterion in choices.criteria():
        kept, unknown = judged(criterion, base.columns[criterion.variable])
        if unknown.any() and criterion.unknown == "exclude":
            words = f"{criterion.name}: known"
            found.append((words, base.everyone(~unknown, False)))
        words = (
            f"{criterion.name}, or unknown" if criterion.unknown == "include" else criterion.name
        )
        found.append((words, base.everyone(kept, False)))
    return found


def _described(
    base: Base,
    choices: Choices,
    grouping: Grouping,
    criteria: Criteria,
    described: NDArray[np.bool_],
    *,
    level: float,
    at: Sequence[float],
    small_cells: int | None,
) -> Description | None:
    if int(described.sum()) <= (small_cells or 0):
        return None
    return describe_people(
        base.registry,
        base.people,
        time_zero=time_zero_words(choices),
        level=level,
        by=grouping.by,
        group=grouping.group,
        order=grouping.order,
        at=at,
        small_cells=small_cells,
        groups_decided=grouping.decided,
        criteria=criteria,
        landmark_months=choices.landmark_months,
        further=further_rows(base, grouping.by),
    )


def _alike(found: Description, curves: CohortCurves | None) -> Description:
    """Return a description that hides the survival that the figure of the curves hides."""
    if curves is None:
        return found
    hidden = {
        (OVERALL if one.stratum == ALL else one.stratum, one.time)
        for one in curves.report.landmarks
        if one.state == "hidden"
    }
    survival = tuple(
        replace(
            group,
            at=tuple(
                (row[0], None, None, None) if (group.group, row[0]) in hidden else row
                for row in group.at
            ),
        )
        for group in found.survival
    )
    return replace(found, survival=survival)


def _nobody(size: int, small_cells: int | None) -> str:
    if not size:
        return "No patient is in this cohort. The flow says at which step the last ones left it."
    return f"This cohort has 1 to {small_cells} patients, too few to be shown."
