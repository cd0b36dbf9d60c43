"""Individual times from a published survival curve, and how well they give it back."""

from locoreg.stats.reconstruct.checks import CurveChecks, check_reconstruction
from locoreg.stats.reconstruct.grid import CURVE_ENDS, CurveEnd
from locoreg.stats.reconstruct.result import Reconstruction, reconstruct

__all__ = [
    "CURVE_ENDS",
    "CurveChecks",
    "CurveEnd",
    "Reconstruction",
    "check_reconstruction",
    "reconstruct",
]
