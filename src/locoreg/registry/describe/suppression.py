"""Small cells of a table of counts: hidden, with those that would give them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHOWN, SMALL, HIDDEN = 0, 1, 2
Counts = NDArray[np.int64]
States = NDArray[np.int8]


def hide_small(counts: Counts, limit: int | None, *, margin: bool) -> States:
    """Say which counts are shown.

    Parameters
    ----------
    counts : ndarray of int, shape (levels, groups)
        Counts of the levels of one variable. Each column's total is known to the reader.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    margin : bool
        Whether the last column is the sum of the others.

    Returns
    -------
    ndarray of int8, shape (levels, groups)
        0 shown; 1 shown as "limit or fewer"; 2 hidden, because it would give away another.

    Notes
    -----
    No hidden count can be computed from the totals of columns, the sums of rows and the counts
    that are shown, unless nothing is left to hide in its column and its row.
    """
    state = np.full(counts.shape, SHOWN, dtype=np.int8)
    if limit is None:
        return state
    state[(counts >= 1) & (counts <= limit)] = SMALL
    given_up: set[tuple[int, int]] = set()
    while True:
        away = [cell for cell in _given_away(state, margin=margin) if cell not in given_up]
        if not away:
            return state
        if not _hide_another(counts, state, away[0]):
            given_up.add(away[0])


def _given_away(state: States, *, margin: bool) -> list[tuple[int, int]]:
    """Return the hidden cells whose value the totals determine."""
    cells = [(int(r), int(c)) for r, c in np.argwhere(state != SHOWN)]
    if not cells:
        return []
    rows, columns = state.shape
    last = columns - 1
    equations = np.zeros((columns + (rows if margin else 0), len(cells)))
    for place, (row, column) in enumerate(cells):
        equations[column, place] = 1.0
        if margin:
            equations[columns + row, place] = -1.0 if column == last else 1.0
    known = np.linalg.pinv(equations) @ equations
    return [cell for place, cell in enumerate(cells) if known[place, place] > 1 - 1e-9]


def _hide_another(counts: Counts, state: States, cell: tuple[int, int]) -> bool:
    """Hide the smallest count of the cell's column, else of its row; zero only if nothing else."""
    row, column = cell
    lines = [
        [(r, column) for r in range(state.shape[0])],
        [(row, c) for c in range(state.shape[1])],
    ]
    for least in (1, 0):
        for line in lines:
            free = [p for p in line if state[p] == SHOWN and counts[p] >= least]
            if free:
                state[min(free, key=lambda p: int(counts[p]))] = HIDDEN
                return True
    return False
