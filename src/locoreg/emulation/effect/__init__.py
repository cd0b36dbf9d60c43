"""The effect of one strategy against another: what every method returns."""

from locoreg.emulation.effect.contrast import MEASURES, Contrast, Measure
from locoreg.emulation.effect.curve import ArmCurve, CountRow, DifferenceCurve
from locoreg.emulation.effect.detail import BalanceRow, Detail, FlowStep, WeightSummary
from locoreg.emulation.effect.diagnostic import VERDICTS, Diagnostic, Verdict, worst
from locoreg.emulation.effect.result import Effect

__all__ = [
    "MEASURES",
    "VERDICTS",
    "ArmCurve",
    "BalanceRow",
    "Contrast",
    "CountRow",
    "Detail",
    "Diagnostic",
    "DifferenceCurve",
    "Effect",
    "FlowStep",
    "Measure",
    "Verdict",
    "WeightSummary",
    "worst",
]
