"""Agreement of an emulation with a randomised trial: three criteria, never one alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.benchmark.sceptical import ScepticalP, sceptical_p

Significance = Literal["full", "partial", "none"]
SIGNIFICANCES: tuple[Significance, ...] = get_args(Significance)
# Differences of estimates within it are those that chance makes 19 times out of 20.
LARGEST_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The three agreements of RCT-DUPLICATE, and the sceptical p-value.

    Attributes
    ----------
    significance : {"full", "partial", "none"}
        full: the estimates have the same direction and both intervals hold no effect, or neither
        does. partial: not so, but both upper limits lie under the margin.
    estimate : bool
        Whether the emulated estimate lies in the trial's interval.
    z : float
        Standardised difference, ``(b_trial - b_emulated) / sqrt(s_trial^2 + s_emulated^2)``.
    difference : bool
        Whether its size is under 1.96.
    sceptical : ScepticalP
        Whether the emulation replicates the trial.
    """

    significance: Significance
    estimate: bool
    z: float
    difference: bool
    sceptical: ScepticalP

    @property
    def count(self) -> int:
        """How many of the three criteria are met; partial agreement does not count."""
        return (self.significance == "full") + self.estimate + self.difference

    def text(self) -> str:
        """Return the three answers in words."""
        return (
            f"significance: {_WORDS[self.significance]}; estimate: {_yes(self.estimate)}; "
            f"difference: {_yes(self.difference)} (z {self.z:.2f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the agreement as JSON-ready values."""
        return {
            "significance": self.significance,
            "estimate": self.estimate,
            "z": self.z,
            "difference": self.difference,
            "met": self.count,
            "sceptical": self.sceptical.to_dict(),
        }


_WORDS = {"full": "agrees", "partial": "agrees in part", "none": "does not agree"}


def _yes(value: bool) -> str:
    return "agrees" if value else "does not agree"


def agreement(
    trial: Estimate, emulated: Estimate, *, level: float, margin: float | None = None
) -> Agreement:
    """Compare an emulation with a trial.

    Parameters
    ----------
    trial, emulated : Estimate
        On the log scale, with the same arm as reference.
    level : float
        Level in percent of the intervals that are compared. An interval of another level is made
        anew from the standard error.
    margin : float, optional
        Ratio above 1, fixed beforehand, under which the upper limits of both must lie for partial
        agreement.

    Returns
    -------
    Agreement
        All three.

    Raises
    ------
    DesignError
        If an estimate is not on the log scale or has no standard error, or the margin is not
        above 1.

    References
    ----------
    Wang et al. 2023 (RCT-DUPLICATE), doi:10.1001/jama.2023.4221.
    """
    check_margin(margin)
    for name, one in (("the trial", trial), ("the emulation", emulated)):
        check_log_estimate(one, name)
    low, high = limits(trial, level)
    own_low, own_high = limits(emulated, level)
    significant = [not a <= 0.0 <= b for a, b in ((low, high), (own_low, own_high))]
    same_direction = trial.estimate * emulated.estimate >= 0.0
    word: Significance = "none"
    if same_direction and significant[0] == significant[1]:
        word = "full"
    elif margin is not None and max(high, own_high) < math.log(margin):
        word = "partial"
    z = (trial.estimate - emulated.estimate) / math.hypot(trial.se, emulated.se)
    return Agreement(
        significance=word,
        estimate=low <= emulated.estimate <= high,
        z=z,
        difference=abs(z) < LARGEST_Z,
        sceptical=sceptical_p(
            original=trial.estimate,
            original_se=trial.se,
            replication=emulated.estimate,
            replication_se=emulated.se,
        ),
    )


def limits(one: Estimate, level: float) -> tuple[float, float]:
    """Return the limits of an estimate at a level.

    Parameters
    ----------
    one : Estimate
        The estimate.
    level : float
        Level in percent.

    Returns
    -------
    low, high : float
        Its own where it has that level, else from its standard error.
    """
    if one.level == level and math.isfinite(one.ci_low) and math.isfinite(one.ci_high):
        return one.ci_low, one.ci_high
    spread = -float(special.ndtri((1.0 - level / 100.0) / 2.0)) * one.se
    return one.estimate - spread, one.estimate + spread


def check_log_estimate(one: Estimate, name: str) -> None:
    """Raise DesignError if an estimate can't be compared.

    Parameters
    ----------
    one : Estimate
        The estimate.
    name : str
        What it is, for the message.
    """
    if one.scale != "log":
        raise DesignError(
            f"{name} is not on the log scale.", hint="trials are compared by their hazard ratios."
        )
    if not (math.isfinite(one.estimate) and math.isfinite(one.se) and one.se > 0.0):
        raise DesignError(f"{name} has no standard error.", hint="ask for intervals.")


def check_margin(margin: float | None) -> None:
    """Raise DesignError if a margin is not above 1.

    Parameters
    ----------
    margin : float or None
        The margin.
    """
    if margin is not None and not 1.0 < margin < math.inf:
        raise DesignError(
            f"the margin is {margin}.",
            hint="give the largest ratio that is still acceptable, above 1.",
        )
