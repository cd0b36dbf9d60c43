"""Quality of a registry: rules as SQL into one table of issues, completeness, traps."""

from __future__ import annotations

from locoreg.registry.validate.check import check_registry
from locoreg.registry.validate.completeness import Completeness
from locoreg.registry.validate.report import QualityReport, RuleCount
from locoreg.registry.validate.rule import Found, Rule
from locoreg.registry.validate.rules import RULES
from locoreg.registry.validate.thresholds import (
    Threshold,
    default_thresholds,
    read_thresholds,
    threshold_table,
)

__all__ = [
    "RULES",
    "Completeness",
    "Found",
    "QualityReport",
    "Rule",
    "RuleCount",
    "Threshold",
    "check_registry",
    "default_thresholds",
    "read_thresholds",
    "threshold_table",
]
