"""The small-cell rule: counts of few patients are hidden, and what would give them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Count:
    """A count as shown: exact, or between two limits of which the upper may be open."""

    low: float
    high: float | None

    @property
    def exact(self) -> float | None:
        """The count, if it is not hidden."""
        if self.high is None or self.low != self.high:
            return None
        return int(self.low) if float(self.low).is_integer() else self.low

    @property
    def text(self) -> str:
        """The count as text: ``12``, ``<=10``, ``15-25``, ``>=15``, with the signs of print."""
        if self.exact is not None:
            return count_text(self.low)
        if self.high is None:
            return f"≥{count_text(self.low)}"
        if self.low <= 1:
            return f"≤{count_text(self.high)}"
        return f"{count_text(self.low)}–{count_text(self.high)}"


def count_text(value: float, digits: int = 0) -> str:
    """Return a count, with commas between thousands from ten thousand on."""
    text = f"{value:.{digits}f}"
    return f"{value:,.{digits}f}" if len(text.partition(".")[0]) > 4 else text


def counted_noun(text: str, noun: str) -> str:
    """Return ``1 event`` or ``<=10 events`` for a count as shown."""
    return f"{text} {noun}{'' if text == '1' else 's'}"


def check_small_cells(limit: int | None) -> None:
    """Raise unless the limit is a number of patients."""
    if limit is not None and not (isinstance(limit, int) and limit >= 2):
        raise DesignError(
            f"small_cells is {limit!r}, but must be a number of patients, 2 or more.",
            hint="counts from 1 to this number are hidden; 10 is usual.",
        )


@dataclass(frozen=True, slots=True)
class Hider:
    """Hides counts of 1 to ``limit`` patients; shows everything without a limit."""

    limit: int | None

    def table(
        self,
        at_risk: FloatArray,
        gone: Mapping[str, FloatArray],
        n: int,
        *,
        follows: str,
    ) -> dict[str, list[Count]]:
        """Return the counts of a group as shown.

        Parameters
        ----------
        at_risk : ndarray of float, shape (t,)
            Numbers at risk at each time.
        gone : mapping of str to ndarray, each of shape (t,)
            Numbers that only rise: censored, with events, and with delayed entry ``follows``.
        n : int
            Size of the group.
        follows : str
            The row of ``gone`` that counts those who entered, if it is there.

        Returns
        -------
        dict
            ``at_risk`` first, then the rows of ``gone``.

        Notes
        -----
        A count is exact if it is 0, or differs from the last exact one of its row by more than
        the limit; else it is shown as that one plus 1 to ``limit``. Numbers at risk are what the
        others leave: exact only where all of them are. Where this would give a hidden count away,
        because 1 to ``limit`` are left or nobody is, the count that rose most is shown as the last
        exact one or more.
        """
        rows: dict[str, list[Count]] = {"at_risk": [], **{key: [] for key in gone}}
        last = dict.fromkeys(gone, 0.0)
        for j in range(at_risk.size):
            true = {key: float(values[j]) for key, values in gone.items()}
            cells = {key: self._step(last[key], value) for key, value in true.items()}
            left = float(at_risk[j])
            if self._small(n):
                cells = {key: self._at_most(value) for key, value in true.items()}
                rows["at_risk"].append(self._at_most(left))
            else:
                hidden = [key for key, cell in cells.items() if cell.exact is None]
                # What is left over would give the count away.
                if (self._small(left) and not hidden) or (left == 0 and len(hidden) == 1):
                    others = [key for key in true if key not in hidden]
                    widest = max(others, key=lambda key: true[key] - last[key])
                    cells[widest] = Count(last[widest], None)
                rows["at_risk"].append(self._left(left, cells, n, follows))
            for key, cell in cells.items():
                rows[key].append(cell)
                if cell.exact is not None:
                    last[key] = true[key]
        return rows

    def _small(self, value: float) -> bool:
        return self.limit is not None and 0 < value <= self.limit

    def _at_most(self, value: float) -> Count:
        return Count(value, value) if value == 0 or self.limit is None else Count(1, self.limit)

    def _step(self, last: float, value: float) -> Count:
        if self.limit is None or value == last or value - last > self.limit:
            return Count(value, value)
        return Count(last + 1, last + self.limit)

    def _left(self, left: float, cells: Mapping[str, Count], n: int, follows: str) -> Count:
        """Return the number at risk as far as the other counts give it away."""
        if self.limit is None or all(cell.exact is not None for cell in cells.values()):
            return Count(left, left)
        whole = cells.get(follows, Count(n, n))
        leave = [cell for key, cell in cells.items() if key != follows]
        ends = [cell.high for cell in leave]
        low = 0.0 if None in ends else whole.low - sum(end for end in ends if end is not None)
        high = None if whole.high is None else whole.high - sum(cell.low for cell in leave)
        if self._small(left) and low <= 1:
            return Count(1, self.limit)
        return Count(max(low, 0.0), high)


def joined_steps(events: IntArray, at_risk: IntArray, limit: int) -> tuple[IntArray, int, bool]:
    """Return the steps of a curve that stand for more than the limit of patients.

    Parameters
    ----------
    events, at_risk : ndarray of int, shape (m,)
        Events at each time, and patients at risk just before it.
    limit : int
        Events are joined until there are more than this many; the curve ends where no more than
        this many are at risk.

    Returns
    -------
    kept : ndarray of int
        Positions of the steps: the last event of each join.
    last : int
        Position of the last time shown; -1 if there is none.
    hidden : bool
        Whether there are events, but too few for a single step.
    """
    enough: BoolArray = at_risk > limit
    usable = at_risk.size if enough.all() else int(np.argmin(enough))
    total = np.cumsum(events[:usable])
    kept: list[int] = []
    base = 0
    while True:
        j = int(np.searchsorted(total, base + limit + 1))
        if j >= usable:
            break
        kept.append(j)
        base = int(total[j])
    if kept:
        return np.array(kept, dtype=np.int64), kept[-1], False
    none = np.empty(0, dtype=np.int64)
    has_events = usable > 0 and total[-1] > 0
    return none, -1 if has_events else usable - 1, bool(has_events)
