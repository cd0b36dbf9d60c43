"""Times at which an axis of time has ticks, and tables their columns."""

from __future__ import annotations

import math
from collections.abc import Iterator

from locoreg.core.errors import DesignError

# Steps between ticks that the unit's users expect.
_STEPS = {
    "months": (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 240.0, 600.0),
    "years": (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
    "weeks": (1.0, 2.0, 4.0, 8.0, 13.0, 26.0, 52.0, 104.0, 260.0, 520.0),
    "days": (1.0, 2.0, 5.0, 7.0, 14.0, 30.0, 60.0, 90.0, 180.0, 365.0, 730.0, 1825.0, 3650.0),
}
# The step that is taken wherever it gives from 4 to 12 intervals.
_PREFERRED = {"months": 12.0, "years": 1.0, "weeks": 52.0, "days": 365.0}
FEWEST, MOST = 4, 12
# An axis that ends this close before a tick, in steps, goes on to it.
NEARLY = 0.25


def time_ticks(last: float, unit: str, until: float | None = None) -> tuple[float, ...]:
    """Return the ticks of an axis of time.

    Parameters
    ----------
    last : float
        End of the longest follow-up.
    unit : str
        Unit of time; months have ticks each 12, or 6.
    until : float, optional
        End of the axis that the user wants.

    Returns
    -------
    tuple of float
        From 0 on at even distances; the last may lie a little beyond ``last``, never beyond
        ``until``.

    Raises
    ------
    DesignError
        If ``until`` is no time to end at.
    """
    if until is not None and not (math.isfinite(until) and until > 0):
        raise DesignError(f"the time axis can't end at {until:g}.", hint="give a time above 0.")
    end = until if until is not None else last if last > 0 else 1.0
    steps = sorted(set(_steps(end, unit)))
    step = max((s for s in steps if end / s >= FEWEST), default=steps[0])
    preferred = _PREFERRED.get(unit, math.inf)
    if FEWEST <= end / preferred <= MOST:
        step = preferred
    spare = NEARLY if until is None else 0.0
    count = math.floor(end / step + spare + 1e-9)
    return tuple(float(f"{i * step:.12g}") for i in range(count + 1))


def axis_end(ticks: tuple[float, ...], last: float, until: float | None = None) -> float:
    """Return where the axis ends: at the last follow-up, or the tick just after it."""
    if until is not None:
        return until
    return max(ticks[-1], last if last > 0 else 1.0)


def _steps(end: float, unit: str) -> Iterator[float]:
    """Yield the unit's steps, and round ones below and above them."""
    usual = _STEPS.get(unit, ())
    yield from usual
    power = 10.0 ** (math.floor(math.log10(end)) - 1)
    for step in (part * power * scale for scale in (1, 10) for part in (1, 2, 5)):
        if not usual or not usual[0] <= step <= usual[-1]:
            yield step
