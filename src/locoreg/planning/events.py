"""Events that a log-rank test needs, and the power that events give."""

from __future__ import annotations

import math
from typing import Literal

from scipy.special import ndtr, ndtri

from locoreg.core.errors import DesignError
from locoreg.planning.design import check_test

EventFormula = Literal["schoenfeld", "freedman"]


def events_required(
    hazard_ratio: float,
    *,
    power: float,
    alpha: float,
    sides: int,
    allocation: float,
    formula: EventFormula,
) -> float:
    """Return how many events the log-rank test needs, before rounding.

    Parameters
    ----------
    hazard_ratio : float
        Intervention relative to control.
    power, alpha : float
        Between 0 and 1.
    sides : int
        1 or 2 sides.
    allocation : float
        Share of the patients in the intervention arm.
    formula : {"schoenfeld", "freedman"}
        ``schoenfeld``: (z_a + z_b)^2 / (p (1 - p) log(HR)^2). ``freedman``:
        (z_a + z_b)^2 (1 + r HR)^2 / (r (1 - HR)^2), with r patients of the intervention per
        patient of the control arm.

    Returns
    -------
    float
        Events in both arms together.

    Raises
    ------
    DesignError
        If a number is out of its range.

    References
    ----------
    Schoenfeld 1983, Biometrics 39:499, doi:10.2307/2531021. Freedman 1982, Statistics in
    Medicine 1:121, doi:10.1002/sim.4780010204.
    """
    check_test(hazard_ratio, power, alpha, sides, allocation)
    wanted = (_z_alpha(alpha, sides) + float(ndtri(power))) ** 2
    if formula == "schoenfeld":
        return wanted / (allocation * (1 - allocation) * math.log(hazard_ratio) ** 2)
    if formula != "freedman":
        raise DesignError(f"there is no formula {formula!r}.", hint="schoenfeld or freedman.")
    ratio = allocation / (1 - allocation)
    return wanted * (1 + ratio * hazard_ratio) ** 2 / (ratio * (1 - hazard_ratio) ** 2)


def power_of_events(
    hazard_ratio: float, *, events: float, alpha: float, sides: int, allocation: float
) -> float:
    """Return the power of a log-rank test with so many events, by Schoenfeld's formula.

    Parameters
    ----------
    hazard_ratio : float
        Intervention relative to control.
    events : float
        In both arms together.
    alpha : float
        Between 0 and 1.
    sides : int
        1 or 2 sides; the chance to reject on the wrong side is left out.
    allocation : float
        Share of the patients in the intervention arm.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DesignError
        If a number is out of its range.
    """
    check_test(hazard_ratio, 0.999999, alpha, sides, allocation)
    if not (math.isfinite(events) and events > 0):
        raise DesignError("the count of events is a number above 0.")
    shift = abs(math.log(hazard_ratio)) / math.sqrt(log_hazard_ratio_variance(events, allocation))
    return float(ndtr(shift - _z_alpha(alpha, sides)))


def log_hazard_ratio_variance(events: float, allocation: float) -> float:
    """Return the variance of a log hazard ratio from so many events: 1 / (p (1 - p) D).

    Parameters
    ----------
    events : float
        D, in both arms together.
    allocation : float
        p, share of the patients in the intervention arm.

    Returns
    -------
    float
        4 / D where the arms are equal.
    """
    return 1.0 / (allocation * (1 - allocation) * events)


def _z_alpha(alpha: float, sides: int) -> float:
    return float(-ndtri(alpha / sides))
