"""Absolute effects at several times, from several outcomes without the intervention."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.absolute import absolute_effect
from locoreg.workflows.conclusion.plan import Baseline, BaselinePoint
from locoreg.workflows.conclusion.pools import (
    Results,
    estimate_of,
    find_pool,
    outcome_words,
    read_interval,
    why_no_pool,
)

UNKNOWN_EVENT = "Neither the run nor the shipped tables say what the event of this outcome is."


def absolute_at(
    results: Results,
    pool: tuple[str, str, str],
    baselines: Sequence[Baseline],
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
    baselines : sequence of Baseline
        Outcomes without the intervention.
    months : sequence of float
        Times of the table: 36 and 60, say. A baseline without a point at one of them has a row
        that says so; nothing is interpolated. Points at other times have their rows too.

    Returns
    -------
    list of dict
        JSON-ready, by baseline in the order given, then by time.

    Raises
    ------
    DataError
        If the survival of a baseline rises with time, or an absolute effect can't be had.
    DesignError
        If there is no such pool, or its outcome is unknown.
    """
    item = find_pool(results, pool)
    if item is None:
        raise DesignError(why_no_pool(results, pool))
    words = outcome_words(results, item)
    if words is None:
        raise DesignError(UNKNOWN_EVENT)
    shown, found = read_interval(item["pool"]), item["pool"]
    rows = []
    for baseline in baselines:
        stated = _stated(baseline, words.event_is == "adverse")
        for month in sorted({*months, *stated}):
            row: dict[str, Any] = {
                "label": baseline.label,
                "at_months": month,
                "key": f"findings/{'/'.join(pool)}/{baseline.label}/{month:g}",
                "state": words.state,
                "source": None,
                "refused": "",
            }
            point = stated.get(month)
            if point is None:
                refused = (
                    f"no outcome without the intervention at {month:g} months is stated for "
                    f"{baseline.label}; nothing is interpolated."
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


def _stated(baseline: Baseline, falls: bool) -> dict[float, BaselinePoint]:
    """Return the points of a baseline by month; they fall for an adverse event, else they rise."""
    points = baseline.stated
    values = [one.survival_percent for one in points]
    steps = [b - a if falls else a - b for a, b in pairwise(values)]
    if any(step > 0 for step in steps):
        raise DataError(
            f"baseline {baseline.label}: {'survival rises' if falls else 'the share falls'} with "
            f"time ({', '.join(f'{one:g}%' for one in values)}).",
            hint="check months and percentages.",
        )
    return {one.at_months: one for one in points}
