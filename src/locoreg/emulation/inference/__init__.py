"""From an analysis to an effect: intervals by influence functions or by the bootstrap."""

from locoreg.emulation.inference.analysis import Analysis, Values
from locoreg.emulation.inference.band import DifferenceBand, difference_band
from locoreg.emulation.inference.estimate import estimate_effect
from locoreg.emulation.inference.options import Inference

__all__ = [
    "Analysis",
    "DifferenceBand",
    "Inference",
    "Values",
    "difference_band",
    "estimate_effect",
]
