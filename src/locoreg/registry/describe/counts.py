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


def shown_flow(remaining: Sequence[int], limit: int | None) -> list[tuple[Count, Count]]:
    """Return left out and remaining of each step of a flow as shown.

    Parameters
    ----------
    remaining : sequence of int
        Patients after each step, the first being all of them.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    list of (Count, Count)
        Left out at the step, and remaining after it. Where few have gone since the last exact
        number, the number is hidden; the next exact one hides what its step left out.
    """
    out: list[tuple[Count, Count]] = []
    last, pending = remaining[0], False
    for before, after in zip([remaining[0], *remaining], remaining, strict=False):
        gone = shown_count(before - after, limit)
        if limit is not None and 1 <= last - after <= limit:
            out.append((gone, Count(f"≥{max(last - limit, 0):,}", None)))
            pending = True
            continue
        if pending and gone.n:
            gone = Count("hidden", None)
        out.append((gone, shown_count(after, limit)))
        last, pending = after, False
    return out
