"""Absolute effects at several times, from several outcomes without the intervention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.absolute import absolute_effect
from locoreg.workflows.conclusion.pools import (
    Results,
    estimate_of,
    find_pool,
    outcome_words,
    read_interval,
    why_no_pool,
)

UNKNOWN_EVENT = "Neither the run nor the shipped tables say what the event of this outcome is."


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselinePoint:
    """Outcome without the intervention at one time, as a source states it.

    Attributes
    ----------
    label : str
        low, medium or high risk.
    at_months : float
        When.
    survival_percent : float
        Percent in the good state.
    source : str
        Where the number stands.
    """

    label: str
    at_months: float
    survival_percent: float
    source: str


def absolute_at(
    results: Results,
    pool: tuple[str, str, str],
    points: Sequence[BaselinePoint],
    *,
    months: Sequence[float],
) -> list[dict[str, Any]]:
    """Return the effect of a pool in absolute numbers, per baseline and time.

    Parameters
    ----------
    results : mapping
        Results of a run.
    pool : tuple of str
        Question, outcome and design.
    points : sequence of BaselinePoint
        Outcomes without the intervention.
    months : sequence of float
        Times of the table: 36 and 60, say. A baseline without a point at one of them has a row
        that says so; nothing is interpolated.

    Returns
    -------
    list of dict
        JSON-ready, by baseline in the order given, then by time.

    Raises
    ------
    DataError
        If a baseline is stated twice at one time, or its survival rises.
    DesignError
        If there is no such pool, or its outcome is unknown.
    """
    item = find_pool(results, pool)
    if item is None:
        raise DesignError(why_no_pool(results, pool))
    words = outcome_words(results, item)
    if words is None:
        raise DesignError(UNKNOWN_EVENT)
    by_label = _by_label(points, words.event_is == "adverse")
    shown, found = read_interval(item["pool"]), item["pool"]
    rows = []
    for label, mine in by_label.items():
        for month in months:
            row: dict[str, Any] = {
                "label": label,
                "at_months": month,
                "key": f"findings/{'/'.join(pool)}/{label}/{month:g}",
                "state": words.state,
                "source": None,
                "refused": "",
            }
            point = mine.get(month)
            if point is None:
                refused = (
                    f"no outcome without the intervention at {month:g} months is stated for "
                    f"{label}; nothing is interpolated."
                )
                rows.append({**row, "refused": refused})
                continue
            effect = absolute_effect(
                estimate_of(shown),
                measure=found["measure"],
                reference_arm=found["reference_arm"],
                event_is="adverse" if words.event_is == "adverse" else "favourable",
                without=point.survival_percent / 100,
            )
            rows.append({**row, "source": point.source, **effect.to_dict()})
    return rows


def _by_label(
    points: Sequence[BaselinePoint], falls: bool
) -> dict[str, dict[float, BaselinePoint]]:
    out: dict[str, dict[float, BaselinePoint]] = {}
    for point in points:
        mine = out.setdefault(point.label, {})
        if point.at_months in mine:
            raise DataError(
                f"baseline {point.label} is stated twice at {point.at_months:g} months.",
                hint="keep one of the two.",
            )
        mine[point.at_months] = point
    for label, mine in out.items():
        values = [mine[at].survival_percent for at in sorted(mine)]
        steps = [b - a if falls else a - b for a, b in pairwise(values)]
        if any(step > 0 for step in steps):
            raise DataError(
                f"baseline {label}: {'survival rises' if falls else 'the share falls'} with time "
                f"({', '.join(f'{one:g}%' for one in values)}).",
                hint="check months and percentages.",
            )
    return out
