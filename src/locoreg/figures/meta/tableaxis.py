"""The axis of a report's effects as they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable

from locoreg.core.estimate import Scale
from locoreg.figures.axis import EffectAxis, choose_axis
from locoreg.workflows.meta.measures import Measure


def scale_of(measure: Measure) -> Scale:
    """Return the scale of the axis: ratios by factors, the rest by differences."""
    return "identity" if measure.one_group else measure.scale


def limits_of(measure: Measure, ends: Iterable[float]) -> tuple[float, float] | None:
    """Return the ends of the axis where it isn't about no effect: single groups; else None."""
    if not measure.one_group:
        return None
    finite = [end for end in ends if math.isfinite(end)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    low = min(low, 0.0)
    span = high - low or 1.0
    power = 10.0 ** math.floor(math.log10(span))
    step = next(s * power for s in (0.2, 0.5, 1.0, 2.0) if span / (s * power) <= 8)
    top = math.ceil(high / step - 1e-9) * step
    if measure.kind == "proportion":
        top = min(top, 1.0)
    return math.floor(low / step + 1e-9) * step, top if top > low else low + step


def name_of(measure: Measure) -> str:
    """Return the words for a measure with a capital."""
    return measure.words[:1].upper() + measure.words[1:]


def axis_of(measure: Measure, ends: Iterable[float]) -> EffectAxis:
    """Return the axis for interval ends as they are read."""
    given = list(ends)
    return choose_axis(given, scale=scale_of(measure), limits=limits_of(measure, given))
