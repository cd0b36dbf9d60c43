"""The small-cell rule for an emulation: counts of few persons are hidden wherever they stand."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import ArmCurve, Effect
from locoreg.registry.describe.counts import Count
from locoreg.stats.survivaldata import IntArray
from locoreg.workflows.emulation.smalltexts import hidden_text

HIDDEN = "hidden"
KINDS = ("at_risk", "censored", "events")


def cell_value(count: Count) -> int | str:
    """Return a count for a table of data: the number, or the text where it is hidden."""
    return count.text if count.n is None else count.n


def hide_parts(
    values: Sequence[int],
    limit: int | None,
    known: Collection[int] = (),
    secret: Collection[int] = (),
) -> list[Count]:
    """Return parts of a whole that a reader knows, as shown.

    Parameters
    ----------
    values : sequence of int
        The parts.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    known : collection of int
        Numbers shown elsewhere: hiding one of them here protects nothing.
    secret : collection of int
        Numbers hidden elsewhere, and so here.

    Returns
    -------
    list of Count
        Where one part alone would be hidden, the smallest other part is hidden too.
    """
    if limit is None:
        return [Count(f"{v:,}", v) for v in values]
    small = [1 <= v <= limit for v in values]
    second = [v in secret and not low for v, low in zip(values, small, strict=True)]
    if any(small) and sum(small) + sum(second) == 1:
        free = [i for i, v in enumerate(values) if not small[i] and v not in known]
        free = [i for i in free if values[i]] or free
        free = free or [i for i, v in enumerate(values) if not small[i] and v]
        if free:
            second[min(free, key=lambda i: values[i])] = True
    return [
        Count(hidden_text(limit), None)
        if small[i]
        else Count(HIDDEN, None)
        if second[i]
        else Count(f"{v:,}", v)
        for i, v in enumerate(values)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A criterion with its counts as shown."""

    name: str
    excluded: Count
    unknown: Count
    left: Count


def shown_attrition(attrition: Attrition, limit: int | None) -> tuple[Count, tuple[ShownStep, ...]]:
    """Return persons at the start, and each criterion, with counts as shown.

    Parameters
    ----------
    attrition : Attrition
        Criteria in their order.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    started : Count
        Persons before the first criterion.
    steps : tuple of ShownStep
        A number of persons left is hidden where a few were excluded since the last exact one, or
        are excluded between it and the end.
    """
    sizes = [attrition.started, *(step.left for step in attrition.steps)]
    exact = _exact_sizes(sizes, limit)
    shown = [Count(f"{n:,}", n) if exact[i] else Count(HIDDEN, None) for i, n in enumerate(sizes)]
    steps = []
    for i, step in enumerate(attrition.steps):
        whole = exact[i] and exact[i + 1]
        out = Count(f"{step.excluded:,}", step.excluded)
        if step.excluded and not whole:
            out = Count(HIDDEN, None)
        steps.append(
            ShownStep(
                name=step.name, excluded=out, unknown=_part(step.unknown, out, limit),
                left=shown[i + 1],
            )
        )  # fmt: skip
    return shown[0], tuple(steps)


def _exact_sizes(sizes: Sequence[int], limit: int | None) -> list[bool]:
    """Say which sizes are shown: the last always, others if no small difference is left."""
    if limit is None:
        return [True] * len(sizes)
    exact, last, end = [], math.inf, sizes[-1]
    for size in sizes[:-1]:
        fine = not 1 <= last - size <= limit and not 1 <= size - end <= limit
        exact.append(fine)
        last = size if fine else last
    return [*exact, True]


def _part(part: int, whole: Count, limit: int | None) -> Count:
    """Return a part of a count as shown."""
    if limit is None or part == 0:
        return Count(f"{part:,}", part)
    if whole.n is None or 1 <= part <= limit or 1 <= whole.n - part <= limit:
        return Count(HIDDEN, None)
    return Count(f"{part:,}", part)


