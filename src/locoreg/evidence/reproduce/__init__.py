"""The readings and settings that give a published pooled number."""

from locoreg.evidence.reproduce.engine import reproduce, reproduce_all
from locoreg.evidence.reproduce.results import Reproduction
from locoreg.evidence.reproduce.target import find_pool, is_testable

__all__ = ["Reproduction", "find_pool", "is_testable", "reproduce", "reproduce_all"]
