"""Survival with and without at each time of a model, as whole people of 100."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.neighbourhood import SurvivalMeans
from locoreg.workflows.patient.wording import more_text, of_100, whole

# A number of people that the steady course moves by more than this is said to be moved.
MOVED = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Wider:
    """Range of a number where something hidden decided on treatment.

    Attributes
    ----------
    low, high : float
        Limits of the intervals of both bounds; they hold the plain interval.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmAt:
    """One option at one time, of 100 people.

    Attributes
    ----------
    free, low, high : float
        Probability to be free of the event, with its interval, never rising with time.
    wider : Wider or None
        The range for hidden differences, where the model has it; never rising either.
    """

    free: float
    low: float
    high: float
    wider: Wider | None = None

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
    def wider_range(self) -> tuple[int, int] | None:
        """Range for hidden differences, of 100; it holds `range`."""
        if self.wider is None:
            return None
        low, high = self.range
        return min(of_100(self.wider.low)[0], low), max(of_100(self.wider.high)[0], high)

    @property
    def event_range(self) -> tuple[int, int]:
        """Range of those with the event, of 100."""
        low, high = self.range
        return 100 - high, 100 - low

    @property
    def wider_event_range(self) -> tuple[int, int] | None:
        """Range for hidden differences of those with the event, of 100."""
        found = self.wider_range
        return None if found is None else (100 - found[1], 100 - found[0])

    def to_dict(self) -> dict[str, Any]:
        """Return the option as JSON-ready values."""
        low, high = self.range
        free, event = self.people
        return {
            "probability": self.free,
            "ci_low": self.low,
            "ci_high": self.high,
            "of_100": {"free": free, "event": event, "low": low, "high": high},
            "hidden": _wider_dict(self.wider, self.wider_range),
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
    wider : Wider or None
        Its range for hidden differences, where the model has it.
    """

    months: float
    without: ArmAt
    with_: ArmAt
    difference: float
    low: float
    high: float
    wider: Wider | None = None

    @property
    def more(self) -> int:
        """Difference of the people shown."""
        return self.with_.people[0] - self.without.people[0]

    @property
    def more_range(self) -> tuple[int, int]:
        """Range of the difference in people; it holds the difference shown."""
        return min(whole(100.0 * self.low), self.more), max(whole(100.0 * self.high), self.more)

    @property
    def wider_range(self) -> tuple[int, int] | None:
        """Range for hidden differences in people; it holds `more_range`."""
        if self.wider is None:
            return None
        low, high = self.more_range
        return min(whole(100.0 * self.wider.low), low), max(whole(100.0 * self.wider.high), high)

    @property
    def wider_words(self) -> str:
        """``6 fewer to 17 more``; empty without that range."""
        ends = self.wider_range
        return "" if ends is None else f"{more_text(ends[0])} to {more_text(ends[1])}"

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
                "hidden": _wider_dict(self.wider, self.wider_range),
            },
        }


def _wider_dict(wider: Wider | None, people: tuple[int, int] | None) -> dict[str, Any] | None:
    if wider is None or people is None:
        return None
    return {
        "low": wider.low,
        "high": wider.high,
        "of_100": {"low": people[0], "high": people[1]},
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
    factor : float or None
        By how much something hidden may change the odds of treatment in the wider ranges; None
        where the model has none.
    """

    times: tuple[AtMonth, ...]
    level: float
    moved: bool
    factor: float | None = None

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
    hidden = [one.hidden for one in times]
    found = [_arm(times, what) for what in ("comparator_mean", "treated_mean")]
    return Course(
        times=tuple(
            AtMonth(
                months=one.months,
                without=a,
                with_=b,
                difference=one.means.effect.estimate,
                low=one.means.effect.ci_low,
                high=one.means.effect.ci_high,
                wider=_wider(one, "effect"),
            )
            for one, a, b in zip(times, found[0][0], found[1][0], strict=True)
        ),
        level=times[0].means.effect.level,
        moved=any(moved for _, moved in found),
        factor=None if hidden[0] is None else hidden[0].factor,
    )


def _arm(times: Sequence[SurvivalMeans], what: str) -> tuple[list[ArmAt], bool]:
    """Return one option at each time, and whether a number was moved."""
    plain: list[Estimate] = [getattr(one.means, what) for one in times]
    raw = np.array([[e.estimate, e.ci_low, e.ci_high] for e in plain])
    steady = _steady(raw)
    moved = bool((np.abs(steady[:, 0] - raw[:, 0]) > MOVED).any())
    limits = [_wider(one, what) for one in times]
    ends = [(one.low, one.high) for one in limits if one is not None]
    whole_course = len(ends) == len(times)
    wide = np.clip(_steady(np.array(ends)), 0.0, 1.0).tolist() if whole_course else None
    arms = []
    for k, (free, low, high) in enumerate(np.clip(steady, 0.0, 1.0).tolist()):
        wider = None if wide is None else Wider(low=wide[k][0], high=wide[k][1])
        arms.append(ArmAt(free=free, low=low, high=high, wider=wider))
    return arms, moved


def _steady(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([falling(column) for column in columns.T])


def _wider(one: SurvivalMeans, what: str) -> Wider | None:
    if one.hidden is None:
        return None
    low, high = one.hidden.ends(what, getattr(one.means, what))
    return Wider(low=low, high=high)


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest values that never rise (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values.tolist():
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (a, n), (b, m) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return np.concatenate([np.full(n, value) for value, n in blocks])
