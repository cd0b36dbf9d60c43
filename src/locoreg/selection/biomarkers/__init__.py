"""Biomarkers that may tell who gains: assays, panels, screens, effects, value of information."""

from locoreg.selection.biomarkers.detection import Detection, below_limit
from locoreg.selection.biomarkers.expression import (
    Expression,
    NormaliseOptions,
    normalise_expression,
)
from locoreg.selection.biomarkers.panel import Panel, biomarker_panel
from locoreg.selection.biomarkers.power import ScreenPower, screen_power
from locoreg.selection.biomarkers.prognosis import PanelOptions, PanelScores, panel_scores
from locoreg.selection.biomarkers.screen import MarkerTest, Screen, ScreenOptions, screen
from locoreg.selection.biomarkers.trajectories import (
    Trajectories,
    TrajectoryOptions,
    trajectories,
)
from locoreg.selection.biomarkers.twophase import Measurement

__all__ = [
    "Detection",
    "Expression",
    "MarkerTest",
    "Measurement",
    "NormaliseOptions",
    "Panel",
    "PanelOptions",
    "PanelScores",
    "Screen",
    "ScreenOptions",
    "ScreenPower",
    "Trajectories",
    "TrajectoryOptions",
    "below_limit",
    "biomarker_panel",
    "normalise_expression",
    "panel_scores",
    "screen",
    "screen_power",
    "trajectories",
]
