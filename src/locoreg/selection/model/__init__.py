"""The model file: JSON and plain arrays, with its card, without a patient in it."""

from locoreg.selection.model.assessed import AssessmentSummary
from locoreg.selection.model.build import build_model
from locoreg.selection.model.card import CardSection, ModelCard, model_card
from locoreg.selection.model.files import load_model, save_model
from locoreg.selection.model.model import SelectionModel
from locoreg.selection.model.training import TrainingSummary

__all__ = [
    "AssessmentSummary",
    "CardSection",
    "ModelCard",
    "SelectionModel",
    "TrainingSummary",
    "build_model",
    "load_model",
    "model_card",
    "save_model",
]
