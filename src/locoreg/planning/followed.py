"""The chance that a patient's event is seen within a trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from locoreg.core.errors import DesignError
from locoreg.planning.design import check_months

# Accrual of a smaller share of the trial counts as one moment: a difference over it has no digits.
INSTANT = 1e-7


def event_probability(
    starts: Sequence[float],
    hazards: Sequence[float],
    *,
    dropout_hazard: float,
    accrual_months: float,
    follow_up_months: float,
) -> float:
    """Return the chance that the event of a patient is seen.

    Patients enter uniformly over the accrual and are followed until the event, drop-out at a
    constant rate, or the end of the trial. With one piece this is Lachin and Foulkes' closed form,
    h/(h+d) (1 - (exp(-(h+d) F) - exp(-(h+d) (R+F))) / ((h+d) R)); with more it is its sum over
    the pieces.

    Parameters
    ----------
    starts : sequence of float
        Months at which each piece of constant hazard begins, the first at 0.
    hazards : sequence of float
        Hazard per month in each piece.
    dropout_hazard : float
        Rate of drop-out per month.
    accrual_months, follow_up_months : float
        R, and F after the last patient.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DesignError
        If the pieces do not start at 0 and ascend, or a rate or time is negative.

    References
    ----------
    Lachin and Foulkes 1986, Biometrics 42:507, doi:10.2307/2531201.
    """
    _check(starts, hazards, dropout_hazard)
    check_months(accrual_months, follow_up_months)
    last = accrual_months + follow_up_months
    if accrual_months <= INSTANT * last:
        return _seen(starts, hazards, dropout_hazard, last)[0]
    end = _seen(starts, hazards, dropout_hazard, last)[1]
    begin = _seen(starts, hazards, dropout_hazard, follow_up_months)[1]
    return (end - begin) / accrual_months


def _check(starts: Sequence[float], hazards: Sequence[float], dropout: float) -> None:
    if not starts or len(starts) != len(hazards) or starts[0] != 0:
        raise DesignError("hazards have one start each, the first at month 0.")
    if any(b <= a for a, b in pairwise(starts)):
        raise DesignError("the pieces of a hazard ascend.")
    if not all(math.isfinite(rate) and rate >= 0 for rate in (*hazards, dropout)):
        raise DesignError("hazards and drop-out are rates, none below 0.")


def _seen(
    starts: Sequence[float], hazards: Sequence[float], dropout: float, until: float
) -> tuple[float, float]:
    """Return the share with an event seen by a time, and its integral from 0 to that time."""
    share, area, still = 0.0, 0.0, 1.0
    ends = (*starts[1:], math.inf)
    for start, end, hazard in zip(starts, ends, hazards, strict=True):
        width = min(end, until) - start
        if width <= 0:
            break
        rate = hazard + dropout
        gone = -math.expm1(-rate * width)
        part = hazard / rate if rate > 0 else 0.0
        # For a rate near 0 the difference width - gone/rate would lose its digits.
        late = width - gone / rate if rate * width > 1e-4 else rate * width**2 * (
            0.5 - rate * width / 6
        )  # fmt: skip
        area += share * width + part * still * late
        share += part * still * gone
        still *= 1 - gone
    return share, area
