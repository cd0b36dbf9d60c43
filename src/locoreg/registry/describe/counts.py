"""Counts of patients as shown: exact, or hidden by the small-cell rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """A count as shown.

    Attributes
    ----------
    text : str
        As printed: ``1,234``, ``≤10``, ``≥190`` or ``hidden``.
    n : int or None
        The count; None where it is hidden.
    """

    text: str
    n: int | None


def shown_count(value: int, limit: int | None, *, within: int | None = None) -> Count:
    """Return a count as shown.

    Parameters
    ----------
    value : int
        The count.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    within : int, optional
        A count that the reader knows and that this one is a part of: where the rest is small, the
        count is hidden too.

    Returns
    -------
    Count
        The count.
    """
    if limit is not None and 1 <= value <= limit:
        return Count(f"≤{limit}", None)
    if limit is not None and within is not None and 1 <= within - value <= limit:
        return Count(f"≥{max(within - limit, 0):,}", None)
    return Count(f"{value:,}", value)


def shown_flow(
    remaining: Sequence[int], limit: int | None, *, last: Count | None = None
) -> list[tuple[Count, Count]]:
    """Return left out and remaining of each step of a flow as shown.

    Parameters
    ----------
    remaining : sequence of int
        Patients after each step, the first being all of them. The second is the size of the
        table, which a reader knows.
    limit : int or None
        Counts from 1 to this many are hidden.
    last : Count, optional
        The last number as it is shown elsewhere.

    Returns
    -------
    list of (Count, Count)
        Left out at the step, and remaining after it. Where few have gone since the last exact
        number, the number is hidden; the next exact one hides what its step left out.
    """
    before = [remaining[0], *remaining[:-1]]
    gone = [first - then for first, then in zip(before, remaining, strict=True)]
    if limit is None:
        return [
            (shown_count(out, None), shown_count(left, None))
            for out, left in zip(gone, remaining, strict=True)
        ]
    exact = _exact_steps(remaining, limit, last)
    out = []
    for place, left in enumerate(remaining):
        count = (
            Count(f"{left:,}", left) if exact[place] else _around(place, remaining, exact, limit)
        )
        if place == len(remaining) - 1 and last is not None and not exact[place]:
            count = last
        out.append((_left_out(place, gone, exact, limit), count))
    return out


def _exact_steps(remaining: Sequence[int], limit: int, last: Count | None) -> list[bool]:
    """Say which numbers of a flow are shown as they are."""
    exact, known = [True] * len(remaining), 1 if len(remaining) > 1 else 0
    exact[0] = not (known and 1 <= remaining[0] - remaining[1] <= limit)
    for place in range(2, len(remaining)):
        exact[place] = not 1 <= remaining[known] - remaining[place] <= limit
        known = place if exact[place] else known
    if last is not None and last.n is None:
        for place in range(2, len(remaining)):
            exact[place] = exact[place] and remaining[place] != remaining[-1]
    return exact


def _around(place: int, remaining: Sequence[int], exact: Sequence[bool], limit: int) -> Count:
    """Return a hidden number of a flow by the exact one next to it."""
    if place == 0:
        return Count(f"≤{remaining[1] + limit:,}", None)
    before = max(p for p in range(1, place) if exact[p])
    if 1 <= remaining[before] - remaining[place] <= limit:
        return Count(f"≥{max(remaining[before] - limit, 0):,}", None)
    return Count("hidden", None)


def _left_out(place: int, gone: Sequence[int], exact: Sequence[bool], limit: int) -> Count:
    """Return what a step left out: hidden where steps add up to a known number."""
    if gone[place] == 0:
        return Count("0", 0)
    if exact[place] and exact[place - 1]:
        return Count(f"{gone[place]:,}", gone[place])
    if 1 <= gone[place] <= limit and (place == 1 or not any(exact[place:])):
        return Count(f"≤{limit}", None)
    return Count("hidden", None)
