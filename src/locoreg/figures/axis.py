"""The effect axis: limits, ticks and the place of a value between its ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Scale

# Symmetric on the log scale, or the customary choices on the natural one.
RATIO_TICKS: tuple[tuple[float, ...], ...] = (
    (1 / 1.25, 0.9, 1, 1.1, 1.25),
    (1 / 1.5, 0.8, 1, 1.25, 1.5),
    (0.5, 0.75, 1, 1.5, 2),
    (1 / 3, 0.5, 1, 2, 3),
    (0.25, 0.5, 1, 2, 4),
    (0.2, 0.5, 1, 2, 5),
    (0.1, 0.2, 0.5, 1, 2, 5, 10),
)
_CHOSEN_TICKS = (*RATIO_TICKS, (0.01, 0.1, 1, 10, 100), (0.001, 0.01, 0.1, 1, 10, 100, 1000))
COVERED = 0.95
# A label on a tick at the very edge would be hit by an arrow head.
MARGIN = 1.06


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectAxis:
    """An axis on the natural scale.

    Attributes
    ----------
    low, high : float
        Ends, as effects.
    ticks : tuple of float
        Places of the tick labels.
    scale : {"log", "identity"}
        Whether distances are ratios or differences.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    scale: Scale

    @property
    def no_effect(self) -> float:
        """The value that means no difference."""
        return 1.0 if self.scale == "log" else 0.0

    def fraction(self, value: float) -> float:
        """Return where a value stands: 0 at the low end, 1 at the high end; not clipped."""
        low, high = _place(self.low, self.scale), _place(self.high, self.scale)
        return (_place(value, self.scale) - low) / (high - low)


def _place(value: float, scale: Scale) -> float:
    if scale == "identity":
        return value
    return math.log(value) if value > 0 else -math.inf


def choose_axis(
    ends: Iterable[float], *, scale: Scale, limits: tuple[float, float] | None = None
) -> EffectAxis:
    """Choose limits and ticks.

    Parameters
    ----------
    ends : iterable of float
        Interval ends on the natural scale.
    scale : {"log", "identity"}
        Scale of the effects.
    limits : tuple of float, optional
        Limits that the user wants.

    Returns
    -------
    EffectAxis
        By default symmetric about no effect, covering 95% of the interval
        ends, and at most 0.1 to 10 for ratios.

    Raises
    ------
    DesignError
        If the limits given are not an interval of this scale.
    """
    if limits is not None:
        return _given(limits, scale)
    reach = sorted(abs(_place(end, scale)) for end in ends if not math.isnan(end))
    needed = reach[_last_covered(len(reach))] if reach else math.log(2)
    if scale == "identity":
        return _symmetric_difference(needed)
    for ticks in RATIO_TICKS:
        if needed <= math.log(ticks[-1] * MARGIN):
            break
    return EffectAxis(low=ticks[0] / MARGIN, high=ticks[-1] * MARGIN, ticks=ticks, scale=scale)


def trimmed(axis: EffectAxis, ends: Sequence[float]) -> EffectAxis:
    """Return the axis without outer ticks that no interval end needs; no effect stays inside."""
    null = axis.no_effect
    first = max((t for t in axis.ticks if t < null and t <= min(ends)), default=axis.ticks[0])
    last = min((t for t in axis.ticks if t > null and t >= max(ends)), default=axis.ticks[-1])
    ticks = tuple(t for t in axis.ticks if first <= t <= last)
    low = axis.low if first == axis.ticks[0] else first
    high = axis.high if last == axis.ticks[-1] else last
    return EffectAxis(low=low, high=high, ticks=ticks, scale=axis.scale)


def _last_covered(count: int) -> int:
    """Return the index of the last end to cover: all up to 19, 95% of more, to the nearest end."""
    left_out = round((1 - COVERED) * count) if count >= 1 / (1 - COVERED) else 0
    return count - 1 - left_out


def _symmetric_difference(needed: float) -> EffectAxis:
    if not math.isfinite(needed) or needed <= 0:
        needed = 1.0
    power = 10.0 ** math.floor(math.log10(needed))
    reach = next(step * power for step in (1, 2, 5, 10) if step * power * 1.0000001 >= needed)
    ticks = tuple(part * reach for part in (-1, -0.5, 0, 0.5, 1))
    return EffectAxis(low=-1.05 * reach, high=1.05 * reach, ticks=ticks, scale="identity")


def _given(limits: tuple[float, float], scale: Scale) -> EffectAxis:
    low, high = limits
    sensible = math.isfinite(low) and math.isfinite(high) and low < high
    if not sensible or (scale == "log" and low <= 0):
        raise DesignError(
            f"axis limits of {low:g} and {high:g} are no interval"
            + (" of ratios." if scale == "log" else "."),
            hint="give the smaller one first; ratios are above 0.",
        )
    if scale == "identity":
        inner = tuple(low + part * (high - low) for part in (0, 0.25, 0.5, 0.75, 1))
        return EffectAxis(low=low, high=high, ticks=inner, scale=scale)
    choices = [tuple(t for t in ticks if low <= t <= high) for ticks in _CHOSEN_TICKS]
    ticks = max(choices, key=lambda kept: (min(len(kept), 5), sum(map(math.log, kept[-1:]))))
    if len(ticks) < 2:
        ticks = (low, math.sqrt(low * high), high)
    return EffectAxis(low=low, high=high, ticks=ticks, scale=scale)


def tick_text(value: float) -> str:
    """Return a tick label without needless zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if 0.01 <= abs(value) < 100 else f"{value:g}"
    return text.replace("-", "\N{MINUS SIGN}")
