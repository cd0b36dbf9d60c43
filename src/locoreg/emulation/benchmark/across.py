"""Several emulations, each beside its trial, and their agreement on the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.emulation.benchmark.agreement import Agreement, agreement
from locoreg.stats.studies import check_level

# Fisher's interval needs more than 3 pairs.
FEWEST_PAIRS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossTrials:
    """Agreement of several emulations with their trials.

    Attributes
    ----------
    k : int
        Pairs.
    correlation, ci_low, ci_high : float
        Pearson's correlation of the log ratios, with Fisher's interval.
    level : float
        Level of the interval in percent.
    significance, partial, estimate, difference : float
        Share of pairs that agree: fully on significance, at least in part, within the trial's
        interval, by the standardised difference.
    agreements : tuple of Agreement
        One per pair.
    """

    k: int
    correlation: float
    ci_low: float
    ci_high: float
    level: float
    significance: float
    partial: float
    estimate: float
    difference: float
    agreements: tuple[Agreement, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        names = ("k", "correlation", "ci_low", "ci_high", "level")
        shares = ("significance", "partial", "estimate", "difference")
        out: dict[str, Any] = {name: getattr(self, name) for name in (*names, *shares)}
        return out | {"agreements": [one.to_dict() for one in self.agreements]}

    def summary(self) -> str:
        """Return two lines."""
        return (
            f"{self.k} pairs: correlation {decimal_text(self.correlation)} "
            f"({range_text(self.ci_low, self.ci_high)}).\n"
            f"Agreement on significance {self.significance:.0%} ({self.partial:.0%} with partial), "
            f"on the estimate {self.estimate:.0%}, by the standardised difference "
            f"{self.difference:.0%}."
        )


def across_trials(
    pairs: Sequence[tuple[Estimate, Estimate]], *, level: float, margin: float | None = None
) -> AcrossTrials:
    """Compare several emulations with their trials.

    Parameters
    ----------
    pairs : sequence of (Estimate, Estimate)
        Trial and emulation, on the log scale.
    level : float
        Level of intervals in percent.
    margin : float, optional
        Ratio for partial agreement.

    Returns
    -------
    AcrossTrials
        All criteria and the correlation. A correlation tells that larger effects go with larger
        ones; it does not tell a bias that all emulations share.

    Raises
    ------
    DesignError
        If there are fewer than 4 pairs or a side does not vary.
    """
    check_level(level)
    if len(pairs) < FEWEST_PAIRS:
        raise DesignError(
            f"{len(pairs)} pairs are too few for a correlation.",
            hint=f"give at least {FEWEST_PAIRS}, or look at each by itself.",
        )
    found = tuple(agreement(trial, own, level=level, margin=margin) for trial, own in pairs)
    values = np.array([[trial.estimate, own.estimate] for trial, own in pairs])
    if not bool((values.max(axis=0) > values.min(axis=0)).all()):
        raise DesignError("all estimates of one side are the same: there is no correlation.")
    r = float(np.clip(np.corrcoef(values.T)[0, 1], -1.0, 1.0))
    z = -float(special.ndtri((1.0 - level / 100.0) / 2.0))
    spread = z / math.sqrt(len(pairs) - 3)
    centre = math.atanh(r) if abs(r) < 1.0 else math.copysign(math.inf, r)
    return AcrossTrials(
        k=len(pairs),
        correlation=r,
        ci_low=math.tanh(centre - spread),
        ci_high=math.tanh(centre + spread),
        level=level,
        significance=_share([one.significance == "full" for one in found]),
        partial=_share([one.significance != "none" for one in found]),
        estimate=_share([one.estimate for one in found]),
        difference=_share([one.difference for one in found]),
        agreements=found,
    )


def _share(values: Sequence[bool]) -> float:
    return sum(values) / len(values)
