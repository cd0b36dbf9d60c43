"""Explore a registry: cohorts by choices, what they look like, how they fare."""

from __future__ import annotations

from locoreg.workflows.registry.exploring.base import Base, open_base, registry_sha256
from locoreg.workflows.registry.exploring.choices import (
    THERAPIES,
    Choices,
    origin_words,
    time_zero_words,
)
from locoreg.workflows.registry.exploring.curves import CohortCurves
from locoreg.workflows.registry.exploring.explore import Exploration, explore
from locoreg.workflows.registry.exploring.fragment import protocol_fragment
from locoreg.workflows.registry.exploring.groups import TREATED, groupings
from locoreg.workflows.registry.exploring.missing import Missingness
from locoreg.workflows.registry.exploring.timing import Timing

__all__ = [
    "THERAPIES",
    "TREATED",
    "Base",
    "Choices",
    "CohortCurves",
    "Exploration",
    "Missingness",
    "Timing",
    "explore",
    "groupings",
    "open_base",
    "origin_words",
    "protocol_fragment",
    "registry_sha256",
    "time_zero_words",
]
