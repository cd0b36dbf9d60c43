"""Parts of a protocol, from all of their files."""

from __future__ import annotations

from locoreg.emulation.protocol.answered import (
    Analysis,
    Benchmark,
    Confounder,
    Confounders,
    Intervals,
    MethodChoice,
    MissingValues,
    NegativeControl,
    Sensitivity,
)
from locoreg.emulation.protocol.asked import (
    ComparatorStrategy,
    Criterion,
    FollowUp,
    Outcome,
    Strategies,
    TimeZero,
    Treated,
    Treatment,
    Variable,
)
from locoreg.emulation.protocol.base import Part, Scalar, Text
from locoreg.emulation.protocol.columns import TableColumns
from locoreg.emulation.protocol.selected import (
    HiddenChoice,
    LearnerChoice,
    RuleChoice,
    Selection,
)

__all__ = [
    "Analysis",
    "Benchmark",
    "ComparatorStrategy",
    "Confounder",
    "Confounders",
    "Criterion",
    "FollowUp",
    "HiddenChoice",
    "Intervals",
    "LearnerChoice",
    "MethodChoice",
    "MissingValues",
    "NegativeControl",
    "Outcome",
    "Part",
    "RuleChoice",
    "Scalar",
    "Selection",
    "Sensitivity",
    "Strategies",
    "TableColumns",
    "Text",
    "TimeZero",
    "Treated",
    "Treatment",
    "Variable",
]
