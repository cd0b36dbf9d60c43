"""Matching of two arms: nearest neighbours, optimal pairs and full matching, subclasses."""

from locoreg.stats.matching.api import match
from locoreg.stats.matching.balance import ArmCounts, Balance
from locoreg.stats.matching.result import Matching

__all__ = ["ArmCounts", "Balance", "Matching", "match"]
