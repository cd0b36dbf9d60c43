"""Survival with and without at each time of a model, as whole people of 100."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.selection.patient.neighbourhood import SurvivalMeans
from locoreg.workflows.patient.wording import more_text, of_100, whole

# A number of people that the steady course moves by more than this is said to be moved.
MOVED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmAt:
    """One option at one time, of 100 people.

    Attributes
    ----------
    free, low, high : float
        Probability to be free of the event, with its interval, never rising with time.
    """

    free: float
    low: float
    high: float

    @property
    def people(self) -> tuple[int, int]:
        """Of 100: free of the event, and not."""
        return of_100(self.free)

    @property
    def range(self) -> tuple[int, int]:
        """Range of those free of the event, of 100; it holds the number itself."""
        some = self.people[0]
        return min(of_100(self.low)[0], some), max(of_100(self.high)[0], some)

    @property
    def event_range(self) -> tuple[int, int]:
        """Range of those with the event, of 100."""
        low, high = self.range
        return 100 - high, 100 - low

    def to_dict(self) -> dict[str, Any]:
        """Return the option as JSON-ready values."""
        low, high = self.range
        free, event = self.people
        return {
            "probability": self.free,
            "ci_low": self.low,
            "ci_high": self.high,
            "of_100": {"free": free, "event": event, "low": low, "high": high},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMonth:
    """Both options at one time.

    Attributes
    ----------
    months : float
        Since time zero.
    without, with_ : ArmAt
        Both options.
    difference : float
        Estimated difference of the probabilities, with less without.
    low, high : float
        Its interval.
    """

    months: float
    without: ArmAt
    with_: ArmAt
    difference: float
    low: float
    high: float

    @property
    def more(self) -> int:
        """Difference of the people shown."""
        return self.with_.people[0] - self.without.people[0]

    @property
    def more_range(self) -> tuple[int, int]:
        """Range of the difference in people; it holds the difference shown."""
        return min(whole(100.0 * self.low), self.more), max(whole(100.0 * self.high), self.more)

    @property
    def more_words(self) -> str:
        """``3 more (range 8 fewer to 14 more)``."""
        low, high = self.more_range
        return f"{more_text(self.more)} (range {more_text(low)} to {more_text(high)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the time as JSON-ready values."""
        low, high = self.more_range
        return {
            "months": self.months,
            "without": self.without.to_dict(),
            "with": self.with_.to_dict(),
            "difference": {
                "probability": self.difference,
                "ci_low": self.low,
                "ci_high": self.high,
                "of_100": {"more": self.more, "low": low, "high": high},
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Both options at all times.

    Attributes
    ----------
    times : tuple of AtMonth
        Ascending.
    level : float
        Level of the intervals in percent.
    moved : bool
        Whether keeping the course from rising moved a number by more than one person of 100.
    """

    times: tuple[AtMonth, ...]
    level: float
    moved: bool

    def nearest(self, months: float | None, usual: float) -> AtMonth:
        """Return the time nearest to the one asked for, or to the usual one; the earlier of two."""
        target = usual if months is None or not math.isfinite(months) else months
        return min(self.times, key=lambda one: (abs(one.months - target), one.months))


def course_of(times: Sequence[SurvivalMeans]) -> Course | None:
    """Return the course of survival of a group.

    Estimates at different times are made one by one and may rise by chance; both curves and their
    limits are brought to the nearest course that never rises (least squares, all times at once).

    Parameters
    ----------
    times : sequence of SurvivalMeans
        By time.

    Returns
    -------
    Course or None
        None without a time.
    """
    if not times:
        return None
    without = [one.means.comparator_mean for one in times]
    with_ = [one.means.treated_mean for one in times]
    arms, moved = [], False
    for arm in (without, with_):
        raw = np.array([[e.estimate, e.ci_low, e.ci_high] for e in arm])
        steady = np.column_stack([falling(raw[:, k]) for k in range(3)])
        clipped = np.clip(steady, 0.0, 1.0)
        moved |= bool((np.abs(steady[:, 0] - raw[:, 0]) > MOVED).any())
        arms.append([ArmAt(free=a, low=b, high=c) for a, b, c in clipped.tolist()])
    return Course(
        times=tuple(
            AtMonth(
                months=one.months,
                without=a,
                with_=b,
                difference=one.means.effect.estimate,
                low=one.means.effect.ci_low,
                high=one.means.effect.ci_high,
            )
            for one, a, b in zip(times, *arms, strict=True)
        ),
        level=times[0].means.effect.level,
        moved=moved,
    )


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest values that never rise (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values.tolist():
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (a, n), (b, m) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return np.concatenate([np.full(n, value) for value, n in blocks])
