"""From a relative effect and a stated risk without the intervention to absolute numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate

EventIs = Literal["adverse", "favourable"]
# Measures whose absolute effect follows from the share without the intervention alone.
ABSOLUTE_MEASURES = ("HR", "OR", "RR")
_REFUSED = {
    "MD": "a mean difference is absolute already, in the units of the score",
    "SMD": "a standardised mean difference has no units of its own",
    "RD": "a risk difference is absolute already, and holds at the trials' own risk only",
    "IRR": "a ratio of rates counts events, of which a patient may have several",
    "survival ratio": "a ratio of survival holds at the time it was read off only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsoluteEffect:
    """Shares in the same state without and with the intervention.

    Attributes
    ----------
    without, with_, low, high : float
        Share without the intervention; with it, and the limits of the latter. Shares are of the
        good state: without an adverse event, or with a favourable one.
    level : float
        Level of the limits in percent.
    capped : bool
        Whether a limit was beyond what a share can be, and was set to 0 or 1.
    """

    without: float
    with_: float
    low: float
    high: float
    level: float
    capped: bool = False

    @property
    def difference(self) -> tuple[float, float, float]:
        """Difference and its limits; above 0 where the intervention leaves more well."""
        return self.with_ - self.without, self.low - self.without, self.high - self.without

    def to_dict(self) -> dict[str, Any]:
        """Return the shares as JSON-ready values."""
        mid, low, high = self.difference
        return {
            "without": self.without, "with": self.with_, "with_low": self.low,
            "with_high": self.high, "difference": mid, "difference_low": low,
            "difference_high": high, "level": self.level, "capped": self.capped,
        }  # fmt: skip


def why_not_absolute(measure: str) -> str:
    """Return why no absolute effect is made of a measure; empty where one is."""
    if measure in ABSOLUTE_MEASURES:
        return ""
    return _REFUSED.get(measure, f"no absolute effect is made of the measure {measure}")


def absolute_effect(
    estimate: Estimate,
    *,
    measure: str,
    reference_arm: str,
    event_is: EventIs,
    without: float,
) -> AbsoluteEffect:
    """Return the shares in the good state without and with the intervention.

    For a hazard ratio of an adverse event the share without the event is S1 = S0^HR, and the
    limits of the interval go through the same map (Skoetz 2020). Odds ratios and risk ratios act
    on the risk of the event.

    Parameters
    ----------
    estimate : Estimate
        On the log scale.
    measure : str
        HR, OR or RR, of the event.
    reference_arm : str
        ``control`` or ``intervention``: the arm that the ratio is relative to.
    event_is : {"adverse", "favourable"}
        An adverse event is to be spared, a favourable one to be had.
    without : float
        Share in the good state without the intervention, between 0 and 1.

    Returns
    -------
    AbsoluteEffect
        The assumed share is taken as known: its own uncertainty is not in the limits.

    Raises
    ------
    DesignError
        If no absolute effect is made of the measure.
    DataError
        If a number is out of its range.

    References
    ----------
    Skoetz et al. 2020 (GRADE guidelines 27), doi:10.1016/j.jclinepi.2019.10.015. Cochrane
    Handbook, chapter 14.
    """
    reason = why_not_absolute(measure)
    if reason:
        raise DesignError(f"{reason}.")
    if estimate.scale != "log":
        raise DesignError(f"a {measure} is pooled on the log scale.")
    if not 0 < without < 1:
        raise DataError(f"a share without the intervention of {without:g} is not between 0 and 1.")
    if reference_arm not in ("control", "intervention"):
        raise DesignError(f"there is no reference arm {reference_arm!r}.")
    ratios = [_ratio(one, reference_arm) for one in _values(estimate)]
    shares = [_MAPS[measure](ratio, without, event_is) for ratio in ratios]
    if not 0 <= shares[0] <= 1:
        raise DataError(
            f"a {measure} of {ratios[0]:.2f} turns a risk of "
            f"{without if event_is == 'favourable' else 1 - without:.3g} into more than 1.",
            hint="state the baseline at which the studies measured the ratio.",
        )
    held = [min(max(one, 0.0), 1.0) for one in shares]
    return AbsoluteEffect(
        without=without,
        with_=held[0],
        low=min(held[1:]),
        high=max(held[1:]),
        level=estimate.level,
        capped=held != shares,
    )


def _values(estimate: Estimate) -> tuple[float, float, float]:
    values = (estimate.estimate, estimate.ci_low, estimate.ci_high)
    if any(math.isnan(one) for one in values):
        raise DataError("the pool has no estimate with an interval.")
    return values


def _ratio(log_ratio: float, reference_arm: str) -> float:
    """Return the ratio of intervention to control."""
    turned = -log_ratio if reference_arm == "intervention" else log_ratio
    return math.exp(turned) if turned < 700 else math.inf


def _hazard_ratio(ratio: float, without: float, event_is: EventIs) -> float:
    # A favourable event is had, and not spared: its complement follows the curve.
    spared = without if event_is == "adverse" else 1 - without
    left = float(spared**ratio)
    return left if event_is == "adverse" else 1 - left


def _odds_ratio(ratio: float, without: float, event_is: EventIs) -> float:
    risk = 1 - without if event_is == "adverse" else without
    odds = ratio * risk / (1 - risk)
    found = odds / (1 + odds) if math.isfinite(odds) else 1.0
    return 1 - found if event_is == "adverse" else found


def _risk_ratio(ratio: float, without: float, event_is: EventIs) -> float:
    risk = ratio * (1 - without if event_is == "adverse" else without)
    return 1 - risk if event_is == "adverse" else risk


_MAPS: dict[str, Callable[[float, float, EventIs], float]] = {
    "HR": _hazard_ratio,
    "OR": _odds_ratio,
    "RR": _risk_ratio,
}