def shown_counts(arm: ArmCurve, limit: int | None, n: int) -> dict[str, list[Count]]:
    """Return the persons at risk, censored, with events, and entered at each time, as shown.

    Parameters
    ----------
    arm : ArmCurve
        A strategy.
    limit : int or None
        Counts from 1 to this many are hidden.
    n : int
        Persons of the cohort: a reader knows them, and so how many the arm leaves out.

    Returns
    -------
    dict of str to list of Count
        ``at_risk``, ``censored``, ``events``, ``entered`` (their sum): every number of a time, or
        none of them. A time is hidden where a number is small, or differs by 1 to ``limit`` from
        that of the shown time before or from the last. At the last time numbers are hidden one by
        one.
    """
    table = np.array([[getattr(r, f"raw_{k}") for r in arm.counts] for k in KINDS], dtype=np.int64)
    table = np.vstack([table, table.sum(axis=0)[None, :]])
    keys = (*KINDS, "entered")
    if limit is None or not arm.counts:
        return {
            key: [Count(f"{v:,}", int(v)) for v in row]
            for key, row in zip(keys, table, strict=True)
        }
    last = _last_shown(table[:, -1], limit, n)
    whole = all(count.n is not None for count in last)
    good = _whole_times(table, limit, n, ends=whole)
    shown: dict[str, list[Count]] = {}
    for place, key in enumerate(keys):
        cells = [
            Count(f"{v:,}", int(v)) if fine else Count(HIDDEN, None)
            for v, fine in zip(table[place, :-1], good, strict=True)
        ]
        shown[key] = [*cells, last[place]]
    return shown


def _last_shown(column: IntArray, limit: int, n: int) -> list[Count]:
    """Return the numbers of the last time as shown: at risk, censored, events, entered."""
    parts = hide_parts([int(v) for v in column[:3]], limit)
    left_out = n - int(column[3])
    if not 1 <= left_out <= limit:
        return [*parts, Count(f"{column[3]:,}", int(column[3]))]
    if all(count.n is not None for count in parts):
        # Their sum would give away how few never came under observation in this arm.
        least = min((i for i in range(3) if column[i]), key=lambda i: int(column[i]))
        parts[least] = Count(HIDDEN, None)
    return [*parts, Count(HIDDEN, None)]


def _whole_times(table: IntArray, limit: int, n: int, *, ends: bool) -> list[bool]:
    """Say which times, the last aside, are shown; ``ends``: whether the last is as a whole."""
    out = []
    known = [np.zeros(4, dtype=np.int64), *([table[:, -1]] if ends else [])]
    for column in table[:, :-1].T:
        away = np.concatenate([np.abs(column - other) for other in known])
        away = np.append(away, n - column[3])
        fine = not bool(((away >= 1) & (away <= limit)).any())
        if fine:
            known.append(column)
        out.append(fine)
    return out


def shown_flow(effect: Effect, limit: int | None) -> list[Count]:
    """Return the numbers of a flow as shown, arm by arm.

    Parameters
    ----------
    effect : Effect
        With its flow and numbers at risk.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    list of Count
        One per box. A number that the numbers at risk hide at their end is hidden here too.
    """
    out: dict[int, Count] = {}
    by_label = {arm.label: arm for arm in effect.arms}
    for name in dict.fromkeys(step.arm for step in effect.flow):
        places = [i for i, step in enumerate(effect.flow) if step.arm == name]
        known = {effect.n, effect.n_treated}
        secret: set[int] = set()
        arm = by_label.get(name or "")
        if limit is not None and arm is not None and arm.counts:
            row = arm.counts[-1]
            values = [int(getattr(row, f"raw_{kind}")) for kind in KINDS]
            last = [cells[-1] for cells in shown_counts(arm, limit, effect.n).values()]
            for value, count in zip([*values, sum(values)], last, strict=True):
                (secret if count.n is None else known).add(value)
        numbers = [effect.flow[i].n for i in places]
        cells = hide_parts(numbers, limit, known - secret, secret - {0})
        out.update(zip(places, cells, strict=True))
    return [out[i] for i in range(len(effect.flow))]
