"""Pools under every admissible reading of the doubtful inputs."""

from locoreg.evidence.multiverse.compute import MOST_UNIVERSES, multiverse
from locoreg.evidence.multiverse.results import (
    Alternatives,
    Doubt,
    Multiverse,
    Option,
    OptionEffect,
    Universe,
)

__all__ = [
    "MOST_UNIVERSES",
    "Alternatives",
    "Doubt",
    "Multiverse",
    "Option",
    "OptionEffect",
    "Universe",
    "multiverse",
]
