"""Quality-of-life scores: QLQ-C30 3.0, QLQ-BR23 1.0 and FACT-B 4, without any wording."""

from __future__ import annotations

from locoreg.registry.quality_of_life.changes import score_changes
from locoreg.registry.quality_of_life.instrument import (
    Instrument,
    find_instrument,
    read_instrument,
    shipped_instruments,
)
from locoreg.registry.quality_of_life.responses import QolScores, score_responses
from locoreg.registry.quality_of_life.scoring import STATES, ScoreSheet, score

__all__ = [
    "STATES",
    "Instrument",
    "QolScores",
    "ScoreSheet",
    "find_instrument",
    "read_instrument",
    "score",
    "score_changes",
    "score_responses",
    "shipped_instruments",
]
