"""Persons at time zero for selection: from a table, from arrays, or from an emulation's cohort."""

from locoreg.selection.data.arrays import selection_data
from locoreg.selection.data.features import Feature, FeatureCoding
from locoreg.selection.data.landmark import landmark_data
from locoreg.selection.data.persons import SelectionData

__all__ = ["Feature", "FeatureCoding", "SelectionData", "landmark_data", "selection_data"]
