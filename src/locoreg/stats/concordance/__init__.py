"""Concordance of a score with censored times: Harrell's C, Uno's C and other time weights."""

from locoreg.stats.concordance.estimate import concordance, concordance_of
from locoreg.stats.concordance.result import Concordance, ConcordanceInterval, TimeWeight

__all__ = [
    "Concordance",
    "ConcordanceInterval",
    "TimeWeight",
    "concordance",
    "concordance_of",
]
