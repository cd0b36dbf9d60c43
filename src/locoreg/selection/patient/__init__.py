"""For one patient: is there anybody like this one in the data, and what became of them."""

from locoreg.selection.patient.conformal import Bounds, SurvivalBound
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.neighbourhood import GroupMeans, HiddenRange, Neighbourhood
from locoreg.selection.patient.predict import PatientPrediction, predict_patient
from locoreg.selection.patient.support import SupportVerdict

__all__ = [
    "Bounds",
    "GroupMeans",
    "HiddenRange",
    "LeafGroup",
    "Neighbourhood",
    "PatientPrediction",
    "SupportVerdict",
    "SurvivalBound",
    "predict_patient",
]
