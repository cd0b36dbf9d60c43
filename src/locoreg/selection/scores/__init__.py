"""Cross-fitted doubly robust scores of an effect on a censored outcome."""

from locoreg.selection.scores.make import scores, scores_of_part
from locoreg.selection.scores.models import (
    CensoringModel,
    ChoiceModel,
    EventModel,
    fit_censoring_model,
    fit_choice_model,
    fit_event_model,
)
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.overlapping import crump_cutoff, overlap_average, trim
from locoreg.selection.scores.result import Scores

__all__ = [
    "CensoringModel",
    "ChoiceModel",
    "EventModel",
    "ScoreOptions",
    "Scores",
    "crump_cutoff",
    "fit_censoring_model",
    "fit_choice_model",
    "fit_event_model",
    "overlap_average",
    "scores",
    "scores_of_part",
    "trim",
]
