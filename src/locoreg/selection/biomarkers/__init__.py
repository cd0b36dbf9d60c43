"""Biomarkers that may tell who gains: assays, panels, screens, effects, value of information."""

from locoreg.selection.biomarkers.batches import batch_folds
from locoreg.selection.biomarkers.detection import Detection, below_limit
from locoreg.selection.biomarkers.discrimination import (
    CalibrationGroup,
    Discrimination,
    area_under_curve,
)
from locoreg.selection.biomarkers.effects import (
    EffectOptions,
    MarkerEffect,
    PanelEffects,
    panel_effects,
)
from locoreg.selection.biomarkers.expression import (
    Expression,
    NormaliseOptions,
    normalise_expression,
)
from locoreg.selection.biomarkers.labels import OligoLabels, oligo_labels, oligo_labels_of
from locoreg.selection.biomarkers.oligo import (
    OligoClassifier,
    OligoModel,
    OligoOptions,
    oligo_classifier,
)
from locoreg.selection.biomarkers.panel import Panel, biomarker_panel
from locoreg.selection.biomarkers.panelscores import PanelOptions, PanelScores
from locoreg.selection.biomarkers.power import ScreenPower, screen_power
from locoreg.selection.biomarkers.prognosis import panel_scores
from locoreg.selection.biomarkers.screen import MarkerTest, Screen, ScreenOptions, screen
from locoreg.selection.biomarkers.screened import ScreenedLearner
from locoreg.selection.biomarkers.trajectories import (
    Trajectories,
    TrajectoryOptions,
    trajectories,
)
from locoreg.selection.biomarkers.twophase import Measurement
from locoreg.selection.biomarkers.value import (
    ValueOfInformation,
    ValueOptions,
    value_of_information,
)

__all__ = [
    "CalibrationGroup",
    "Detection",
    "Discrimination",
    "EffectOptions",
    "Expression",
    "MarkerEffect",
    "MarkerTest",
    "Measurement",
    "NormaliseOptions",
    "OligoClassifier",
    "OligoLabels",
    "OligoModel",
    "OligoOptions",
    "Panel",
    "PanelEffects",
    "PanelOptions",
    "PanelScores",
    "Screen",
    "ScreenOptions",
    "ScreenPower",
    "ScreenedLearner",
    "Trajectories",
    "TrajectoryOptions",
    "ValueOfInformation",
    "ValueOptions",
    "area_under_curve",
    "batch_folds",
    "below_limit",
    "biomarker_panel",
    "normalise_expression",
    "oligo_classifier",
    "oligo_labels",
    "oligo_labels_of",
    "panel_effects",
    "panel_scores",
    "screen",
    "screen_power",
    "trajectories",
    "value_of_information",
]
