"""Reporting by the TARGET statement."""

from __future__ import annotations

from locoreg.emulation.target.facts import StrategyFacts, TargetFacts
from locoreg.emulation.target.fill import fill_target
from locoreg.emulation.target.table import ComparedPart, TargetRow, TargetTable

__all__ = [
    "ComparedPart",
    "StrategyFacts",
    "TargetFacts",
    "TargetRow",
    "TargetTable",
    "fill_target",
]
