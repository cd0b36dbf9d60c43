"""What a split of a column asks of a patient, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from locoreg.selection.data.features import FeatureCoding

Side = Literal["low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSplit:
    """A question about one covariate.

    Attributes
    ----------
    variable : str
        The covariate.
    column : int
        Place of its column in the coding.
    cut : float
        Values of the column at or below it go to the low side.
    low, high : str
        The answers in words, with those whose covariate is unknown.
    unknown : {"low", "high"} or None
        Where the unknown go; None if the covariate was known for everybody.
    """

    variable: str
    column: int
    cut: float
    low: str
    high: str
    unknown: Side | None

    @property
    def text(self) -> str:
        """The question in words, by its answer on the high side."""
        return self.high

    def to_dict(self) -> dict[str, Any]:
        """Return the split as JSON-ready values."""
        return {
            "variable": self.variable,
            "column": self.column,
            "cut": self.cut,
            "low": self.low,
            "high": self.high,
            "unknown": self.unknown,
        }


def rule_split(coding: FeatureCoding, column: int, cut: float) -> RuleSplit:
    """Return what a split of a column asks.

    Parameters
    ----------
    coding : FeatureCoding
        The columns.
    column : int
        Which is split.
    cut : float
        Where.

    Returns
    -------
    RuleSplit
        With its answers in words.
    """
    feature = coding.features[column]
    name = feature.variable
    if feature.kind == "level":
        others = [level for level in coding.levels[name] if level != feature.level]
        low = f"{name} is {others[0]}" if len(others) == 1 else f"{name} is not {feature.level}"
        high = f"{name} is {feature.level}"
    elif feature.kind == "rank":
        levels = coding.levels[name]
        low = f"{name} is {' or '.join(levels[: int(cut) + 1])}"
        high = f"{name} is {' or '.join(levels[int(cut) + 1 :])}"
    else:
        low, high = f"{name} at most {cut:.12g}", f"{name} above {cut:.12g}"
    unknown: Side | None = None
    if has_unknown(coding, name):
        unknown = "low" if feature.kind == "level" or feature.fill <= cut else "high"
        low += ", or unknown" if unknown == "low" else ""
        high += ", or unknown" if unknown == "high" else ""
    return RuleSplit(variable=name, column=column, cut=cut, low=low, high=high, unknown=unknown)


def has_unknown(coding: FeatureCoding, variable: str) -> bool:
    """Return whether a covariate was unknown for some persons."""
    return any(f.variable == variable and f.kind == "unknown" for f in coding.features)
