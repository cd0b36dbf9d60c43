"""Small cells of a table of counts: hidden, with those that would give them away."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHOWN, SMALL, HIDDEN = 0, 1, 2
# Hidden, and not known to be small or not: becomes HIDDEN.
_BLURRED = 3
Counts = NDArray[np.int64]
States = NDArray[np.int8]
Cell = tuple[int, int]


def hide_small(
    counts: Counts,
    limit: int | None,
    *,
    margin: bool,
    unknown: bool = False,
    fixed: bool = False,
    last: int | None = None,
) -> States:
    """Say which counts are shown.

    Parameters
    ----------
    counts : ndarray of int, shape (levels, groups)
        Counts of the levels of one variable. Each column's total is known to the reader.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.
    margin : bool
        Whether the last column is the sum of the others.
    unknown : bool
        Whether the last level is "unknown": variables may share it, so that it protects another
        count only where no other level can.
    fixed : bool
        Whether the margin is known to the reader from elsewhere, and so can't be hidden.
    last : int, optional
        Column that protects another count only where no other column can, as ``unknown`` does.

    Returns
    -------
    ndarray of int8, shape (levels, groups)
        0 shown; 1 shown as "limit or fewer"; 2 hidden, because it would give away another.

    Notes
    -----
    Whoever knows the totals of columns, that rows add up, the counts shown, and that a small count
    is 1 to ``limit`` and another hidden one is not, is left with at least two values of each small
    count, unless nothing is left to hide.
    """
    state = np.full(counts.shape, SHOWN, dtype=np.int8)
    if limit is None:
        return state
    columns = counts.shape[1] - (1 if fixed else 0)
    state[:, :columns][(counts[:, :columns] >= 1) & (counts[:, :columns] <= limit)] = SMALL
    order = _Order(
        unknown=counts.shape[0] - 1 if unknown else None, last=last, columns=columns, margin=margin
    )
    while True:
        puzzle = _Puzzle.of(counts, state, limit, margin=margin)
        away = puzzle.given_away()
        if not away or not (_hide_more(counts, state, puzzle, order) or _blur(state, away)):
            state[state == _BLURRED] = HIDDEN
            return state


@dataclass(frozen=True, slots=True)
class _Order:
    """Which counts may be hidden beside others, and which of them come last."""

    unknown: int | None
    last: int | None
    columns: int
    margin: bool

    def late(self, cell: Cell) -> bool:
        return cell[0] == self.unknown or cell[1] == self.last


@dataclass(frozen=True, slots=True)
class _Puzzle:
    """What a reader has to solve: hidden counts as edges between rows and columns.

    Hidden counts can change together only around a cycle: one up, the next of that line down. A
    count is known if no cycle through it is free to move.
    """

    small: tuple[Cell, ...]
    arcs: dict[int, list[tuple[int, Cell]]]
    ends: dict[Cell, tuple[tuple[int, int], ...]]

    @classmethod
    def of(cls, counts: Counts, state: States, limit: int, *, margin: bool) -> _Puzzle:
        """Return the puzzle that the states leave."""
        arcs: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
        ends: dict[Cell, tuple[tuple[int, int], ...]] = {}
        n_columns = counts.shape[1]
        for place in np.argwhere(state != SHOWN):
            cell = (int(place[0]), int(place[1]))
            up, down = _room(int(counts[cell]), int(state[cell]), limit)
            if margin and cell[1] == n_columns - 1:
                up, down = down, up
            # Without a margin rows don't add up to anything: one node stands for all of them.
            row = n_columns + (cell[0] if margin else 0)
            free = tuple(
                pair for pair, allowed in (((row, cell[1]), up), ((cell[1], row), down)) if allowed
            )
            ends[cell] = free
            for start, end in free:
                arcs[start].append((end, cell))
        small = tuple(cell for cell in ends if 1 <= counts[cell] <= limit)
        return cls(small=small, arcs=dict(arcs), ends=ends)

    def given_away(self) -> list[Cell]:
        """Return the small counts that a reader can compute."""
        return [cell for cell in self.small if not self._moves(cell)]

    def others_given_away(self) -> list[Cell]:
        """Return the other hidden counts that a reader can compute."""
        return [cell for cell in self.ends if cell not in self.small and not self._moves(cell)]

    def _moves(self, cell: Cell) -> bool:
        return any(self._reaches(end, start, cell) for start, end in self.ends[cell])

    def _reaches(self, start: int, goal: int, without: Cell) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            if node == goal:
                return True
            for end, cell in self.arcs.get(node, ()):
                if cell != without and end not in seen:
                    seen.add(end)
                    waiting.append(end)
        return False


def _room(count: int, state: int, limit: int) -> tuple[bool, bool]:
    """Return whether a hidden count may be one more, and one less, for all a reader knows."""
    if state == SMALL:
        return count < limit, count > 1
    if state == HIDDEN:
        return count > limit, count > limit + 1
    return True, count > 0


def _hide_more(counts: Counts, state: States, puzzle: _Puzzle, order: _Order) -> bool:
    """Hide a count beside one that stands alone in its line, else beside a small one."""
    away = puzzle.given_away()
    for cells, alone in (([*away, *puzzle.others_given_away()], True), (away, False)):
        touched: set[int] = set()
        for cell in cells:
            # What one column hides may already protect the next cell of it.
            if cell[1] not in touched and _hide_beside(counts, state, cell, order, alone=alone):
                touched.add(cell[1])
        if touched:
            return True
    return False


def _hide_beside(counts: Counts, state: States, cell: Cell, order: _Order, *, alone: bool) -> bool:
    """Hide the smallest count of the cell's column, else of its row; zero only if nothing else.

    With ``alone`` only in lines of which nothing else is hidden.
    """
    lines = [[(r, cell[1]) for r in range(state.shape[0])]]
    if order.margin:
        lines.append([(cell[0], c) for c in range(order.columns)])
    if alone:
        lines = [line for line in lines if sum(state[p] != SHOWN for p in line) == 1]
    for least in (1, 0):
        for line in lines:
            free = [p for p in line if state[p] == SHOWN and counts[p] >= least]
            if free:
                # "Unknown" comes last.
                chosen = min(free, key=lambda p: (order.late(p), int(counts[p])))
                state[chosen] = HIDDEN
                return True
    return False


def _blur(state: States, away: list[Cell]) -> bool:
    """Say no more of the hidden counts of these columns which of them are small."""
    columns = sorted({column for _, column in away})
    block = state[:, columns]
    sharp = (block == SMALL) | (block == HIDDEN)
    block[sharp] = _BLURRED
    state[:, columns] = block
    return bool(sharp.any())
