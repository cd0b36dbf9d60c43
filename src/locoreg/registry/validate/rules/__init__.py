"""The rules, one file per family (the larger families have several)."""

from __future__ import annotations

from locoreg.registry.validate.rule import Rule
from locoreg.registry.validate.rules import (
    betweenrows,
    completeness,
    conformance,
    dates,
    duplicates,
    measurement,
    observation,
    receptors,
    statements,
    values,
)

RULES: tuple[Rule, ...] = (
    *conformance.RULES,
    *completeness.RULES,
    *dates.RULES,
    *statements.RULES,
    *values.RULES,
    *receptors.RULES,
    *betweenrows.RULES,
    *duplicates.RULES,
    *observation.RULES,
    *measurement.RULES,
)
BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
