"""The readings and settings that give a published pooled number."""

from locoreg.evidence.reproduce.engine import (
    find_pool,
    is_testable,
    reproduce,
    reproduce_all,
)
from locoreg.evidence.reproduce.results import Reproduction

__all__ = ["Reproduction", "find_pool", "is_testable", "reproduce", "reproduce_all"]
