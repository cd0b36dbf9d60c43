"""One estimate, whether printed, pooled or computed from a registry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.numbertext import interval_text

Scale = Literal["log", "identity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A point estimate with its interval on the model's scale.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        On the model's scale (log for ratio measures). NaN where undefined.
    level : float
        Level of the interval in percent.
    scale : {"log", "identity"}
        Scale of the four numbers.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    level: float
    scale: Scale

    @property
    def natural(self) -> tuple[float, float, float]:
        """Estimate, lower and upper limit, exponentiated if the scale is log."""
        values = (self.estimate, self.ci_low, self.ci_high)
        if self.scale == "identity":
            return values
        mid, low, high = (math.exp(v) if not v > 700 else math.inf for v in values)
        return mid, low, high

    def text(self) -> str:
        """Return ``0.94 (0.63 to 1.40)``, on the natural scale."""
        return interval_text(*self.natural)

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON-ready values."""
        out: dict[str, Any] = {
            "estimate": self.estimate,
            "se": self.se,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "level": self.level,
            "scale": self.scale,
        }
        if self.scale == "log":
            mid, low, high = self.natural
            out["natural"] = {"estimate": mid, "ci_low": low, "ci_high": high}
        return out
