"""What the trials so far amount to, in events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """Information of a pool as events of one trial.

    Attributes
    ----------
    events : float
        Events of one trial whose log hazard ratio would have the pool's standard error under
        random effects.
    events_alike : float
        The same of the common-effect pool: what the trials amount to if all have one effect.
    required : float
        Events that the planned trial takes.
    share, share_alike : float
        Of the required events.
    """

    events: float
    events_alike: float
    required: float
    share: float
    share_alike: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "events": self.events,
            "events_alike": self.events_alike,
            "required": self.required,
            "share": self.share,
            "share_alike": self.share_alike,
        }


def information_of(
    se: float, se_alike: float, *, required: float, allocation: float
) -> Information:
    """Return the information of a pool: 1 / (p (1 - p) se^2) events, 4 / se^2 where p is 0.5.

    Parameters
    ----------
    se : float
        Standard error of the pooled log hazard ratio under random effects, without the
        Hartung-Knapp factor.
    se_alike : float
        That of the common-effect pool.
    required : float
        Events that the planned trial takes.
    allocation : float
        p, share of the planned trial's patients in the intervention arm.

    Returns
    -------
    Information
        Events and shares.

    Raises
    ------
    DesignError
        If a standard error or the required events are not above 0.
    """
    if not all(math.isfinite(one) and one > 0 for one in (se, se_alike, required)):
        raise DesignError("standard errors and required events are numbers above 0.")
    if not 0 < allocation < 1:
        raise DesignError("the share of the intervention arm lies between 0 and 1.")
    scale = 1.0 / (allocation * (1 - allocation))
    events, alike = scale / se**2, scale / se_alike**2
    return Information(
        events=events, events_alike=alike, required=required,
        share=events / required, share_alike=alike / required,
    )  # fmt: skip
