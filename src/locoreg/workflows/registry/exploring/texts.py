"""Follow-up and survival of groups as texts, with the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.registry.describe.followup import GroupSurvival
from locoreg.registry.describe.words import median_text, percent_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A number as it is read.

    Attributes
    ----------
    text : str
        With its interval, or why there is none.
    value : float or None
        The number; None where it is hidden or there is none.
    path : str
        Where it stands in a description's dictionary, below ``survival``.
    """

    text: str
    value: float | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReadings:
    """What is read of one group.

    Attributes
    ----------
    group : str
        The group.
    n, deaths, late, follow_up, survival : Reading
        Patients followed, deaths, patients who entered later, and the two medians in months.
    at : tuple of Reading
        Survival at each month asked for.
    """

    group: str
    n: Reading
    deaths: Reading
    late: Reading
    follow_up: Reading
    survival: Reading
    at: tuple[Reading, ...]


def group_readings(survival: Sequence[GroupSurvival]) -> tuple[GroupReadings, ...]:
    """Return the numbers of each group as texts.

    Parameters
    ----------
    survival : sequence of GroupSurvival
        Of a description.

    Returns
    -------
    tuple of GroupReadings
        In the same order.
    """
    return tuple(_group(place, one) for place, one in enumerate(survival))


def _group(place: int, one: GroupSurvival) -> GroupReadings:
    def count(name: str) -> Reading:
        found = getattr(one, name)
        return Reading(text=found.text, value=found.n, path=f"{place}/{name}")

    late, n = one.late_entries, one.n.n
    entered = count("late_entries")
    if late.n and n:
        share = f"{late.text} ({100 * late.n / n:.1f}%)"
        entered = Reading(text=share, value=late.n, path=entered.path)
    return GroupReadings(
        group=one.group,
        n=count("n"),
        deaths=count("deaths"),
        late=entered,
        follow_up=Reading(
            text=median_text(one, "follow_up"),
            value=one.follow_up[0],
            path=f"{place}/follow_up_months/median",
        ),
        survival=Reading(
            text=median_text(one, "survival"),
            value=one.survival[0],
            path=f"{place}/survival_months/median",
        ),
        at=tuple(
            Reading(
                text=percent_text(row),
                value=None if row[1] is None or row[1] != row[1] else row[1],
                path=f"{place}/at/{i}/survival",
            )
            for i, row in enumerate(one.at)
        ),
    )
