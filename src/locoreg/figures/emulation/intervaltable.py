"""What a figure of intervals shows, before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from locoreg.core.estimate import Scale
from locoreg.figures.axis import EffectAxis, choose_axis, trimmed
from locoreg.figures.emulation.plate import Words
from locoreg.figures.textfit import one_line

# From this many ends on the axis covers this part of them; arrow heads show the others.
ENDS_MANY, COVERED = 20, 0.95
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0)
TICKS_MOST = 6
NOT_ESTIMABLE = "not estimable"
BIASED = "biased"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """One estimate.

    Attributes
    ----------
    label : str
        What was done.
    estimate, low, high : float
        On the axis' scale in its natural units; NaN where there is none.
    text : str
        The numbers as printed.
    verdict : str
        ``pass``, ``warn``, ``fail``, ``note``, ``biased``, ``not estimable``; empty for none.
    reason : str
        Why there is no estimate, why it is biased, what failed.
    main : bool
        Whether the row is the primary analysis.
    """

    label: str
    estimate: float
    low: float
    high: float
    text: str
    verdict: str
    reason: str = ""
    main: bool = False

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return not math.isnan(self.estimate)

    @property
    def sentence(self) -> str:
        """The row in words."""
        what = self.text if self.known else NOT_ESTIMABLE
        parts = [f"{self.label}: {what}"]
        if self.verdict and self.verdict != NOT_ESTIMABLE:
            parts.append(
                f"verdict {self.verdict}" if self.verdict != BIASED else "biased by design"
            )
        if self.reason:
            parts.append(self.reason.rstrip("."))
        return one_line("; ".join(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGroup:
    """Rows under a heading, and lines of small text below them."""

    heading: str
    rows: tuple[IntervalRow, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalTable:
    """A whole figure of intervals.

    Attributes
    ----------
    words : Words
        Title, warnings, notes.
    label_head, effect_head : str
        Heads of the columns of text.
    axis_title : str
        What the axis shows.
    scale : {"log", "identity"}
        Scale of the axis.
    favours : tuple of str
        Words for the sides below and above no effect; empty for none.
    truth : tuple of (float, str), or None
        A known true value and its name.
    groups : tuple of IntervalGroup
        From top to bottom.
    linked : bool
        Whether a line joins the estimates from row to row.
    """

    words: Words
    label_head: str
    effect_head: str
    axis_title: str
    scale: Scale
    favours: tuple[str, str]
    truth: tuple[float, str] | None
    groups: tuple[IntervalGroup, ...]
    linked: bool = False

    @property
    def rows(self) -> tuple[IntervalRow, ...]:
        """All rows."""
        return tuple(row for group in self.groups for row in group.rows)


def axis_of(ends: Sequence[float], scale: Scale, limits: tuple[float, float] | None) -> EffectAxis:
    """Return an axis that holds the ends, and no effect; differences need not be symmetric."""
    if limits is not None or scale == "log" or not ends:
        axis = choose_axis(ends, scale=scale, limits=limits)
        return trimmed(axis, ends) if ends and limits is None else axis
    kept = sorted(ends, key=abs)
    kept = kept[: max(1, math.ceil(COVERED * len(kept)))] if len(kept) >= ENDS_MANY else kept
    low, high = min(0.0, *kept, 0.0), max(0.0, *kept, 0.0)
    span = max(high - low, 1e-6)
    power = 10.0 ** math.floor(math.log10(span))
    step = next(s * power for s in STEPS if span / (s * power) <= TICKS_MOST)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    first, last = (first, last) if last > first else (first - 1, last + 1)
    ticks = tuple(float(f"{k * step:.12g}") for k in range(first, last + 1))
    margin = 0.02 * (ticks[-1] - ticks[0])
    return EffectAxis(low=ticks[0] - margin, high=ticks[-1] + margin, ticks=ticks, scale=scale)
