"""The cohort of a protocol from a registry, on any of its engines."""

from __future__ import annotations

from locoreg.emulation.cohort.registry.fromregistry import cohort_from_registry
from locoreg.emulation.cohort.registry.histories import builtin_histories
from locoreg.emulation.cohort.registry.variables import builtin_variables

__all__ = ["builtin_histories", "builtin_variables", "cohort_from_registry"]
