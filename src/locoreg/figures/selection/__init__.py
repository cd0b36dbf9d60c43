"""Figures of who gains from treatment."""

from __future__ import annotations

from locoreg.figures.selection.benefit import benefit_figure, share_above
from locoreg.figures.selection.calibration import calibration_figure
from locoreg.figures.selection.groups import gate_figure, leaf_figure, subgroup_figure
from locoreg.figures.selection.kinds import (
    SELECTION_KINDS,
    selection_figure,
    selection_kinds_of,
)
from locoreg.figures.selection.sensitivity import sensitivity_figure, strength_figure
from locoreg.figures.selection.support import support_figure
from locoreg.figures.selection.targeting import toc_figure
from locoreg.figures.selection.tree import rule_figure, tree_figure
from locoreg.figures.selection.value import value_figure
from locoreg.figures.selection.words import Setting, Unit, setting_of, unit_of

__all__ = [
    "SELECTION_KINDS",
    "Setting",
    "Unit",
    "benefit_figure",
    "calibration_figure",
    "gate_figure",
    "leaf_figure",
    "rule_figure",
    "selection_figure",
    "selection_kinds_of",
    "sensitivity_figure",
    "setting_of",
    "share_above",
    "strength_figure",
    "subgroup_figure",
    "support_figure",
    "toc_figure",
    "tree_figure",
    "unit_of",
    "value_figure",
]
