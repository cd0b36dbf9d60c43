"""Figures of an emulated trial."""

from __future__ import annotations

from locoreg.figures.emulation.curves import describe_effect, effect_difference, weighted_curves
from locoreg.figures.emulation.flow import attrition_figure, flow_figure
from locoreg.figures.emulation.forests import (
    benchmark_figure,
    ladder_figure,
    sides,
    specification_figure,
)
from locoreg.figures.emulation.kinds import EFFECT_KINDS, effect_figure, kinds_of
from locoreg.figures.emulation.love import love_plot
from locoreg.figures.emulation.overlap import overlap_figure
from locoreg.figures.emulation.weights import weight_figure

__all__ = [
    "EFFECT_KINDS",
    "attrition_figure",
    "benchmark_figure",
    "describe_effect",
    "effect_difference",
    "effect_figure",
    "flow_figure",
    "kinds_of",
    "ladder_figure",
    "love_plot",
    "overlap_figure",
    "sides",
    "specification_figure",
    "weight_figure",
    "weighted_curves",
]
