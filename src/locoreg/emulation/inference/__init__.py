"""From an analysis to an effect: intervals by influence functions or by the bootstrap."""

from locoreg.emulation.inference.analysis import Analysis, Values
from locoreg.emulation.inference.estimate import estimate_effect
from locoreg.emulation.inference.options import Inference

__all__ = ["Analysis", "Inference", "Values", "estimate_effect"]
