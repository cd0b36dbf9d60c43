"""Cross-fitted doubly robust scores of an effect on a censored outcome."""

from locoreg.selection.scores.make import scores
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.result import Scores

__all__ = ["ScoreOptions", "Scores", "scores"]
