"""A setting of the search: its departures, its inputs and the pool that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "direction",
    "level",
    "number",
    "report",
    "excluded",
    "absent",
    "rounding",
    "measure",
    "orientation",
    "slip",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One way in which a setting leaves the inputs that the evidence supports.

    Attributes
    ----------
    key : str
        Identity, for example ``row7:ci_level=95``.
    kind : str
        direction, level, number (another number than the row in force),
        report (another report than the declared one), excluded (a row that
        the audit bars is used), absent (an input is left out), rounding,
        measure, orientation, slip.
    text : str
        What was done, in words.
    """

    key: str
    kind: Kind
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return the departure as JSON-ready values."""
        return {"key": self.key, "kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputUsed:
    """One input of a setting.

    Attributes
    ----------
    study_id, label : str
        The study.
    report_id, claim_id : str or None
        Report and row of the number; None for an input left out.
    used : str
        The number as read, in words.
    yi, se : float
        On the analysis scale, in the direction of the published pool.
    """

    study_id: str
    label: str
    report_id: str | None
    claim_id: str | None
    used: str
    yi: float
    se: float

    def to_dict(self) -> dict[str, Any]:
        """Return the input as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "label": self.label,
            "report_id": self.report_id,
            "claim_id": self.claim_id,
            "used": self.used,
            "yi": self.yi,
            "se": self.se,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of the search with the pool that it gives.

    Attributes
    ----------
    estimator, interval, se_rule, rounding : str
        How the inputs were read and pooled.
    departures : tuple of Departure
        Empty for inputs as the evidence supports them.
    inputs : tuple of InputUsed
        The inputs, in the order of the pool.
    estimate, ci_low, ci_high : float
        The pool on the natural scale, not rounded.
    tau2, i2, p_value : float
        Heterogeneity (I2 in percent, from Q) and the test of no effect.
    distance : float
        Largest distance of the three numbers from the printed ones, in half
        units of the last printed digit; all digits agree at 1 or less.
    """

    estimator: str
    interval: str
    se_rule: str
    rounding: str
    departures: tuple[Departure, ...]
    inputs: tuple[InputUsed, ...]
    estimate: float
    ci_low: float
    ci_high: float
    tau2: float
    i2: float
    p_value: float
    distance: float

    @property
    def method(self) -> str:
        """The setting without its inputs, in words."""
        name = "PM (EB is the same)" if self.estimator == "PM" else self.estimator
        rounded = "" if self.rounding == "as printed" else f", inputs {self.rounding}"
        return f"{name}, {self.interval} interval, {self.se_rule}{rounded}"

    def text(self, decimals: int = 4) -> str:
        """Return ``0.8077 (0.5704 to 1.1438)``."""
        low, high = f"{self.ci_low:.{decimals}f}", f"{self.ci_high:.{decimals}f}"
        return f"{self.estimate:.{decimals}f} ({low} to {high})"

    def to_dict(self) -> dict[str, Any]:
        """Return the setting as JSON-ready values."""
        return {
            "estimator": self.estimator,
            "interval": self.interval,
            "se_rule": self.se_rule,
            "rounding": self.rounding,
            "departures": [d.to_dict() for d in self.departures],
            "inputs": [i.to_dict() for i in self.inputs],
            "estimate": self.estimate,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "tau2": self.tau2,
            "i2": self.i2,
            "p_value": self.p_value,
            "distance": self.distance,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published pool as printed.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        On the natural scale.
    half_units : tuple of float
        Half of the last printed digit of each.
    level : float
        Level of the interval in percent.
    log : bool
        Whether the measure is a ratio.
    i2, p_value, p_op : float, float, str or None
        As printed, where printed.
    i2_half_unit, p_half_unit : float
        Half of their last printed digit.
    text : str
        ``HR 0.81 (0.57 to 1.14)``.
    """

    estimate: float
    ci_low: float
    ci_high: float
    half_units: tuple[float, float, float]
    level: float
    log: bool
    i2: float | None
    i2_half_unit: float
    p_value: float | None
    p_op: str | None
    p_half_unit: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the printed numbers as JSON-ready values."""
        return {
            "estimate": self.estimate,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "level": self.level,
            "heterogeneity_i2": self.i2,
            "p_value": self.p_value,
            "text": self.text,
        }
